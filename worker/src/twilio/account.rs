//! The credentials of an account, as they are sealed.

use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::secret::{exposed, exposed_if_any};

/// An account at Twilio. As JSON: `{"account_sid":"AC…","auth_token":"…","api_key_sid":"SK…","api_key_secret":"…",
/// "sender":{"from":"+1…"}}`, with `{"messaging_service":"MG…"}` for the other kind of sender; the two of the API key may be
/// left out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TwilioAccount {
    pub account_sid: String,
    /// It verifies the signatures of what Twilio sends, with an API key too.
    #[serde(serialize_with = "exposed")]
    pub auth_token: SecretString,
    /// An API key, which requests are made with in place of the auth token. It needs its secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_sid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "exposed_if_any")]
    pub api_key_secret: Option<SecretString>,
    pub sender: Sender,
}

/// Who messages come from.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// A number, in E.164.
    From(String),
    /// A messaging service, by its sid, which picks a number.
    MessagingService(String),
}

impl fmt::Debug for Sender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Sender::From(_) => "From(..)",
            Sender::MessagingService(_) => "MessagingService(..)",
        })
    }
}

impl Sender {
    pub(super) fn parameter(&self) -> (&'static str, &str) {
        match self {
            Sender::From(number) => ("From", number),
            Sender::MessagingService(sid) => ("MessagingServiceSid", sid),
        }
    }
}

impl TwilioAccount {
    pub(super) fn api_key(&self) -> Option<(&str, &SecretString)> {
        Some((self.api_key_sid.as_deref()?, self.api_key_secret.as_ref()?))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::secret::{NotCredentials, from_json, to_json};

    fn round_trip(json: &str) -> (TwilioAccount, String) {
        let account: TwilioAccount = from_json(json.as_bytes()).unwrap();
        let written = String::from_utf8(to_json(&account).unwrap().to_vec()).unwrap();
        (account, written)
    }

    #[test]
    fn an_account_is_written_as_it_was_read() {
        let json = r#"{"account_sid":"AC1","auth_token":"t0ken","sender":{"from":"+14155550100"}}"#;
        let (account, written) = round_trip(json);
        assert_eq!((account.auth_token.expose_secret(), written.as_str()), ("t0ken", json));
        let json = r#"{"account_sid":"AC1","auth_token":"t0ken","api_key_sid":"SK1","api_key_secret":"s3cret","sender":{"messaging_service":"MG1"}}"#;
        let (account, written) = round_trip(json);
        assert_eq!((account.api_key().unwrap().1.expose_secret(), written.as_str()), ("s3cret", json));
    }

    #[test]
    fn what_is_no_account_is_refused_without_a_word_of_it() {
        for json in ["", "{}", r#"{"account_sid":"AC1","auth_token":5551234,"sender":{"from":"+1"}}"#, r#""t0ken""#] {
            let refused = from_json::<TwilioAccount>(json.as_bytes()).unwrap_err();
            assert_eq!(refused, NotCredentials);
            assert!(!refused.to_string().contains("555"), "{refused}");
        }
    }
}
