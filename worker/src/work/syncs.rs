//! Reading calendars: what has changed since, page by page, and a channel by which the next change is told.

use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use metrics::counter;
use serde_json::{Map, Value, json};
use tracing::{info, warn};

use super::Kind;
use crate::accounts::Access;
use crate::context::Context;
use crate::database::syncs::Sync;
use crate::error::Error;
use crate::google::{ListFailure, Page, Since};
use crate::integration::Provider;
use crate::keys::Keyring;
use crate::outcome::Failure;
use crate::progress;

/// How long a worker may be silent while it reads; every page renews it.
const LEASE_SECONDS: i32 = 120;
/// How long before its end a channel is replaced.
const RENEWED_BEFORE: TimeDelta = TimeDelta::hours(24);
/// How long a channel is asked to last: a week.
const CHANNEL_LASTS: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The purpose of the signature that a channel proves itself with.
pub const WATCH: &str = "google-watch";

pub struct Syncs {
    pub context: Arc<Context>,
    pub worker: String,
}

/// Why a reading has ended before its end.
enum Broken {
    /// Somebody else reads the calendar now.
    Lost,
    TokenGone,
    Failed(Failure),
    Database(Error),
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Broken::Failed(failure)
    }
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Broken::Database(error)
    }
}

impl From<ListFailure> for Broken {
    fn from(failure: ListFailure) -> Self {
        match failure {
            ListFailure::SyncTokenExpired => Broken::TokenGone,
            ListFailure::Failed(failure) => Broken::Failed(failure),
        }
    }
}

impl Kind for Syncs {
    type Job = Sync;
    const NAME: &'static str = "calendars";

    async fn claim(&self, limit: i32) -> Result<Vec<Sync>, Error> {
        self.context.database.claim_syncs(&self.worker, limit.min(4), LEASE_SECONDS).await
    }

    async fn carry_out(&self, sync: Sync) {
        let read = self.read(&sync).await;
        let outcome = match &read {
            Ok(_) => "succeeded",
            Err(Broken::Lost) => "lost",
            Err(Broken::TokenGone) => "token_gone",
            Err(_) => "failed",
        };
        counter!("booking_worker_syncs_total", "outcome" => outcome).increment(1);
        let (org_id, calendar) = (sync.org_id, &sync.calendar_id);
        match read {
            Ok(events) => {
                if events > 0 || sync.sync_token.is_none() {
                    info!(%org_id, calendar, events, "calendar read");
                }
            }
            Err(Broken::Lost) => info!(%org_id, calendar, "another worker reads this calendar now"),
            Err(Broken::TokenGone) => {
                info!(%org_id, calendar, "the calendar wants to be read from the beginning");
                self.fail(&sync, "the sync token has expired", None, true).await;
            }
            Err(Broken::Failed(failure)) => {
                warn!(%org_id, calendar, code = failure.code(), error = failure.error(), "cannot read the calendar");
                self.fail(&sync, failure.error(), failure.retry_after_seconds(), false).await;
            }
            Err(Broken::Database(error)) => {
                warn!(%org_id, calendar, %error, "cannot write what the calendar says");
                self.fail(&sync, &error.to_string(), None, false).await;
            }
        }
    }
}

impl Syncs {
    /// How many events it has brought.
    async fn read(&self, sync: &Sync) -> Result<usize, Broken> {
        let accounts = &self.context.accounts;
        let access = accounts.access(sync.org_id, None).await?;
        let read = self.read_by(&access, sync).await;
        let (version, read) = match read {
            Err(Broken::Failed(Failure::Unauthorized { .. })) => {
                let access = accounts.access(sync.org_id, Some(access.version)).await?;
                (access.version, self.read_by(&access, sync).await)
            }
            read => (access.version, read),
        };
        match &read {
            Err(Broken::Failed(failure @ Failure::Unauthorized { .. })) => {
                accounts.note(sync.org_id, Provider::Google, version, Some(failure)).await;
            }
            Ok(_) => accounts.note(sync.org_id, Provider::Google, version, None).await,
            Err(_) => (),
        }
        read
    }

    async fn read_by(&self, access: &Access, sync: &Sync) -> Result<usize, Broken> {
        self.watch(access, sync).await;
        let since = match &sync.sync_token {
            Some(token) => Since::SyncToken(token.clone()),
            None => Since::Window { time_min: sync.time_min, time_max: sync.time_max },
        };
        let mut page = Page { since, page_token: None };
        let mut events: usize = 0;
        // A whole reading may be long; what has changed since is soon read.
        let counted = sync.sync_token.is_none().then(|| progress::count("reading a calendar"));
        loop {
            let listing = access.calendar.list(&sync.calendar_id, &page).await?;
            events = events.saturating_add(listing.items.len());
            if let Some(counted) = &counted {
                counted.set_position(u64::try_from(events).unwrap_or(u64::MAX));
            }
            let items = listing.items.iter().map(essence).collect();
            let ours = self.context.database.apply_calendar_changes(sync, items).await?.ok_or(Broken::Lost)?;
            self.follow(sync, &ours).await?;
            match (listing.next_page_token, listing.next_sync_token) {
                (Some(token), _) => {
                    info!(org_id = %sync.org_id, calendar = sync.calendar_id, events, "reading a long calendar");
                    page.page_token = Some(token);
                }
                (None, Some(token)) => {
                    // A whole reading is over when what it has missed has been followed.
                    loop {
                        let missed = self.context.database.finish_sync(sync, &token).await?.ok_or(Broken::Lost)?;
                        if missed.is_empty() {
                            return Ok(events);
                        }
                        self.look_for(access, sync, &missed).await?;
                    }
                }
                (None, None) => {
                    let error = "the calendar has said neither how to go on nor that it was all".to_owned();
                    return Err(Failure::NotDone { error, code: None, retry_after_seconds: None }.into());
                }
            }
        }
    }

