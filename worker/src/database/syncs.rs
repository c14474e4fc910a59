//! Calendars that are read.

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{Argument, Database};
use crate::error::Error;

/// A calendar that is to be read.
#[derive(Debug, Clone)]
pub struct Sync {
    pub org_id: Uuid,
    pub calendar_id: String,
    pub lease: i64,
    /// Where to go on; `None`: everything between `time_min` and `time_max`.
    pub sync_token: Option<String>,
    pub time_min: Option<DateTime<Utc>>,
    pub time_max: Option<DateTime<Utc>>,
    pub channel_id: Option<String>,
    pub channel_resource_id: Option<String>,
    pub channel_expires_at: Option<DateTime<Utc>>,
}

impl Sync {
    fn read(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Sync {
            org_id: row.try_get("org_id")?,
            calendar_id: row.try_get("calendar_id")?,
            lease: row.try_get("lease")?,
            sync_token: row.try_get("sync_token")?,
            time_min: row.try_get("time_min")?,
            time_max: row.try_get("time_max")?,
            channel_id: row.try_get("channel_id")?,
            channel_resource_id: row.try_get("channel_resource_id")?,
            channel_expires_at: row.try_get("channel_expires_at")?,
        })
    }

    fn named(&self) -> [Argument<'_>; 3] {
        [(&self.org_id, Type::UUID), (&self.calendar_id, Type::TEXT), (&self.lease, Type::INT8)]
    }
}

impl Database {
    pub async fn claim_syncs(&self, worker: &str, limit: i32, lease_seconds: i32) -> Result<Vec<Sync>, Error> {
        let sql = "SELECT * FROM booking.claim_syncs($1, $2, $3)";
        let arguments: [Argument<'_>; 3] = [(&worker, Type::TEXT), (&limit, Type::INT4), (&lease_seconds, Type::INT4)];
        let rows = self.rows(sql, &arguments).await?;
        Ok(rows.iter().map(Sync::read).collect::<Result<_, _>>()?)
    }

    async fn of_sync<T>(&self, sql: &str, sync: &Sync, more: &[Argument<'_>]) -> Result<T, Error>
    where
        T: for<'a> tokio_postgres::types::FromSql<'a>,
    {
        let named = sync.named();
        let arguments: Vec<Argument<'_>> = named.into_iter().chain(more.iter().cloned()).collect();
        self.value(sql, &arguments).await
    }

    /// What is told of events of ours; `None` where the lease was not ours any more.
    pub async fn apply_calendar_changes(&self, sync: &Sync, items: Vec<Value>) -> Result<Option<Vec<Value>>, Error> {
        let items = Value::Array(items);
        let sql = "SELECT booking.apply_calendar_changes($1, $2, $3, $4)";
        Ok(ours(self.of_sync(sql, sync, &[(&items, Type::JSONB)]).await?))
    }

    /// What became of it; `None` where the lease was not ours any more.
    pub async fn calendar_event_changed(&self, sync: &Sync, item: &Value) -> Result<Option<String>, Error> {
        let sql = "SELECT booking.calendar_event_changed($1, $2, $3, $4)";
        self.of_sync(sql, sync, &[(item, Type::JSONB)]).await
    }

    /// What a whole reading has missed; `None` where the lease was not ours any more.
    pub async fn finish_sync(&self, sync: &Sync, token: &str) -> Result<Option<Vec<Value>>, Error> {
        let sql = "SELECT booking.finish_sync($1, $2, $3, $4)";
        Ok(ours(self.of_sync(sql, sync, &[(&token, Type::TEXT)]).await?))
    }

    pub async fn fail_sync(
        &self,
        sync: &Sync,
        error: &str,
        retry_after_seconds: Option<i32>,
        is_token_gone: bool,
    ) -> Result<bool, Error> {
        let sql = "SELECT booking.fail_sync($1, $2, $3, $4, $5, $6)";
        let more: [Argument<'_>; 3] =
            [(&error, Type::TEXT), (&retry_after_seconds, Type::INT4), (&is_token_gone, Type::BOOL)];
        self.of_sync(sql, sync, &more).await
    }

    pub async fn watch_calendar(
        &self,
        sync: &Sync,
        channel_id: &str,
        resource_id: &str,
        expires_at: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let sql = "SELECT booking.watch_calendar($1, $2, $3, $4, $5, $6)";
        let more: [Argument<'_>; 3] =
            [(&channel_id, Type::TEXT), (&resource_id, Type::TEXT), (&expires_at, Type::TIMESTAMPTZ)];
        self.of_sync(sql, sync, &more).await
    }

    /// Whether there is such a channel.
    pub async fn calendar_notified(&self, org_id: Uuid, channel_id: &str) -> Result<bool, Error> {
        let sql = "SELECT booking.calendar_notified($1, $2)";
        self.value(sql, &[(&org_id, Type::UUID), (&channel_id, Type::TEXT)]).await
    }
}

fn ours(answer: Option<Value>) -> Option<Vec<Value>> {
    answer.map(|mut answer| match answer.get_mut("ours").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    })
}
