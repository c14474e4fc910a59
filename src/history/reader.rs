//! From page to page, and what a reader is answered.

use booking_core::history::{Home, Position, Snapshot};
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::Result;
use crate::history::page::{self, Event, Page};

/// The most that the positions of one answer take together, in bytes. Each event has one, and whoever asks has made the first.
const MOST_POSITIONS: usize = 4 << 20;

pub struct Reader {
    pub org_ids: Vec<Uuid>,
    /// The snapshot beyond which nothing is told.
    pub until: Option<Snapshot>,
    pub home: Home,
}

pub struct Answer {
    home: Home,
    /// Each with where it stands.
    events: Vec<(Event, Position)>,
    position: Position,
    has_more: bool,
    is_reset: bool,
}

impl Reader {
    /// A page that was begun is read to its end by its own snapshot, and only then is the present looked at.
    pub fn read(&self, client: &mut SpiClient<'_>, from: Position, limit: i32) -> Result<Answer> {
        let limit = usize::try_from(limit).unwrap_or(0).min(most_events(&from.to_text(self.home)));
        let mut answer =
            Answer { home: self.home, events: Vec::new(), position: from, has_more: false, is_reset: false };
        loop {
            if self.until.as_ref().is_some_and(|until| !until.saw_all_of(answer.position.latest())) {
                return Ok(answer);
            }
            let begun = answer.position.within.as_ref().map(|(snapshot, _)| snapshot.clone());
            let was_begun = begun.is_some();
            let bound = begun.or_else(|| self.until.clone());
            let left = limit.saturating_sub(answer.events.len());
            let page = page::read(client, &self.org_ids, &answer.position, bound.as_ref(), left)?;
            if page.is_lost || !self.is_before(&page.present, &answer.position) {
                return Ok(Answer::reset(page.present, self.home));
            }
            answer.add(page, bound);
            if answer.has_more || !was_begun {
                return Ok(answer);
            }
        }
    }

    /// Whether what was read, and what is to be read, is all over by now. A snapshot that saw more is from elsewhere, or from
    /// later than this transaction can see.
    fn is_before(&self, present: &Snapshot, position: &Position) -> bool {
        let until = self.until.as_ref().is_none_or(|until| present.saw_all_of(until));
        until && present.saw_all_of(position.latest())
    }
}

/// How many events an answer has at most that goes on from a position.
fn most_events(from: &str) -> usize {
    MOST_POSITIONS.checked_div(from.len()).unwrap_or(MOST_POSITIONS).max(1)
}

impl Answer {
    /// Something is missing, or nobody can say that nothing is: the reader looks at everything anew, and goes on from here.
    pub fn reset(present: Snapshot, home: Home) -> Self {
        Answer { home, events: Vec::new(), position: Position::after(present), has_more: false, is_reset: true }
    }

    fn add(&mut self, page: Page, bound: Option<Snapshot>) {
        let bound = bound.unwrap_or(page.present);
        let seen = self.position.seen.clone();
        for event in page.events {
            let position = Position { seen: seen.clone(), within: Some((bound.clone(), event.id)) };
            self.position = position.clone();
            self.events.push((event, position));
        }
        self.has_more = page.has_more;
        if !page.has_more {
            self.position = Position::after(bound);
        }
    }

    /// By hand, because the detail of an event is whatever the server takes for JSON: numbers that no number of ours can hold.
    pub fn to_json(&self, names_organizations: bool) -> String {
        let mut events = String::new();
        for (event, position) in &self.events {
            let separator = if events.is_empty() { "" } else { "," };
            events.push_str(separator);
            events.push_str(&event.to_json(names_organizations, &position.to_text(self.home)));
        }
        let position = Value::from(self.position.to_text(self.home));
        format!(
            "{{\"events\":[{events}],\"position\":{position},\"hasMore\":{},\"reset\":{}}}",
            self.has_more, self.is_reset
        )
    }
}

impl Event {
    fn to_json(&self, names_organization: bool, position: &str) -> String {
        let organization = if names_organization { format!("\"orgId\":\"{}\",", self.org_id) } else { String::new() };
        let (id, at, kind) = (json!(self.id.to_string()), json!(self.at), json!(self.kind));
        let appointment_id = json!(self.appointment_id.map(|id| id.to_string()));
        let (detail, position) = (&self.detail, json!(position));
        format!(
            "{{{organization}\"id\":{id},\"at\":{at},\"kind\":{kind},\"appointmentId\":{appointment_id},\"detail\":{detail},\"position\":{position}}}"
        )
    }
}
