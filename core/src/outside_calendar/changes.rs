//! What a calendar tells of its events: of others' when somebody is busy, and of ours whether somebody changed them.

use chrono::{DateTime, NaiveDate, NaiveTime, SubsecRound, Utc};
use serde_json::Value;

use crate::calendar::Span;
use crate::outside_calendar::event;
use crate::zone::{self, Zone};

/// An event as a calendar tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub id: String,
    /// The event that it repeats, if it is one of a series: somebody may have made one of ours recur.
    pub series_id: Option<String>,
    pub what: What,
    pub etag: Option<String>,
    /// When it was last changed, by the provider's clock.
    pub changed_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It is not there any more.
    Gone,
    /// The calendar knows nothing of it, not even that it was deleted.
    Missing,
    /// Somebody is busy with it, or not: it may be marked as free, or be declined.
    There(Busy),
    /// It cannot be read; what was known of it stays.
    Unreadable,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Busy {
    pub time: Span,
    pub is_busy: bool,
}

impl Told {
    /// One item of a list; `None` for one that has not even a name.
    pub fn read(item: &Value, zone: &impl Zone) -> Option<Self> {
        let id = item.get("id")?.as_str().filter(|id| (1..=1024).contains(&id.len()) && !id.contains('\0'))?;
        let text = |key: &str| item.get(key).and_then(Value::as_str);
        let changed_at = text("updated").and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        let what = if text("status") == Some("cancelled") {
            What::Gone
        } else if text("status") == Some("missing") {
            What::Missing
        } else {
            match span(item, zone) {
                Some(time) => What::There(Busy { time, is_busy: is_busy(item) }),
                None => What::Unreadable,
            }
        };
        Some(Told {
            id: id.to_owned(),
            series_id: series_id(id, text("recurringEventId")),
            what,
            etag: text("etag").map(str::to_owned),
            changed_at: changed_at.map(|moment| moment.with_timezone(&Utc)),
        })
    }
}

/// One of a series is called after the event that it repeats: that one's id, `_`, and the moment. Where a series was split, so is
/// the event that it repeats. The ids that we give have no `_`.
fn series_id(id: &str, stated: Option<&str>) -> Option<String> {
    let first = stated.unwrap_or(id).split('_').next().unwrap_or_default();
    (!first.is_empty() && first != id).then(|| first.to_owned())
}

/// A whole day is one of the calendar's owner: from midnight to midnight in the zone of the organization.
fn span(item: &Value, zone: &impl Zone) -> Option<Span> {
    let (start, end) = (item.get("start"), item.get("end"));
    let time = match (event::moment(start), event::moment(end)) {
        (Some(start), Some(end)) => Span { start, end },
        _ => Span { start: midnight(start?, zone)?, end: midnight(end?, zone)? },
    };
    // Nobody here can keep less than a microsecond.
    let time = Span { start: time.start.trunc_subsecs(6), end: time.end.trunc_subsecs(6) };
    (time.start < time.end).then_some(time)
}

fn midnight(point: &Value, zone: &impl Zone) -> Option<DateTime<Utc>> {
    let date = NaiveDate::parse_from_str(point.get("date")?.as_str()?, "%Y-%m-%d").ok()?;
    zone::instant(zone, date.and_time(NaiveTime::MIN))
}

fn is_busy(item: &Value) -> bool {
    let is_free = item.get("transparency").and_then(Value::as_str) == Some("transparent");
    let attendees = item.get("attendees").and_then(Value::as_array);
    let has_declined = attendees.into_iter().flatten().any(|attendee| {
        attendee.get("self").and_then(Value::as_bool) == Some(true)
            && attendee.get("responseStatus").and_then(Value::as_str) == Some("declined")
    });
    let is_place = item.get("eventType").and_then(Value::as_str) == Some("workingLocation");
    !(is_free || has_declined || is_place)
}

/// What we last wrote of an event of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub time: Span,
    pub etag: Option<String>,
    pub changed_at: Option<DateTime<Utc>>,
    /// Whether something is still to be written: what is there now is not the last word.
    pub has_more: bool,
}

/// What somebody has done to an event of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing, or what is not news.
    None,
    Moved(Span),
    Deleted,
    Missing,
    /// Somebody has moved it, to this time, or deleted it, and what is still to be written will put it back.
    Overwritten(Option<Span>),
}

