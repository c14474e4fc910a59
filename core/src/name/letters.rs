//! Which characters a name may be written with, in any script. Called by the cleaning of names and, for letters
//! outside ASCII, by the check of e-mail addresses.

use regex::Regex;
use std::sync::LazyLock;

static LETTER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\p{L}$").expect("a constant pattern compiles"));
static MARK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\p{M}$").expect("a constant pattern compiles"));

/// A letter of any script that can be seen.
pub(crate) fn is_letter(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphabetic();
    }
    !is_blank(character) && LETTER.is_match(character.encode_utf8(&mut [0; 4]))
}

/// A mark that sits on the letter before it: an accent in decomposed text, a vowel sign, a virama.
pub(crate) fn is_mark(character: char) -> bool {
    !character.is_ascii() && !is_blank(character) && MARK.is_match(character.encode_utf8(&mut [0; 4]))
}

/// Letters and marks that Unicode calls letters and marks but that show nothing: fillers and variation selectors. A
/// name of these alone would look empty.
fn is_blank(character: char) -> bool {
    matches!(character,
        '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FFA0}' | '\u{E0100}'..='\u{E01EF}')
}

/// The look-alikes that keyboards and word processors put for a hyphen, an apostrophe or a space, made plain. The
/// typographic apostrophe is good writing and stays.
pub(super) fn plain(character: char) -> char {
    match character {
        '\u{2010}' | '\u{2011}' | '\u{2013}' | '\u{FF0D}' => '-',
        '`' | '\u{00B4}' | '\u{2032}' | '\u{FF07}' => '\'',
        '\u{FF0C}' => ',',
        '\t' => ' ',
        other => other,
    }
}

/// What stands in names beside letters: full stop, comma, hyphens (also Hebrew, Armenian and Japanese ones),
/// apostrophes, the middle dots of Catalan and of names written in Chinese and Japanese, the Tibetan syllable dot.
pub(super) fn is_name_punctuation(character: char) -> bool {
    is_apostrophe(character)
        || is_hyphen(character)
        || matches!(character, '.' | ',' | '\u{00B7}' | '\u{0F0B}' | '\u{30FB}' | '\u{FF65}' | '\u{2027}')
}

pub(super) fn is_hyphen(character: char) -> bool {
    matches!(character, '-' | '\u{058A}' | '\u{05BE}' | '\u{30A0}')
}

/// U+02BC is an apostrophe by use although a letter by class; U+02BB, the okina, is a letter of its language.
pub(super) fn is_apostrophe(character: char) -> bool {
    matches!(character, '\'' | '\u{2018}' | '\u{2019}' | '\u{02BC}' | '\u{05F3}' | '\u{05F4}')
}

/// Zero-width non-joiner and joiner.
pub(super) fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200C}' | '\u{200D}')
}

/// Scripts whose spelling uses joiners: Arabic and its kin, the scripts of India and Sri Lanka, Burmese, Khmer.
pub(super) fn needs_joiner(character: char) -> bool {
    matches!(character,
        '\u{0600}'..='\u{08FF}' | '\u{0900}'..='\u{0DFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}')
}

/// Georgian has capitals for whole words only, and Cherokee is commonly written in capitals throughout: giving such a
/// word one capital would misspell it. Digraphs in title case (ǅ) are right already, and no letter is changed into one
/// that the tables of letters do not know yet.
pub(super) fn is_without_title_case(character: char) -> bool {
    let is_known = |other| other == character || is_letter(other) || is_mark(other);
    let is_title_letter =
        !character.is_uppercase() && !character.is_lowercase() && character.to_lowercase().ne([character]);
    matches!(character,
        '\u{10A0}'..='\u{10FF}' | '\u{1C90}'..='\u{1CBF}' | '\u{2D00}'..='\u{2D2F}'
        | '\u{13A0}'..='\u{13FF}' | '\u{AB70}'..='\u{ABBF}')
        || is_title_letter
        || !character.to_lowercase().chain(character.to_uppercase()).all(is_known)
}
