//! A person's name, written as people write names: `mary-jane o'NEIL` becomes `Mary-Jane O'Neil`. The door of every
//! function that takes a patient's name; it changes capitals, dots and white space, and never a letter.

mod casing;
pub(crate) mod letters;
#[cfg(test)]
mod tests;

use crate::refusal::{Code, Refusal, is_invisible, quoted};
use casing::NameContext;

const LONGEST_NAME: usize = 200;

/// Normalizes a name of any script.
///
/// Words in one case are given capitals; a word in mixed case (`DeShawn`, `van der Berg`) was written so on purpose
/// and stays. Normalizing twice changes nothing more. Refuses with [`Code::InvalidName`] what no name holds.
///
/// ```
/// use booking_core::name::normalize_name;
/// assert_eq!(normalize_name("mary-jane  o'NEIL").as_deref(), Ok("Mary-Jane O'Neil"));
/// assert!(normalize_name("agent 007").is_err());
/// ```
pub fn normalize_name(name: &str) -> Result<String, Refusal> {
    if name.chars().nth(LONGEST_NAME).is_some() {
        return Err(too_long(name));
    }
    let cleaned = clean(name)?;
    if !cleaned.chars().any(letters::is_letter) {
        let hint = "pass the person's name, as Mary-Jane O'Neil";
        return Err(Refusal::new(Code::InvalidName, format!("name {} has no letter", quoted(name)), hint));
    }
    let context = NameContext::of(&cleaned);
    let mut segments = Vec::new();
    for segment in cleaned.split(',') {
        let words: Vec<&str> = segment.split_whitespace().collect();
        if let Some(mark) = words.iter().find(|word| !word.chars().any(letters::is_letter)) {
            let message = format!("name {} has {} standing alone", quoted(name), quoted(mark));
            return Err(Refusal::new(Code::InvalidName, message, "join it to its word, as Mary-Jane or O'Neil"));
        }
        if !words.is_empty() {
            segments.push(casing::segment_in_case(&words, segments.is_empty(), context));
        }
    }
    let normalized = segments.join(", ");
    if normalized.chars().nth(LONGEST_NAME).is_some() { Err(too_long(name)) } else { Ok(normalized) }
}

/// The characters of a name and nothing else: look-alikes of hyphen and apostrophe made plain, the joiners of Arabic and
/// Indic writing taken out.
fn clean(name: &str) -> Result<String, Refusal> {
    let mut cleaned = String::with_capacity(name.len());
    let mut previous = ' ';
    let mut characters = name.trim().chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        if letters::is_joiner(character) && letters::needs_joiner(previous) && next.is_some_and(letters::needs_joiner) {
            continue;
        }
        let character = letters::plain(character);
        let follows_letter = letters::is_letter(previous) || letters::is_mark(previous);
        let allowed = letters::is_letter(character)
            || letters::is_name_punctuation(character)
            || (letters::is_mark(character) && follows_letter)
            || (character.is_whitespace() && !character.is_control() && !is_invisible(character));
        if !allowed {
            return Err(not_of_a_name(name, character));
        }
        cleaned.push(character);
        previous = character;
    }
    Ok(cleaned)
}

fn too_long(name: &str) -> Refusal {
    let message = format!("name {} is longer than {LONGEST_NAME} characters", quoted(name));
    Refusal::new(Code::InvalidName, message, "pass the person's name alone, as Mary-Jane O'Neil")
}

fn not_of_a_name(name: &str, character: char) -> Refusal {
    let message =
        format!("name {} holds {}, which no name has", quoted(name), quoted(character.encode_utf8(&mut [0; 4])));
    let hint = "pass letters, spaces, hyphens, apostrophes and full stops only, as Mary-Jane O'Neil";
    Refusal::new(Code::InvalidName, message, hint)
}
