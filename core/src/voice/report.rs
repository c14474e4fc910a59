//! What Vapi reports of a call: its `status-update` and `end-of-call-report` messages, as they are sent today (the particulars
//! under `artifact` and `analysis`) and as they were in 2024 (on the message itself).

mod clean;
#[cfg(test)]
mod tests;
mod transcript;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

pub use clean::storable_json;
use clean::{LONGEST_SUMMARY, LONGEST_TEXT, LONGEST_TRANSCRIPT};

/// What a message says of its call. What it does not say, or says in a kind of value that it cannot be, is `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallReport {
    /// Vapi's id of the call: at most 200 readable characters.
    pub call_id: Option<String>,
    /// The type of the message: `status-update`, `end-of-call-report`.
    pub kind: Option<String>,
    /// Where the call stands, as `ringing`, `in-progress`, `ended`.
    pub status: Option<String>,
    /// The number of the person on the telephone, as it came: of a call from outside, the caller's.
    pub caller: Option<String>,
    /// The organization's number, as it came.
    pub called: Option<String>,
    pub assistant_id: Option<String>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    /// When the message was made.
    pub at: Option<DateTime<Utc>>,
    /// Why the call ended, as `customer-ended-call`. Vapi has hundreds of reasons.
    pub ended_reason: Option<String>,
    /// What was said: lines of `AI: ...` and `User: ...`; at most 1,000,000 characters.
    pub transcript: Option<String>,
    /// At most 10,000 characters.
    pub summary: Option<String>,
    /// A lasting address of the recording. It may ask for a login.
    pub recording_url: Option<String>,
    /// In US dollars, from 0 to 1,000,000.
    pub cost: Option<f64>,
    /// What Vapi's models have made of the call, an object: its texts are clean, and it has at most 100,000 bytes of JSON.
    pub analysis: Option<Value>,
}

/// Reads the `message` object of a server message. It never fails: what has the wrong kind is as if it were not there.
///
/// ```
/// let body: serde_json::Value = serde_json::from_str(r#"{
///     "type": "status-update", "status": "ended", "timestamp": 1795187024500,
///     "call": {"id": "call-1", "customer": {"number": "+14155550123"}}}"#).unwrap();
/// let report = booking_core::voice::report::read(body.as_object().unwrap());
/// assert_eq!(report.status.as_deref(), Some("ended"));
/// assert_eq!(report.caller.as_deref(), Some("+14155550123"));
/// ```
pub fn read(message: &Map<String, Value>) -> CallReport {
    let found = Found { message };
    CallReport {
        call_id: found.first(&["call/id"], clean::id),
        kind: found.text(&["type"]),
        status: status(&found),
        caller: found.first(&["customer/number", "call/customer/number"], clean::phone),
        called: found.first(&["phoneNumber/number", "call/phoneNumber/number"], clean::phone),
        assistant_id: found.first(&["call/assistantId", "assistant/id", "call/assistant/id"], clean::id),
        started_at: found.first(&["startedAt", "call/startedAt"], clean::instant),
        ended_at: found.first(&["endedAt", "call/endedAt"], clean::instant),
        at: found.first(&["timestamp"], clean::instant),
        ended_reason: found.text(&["endedReason", "call/endedReason"]),
        transcript: transcript(&found),
        summary: found.first(&["analysis/summary", "summary", "call/analysis/summary", "call/summary"], |value| {
            clean::text(value, LONGEST_SUMMARY)
        }),
        recording_url: found.first(&RECORDINGS, clean::lasting_url),
        cost: found.first(&["cost", "call/cost"], clean::cost),
        analysis: found.first(&["analysis", "call/analysis"], clean::analysis),
    }
}

/// Where a lasting address of the recording stands: both sides in one, else one on each ear. What is called `presigned...` expires.
const RECORDINGS: [&str; 8] = [
    "artifact/recording/mono/combinedUrl",
    "artifact/recordingUrl",
    "recordingUrl",
    "call/recordingUrl",
    "artifact/recording/stereoUrl",
    "artifact/stereoRecordingUrl",
    "stereoRecordingUrl",
    "call/stereoRecordingUrl",
];

/// A report of its end says that a call has ended; the call in a message is of an earlier moment than the message.
fn status(found: &Found) -> Option<String> {
    if let Some(status) = found.text(&["status"]) {
        return Some(status);
    }
    match found.text(&["type"]).as_deref() {
        Some("end-of-call-report") => Some("ended".to_owned()),
        _ => found.text(&["call/status"]),
    }
}

fn transcript(found: &Found) -> Option<String> {
    const WRITTEN: [&str; 4] = ["artifact/transcript", "transcript", "call/artifact/transcript", "call/transcript"];
    const MESSAGES: [&str; 4] = ["artifact/messages", "messages", "call/artifact/messages", "call/messages"];
    found
        .first(&WRITTEN, |value| clean::text(value, LONGEST_TRANSCRIPT))
        .or_else(|| found.first(&MESSAGES, |value| transcript::of_messages(value.as_array()?)))
}

/// A message in which something is looked for at several places.
struct Found<'a> {
    message: &'a Map<String, Value>,
}

impl Found<'_> {
    /// The first of the places, as `call/customer/number`, at which something stands that can be read.
    fn first<T>(&self, places: &[&str], read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        places.iter().find_map(|place| read(self.at(place)?))
    }

    fn text(&self, places: &[&str]) -> Option<String> {
        self.first(places, |value| clean::text(value, LONGEST_TEXT))
    }

    fn at(&self, place: &str) -> Option<&Value> {
        let mut keys = place.split('/');
        let first = self.message.get(keys.next()?)?;
        keys.try_fold(first, |value, key| value.as_object()?.get(key))
    }
}
