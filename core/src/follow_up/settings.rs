//! Who takes care of what callers leave, and by when.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use crate::limits;
use crate::phone::{E164, normalize_phone};
use crate::refusal::{Code, Refusal};

/// How an organization takes care of what callers leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Who does it, as people call them.
    pub owner: Option<String>,
    /// Where they are reminded.
    pub owner_phone: Option<E164>,
    /// How many minutes after it was left it is due.
    pub due_minutes: i32,
}

/// When something is due where nobody says when, in minutes.
pub const USUAL_DUE_MINUTES: i32 = 60;
/// The longest that something may wait by these settings, in minutes: four weeks.
pub const LONGEST_DUE_MINUTES: i32 = 28 * 24 * 60;

impl Settings {
    /// Where nobody has said anything: nobody in particular, within an hour.
    pub fn usual() -> Self {
        Settings { owner: None, owner_phone: None, due_minutes: USUAL_DUE_MINUTES }
    }

    /// What cannot be is refused. Phones without a country code are read as in `region`.
    pub fn checked(
        owner: Option<&str>,
        owner_phone: Option<&str>,
        due_minutes: i32,
        region: &str,
    ) -> Result<Self, Refusal> {
        if !(1..=LONGEST_DUE_MINUTES).contains(&due_minutes) {
            let message = format!("{due_minutes} minutes are not between 1 and {LONGEST_DUE_MINUTES}");
            return Err(Refusal::new(Code::InvalidRequest, message, "pass minutes from the call, as 60 for an hour"));
        }
        Ok(Settings {
            owner: owner.map(|owner| limits::label("name", owner, Code::InvalidName)).transpose()?,
            owner_phone: owner_phone.map(|phone| normalize_phone(phone, region)).transpose()?,
            due_minutes,
        })
    }

    /// As [`Settings::to_json`] wrote them; the usual ones where somebody has written what cannot be.
    pub fn read(stored: Option<&str>, region: &str) -> Self {
        let read = || {
            let stored: Value = serde_json::from_str(stored?).ok()?;
            let text = |key| stored.get(key).and_then(Value::as_str);
            let due_minutes = i32::try_from(stored.get("due_minutes")?.as_i64()?).ok()?;
            Self::checked(text("owner"), text("owner_phone"), due_minutes, region).ok()
        };
        read().unwrap_or_else(Self::usual)
    }

    pub fn to_json(&self) -> Value {
        let phone = self.owner_phone.as_ref().map(E164::as_str);
        json!({"owner": self.owner, "owner_phone": phone, "due_minutes": self.due_minutes})
    }

    /// When something is due that is left at `now`.
    pub fn due_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now.checked_add_signed(Duration::minutes(i64::from(self.due_minutes))).unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_zone::at;

    #[test]
    fn settings_are_read_as_they_were_written() {
        let settings = Settings::checked(Some(" Front desk "), Some("(415) 555-0123"), 90, "US").unwrap();
        assert_eq!(settings.owner.as_deref(), Some("Front desk"));
        assert_eq!(settings.owner_phone.as_ref().map(E164::as_str), Some("+14155550123"));
        assert_eq!(Settings::read(Some(&settings.to_json().to_string()), "US"), settings);
        assert_eq!(settings.due_at(at("2026-11-24 14:00")), at("2026-11-24 15:30"));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for minutes in [0, -1, LONGEST_DUE_MINUTES + 1, i32::MAX, i32::MIN] {
            assert!(Settings::checked(None, None, minutes, "US").is_err(), "{minutes}");
        }
        assert!(Settings::checked(Some(" "), None, 60, "US").is_err());
        assert_eq!(Settings::checked(None, Some("12"), 60, "US").unwrap_err().code, Code::InvalidPhone);
    }

    #[test]
    fn settings_that_somebody_broke_are_the_usual_ones() {
        for stored in ["", "[]", "{}", r#"{"due_minutes": "soon"}"#, r#"{"due_minutes": 60, "owner_phone": "12"}"#] {
            assert_eq!(Settings::read(Some(stored), "US"), Settings::usual(), "{stored}");
        }
        assert_eq!(Settings::read(None, "US"), Settings::usual());
    }
}
