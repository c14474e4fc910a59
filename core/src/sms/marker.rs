//! The mark that every message carries, by which it is found again at the provider when nobody knows whether it was taken.

use uuid::Uuid;

/// What follows the text of a message: `Ref` and six letters or digits of its id, of which a patient can mistake none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker(String);

/// Crockford's alphabet: no I, L, O or U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: u32 = 6;

impl Marker {
    /// Of the message with this id. The last bits of a uuid are random whatever its version.
    pub fn of(message_id: Uuid) -> Self {
        let random = message_id.as_u128();
        let letter = |place: u32| {
            let index = usize::try_from((random >> (5 * place)) & 31).unwrap_or(0);
            char::from(ALPHABET.get(index).copied().unwrap_or(b'0'))
        };
        Marker(format!("Ref {}", (0..LENGTH).rev().map(letter).collect::<String>()))
    }

    /// Of no message: for whoever measures a text before there is one. All marks are of the same size.
    pub fn example() -> Self {
        Marker::of(Uuid::nil())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text with the mark at its end.
    pub fn mark(&self, text: &str) -> String {
        format!("{text} {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_ends_in_its_mark() {
        let marker = Marker::of(Uuid::from_u128(0x0193_5a7c_0000_7000_8000_0000_3fff_ffff));
        assert_eq!(marker.mark("See you."), "See you. Ref ZZZZZZ");
        assert_eq!(Marker::of(Uuid::from_u128(1)).as_str(), "Ref 000001");
        assert_ne!(Marker::of(Uuid::from_u128(33)), Marker::of(Uuid::from_u128(1)));
    }
}
