//! The values of a report, one by one: what is not as it must be is not there.

use chrono::{DateTime, Datelike, Utc};
use serde_json::{Map, Value};

use crate::refusal::is_invisible;

/// In characters, as the other limits here.
pub(super) const LONGEST_TRANSCRIPT: usize = 1_000_000;
pub(super) const LONGEST_SUMMARY: usize = 10_000;
/// Of every other text.
pub(super) const LONGEST_TEXT: usize = 1_000;
const LONGEST_ID: usize = 200;
/// In bytes of JSON.
const LONGEST_ANALYSIS: usize = 100_000;
/// In US dollars.
const DEAREST_CALL: f64 = 1_000_000.0;

/// A text without control characters but line breaks and tabs, cut at `longest` characters. Nothing but white space is no text.
pub(super) fn text(value: &Value, longest: usize) -> Option<String> {
    let text: String = storable(value.as_str()?).trim().chars().take(longest).collect();
    let text = text.trim_end();
    (!text.is_empty()).then(|| text.to_owned())
}

/// What Postgres can store and nobody is surprised by.
fn storable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control() || matches!(character, '\n' | '\t')).collect()
}

/// An id is whole or none: a part of one would be the id of something else.
pub(super) fn id(value: &Value) -> Option<String> {
    let id = value.as_str()?.trim();
    let is_readable = !id.is_empty() && !id.contains(|c: char| c.is_control() || c.is_whitespace() || is_invisible(c));
    (is_readable && id.chars().nth(LONGEST_ID).is_none()).then(|| id.to_owned())
}

/// What telephone networks say instead of a number that is withheld or not known, and the same dialled on a keypad, as some
/// carriers write it.
const WITHHELD: [&str; 13] = [
    "null",
    "undefined",
    "anonymous",
    "restricted",
    "blocked",
    "private",
    "unknown",
    "unavailable",
    "+266696687",
    "+7378742833",
    "+2562533",
    "+8656696",
    "+86282452253",
];

/// A phone number as it came, not yet read.
pub(super) fn phone(value: &Value) -> Option<String> {
    text(value, LONGEST_TEXT).filter(|number| !WITHHELD.contains(&number.to_lowercase().as_str()))
}

/// Milliseconds since 1970, or a text of ISO 8601 with its offset; to the microsecond, as Postgres keeps it. An instant of
/// another age than telephone assistants is a mistake of the sender.
pub(super) fn instant(value: &Value) -> Option<DateTime<Utc>> {
    let instant = match value {
        // The fraction of a millisecond says nothing; what does not fit becomes an extreme, and no instant.
        Value::Number(milliseconds) => DateTime::from_timestamp_millis(milliseconds.as_f64()? as i64)?,
        Value::String(text) => {
            DateTime::from_timestamp_micros(DateTime::parse_from_rfc3339(text.trim()).ok()?.timestamp_micros())?
        }
        _ => return None,
    };
    (2000..2100).contains(&instant.year()).then_some(instant)
}

/// An address that still leads to the recording in a year, and that lets nobody in: a signed one expires, and whoever has it, or
/// one with a password, hears the call.
pub(super) fn lasting_url(value: &Value) -> Option<String> {
    let url = value.as_str()?.trim();
    let lower = url.to_ascii_lowercase();
    let address = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"))?;
    let is_readable = !url.contains(|c: char| c.is_control() || c.is_whitespace() || is_invisible(c));
    let is_whole = url.chars().nth(LONGEST_TEXT).is_none();
    (is_readable && is_whole && has_plain_host(address) && !is_signed(address)).then(|| url.to_owned())
}

fn has_plain_host(address: &str) -> bool {
    address.split(['/', '?', '#']).next().is_some_and(|host| !host.is_empty() && !host.contains('@'))
}

/// The parameters in which Amazon, Google and Azure carry a signature, and those that others use.
const SIGNATURES: [&str; 6] =
    ["x-amz-signature", "x-amz-security-token", "x-goog-signature", "signature", "sig", "token"];

fn is_signed(address: &str) -> bool {
    let (_, query) = address.split_once('?').unwrap_or_default();
    query.split('&').any(|parameter| SIGNATURES.contains(&parameter.split('=').next().unwrap_or_default()))
}

pub(super) fn cost(value: &Value) -> Option<f64> {
    value.as_f64().filter(|cost| (0.0..=DEAREST_CALL).contains(cost))
}

/// An object with something in it, its texts and keys clean; whole or none, since a part of it would say something else.
pub(super) fn analysis(value: &Value) -> Option<Value> {
    let clean = storable_json(value);
    let is_told = clean.as_object().is_some_and(|object| !object.is_empty());
    (is_told && clean.to_string().len() <= LONGEST_ANALYSIS).then_some(clean)
}

/// JSON that a database can keep: its texts and keys without control characters.
pub fn storable_json(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(storable(text)),
        Value::Array(items) => items.iter().map(storable_json).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (storable(key), storable_json(value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}
