//! The written form: `tel:` addresses, words before the number, extensions after it, punctuation within it. What comes
//! out is what a finger would press. The patterns follow Google's libphonenumber, so that both read one text alike.

use super::spoken;
use regex::Regex;
use std::sync::LazyLock;

/// What is left to dial: digits, and whether a plus led them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dialled {
    pub plus: bool,
    pub digits: String,
    /// Some of the digits were written as letters of the keypad.
    pub lettered: bool,
    /// The digits without the zero of a "(0)", which some dial from everywhere, some at home only, and some never.
    pub without_bracketed_zero: Option<String>,
}

impl Dialled {
    /// Digits that nothing in the writing puts in doubt.
    pub fn plain(plus: bool, digits: String) -> Self {
        Dialled { plus, digits, lettered: false, without_bracketed_zero: None }
    }
}

const PHONE_CONTEXT: &str = ";phone-context=";
const SUBADDRESS: &str = ";isub=";
const SHORTEST_BEFORE_EXTENSION: usize = 2;
const BRACKETED_ZERO: &str = "(0)";

/// An extension at the end of the text. The vaguer its label, the fewer digits it may have: two numbers side by side
/// must not pass for a number and its extension. In order: RFC 3966; a word; a sign or a short word; "- 503#";
/// the pauses of an automatic dialler; commas alone.
const EXTENSION: &str = r"(?ix)(?:
      ;ext=[0-9]{1,20}
    | [\x20,]*(?:e?xt(?:ensi(?:o\u{301}?|\u{F3}))?n?|\u{434}\u{43E}\u{431}|anexo)[:.]?[\x20,-]*[0-9]{1,20}\#?
    | [\x20,]*(?:[x\#~]|int)[:.]?[\x20,-]*[0-9]{1,9}\#?
    | [-\x20]+[0-9]{1,6}\#
    | [\x20]*(?:,{2}|;)[:.]?[\x20,-]*[0-9]{1,15}\#?
    | [\x20]*,+[:.]?[\x20,-]*[0-9]{1,9}\#?
    )$";

/// `None` only if the pattern above did not compile, which a test rules out: then no extension is found.
static EXTENSION_AT_END: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(EXTENSION).ok());

/// What a cleaned text dials, or `None` when it is not the writing of one number.
pub(super) fn dialled(text: &str) -> Option<Dialled> {
    let address = without_context(text)?;
    let number = without_tail(without_head(&address)?);
    let number = without_extension(number);
    let mut dialled = pressed(number)?;
    if number.contains(BRACKETED_ZERO) {
        dialled.without_bracketed_zero = pressed(&number.replacen(BRACKETED_ZERO, "", 1)).map(|other| other.digits);
    }
    Some(dialled)
}

/// Puts the `;phone-context=+64` of a `tel:` address in front of its number (RFC 3966 5.1.5); a domain as context says
/// nothing about the number and is dropped. `None` when the context is neither.
fn without_context(text: &str) -> Option<String> {
    let Some((before, after)) = text.split_once(PHONE_CONTEXT) else {
        return Some(before_subaddress(text).to_owned());
    };
    let context = after.split(';').next().unwrap_or_default();
    let number = match before.get(..4) {
        Some(scheme) if scheme.eq_ignore_ascii_case("tel:") => before.get(4..).unwrap_or_default(),
        _ => before,
    };
    let number = before_subaddress(number);
    if is_global_prefix(context) {
        Some(format!("{context}{number}"))
    } else if is_domain(context) {
        Some(number.to_owned())
    } else {
        None
    }
}

fn before_subaddress(text: &str) -> &str {
    text.split_once(SUBADDRESS).map_or(text, |(number, _)| number)
}

fn is_global_prefix(context: &str) -> bool {
    context.strip_prefix('+').is_some_and(|rest| {
        rest.chars().any(|character| character.is_ascii_digit())
            && rest.chars().all(|character| character.is_ascii_digit() || "-.()".contains(character))
    })
}

fn is_domain(context: &str) -> bool {
    let name = context.strip_suffix('.').unwrap_or(context);
    name.split('.').all(|label| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
    }) && name.rsplit('.').next().is_some_and(|label| label.starts_with(|first: char| first.is_ascii_alphabetic()))
}

/// Drops what stands before the first digit or plus, if it is nothing but an introduction ("Tel:", "call me at") or
/// punctuation. A star or a hash there is a network code, and an unknown word may be part of the number: `None`.
fn without_head(text: &str) -> Option<&str> {
    let start = text.find(|character: char| character.is_ascii_digit() || character == '+')?;
    let (head, number) = text.split_at(start);
    let harmless = !head.contains(['*', '#', '%', '&']) && spoken::is_introduction(head);
    harmless.then_some(number)
}

/// Drops closing punctuation, and the second of two extensions ("x302/x2303").
fn without_tail(number: &str) -> &str {
    let ended = number.trim_end_matches(|character: char| !character.is_alphanumeric() && character != '#');
    let second_extension = ended
        .match_indices(['/', '\\'])
        .find(|(at, _)| ended.get(at + 1..).is_some_and(|rest| rest.trim_start_matches(' ').starts_with('x')));
    second_extension.and_then(|(at, _)| ended.get(..at)).unwrap_or(ended)
}

/// Drops an extension, if enough stands before it to be dialled: the tilde of 8~10 is not one's label.
fn without_extension(number: &str) -> &str {
    let extension = EXTENSION_AT_END.as_ref().and_then(|pattern| pattern.find(number));
    let before = extension.and_then(|extension| number.get(..extension.start()));
    let dials = |before: &&str| before.chars().filter(char::is_ascii_digit).count() >= SHORTEST_BEFORE_EXTENSION;
    before.filter(dials).unwrap_or(number)
}

/// The keys of a number without its extension: plus signs in front, then digits and punctuation, then perhaps letters.
/// One or two stray letters are refused, where the reference drops them: an O may be a zero.
fn pressed(number: &str) -> Option<Dialled> {
    let national = number.trim_start_matches('+');
    let mut digits = String::with_capacity(national.len());
    let mut letters = 0_usize;
    for character in national.chars() {
        match character {
            '0'..='9' => digits.push(character),
            ' ' | '-' | '.' | '(' | ')' | '[' | ']' | '/' | '~' => {}
            'a'..='z' | 'A'..='Z' if digits.len() >= 3 => {
                letters += 1;
                digits.push(key_of(character));
            }
            _ => return None,
        }
    }
    let readable = digits.len() >= 3 && (letters == 0 || letters >= 3);
    readable.then(|| Dialled { lettered: letters > 0, ..Dialled::plain(national.len() < number.len(), digits) })
}

/// The key a letter stands on (ITU-T E.161).
fn key_of(letter: char) -> char {
    match letter.to_ascii_lowercase() {
        'a'..='c' => '2',
        'd'..='f' => '3',
        'g'..='i' => '4',
        'j'..='l' => '5',
        'm'..='o' => '6',
        'p'..='s' => '7',
        't'..='v' => '8',
        _ => '9',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_pattern_compiles() {
        assert!(EXTENSION_AT_END.is_some());
    }
}
