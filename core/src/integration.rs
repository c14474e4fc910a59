//! The outside services that an organization can have accounts with, and what of such an account is not secret.

use serde_json::{Map, Value};

use crate::limits;
use crate::refusal::{Code, Refusal, quoted};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provider {
    Twilio,
    Google,
    Vapi,
}

impl Provider {
    pub const ALL: [Provider; 3] = [Provider::Twilio, Provider::Google, Provider::Vapi];

    pub const fn as_str(self) -> &'static str {
        match self {
            Provider::Twilio => "twilio",
            Provider::Google => "google",
            Provider::Vapi => "vapi",
        }
    }

    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let name = text.trim().to_ascii_lowercase();
        Self::ALL.into_iter().find(|provider| provider.as_str() == name).ok_or_else(|| {
            let known = Self::ALL.map(Provider::as_str).join(", ");
            refused(format!("provider {} is not known", quoted(text)), format!("pass one of {known}"))
        })
    }
}

/// The most messages that a sender sends in a second.
const MOST_PER_SECOND: f64 = 1000.0;
/// The fewest: one in a minute.
const FEWEST_PER_SECOND: f64 = 1.0 / 60.0;

/// The settings of an account, checked: a JSON object of `sender` (text) and `per_second` (messages that the sender may send in a
/// second) for Twilio, of `account` (text) for any.
pub fn settings_of(provider: Provider, text: &str) -> Result<Value, Refusal> {
    let Ok(Value::Object(stated)) = serde_json::from_str(text) else {
        return Err(refused("p_settings is not a JSON object", "pass {} or leave it out"));
    };
    let mut settings = Map::new();
    for (key, value) in &stated {
        let checked = match (provider, key.as_str(), value) {
            (Provider::Twilio, "per_second", Value::Number(number)) => per_second(number.as_f64())?,
            (Provider::Twilio, "sender", Value::String(text)) | (_, "account", Value::String(text)) => {
                limits::label(key, text, Code::InvalidRequest)?.into()
            }
            _ => {
                let message = format!("{} of {} cannot be set", quoted(key), provider.as_str());
                return Err(refused(message, "pass account, and of twilio sender and per_second"));
            }
        };
        settings.insert(key.clone(), checked);
    }
    Ok(Value::Object(settings))
}

fn per_second(stated: Option<f64>) -> Result<Value, Refusal> {
    match stated {
        Some(rate) if (FEWEST_PER_SECOND..=MOST_PER_SECOND).contains(&rate) => Ok(rate.into()),
        _ => Err(refused(
            "per_second is not between a sixtieth and 1000",
            "pass 1 for a local number, 3 for a toll-free one",
        )),
    }
}

fn refused(message: impl Into<String>, hint: impl Into<String>) -> Refusal {
    Refusal::new(Code::InvalidRequest, message, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_stored_in_lower_case_however_it_is_written() {
        assert_eq!(Provider::parse(" Twilio ").map(Provider::as_str), Ok("twilio"));
        for provider in Provider::ALL {
            assert_eq!(Provider::parse(provider.as_str()), Ok(provider));
        }
        assert!(Provider::parse("twillio").is_err());
    }

    #[test]
    fn settings_are_what_a_provider_has_and_nothing_else() {
        let stated = settings_of(Provider::Twilio, r#"{"sender": "+12025550100", "per_second": 3}"#).unwrap();
        assert_eq!(stated["per_second"], 3.0);
        for wrong in [
            "",
            "[]",
            "null",
            r#"{"auth_token": "x"}"#,
            r#"{"per_second": 0}"#,
            r#"{"per_second": 1e9}"#,
            r#"{"per_second": "1"}"#,
            r#"{"sender": ""}"#,
        ] {
            assert!(settings_of(Provider::Twilio, wrong).is_err(), "{wrong}");
        }
        assert!(settings_of(Provider::Google, r#"{"per_second": 1}"#).is_err());
        assert!(settings_of(Provider::Google, r#"{"account": "clinic@example.org"}"#).is_ok());
    }
}
