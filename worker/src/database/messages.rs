//! Messages: claiming, reporting, and what the provider tells.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::Database;
use crate::error::Error;
use crate::outcome::Failure;

/// A job as its worker knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimed {
    pub org_id: Uuid,
    pub job_id: Uuid,
    pub lease: i64,
    /// Which attempt it is, from 1.
    pub attempt: i32,
}

/// A message that is to go out. No `Debug`: it is about a patient.
#[derive(Clone)]
pub struct Message {
    pub job: Claimed,
    pub kind: String,
    pub id: Uuid,
    pub to: String,
    pub body: String,
    /// What the body ends in, and no other message's does.
    pub marker: String,
    /// An earlier attempt ended without a word.
    pub is_unsure: bool,
    pub first_tried_at: DateTime<Utc>,
    /// What the provider called earlier attempts that it could not deliver: none of them is the one that ended without a word.
    pub former_sids: Vec<String>,
    /// How long the sender has to wait before it, from the claim.
    pub wait: Duration,
    pub integration_version: Option<i64>,
}

impl Claimed {
    pub(super) fn read(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Claimed {
            org_id: row.try_get("org_id")?,
            job_id: row.try_get("job_id")?,
            lease: row.try_get("lease")?,
            attempt: row.try_get("attempt")?,
        })
    }
}

impl Message {
    fn read(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Message {
            job: Claimed::read(row)?,
            kind: row.try_get("kind")?,
            id: row.try_get("message_id")?,
            to: row.try_get("to_phone")?,
            body: row.try_get("body")?,
            marker: row.try_get("marker")?,
            is_unsure: row.try_get("is_unsure")?,
            first_tried_at: row.try_get("first_tried_at")?,
            former_sids: row.try_get("former_sids")?,
            wait: Duration::from_millis(u64::try_from(row.try_get::<_, i32>("wait_milliseconds")?).unwrap_or(0)),
            integration_version: row.try_get("integration_version")?,
        })
    }
}

/// How a worker claims.
#[derive(Debug, Clone)]
pub struct Claims {
    pub worker: String,
    pub lease_seconds: i32,
    pub is_dry_run: bool,
}

impl Database {
    pub async fn claim_messages(&self, claims: &Claims, limit: i32) -> Result<Vec<Message>, Error> {
        let sql = "SELECT * FROM booking.claim_messages($1, $2, $3, $4)";
        let arguments: [super::Argument<'_>; 4] = [
            (&claims.worker, Type::TEXT),
            (&limit, Type::INT4),
            (&claims.lease_seconds, Type::INT4),
            (&claims.is_dry_run, Type::BOOL),
        ];
        let rows = self.rows(sql, &arguments).await?;
        Ok(rows.iter().map(Message::read).collect::<Result<_, _>>()?)
    }

    /// Whether the lease was still ours.
    pub async fn finish_message(&self, job: &Claimed, sid: Option<&str>, status: &str) -> Result<bool, Error> {
        let sql = "SELECT booking.finish_message($1, $2, $3, $4, $5)";
        let arguments: [super::Argument<'_>; 5] = [
            (&job.org_id, Type::UUID),
            (&job.job_id, Type::UUID),
            (&job.lease, Type::INT8),
            (&sid, Type::TEXT),
            (&status, Type::TEXT),
        ];
        self.value(sql, &arguments).await
    }

    /// Whether the lease is ours at this moment, by the database's clock: this machine may have stood still.
    pub async fn is_ours(&self, job: &Claimed) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (
                SELECT FROM booking.outbox AS o
                WHERE o.org_id = $1 AND o.id = $2 AND o.lease = $3 AND o.state = 'running'
                  AND o.leased_until > pg_catalog.clock_timestamp())";
        let arguments: [super::Argument<'_>; 3] =
            [(&job.org_id, Type::UUID), (&job.job_id, Type::UUID), (&job.lease, Type::INT8)];
        self.value(sql, &arguments).await
    }

    /// The state that the job has after it; `None` where the lease was not ours any more.
    pub async fn fail_job(&self, job: &Claimed, failure: &Failure) -> Result<Option<String>, Error> {
        let outcome = match failure {
            Failure::NotDone { .. } => "not_done",
            Failure::Unknown { .. } => "unknown",
            Failure::Refused { .. } => "refused",
            Failure::Unauthorized { .. } => "unauthorized",
        };
        let sql = "SELECT booking.fail_job($1, $2, $3, $4, $5, $6, $7)";
        let arguments: [super::Argument<'_>; 7] = [
            (&job.org_id, Type::UUID),
            (&job.job_id, Type::UUID),
            (&job.lease, Type::INT8),
            (&failure.error(), Type::TEXT),
            (&outcome, Type::TEXT),
            (&failure.code(), Type::TEXT),
            (&failure.retry_after_seconds(), Type::INT4),
        ];
        self.value(sql, &arguments).await
    }

    /// Whether it was news.
    pub async fn message_status(
        &self,
        org_id: Uuid,
        message_id: Uuid,
        sid: &str,
        status: &str,
        code: Option<&str>,
    ) -> Result<bool, Error> {
        let sql = "SELECT booking.message_status($1, $2, $3, $4, $5)";
        let arguments: [super::Argument<'_>; 5] = [
            (&org_id, Type::UUID),
            (&sid, Type::TEXT),
            (&status, Type::TEXT),
            (&code, Type::TEXT),
            (&message_id, Type::UUID),
        ];
        self.value(sql, &arguments).await
    }

    /// What was made of a message from a patient: `action`, and `reply` where there is something to answer.
    pub async fn receive_message(&self, org_id: Uuid, received: &Received<'_>) -> Result<Value, Error> {
        let sql = "SELECT booking.receive_message($1, $2, $3, $4, $5, $6)";
        let arguments: [super::Argument<'_>; 6] = [
            (&org_id, Type::UUID),
            (&received.from, Type::TEXT),
            (&received.to, Type::TEXT),
            (&received.body, Type::TEXT),
            (&received.sid, Type::TEXT),
            (&received.opt_out_type, Type::TEXT),
        ];
        self.value(sql, &arguments).await
    }
}

/// A message from a patient, as the provider tells it. No `Debug`: it is about a patient.
pub struct Received<'a> {
    pub from: &'a str,
    pub to: &'a str,
    pub body: &'a str,
    pub sid: &'a str,
    pub opt_out_type: Option<&'a str>,
}
