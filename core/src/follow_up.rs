//! Follow-ups: what somebody of an organization is to do for a caller, by when, and who is reminded of it.

pub mod reminder;
pub mod settings;

use chrono::{DateTime, Datelike, Utc};

use crate::limits::{LONGEST_LABEL, one_line, year_in_words};
use crate::refusal::{Code, Refusal, is_invisible, quoted};

pub use settings::Settings;

/// What it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Somebody has written it down.
    Task,
    /// A caller has left a message.
    Message,
    /// A caller wanted to speak to somebody.
    Transfer,
}

impl Kind {
    pub const ALL: [Kind; 3] = [Kind::Task, Kind::Message, Kind::Transfer];

    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Task => "task",
            Kind::Message => "message",
            Kind::Transfer => "transfer",
        }
    }

    pub fn parse(text: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Kind::as_str).join(", ");
            invalid(format!("follow-up kind {} is not known", quoted(text)), format!("pass one of {known}"))
        })
    }
}

/// Where it stands. What is closed may be opened again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    Open,
    Done,
    Cancelled,
}

impl State {
    pub const ALL: [State; 3] = [State::Open, State::Done, State::Cancelled];

    pub const fn as_str(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Done => "done",
            State::Cancelled => "cancelled",
        }
    }

    pub fn parse(text: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(State::as_str).join(", ");
            invalid(format!("follow-up state {} is not known", quoted(text)), format!("pass one of {known}"))
        })
    }
}

/// The longest note, in characters.
pub const LONGEST_NOTE: usize = 2000;

/// A note as a program states it: refused where it would not be kept as it is.
pub fn stated_note(text: &str) -> Result<String, Refusal> {
    if text.trim().chars().nth(LONGEST_NOTE).is_some() {
        let message = format!("note {} is longer than {LONGEST_NOTE} characters", quoted(text));
        return Err(invalid(message, "shorten it"));
    }
    if let Some(character) = text.trim().chars().find(|c| *c != '\n' && (c.is_control() || is_invisible(*c))) {
        let message = format!("the note has an unreadable character, U+{:04X}", u32::from(character));
        return Err(invalid(message, "take it out"));
    }
    note(text)
}

/// A note as a caller has left it: made readable, and cut where it is too long, since what was said cannot be said again.
/// Refused only where nothing was said.
pub fn note(text: &str) -> Result<String, Refusal> {
    let readable = |c: char| if c != '\n' && (c.is_control() || is_invisible(c)) { ' ' } else { c };
    let note: String = text.trim().chars().map(readable).take(LONGEST_NOTE).collect();
    let note = note.trim();
    if note.is_empty() {
        return Err(invalid("the note is empty", "say what is to be done"));
    }
    Ok(note.to_owned())
}

/// A name as somebody has said it, as one readable line; `None` where there is nothing to read.
pub fn name(text: &str) -> Option<String> {
    Some(one_line(text, LONGEST_LABEL)).filter(|name| !name.is_empty())
}

/// A time by which something can be due. A reminder is sent until a week after it, and every time that is kept has a year of
/// four digits.
pub fn check_due(at: DateTime<Utc>) -> Result<(), Refusal> {
    if (1000..=9998).contains(&at.year()) {
        return Ok(());
    }
    let message = format!("the year {} is not one that a follow-up can be due in", year_in_words(at.year()));
    Err(Refusal::new(Code::InvalidTime, message, "pass a time in the years 1000 to 9998"))
}

fn invalid(message: impl Into<String>, hint: impl Into<String>) -> Refusal {
    Refusal::new(Code::InvalidRequest, message, hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_zone::at;

    #[test]
    fn kinds_and_states_are_read_as_they_are_written() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Ok(kind));
        }
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Ok(state));
        }
        assert_eq!(State::parse("closed").unwrap_err().hint, "pass one of open, done, cancelled");
        assert!(Kind::parse("Task").is_err());
    }

    #[test]
    fn a_stated_note_is_kept_as_it_is_or_refused() {
        assert_eq!(stated_note("  Call back.\nUrgent! "), Ok("Call back.\nUrgent!".to_owned()));
        assert_eq!(stated_note(&"x".repeat(LONGEST_NOTE)).map(|note| note.len()), Ok(LONGEST_NOTE));
        for wrong in ["", " \n ", "a\u{7}b", "a\u{202E}b", &"x".repeat(LONGEST_NOTE + 1)] {
            assert_eq!(stated_note(wrong).unwrap_err().code, Code::InvalidRequest, "{wrong:?}");
        }
    }

    #[test]
    fn a_spoken_note_is_made_readable_and_cut() {
        assert_eq!(note("call\u{7}back\u{202E}"), Ok("call back".to_owned()));
        assert_eq!(note(&"é".repeat(1_000_000)).map(|note| note.chars().count()), Ok(LONGEST_NOTE));
        assert!(note("\u{200B}\n").is_err());
    }

    #[test]
    fn a_name_is_one_readable_line() {
        assert_eq!(name(" Ann\n\u{202E}Lee "), Some("Ann Lee".to_owned()));
        assert_eq!(name("\u{200B}\n"), None);
        assert_eq!(name(&"a ".repeat(100_000)).map(|name| name.chars().count()), Some(199));
    }

    #[test]
    fn what_is_due_is_due_in_a_year_of_four_digits() {
        assert!(check_due(at("1000-01-01 00:00")).is_ok());
        assert!(check_due(at("9998-12-31 23:59")).is_ok());
        for wrong in [at("0999-12-31 23:59"), at("9999-01-01 00:00"), DateTime::<Utc>::MAX_UTC] {
            assert_eq!(check_due(wrong).unwrap_err().code, Code::InvalidTime, "{wrong}");
        }
    }
}