impl Written {
    /// Whether what is told is no news. Our own writing comes back, and so may what was before it.
    fn knows(&self, told: &Told) -> bool {
        let is_old = told.changed_at.zip(self.changed_at).is_some_and(|(told, written)| told <= written);
        let is_ours = told.etag.is_some() && told.etag == self.etag;
        is_old || is_ours
    }
}

/// Whether an event of ours that counts as gone is there after all: a writing of it has come late, or somebody has put it back.
pub fn is_back(told: &Told, written: &Written) -> bool {
    matches!(told.what, What::There(_)) && !written.knows(told)
}

impl Change {
    /// What somebody else has done.
    pub fn of(told: &Told, written: &Written) -> Self {
        if written.knows(told) {
            return Change::None;
        }
        match &told.what {
            What::There(busy) if busy.time != written.time && written.has_more => Change::Overwritten(Some(busy.time)),
            What::Gone | What::Missing if written.has_more => Change::Overwritten(None),
            What::Gone => Change::Deleted,
            What::Missing => Change::Missing,
            What::There(busy) if busy.time != written.time => Change::Moved(busy.time),
            What::There(_) | What::Unreadable => Change::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test_zone::{TestZone, at};

    fn read(item: &Value) -> Told {
        Told::read(item, &TestZone::named("America/New_York")).unwrap()
    }

    fn there(start: &str, end: &str, is_busy: bool) -> What {
        What::There(Busy { time: Span { start: at(start), end: at(end) }, is_busy })
    }

    #[test]
    fn an_event_is_busy_time() {
        let mut item = json!({
            "id": "lunch", "status": "confirmed", "etag": "\"1\"", "updated": "2026-11-20T10:00:00.500Z",
            "start": {"dateTime": "2026-11-24T12:00:00-05:00"}, "end": {"dateTime": "2026-11-24T13:00:00-05:00"},
        });
        let told = read(&item);
        assert_eq!(told.what, there("2026-11-24 17:00", "2026-11-24 18:00", true));
        assert_eq!(told.etag.as_deref(), Some("\"1\""));
        item["transparency"] = "transparent".into();
        assert_eq!(read(&item).what, there("2026-11-24 17:00", "2026-11-24 18:00", false));
    }

    #[test]
    fn an_event_that_was_declined_is_free_time() {
        let mut item = json!({
            "id": "meeting", "attendees": [{"self": true, "responseStatus": "declined"}],
            "start": {"dateTime": "2026-11-24T12:00:00Z"}, "end": {"dateTime": "2026-11-24T13:00:00Z"},
        });
        assert_eq!(read(&item).what, there("2026-11-24 12:00", "2026-11-24 13:00", false));
        item["attendees"] = json!([{"responseStatus": "declined"}, {"self": true, "responseStatus": "accepted"}]);
        assert_eq!(read(&item).what, there("2026-11-24 12:00", "2026-11-24 13:00", true));
    }

    #[test]
    fn a_whole_day_is_one_of_the_organization() {
        let item = json!({"id": "holiday", "start": {"date": "2026-11-26"}, "end": {"date": "2026-11-27"}});
        assert_eq!(read(&item).what, there("2026-11-26 05:00", "2026-11-27 05:00", true));
    }

    #[test]
    fn one_of_a_series_names_the_event_that_it_repeats() {
        let series_of = |item: &Value| read(item).series_id;
        assert_eq!(series_of(&json!({"id": "abcg1"})), None);
        assert_eq!(series_of(&json!({"id": "abcg1_20261124T140000Z"})).as_deref(), Some("abcg1"));
        assert_eq!(series_of(&json!({"id": "x", "recurringEventId": "abcg1"})).as_deref(), Some("abcg1"));
        let split =
            json!({"id": "abcg1_R20261201T140000_20261208T140000Z", "recurringEventId": "abcg1_R20261201T140000"});
        assert_eq!(series_of(&split).as_deref(), Some("abcg1"));
        for odd in
            [json!({"id": "_x"}), json!({"id": "x", "recurringEventId": 7}), json!({"id": "x", "recurringEventId": ""})]
        {
            assert_eq!(series_of(&odd), None, "{odd}");
        }
    }

    #[test]
    fn what_is_shorter_than_a_microsecond_is_nothing() {
        let item = json!({
            "id": "x", "start": {"dateTime": "2026-11-24T12:00:00.0000001Z"}, "end": {"dateTime": "2026-11-24T12:00:00.0000002Z"},
        });
        assert_eq!(read(&item).what, What::Unreadable);
    }

    #[test]
    fn what_is_cancelled_is_gone_and_what_cannot_be_read_is_left_alone() {
        assert_eq!(read(&json!({"id": "x", "status": "cancelled"})).what, What::Gone);
        for item in [
            json!({"id": "x"}),
            json!({"id": "x", "start": {"date": "tomorrow"}, "end": {"date": "2026-11-27"}}),
            json!({"id": "x", "start": {"dateTime": "2026-11-24T12:00:00Z"}, "end": {"dateTime": "2026-11-24T12:00:00Z"}}),
            json!({"id": "x", "start": [], "end": 7}),
        ] {
            assert_eq!(read(&item).what, What::Unreadable, "{item}");
        }
        for nameless in
            [json!(null), json!({}), json!({"id": 7}), json!({"id": ""}), json!({"id": "a\u{0}b"}), json!([])]
        {
            assert_eq!(Told::read(&nameless, &TestZone::named("UTC")), None, "{nameless}");
        }
    }

    fn told(what: What) -> Told {
        Told {
            id: "x".to_owned(),
            series_id: None,
            what,
            etag: Some("\"2\"".to_owned()),
            changed_at: Some(at("2026-11-20 12:00")),
        }
    }

    fn written() -> Written {
        Written {
            time: Span { start: at("2026-11-24 14:00"), end: at("2026-11-24 15:00") },
            etag: Some("\"1\"".to_owned()),
            changed_at: Some(at("2026-11-20 11:00")),
            has_more: false,
        }
    }

    #[test]
    fn somebody_has_moved_or_deleted_an_event_of_ours() {
        let later = Span { start: at("2026-11-24 16:00"), end: at("2026-11-24 17:00") };
        let moved = told(there("2026-11-24 16:00", "2026-11-24 17:00", true));
        assert_eq!(Change::of(&moved, &written()), Change::Moved(later));
        assert_eq!(Change::of(&told(What::Gone), &written()), Change::Deleted);
    }

    #[test]
    fn our_own_writing_and_what_was_before_it_is_no_change() {
        let moved = told(there("2026-11-24 16:00", "2026-11-24 17:00", true));
        for unmoved in [
            Written { changed_at: Some(at("2026-11-20 12:00")), ..written() },
            Written { etag: Some("\"2\"".to_owned()), ..written() },
        ] {
            assert_eq!(Change::of(&moved, &unmoved), Change::None, "{unmoved:?}");
            assert_eq!(Change::of(&told(What::Gone), &unmoved), Change::None, "{unmoved:?}");
        }
        let later = Span { start: at("2026-11-24 16:00"), end: at("2026-11-24 17:00") };
        let waiting = Written { has_more: true, ..written() };
        assert_eq!(Change::of(&moved, &waiting), Change::Overwritten(Some(later)));
        for gone in [What::Gone, What::Missing] {
            assert_eq!(Change::of(&told(gone), &waiting), Change::Overwritten(None));
        }
        let renamed = told(there("2026-11-24 14:00", "2026-11-24 15:00", true));
        assert_eq!(Change::of(&renamed, &written()), Change::None);
        assert_eq!(Change::of(&renamed, &waiting), Change::None);
        assert_eq!(Change::of(&told(What::Unreadable), &written()), Change::None);
    }

    #[test]
    fn what_counts_as_gone_is_back_unless_it_is_what_was_there_before() {
        let same = told(there("2026-11-24 14:00", "2026-11-24 15:00", true));
        assert!(is_back(&same, &written()));
        assert!(is_back(&same, &Written { etag: None, changed_at: None, ..written() }));
        assert!(!is_back(&same, &Written { changed_at: Some(at("2026-11-20 12:00")), ..written() }));
        assert!(!is_back(&same, &Written { etag: Some("\"2\"".to_owned()), ..written() }));
        for other in [What::Gone, What::Missing, What::Unreadable] {
            assert!(!is_back(&told(other), &written()));
        }
    }
}
