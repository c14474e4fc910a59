//! Phones: what a caller typed, pasted or said becomes one E.164 number, or a refusal. The rule above all others is
//! that a wrong number texts a stranger: where two readings give two numbers and no rule decides, this room refuses.
//! What each kind of input becomes is told in docs/phones.md; the booking functions and `normalize_phone` call in here.

mod clean;
mod dialled;
mod engine;
mod reading;
mod spoken;
#[cfg(test)]
mod tests;

use crate::refusal::{Code, Refusal, quoted};
use dialled::Dialled;
use reading::Reading;
use spoken::Heard;
use std::fmt;

/// The longest input read, in bytes. A number has 15 digits; 250 bytes leave room for the words and marks around it.
const MAXIMUM_INPUT_BYTES: usize = 250;

const HINT: &str = "pass it with its country code, as +14155550123";

/// A phone number in E.164 form: a plus, the country calling code, the national number; 7 to 15 digits in all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct E164(String);

impl E164 {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for E164 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Reads `phone` as somebody in `region` (ISO 3166 alpha-2, either case) would dial, write or say it.
///
/// ```
/// use booking_core::phone::normalize_phone;
///
/// let typed = normalize_phone("(415) 555-0123 ext. 7", "US")?;
/// let said = normalize_phone("four one five, triple five, oh one two three", "US")?;
/// assert_eq!(typed.as_str(), "+14155550123");
/// assert_eq!(typed, said);
/// # Ok::<(), booking_core::Refusal>(())
/// ```
///
/// # Errors
/// [`Code::InvalidPhone`] when the region is unknown, when no valid number is found, or when two different ones are.
pub fn normalize_phone(phone: &str, region: &str) -> Result<E164, Refusal> {
    let Some(home) = engine::territory_of_region(region) else {
        return Err(refused(format!("phone region {} is not known", quoted(region)), "pass an ISO 3166 code, as US"));
    };
    if phone.len() > MAXIMUM_INPUT_BYTES {
        return Err(refused(format!("phone {} is longer than {MAXIMUM_INPUT_BYTES} bytes", quoted(phone)), HINT));
    }
    let Some(text) = clean::cleaned(phone) else {
        return Err(refused(format!("phone {} has a control character or a line break in it", quoted(phone)), HINT));
    };
    match read(&text, home) {
        Reading::Number(number) => Ok(E164(number)),
        Reading::TwoNumbers => Err(refused(
            format!("phone {} can be read as two different numbers in region {}", quoted(phone), named(region)),
            HINT,
        )),
        Reading::Nothing => {
            Err(refused(format!("phone {} is not a valid number in region {}", quoted(phone), named(region)), HINT))
        }
    }
}

/// Whether a text says any digit at all, in figures or in words: "the number I am calling from" does not.
pub fn says_a_digit(text: &str) -> bool {
    text.contains(char::is_numeric) || spoken::has_number_word(&text.to_lowercase())
}

/// Whether `region` is an ISO 3166 alpha-2 code (either case) whose numbering plan is known.
pub fn is_known_region(region: &str) -> bool {
    engine::territory_of_region(region).is_some()
}

/// Loads the numbering plans now. The first call pays tens of milliseconds for them otherwise; a server that preloads
/// the library calls this once, and every process it forks inherits the loaded plans.
pub fn warm_up() {
    engine::load();
}

fn refused(message: String, hint: &str) -> Refusal {
    Refusal::new(Code::InvalidPhone, message, hint)
}

/// A region is two ASCII letters once it is known, so it can be shown as it is.
fn named(region: &str) -> String {
    region.to_ascii_uppercase()
}

fn read(text: &str, home: &engine::Territory) -> Reading {
    match spoken::heard(text) {
        Heard::Numbers(candidates) => the_only_one(candidates.iter().map(|candidate| reading::read(candidate, home))),
        Heard::Unclear => Reading::Nothing,
        Heard::NotSpoken => match dialled::dialled(text) {
            Some(dialled) => read_written(&dialled, home),
            None => Reading::Nothing,
        },
    }
}

/// Letters are keys only in a toll-free number of the fixed-length North American plan (1-800-FLOWERS). Everywhere else
/// a word after the digits ("home", "mobile") would lengthen the number into that of a stranger.
fn read_written(dialled: &Dialled, home: &engine::Territory) -> Reading {
    match reading::read(dialled, home) {
        Reading::Number(number) if dialled.lettered && !reading::is_north_american_toll_free(&number) => {
            Reading::Nothing
        }
        reading => reading,
    }
}

/// What was said may be heard in several ways ("twenty five": 25 or 20 5). One valid number among them is the answer;
/// two are none.
fn the_only_one(readings: impl Iterator<Item = Reading>) -> Reading {
    let mut only = Reading::Nothing;
    for reading in readings {
        only = match (only, reading) {
            (only, Reading::Nothing) => only,
            (Reading::Nothing, reading) => reading,
            (Reading::Number(first), Reading::Number(second)) if first == second => Reading::Number(first),
            _ => return Reading::TwoNumbers,
        };
    }
    only
}
