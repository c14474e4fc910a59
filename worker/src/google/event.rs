//! An event, as far as it matters whatever is in it.

use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::Value;

/// An event of a calendar.
#[derive(Clone, PartialEq)]
pub struct Event {
    pub id: String,
    /// Changes with every change: what a change can be made to depend on.
    pub etag: Option<String>,
    /// `confirmed`, `tentative`, or `cancelled` for one that was deleted.
    pub status: String,
    /// When it was last changed, by Google's clock.
    pub updated: Option<DateTime<Utc>>,
    /// All that Google says of it.
    pub raw: Value,
}

/// Without what is in it: that is about a patient.
impl fmt::Debug for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Event")
            .field("id", &self.id)
            .field("etag", &self.etag)
            .field("status", &self.status)
            .field("updated", &self.updated)
            .finish_non_exhaustive()
    }
}

impl Event {
    /// From the JSON of an event, alone or of a list; `None` for what has no id.
    pub fn from_value(raw: Value) -> Option<Self> {
        let text = |name: &str| raw.get(name).and_then(Value::as_str);
        let id = text("id").filter(|id| !id.is_empty())?.to_owned();
        let etag = text("etag").map(str::to_owned);
        let status = text("status").unwrap_or("confirmed").to_owned();
        let updated = text("updated").and_then(|time| DateTime::parse_from_rfc3339(time).ok());
        Some(Event { id, etag, status, updated: updated.map(|time| time.with_timezone(&Utc)), raw })
    }

    /// Whether it was deleted.
    pub fn is_cancelled(&self) -> bool {
        self.status == "cancelled"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_is_read_as_far_as_it_goes() {
        let raw = json!({"id": "e1", "etag": "\"3\"", "status": "cancelled", "updated": "2026-11-20T12:00:00.123Z"});
        let event = Event::from_value(raw.clone()).unwrap();
        assert!(event.is_cancelled());
        assert_eq!((event.id.as_str(), event.etag.as_deref()), ("e1", Some("\"3\"")));
        assert_eq!(event.updated, Some("2026-11-20T12:00:00.123Z".parse().unwrap()));
        assert_eq!(event.raw, raw);
        let least = Event::from_value(json!({"id": "e1", "updated": "soon", "etag": 3})).unwrap();
        assert_eq!((least.status.as_str(), least.etag, least.updated), ("confirmed", None, None));
    }

    #[test]
    fn what_has_no_id_is_no_event() {
        for raw in [json!(null), json!([]), json!({}), json!({"id": ""}), json!({"id": 7})] {
            assert_eq!(Event::from_value(raw), None);
        }
    }
}
