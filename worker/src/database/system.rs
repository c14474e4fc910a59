//! The worker itself: that it is at work, whether it may be, and dead letters.

use serde_json::Value;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{Argument, CONTRACT, Database};
use crate::error::Error;

/// The functions that this worker calls for itself, in the schema booking.
pub const FUNCTIONS: &[&str] = &[
    "apply_calendar_changes",
    "begin_refresh",
    "book_clinic_appointment",
    "booking_answer",
    "calendar_event_changed",
    "calendar_notified",
    "claim_events",
    "claim_messages",
    "claim_syncs",
    "connect_integration",
    "current_org_id",
    "disconnect_integration",
    "events_position",
    "fail_job",
    "fail_sync",
    "finish_event",
    "finish_message",
    "finish_sync",
    "integration_checked",
    "is_as_seen",
    "lost_event",
    "message_status",
    "read_events_of",
    "receive_message",
    "replace_secret",
    "requeue_job",
    "tool_registered",
    "vapi_message",
    "voice_agent",
    "voice_organization",
    "voice_pending",
    "watch_calendar",
    "worker_heartbeat",
];

/// What the worker needs to be told before it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The role that it logs in as.
    pub role: String,
    /// The version of the extension in this database, if it is there.
    pub schema_version: Option<String>,
    /// Whether it works for all organizations, or for which.
    pub is_for_all: bool,
    pub org_id: Option<Uuid>,
}

/// What waits in the outbox, and how many accounts are not accepted any more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Depth {
    pub due: f64,
    pub oldest_seconds: f64,
    pub lost: f64,
}

impl Database {
    pub async fn standing(&self) -> Result<Standing, Error> {
        let sql = "SELECT current_user::text,
                (SELECT e.extversion FROM pg_catalog.pg_extension AS e WHERE e.extname = 'pg_booking'),
                (SELECT r.rolsuper OR r.rolbypassrls FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user)";
        let rows = self.rows(sql, &[]).await?;
        let row = rows.first().ok_or_else(|| Error::Stated("the database has returned no row".to_owned()))?;
        let mut standing = Standing {
            role: row.try_get(0)?,
            schema_version: row.try_get(1)?,
            is_for_all: row.try_get::<_, Option<bool>>(2)?.unwrap_or(false),
            org_id: None,
        };
        if standing.schema_version.is_some() {
            standing.org_id = self.value("SELECT booking.current_org_id()", &[]).await?;
        }
        Ok(standing)
    }

    /// Says that the worker is at work, or leaves; fails where the database has another contract.
    pub async fn heartbeat(&self, worker: &str, state: &Value, is_leaving: bool) -> Result<(), Error> {
        let sql = "SELECT booking.worker_heartbeat($1, $2, $3, $4)";
        let arguments: [Argument<'_>; 4] = [
            (&worker, Type::TEXT),
            (&env!("CARGO_PKG_VERSION"), Type::TEXT),
            (state, Type::JSONB),
            (&is_leaving, Type::BOOL),
        ];
        let answer: Value = self.value(sql, &arguments).await?;
        match answer.get("contract").and_then(Value::as_i64) {
            Some(CONTRACT) => Ok(()),
            other => {
                let theirs = other.map_or_else(|| "none".to_owned(), |number| number.to_string());
                let version = env!("CARGO_PKG_VERSION");
                Err(Error::Stated(format!(
                    "the database has contract {theirs} and this worker has {CONTRACT}: \
                     use the worker of the extension's version, which is not {version}"
                )))
            }
        }
    }

    /// Which of these functions of the schema booking this worker may not call, or are not there.
    pub async fn not_callable(&self, functions: &[&str]) -> Result<Vec<String>, Error> {
        let sql = "SELECT DISTINCT f.name FROM pg_catalog.unnest($1) AS f(name)
            WHERE NOT EXISTS (
                SELECT FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
                WHERE n.nspname = 'booking' AND p.proname = f.name AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE'))
            ORDER BY f.name";
        let rows = self.rows(sql, &[(&functions, Type::TEXT_ARRAY)]).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    /// Whether a role may call a function, which is named with the types of its arguments. False where either does not exist.
    pub async fn may_execute(&self, role: &str, function: &str) -> Result<bool, Error> {
        let sql = "SELECT COALESCE((
                SELECT NOT r.rolsuper AND pg_catalog.has_function_privilege(r.oid, pg_catalog.to_regprocedure($2)::oid, 'EXECUTE')
                FROM pg_catalog.pg_roles AS r WHERE r.rolname = $1), false)";
        self.value(sql, &[(&role, Type::TEXT), (&function, Type::TEXT)]).await
    }

    /// What waits: from the indexes of what is waiting, however much is finished.
    pub async fn depth(&self) -> Result<Depth, Error> {
        let sql = "SELECT pg_catalog.count(*)::float8,
                COALESCE(EXTRACT(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.min(w.run_at)), 0)::float8,
                (SELECT pg_catalog.count(*) FROM booking.integrations AS i WHERE NOT i.connected AND i.key_id IS NOT NULL)::float8
            FROM (
                SELECT o.run_at FROM booking.outbox AS o
                WHERE o.state IN ('available', 'retryable') AND o.kind <> 'calendar'
                  AND o.run_at <= pg_catalog.clock_timestamp()
                UNION ALL
                SELECT o.run_at FROM booking.outbox AS o
                WHERE o.state IN ('available', 'retryable') AND o.kind = 'calendar'
                  AND o.run_at <= pg_catalog.clock_timestamp()
            ) AS w";
        let rows = self.rows(sql, &[]).await?;
        let row = rows.first().ok_or_else(|| Error::Stated("the database has returned no row".to_owned()))?;
        Ok(Depth { due: row.try_get(0)?, oldest_seconds: row.try_get(1)?, lost: row.try_get(2)? })
    }

    /// The jobs of an organization that were given up and still have time.
    pub async fn dead_letters(&self, org_id: Uuid) -> Result<Vec<Uuid>, Error> {
        let sql = "SELECT o.id FROM booking.outbox AS o
            WHERE o.org_id = $1 AND o.state = 'discarded' AND o.deadline > pg_catalog.clock_timestamp()
            ORDER BY o.id";
        let rows = self.rows(sql, &[(&org_id, Type::UUID)]).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    /// Whether the job is waiting again.
    pub async fn requeue_job(&self, org_id: Uuid, job_id: Uuid) -> Result<bool, Error> {
        let sql = "SELECT booking.requeue_job($1, $2)";
        self.value(sql, &[(&org_id, Type::UUID), (&job_id, Type::UUID)]).await
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_function_that_a_statement_calls_is_in_the_list_and_no_other() {
        let mut called = BTreeSet::new();
        for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/database")).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for rest in text.split("booking.").skip(1) {
                let name = rest.split(|c: char| c != '_' && !c.is_ascii_lowercase()).next().unwrap();
                if rest.get(name.len()..).is_some_and(|rest| rest.starts_with('(')) {
                    called.insert(name.to_owned());
                }
            }
        }
        assert_eq!(FUNCTIONS.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>(), called);
    }
}
