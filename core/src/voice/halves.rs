//! Halves of characters: what cuts a text in the middle of an emoji leaves one half of it, as `\ud83d`, which is JSON to some and not
//! to others. A whole report is not lost for that.

/// The JSON text with U+FFFD in place of each half that has not its other one; `None` where there is none.
pub fn mended(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut has_changed = false;
    while let Some(start) = rest.find('\\') {
        let (before, escape) = rest.split_at(start);
        out.push_str(before);
        let (kept, length) = match (half(escape), half(escape.get(6..).unwrap_or_default())) {
            (Some(Half::First), Some(Half::Second)) => (escape.get(..12), 12),
            (Some(_), _) => {
                has_changed = true;
                (Some("\\ufffd"), 6)
            }
            // The character that is escaped goes with its escape: `\\u` is a backslash and a letter.
            (None, _) => {
                let length = escape.chars().take(2).map(char::len_utf8).sum();
                (escape.get(..length), length)
            }
        };
        out.push_str(kept.unwrap_or_default());
        rest = escape.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    has_changed.then_some(out)
}

enum Half {
    First,
    Second,
}

/// The half that the escape at the beginning of `text` stands for.
fn half(text: &str) -> Option<Half> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    match u16::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))? {
        0xD800..=0xDBFF => Some(Half::First),
        0xDC00..=0xDFFF => Some(Half::Second),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_halves_without_their_other_are_replaced() {
        for (text, expected) in [
            (r#"{"a": "\ud83d"}"#, Some(r#"{"a": "\ufffd"}"#)),
            (r#"{"a": "\ude00\ud83d"}"#, Some(r#"{"a": "\ufffd\ufffd"}"#)),
            (r#"{"a": "\ud83d\ud83d\ude00"}"#, Some(r#"{"a": "\ufffd\ud83d\ude00"}"#)),
            (r#"{"a": "\ud83d\ude00"}"#, None),
            (r#"{"a": "\\ud83d \u00e9 é"}"#, None),
            (r#"{"a": "\\\ud83d\"#, Some(r#"{"a": "\\\ufffd\"#)),
            (r#"\ud8"#, None),
            (r"\", None),
            (r"\é\ud83d", Some(r"\é\ufffd")),
            ("", None),
        ] {
            assert_eq!(mended(text).as_deref(), expected, "{text}");
        }
    }
}
