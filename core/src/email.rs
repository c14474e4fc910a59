//! E-mail addresses, written (`John@Example.com`) or spoken ("john dot smith at example dot com"). The door of every
//! function that takes a patient's address: one spelling per address, and nothing that a mail server would refuse.

#[cfg(test)]
mod tests;

use crate::name::letters;
use crate::refusal::{Code, Refusal, is_invisible, quoted};

/// A spoken address is longer than the same address in writing; beyond this it is none.
const LONGEST_INPUT: usize = 500;
/// The limits of RFC 5321, in octets.
const LONGEST_ADDRESS: usize = 254;
const LONGEST_LOCAL_PART: usize = 64;
const LONGEST_LABEL: usize = 63;
const HINT: &str = "pass it as name@example.com";
const SPOKEN_HINT: &str =
    "say \"dot\", \"underscore\", \"dash\" or \"plus\" between all words, or pass it as name@example.com";
const NO_SINGLE_READING: &str = "cannot be read in one way only";

/// Trims, lower-cases and checks an address. Normalizing twice changes nothing more.
///
/// Without an `@` the text is read as speech, if it has one reading only. Quoted local parts and IP addresses in
/// place of a domain are refused. Every refusal is a [`Code::InvalidEmail`].
///
/// ```
/// use booking_core::email::normalize_email;
/// assert_eq!(normalize_email(" John@Example.COM ").as_deref(), Ok("john@example.com"));
/// assert_eq!(normalize_email("john dot smith at example dot com").as_deref(), Ok("john.smith@example.com"));
/// assert!(normalize_email("john smith at example dot com").is_err());
/// ```
pub fn normalize_email(email: &str) -> Result<String, Refusal> {
    if email.chars().nth(LONGEST_INPUT).is_some() {
        return Err(refuse(email, &format!("is longer than {LONGEST_ADDRESS} characters"), HINT));
    }
    let trimmed = email.trim();
    if trimmed.is_empty() {
        return Err(refuse(email, "is empty", HINT));
    }
    if trimmed.chars().any(|character| character.is_control() || is_invisible(character)) {
        return Err(refuse(email, "holds a control or invisible character", HINT));
    }
    let lower = trimmed.to_lowercase();
    let address = if lower.contains('@') { lower } else { spoken_address(email, &lower)? };
    match broken_rule(&address) {
        Some(rule) => Err(refuse(email, &rule, HINT)),
        None => Ok(address),
    }
}

fn refuse(email: &str, rule: &str, hint: &str) -> Refusal {
    Refusal::new(Code::InvalidEmail, format!("e-mail {} {rule}", quoted(email)), hint)
}

/// The first rule of a written address that this one breaks, as the end of the sentence "e-mail ... ".
fn broken_rule(address: &str) -> Option<String> {
    if address.chars().any(char::is_whitespace) {
        return Some("has white space inside".to_owned());
    }
    if address.len() > LONGEST_ADDRESS {
        return Some(format!("is longer than {LONGEST_ADDRESS} characters"));
    }
    let Some((local, domain)) = address.split_once('@') else {
        return Some("has no @".to_owned());
    };
    if domain.contains('@') {
        return Some("has more than one @".to_owned());
    }
    broken_local_rule(local).or_else(|| broken_domain_rule(domain))
}

fn broken_local_rule(local: &str) -> Option<String> {
    if local.is_empty() {
        return Some("has nothing before the @".to_owned());
    }
    if local.len() > LONGEST_LOCAL_PART {
        return Some(format!("has more than {LONGEST_LOCAL_PART} characters before the @"));
    }
    if local.split('.').any(str::is_empty) {
        return Some("has a dot before the @ that does not stand between two characters".to_owned());
    }
    let foreign = local.chars().find(|character| *character != '.' && !is_atom_character(*character))?;
    Some(format!("holds {}, which cannot stand before the @", quoted(foreign.encode_utf8(&mut [0; 4]))))
}

/// The characters of an atom (RFC 5322), and letters of other scripts (RFC 6531).
fn is_atom_character(character: char) -> bool {
    is_word_character(character) || "!#$%&'*+-/=?^_`{|}~".contains(character)
}

fn is_word_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || letters::is_letter(character) || letters::is_mark(character)
}

