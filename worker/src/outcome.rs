//! What became of one request to a provider. What matters is whether it may be sent again: a message that went out twice
//! cannot be called back.

use std::time::SystemTime;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use thiserror::Error;

/// Why a request did not do what it should. `error` is one line for a human, at most 300 characters, of our own words only:
/// what a provider says can repeat numbers, names and tokens. `code` is the provider's, such as `21610`, `invalid_grant` or
/// `rateLimitExceeded`, or else the HTTP status; `None` where there was no reply.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Failure {
    /// It was certainly not carried out, and may be tried again.
    #[error("{error}")]
    NotDone {
        error: String,
        code: Option<String>,
        /// The pause that the provider asked for.
        retry_after_seconds: Option<i32>,
    },
    /// It may have been carried out: a time-out, a broken connection, half a reply, a failing server.
    #[error("{error}")]
    Unknown { error: String, code: Option<String>, retry_after_seconds: Option<i32> },
    /// It was not carried out, and trying again cannot help.
    #[error("{error}")]
    Refused { error: String, code: Option<String> },
    /// The credentials are not accepted, or not any more.
    #[error("{error}")]
    Unauthorized { error: String, code: Option<String> },
}

const LONGEST_ERROR: usize = 300;
/// The longest pause that is kept, in seconds: a day.
const LONGEST_RETRY_AFTER_SECONDS: u64 = 24 * 60 * 60;

impl Failure {
    pub(crate) fn not_done(error: impl Into<String>, code: Option<String>, retry_after_seconds: Option<i32>) -> Self {
        Failure::NotDone { error: one_line(error.into()), code, retry_after_seconds }
    }

    pub(crate) fn unknown(error: impl Into<String>, code: Option<String>, retry_after_seconds: Option<i32>) -> Self {
        Failure::Unknown { error: one_line(error.into()), code, retry_after_seconds }
    }

    pub(crate) fn refused(error: impl Into<String>, code: Option<String>) -> Self {
        Failure::Refused { error: one_line(error.into()), code }
    }

    pub(crate) fn unauthorized(error: impl Into<String>, code: Option<String>) -> Self {
        Failure::Unauthorized { error: one_line(error.into()), code }
    }

    /// The line for a human.
    pub fn error(&self) -> &str {
        match self {
            Failure::NotDone { error, .. }
            | Failure::Unknown { error, .. }
            | Failure::Refused { error, .. }
            | Failure::Unauthorized { error, .. } => error,
        }
    }

    /// The provider's code, or the HTTP status.
    pub fn code(&self) -> Option<&str> {
        match self {
            Failure::NotDone { code, .. }
            | Failure::Unknown { code, .. }
            | Failure::Refused { code, .. }
            | Failure::Unauthorized { code, .. } => code.as_deref(),
        }
    }

    /// The pause that the provider asked for, 0 to 86400 seconds.
    pub fn retry_after_seconds(&self) -> Option<i32> {
        match self {
            Failure::NotDone { retry_after_seconds, .. } | Failure::Unknown { retry_after_seconds, .. } => {
                *retry_after_seconds
            }
            Failure::Refused { .. } | Failure::Unauthorized { .. } => None,
        }
    }
}

/// What a request does at the other side. If it only reads, there is nothing that could be done twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Read,
    Write,
}

impl Effect {
    /// The failure of a request that was sent, and whose end is not known.
    pub(crate) fn unsure(self, error: String, code: Option<String>, retry_after_seconds: Option<i32>) -> Failure {
        match self {
            Effect::Read => Failure::not_done(error, code, retry_after_seconds),
            Effect::Write => Failure::unknown(error, code, retry_after_seconds),
        }
    }
}

/// The pause that `Retry-After` asks for, as seconds or as a date, at most a day.
pub(crate) fn retry_after_seconds(headers: &HeaderMap, now: SystemTime) -> Option<i32> {
    let stated = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let is_number = !stated.is_empty() && stated.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = if is_number {
        // Only a number with too many digits does not parse.
        stated.parse().unwrap_or(u64::MAX)
    } else {
        let until = httpdate::parse_http_date(stated).ok()?;
        until.duration_since(now).unwrap_or_default().as_secs()
    };
    i32::try_from(seconds.min(LONGEST_RETRY_AFTER_SECONDS)).ok()
}

fn one_line(error: String) -> String {
    let line = error.chars().map(|character| if character.is_control() { ' ' } else { character });
    line.take(LONGEST_ERROR).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;
    use std::time::Duration;

    fn asked(header: &str) -> Option<i32> {
        let now = httpdate::parse_http_date("Fri, 20 Nov 2026 12:00:00 GMT").unwrap();
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_bytes(header.as_bytes()).unwrap())]);
        retry_after_seconds(&headers, now)
    }

    #[test]
    fn a_pause_is_asked_for_in_seconds_or_as_a_date() {
        assert_eq!(asked("120"), Some(120));
        assert_eq!(asked(" 0 "), Some(0));
        assert_eq!(asked("Fri, 20 Nov 2026 12:01:30 GMT"), Some(90));
        assert_eq!(asked("Friday, 20-Nov-26 12:01:30 GMT"), Some(90));
    }

    #[test]
    fn a_pause_is_never_negative_nor_longer_than_a_day() {
        assert_eq!(asked("Fri, 20 Nov 2020 12:00:00 GMT"), Some(0));
        assert_eq!(asked("Fri, 20 Nov 2099 12:00:00 GMT"), Some(86_400));
        assert_eq!(asked("86401"), Some(86_400));
        assert_eq!(asked("99999999999999999999999999"), Some(86_400));
    }

    #[test]
    fn what_is_no_pause_is_none() {
        for header in ["", "-5", "+5", "1.5", "soon", "é"] {
            assert_eq!(asked(header), None, "{header}");
        }
        assert_eq!(retry_after_seconds(&HeaderMap::new(), SystemTime::UNIX_EPOCH + Duration::from_secs(1)), None);
    }

    #[test]
    fn an_error_is_one_short_line() {
        let failure = Failure::refused(format!("first\nsecond\r{}", "é".repeat(400)), None);
        assert!(failure.error().starts_with("first second é"));
        assert_eq!(failure.error().chars().count(), 300);
        assert_eq!(failure.to_string(), failure.error());
    }
}
