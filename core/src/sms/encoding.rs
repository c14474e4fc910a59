//! How a network counts a message. Text within the GSM 7-bit alphabet (3GPP TS 23.038) goes in parts of 160 characters; a single
//! character outside of it makes the whole message UCS-2, in parts of 70. A message of several parts loses some of each to a
//! header. Every part is paid for.

/// The 7-bit alphabet; each of them is one septet.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension; each of them is two septets, the first of which is an escape.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Gsm7,
    Ucs2,
}

impl Encoding {
    pub const fn as_str(self) -> &'static str {
        match self {
            Encoding::Gsm7 => "GSM-7",
            Encoding::Ucs2 => "UCS-2",
        }
    }

    /// The units of a message that is one part, and of each part of a longer one: septets, or 16-bit units.
    const fn room(self) -> (usize, usize) {
        match self {
            Encoding::Gsm7 => (160, 153),
            Encoding::Ucs2 => (70, 67),
        }
    }
}

/// What a message costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub encoding: Encoding,
    /// Parts it is sent in; an empty message is none.
    pub segments: usize,
    /// The first character that the 7-bit alphabet does not have.
    pub costly: Option<char>,
}

impl Size {
    pub fn of(text: &str) -> Size {
        let costly = text.chars().find(|character| septets(*character).is_none());
        let encoding = if costly.is_some() { Encoding::Ucs2 } else { Encoding::Gsm7 };
        let (single, each) = encoding.room();
        let lengths = || {
            text.chars().map(move |character| match encoding {
                Encoding::Gsm7 => septets(character).unwrap_or(1),
                Encoding::Ucs2 => character.len_utf16(),
            })
        };
        let segments = if lengths().sum::<usize>() <= single { 1 } else { parts(lengths(), each) };
        Size { encoding, segments: if text.is_empty() { 0 } else { segments }, costly }
    }
}

/// How many parts of `room` units it takes. A character of two units is never divided between two parts.
fn parts(lengths: impl Iterator<Item = usize>, room: usize) -> usize {
    let (mut parts, mut used) = (1_usize, 0_usize);
    for length in lengths {
        used = used.saturating_add(length);
        if used > room {
            parts = parts.saturating_add(1);
            used = length;
        }
    }
    parts
}

fn septets(character: char) -> Option<usize> {
    if BASIC.contains(character) {
        Some(1)
    } else if EXTENSION.contains(character) {
        Some(2)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(text: &str) -> (Encoding, usize) {
        let size = Size::of(text);
        (size.encoding, size.segments)
    }

    #[test]
    fn the_alphabet_has_its_128_places_less_the_escape() {
        assert_eq!(BASIC.chars().count(), 127);
        assert_eq!(EXTENSION.chars().count(), 10);
    }

    #[test]
    fn a_message_of_160_septets_is_one_part_and_one_more_makes_two() {
        assert_eq!(size(&"a".repeat(160)), (Encoding::Gsm7, 1));
        assert_eq!(size(&"a".repeat(161)), (Encoding::Gsm7, 2));
        assert_eq!(size(&"a".repeat(306)), (Encoding::Gsm7, 2));
        assert_eq!(size(&"a".repeat(307)), (Encoding::Gsm7, 3));
        assert_eq!(size(""), (Encoding::Gsm7, 0));
    }

    #[test]
    fn a_euro_is_two_septets_and_is_not_divided() {
        assert_eq!(size(&"€".repeat(80)), (Encoding::Gsm7, 1));
        assert_eq!(size(&"€".repeat(81)), (Encoding::Gsm7, 2));
        // 76 of them fill 152 of the 153 septets; the next one goes to the next part whole.
        assert_eq!(size(&"€".repeat(152)), (Encoding::Gsm7, 2));
        assert_eq!(size(&"€".repeat(153)), (Encoding::Gsm7, 3));
    }

    #[test]
    fn one_character_outside_makes_all_of_it_ucs_2() {
        assert_eq!(size(&"ż".repeat(70)), (Encoding::Ucs2, 1));
        assert_eq!(size(&format!("{}’", "a".repeat(70))), (Encoding::Ucs2, 2));
        assert_eq!(Size::of("It’s at 2 – or 3").costly, Some('’'));
        assert_eq!(Size::of("Ünter Ätzend @ 5€").costly, None);
    }

    #[test]
    fn an_emoji_is_two_units_and_is_not_divided() {
        assert_eq!(size(&"🙂".repeat(35)), (Encoding::Ucs2, 1));
        assert_eq!(size(&"🙂".repeat(66)), (Encoding::Ucs2, 2));
        // 33 of them fill 66 of the 67 units.
        assert_eq!(size(&"🙂".repeat(67)), (Encoding::Ucs2, 3));
    }
}
