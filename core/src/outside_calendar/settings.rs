//! What an organization decides about its outside calendar.

use serde_json::{Value, json};

use crate::refusal::{Code, Refusal, quoted};

/// When a booking is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// At once; its event follows.
    Async,
    /// Once its event is in the calendar. Until then the time is held.
    Verified,
}

impl Flow {
    pub const fn as_str(self) -> &'static str {
        match self {
            Flow::Async => "async",
            Flow::Verified => "verified",
        }
    }
}

/// What follows when somebody moves or deletes an event of ours in the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnChange {
    /// The appointment stays, and is marked, for people to decide.
    Flag,
    /// The appointment moves too, where it can, or is cancelled.
    Follow,
}

impl OnChange {
    pub const fn as_str(self) -> &'static str {
        match self {
            OnChange::Flag => "flag",
            OnChange::Follow => "follow",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub flow: Flow,
    pub on_change: OnChange,
    /// The calendar of a resource that has none of its own.
    pub calendar_id: String,
    /// How long a time is held for its event, in seconds.
    pub verify_seconds: i32,
}

/// The calendar of an account that is meant when none is named.
pub const USUAL_CALENDAR: &str = "primary";
/// How long a time is held for its event when nobody says, in seconds.
pub const USUAL_VERIFY_SECONDS: i32 = 120;
/// The longest that it can be: an hour.
pub const LONGEST_VERIFY_SECONDS: i32 = 3600;

impl Default for Settings {
    fn default() -> Self {
        Settings {
            flow: Flow::Async,
            on_change: OnChange::Flag,
            calendar_id: USUAL_CALENDAR.to_owned(),
            verify_seconds: USUAL_VERIFY_SECONDS,
        }
    }
}

impl Settings {
    /// As they are stated; what cannot be is refused.
    pub fn checked(flow: &str, on_change: &str, calendar_id: &str, verify_seconds: i32) -> Result<Self, Refusal> {
        let flow = match flow {
            "async" => Flow::Async,
            "verified" => Flow::Verified,
            _ => return Err(refused(format!("flow {} is not known", quoted(flow)), "pass async or verified")),
        };
        let on_change = match on_change {
            "flag" => OnChange::Flag,
            "follow" => OnChange::Follow,
            _ => {
                let message = format!("what to do on a change, {}, is not known", quoted(on_change));
                return Err(refused(message, "pass flag or follow"));
            }
        };
        if !(1..=LONGEST_VERIFY_SECONDS).contains(&verify_seconds) {
            let message = format!("{verify_seconds} seconds are not between 1 and {LONGEST_VERIFY_SECONDS}");
            return Err(refused(message, "leave it out for two minutes"));
        }
        Ok(Settings { flow, on_change, calendar_id: calendar_id_of(calendar_id)?, verify_seconds })
    }

    /// As they were stored; `None` where no calendar is kept.
    pub fn read(stored: &str) -> Option<Self> {
        let stored: Value = serde_json::from_str(stored).ok()?;
        let text = |key: &str| stored.get(key).and_then(Value::as_str);
        if stored.get("on").and_then(Value::as_bool) != Some(true) {
            return None;
        }
        let seconds = stored.get("verify_seconds").and_then(Value::as_i64).and_then(|n| i32::try_from(n).ok())?;
        Settings::checked(text("flow")?, text("on_change")?, text("calendar_id")?, seconds).ok()
    }

    /// As they are stored.
    pub fn to_json(&self, is_on: bool) -> Value {
        json!({
            "on": is_on,
            "flow": self.flow.as_str(),
            "on_change": self.on_change.as_str(),
            "calendar_id": self.calendar_id,
            "verify_seconds": self.verify_seconds,
        })
    }
}

/// The name of a calendar: an address, as a rule.
pub fn calendar_id_of(text: &str) -> Result<String, Refusal> {
    let trimmed = text.trim();
    if (1..=254).contains(&trimmed.len()) && trimmed.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(trimmed.to_owned());
    }
    Err(refused(
        format!("calendar {} is not the id of a calendar", quoted(trimmed)),
        "pass the id that the calendar's settings show, as primary or an address",
    ))
}

fn refused(message: impl Into<String>, hint: impl Into<String>) -> Refusal {
    Refusal::new(Code::InvalidRequest, message, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_back() {
        let stated = Settings::checked("verified", "follow", " room-1@group.example ", 30).unwrap();
        assert_eq!(Settings::read(&stated.to_json(true).to_string()), Some(stated.clone()));
        assert_eq!(Settings::read(&stated.to_json(false).to_string()), None);
        assert_eq!(stated.calendar_id, "room-1@group.example");
        let usual = Settings::default();
        assert_eq!(Settings::read(&usual.to_json(true).to_string()), Some(usual));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (flow, on_change, calendar, seconds) in [
            ("Async", "flag", "primary", 60),
            ("async", "ignore", "primary", 60),
            ("async", "flag", "", 60),
            ("async", "flag", "my calendar", 60),
            ("async", "flag", "primary", 0),
            ("async", "flag", "primary", 3601),
        ] {
            assert!(Settings::checked(flow, on_change, calendar, seconds).is_err());
        }
        for stored in ["", "null", "[]", "{}", "{\"on\": true}", "{\"on\": \"true\"}"] {
            assert_eq!(Settings::read(stored), None);
        }
    }
}
