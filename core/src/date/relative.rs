//! Dates counted from today: "tomorrow", "next Tuesday", "in two weeks".

use super::{unreadable, weekday};
use crate::refusal::{Code, Refusal, quoted};
use crate::time::tokens::{
    Token::{self, Number, Word},
    take_cardinal,
};
use chrono::{Datelike, Days, NaiveDate, Weekday};

/// Nothing if the text counts from no day.
pub(super) fn read(text: &str, said: &[Token<'_>], today: NaiveDate) -> Result<Option<NaiveDate>, Refusal> {
    let days = match said {
        [Word(word)] if weekday(word).is_some_and(|day| day == today.weekday()) => {
            return Err(weekday_of_today(text, today));
        }
        [Word("this"), Word(word)] if weekday(word).is_some_and(|day| day == today.weekday()) => Some(0),
        [Word(word)]
        | [Word("this" | "next" | "coming"), Word(word)]
        | [Word("the" | "this"), Word("coming"), Word(word)]
            if weekday(word).is_some() =>
        {
            weekday(word).map(|day| days_until(today, day))
        }
        [Word("in"), count @ ..] => days_in(count),
        [count @ .., Word("from"), base] => {
            days_from(base).zip(days_in(count)).and_then(|(base, days)| days.checked_add(base))
        }
        [Word("after"), Word("tomorrow")] => None,
        [Word("day"), Word("after"), Word("tomorrow")]
        | [Word("the"), Word("day"), Word("after"), Word("tomorrow")] => Some(2),
        [base] => days_from(base).filter(|_| *base != Word("now")),
        _ => None,
    };
    match days {
        Some(days) => today.checked_add_days(Days::new(days)).map(Some).ok_or_else(|| unreadable(text)),
        None => Ok(None),
    }
}

fn days_from(base: &Token<'_>) -> Option<u64> {
    match base {
        Word("today" | "now") => Some(0),
        Word("tomorrow") => Some(1),
        _ => None,
    }
}

/// "3 days", "two weeks", "a week".
fn days_in(said: &[Token<'_>]) -> Option<u64> {
    let (unit, count) = said.split_last()?;
    let unit: u64 = match unit {
        Word("day" | "days") => 1,
        Word("week" | "weeks") => 7,
        _ => return None,
    };
    let count = match count {
        [Word("a" | "an")] => 1,
        [Number(digits)] if digits.len() <= 4 => digits.parse().ok()?,
        count => take_cardinal(count).filter(|(_, rest)| rest.is_empty()).map(|(count, _)| u64::from(count))?,
    };
    unit.checked_mul(count)
}

/// From 1 to 7: the day itself is a week away.
fn days_until(today: NaiveDate, day: Weekday) -> u64 {
    let days = (7 + day.num_days_from_monday() - today.weekday().num_days_from_monday()) % 7;
    u64::from(if days == 0 { 7 } else { days })
}

/// "Tuesday", said on a Tuesday.
fn weekday_of_today(text: &str, today: NaiveDate) -> Refusal {
    let name = today.format("%A");
    let message = format!("date {} has two readings: today, {today}, is a {name}", quoted(text));
    Refusal::new(Code::InvalidDate, message, format!("say today, or next {name}"))
}
