//! The consent to a calendar, from the link that a clinic is sent to the account that is connected; and what a calendar tells.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use metrics::counter;
use serde::{Deserialize, Serialize};
use tracing::{info, warn};
use uuid::Uuid;

use super::{Served, forbidden, unavailable};
use crate::context::Context;
use crate::database::integrations::Integration;
use crate::error::Error;
use crate::google::{TokenSecret, pkce_challenge};
use crate::integration::Provider;
use crate::keys::Keyring;
use crate::secret::to_json;
use crate::work::syncs::WATCH;

/// How long a link may wait to be used, and how long a consent may take.
const LINK_LASTS: TimeDelta = TimeDelta::days(7);
const CONSENT_LASTS: TimeDelta = TimeDelta::minutes(15);
const CALLBACK: &str = "/google/callback";
// What is signed for one purpose is worth nothing for another.
const LINK: &str = "google-link";
const STATE: &str = "google-state";
const PKCE: &str = "google-pkce";

/// What a link or a state says; signed, so that nobody else can say it.
#[derive(Serialize, Deserialize)]
struct Ticket {
    org_id: Uuid,
    expires_at: DateTime<Utc>,
    nonce: String,
}

impl Ticket {
    fn new(org_id: Uuid, lasts: TimeDelta) -> Self {
        let now = Utc::now();
        let expires_at = now.checked_add_signed(lasts).unwrap_or(now);
        Ticket { org_id, expires_at, nonce: Uuid::new_v4().simple().to_string() }
    }

    fn signed(&self, keys: &Keyring, purpose: &str) -> String {
        let text = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default());
        let signature = keys.sign(purpose, &text);
        format!("{text}.{signature}")
    }

    /// One that is ours and not too old.
    fn read(signed: &str, keys: &Keyring, purpose: &str) -> Option<Self> {
        let (text, signature) = signed.split_once('.')?;
        if !keys.verify(purpose, text, signature) {
            return None;
        }
        let ticket: Ticket = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        (ticket.expires_at > Utc::now()).then_some(ticket)
    }
}

/// The link that connects the calendar of an organization, for whoever may consent.
pub fn start_link(context: &Context, org_id: Uuid) -> Result<String, Error> {
    context.google()?;
    let ticket = Ticket::new(org_id, LINK_LASTS).signed(context.keys()?, LINK);
    context.options.public(&format!("/google/connect?link={ticket}")).ok_or(Error::Missing {
        what: "this worker's address is not known, and Google has to send people back to it",
        hint: "pass --public-url",
    })
}

#[derive(Deserialize)]
pub struct Link {
    link: String,
}

/// From the link to Google's page.
pub async fn connect(State(served): State<Arc<Served>>, Query(asked): Query<Link>) -> Response {
    let context = &served.context;
    let (Ok(keys), Ok(google)) = (context.keys(), context.google()) else { return forbidden() };
    let Some(link) = Ticket::read(&asked.link, keys, LINK) else {
        return page(StatusCode::FORBIDDEN, "This link is not valid any more.", "Ask for a new one.");
    };
    let Some(redirect_uri) = context.options.public(CALLBACK) else { return forbidden() };
    let state = Ticket::new(link.org_id, CONSENT_LASTS);
    // Whoever comes back proves by this that they are the one who was sent: nothing of it has to be kept.
    let challenge = pkce_challenge(&keys.derive(PKCE, &state.nonce));
    let url = google.consent_url(&state.signed(keys, STATE), &redirect_uri, &challenge);
    ([(header::CACHE_CONTROL, "no-store")], Redirect::to(&url)).into_response()
}

#[derive(Deserialize)]
pub struct Callback {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
}

