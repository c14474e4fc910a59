//! The templates of an organization's messages: text with placeholders in braces, as `{name}`.

use crate::refusal::{Code, Refusal, is_invisible, quoted};

/// The longest template, in characters: what a network delivers of one message.
const LONGEST_TEMPLATE: usize = 1000;

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Confirmation,
    Moved,
    Cancelled,
    Reminder,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Confirmation, Kind::Moved, Kind::Cancelled, Kind::Reminder];

    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Confirmation => "confirmation",
            Kind::Moved => "moved",
            Kind::Cancelled => "cancelled",
            Kind::Reminder => "reminder",
        }
    }

    pub fn parse(text: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Kind::as_str).join(", ");
            Refusal::new(
                Code::InvalidRequest,
                format!("message kind {} is not known", quoted(text)),
                format!("pass one of {known}"),
            )
        })
    }

    /// What is sent where the organization has no template of its own.
    pub const fn usual(self) -> &'static str {
        match self {
            Kind::Confirmation => "{organization}: {name}, your appointment is {when}. Reply C to cancel.",
            Kind::Moved => "{organization}: {name}, your appointment is now {when}. Reply C to cancel.",
            Kind::Cancelled => "{organization}: {name}, your appointment {when} is cancelled.",
            Kind::Reminder => {
                "{organization}: {name}, a reminder of your appointment {when}. Reply Y to confirm, C to cancel."
            }
        }
    }
}

/// What stands for each placeholder.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    /// The patient.
    pub name: &'a str,
    pub organization: &'a str,
    pub service: &'a str,
    /// Day and time, as they are said in English.
    pub when: &'a str,
    /// The local date, as 2026-11-24, and the local time, as 14:30: for the other languages.
    pub date: &'a str,
    pub time: &'a str,
}

/// The names of the placeholders.
const PLACEHOLDERS: [&str; 6] = ["name", "organization", "service", "when", "date", "time"];

/// The language that every organization's messages can be had in.
pub const USUAL_LANGUAGE: &str = "en";

/// A language as it is stored: a tag of BCP 47 in lower case, as `es` or `pt-br`.
pub fn language(text: &str) -> Result<String, Refusal> {
    let mut parts = text.split('-');
    let first =
        parts.next().is_some_and(|part| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic()));
    let others = parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    if first && others && text.len() <= 35 {
        return Ok(text.to_ascii_lowercase());
    }
    Err(refused(format!("language {} is not a language tag", quoted(text)), "pass one as en, es or pt-BR"))
}

/// A template that can be rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Placeholder(&'static str),
}

impl Template {
    /// Reads a template. `{{` and `}}` are braces.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        check_text(text)?;
        let mut pieces = Vec::new();
        let mut written = String::new();
        let mut rest = text;
        while let Some(position) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(position);
            written.push_str(before);
            if let Some(after) = brace.strip_prefix("{{") {
                written.push('{');
                rest = after;
            } else if let Some(after) = brace.strip_prefix("}}") {
                written.push('}');
                rest = after;
            } else {
                let (name, after) = placeholder(brace)?;
                pieces.push(Piece::Text(std::mem::take(&mut written)));
                pieces.push(Piece::Placeholder(name));
                rest = after;
            }
        }
        written.push_str(rest);
        pieces.push(Piece::Text(written));
        Ok(Template { pieces })
    }

    /// The message. A value is not read for placeholders again.
    pub fn render(&self, values: &Values<'_>) -> String {
        self.pieces.iter().map(|piece| piece.shown(values)).collect()
    }
}

impl Piece {
    fn shown<'a>(&'a self, values: &Values<'a>) -> &'a str {
        match self {
            Piece::Text(text) => text,
            Piece::Placeholder("name") => values.name,
            Piece::Placeholder("organization") => values.organization,
            Piece::Placeholder("service") => values.service,
            Piece::Placeholder("date") => values.date,
            Piece::Placeholder("time") => values.time,
            Piece::Placeholder(_) => values.when,
        }
    }
}

