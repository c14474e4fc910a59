//! Channels: Google tells an address of ours that something in a calendar has changed, though not what, and not reliably.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::PROVIDER;
use super::calendar::{Calendar, succeeded};
use crate::http::{LARGEST_OBJECT, exchange};
use crate::outcome::{Effect, Failure};

/// A channel that Google has opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Google's name for what is watched: it is needed to close the channel.
    pub resource_id: String,
    /// Another channel has to be open before this one ends.
    pub expires_at: DateTime<Utc>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Opened {
    resource_id: String,
    /// Milliseconds since 1970, as a text.
    expiration: Option<Value>,
}

impl Calendar {
    /// Opens a channel for the events of a calendar. `channel_id` is ours, at most 64 characters and never used before;
    /// Google repeats `token` in each notification that it posts to `address` (https), and may end the channel before `ttl`.
    pub async fn watch(
        &self,
        calendar_id: &str,
        channel_id: &str,
        token: &str,
        address: &str,
        ttl: Duration,
    ) -> Result<Channel, Failure> {
        let channel = json!({
            "id": channel_id, "type": "web_hook", "address": address, "token": token,
            "params": {"ttl": ttl.as_secs().to_string()},
        });
        let asked_at = Utc::now();
        let request = self.request(Method::POST, &["calendars", calendar_id, "events", "watch"])?.json(&channel);
        let reply = exchange(request, PROVIDER, Effect::Write, LARGEST_OBJECT).await?;
        let opened: Opened = succeeded(reply, Effect::Write)?.object()?;
        let expires_at = opened.expiration.as_ref().and_then(instant).unwrap_or_else(|| after(asked_at, ttl));
        Ok(Channel { resource_id: opened.resource_id, expires_at })
    }

    /// Closes a channel. One that is not open any more (404) is no failure.
    pub async fn stop(&self, channel_id: &str, resource_id: &str) -> Result<(), Failure> {
        let channel = json!({"id": channel_id, "resourceId": resource_id});
        let request = self.request(Method::POST, &["channels", "stop"])?.json(&channel);
        let reply = exchange(request, PROVIDER, Effect::Write, LARGEST_OBJECT).await?;
        match reply.status {
            StatusCode::NOT_FOUND => Ok(()),
            _ => succeeded(reply, Effect::Write).map(drop),
        }
    }
}

fn instant(milliseconds: &Value) -> Option<DateTime<Utc>> {
    let number = milliseconds.as_i64().or_else(|| milliseconds.as_str()?.parse().ok())?;
    DateTime::from_timestamp_millis(number)
}

fn after(start: DateTime<Utc>, ttl: Duration) -> DateTime<Utc> {
    let ttl = TimeDelta::from_std(ttl).ok();
    ttl.and_then(|ttl| start.checked_add_signed(ttl)).unwrap_or(start)
}
