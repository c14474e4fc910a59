//! The history: what has happened, from a position on.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio_postgres::types::{Json, Type};
use uuid::Uuid;

use super::{Argument, Database};
use crate::error::Error;

/// Something that has happened. What it says has no name, number or text of a patient in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub org_id: Uuid,
    pub kind: String,
    /// Where whoever has read it goes on.
    pub position: String,
    /// All of it as `booking.read_events` answers it, on one line.
    pub json: String,
}

/// What was read at once.
#[derive(Debug)]
pub struct Page {
    pub events: Vec<Event>,
    /// The end of the page, from which the next one begins.
    pub position: String,
    /// Whether there is more up to where the reading was to end.
    pub has_more: bool,
    /// Whether nothing can be read from where the reading was to begin; then `position` is that of now.
    pub is_reset: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    events: Vec<Told>,
    position: String,
    has_more: bool,
    reset: bool,
}

/// An event as the database tells it, and as it is handed on: without the organization, which whoever reads it knows.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    #[serde(skip_serializing)]
    org_id: Uuid,
    id: Uuid,
    at: String,
    kind: String,
    appointment_id: Option<Uuid>,
    /// Not read here: it may have numbers that no number of ours can hold, and nobody's events are to wait for that.
    detail: Box<RawValue>,
    position: String,
}

impl Told {
    fn event(self) -> Result<Event, serde_json::Error> {
        let json = serde_json::to_string(&self)?;
        Ok(Event { org_id: self.org_id, kind: self.kind, position: self.position, json })
    }
}

impl Answer {
    fn page(self) -> Result<Page, Error> {
        let events: Result<Vec<Event>, _> = self.events.into_iter().map(Told::event).collect();
        let events = events.map_err(|error| Error::Stated(format!("cannot hand events on: {error}")))?;
        Ok(Page { events, position: self.position, has_more: self.has_more, is_reset: self.reset })
    }
}

impl Database {
    /// What has happened in these organizations after a position, or from the oldest that is kept; up to another, or to now.
    pub async fn read_events_of(
        &self,
        org_ids: &[Uuid],
        after: Option<&str>,
        until: Option<&str>,
        limit: i32,
    ) -> Result<Page, Error> {
        let sql = "SELECT booking.read_events_of($1, $2, $3, $4)";
        let arguments: [Argument<'_>; 4] =
            [(&org_ids, Type::UUID_ARRAY), (&after, Type::TEXT), (&until, Type::TEXT), (&limit, Type::INT4)];
        let Json(answer): Json<Answer> = self.value(sql, &arguments).await?;
        answer.page()
    }

    /// The position of now.
    pub async fn events_position(&self) -> Result<String, Error> {
        self.value("SELECT booking.events_position()", &[]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORG_ID: Uuid = Uuid::from_u128(1);

    fn page(detail: &str) -> Page {
        let event = format!(
            r#"{{"orgId":"{ORG_ID}","id":"{ORG_ID}","at":"2026-11-21T09:00:00.000Z","kind":"moved","appointmentId":null,"detail":{detail},"position":"p1"}}"#
        );
        let answer = format!(r#"{{"events":[{event}],"position":"p9","hasMore":true,"reset":false}}"#);
        serde_json::from_str::<Answer>(&answer).unwrap().page().unwrap()
    }

    #[test]
    fn an_event_is_handed_on_as_it_is_told() {
        let page = page(r#"{"from": "a\nb"}"#);
        assert_eq!((page.position.as_str(), page.has_more, page.is_reset), ("p9", true, false));
        let json = format!(
            r#"{{"id":"{ORG_ID}","at":"2026-11-21T09:00:00.000Z","kind":"moved","appointmentId":null,"detail":{{"from": "a\nb"}},"position":"p1"}}"#
        );
        assert_eq!(page.events, [Event { org_id: ORG_ID, kind: "moved".to_owned(), position: "p1".to_owned(), json }]);
    }

    #[test]
    fn a_detail_that_only_the_database_can_read_is_handed_on_too() {
        let deep = format!("{}1{}", r#"{"a":"#.repeat(500), "}".repeat(500));
        for detail in [r#"{"n": 1e400}"#, r#"{"n": 123456789012345678901234567890.10}"#, &deep] {
            assert!(page(detail).events[0].json.contains(detail), "{detail}");
        }
    }
}
