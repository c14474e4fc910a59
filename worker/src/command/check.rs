//! Saying what is missing.

use uuid::Uuid;

use super::findings::Findings;
use crate::accounts::{Access, Voice};
use crate::context::Context;
use crate::database::integrations::Integration;
use crate::error::Error;
use crate::integration::Provider;
use crate::outcome::Failure;
use crate::server::functions;

pub async fn check(context: &Context, org_id: Option<Uuid>) -> Result<(), Error> {
    let mut findings = Findings::default();
    if database(context, &mut findings).await {
        keys(context, &mut findings);
        match context.database.integrations(org_id).await {
            Ok(integrations) => {
                for integration in &integrations {
                    account(context, integration, &mut findings).await;
                }
                if integrations.is_empty() {
                    println!("        no account is connected: only a dry run has anything to do");
                }
            }
            Err(error) => findings.bad(&error.to_string()),
        }
    }
    if context.options.public_url.is_none() {
        println!("        no --public-url: nobody can tell of deliveries, answers and changed calendars");
    }
    stream(context, &mut findings).await;
    findings.end()
}

async fn stream(context: &Context, findings: &mut Findings) {
    if context.tokens.is_none() {
        return findings.note("no --jwt-secret-file: /events and /ws are not there, nor is /board");
    }
    match context.streams.events_position().await {
        Ok(_) => findings.good(
            "whoever has a token of PostgREST's secret can follow the history at /events and /ws, and look at /board",
        ),
        Err(error) => findings.bad(&error.to_string()),
    }
}

/// Whether it can be used at all.
async fn database(context: &Context, findings: &mut Findings) -> bool {
    let standing = match context.database.standing().await {
        Ok(standing) => standing,
        Err(error) => {
            findings.bad(&error.to_string());
            return false;
        }
    };
    let Some(version) = &standing.schema_version else {
        findings.bad("the extension is not in this database (CREATE EXTENSION pg_booking CASCADE)");
        return false;
    };
    findings.good(&format!("the database has pg_booking {version}, and this worker is {}", standing.role));
    match (standing.is_for_all, standing.org_id) {
        (true, _) => findings.good("it works for every organization"),
        (false, Some(org_id)) => findings.good(&format!("it works for organization {org_id} only")),
        (false, None) => findings.bad(&format!(
            "the role {0} sees no organization (ALTER ROLE {0} BYPASSRLS, or ALTER ROLE {0} SET booking.org_id = '...')",
            standing.role
        )),
    }
    // What a worker does first shows whether it may do anything.
    match context.database.heartbeat("booking-worker check", &serde_json::json!({}), true).await {
        Ok(()) => findings.good("the contract of the database is this worker's"),
        Err(error) => findings.bad(&error.to_string()),
    }
    match context.database.not_callable(&functions()).await {
        Ok(missing) if missing.is_empty() => findings.good("it may call all of the functions that it needs"),
        Ok(missing) => findings.bad(&not_callable(&missing)),
        Err(error) => findings.bad(&error.to_string()),
    }
    true
}

/// What is missing where functions cannot be called, and what helps.
pub fn not_callable(missing: &[String]) -> String {
    format!(
        "this worker may not call {}, or they are not there (SELECT booking.grant_worker('the role of this worker'); \
         after an upgrade, ALTER EXTENSION pg_booking UPDATE before)",
        missing.iter().map(|name| format!("booking.{name}")).collect::<Vec<_>>().join(", ")
    )
}

fn keys(context: &Context, findings: &mut Findings) {
    match context.keys() {
        Ok(keys) => findings.good(&format!("accounts are sealed under key {}", keys.current_id())),
        Err(error) => findings.bad(&error.to_string()),
    }
}

async fn account(context: &Context, integration: &Integration, findings: &mut Findings) {
    let (org_id, provider) = (integration.org_id, &integration.provider);
    let what = format!("{provider} of {org_id}");
    let tried = match Provider::named(provider) {
        Some(Provider::Twilio) => twilio(context, integration).await,
        Some(Provider::Google) => google(context, integration).await,
        Some(Provider::Vapi) => vapi(context, integration).await,
        None => Err(Error::Stated("this worker does not know the provider".to_owned())),
    };
    match (tried, &integration.problem) {
        (Ok(()), _) => findings.good(&what),
        (Err(error), Some(problem)) => findings.bad(&format!("{what}: {error} ({problem})")),
        (Err(error), None) => findings.bad(&format!("{what}: {error}")),
    }
}

async fn twilio(context: &Context, integration: &Integration) -> Result<(), Error> {
    let sender = context.accounts.sender(integration.org_id, None).await?;
    let tried = sender.twilio.check().await;
    note(context, integration, sender.version, tried.as_ref().err()).await;
    Ok(tried?)
}

async fn google(context: &Context, integration: &Integration) -> Result<(), Error> {
    let Access { version, calendar } = context.accounts.access(integration.org_id, None).await?;
    let tried = calendar.check().await;
    note(context, integration, version, tried.as_ref().err()).await;
    Ok(tried?)
}

async fn vapi(context: &Context, integration: &Integration) -> Result<(), Error> {
    let Voice { version, vapi, .. } = &*context.accounts.voice(integration.org_id).await?;
    let tried = vapi.check().await;
    note(context, integration, *version, tried.as_ref().err()).await;
    Ok(tried?)
}

async fn note(context: &Context, integration: &Integration, version: i64, failure: Option<&Failure>) {
    if let Some(provider) = Provider::named(&integration.provider) {
        context.accounts.note(integration.org_id, provider, version, failure).await;
    }
}
