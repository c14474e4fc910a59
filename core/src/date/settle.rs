//! The rule for dates that have passed. Voice models invent years, and people leave them out: the month and the day
//! are what was meant, and the year is the one in which they come next.

use super::{ANY_LEAP_YEAR, StatedDate};
use crate::refusal::{Code, Refusal};
use chrono::{Datelike, NaiveDate};

/// A date that passed longer ago than this was meant for next year; a nearer one is more likely a slip to ask about.
const DAYS_OF_DOUBT: i64 = 30;

/// A date to book on: today or later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettledDate {
    pub date: NaiveDate,
    /// The year is another one than was said, and the answer has to say so.
    pub corrected: bool,
}

/// Today or a later date stays. For one that has passed, month and day are kept: this year if that is today or later;
/// else next year if this year's passed more than 30 days ago; else it is refused with [`Code::DateInPast`].
/// 29 February in a year without one is a [`Code::InvalidDate`]. A date without a year is settled as if said of this
/// year, and nothing that was said is corrected by it.
///
/// ```
/// use booking_core::date::{StatedDate, settle_date};
/// use chrono::NaiveDate;
/// let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
/// let settled = settle_date(StatedDate::Full(day(2024, 12, 25)), day(2026, 3, 17)).unwrap();
/// assert_eq!((settled.date, settled.corrected), (day(2026, 12, 25), true));
/// assert!(settle_date(StatedDate::Full(day(2026, 3, 1)), day(2026, 3, 17)).is_err());
/// ```
pub fn settle_date(stated: StatedDate, today: NaiveDate) -> Result<SettledDate, Refusal> {
    let (month, day, corrected) = match stated {
        StatedDate::Full(date) if date >= today => return Ok(SettledDate { date, corrected: false }),
        StatedDate::Full(date) => (date.month(), date.day(), true),
        StatedDate::MonthDay { month, day } => (month, day, false),
    };
    let this_year = in_year(Some(today.year()), month, day)?;
    if this_year >= today {
        return Ok(SettledDate { date: this_year, corrected });
    }
    if today.signed_duration_since(this_year).num_days() <= DAYS_OF_DOUBT {
        return Err(in_the_past(this_year, today));
    }
    let date = in_year(today.year().checked_add(1), month, day)?;
    Ok(SettledDate { date, corrected })
}

fn in_year(year: Option<i32>, month: u32, day: u32) -> Result<NaiveDate, Refusal> {
    if let Some(date) = year.and_then(|year| NaiveDate::from_ymd_opt(year, month, day)) {
        return Ok(date);
    }
    let (message, hint) = match (year, NaiveDate::from_ymd_opt(ANY_LEAP_YEAR, month, day)) {
        (Some(year), Some(_)) if (month, day) == (2, 29) => {
            (format!("date February 29 is not in the calendar of {year}"), "choose February 28 or March 1".to_owned())
        }
        (_, Some(_)) => ("the date is beyond the end of the calendar".to_owned(), "choose an earlier date".to_owned()),
        (_, None) => (format!("there is no day {day} in month {month}"), "choose a day of the calendar".to_owned()),
    };
    Err(Refusal::new(Code::InvalidDate, message, hint))
}

fn in_the_past(date: NaiveDate, today: NaiveDate) -> Refusal {
    let message = format!("date {date} has passed: today is {today}");
    Refusal::new(Code::DateInPast, message, "choose today or a later date")
}
