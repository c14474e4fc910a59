//! Times said in words: "two thirty", "half past two", "quarter to three". Called by the reading of a time once the
//! part of the day is taken off.

use super::Clock;
use super::tokens::{
    Token::{self, Word},
    take_cardinal,
};

pub(super) fn spoken_clock(said: &[Token<'_>]) -> Option<Clock> {
    relative_clock(said).or_else(|| plain_clock(said))
}

/// "half past two", "ten minutes to three".
fn relative_clock(said: &[Token<'_>]) -> Option<Clock> {
    let at = said.iter().position(|token| matches!(token, Word("past" | "after" | "to" | "till" | "before")))?;
    let (amount, rest) = said.split_at(at);
    let (direction, hour) = rest.split_first()?;
    let counts_back = matches!(direction, Word("to" | "till" | "before"));
    let minute = match amount {
        [Word("half")] if !counts_back => 30,
        [Word("quarter")] | [Word("a"), Word("quarter")] => 15,
        [amount @ .., Word("minutes" | "minute")] | amount => {
            whole(amount).filter(|minute| (1..60).contains(minute))?
        }
    };
    if matches!(hour, [Word("noon" | "midday")]) {
        // Counted from 11 or 12 of the 24-hour clock, for "to noon" must not look like "to twelve".
        let (hour, minute) = if counts_back { (11, 60 - minute) } else { (12, minute) };
        return Some(Clock { hour, minute, is_24_hour: true, counts_back: false });
    }
    Some(Clock { hour: whole(hour)?, minute, is_24_hour: false, counts_back })
}

/// "two", "two thirty", "two oh five", "fourteen forty five".
fn plain_clock(said: &[Token<'_>]) -> Option<Clock> {
    let (hour, rest) = take_cardinal(said)?;
    let minute = match rest {
        [] => 0,
        [Word("oh" | "o"), digit] => whole(std::slice::from_ref(digit)).filter(|minute| (1..10).contains(minute))?,
        rest => whole(rest).filter(|minute| *minute >= 10)?,
    };
    Some(Clock { hour, minute, is_24_hour: false, counts_back: false })
}

fn whole(said: &[Token<'_>]) -> Option<u32> {
    take_cardinal(said).filter(|(_, rest)| rest.is_empty()).map(|(number, _)| number)
}
