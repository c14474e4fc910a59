//! The events of a calendar: written, read, changed and deleted one by one.

use std::fmt;

use reqwest::header::IF_MATCH;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::failure::of_calendar;
use super::{Event, PROVIDER};
use crate::http::{LARGEST_OBJECT, Reply, below, exchange};
use crate::outcome::{Effect, Failure};

/// The calendars that an access token opens. A calendar is named by its id, such as `primary` or an e-mail address.
///
/// [`Failure::Unauthorized`] with code `401` says that the access token has ended: one renewal, and one more try.
#[derive(Clone)]
pub struct Calendar {
    http: Client,
    base: Url,
    access_token: SecretString,
}

/// What became of an event that was to be inserted.
#[derive(Debug, Clone, PartialEq)]
pub enum Inserted {
    Event(Event),
    /// There is one of this id, or there was one and it was deleted (409): get it and see.
    Duplicate,
}

/// What became of an event that was to be changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Patched {
    Event(Event),
    /// It is not the one of that etag any more (412): read it again, and change what it is now.
    PreconditionFailed,
    /// It was deleted (410).
    Gone,
    /// Neither it nor a trace of it is there, or the calendar is not (404).
    NotFound,
}

impl fmt::Debug for Calendar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Calendar").finish_non_exhaustive()
    }
}

impl Calendar {
    pub(super) fn new(http: Client, base: Url, access_token: SecretString) -> Self {
        Calendar { http, base, access_token }
    }

    /// Inserts an event. With an `id` of our own (5 to 1024 of `a-v 0-9`) it cannot be inserted twice: after
    /// [`Failure::Unknown`], get it.
    pub async fn insert(&self, calendar_id: &str, event: &Value) -> Result<Inserted, Failure> {
        let request = self.request(Method::POST, &["calendars", calendar_id, "events"])?.json(event);
        let reply = exchange(request, PROVIDER, Effect::Write, LARGEST_OBJECT).await?;
        match reply.status {
            StatusCode::CONFLICT => Ok(Inserted::Duplicate),
            _ => Ok(Inserted::Event(read_event(reply, Effect::Write)?)),
        }
    }

    /// The event of that id; `None` where there never was one (404). One that was deleted is there still, as `cancelled`.
    pub async fn get(&self, calendar_id: &str, event_id: &str) -> Result<Option<Event>, Failure> {
        let request = self.request(Method::GET, &["calendars", calendar_id, "events", event_id])?;
        let reply = exchange(request, PROVIDER, Effect::Read, LARGEST_OBJECT).await?;
        match reply.status {
            StatusCode::NOT_FOUND => Ok(None),
            _ => read_event(reply, Effect::Read).map(Some),
        }
    }

    /// Changes the fields that `change` has. With an etag, only if the event is still the one that was read.
    pub async fn patch(
        &self,
        calendar_id: &str,
        event_id: &str,
        etag: Option<&str>,
        change: &Value,
    ) -> Result<Patched, Failure> {
        let mut request = self.request(Method::PATCH, &["calendars", calendar_id, "events", event_id])?.json(change);
        if let Some(etag) = etag {
            request = request.header(IF_MATCH, etag);
        }
        let reply = exchange(request, PROVIDER, Effect::Write, LARGEST_OBJECT).await?;
        match reply.status {
            StatusCode::PRECONDITION_FAILED => Ok(Patched::PreconditionFailed),
            StatusCode::GONE => Ok(Patched::Gone),
            StatusCode::NOT_FOUND => Ok(Patched::NotFound),
            _ => Ok(Patched::Event(read_event(reply, Effect::Write)?)),
        }
    }

    /// Deletes an event. One that is not there any more (404, 410) is as good as deleted.
    pub async fn delete(&self, calendar_id: &str, event_id: &str) -> Result<(), Failure> {
        let request = self.request(Method::DELETE, &["calendars", calendar_id, "events", event_id])?;
        let reply = exchange(request, PROVIDER, Effect::Write, LARGEST_OBJECT).await?;
        match reply.status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(()),
            _ => succeeded(reply, Effect::Write).map(drop),
        }
    }

    /// Whether the token opens a calendar at all.
    pub async fn check(&self) -> Result<(), Failure> {
        let request = self.request(Method::GET, &["calendars", "primary"])?;
        succeeded(exchange(request, PROVIDER, Effect::Read, LARGEST_OBJECT).await?, Effect::Read).map(drop)
    }

    pub(super) fn request(&self, method: Method, segments: &[&str]) -> Result<RequestBuilder, Failure> {
        let url = below(&self.base, segments);
        let url = url.ok_or_else(|| Failure::refused("the calendar or the event has no usable id", None))?;
        Ok(self.http.request(method, url).bearer_auth(self.access_token.expose_secret()))
    }
}

pub(super) fn succeeded(reply: Reply, effect: Effect) -> Result<Reply, Failure> {
    if reply.status.is_success() { Ok(reply) } else { Err(of_calendar(&reply, effect)) }
}

fn read_event(reply: Reply, effect: Effect) -> Result<Event, Failure> {
    let reply = succeeded(reply, effect)?;
    Event::from_value(reply.object()?).ok_or_else(|| reply.unreadable("which names no event"))
}
