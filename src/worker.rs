//! The couriers: who is at work.

use booking_core::{Code, limits};
use pgrx::Json;
use pgrx::datum::Interval;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};

use crate::answer;
use crate::error::Result;
use crate::raw_json::JsonbText;
use crate::setup::{invalid, required};
use crate::statement::run_fresh;

/// What a courier and the database agree on. It rises when a function that couriers call changes.
const CONTRACT: i32 = 1;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn worker_heartbeat(
    p_worker: Option<String>,
    p_version: default!(Option<String>, "NULL"),
    p_state: default!(Option<JsonbText>, "'{}'"),
    p_is_leaving: default!(Option<bool>, "false"),
) -> Json {
    answer::for_program(Spi::connect_mut(|client| {
        let worker = limits::label("worker", required(p_worker.as_deref(), "p_worker")?, Code::InvalidRequest)?;
        let version = p_version.as_deref().map(limits::remark);
        let state = p_state.as_ref().map_or("{}", |state| state.0.as_str());
        if !state.starts_with('{') {
            return Err(invalid("p_state is not a JSON object", "pass {} or leave it out").into());
        }
        beat(client, &worker, version.as_deref(), state, p_is_leaving.unwrap_or(false))
    }))
}

/// $1 name, $2 version or NULL, $3 state, $4 whether it leaves. Who serves every organization is of none.
const BEAT: &str = "
    INSERT INTO booking.workers AS w (org_id, id, version, state, started_at, last_seen_at, stopped_at)
    SELECT COALESCE(booking.current_org_id(), '00000000-0000-0000-0000-000000000000'), $1, $2, $3::pg_catalog.jsonb,
        pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp(), CASE WHEN $4 THEN pg_catalog.clock_timestamp() END
    ON CONFLICT (org_id, id) DO UPDATE
        SET version = excluded.version, state = excluded.state, last_seen_at = excluded.last_seen_at,
            stopped_at = excluded.stopped_at,
            started_at = CASE WHEN w.stopped_at IS NULL THEN w.started_at ELSE excluded.started_at END";

fn beat(
    client: &mut SpiClient<'_>,
    worker: &str,
    version: Option<&str>,
    state: &str,
    is_leaving: bool,
) -> Result<Value> {
    run_fresh(client, BEAT, &[worker.into(), version.into(), state.into(), is_leaving.into()])?;
    Ok(json!({"success": true, "contract": CONTRACT, "version": env!("CARGO_PKG_VERSION")}))
}

/// $1 the age.
const PURGE: &str = "
    DELETE FROM booking.workers AS w WHERE w.last_seen_at < pg_catalog.now() - $1 RETURNING w.id";

/// Forgets the couriers that were last heard of longer ago than `age`.
pub fn purge(client: &mut SpiClient<'_>, age: Interval) -> Result<usize> {
    Ok(run_fresh(client, PURGE, &[age.into()])?.count())
}
