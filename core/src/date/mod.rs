//! A date as people write and say it, read as a day of the calendar. Reading ([`parse_date`]) and the rule for dates
//! that have passed ([`settle_date`]) are two steps, so that a caller can see what was said and what was made of it.

mod named;
mod numeric;
mod order;
mod relative;
mod settle;
#[cfg(test)]
mod tests;

pub use order::DateOrder;
pub use settle::{SettledDate, settle_date};

use crate::refusal::{Code, Refusal, quoted};
use crate::time::tokens::{
    self,
    Token::{self, Symbol, Word},
};
use chrono::{Datelike, Month, NaiveDate, Weekday};

const HINT: &str = "say it as December 25 2026, as 2026-12-25, or as tomorrow or next Tuesday";
/// The years a date may be in: earlier ones are slips of the tongue, later ones do not fit the written forms.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=9999;

/// A date as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatedDate {
    /// A day of a year from 1900 to 9999.
    Full(NaiveDate),
    /// No year was said; `month` 1 to 12, `day` 1 to 31, and some year has it.
    MonthDay { month: u32, day: u32 },
}

/// Reads a date: ISO, numeric in the given order, with a month's name, or relative to `today`.
///
/// A year of two digits is 20yy. A weekday beside a date must agree with it, unless the date has passed and will be
/// corrected anyway. What has two readings is refused, as is a time of day beside the date. Every refusal is a
/// [`Code::InvalidDate`].
///
/// ```
/// use booking_core::date::{DateOrder, StatedDate, parse_date};
/// use chrono::NaiveDate;
/// let today = NaiveDate::from_ymd_opt(2026, 3, 17).unwrap(); // a Tuesday
/// let read = |text| parse_date(text, today, DateOrder::MonthFirst).ok();
/// assert_eq!(read("December 25th"), Some(StatedDate::MonthDay { month: 12, day: 25 }));
/// assert_eq!(read("next Tuesday"), NaiveDate::from_ymd_opt(2026, 3, 24).map(StatedDate::Full));
/// assert_eq!(read("Tuesday"), None);
/// ```
pub fn parse_date(text: &str, today: NaiveDate, order: DateOrder) -> Result<StatedDate, Refusal> {
    let plain = tokens::plain_text(text, Code::InvalidDate, "date", HINT)?.replace(',', " ");
    let all = tokens::tokenize(&plain);
    let said = match all.as_slice() {
        [Word("on"), rest @ ..] => rest,
        rest => rest,
    };
    if let Some(date) = relative::read(text, said, today)? {
        return full_date(text, Some(date));
    }
    let (weekday, said) = split_weekday(said);
    let stated = match numeric::read(text, said, order)? {
        Some(stated) => stated,
        None => match named::read(text, said)? {
            Some(stated) => stated,
            None => full_date(text, relative::read(text, said, today)?)?,
        },
    };
    check_weekday(text, weekday, stated, today)?;
    Ok(stated)
}

/// The weekday beside a date, before or after it, and the date without it.
fn split_weekday<'a, 'b>(said: &'b [Token<'a>]) -> (Option<Weekday>, &'b [Token<'a>]) {
    let (word, rest) = match said {
        [Word(word), Symbol('.'), rest @ ..] if weekday(word).is_some() => (word, rest),
        [Word(word), rest @ ..] if weekday(word).is_some() => (word, rest),
        [rest @ .., Word(word)] => (word, rest),
        _ => return (None, said),
    };
    match weekday(word) {
        Some(weekday) if !rest.is_empty() => (Some(weekday), rest),
        _ => (None, said),
    }
}

fn weekday(word: &str) -> Option<Weekday> {
    match word {
        "monday" | "mon" => Some(Weekday::Mon),
        "tuesday" | "tue" | "tues" => Some(Weekday::Tue),
        "wednesday" | "wed" => Some(Weekday::Wed),
        "thursday" | "thu" | "thur" | "thurs" => Some(Weekday::Thu),
        "friday" | "fri" => Some(Weekday::Fri),
        "saturday" | "sat" => Some(Weekday::Sat),
        "sunday" | "sun" => Some(Weekday::Sun),
        _ => None,
    }
}

/// A date said without its year is compared as the date it will be settled to.
fn check_weekday(text: &str, weekday: Option<Weekday>, stated: StatedDate, today: NaiveDate) -> Result<(), Refusal> {
    let date = match stated {
        StatedDate::Full(date) => Some(date).filter(|date| *date >= today),
        StatedDate::MonthDay { .. } => settle_date(stated, today).ok().map(|settled| settled.date),
    };
    match (weekday, date) {
        (Some(weekday), Some(date)) if date.weekday() != weekday => {
            let message = format!("date {} has two readings: {date} is a {}", quoted(text), date.format("%A"));
            let hint = "leave the weekday away, or say the date that falls on it";
            Err(Refusal::new(Code::InvalidDate, message, hint))
        }
        _ => Ok(()),
    }
}

/// What was read as a full date, if anything was and its year may be.
fn full_date(text: &str, date: Option<NaiveDate>) -> Result<StatedDate, Refusal> {
    let Some(date) = date else { return Err(unreadable(text)) };
    check_year(text, date.year())?;
    Ok(StatedDate::Full(date))
}

fn check_year(text: &str, year: i32) -> Result<(), Refusal> {
    if YEARS.contains(&year) {
        return Ok(());
    }
    let message = format!("date {} is in the year {year}, and years go from 1900 to 9999", quoted(text));
    Err(Refusal::new(Code::InvalidDate, message, "say the year in four digits, as 2026-12-25"))
}

/// A day of the calendar with or without its year, or a refusal that says how long the month is.
fn calendar_day(text: &str, year: Option<i32>, month: u32, day: u32) -> Result<StatedDate, Refusal> {
    if let Some(year) = year {
        check_year(text, year)?;
    }
    if let Some(stated) = existing_day(year, month, day) {
        return Ok(stated);
    }
    let rule = match last_day(year, month) {
        Some(last) => {
            let year = year.map_or_else(String::new, |year| format!(" {year}"));
            format!("{}{year} has the days 1 to {last}", month_name(month))
        }
        None => "months go from 1 to 12".to_owned(),
    };
    let message = format!("date {} is not in the calendar: {rule}", quoted(text));
    Err(Refusal::new(Code::InvalidDate, message, "say a day that exists, as December 25 2026"))
}

fn existing_day(year: Option<i32>, month: u32, day: u32) -> Option<StatedDate> {
    match year {
        Some(year) => NaiveDate::from_ymd_opt(year, month, day).map(StatedDate::Full),
        None => NaiveDate::from_ymd_opt(ANY_LEAP_YEAR, month, day).map(|_| StatedDate::MonthDay { month, day }),
    }
}

fn last_day(year: Option<i32>, month: u32) -> Option<u32> {
    let year = year.unwrap_or(ANY_LEAP_YEAR);
    (28..=31).rev().find(|day| NaiveDate::from_ymd_opt(year, month, *day).is_some())
}

/// Has every day that any year has.
const ANY_LEAP_YEAR: i32 = 2000;

fn month_name(month: u32) -> &'static str {
    u8::try_from(month).ok().and_then(|month| Month::try_from(month).ok()).map_or("", |month| month.name())
}

fn unreadable(text: &str) -> Refusal {
    Refusal::new(Code::InvalidDate, format!("date {} is not one day of the calendar", quoted(text)), HINT)
}
