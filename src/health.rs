//! The health line: what a monitor reads to know that the guarantee stands.

use pgrx::Json;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};

use crate::error::{Error, Result, or_raise};
use crate::statement::run_fresh;

#[pg_extern(stable)]
#[search_path(pg_catalog, pg_temp)]
fn health() -> Json {
    or_raise(Spi::connect_mut(read))
}

/// A second function of this name in any schema would be a second truth.
const BOOKING_FUNCTIONS: &str = "
    SELECT pg_catalog.count(*) FROM pg_catalog.pg_proc AS p WHERE p.proname = 'book_appointment_atomic'";

const TABLES_WITHOUT_POLICIES: &str = "
    SELECT pg_catalog.count(*)
    FROM pg_catalog.pg_class AS c
    WHERE c.relnamespace = 'booking'::pg_catalog.regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity";

/// The constraint, and the index that it stands on.
const GUARANTEES: &str = "
    SELECT pg_catalog.count(*)
    FROM pg_catalog.pg_constraint AS c
    JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.conindid
    WHERE c.conrelid = 'booking.appointments'::pg_catalog.regclass AND c.conname = 'appointments_never_overlap'
      AND c.contype = 'x' AND i.indisvalid AND i.indisready AND i.indislive";

const SCHEMA_VERSION: &str = "
    SELECT e.extversion FROM pg_catalog.pg_extension AS e WHERE e.extname = 'pg_booking'";

const MAY_READ_APPOINTMENTS: &str = "
    SELECT pg_catalog.has_table_privilege('booking.appointments', 'SELECT')";

/// Compares each blocked range with the latest end before it on the same seat: one sort, whatever the constraint says.
const OVERLAPS: &str = "
    SELECT pg_catalog.count(*)
    FROM (
        SELECT pg_catalog.lower(a.blocked) < pg_catalog.max(pg_catalog.upper(a.blocked)) OVER (
            PARTITION BY a.org_id, a.resource_id, a.seat
            ORDER BY pg_catalog.lower(a.blocked), a.id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS overlaps
        FROM booking.appointments AS a
        WHERE a.status IN ('held', 'pending', 'confirmed')
    ) AS compared
    WHERE compared.overlaps";

const MAY_READ_OUTBOX: &str = "
    SELECT COALESCE(pg_catalog.has_table_privilege(pg_catalog.to_regclass('booking.outbox'), 'SELECT'), false)";

/// What is due and waits, how long the oldest has, and what has been given up.
const OUTBOX: &str = "
    SELECT pg_catalog.count(*) FILTER (WHERE o.state <> 'discarded'),
        EXTRACT(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.min(o.run_at) FILTER (WHERE o.state <> 'discarded'))::bigint,
        pg_catalog.count(*) FILTER (WHERE o.state = 'discarded')
    FROM booking.outbox AS o
    WHERE (o.state IN ('available', 'retryable') AND o.run_at <= pg_catalog.clock_timestamp()) OR o.state = 'discarded'";

fn outbox(client: &mut SpiClient<'_>) -> Result<Value> {
    if run_fresh(client, MAY_READ_OUTBOX, &[])?.first()?.get::<bool>(1)? != Some(true) {
        return Ok(Value::Null);
    }
    let row = run_fresh(client, OUTBOX, &[])?.first()?;
    let (due, oldest, discarded) = (row.get::<i64>(1)?, row.get::<i64>(2)?, row.get::<i64>(3)?);
    Ok(json!({"due": due, "oldestSeconds": oldest, "discarded": discarded}))
}

/// Whether the caller may read who is at work and what is connected, and the schema has it.
const MAY_READ_WORKERS: &str = "
    SELECT COALESCE(pg_catalog.has_table_privilege(pg_catalog.to_regclass('booking.workers'), 'SELECT')
        AND pg_catalog.has_column_privilege(pg_catalog.to_regclass('booking.integrations'), 'connected', 'SELECT'), false)";

/// Who was heard of in the last minute, when anybody last was, and how many accounts work and do not.
const WORKERS: &str = "
    SELECT pg_catalog.count(*) FILTER (
            WHERE w.stopped_at IS NULL AND w.last_seen_at > pg_catalog.clock_timestamp() - interval '1 minute'),
        EXTRACT(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.max(w.last_seen_at))::bigint,
        (SELECT pg_catalog.count(*) FROM booking.integrations AS i WHERE i.connected),
        (SELECT pg_catalog.count(*) FROM booking.integrations AS i WHERE NOT i.connected AND i.key_id IS NOT NULL)
    FROM booking.workers AS w";

fn workers(client: &mut SpiClient<'_>) -> Result<(Value, Value)> {
    if run_fresh(client, MAY_READ_WORKERS, &[])?.first()?.get::<bool>(1)? != Some(true) {
        return Ok((Value::Null, Value::Null));
    }
    let row = run_fresh(client, WORKERS, &[])?.first()?;
    let (alive, seen) = (row.get::<i64>(1)?, row.get::<i64>(2)?);
    let (connected, lost) = (row.get::<i64>(3)?, row.get::<i64>(4)?);
    Ok((json!({"alive": alive, "lastSeenSeconds": seen}), json!({"connected": connected, "lost": lost})))
}

fn read(client: &mut SpiClient<'_>) -> Result<Json> {
    let booking_functions = count(client, BOOKING_FUNCTIONS)?;
    let unprotected = count(client, TABLES_WITHOUT_POLICIES)?;
    let may_read = run_fresh(client, MAY_READ_APPOINTMENTS, &[])?.first()?.get::<bool>(1)?.unwrap_or(false);
    let overlaps = if may_read { Some(count(client, OVERLAPS)?) } else { None };
    let is_guaranteed = count(client, GUARANTEES)? == 1;
    let schema_version = run_fresh(client, SCHEMA_VERSION, &[])?.first()?.get::<String>(1)?;
    let (workers, integrations) = workers(client)?;
    let healthy = booking_functions == 1 && unprotected == 0 && is_guaranteed && overlaps.unwrap_or(0) == 0;
    Ok(Json(json!({
        "success": true,
        "healthy": healthy,
        "version": env!("CARGO_PKG_VERSION"),
        "schemaVersion": schema_version,
        "preloaded": crate::was_preloaded(),
        "functions": {"book_appointment_atomic": booking_functions},
        "tablesWithoutRowLevelSecurity": unprotected,
        "exclusionConstraint": is_guaranteed,
        "overlaps": overlaps,
        "outbox": outbox(client)?,
        "workers": workers,
        "integrations": integrations,
    })))
}

fn count(client: &mut SpiClient<'_>, sql: &'static str) -> Result<i64> {
    run_fresh(client, sql, &[])?.first()?.get::<i64>(1)?.ok_or_else(|| Error::missing("count"))
}
