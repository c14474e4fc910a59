//! What Twilio's errors mean for the request that met them.

use booking_core::outbox::code_in_words;
use reqwest::StatusCode;
use serde::Deserialize;

use crate::http::Reply;
use crate::outcome::{Effect, Failure};

#[derive(Deserialize)]
struct ErrorReply {
    code: Option<u32>,
}

/// The failure that a reply without success stands for.
pub fn failure(reply: &Reply, effect: Effect) -> Failure {
    let number = reply.error_object::<ErrorReply>().and_then(|error| error.code);
    let code = number.map(|number| number.to_string());
    let words = code.as_deref().and_then(code_in_words);
    let code = code.or_else(|| reply.status_code());
    let error = |what: &str| match (words, &code) {
        (Some(words), Some(code)) => format!("Twilio {what}: {words} (error {code})"),
        (None, Some(code)) if number.is_some() => format!("Twilio {what} (error {code})"),
        _ => format!("Twilio {what} (HTTP {})", reply.status.as_str()),
    };
    match (reply.status, number) {
        // These were never looked at.
        (StatusCode::TOO_MANY_REQUESTS, _) | (_, Some(20429 | 21611)) => {
            Failure::not_done(error("asks to be sent less at once"), code, reply.retry_after_seconds)
        }
        (status, _) if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
            effect.unsure(error("failed"), code, reply.retry_after_seconds)
        }
        (StatusCode::UNAUTHORIZED, _) | (_, Some(20003 | 20005)) => {
            Failure::unauthorized(error("does not accept the credentials"), code)
        }
        _ => Failure::refused(error("refused"), code),
    }
}
