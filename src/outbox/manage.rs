//! What an organization decides about its messages, and what becomes of single ones.

use booking_core::outbox::Messaging;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

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
        let arguments = [as_postgres(org_id).into(), to_json(&messaging, is_on).to_string().into()];
        Spi::connect_mut(|client| {
            if run_fresh(client, SET, &arguments)?.is_empty() {
                return Err(org_not_found(&org_id.to_string()).into());
            }
            Ok(())
        })
    };
    or_raise(set());
}

/// $1 org_id, $2 settings of messages.
const SET: &str = "
    UPDATE booking.organizations AS o
    SET settings = o.settings || pg_catalog.jsonb_build_object('messages', $2::pg_catalog.jsonb)
    WHERE o.org_id = $1
    RETURNING o.org_id";

/// $1 org_id, $2 on, $3 what it is where nobody has said anything yet.
const SWITCH: &str = "
    UPDATE booking.organizations AS o
    SET settings = o.settings || pg_catalog.jsonb_build_object('messages',
        COALESCE(o.settings -> 'messages', $3::pg_catalog.jsonb) || pg_catalog.jsonb_build_object('on', $2))
    WHERE o.org_id = $1";

/// Turns messages on or off, as an account to send them with comes or goes.
pub fn switch(client: &mut SpiClient<'_>, org_id: Uuid, is_on: bool) -> Result<()> {
    let usual = to_json(&Messaging::usual(), is_on).to_string();
    run_fresh(client, SWITCH, &[as_postgres(org_id).into(), is_on.into(), usual.into()])?;
    Ok(())
}

fn to_json(messaging: &Messaging, is_on: bool) -> Value {
    json!({"on": is_on, "language": messaging.language, "reminder_minutes": messaging.reminder_minutes})
}

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn pause_couriers(p_org_id: Option<pgrx::Uuid>, p_is_paused: default!(Option<bool>, "true")) {
    let paused = || -> Result<()> {
        let org_id = required_id(p_org_id, "p_org_id")?;
        let is_paused = p_is_paused.ok_or_else(|| missing("p_is_paused"))?;
        Spi::connect_mut(|client| {
            if run_fresh(client, PAUSE, &[as_postgres(org_id).into(), is_paused.into()])?.is_empty() {
                return Err(org_not_found(&org_id.to_string()).into());
            }
            Ok(())
        })
    };
    or_raise(paused());
}

/// $1 org_id, $2 whether.
const PAUSE: &str = "
    UPDATE booking.organizations AS o
    SET settings = CASE WHEN $2 THEN o.settings || '{\"paused\": true}' ELSE o.settings - 'paused' END
    WHERE o.org_id = $1
    RETURNING o.org_id";

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn requeue_job(p_org_id: Option<pgrx::Uuid>, p_job_id: Option<pgrx::Uuid>) -> bool {
    or_raise(Spi::connect_mut(|client| change(client, REQUEUE, p_org_id, p_job_id)))
}

/// $1 org_id, $2 job, $3 the clock. Its errors stay on record. One job is enough to bring an event into
/// line, and to remind of a follow-up.
const REQUEUE: &str = "
    UPDATE booking.outbox AS o SET state = 'available', attempts = 0, run_at = $3, finished_at = NULL
    WHERE o.org_id = $1 AND o.id = $2 AND o.state IN ('discarded', 'cancelled') AND o.deadline > $3
      AND NOT (o.kind = 'calendar' AND EXISTS (
          SELECT FROM booking.outbox AS other
          WHERE other.org_id = $1 AND other.appointment_id = o.appointment_id AND other.kind = 'calendar'
            AND other.state IN ('available', 'retryable')))
      AND NOT (o.kind = 'follow_up' AND EXISTS (
          SELECT FROM booking.outbox AS other
          WHERE other.org_id = $1 AND other.follow_up_id = o.follow_up_id AND other.state IN ('available', 'retryable')))
    RETURNING o.id";

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn cancel_job(p_org_id: Option<pgrx::Uuid>, p_job_id: Option<pgrx::Uuid>) -> bool {
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
