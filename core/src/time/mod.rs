//! A time of day as people write and say it, read as a [`NaiveTime`]. What two listeners would hear differently is
//! refused, never guessed: a wrong hour is a patient at a closed door.

mod part_of_day;
mod spoken;
#[cfg(test)]
mod tests;
pub(crate) mod tokens;

use crate::refusal::{Code, Refusal, quoted};
use chrono::NaiveTime;
use part_of_day::split_part_of_day;
use tokens::Token::{self, Number, Symbol, Word};

const HINT: &str = "say it as 2:30 PM, or as 14:30 on the 24-hour clock";

const ZONE_WORDS: &[&str] = &[
    "z", "utc", "gmt", "et", "est", "edt", "ct", "cst", "cdt", "mt", "mst", "mdt", "pt", "pst", "pdt", "akst", "akdt",
    "hst", "ast", "adt", "nst", "ndt", "bst", "wet", "west", "cet", "cest", "eet", "eest", "msk", "ist", "sgt", "hkt",
    "jst", "kst", "aest", "aedt", "acst", "acdt", "awst", "nzst", "nzdt", "sast", "eastern", "central", "mountain",
    "pacific", "zulu", "timezone",
];

/// Reads a time of day: `14:00`, `2 PM`, `2.30 p.m.`, `half past two pm`, `noon`; `midnight` is 00:00 of its date.
///
/// Two digits of hours and two of minutes are the 24-hour clock, so `09:00` is the morning; `2:30` alone could be
/// either half of the day and is refused, as are seconds and time zones. Every refusal is a [`Code::InvalidTime`].
///
/// ```
/// use booking_core::time::parse_time;
/// use chrono::NaiveTime;
/// assert_eq!(parse_time("2:30 pm").ok(), NaiveTime::from_hms_opt(14, 30, 0));
/// assert_eq!(parse_time("quarter to three pm").ok(), NaiveTime::from_hms_opt(14, 45, 0));
/// assert!(parse_time("2:30").is_err());
/// ```
pub fn parse_time(text: &str) -> Result<NaiveTime, Refusal> {
    let plain = tokens::plain_text(text, Code::InvalidTime, "time", HINT)?;
    let all = tokens::tokenize(&plain);
    refuse_zone(text, &all)?;
    let said = match all.as_slice() {
        [Word("at"), rest @ ..] => rest,
        rest => rest,
    };
    if let Some(time) = named_time(said) {
        return Ok(time);
    }
    let (said, part) = split_part_of_day(said);
    let (said, is_full_hour) = split_full_hour(said);
    let clock = written_clock(text, said)?.or_else(|| spoken::spoken_clock(said)).ok_or_else(|| unreadable(text))?;
    clock.check(text)?;
    if is_full_hour && clock.minute != 0 {
        return Err(unreadable(text));
    }
    let hour = match part {
        Some(part) => part.hour_of_day(text, clock)?,
        None if clock.is_24_hour || clock.hour == 0 || clock.hour > 12 => clock.hour,
        None => return Err(clock.ambiguous(text)),
    };
    let time = clock.at_hour(hour).ok_or_else(|| unreadable(text))?;
    if clock.counts_back && clock.hour % 12 == 0 {
        return Err(across_noon(text));
    }
    Ok(time)
}

/// Hours and minutes as they were said, before the half of the day is known.
#[derive(Clone, Copy)]
struct Clock {
    hour: u32,
    minute: u32,
    /// Written so that only the 24-hour clock can be meant.
    is_24_hour: bool,
    /// "quarter to three": the minutes are missing from the hour.
    counts_back: bool,
}

impl Clock {
    fn check(self, text: &str) -> Result<(), Refusal> {
        let out_of_range = |rule: &str, hint: &str| {
            Err(Refusal::new(Code::InvalidTime, format!("time {} is not on the clock: {rule}", quoted(text)), hint))
        };
        match self {
            Clock { hour: 24, minute: 0, .. } => {
                out_of_range("hours go from 00 to 23", "say midnight, or 00:00, of the date that then begins")
            }
            Clock { hour: 24.., .. } => out_of_range("hours go from 00 to 23", HINT),
            Clock { minute: 60.., .. } => out_of_range("minutes go from 00 to 59", HINT),
            _ => Ok(()),
        }
    }

    fn at_hour(self, hour: u32) -> Option<NaiveTime> {
        if self.counts_back && self.minute > 0 {
            let minutes = (hour * 60 + 24 * 60).checked_sub(self.minute)?;
            return NaiveTime::from_hms_opt(minutes / 60 % 24, minutes % 60, 0);
        }
        NaiveTime::from_hms_opt(hour, self.minute, 0)
    }

