//! The limits that every booking keeps, and the refusals of what lies beyond them.

use chrono::{DateTime, Datelike, Duration, Utc};

use crate::refusal::{Code, Refusal, is_invisible, quoted};

/// The length of an appointment when neither the caller nor its service says one, in minutes.
pub const DEFAULT_DURATION_MINUTES: i32 = 60;
/// The longest appointment, in minutes: one day.
pub const LONGEST_DURATION_MINUTES: i32 = 24 * 60;
/// The longest buffer before or after an appointment, in minutes: one day.
pub const LONGEST_BUFFER_MINUTES: i32 = 24 * 60;
/// The longest that an appointment can keep others away after its start, in minutes. The constraint appointments_are_short says
/// so too.
pub const LONGEST_AFTER_START_MINUTES: i32 = LONGEST_DURATION_MINUTES + LONGEST_BUFFER_MINUTES;
/// How far ahead anything can be booked, in days: ten years. It stops a mistyped year, not a plan.
pub const LONGEST_HORIZON_DAYS: i32 = 3_653;
/// The longest service name, organization name and idempotency key, in characters.
pub const LONGEST_LABEL: usize = 200;

/// The stated duration in minutes, or the usual one when none was stated.
pub fn duration_minutes(stated: Option<i32>, usual: i32) -> Result<i32, Refusal> {
    match stated.unwrap_or(usual) {
        minutes @ 1..=LONGEST_DURATION_MINUTES => Ok(minutes),
        minutes => Err(Refusal::new(
            Code::InvalidDuration,
            format!("a duration of {minutes} minutes is not between 1 and {LONGEST_DURATION_MINUTES}"),
            "pass the length of the appointment in whole minutes, as 30, or NULL for the usual one",
        )),
    }
}

/// An instant from the years that an appointment can be stated in: from 1900 to ten years from `now`.
pub fn check_years(instant: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Refusal> {
    if instant.year() < 1900 {
        return Err(Refusal::new(
            Code::InvalidDate,
            format!("the year {} is not one that an appointment can be in", year_in_words(instant.year())),
            "pass a date of today or later",
        ));
    }
    if instant > latest_start(now) {
        return Err(Refusal::new(
            Code::TooFar,
            format!("the year {} is too far ahead: bookings are taken for ten years", instant.year()),
            "pass a nearer date",
        ));
    }
    Ok(())
}

/// The last instant at which an appointment can start.
pub fn latest_start(now: DateTime<Utc>) -> DateTime<Utc> {
    now.checked_add_signed(Duration::days(i64::from(LONGEST_HORIZON_DAYS))).unwrap_or(now)
}

/// There is no year 0: what chrono calls -43 was 44 BC.
pub(crate) fn year_in_words(year: i32) -> String {
    if year > 0 { year.to_string() } else { format!("{} BC", 1_i64.saturating_sub(i64::from(year))) }
}

/// A label a caller made up - a service, a name of an organization - trimmed and free of what cannot be read.
pub fn label(what: &str, text: &str, code: Code) -> Result<String, Refusal> {
    let trimmed = text.trim();
    let trouble = if trimmed.is_empty() {
        "is empty"
    } else if trimmed.chars().nth(LONGEST_LABEL).is_some() {
        "is longer than 200 characters"
    } else if trimmed.chars().any(|c| c.is_control() || is_invisible(c)) {
        "contains control or invisible characters"
    } else {
        return Ok(trimmed.to_owned());
    };
    Err(Refusal::new(
        code,
        format!("{what} {} {trouble}", quoted(trimmed)),
        format!("pass a {what} of 1 to 200 readable characters"),
    ))
}

/// What somebody else says, as an error of another service: one readable line of at most 300 characters, whatever it was.
pub fn remark(text: &str) -> String {
    let line = one_line(text, LONGEST_REMARK);
    if line.is_empty() { "no reason was given".to_owned() } else { line }
}

/// One readable line of what somebody has said, of at most `longest` characters; empty where there is nothing to read.
pub fn one_line(text: &str, longest: usize) -> String {
    let readable = |c: char| if c.is_control() || is_invisible(c) { ' ' } else { c };
    let line: String = text.chars().take(longest.saturating_mul(4)).map(readable).collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(longest).collect::<String>().trim_end().to_owned()
}

/// In characters.
const LONGEST_REMARK: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_zone::at;

    #[test]
    fn a_duration_is_one_minute_to_one_day_and_the_usual_one_unless_said() {
        assert_eq!(duration_minutes(None, 45), Ok(45));
        assert_eq!(duration_minutes(Some(1), 45), Ok(1));
        assert_eq!(duration_minutes(Some(1440), 45), Ok(1440));
        for bad in [0, -30, 1441, i32::MAX, i32::MIN] {
            assert_eq!(duration_minutes(Some(bad), 45).unwrap_err().code, Code::InvalidDuration);
        }
    }

    #[test]
    fn years_before_1900_and_beyond_ten_years_are_refused() {
        let now = at("2026-11-20 12:00");
        assert_eq!(check_years(at("1899-12-31 00:00"), now).unwrap_err().code, Code::InvalidDate);
        assert_eq!(check_years(DateTime::<Utc>::MIN_UTC, now).unwrap_err().code, Code::InvalidDate);
        let ides = check_years(at("-0043-03-15 12:00"), now).unwrap_err();
        assert_eq!(ides.message, "the year 44 BC is not one that an appointment can be in");
        assert_eq!(check_years(DateTime::<Utc>::MAX_UTC, now).unwrap_err().code, Code::TooFar);
        assert!(check_years(at("2036-11-19 12:00"), now).is_ok());
        assert!(check_years(at("2024-03-20 12:00"), now).is_ok());
    }

    #[test]
    fn a_label_is_trimmed_and_may_be_in_any_script() {
        let service = |text: &str| label("service", text, Code::ServiceNotFound);
        assert_eq!(service("  Zahnreinigung für Kinder "), Ok("Zahnreinigung für Kinder".to_owned()));
        for bad in ["", "   ", "clean\u{0}ing", "clean\u{202E}ing", "a\nb"] {
            assert_eq!(service(bad).unwrap_err().code, Code::ServiceNotFound, "{bad:?}");
        }
        assert!(service(&"x".repeat(200)).is_ok());
        assert!(service(&"x".repeat(1_000_000)).is_err());
    }

    #[test]
    fn a_remark_is_made_readable_and_never_refused() {
        assert_eq!(remark("  timed\n out\u{0} after 20 s "), "timed out after 20 s");
        assert_eq!(remark("\u{202E}\n"), "no reason was given");
        assert_eq!(remark(&"x ".repeat(1_000_000)).len(), 299);
    }
}
