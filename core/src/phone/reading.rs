//! The rules: which country and which national number a row of digits means. They are those of Google's libphonenumber,
//! step by step, so that both give one answer; and one more, that two valid readings of which no rule chooses are none.

use super::dialled::Dialled;
use super::engine::{self, Length, Territory};

/// What a row of digits means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    /// One valid number, in E.164 form.
    Number(String),
    TwoNumbers,
    Nothing,
}

const SHORTEST_NATIONAL_NUMBER: usize = 2;
/// Longer than any national number, as in the reference: the plans have the last word.
const LONGEST_NATIONAL_NUMBER: usize = 17;
const LONGEST_CALLING_CODE: usize = 3;
/// Of an E.164 number, calling code included.
const DIGITS_IN_ALL: std::ops::RangeInclusive<usize> = 7..=15;

/// A calling code and the digits after it, not yet known to be valid.
struct Candidate {
    calling_code: u16,
    national: String,
}

impl Candidate {
    fn into_valid(self) -> Option<String> {
        let number = format!("+{}{}", self.calling_code, self.national);
        let sized = DIGITS_IN_ALL.contains(&(number.len() - 1));
        (sized && engine::is_valid(self.calling_code, &self.national)).then_some(number)
    }
}

/// Reads what was dialled from `home`.
pub(super) fn read(dialled: &Dialled, home: &Territory) -> Reading {
    let Some(number) = by_the_rules(dialled.plus, &dialled.digits, home).and_then(Candidate::into_valid) else {
        return Reading::Nothing;
    };
    if has_another_reading(dialled, home, &number) || !reads_as_itself(&number) {
        return Reading::TwoNumbers;
    }
    Reading::Number(number)
}

fn by_the_rules(plus: bool, digits: &str, home: &Territory) -> Option<Candidate> {
    if plus {
        after_plus(digits, home)
    } else {
        after_dialling_out(digits, home).unwrap_or_else(|| at_home(digits, home))
    }
}

/// Whether a number in E.164 form is a toll-free one of the North American plan.
pub(super) fn is_north_american_toll_free(number: &str) -> bool {
    number.strip_prefix("+1").is_some_and(|national| engine::is_toll_free(1, national))
}

/// After a plus come the calling code and the number. Where no such code exists, the plus may stand before a prefix
/// that dials out (+00 64) or before the caller's own code; it never stands before a national number.
fn after_plus(digits: &str, home: &Territory) -> Option<Candidate> {
    if digits.len() <= SHORTEST_NATIONAL_NUMBER {
        return None;
    }
    if let Some((code, rest)) = split_calling_code(digits) {
        return without_trunk_prefix(engine::territory_of_code(code)?, rest);
    }
    after_dialling_out(digits, home).unwrap_or_else(|| after_own_code(digits, home))
}

/// `None` when the digits do not dial out; `Some(None)` when they do, and reach no country.
fn after_dialling_out(digits: &str, home: &Territory) -> Option<Option<Candidate>> {
    // No calling code starts with a zero: 00 before a zero belongs to a national number.
    let rest = home.after_dialling_out(digits).filter(|rest| !rest.starts_with('0'))?;
    if rest.len() <= SHORTEST_NATIONAL_NUMBER {
        return Some(None);
    }
    let split = split_calling_code(rest);
    Some(split.and_then(|(code, national)| without_trunk_prefix(engine::territory_of_code(code)?, national)))
}

fn at_home(digits: &str, home: &Territory) -> Option<Candidate> {
    after_own_code(digits, home).or_else(|| without_trunk_prefix(home, digits))
}

/// The calling code of the caller's own region written without its plus (4915123456789 in DE): taken when the digits
/// are no national number as they stand, but are one without the code; or when they are too many.
fn after_own_code(digits: &str, home: &Territory) -> Option<Candidate> {
    let rest = digits.strip_prefix(&home.calling_code.to_string())?;
    let stripped = home.without_trunk_prefix(rest).unwrap_or_else(|| rest.to_owned());
    let better = !home.is_generally_national(digits) && home.is_generally_national(&stripped);
    if better || home.length(digits) == Length::TooLong {
        without_trunk_prefix(engine::territory_of_code(home.calling_code)?, &stripped)
    } else {
        None
    }
}

/// Strips the trunk prefix of the plan the number belongs to, never that of the caller's: +49 1512 3456789 dialled in
/// the US keeps its first 1.
fn without_trunk_prefix(territory: &Territory, national: &str) -> Option<Candidate> {
    let stripped = territory
        .without_trunk_prefix(national)
        .filter(|stripped| matches!(territory.length(stripped), Length::Possible | Length::TooLong));
    let national = stripped.unwrap_or_else(|| national.to_owned());
    let sized = (SHORTEST_NATIONAL_NUMBER..=LONGEST_NATIONAL_NUMBER).contains(&national.len());
    sized.then_some(Candidate { calling_code: territory.calling_code, national })
}

fn split_calling_code(digits: &str) -> Option<(u16, &str)> {
    if digits.starts_with('0') {
        return None;
    }
    (1..=LONGEST_CALLING_CODE).find_map(|length| {
        let (code, rest) = digits.split_at_checked(length)?;
        let code = code.parse().ok()?;
        engine::territory_of_code(code).map(|_| (code, rest))
    })
}

/// Whether the same digits are a valid number in another way than the chosen one. A plus or a prefix that dials out is
/// a rule: there, only the trunk prefix leaves a doubt. A zero in brackets does everywhere: +39 (0) 312 345 6789 is a
/// mobile without it and a fixed line with it.
fn has_another_reading(dialled: &Dialled, home: &Territory, chosen: &str) -> bool {
    let digits = dialled.digits.as_str();
    let mut others = Vec::new();
    if let Some(without_zero) = &dialled.without_bracketed_zero {
        others.extend(by_the_rules(dialled.plus, without_zero, home));
    }
    if dialled.plus {
        others.extend(split_calling_code(digits).map(as_it_stands));
    } else if let Some(rest) = home.after_dialling_out(digits).filter(|rest| !rest.starts_with('0')) {
        others.extend(split_calling_code(rest).map(as_it_stands));
    } else {
        others.push(as_it_stands((home.calling_code, digits)));
        others.extend(without_trunk_prefix(home, digits));
        if let Some(rest) = digits.strip_prefix(&home.calling_code.to_string()) {
            others.push(as_it_stands((home.calling_code, rest)));
            others.extend(without_trunk_prefix(home, rest));
        }
    }
    others.into_iter().filter_map(Candidate::into_valid).any(|number| number != chosen)
}

fn as_it_stands((calling_code, national): (u16, &str)) -> Candidate {
    Candidate { calling_code, national: national.to_owned() }
}

/// A stored number is normalized again whenever it comes back: it must be read as itself, from every region.
fn reads_as_itself(number: &str) -> bool {
    number.strip_prefix('+').and_then(split_calling_code).is_some_and(|(code, national)| {
        let again = engine::territory_of_code(code).and_then(|territory| without_trunk_prefix(territory, national));
        again.and_then(Candidate::into_valid).is_some_and(|again| again == number)
    })
}
