//! The one way this crate says no. Every rule that turns an input down returns a [`Refusal`]: a fixed code for programs,
//! a message that names the value and the rule, and a hint that says the way out.

use std::fmt;

/// What was wrong, as a caller's program reads it. The spelling is part of the SQL contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    SlotUnavailable,
    OutsideHours,
    TooSoon,
    TooFar,
    DailyLimitReached,
    DateInPast,
    InvalidDate,
    InvalidTime,
    InvalidPhone,
    InvalidName,
    InvalidEmail,
    InvalidDuration,
    InvalidTimezone,
    InvalidRequest,
    OrgNotFound,
    ServiceNotFound,
    ResourceNotFound,
    AppointmentNotFound,
    ContactNotFound,
    HoldExpired,
    AlreadyCancelled,
    InvalidStatus,
    IdempotencyConflict,
}

impl Code {
    pub const fn as_str(self) -> &'static str {
        match self {
            Code::SlotUnavailable => "slot_unavailable",
            Code::OutsideHours => "outside_hours",
            Code::TooSoon => "too_soon",
            Code::DailyLimitReached => "daily_limit_reached",
            Code::TooFar => "too_far",
            Code::DateInPast => "date_in_past",
            Code::InvalidDate => "invalid_date",
            Code::InvalidTime => "invalid_time",
            Code::InvalidPhone => "invalid_phone",
            Code::InvalidName => "invalid_name",
            Code::InvalidEmail => "invalid_email",
            Code::InvalidDuration => "invalid_duration",
            Code::InvalidTimezone => "invalid_timezone",
            Code::InvalidRequest => "invalid_request",
            Code::OrgNotFound => "org_not_found",
            Code::ServiceNotFound => "service_not_found",
            Code::ResourceNotFound => "resource_not_found",
            Code::AppointmentNotFound => "appointment_not_found",
            Code::ContactNotFound => "contact_not_found",
            Code::HoldExpired => "hold_expired",
            Code::AlreadyCancelled => "already_cancelled",
            Code::InvalidStatus => "invalid_status",
            Code::IdempotencyConflict => "idempotency_conflict",
        }
    }
}

/// A refused input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: Code,
    /// Names the value and the rule it broke: `phone "555" is not a valid number in region US`.
    pub message: String,
    /// The way out: `pass it with its country code, as +14155550123`.
    pub hint: String,
}

impl Refusal {
    pub fn new(code: Code, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Refusal { code, message: message.into(), hint: hint.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.message)
    }
}

impl std::error::Error for Refusal {}

/// How many characters of a refused value a message repeats.
const QUOTED_CHARACTERS: usize = 60;

/// The value as a message may repeat it: in double quotes, at most 60 characters, with control and bidirectional
/// formatting characters escaped so that no value can forge a line of a log or turn a message around.
pub fn quoted(value: &str) -> String {
    let mut out = String::from("\"");
    let mut characters = value.chars();
    for character in characters.by_ref().take(QUOTED_CHARACTERS) {
        if character.is_control() || is_invisible(character) || character == '"' || character == '\\' {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    if characters.next().is_some() {
        out.push('…');
    }
    out.push('"');
    out
}

/// Characters that show nothing and change how their neighbours read: zero-width, directional and joining marks, the
/// byte-order mark. Free text may not smuggle them into a name, an address or a message.
pub fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_value_is_short_and_harmless() {
        assert_eq!(quoted("555"), "\"555\"");
        assert_eq!(quoted("a\nb\u{202E}c\0"), "\"a\\nb\\u{202e}c\\u{0}\"");
        assert_eq!(quoted(&"x".repeat(100)).chars().count(), 63);
    }
}
