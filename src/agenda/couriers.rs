//! How well what follows from appointments gets out: accounts, dead letters, and who is at work.

use booking_core::wall::iso_local;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};

use super::Asked;
use crate::error::Result;
use crate::instant;
use crate::organization::{as_postgres, from_postgres};
use crate::statement::{Row, run_in_snapshot};

/// $1 org_id.
const INTEGRATIONS: &str = "
    SELECT i.provider, i.connected, i.last_checked_at, i.problem
    FROM booking.integrations AS i
    WHERE i.org_id = $1
    ORDER BY i.provider";

pub fn integrations(client: &mut SpiClient<'_>, asked: &Asked<'_>) -> Result<Vec<Value>> {
    let rows = run_in_snapshot(client, INTEGRATIONS, &[as_postgres(asked.org_id).into()])?;
    let integrations = rows.map(|row| {
        Ok(json!({
            "provider": row.get::<String>(1)?,
            "connected": row.get::<bool>(2)?,
            "lastCheckedAt": local(&row, 3, asked)?,
            "problem": row.get::<String>(4)?,
        }))
    });
    integrations.collect()
}

/// What was given up and still has time: the latest hundred.
///
/// $1 org_id, $2 the clock.
const DEAD_JOBS: &str = "
    SELECT o.id, o.kind, o.appointment_id, o.last_error, o.attempts, o.finished_at
    FROM booking.outbox AS o
    WHERE o.org_id = $1 AND o.state = 'discarded' AND o.deadline > $2
    ORDER BY o.finished_at DESC, o.id DESC
    LIMIT 100";

pub fn dead_jobs(client: &mut SpiClient<'_>, asked: &Asked<'_>) -> Result<Vec<Value>> {
    let arguments = [as_postgres(asked.org_id).into(), instant::to_postgres(asked.now)?.into()];
    let id = |id: pgrx::Uuid| from_postgres(id).to_string();
    let jobs = run_in_snapshot(client, DEAD_JOBS, &arguments)?.map(|row| {
        Ok(json!({
            "id": row.get::<pgrx::Uuid>(1)?.map(id),
            "kind": row.get::<String>(2)?,
            "appointmentId": row.get::<pgrx::Uuid>(3)?.map(id),
            "lastError": row.get::<String>(4)?,
            "attempts": row.get::<i32>(5)?,
            "finishedAt": local(&row, 6, asked)?,
        }))
    });
    jobs.collect()
}

/// Of this organization and of all: who was heard of in the last minute, and when anybody last was. Who sees one organization only
/// does not see those that serve every one.
///
/// $1 org_id.
const WORKERS: &str = "
    SELECT pg_catalog.count(*) FILTER (
            WHERE w.stopped_at IS NULL AND w.last_seen_at > pg_catalog.clock_timestamp() - interval '1 minute'),
        pg_catalog.max(w.last_seen_at)
    FROM booking.workers AS w
    WHERE w.org_id IN ($1, '00000000-0000-0000-0000-000000000000')";

pub fn workers(client: &mut SpiClient<'_>, asked: &Asked<'_>) -> Result<Value> {
    let row = run_in_snapshot(client, WORKERS, &[as_postgres(asked.org_id).into()])?.first()?;
    Ok(json!({"alive": row.get::<i64>(1)?, "lastSeenAt": local(&row, 2, asked)?}))
}

fn local(row: &Row<'_>, column: i32, asked: &Asked<'_>) -> Result<Option<String>> {
    let moment = row.get::<TimestampWithTimeZone>(column)?.map(instant::from_postgres).transpose()?;
    Ok(moment.map(|moment| iso_local(&asked.house.zone, moment)))
}
