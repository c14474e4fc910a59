//! The words that say which half of the day an hour is in: AM and PM, and "in the afternoon" and its kin. Called by
//! the reading of a time; an hour that contradicts its words is refused.

use super::Clock;
use super::tokens::Token::{self, Symbol, Word};
use crate::refusal::{Code, Refusal, quoted};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PartOfDay {
    BeforeNoon,
    AfterNoon,
    Morning,
    Afternoon,
    Evening,
    Night,
}

/// Takes the part of the day off the end of a time.
pub(super) fn split_part_of_day<'a, 'b>(said: &'b [Token<'a>]) -> (&'b [Token<'a>], Option<PartOfDay>) {
    let unpunctuated = match said {
        [rest @ .., Symbol('.')] => rest,
        rest => rest,
    };
    let (rest, word) = match unpunctuated {
        [rest @ .., Word(word @ ("am" | "pm"))] => (rest, *word),
        [rest @ .., Word(half @ ("a" | "p")), Word("m")]
        | [rest @ .., Word(half @ ("a" | "p")), Symbol('.'), Word("m")] => (rest, *half),
        [rest @ .., Word("in"), Word("the"), Word(word @ ("morning" | "afternoon" | "evening"))] => (rest, *word),
        [rest @ .., Word("at"), Word("night")] => (rest, "night"),
        _ => return (said, None),
    };
    let part = match word {
        "am" | "a" => PartOfDay::BeforeNoon,
        "pm" | "p" => PartOfDay::AfterNoon,
        "morning" => PartOfDay::Morning,
        "afternoon" => PartOfDay::Afternoon,
        "evening" => PartOfDay::Evening,
        _ => PartOfDay::Night,
    };
    (rest, Some(part))
}

impl PartOfDay {
    /// The hour of the day, 0 to 23, that an hour said with these words is.
    pub(super) fn hour_of_day(self, text: &str, clock: Clock) -> Result<u32, Refusal> {
        let hour = clock.hour;
        let found = match (self, hour) {
            (PartOfDay::BeforeNoon, 12) | (PartOfDay::Night, 0 | 12) => Some(0),
            (PartOfDay::BeforeNoon | PartOfDay::Morning, 0..=11) | (PartOfDay::Night, 1..=5) => Some(hour),
            (PartOfDay::AfterNoon, 12..=23) | (PartOfDay::Afternoon, 12..=18) => Some(hour),
            (PartOfDay::Evening, 16..=23) | (PartOfDay::Night, 18..=23) => Some(hour),
            (PartOfDay::AfterNoon, 1..=11) | (PartOfDay::Afternoon, 1..=6) => Some(hour + 12),
            (PartOfDay::Evening, 4..=11) | (PartOfDay::Night, 6..=11) => Some(hour + 12),
            _ => None,
        };
        found.ok_or_else(|| {
            let message = format!("time {} contradicts itself: {hour} is not {}", quoted(text), self.described());
            let hint = "say it as 2:30 PM, or as 14:30 on the 24-hour clock";
            Refusal::new(Code::InvalidTime, message, hint)
        })
    }

    const fn described(self) -> &'static str {
        match self {
            PartOfDay::BeforeNoon => "an hour before noon",
            PartOfDay::AfterNoon => "an hour after noon",
            PartOfDay::Morning => "an hour of the morning",
            PartOfDay::Afternoon => "an hour of the afternoon",
            PartOfDay::Evening => "an hour of the evening",
            PartOfDay::Night => "an hour of the night",
        }
    }
}
