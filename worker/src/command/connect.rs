//! Connecting accounts, and forgetting them. A secret comes from standard input or from the environment, and goes, sealed, into
//! the database.

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::secrets::Secrets;
use crate::config::Connect;
use crate::context::Context;
use crate::database::integrations::Integration;
use crate::error::Error;
use crate::google::TokenSecret;
use crate::integration::Provider;
use crate::secret::to_json;
use crate::server::start_link;
use crate::twilio::{Sender, Twilio, TwilioAccount, told};
use crate::vapi::Vapi;

pub async fn connect(context: &Context, asked: &Connect) -> Result<(), Error> {
    match asked.provider {
        Provider::Twilio => twilio(context, asked).await,
        Provider::Google => google(context, asked.org),
        Provider::Vapi => vapi(context, asked).await,
    }
}

async fn twilio(context: &Context, asked: &Connect) -> Result<(), Error> {
    let sender = match (&asked.from, &asked.messaging_service) {
        (Some(number), None) => Sender::From(number.clone()),
        (None, Some(service)) => Sender::MessagingService(service.clone()),
        _ => {
            return Err(Error::Missing {
                what: "where messages come from is not said",
                hint: "pass --from NUMBER or --messaging-service SID",
            });
        }
    };
    let mut secrets = Secrets::stated();
    let auth_token = secrets.next("BOOKING_TWILIO_AUTH_TOKEN", "the auth token of the account")?;
    let api_key_secret = match asked.api_key_sid {
        Some(_) => Some(secrets.next("BOOKING_TWILIO_API_KEY_SECRET", "the secret of the API key")?),
        None => None,
    };
    let account = TwilioAccount {
        account_sid: asked.account_sid.clone().unwrap_or_default(),
        auth_token,
        api_key_sid: asked.api_key_sid.clone(),
        api_key_secret,
        sender,
    };
    if !asked.no_check {
        Twilio::new(context.http.clone(), &context.options.twilio_url, account.clone())?.check().await?;
    }
    let sender = asked.from.as_ref().or(asked.messaging_service.as_ref());
    let settings = json!({"sender": sender, "per_second": asked.per_second, "account": account.account_sid});
    store(context, asked.org, Provider::Twilio, &account, Some(&settings)).await?;
    println!("Twilio is connected. Messages to patients go out from now on.");
    match context.options.public(&format!("/twilio/{}/inbound", asked.org)) {
        Some(address) => {
            println!("At Twilio, set the sender's webhook for incoming messages to POST {}", told(&address))
        }
        None => println!(
            "Without --public-url nobody tells this worker that a message was delivered, or what patients answer."
        ),
    }
    Ok(())
}

fn google(context: &Context, org_id: Uuid) -> Result<(), Error> {
    println!(
        "Open this link within seven days, as somebody who may edit the calendar:\n{}",
        start_link(context, org_id)?
    );
    Ok(())
}

async fn vapi(context: &Context, asked: &Connect) -> Result<(), Error> {
    let account = Secrets::stated().of_vapi()?;
    if !asked.no_check {
        Vapi::new(context.http.clone(), &context.options.vapi_url, account.api_key.clone())?.check().await?;
    }
    store(context, asked.org, Provider::Vapi, &account, None).await?;
    println!(
        "Vapi is connected. In its dashboard, make a credential of type Bearer Token with the server secret, and give its"
    );
    println!("id to booking.set_voice_agent (p_credential_id). Then: booking-worker vapi sync --org {}", asked.org);
    match context.options.public("/vapi") {
        Some(address) => println!("Vapi is to call {address}"),
        None => {
            println!("Without --public-url, say where Vapi is to call with --server-url or booking.set_voice_agent.")
        }
    }
    Ok(())
}

async fn store(
    context: &Context,
    org_id: Uuid,
    provider: Provider,
    account: &impl Serialize,
    settings: Option<&serde_json::Value>,
) -> Result<(), Error> {
    let context_of = Integration::context(org_id, provider.as_str());
    let sealed = context.keys()?.seal(&to_json(account)?, &context_of);
    context.database.connect_integration(org_id, provider, &sealed, settings, None).await?;
    Ok(())
}

/// Takes the consent back where that is possible, and forgets the secret in any case.
pub async fn disconnect(context: &Context, provider: Provider, org_id: Uuid) -> Result<(), Error> {
    if provider == Provider::Google {
        revoke(context, org_id).await?;
    }
    if !context.database.disconnect_integration(org_id, provider).await? {
        return Err(Error::Stated(format!("no account of {provider} is connected to this organization")));
    }
    println!("{provider} is disconnected, and its secret is forgotten.");
    Ok(())
}

async fn revoke(context: &Context, org_id: Uuid) -> Result<(), Error> {
    let Some(integration) = context.database.integration(org_id, Provider::Google).await? else { return Ok(()) };
    if integration.sealed.is_none() {
        return Ok(());
    }
    let revoked = match (context.accounts.open::<TokenSecret>(&integration), context.google()) {
        (Ok(secret), Ok(google)) => google.revoke(&secret.refresh_token).await.map_err(Error::from),
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    if let Err(error) = revoked {
        println!("The consent could not be taken back ({error}): do that on the account's own page.");
    }
    Ok(())
}
