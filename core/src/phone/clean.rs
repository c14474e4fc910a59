//! The characters of a phone number: every way to write a digit, a plus, a dash or a space becomes the ASCII one, marks
//! that show nothing are dropped, and control characters turn the input down. Called first, on every input.

use crate::refusal::is_invisible;

/// The zero of every run of ten decimal digits in Unicode (general category Nd) beyond ASCII; the full-width digits
/// are not here because the full-width forms are folded as a whole.
#[rustfmt::skip]
const ZEROS: [u32; 64] = [
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0, 0xF20,
    0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0,
    0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450,
    0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50,
    0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0,
];

/// The distance from a full-width form (U+FF01 to U+FF5E) to its ASCII character.
const FULL_WIDTH_OFFSET: u32 = 0xFEE0;

/// The text in ASCII digits and punctuation, trimmed; `None` when it holds a control character or a line break. A line
/// break is refused because what follows it may be another number, and two numbers run together may make a third.
pub(super) fn cleaned(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for character in text.trim().chars() {
        match character {
            '\t' => out.push(' '),
            '\u{2028}' | '\u{2029}' => return None,
            control if control.is_control() => return None,
            invisible if is_invisible(invisible) => {}
            space if space.is_whitespace() => out.push(' '),
            other => out.push(folded(other)),
        }
    }
    Some(out)
}

fn folded(character: char) -> char {
    match character {
        _ if character.is_ascii() => character,
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30FC}' => '-',
        '\u{2053}' | '\u{223C}' => '~',
        '\u{2019}' => '\'',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - FULL_WIDTH_OFFSET).unwrap_or(character),
        _ => digit_value(character).and_then(|value| char::from_digit(value, 10)).unwrap_or(character),
    }
}

fn digit_value(character: char) -> Option<u32> {
    let code = u32::from(character);
    ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code)).map(|zero| code - zero)
}
