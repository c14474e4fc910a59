//! Events: claiming and reporting.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use tokio_postgres::Row;
use tokio_postgres::types::{Json, Type};
use uuid::Uuid;

use super::messages::{Claimed, Claims};
use super::{Argument, Database};
use crate::error::Error;

/// What is to be done to the events of an appointment.
#[derive(Clone)]
pub struct EventJob {
    pub job: Claimed,
    pub appointment_id: Uuid,
    /// Events that are to go.
    pub removals: Vec<Removal>,
    /// The event that there is to be.
    pub wanted: Option<Wanted>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Removal {
    pub calendar_id: String,
    pub event_id: String,
}

/// No `Debug`: it is about a patient.
#[derive(Clone)]
pub struct Wanted {
    pub calendar_id: String,
    pub event_id: String,
    pub event: Value,
    /// Nobody has ever tried to write it.
    pub is_new: bool,
}

impl EventJob {
    fn read(row: &Row) -> Result<Self, tokio_postgres::Error> {
        let calendar_id: Option<String> = row.try_get("calendar_id")?;
        let event_id: Option<String> = row.try_get("event_id")?;
        let event: Option<Value> = row.try_get("event")?;
        let is_new: bool = row.try_get("is_new")?;
        let wanted = calendar_id.zip(event_id).zip(event);
        let Json(removals) = row.try_get("removals")?;
        Ok(EventJob {
            job: Claimed::read(row)?,
            appointment_id: row.try_get("appointment_id")?,
            removals,
            wanted: wanted.map(|((calendar_id, event_id), event)| Wanted { calendar_id, event_id, event, is_new }),
        })
    }
}

/// What was done.
#[derive(Debug, Default)]
pub struct Written {
    pub event_id: Option<String>,
    pub etag: Option<String>,
    pub changed_at: Option<DateTime<Utc>>,
    pub removed: Vec<String>,
}

impl Database {
    pub async fn claim_events(&self, claims: &Claims, limit: i32) -> Result<Vec<EventJob>, Error> {
        let sql = "SELECT * FROM booking.claim_events($1, $2, $3, $4)";
        let arguments: [Argument<'_>; 4] = [
            (&claims.worker, Type::TEXT),
            (&limit, Type::INT4),
            (&claims.lease_seconds, Type::INT4),
            (&claims.is_dry_run, Type::BOOL),
        ];
        let rows = self.rows(sql, &arguments).await?;
        Ok(rows.iter().map(EventJob::read).collect::<Result<_, _>>()?)
    }

    /// Whether the lease was still ours.
    pub async fn finish_event(&self, job: &Claimed, written: &Written, is_dry_run: bool) -> Result<bool, Error> {
        let sql = "SELECT booking.finish_event($1, $2, $3, $4, $5, $6, $7, $8)";
        let arguments: [Argument<'_>; 8] = [
            (&job.org_id, Type::UUID),
            (&job.job_id, Type::UUID),
            (&job.lease, Type::INT8),
            (&written.event_id, Type::TEXT),
            (&written.etag, Type::TEXT),
            (&written.changed_at, Type::TIMESTAMPTZ),
            (&written.removed, Type::TEXT_ARRAY),
            (&is_dry_run, Type::BOOL),
        ];
        self.value(sql, &arguments).await
    }

    /// Whether the lease was still ours.
    pub async fn lost_event(&self, job: &Claimed, event_id: &str) -> Result<bool, Error> {
        let sql = "SELECT booking.lost_event($1, $2, $3, $4)";
        let arguments: [Argument<'_>; 4] =
            [(&job.org_id, Type::UUID), (&job.job_id, Type::UUID), (&job.lease, Type::INT8), (&event_id, Type::TEXT)];
        self.value(sql, &arguments).await
    }
}