fn broken_domain_rule(domain: &str) -> Option<String> {
    let mut labels = 0;
    let mut last = "";
    for label in domain.split('.') {
        if label.is_empty() {
            return Some("has an empty part in its domain".to_owned());
        }
        if label.chars().count() > LONGEST_LABEL {
            return Some(format!("has a part longer than {LONGEST_LABEL} characters in its domain"));
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Some("has a part in its domain that starts or ends with a hyphen".to_owned());
        }
        if let Some(foreign) = label.chars().find(|character| *character != '-' && !is_word_character(*character)) {
            let foreign = quoted(foreign.encode_utf8(&mut [0; 4]));
            return Some(format!("holds {foreign}, which cannot stand in a domain"));
        }
        labels += 1;
        last = label;
    }
    if labels < 2 {
        return Some("has no dot in its domain".to_owned());
    }
    let is_top_level = last.chars().nth(1).is_some() && !last.chars().all(|character| character.is_ascii_digit());
    (!is_top_level).then(|| format!("ends in {}, which is no top-level domain", quoted(last)))
}

/// What a spoken address says as one `@`-address. Every "at" is tried as the `@`: it must be one reading and one only.
fn spoken_address(email: &str, lower: &str) -> Result<String, Refusal> {
    let words: Vec<&str> = lower.split_whitespace().collect();
    let mut reading = None;
    let mut broken = "has no @".to_owned();
    for (index, _) in words.iter().enumerate().filter(|(_, word)| **word == "at") {
        let (local, rest) = words.split_at(index);
        let Some(domain) = rest.get(1..) else { continue };
        let (Some(local), Some(domain)) = (joined(local, true), joined(domain, false)) else {
            broken = NO_SINGLE_READING.to_owned();
            continue;
        };
        let address = format!("{local}@{domain}");
        match broken_rule(&address) {
            Some(rule) => broken = rule,
            None if reading.is_some() => return Err(refuse(email, NO_SINGLE_READING, SPOKEN_HINT)),
            None => reading = Some(address),
        }
    }
    reading.ok_or_else(|| refuse(email, &broken, if broken == NO_SINGLE_READING { SPOKEN_HINT } else { HINT }))
}

/// One side of a spoken address without its spaces, or nothing where a space may have been a dot or nothing at all.
/// Digits join the word beside them, and letters spelled out join each other.
fn joined(words: &[&str], is_local: bool) -> Option<String> {
    let mut out = String::new();
    let mut previous = Spoken::Sign('.');
    for (index, word) in words.iter().enumerate() {
        let spoken = Spoken::of(word);
        let is_unclear = match (previous, spoken) {
            (Spoken::Letter, Spoken::Letter) => false,
            (Spoken::Word | Spoken::Letter, Spoken::Word | Spoken::Letter) => true,
            // "at one dot com" may be one.com as well as 1.com.
            (Spoken::Sign(_), Spoken::Digit(_)) if !is_local => {
                let next = words.get(index + 1).map(|next| Spoken::of(next));
                next.is_none_or(|next| matches!(next, Spoken::Sign(_)))
            }
            _ => false,
        };
        if is_unclear {
            return None;
        }
        match spoken {
            Spoken::Sign(sign) | Spoken::Digit(sign) => out.push(sign),
            Spoken::Figures | Spoken::Letter | Spoken::Word => out.push_str(word),
        }
        previous = spoken;
    }
    Some(out)
}

#[derive(Clone, Copy)]
enum Spoken {
    Sign(char),
    /// A digit said as a word.
    Digit(char),
    /// Digits as such.
    Figures,
    Letter,
    Word,
}

impl Spoken {
    fn of(word: &str) -> Spoken {
        match word {
            "dot" => Spoken::Sign('.'),
            "underscore" => Spoken::Sign('_'),
            "dash" | "hyphen" => Spoken::Sign('-'),
            "plus" => Spoken::Sign('+'),
            "zero" => Spoken::Digit('0'),
            "one" => Spoken::Digit('1'),
            "two" => Spoken::Digit('2'),
            "three" => Spoken::Digit('3'),
            "four" => Spoken::Digit('4'),
            "five" => Spoken::Digit('5'),
            "six" => Spoken::Digit('6'),
            "seven" => Spoken::Digit('7'),
            "eight" => Spoken::Digit('8'),
            "nine" => Spoken::Digit('9'),
            _ if word.chars().all(|character| character.is_ascii_digit()) => Spoken::Figures,
            _ if word.chars().nth(1).is_none() => Spoken::Letter,
            _ => Spoken::Word,
        }
    }
}
