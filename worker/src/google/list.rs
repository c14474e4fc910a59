//! The events of a calendar, page by page: all of a time, and from then on what has changed.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::PROVIDER;
use super::calendar::{Calendar, succeeded};
use crate::http::{LARGEST_LIST, exchange};
use crate::outcome::{Effect, Failure};

/// Which events: Google does not allow both at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// All that overlap a time; either end may be open. The last page has a sync token.
    Window { time_min: Option<DateTime<Utc>>, time_max: Option<DateTime<Utc>> },
    /// What has changed since the list that brought this sync token; what was deleted comes as `cancelled`.
    SyncToken(String),
}

/// A page of a list. Every page is asked for with the same `since`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub since: Since,
    /// `next_page_token` of the page before; `None` for the first.
    pub page_token: Option<String>,
}

/// The events of one page, at most 250, recurring ones each by itself.
#[derive(Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listing {
    /// Events as Google tells them, for [`super::Event::from_value`].
    #[serde(default)]
    pub items: Vec<Value>,
    /// There is another page.
    pub next_page_token: Option<String>,
    /// This was the last page, and this is where to go on from later.
    pub next_sync_token: Option<String>,
}

/// Without what is in the events: that is about patients and others.
impl fmt::Debug for Listing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Listing")
            .field("items", &self.items.len())
            .field("is_last", &self.next_page_token.is_none())
            .finish_non_exhaustive()
    }
}

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ListFailure {
    /// Google does not know any more what has changed since (410): forget what is known, and list everything again.
    #[error("the sync token has expired: everything has to be listed again")]
    SyncTokenExpired,
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Calendar {
    /// A page of the events of a calendar.
    pub async fn list(&self, calendar_id: &str, page: &Page) -> Result<Listing, ListFailure> {
        let request = self.request(Method::GET, &["calendars", calendar_id, "events"])?.query(&page.parameters());
        let reply = exchange(request, PROVIDER, Effect::Read, LARGEST_LIST).await?;
        if reply.status == StatusCode::GONE && matches!(page.since, Since::SyncToken(_)) {
            return Err(ListFailure::SyncTokenExpired);
        }
        Ok(succeeded(reply, Effect::Read)?.object()?)
    }
}

impl Page {
    /// `showDeleted` is left out: with a sync token Google tells of deleted events anyway, and all else has to be as it was in
    /// the first list.
    fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = vec![("singleEvents", "true".to_owned()), ("maxResults", "250".to_owned())];
        match &self.since {
            Since::SyncToken(token) => parameters.push(("syncToken", token.clone())),
            Since::Window { time_min, time_max } => {
                let written = |time: &DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
                parameters.extend(time_min.as_ref().map(|time| ("timeMin", written(time))));
                parameters.extend(time_max.as_ref().map(|time| ("timeMax", written(time))));
            }
        }
        parameters.extend(self.page_token.as_ref().map(|token| ("pageToken", token.clone())));
        parameters
    }
}
