//! What an organization decides about its messages, and what becomes of single ones.

use booking_core::outbox::Messaging;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::json;

use crate::error::{Result, or_raise};
use crate::instant;
use crate::organization::{as_postgres, org_not_found};
use crate::setup::{missing, required_id};
use crate::statement::run_fresh;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn set_messaging(
    p_org_id: Option<pgrx::Uuid>,
    p_is_on: Option<bool>,
    p_reminder_minutes: default!(Option<Vec<Option<i32>>>, "'{1440,120}'"),
    p_language: default!(Option<String>, "'en'"),
) {
    let set = || -> Result<()> {
        let org_id = required_id(p_org_id, "p_org_id")?;
        let is_on = p_is_on.ok_or_else(|| missing("p_is_on"))?;
        let minutes: Option<Vec<i32>> = p_reminder_minutes.unwrap_or_default().into_iter().collect();
        let minutes = minutes.ok_or_else(|| missing("an element of p_reminder_minutes"))?;
        let messaging = Messaging::checked(p_language.as_deref().unwrap_or("en"), minutes)?;
        let settings = json!({"language": messaging.language, "reminder_minutes": messaging.reminder_minutes});
        let arguments = [as_postgres(org_id).into(), is_on.then(|| settings.to_string()).into()];
        Spi::connect_mut(|client| {
            if run_fresh(client, SET, &arguments)?.is_empty() {
                return Err(org_not_found(&org_id.to_string()).into());
            }
            Ok(())
        })
    };
    or_raise(set());
}

/// $1 org_id, $2 settings of messages or NULL.
const SET: &str = "
    UPDATE booking.organizations AS o
    SET settings = CASE WHEN $2 IS NULL THEN o.settings - 'messages'
        ELSE o.settings || pg_catalog.jsonb_build_object('messages', $2::pg_catalog.jsonb) END
    WHERE o.org_id = $1
    RETURNING o.org_id";

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn requeue_message(p_org_id: Option<pgrx::Uuid>, p_job_id: Option<pgrx::Uuid>) -> bool {
    or_raise(Spi::connect_mut(|client| change(client, REQUEUE, p_org_id, p_job_id)))
}

/// $1 org_id, $2 job, $3 the clock. Its errors stay on record.
const REQUEUE: &str = "
    UPDATE booking.outbox AS o SET state = 'available', attempts = 0, run_at = $3, finished_at = NULL
    WHERE o.org_id = $1 AND o.id = $2 AND o.state IN ('discarded', 'cancelled') AND o.deadline > $3
    RETURNING o.id";

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn cancel_message(p_org_id: Option<pgrx::Uuid>, p_job_id: Option<pgrx::Uuid>) -> bool {
    or_raise(Spi::connect_mut(|client| change(client, CANCEL, p_org_id, p_job_id)))
}

/// $1 org_id, $2 job, $3 the clock. What is under way cannot be called back.
const CANCEL: &str = "
    UPDATE booking.outbox AS o SET state = 'cancelled', finished_at = $3
    WHERE o.org_id = $1 AND o.id = $2 AND o.state IN ('available', 'retryable')
    RETURNING o.id";

/// Whether there was such a job to change.
fn change(
    client: &mut SpiClient<'_>,
    sql: &'static str,
    org_id: Option<pgrx::Uuid>,
    job_id: Option<pgrx::Uuid>,
) -> Result<bool> {
    let (org_id, job_id) = (required_id(org_id, "p_org_id")?, required_id(job_id, "p_job_id")?);
    let clock = instant::to_postgres(instant::clock_now())?;
    Ok(!run_fresh(client, sql, &[as_postgres(org_id).into(), as_postgres(job_id).into(), clock.into()])?.is_empty())
}
