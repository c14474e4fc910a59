//! The credentials of an account, as they are sealed.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::secret::exposed;

/// The fewest characters of a server secret. Who guesses it can book.
const SHORTEST_SECRET: usize = 16;
/// The most: it travels in a header.
const LONGEST_SECRET: usize = 256;

/// An account at Vapi. As JSON: `{"api_key":"…","server_secret":"…"}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VapiAccount {
    /// The private key that we call Vapi with.
    #[serde(serialize_with = "exposed")]
    pub api_key: SecretString,
    /// What Vapi proves itself with when it calls us.
    #[serde(serialize_with = "exposed")]
    pub server_secret: SecretString,
}

/// Why a text cannot be a server secret. The text is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadServerSecret {
    #[error("it has fewer than {SHORTEST_SECRET} characters: make one with openssl rand -hex 32")]
    TooShort,
    #[error("it has more than {LONGEST_SECRET} characters")]
    TooLong,
    #[error("it has characters other than ASCII letters, digits and signs, which a header cannot carry")]
    NotForHeaders,
    #[error("it is the API key: make one of its own, with openssl rand -hex 32")]
    ApiKey,
}

/// A server secret that can serve beside this API key.
pub fn server_secret(text: SecretString, api_key: &SecretString) -> Result<SecretString, BadServerSecret> {
    let stated = text.expose_secret();
    if !stated.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(BadServerSecret::NotForHeaders);
    }
    match stated.len() {
        ..SHORTEST_SECRET => Err(BadServerSecret::TooShort),
        _ if stated == api_key.expose_secret() => Err(BadServerSecret::ApiKey),
        SHORTEST_SECRET..=LONGEST_SECRET => Ok(text),
        _ => Err(BadServerSecret::TooLong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::{NotCredentials, from_json, to_json};

    fn checked(text: &str) -> Result<String, BadServerSecret> {
        server_secret(SecretString::from(text), &SecretString::from("an-api-key-of-some-length"))
            .map(|secret| secret.expose_secret().to_owned())
    }

    #[test]
    fn an_account_is_written_as_it_was_read_and_not_shown() {
        let json = r#"{"api_key":"k3y","server_secret":"s3cret"}"#;
        let account: VapiAccount = from_json(json.as_bytes()).unwrap();
        assert_eq!(std::str::from_utf8(&to_json(&account).unwrap()).unwrap(), json);
        let shown = format!("{account:?}");
        assert!(!shown.contains("k3y") && !shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn an_account_without_a_server_secret_is_none() {
        assert_eq!(from_json::<VapiAccount>(br#"{"api_key":"k3y"}"#).unwrap_err(), NotCredentials);
    }

    #[test]
    fn a_server_secret_is_long_enough_to_be_no_guess_and_fits_a_header() {
        assert_eq!(checked("0123456789abcdef").as_deref(), Ok("0123456789abcdef"));
        assert_eq!(checked("0123456789abcde"), Err(BadServerSecret::TooShort));
        assert_eq!(checked(""), Err(BadServerSecret::TooShort));
        assert_eq!(checked(&"x".repeat(256)).as_deref(), Ok("x".repeat(256).as_str()));
        assert_eq!(checked(&"x".repeat(257)), Err(BadServerSecret::TooLong));
        for text in ["0123456789 abcdef", "0123456789abcdéf", "0123456789\tabcdef", "0123456789\u{7f}abcdef"] {
            assert_eq!(checked(text), Err(BadServerSecret::NotForHeaders), "{text:?}");
        }
        assert_eq!(checked("an-api-key-of-some-length"), Err(BadServerSecret::ApiKey));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        for text in ["short-s3cret", "s3cret with a space in it"] {
            assert!(!checked(text).unwrap_err().to_string().contains("s3cret"));
        }
    }
}
