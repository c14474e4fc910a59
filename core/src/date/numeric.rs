//! Dates written in numbers: ISO 8601, and day, month and year in the order of the place.

use super::{DateOrder, StatedDate, calendar_day, check_year, existing_day, month_name};
use crate::refusal::{Code, Refusal, quoted};
use crate::time::tokens::Token::{self, Number, Symbol, Word};

/// Nothing if the text is no date in numbers.
pub(super) fn read(text: &str, said: &[Token<'_>], order: DateOrder) -> Result<Option<StatedDate>, Refusal> {
    match said {
        [Number(year), Symbol(first), Number(month), Symbol(second), Number(day), rest @ ..]
            if year.len() == 4 && first == second && is_separator(*first) =>
        {
            let (Some(year), Some(month), Some(day)) = (whole(year), small(month), small(day)) else { return Ok(None) };
            if !is_midnight(rest) {
                return if is_time_of_day(rest) { Err(time_in_date(text)) } else { Ok(None) };
            }
            calendar_day(text, Some(year), month, day).map(Some)
        }
        [Number(first), Symbol(a), Number(second), Symbol(b), Number(third)] if a == b && is_separator(*a) => {
            let (Some(first), Some(second), Some(third_number)) = (small(first), small(second), whole(third)) else {
                return Ok(None);
            };
            let (year, year_first) = match (third.len(), small(third)) {
                (2, Some(day)) => (2000 + third_number, century_day(first, second, day)),
                (4, _) => (third_number, None),
                _ => return Ok(None),
            };
            in_order(text, Some(year), first, second, order, year_first).map(Some)
        }
        [Number(first), Symbol(separator), Number(second)]
        | [Number(first), Symbol(separator @ '.'), Number(second), Symbol('.')]
            if is_separator(*separator) =>
        {
            let (Some(first), Some(second)) = (small(first), small(second)) else { return Ok(None) };
            in_order(text, None, first, second, order, None).map(Some)
        }
        _ => Ok(None),
    }
}

fn is_separator(symbol: char) -> bool {
    matches!(symbol, '-' | '/' | '.')
}

fn whole(digits: &str) -> Option<i32> {
    digits.parse().ok()
}

/// A day or a month: one or two digits.
fn small(digits: &str) -> Option<u32> {
    if digits.len() <= 2 { digits.parse().ok() } else { None }
}

/// The day that 26-12-25 is if it was meant as ISO without its century.
fn century_day(year: u32, month: u32, day: u32) -> Option<StatedDate> {
    existing_day(Some(2000 + i32::try_from(year).ok()?), month, day)
}

/// A date that does not exist in the order of the place has been written in another one: it is taken if there is only
/// one that it can be.
fn in_order(
    text: &str,
    year: Option<i32>,
    first: u32,
    second: u32,
    order: DateOrder,
    year_first: Option<StatedDate>,
) -> Result<StatedDate, Refusal> {
    if let Some(year) = year {
        check_year(text, year)?;
    }
    let month_first = existing_day(year, first, second);
    let day_first = existing_day(year, second, first);
    let expected = match order {
        DateOrder::MonthFirst => month_first,
        DateOrder::DayFirst => day_first,
        DateOrder::Unknown => None,
    };
    if let Some(stated) = expected {
        return Ok(stated);
    }
    let mut readings = [month_first, day_first, year_first].into_iter().flatten();
    match readings.next() {
        Some(one) => one_of(text, one, readings),
        None => {
            let is_month_first = order == DateOrder::MonthFirst || (second > 12 && first <= 12);
            let (month, day) = if is_month_first { (first, second) } else { (second, first) };
            calendar_day(text, year, month, day)
        }
    }
}

/// The reading, if all others say the same day.
fn one_of(text: &str, one: StatedDate, mut others: impl Iterator<Item = StatedDate>) -> Result<StatedDate, Refusal> {
    let Some(other) = others.find(|other| *other != one) else { return Ok(one) };
    let message = format!("date {} has two readings, {} and {}", quoted(text), described(one), described(other));
    Err(Refusal::new(Code::InvalidDate, message, "say the month by its name, or pass the date as 2026-12-25"))
}

fn described(stated: StatedDate) -> String {
    match stated {
        StatedDate::Full(date) => date.to_string(),
        StatedDate::MonthDay { month, day } => format!("{} {day}", month_name(month)),
    }
}

/// What programs append to a date they hold as an instant: nothing, or 00:00.
fn is_midnight(rest: &[Token<'_>]) -> bool {
    let rest = match rest {
        [] => return true,
        [Word("t"), rest @ ..] => rest,
        rest => rest,
    };
    let rest = match rest {
        [rest @ .., Word("z")] => rest,
        rest => rest,
    };
    let seconds = match rest {
        [Number("00"), Symbol(':'), Number("00"), seconds @ ..] => seconds,
        _ => return false,
    };
    match seconds {
        [] | [Symbol(':'), Number("00")] => true,
        [Symbol(':'), Number("00"), Symbol('.'), Number(fraction)] => fraction.chars().all(|digit| digit == '0'),
        _ => false,
    }
}

fn is_time_of_day(rest: &[Token<'_>]) -> bool {
    matches!(rest, [Word("t" | "at"), ..] | [Number(_), ..])
}

fn time_in_date(text: &str) -> Refusal {
    let message = format!("date {} has a time of day beside the date", quoted(text));
    Refusal::new(Code::InvalidDate, message, "pass the date alone, as 2026-12-25, and the time of day as the time")
}
