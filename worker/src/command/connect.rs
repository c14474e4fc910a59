//! Connecting accounts, and forgetting them. A secret comes from standard input or from the environment, and goes, sealed, into
//! the database.

use std::io::{BufRead, IsTerminal, Read};

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::config::Connect;
use crate::context::Context;
use crate::database::integrations::Integration;
use crate::error::Error;
use crate::google::TokenSecret;
use crate::integration::Provider;
use crate::secret::to_json;
use crate::server::start_link;
use crate::twilio::{Sender, Twilio, TwilioAccount};
use crate::vapi::{Vapi, VapiAccount, server_secret};

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
    let auth_token = next_secret("BOOKING_TWILIO_AUTH_TOKEN", "the auth token of the account")?;
    let api_key_secret = match asked.api_key_sid {
        Some(_) => Some(next_secret("BOOKING_TWILIO_API_KEY_SECRET", "the secret of the API key")?),
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
        Some(address) => println!("At Twilio, set the sender's webhook for incoming messages to POST {address}"),
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

const API_KEY: &str = "BOOKING_VAPI_API_KEY";
const SERVER_SECRET: &str = "BOOKING_VAPI_SERVER_SECRET";

async fn vapi(context: &Context, asked: &Connect) -> Result<(), Error> {
    let api_key = next_secret(API_KEY, "the private API key")?;
    let stated = next_secret(SERVER_SECRET, "what Vapi is to prove itself with")?;
    if std::env::var_os(API_KEY).is_some() != std::env::var_os(SERVER_SECRET).is_some() {
        nothing_more()?;
    }
    let server_secret = server_secret(stated, &api_key)
        .map_err(|error| Error::Stated(format!("the server secret cannot be used: {error}")))?;
    let account = VapiAccount { api_key, server_secret };
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

/// A secret: from the environment, or else the next line of standard input.
fn next_secret(variable: &str, what: &str) -> Result<SecretString, Error> {
    if let Ok(value) = std::env::var(variable) {
        return checked(&SecretString::from(value), variable, what);
    }
    let input = std::io::stdin();
    if input.is_terminal() {
        eprintln!("Enter {what}, and then press Return (it is shown; to avoid that, use {variable} or a pipe):");
    }
    let mut line = zeroize::Zeroizing::new(String::new());
    input.lock().read_line(&mut line).map_err(|error| Error::Input(error.kind()))?;
    checked(&SecretString::from(line.as_str()), variable, what)
}

/// Refuses more lines than secrets were wanted: one that the environment has too would be taken for another.
fn nothing_more() -> Result<(), Error> {
    let input = std::io::stdin();
    if input.is_terminal() {
        return Ok(());
    }
    let mut rest = zeroize::Zeroizing::new(String::new());
    input.lock().take(LONGEST_REST).read_to_string(&mut rest).map_err(|error| Error::Input(error.kind()))?;
    if rest.trim().is_empty() {
        return Ok(());
    }
    let why = "standard input has more lines than secrets are missing in the environment: state each in one place only";
    Err(Error::Stated(why.to_owned()))
}

/// As much of the rest of standard input as shows that there is one, in bytes.
const LONGEST_REST: u64 = 4096;

fn checked(secret: &SecretString, variable: &str, what: &str) -> Result<SecretString, Error> {
    let trimmed = secret.expose_secret().trim();
    if trimmed.is_empty() {
        return Err(Error::Stated(format!("{what} is missing: set {variable}, or write it to standard input")));
    }
    Ok(SecretString::from(trimmed))
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
