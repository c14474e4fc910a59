//! What Google's errors mean for the request that met them. Those of tokens and those of calendars have different shapes.

use reqwest::StatusCode;
use serde::Deserialize;

use crate::http::Reply;
use crate::outcome::{Effect, Failure};

/// `{"error":"invalid_grant","error_description":"…"}`
#[derive(Deserialize)]
struct TokenError {
    error: String,
}

/// `{"error":{"code":403,"message":"…","errors":[{"domain":"usageLimits","reason":"rateLimitExceeded"}],"status":"…"}}`
#[derive(Deserialize)]
struct CalendarError {
    error: CalendarErrorBody,
}

#[derive(Deserialize, Default)]
struct CalendarErrorBody {
    #[serde(default)]
    errors: Vec<Reason>,
    status: Option<String>,
}

#[derive(Deserialize)]
struct Reason {
    domain: Option<String>,
    reason: Option<String>,
}

/// The failure of a request for tokens.
pub fn of_tokens(reply: &Reply, effect: Effect) -> Failure {
    let stated = reply.error_object::<TokenError>().and_then(|stated| safe_code(&stated.error));
    let known = stated.as_deref().and_then(token_error_in_words);
    let code = stated.or_else(|| reply.status_code());
    let told = || told("a request for tokens", known, code.as_deref());
    if let Some(failure) = passing(reply, effect, &told, &code) {
        return failure;
    }
    match code.as_deref() {
        Some("invalid_grant" | "unauthorized_client") => Failure::unauthorized(told(), code),
        // Not the consent is at fault but the operator's settings: once they are right, it works again.
        Some("invalid_client" | "deleted_client" | "disabled_client" | "401") => Failure::not_done(told(), code, None),
        _ => Failure::refused(told(), code),
    }
}

/// The failure of a request to a calendar.
pub fn of_calendar(reply: &Reply, effect: Effect) -> Failure {
    let body = reply.error_object::<CalendarError>().map(|stated| stated.error).unwrap_or_default();
    let stated = body.errors.iter().find_map(|error| safe_code(error.reason.as_deref()?));
    let known = stated.as_deref().and_then(reason_in_words);
    let code = stated.or_else(|| reply.status_code());
    let told = || told("a request to the calendar", known, code.as_deref());
    if let Some(failure) = passing(reply, effect, &told, &code) {
        return failure;
    }
    match reply.status {
        StatusCode::UNAUTHORIZED => {
            Failure::unauthorized("Google does not accept the access token, or not any more", reply.status_code())
        }
        StatusCode::FORBIDDEN if body.is_about_limits() => Failure::not_done(told(), code, reply.retry_after_seconds),
        _ => Failure::refused(told(), code),
    }
}

/// What passes by itself: too many requests at once, which are not looked at, and a server that fails.
fn passing(reply: &Reply, effect: Effect, told: &dyn Fn() -> String, code: &Option<String>) -> Option<Failure> {
    match reply.status {
        StatusCode::TOO_MANY_REQUESTS => Some(Failure::not_done(told(), code.clone(), reply.retry_after_seconds)),
        status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
            Some(effect.unsure(told(), code.clone(), reply.retry_after_seconds))
        }
        _ => None,
    }
}

impl CalendarErrorBody {
    /// An API that is not switched on is told in the same domain, and does not switch itself on.
    fn is_about_limits(&self) -> bool {
        let is_limit = |error: &Reason| match error.reason.as_deref() {
            Some("rateLimitExceeded" | "userRateLimitExceeded" | "quotaExceeded" | "usageLimits") => true,
            Some("accessNotConfigured") => false,
            _ => error.domain.as_deref() == Some("usageLimits"),
        };
        self.errors.iter().any(is_limit) || self.status.as_deref() == Some("RESOURCE_EXHAUSTED")
    }
}

fn told(what: &str, known: Option<&str>, code: Option<&str>) -> String {
    let code = code.unwrap_or("no code");
    match known {
        Some(words) => format!("Google did not carry out {what}: {words} ({code})"),
        None => format!("Google did not carry out {what} ({code})"),
    }
}

fn token_error_in_words(code: &str) -> Option<&'static str> {
    Some(match code {
        "invalid_grant" => "the consent was withdrawn or has expired, or the code was used already",
        "unauthorized_client" => "the consent was given to another OAuth client",
        "invalid_client" => "the OAuth client's id or secret is not right",
        "deleted_client" => "the OAuth client was deleted",
        "disabled_client" => "the OAuth client is disabled",
        "redirect_uri_mismatch" => "the redirect address is not one of the OAuth client",
        "admin_policy_enforced" => "an administrator of the organization does not allow it",
        _ => return None,
    })
}

fn reason_in_words(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "rateLimitExceeded" | "userRateLimitExceeded" => "there were too many requests at once",
        "quotaExceeded" | "usageLimits" => "the quota is used up",
        "accessNotConfigured" => "the Calendar API is not switched on in the operator's project",
        "forbidden" | "forbiddenForNonOrganizer" | "requiredAccessLevel" => {
            "the account may not change this calendar or event"
        }
        "insufficientPermissions" => "the consent does not cover it",
        "notFound" => "the calendar or the event is not there",
        "duplicate" => "there is, or was, an event of this id",
        "deleted" => "the event was deleted",
        "conditionNotMet" => "the event was changed meanwhile",
        "invalid" | "required" | "badRequest" | "parseError" => "the request is not valid",
        "timeRangeEmpty" => "the event ends before it starts",
        "fullSyncRequired" | "updatedMinTooLongAgo" => "the sync token has expired",
        "backendError" | "internalError" => "the server failed",
        _ => return None,
    })
}

/// A code as it may be repeated: a short word, or nothing.
fn safe_code(code: &str) -> Option<String> {
    let is_allowed = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    ((1..=40).contains(&code.len()) && code.bytes().all(is_allowed)).then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_word_is_repeated_as_a_code() {
        assert_eq!(safe_code("rateLimitExceeded").as_deref(), Some("rateLimitExceeded"));
        assert_eq!(safe_code("invalid_grant").as_deref(), Some("invalid_grant"));
        for code in ["", "+15551234567", "a b", "line\nbreak", "ya29", &"x".repeat(41)] {
            assert_eq!(safe_code(code), None, "{code}");
        }
    }
}