    fn ambiguous(self, text: &str) -> Refusal {
        let message = format!("time {} has two readings, one before noon and one after", quoted(text));
        let (Some(early), Some(late)) = (self.at_hour(self.hour % 12), self.at_hour(self.hour % 12 + 12)) else {
            return Refusal::new(Code::InvalidTime, message, HINT);
        };
        let hint = if self.hour == 12 && !self.counts_back && self.minute == 0 {
            "say noon or midnight, or 12:00 or 00:00 on the 24-hour clock".to_owned()
        } else {
            let twelve = |time: NaiveTime| time.format("%-I:%M %p").to_string();
            let twenty_four = |time: NaiveTime| time.format("%H:%M").to_string();
            let (am, pm, first, second) = (twelve(early), twelve(late), twenty_four(early), twenty_four(late));
            format!("say {am} or {pm}, or {first} or {second} on the 24-hour clock")
        };
        Refusal::new(Code::InvalidTime, message, hint)
    }
}

fn unreadable(text: &str) -> Refusal {
    Refusal::new(Code::InvalidTime, format!("time {} is not one time of day", quoted(text)), HINT)
}

/// "Quarter to twelve pm" is 11:45 in the morning by the book and 11:45 at night by most mouths.
fn across_noon(text: &str) -> Refusal {
    let message = format!("time {} has two readings, one before noon and one after", quoted(text));
    Refusal::new(Code::InvalidTime, message, "say it with the minutes after the hour, as 11:45 AM or 11:45 PM")
}

/// The times that have a name, alone or after the twelve they stand for.
fn named_time(said: &[Token<'_>]) -> Option<NaiveTime> {
    let (name, rest) = match said {
        [rest @ .., Word(name)] | [rest @ .., Word(name), Symbol('.')] => (*name, rest),
        _ => return None,
    };
    let is_twelve =
        matches!(rest, [] | [Number("12") | Word("twelve")] | [Number("12"), Symbol(':' | '.'), Number("00")]);
    match name {
        "noon" | "midday" if is_twelve => NaiveTime::from_hms_opt(12, 0, 0),
        "midnight" if is_twelve => NaiveTime::from_hms_opt(0, 0, 0),
        _ => None,
    }
}

/// Takes "o'clock" off the end.
fn split_full_hour<'a, 'b>(said: &'b [Token<'a>]) -> (&'b [Token<'a>], bool) {
    match said {
        [rest @ .., Word("o'clock" | "oclock")] | [rest @ .., Word("o"), Word("clock")] => (rest, true),
        rest => (rest, false),
    }
}

/// A time written in digits, or nothing if it is not.
fn written_clock(text: &str, said: &[Token<'_>]) -> Result<Option<Clock>, Refusal> {
    let (hour, minute, has_separator) = match said {
        [Number(hour), Symbol(':' | '.') | Word("h"), Number(minute)] => (*hour, *minute, true),
        [Number(hour), Symbol(':'), Number(minute), Symbol(':'), Number(second)] => {
            refuse_seconds(text, second)?;
            (*hour, *minute, true)
        }
        [Number(hour), Symbol(':'), Number(minute), Symbol(':'), Number(second), Symbol('.'), Number(fraction)] => {
            refuse_seconds(text, second)?;
            refuse_seconds(text, fraction)?;
            (*hour, *minute, true)
        }
        [Number(hour), Number(minute)] => (*hour, *minute, false),
        [Number(digits)] if digits.len() == 3 || digits.len() == 4 => {
            let (hour, minute) = digits.split_at(digits.len() - 2);
            return Ok(clock_of(hour, minute, digits.starts_with('0')));
        }
        [Number(hour)] | [Number(hour), Word("h")] => (*hour, "00", false),
        _ => return Ok(None),
    };
    Ok(clock_of(hour, minute, has_separator && hour.len() == 2))
}

fn clock_of(hour: &str, minute: &str, is_24_hour: bool) -> Option<Clock> {
    if hour.len() > 2 || minute.len() != 2 {
        return None;
    }
    Some(Clock { hour: hour.parse().ok()?, minute: minute.parse().ok()?, is_24_hour, counts_back: false })
}

fn refuse_seconds(text: &str, seconds: &str) -> Result<(), Refusal> {
    if seconds.chars().all(|digit| digit == '0') {
        return Ok(());
    }
    let message = format!("time {} has seconds, and appointments start at full minutes", quoted(text));
    Err(Refusal::new(Code::InvalidTime, message, "leave the seconds away, as 14:30"))
}

/// Times are in the clinic's zone: one said in another would be booked hours away from what was meant.
fn refuse_zone(text: &str, said: &[Token<'_>]) -> Result<(), Refusal> {
    let has_offset = said.windows(2).any(|pair| matches!(pair, [Symbol('+' | '-'), Number(_)]))
        && said.iter().any(|token| matches!(token, Symbol(':')));
    if !has_offset && !said.iter().any(|token| matches!(token, Word(word) if ZONE_WORDS.contains(word))) {
        return Ok(());
    }
    let message = format!("time {} names a time zone, and times are in the clinic's own", quoted(text));
    Err(Refusal::new(Code::InvalidTime, message, "convert it to the clinic's local time and pass that, as 2:30 PM"))
}