    /// What has become of events that a whole reading has missed: deleted, moved out of what it covers, or never there. Each is
    /// followed before the next is asked for: that keeps the lease, and what is done is done if this breaks off.
    async fn look_for(&self, access: &Access, sync: &Sync, missed: &[Value]) -> Result<(), Broken> {
        for id in missed.iter().filter_map(|item| item.get("id")?.as_str()) {
            let found = match access.calendar.get(&sync.calendar_id, id).await? {
                Some(event) => essence(&event.raw),
                None => json!({"id": id, "status": "missing"}),
            };
            self.follow(sync, &[found]).await?;
        }
        Ok(())
    }

    /// One change after the other, each in a transaction of its own.
    async fn follow(&self, sync: &Sync, ours: &[Value]) -> Result<(), Broken> {
        for item in ours {
            let became = self.context.database.calendar_event_changed(sync, item).await?.ok_or(Broken::Lost)?;
            if became != "none" {
                info!(org_id = %sync.org_id, became, "somebody has changed an event of ours in the calendar");
            }
        }
        Ok(())
    }

    async fn fail(&self, sync: &Sync, error: &str, retry_after_seconds: Option<i32>, is_token_gone: bool) {
        let failed = self.context.database.fail_sync(sync, error, retry_after_seconds, is_token_gone).await;
        if let Err(error) = failed {
            warn!(org_id = %sync.org_id, %error, "cannot report; the calendar is read again when the lease ends");
        }
    }

    /// Opens a channel where there is none that lasts. Without one the calendar is asked every few minutes.
    async fn watch(&self, access: &Access, sync: &Sync) {
        let address = self.context.options.public(&format!("/google/{}/notify", sync.org_id));
        let Some((address, keys)) = address.zip(self.context.keys.as_deref()) else { return };
        let mark = mark(keys);
        let lasts = sync.channel_expires_at.is_some_and(|end| end.signed_duration_since(Utc::now()) > RENEWED_BEFORE);
        if lasts && sync.channel_id.as_ref().is_some_and(|id| id.ends_with(&mark)) {
            return;
        }
        let id = format!("{}{mark}", uuid::Uuid::new_v4());
        let token = keys.sign(WATCH, &format!("{}/{id}", sync.org_id));
        let opened = access.calendar.watch(&sync.calendar_id, &id, &token, &address, CHANNEL_LASTS).await;
        let channel = match opened {
            Ok(channel) => channel,
            Err(failure) => {
                warn!(org_id = %sync.org_id, error = failure.error(), "cannot watch the calendar; it is asked now and then");
                return;
            }
        };
        let noted = self.context.database.watch_calendar(sync, &id, &channel.resource_id, channel.expires_at).await;
        match noted {
            Ok(true) => {
                if let Some((old, resource)) = sync.channel_id.as_ref().zip(sync.channel_resource_id.as_ref()) {
                    // It would end by itself.
                    let _ = access.calendar.stop(old, resource).await;
                }
            }
            // Nobody would know it.
            Ok(false) | Err(_) => drop(access.calendar.stop(&id, &channel.resource_id).await),
        }
    }
}

/// What the ids of channels end with whose token is of the current key: what an older one has signed is worth nothing when that is
/// gone.
fn mark(keys: &Keyring) -> String {
    let of_key = keys.derive(WATCH, "the key of a channel");
    format!("-{}", of_key.get(..8).unwrap_or_default())
}

/// Of an event, what matters here: what else is in it is nobody's business, and could be anything.
fn essence(event: &Value) -> Value {
    const KEYS: [&str; 9] =
        ["id", "recurringEventId", "status", "etag", "updated", "start", "end", "transparency", "eventType"];
    let mut kept: Map<String, Value> =
        KEYS.into_iter().filter_map(|key| Some((key.to_owned(), readable(event.get(key)?)))).collect();
    let attendees = event.get("attendees").and_then(Value::as_array);
    let own = attendees.into_iter().flatten().find(|attendee| attendee.get("self") == Some(&Value::Bool(true)));
    if let Some(status) = own.and_then(|attendee| attendee.get("responseStatus")) {
        kept.insert("attendees".to_owned(), json!([{"self": true, "responseStatus": readable(status)}]));
    }
    Value::Object(kept)
}

/// Without what no database can hold.
fn readable(value: &Value) -> Value {
    match value {
        Value::String(text) => text.replace('\0', "").into(),
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.replace('\0', ""), readable(value))).collect(),
        Value::Array(values) => values.iter().map(readable).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_event_only_what_matters_is_kept_and_nothing_that_a_database_cannot_hold() {
        let event = json!({
            "id": "e1\0", "recurringEventId": "e", "summary": "Zuzanna\0", "description": "x", "start": {"dateTime": "2026-11-24T12:00:00Z\0"},
            "attendees": [{"email": "a@b.c"}, {"self": true, "email": "me@b.c", "responseStatus": "declined"}],
        });
        let kept = json!({
            "id": "e1", "recurringEventId": "e", "start": {"dateTime": "2026-11-24T12:00:00Z"},
            "attendees": [{"self": true, "responseStatus": "declined"}],
        });
        assert_eq!(essence(&event), kept);
        assert_eq!(essence(&json!("nothing")), json!({}));
    }
}