/// The name in a brace and what follows it.
fn placeholder(brace: &str) -> Result<(&'static str, &str), Refusal> {
    let inside = brace.strip_prefix('{').and_then(|rest| rest.split_once('}'));
    let known = inside.and_then(|(name, after)| {
        PLACEHOLDERS.into_iter().find(|known| *known == name.trim()).map(|known| (known, after))
    });
    known.ok_or_else(|| {
        let shown = inside.map_or(brace, |(name, _)| name);
        let names = PLACEHOLDERS.map(|name| format!("{{{name}}}")).join(", ");
        refused(format!("{} is no placeholder", quoted(shown)), format!("use {names}; a brace itself is written twice"))
    })
}

fn check_text(text: &str) -> Result<(), Refusal> {
    let length = text.chars().count();
    if text.trim().is_empty() {
        return Err(refused("the template is empty", "pass the text of the message"));
    }
    if length > LONGEST_TEMPLATE {
        return Err(refused(
            format!("the template has {length} characters, more than {LONGEST_TEMPLATE}"),
            "shorten it: every part of a message is paid for",
        ));
    }
    match text.chars().find(|character| *character != '\n' && (character.is_control() || is_invisible(*character))) {
        Some(character) => Err(refused(
            format!("the template has an unreadable character, U+{:04X}", u32::from(character)),
            "take it out",
        )),
        None => Ok(()),
    }
}

fn refused(message: impl Into<String>, hint: impl Into<String>) -> Refusal {
    Refusal::new(Code::InvalidRequest, message, hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::{Encoding, Marker, Size};

    const ANN: Values<'_> = Values {
        name: "Ann Lee",
        organization: "Riverside Dental",
        service: "cleaning",
        when: "on Tuesday, November 24 at 2:30 PM",
        date: "2026-11-24",
        time: "14:30",
    };

    fn rendered(text: &str) -> String {
        Template::parse(text).map(|template| template.render(&ANN)).unwrap_or_else(|refusal| refusal.message)
    }

    #[test]
    fn placeholders_stand_for_their_values_and_double_braces_for_braces() {
        assert_eq!(rendered("{name}: {service} { when }."), "Ann Lee: cleaning on Tuesday, November 24 at 2:30 PM.");
        assert_eq!(rendered("{{name}} {name}"), "{name} Ann Lee");
        assert_eq!(rendered("Ihr Termin: {date}, {time}"), "Ihr Termin: 2026-11-24, 14:30");
        assert_eq!(rendered("no placeholder"), "no placeholder");
    }

    #[test]
    fn a_value_is_not_read_again() {
        let values = Values { name: "{when}", ..ANN };
        let template = Template::parse("{name}").map(|template| template.render(&values));
        assert_eq!(template, Ok("{when}".to_owned()));
    }

    #[test]
    fn what_is_no_placeholder_is_refused() {
        assert_eq!(rendered("Dear {nmae}"), "\"nmae\" is no placeholder");
        for text in ["{", "}", "{name", "name}", "{}", "{ {name} }", "{name}}"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        assert_eq!(rendered("  "), "the template is empty");
        assert_eq!(rendered(&"a".repeat(1001)), "the template has 1001 characters, more than 1000");
        assert_eq!(rendered("a\u{7}"), "the template has an unreadable character, U+0007");
        assert_eq!(rendered("line\nline"), "line\nline");
    }

    #[test]
    fn the_usual_messages_are_one_part_with_their_mark() {
        for kind in Kind::ALL {
            let message = Marker::example().mark(&rendered(kind.usual()));
            let size = Size::of(&message);
            assert_eq!((size.encoding, size.segments), (Encoding::Gsm7, 1), "{kind:?}: {message}");
        }
    }

    #[test]
    fn languages_are_tags_in_lower_case() {
        assert_eq!(language("en"), Ok("en".to_owned()));
        assert_eq!(language("pt-BR"), Ok("pt-br".to_owned()));
        for text in ["", "e", "english", "en_US", "en-", "-en", "é", "en-123456789"] {
            assert!(language(text).is_err(), "{text}");
        }
    }

    #[test]
    fn kinds_are_read_as_they_are_written() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Ok(kind));
        }
        assert!(Kind::parse("Confirmation").is_err());
    }
}