/// Back from Google's page.
pub async fn callback(State(served): State<Arc<Served>>, Query(told): Query<Callback>) -> Response {
    let context = &served.context;
    let Ok(keys) = context.keys() else { return forbidden() };
    let Some(state) = told.state.as_deref().and_then(|state| Ticket::read(state, keys, STATE)) else {
        return page(
            StatusCode::FORBIDDEN,
            "This page has come too late, or from elsewhere.",
            "Use the link once more.",
        );
    };
    let Some(code) = told.code.filter(|_| told.error.is_none()) else {
        return page(StatusCode::OK, "The calendar was not connected.", "Use the link once more if it should be.");
    };
    match exchange(context, keys, &state, &code).await {
        Ok(()) => page(StatusCode::OK, "The calendar is connected.", "You can close this window."),
        Err(Error::Provider(failure)) => {
            warn!(org_id = %state.org_id, code = failure.code(), error = failure.error(), "the calendar was not connected");
            page(StatusCode::BAD_GATEWAY, "The calendar was not connected.", "Use the link once more.")
        }
        Err(Error::Stated(why)) => page(StatusCode::OK, "The calendar was not connected.", &why),
        Err(error) => unavailable(&error),
    }
}

async fn exchange(context: &Context, keys: &Keyring, state: &Ticket, code: &str) -> Result<(), Error> {
    let redirect_uri = context.options.public(CALLBACK).unwrap_or_default();
    let tokens = context.google()?.exchange(code, &redirect_uri, &keys.derive(PKCE, &state.nonce)).await?;
    if !tokens.missing_scopes().is_empty() {
        return Err(Error::Stated("Use the link once more, and allow both to see and to edit events.".to_owned()));
    }
    let secret = TokenSecret::from_tokens(tokens)
        .ok_or_else(|| Error::Stated("Google has sent no lasting access. Use the link once more.".to_owned()))?;
    let context_of = Integration::context(state.org_id, Provider::Google.as_str());
    let sealed = keys.seal(&to_json(&secret)?, &context_of);
    let expires_at = Some(secret.expires_at);
    context.database.connect_integration(state.org_id, Provider::Google, &sealed, None, expires_at).await?;
    info!(org_id = %state.org_id, "calendar connected");
    Ok(())
}

/// A page for whoever has consented. Its words are ours.
fn page(status: StatusCode, title: &str, text: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{title}</title><body style=\"font-family:sans-serif;max-width:32em;margin:4em auto;padding:0 1em\">\
         <h1>{title}</h1><p>{text}</p>"
    );
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (status, headers, Html(html)).into_response()
}

/// A calendar has changed: it is read at once. What it says in the headers is all there is.
pub async fn notify(State(served): State<Arc<Served>>, Path(org_id): Path<Uuid>, headers: HeaderMap) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some((channel, token)) = header("x-goog-channel-id").zip(header("x-goog-channel-token")) else {
        return forbidden();
    };
    let is_ours =
        served.context.keys.as_ref().is_some_and(|keys| keys.verify(WATCH, &format!("{org_id}/{channel}"), token));
    if !is_ours {
        counter!("booking_worker_callbacks_total", "kind" => "calendar", "outcome" => "forged").increment(1);
        return forbidden();
    }
    counter!("booking_worker_callbacks_total", "kind" => "calendar", "outcome" => "news").increment(1);
    // The first message of a channel says only that it is open.
    if header("x-goog-resource-state") == Some("sync") {
        return StatusCode::NO_CONTENT.into_response();
    }
    match served.context.database.calendar_notified(org_id, channel).await {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => unavailable(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keyring {
        Keyring::parse(&Keyring::generate_line("test").unwrap()).unwrap()
    }

    #[test]
    fn a_ticket_is_good_for_its_purpose_its_keys_and_its_time() {
        let (keys, org_id) = (keys(), Uuid::new_v4());
        let signed = Ticket::new(org_id, CONSENT_LASTS).signed(&keys, STATE);
        assert_eq!(Ticket::read(&signed, &keys, STATE).map(|ticket| ticket.org_id), Some(org_id));
        assert!(Ticket::read(&signed, &keys, LINK).is_none());
        assert!(Ticket::read(&signed, &self::keys(), STATE).is_none());
        let old = Ticket::new(org_id, TimeDelta::seconds(-1)).signed(&keys, STATE);
        assert!(Ticket::read(&old, &keys, STATE).is_none());
        for forged in ["", ".", "e30.", "a.b.c", &signed[1..], &format!("{signed}x")] {
            assert!(Ticket::read(forged, &keys, STATE).is_none(), "{forged}");
        }
    }
}
