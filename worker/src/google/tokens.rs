//! Tokens: what a consent brings, and what of it is sealed.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::SCOPES;
use crate::secret::exposed;

/// A token is renewed when less than this is left of it: enough for what is begun with it.
const RENEWED_BEFORE: TimeDelta = TimeDelta::minutes(5);

/// What Google gives for a code or a refresh token.
#[derive(Debug, Clone)]
pub struct Tokens {
    pub access_token: SecretString,
    /// `None` when a code brought none: Google gives one only with a consent that was asked for anew.
    pub refresh_token: Option<SecretString>,
    /// When the access token ends, by our clock.
    pub expires_at: DateTime<Utc>,
    /// What was consented to, separated by spaces; empty where Google does not say.
    pub scope: String,
}

impl Tokens {
    /// The scopes that were asked for and not given: on Google's page each of them can be unticked.
    pub fn missing_scopes(&self) -> Vec<&'static str> {
        let is_given =
            |wanted: &str| self.scope.is_empty() || self.scope.split_whitespace().any(|scope| scope == wanted);
        SCOPES.into_iter().filter(|wanted| !is_given(wanted)).collect()
    }
}

/// What is sealed of a consent. As JSON: `{"refresh_token":"…","access_token":"…","expires_at":"2026-11-20T12:00:00Z"}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokenSecret {
    #[serde(serialize_with = "exposed")]
    pub refresh_token: SecretString,
    #[serde(serialize_with = "exposed")]
    pub access_token: SecretString,
    pub expires_at: DateTime<Utc>,
}

impl TokenSecret {
    /// `None` without a refresh token: what cannot be renewed is not worth keeping.
    pub fn from_tokens(tokens: Tokens) -> Option<Self> {
        let Tokens { access_token, refresh_token, expires_at, .. } = tokens;
        Some(TokenSecret { refresh_token: refresh_token?, access_token, expires_at })
    }

    /// Whether less than five minutes are left.
    pub fn needs_refresh(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.signed_duration_since(now) < RENEWED_BEFORE
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::secret::{from_json, to_json};

    fn at(time: &str) -> DateTime<Utc> {
        format!("2026-11-20T{time}Z").parse().unwrap()
    }

    fn tokens(refresh_token: Option<&str>, scope: &str) -> Tokens {
        Tokens {
            access_token: SecretString::from("ya29.access"),
            refresh_token: refresh_token.map(SecretString::from),
            expires_at: at("12:00:00"),
            scope: scope.to_owned(),
        }
    }

    #[test]
    fn a_token_is_renewed_when_less_than_five_minutes_are_left() {
        let secret = TokenSecret::from_tokens(tokens(Some("1//refresh"), "")).unwrap();
        assert!(!secret.needs_refresh(at("11:55:00")));
        assert!(secret.needs_refresh(at("11:55:01")));
        assert!(secret.needs_refresh(at("12:30:00")));
    }

    #[test]
    fn a_secret_is_written_as_it_was_read_and_not_shown() {
        let secret = TokenSecret::from_tokens(tokens(Some("1//refresh"), "")).unwrap();
        let json = to_json(&secret).unwrap();
        let expected =
            r#"{"refresh_token":"1//refresh","access_token":"ya29.access","expires_at":"2026-11-20T12:00:00Z"}"#;
        assert_eq!(std::str::from_utf8(&json).unwrap(), expected);
        let read: TokenSecret = from_json(&json).unwrap();
        assert_eq!(read.refresh_token.expose_secret(), "1//refresh");
        assert_eq!((read.access_token.expose_secret(), read.expires_at), ("ya29.access", at("12:00:00")));
    }

    #[test]
    fn without_a_refresh_token_there_is_nothing_to_keep() {
        assert!(TokenSecret::from_tokens(tokens(None, "")).is_none());
    }

    #[test]
    fn a_scope_that_was_unticked_is_missing() {
        let [events, readonly] = SCOPES;
        assert_eq!(tokens(None, &format!("openid {events} {readonly}")).missing_scopes(), [""; 0]);
        assert_eq!(tokens(None, &format!("{readonly}.x {events}")).missing_scopes(), [readonly]);
        assert_eq!(tokens(None, "").missing_scopes(), [""; 0]);
    }
}
