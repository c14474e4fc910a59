//! Clearing away what has served its time.

use pgrx::datum::Interval;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};

use booking_core::{Code, Refusal};

use crate::answer;
use crate::error::{Error, Result};
use crate::follow_up;
use crate::history;
use crate::outbox;
use crate::statement::run_fresh;
use crate::voice;
use crate::worker;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn purge(p_older_than: Option<Interval>) -> pgrx::Json {
    answer::for_program(Spi::connect_mut(|client| purge_older(client, p_older_than)))
}

/// $1 the interval. From now on and as far back as anybody keeps anything.
const IS_AGE: &str = "
    SELECT $1 > interval '0' AND $1 <= interval '100 years'";

/// $1 the age. A hold that was never confirmed is nobody's history; an appointment, of whatever status, is.
const PURGE: &str = "
    WITH keys AS (
        DELETE FROM booking.idempotency_keys AS i WHERE i.created_at < pg_catalog.now() - $1 RETURNING 1
    ), holds AS (
        DELETE FROM booking.appointments AS a
        WHERE a.contact_id IS NULL
          AND a.expires_at < pg_catalog.now() - $1
        RETURNING 1
    )
    SELECT (SELECT pg_catalog.count(*) FROM keys), (SELECT pg_catalog.count(*) FROM holds)";

fn purge_older(client: &mut SpiClient<'_>, age: Option<Interval>) -> Result<Value> {
    let refused = || {
        let hint = "pass how old a row must be, as interval '30 days'";
        Refusal::new(Code::InvalidRequest, "p_older_than is not between nothing and a hundred years", hint)
    };
    let age = age.ok_or_else(refused)?;
    let is_age = run_fresh(client, IS_AGE, &[age.into()])?.first()?.get::<bool>(1)?;
    if is_age != Some(true) {
        return Err(refused().into());
    }
    let purged = run_fresh(client, PURGE, &[age.into()])?.first()?;
    let (keys, holds) = purged.get::<i64>(1)?.zip(purged.get::<i64>(2)?).ok_or_else(|| Error::missing("count"))?;
    let mut answer = json!({"success": true, "idempotencyKeys": keys, "holds": holds});
    // The library also serves the release before it, which has none of these.
    let is_new = outbox::exists(client)?;
    answer["jobs"] = if is_new { outbox::purge(client, age)? } else { 0 }.into();
    answer["events"] = if is_new { history::purge::purge(client, age)? } else { 0 }.into();
    answer["followUps"] = if is_new { follow_up::purge(client, age)? } else { 0 }.into();
    answer["callMessages"] = if is_new { voice::purge(client, age)? } else { 0 }.into();
    answer["workers"] = if is_new { worker::purge(client, age)? } else { 0 }.into();
    Ok(answer)
}
