//! What voice agents say: somebody is on the phone, so that there is an answer in time, whatever happens here. Only whoever knows
//! the server secret of an organization is answered for it.

mod answer;
mod deadline;

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use booking_core::voice::origin::{origin_only, stated_type};
use chrono::Utc;
use metrics::counter;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};
use tracing::{error, info, warn};
use uuid::Uuid;

use super::Served;
use crate::accounts::Voice;
use crate::database::voice::Shape;
use crate::error::Error;
use crate::vapi::authentication::{is_stated, is_valid};
use answer::Answered;
use deadline::Deadline;

/// A server message of Vapi.
pub async fn message(State(served): State<Arc<Served>>, request: Request) -> Response {
    respond(&served, request, Shape::Message).await
}

/// A tool call in the direct shape.
pub async fn direct(State(served): State<Arc<Served>>, request: Request) -> Response {
    respond(&served, request, Shape::Direct).await
}

/// What has come, as it came.
struct Call {
    headers: HeaderMap,
    body: Bytes,
}

/// Who calls.
enum Caller {
    /// The voice agent of this organization.
    Known(Uuid),
    /// Somebody who knows the secret of an organization, while the database does not say whose call it is.
    Trusted,
}

async fn respond(served: &Served, request: Request, shape: Shape) -> Response {
    let (began, deadline) = (Instant::now(), Deadline::after(served.answer_within));
    // Nothing is read for whoever does not even try to prove who they are.
    if !is_stated(request.headers()) {
        return unauthorized();
    }
    let headers = request.headers().clone();
    let body = match timeout_at(deadline.0, Bytes::from_request(request, &())).await {
        Ok(Ok(body)) => body,
        Ok(Err(rejection)) => return rejection.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let call = Call { headers, body };
    let Ok(text) = std::str::from_utf8(&call.body) else { return unauthorized() };
    // Until somebody is known, no more of it is read than what says who that would be.
    let Some(origin) = origin_only(text) else { return unauthorized() };
    let deadline = deadline.of_type(stated_type(&origin), began);
    let caller = match call.caller(served, &origin, deadline).await {
        Ok(caller) => caller,
        Err(response) => return *response,
    };
    let (org_id, answered) = match caller {
        Caller::Known(org_id) => {
            (Some(org_id), answer::answered(&served.context.calls, org_id, shape, text, deadline).await)
        }
        Caller::Trusted => (None, Answered::unavailable(shape, text)),
    };
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let outcome = answered.outcome;
    info!(
        org_id = org_id.map(tracing::field::display),
        kind = kind(shape, &origin),
        milliseconds,
        outcome,
        "voice agent answered"
    );
    count(outcome);
    Json(answered.body).into_response()
}

impl Call {
    /// Who calls, or else what they are told: the same whatever it is that keeps them out.
    async fn caller(&self, served: &Served, origin: &Value, deadline: Deadline) -> Result<Caller, Box<Response>> {
        let (database, accounts) = (&served.context.calls, &served.context.accounts);
        let origin = origin.to_string();
        let account = async {
            let _permit = served.lookups.acquire().await;
            let Some(org_id) = database.voice_organization(&origin).await? else { return Ok(None) };
            let voice = accounts.caller(database, org_id).await?;
            Ok::<Option<(Uuid, Arc<Voice>)>, Error>(voice.map(|voice| (org_id, voice)))
        };
        let is_valid = |voice: &Voice| is_valid(&voice.account.server_secret, &self.headers, &self.body, Utc::now());
        let trouble = match timeout_at(deadline.0, account).await {
            Ok(Ok(Some((org_id, voice)))) if is_valid(&voice) => return Ok(Caller::Known(org_id)),
            Ok(Ok(known)) => {
                if let Some((org_id, _)) = known {
                    warn!(%org_id, "a voice agent does not prove itself: at Vapi, is its credential the server secret?");
                }
                return Err(Box::new(unauthorized()));
            }
            Ok(Err(error)) if is_about_the_body(&error) => return Err(Box::new(unauthorized())),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the database has not answered in time".to_owned(),
        };
        error!(error = trouble, "cannot tell whose voice agent calls");
        if accounts.any_caller(is_valid) {
            return Ok(Caller::Trusted);
        }
        count("unknown");
        Err(Box::new((StatusCode::SERVICE_UNAVAILABLE, Json(json!({"error": "unavailable"}))).into_response()))
    }
}

/// Whether the database finds fault with what was sent to it: no JSON, or no text.
fn is_about_the_body(error: &Error) -> bool {
    error.sql_state().is_some_and(|state| state.code().starts_with("22"))
}

fn unauthorized() -> Response {
    count("forged");
    (StatusCode::UNAUTHORIZED, Json(json!({"error": "unauthorized"}))).into_response()
}

fn count(outcome: &'static str) {
    counter!("booking_worker_callbacks_total", "kind" => "voice", "outcome" => outcome).increment(1);
}

/// The type of a message, for the log: a word of Vapi's, and nothing that a caller could have said.
fn kind(shape: Shape, origin: &Value) -> String {
    if shape == Shape::Direct {
        return "direct".to_owned();
    }
    let is_word = |word: &&str| {
        (1..=40).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    stated_type(origin).filter(is_word).unwrap_or("other").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_has_the_type_of_a_message_and_nothing_that_somebody_said() {
        let kind = |text: &str| kind(Shape::Message, &origin_only(text).unwrap());
        assert_eq!(kind(r#"{"message":{"type":"end-of-call-report"}}"#), "end-of-call-report");
        for text in [
            "{}",
            r#"{"message":{"type":7}}"#,
            r#"{"message":{"type":"Ann Lee"}}"#,
            r#"{"message":{"type":"+14155550123"}}"#,
            r#"{"message":{"type":""}}"#,
        ] {
            assert_eq!(kind(text), "other", "{text}");
        }
        assert_eq!(super::kind(Shape::Direct, &json!({})), "direct");
    }
}
