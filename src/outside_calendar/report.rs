//! What couriers report of events: that one is as it is to be, or that somebody has deleted it for good.

use booking_core::outbox::{Failed, Messaging, Outcome};
use booking_core::{Code, limits};
use chrono::{DateTime, Utc};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::json;
use uuid::Uuid;

use crate::error::{Error, Result, or_raise};
use crate::event;
use crate::instant;
use crate::organization::{as_postgres, from_postgres};
use crate::outbox;
use crate::outbox::report::{Claimed, Failure, lock_appointment, put_back};
use crate::outside_calendar::enqueue;
use crate::setup::required;
use crate::statement::run_fresh;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::too_many_arguments)]
fn finish_event(
    p_org_id: Option<pgrx::Uuid>,
    p_job_id: Option<pgrx::Uuid>,
    p_lease: Option<i64>,
    p_event_id: default!(Option<String>, "NULL"),
    p_etag: default!(Option<String>, "NULL"),
    p_changed_at: default!(Option<TimestampWithTimeZone>, "NULL"),
    p_removed: default!(Option<Vec<Option<String>>>, "'{}'"),
    p_is_dry_run: default!(Option<bool>, "false"),
) -> bool {
    let finished = || -> Result<bool> {
        let claimed = Claimed::stated(p_org_id, p_job_id, p_lease)?;
        let done = Done {
            event_id: p_event_id,
            etag: p_etag.as_deref().map(limits::remark),
            changed_at: p_changed_at,
            removed: p_removed.unwrap_or_default().into_iter().flatten().collect(),
            state: if p_is_dry_run.unwrap_or(false) { "dry_run" } else { "present" },
        };
        Spi::connect_mut(|client| finish(client, &claimed, &done))
    };
    or_raise(finished())
}

/// What a courier has done.
struct Done {
    /// The event as the calendar calls it, where there was one to be written.
    event_id: Option<String>,
    etag: Option<String>,
    changed_at: Option<TimestampWithTimeZone>,
    removed: Vec<String>,
    state: &'static str,
}

/// $1 org_id, $2 job, $3 lease, $4 the clock.
const FINISH: &str = "
    UPDATE booking.outbox AS o SET state = 'succeeded', finished_at = $4, leased_until = NULL, last_error = NULL
    WHERE o.org_id = $1 AND o.id = $2 AND o.lease = $3 AND o.state = 'running' AND o.kind = 'calendar'
    RETURNING o.appointment_id";

/// $1 org_id, $2 appointment, $3 event or NULL, $4 etag, $5 the provider's clock, $6 removed, $7 state, $8 job, $9 id of what is
/// recorded of the event, $10 ids of what is recorded of each that was removed. What was only to be deleted and was not, stays to
/// be.
const WRITTEN: &str = "
    WITH written AS (
        UPDATE booking.calendar_events AS e
        SET state = CASE WHEN e.event_id = $3 THEN $7 ELSE 'gone' END, flag = NULL,
            etag = CASE WHEN e.event_id = $3 THEN $4 ELSE e.etag END,
            changed_at = CASE WHEN e.event_id = $3 THEN $5 ELSE e.changed_at END, updated_at = pg_catalog.clock_timestamp()
        WHERE e.org_id = $1 AND e.appointment_id = $2
          AND ((e.event_id = $3 AND e.state IN ('wanted', 'present')) OR (e.event_id = ANY ($6) AND e.state = 'unwanted'))
        RETURNING e.event_id, e.state
    ), named AS (
        SELECT $9 AS id, $3 AS event_id
        UNION ALL
        SELECT r.id, r.event_id FROM unnest($10, $6) AS r (id, event_id)
    )
    INSERT INTO booking.events (org_id, id, kind, appointment_id, detail)
    SELECT DISTINCT ON (w.event_id) $1, n.id, CASE w.state WHEN 'gone' THEN 'event_removed' ELSE 'event_written' END, $2,
        pg_catalog.jsonb_build_object('jobId', $8, 'eventId', w.event_id)
            || CASE WHEN w.state = 'dry_run' THEN '{\"dryRun\": true}' ELSE '{}' END::pg_catalog.jsonb
    FROM written AS w
    JOIN named AS n ON n.event_id = w.event_id
    ORDER BY w.event_id, n.id";

fn finish(client: &mut SpiClient<'_>, claimed: &Claimed, done: &Done) -> Result<bool> {
    let (org_id, job_id) = (as_postgres(claimed.org_id), as_postgres(claimed.job_id));
    lock_appointment(client, claimed)?;
    let clock = instant::clock_now();
    let arguments = [org_id.into(), job_id.into(), claimed.lease.into(), instant::to_postgres(clock)?.into()];
    let Some(job) = run_fresh(client, FINISH, &arguments)?.next() else { return Ok(false) };
    let appointment_id: pgrx::Uuid = job.get(1)?.ok_or_else(|| Error::missing("appointment"))?;
    let removed: Vec<&str> = done.removed.iter().map(String::as_str).collect();
    let ids: Vec<pgrx::Uuid> = removed.iter().map(|_| as_postgres(Uuid::now_v7())).collect();
    let arguments = [
        org_id.into(),
        appointment_id.into(),
        done.event_id.as_deref().into(),
        done.etag.as_deref().into(),
        done.changed_at.into(),
        removed.into(),
        done.state.into(),
        job_id.into(),
        event::new_id(),
        ids.into(),
    ];
    run_fresh(client, WRITTEN, &arguments)?;
    if done.event_id.is_some() {
        verify(client, claimed.org_id, from_postgres(appointment_id), clock)?;
    }
    Ok(true)
}

/// $1 org_id, $2 appointment, $3 the clock. In time, or not at all.
const VERIFY: &str = "
    UPDATE booking.appointments AS a SET status = 'confirmed', expires_at = NULL
    WHERE a.org_id = $1 AND a.id = $2 AND a.status = 'held' AND a.contact_id IS NOT NULL AND a.expires_at > $3
    RETURNING a.id";

/// $1 org_id, $2 appointment.
const STANDS: &str = "
    SELECT a.status IN ('pending', 'confirmed', 'completed', 'no_show') AND a.contact_id IS NOT NULL, a.starts_at, a.ends_at,
        g.settings ->> 'messages'
    FROM booking.organizations AS g
    LEFT JOIN booking.appointments AS a ON a.org_id = g.org_id AND a.id = $2
    WHERE g.org_id = $1";

/// The event is there: a booking that has waited for it is one now, and the patient hears of it. Where the appointment is off
/// meanwhile, its event has to go again.
fn verify(client: &mut SpiClient<'_>, org_id: Uuid, id: Uuid, clock: DateTime<Utc>) -> Result<()> {
    let of = [as_postgres(org_id).into(), as_postgres(id).into()];
    let at = instant::to_postgres(clock)?;
    let is_verified =
        !run_fresh(client, VERIFY, &[as_postgres(org_id).into(), as_postgres(id).into(), at.into()])?.is_empty();
    let row = run_fresh(client, STANDS, &of)?.first()?;
    let moment = |column| -> Result<Option<DateTime<Utc>>> {
        Ok(row.get::<TimestampWithTimeZone>(column)?.map(instant::from_postgres).transpose()?)
    };
    if row.get::<bool>(1)? != Some(true) {
        return enqueue(client, org_id, id, moment(3)?.unwrap_or(clock));
    }
    if is_verified {
        event::record(client, org_id, event::Kind::Verified, Some(id), &json!({}))?;
        let messaging: Option<Messaging> = row.get::<String>(4)?.as_deref().and_then(outbox::messaging);
        if let Some((messaging, start)) = messaging.zip(moment(2)?) {
            outbox::confirmed(client, org_id, &messaging, id, start)?;
        }
    }
    Ok(())
}

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn lost_event(
    p_org_id: Option<pgrx::Uuid>,
    p_job_id: Option<pgrx::Uuid>,
    p_lease: Option<i64>,
    p_event_id: Option<String>,
) -> bool {
    let lost = || -> Result<bool> {
        let claimed = Claimed::stated(p_org_id, p_job_id, p_lease)?;
        let event_id = limits::label("event id", required(p_event_id.as_deref(), "p_event_id")?, Code::InvalidRequest)?;
        Spi::connect_mut(|client| lose(client, &claimed, &event_id))
    };
    or_raise(lost())
}

/// $1 org_id, $2 job, $3 lease, $4 event.
const LOSE: &str = "
    UPDATE booking.calendar_events AS e SET state = 'gone', flag = NULL, updated_at = pg_catalog.clock_timestamp()
    FROM booking.outbox AS o
    WHERE o.org_id = $1 AND o.id = $2 AND o.lease = $3 AND o.state = 'running'
      AND e.org_id = $1 AND e.appointment_id = o.appointment_id AND e.event_id = $4
    RETURNING e.appointment_id";

/// $1 org_id, $2 job.
const ATTEMPT: &str = "
    SELECT o.attempts, o.deadline, pg_catalog.random() FROM booking.outbox AS o WHERE o.org_id = $1 AND o.id = $2";

/// Its id is used up: the job comes again, at once the first time, with the next. That somebody deleted the event is on record.
fn lose(client: &mut SpiClient<'_>, claimed: &Claimed, event_id: &str) -> Result<bool> {
    lock_appointment(client, claimed)?;
    let (org_id, job_id) = (as_postgres(claimed.org_id), as_postgres(claimed.job_id));
    let arguments = [org_id.into(), job_id.into(), claimed.lease.into(), event_id.into()];
    let Some(row) = run_fresh(client, LOSE, &arguments)?.next() else { return Ok(false) };
    let appointment_id = row.get::<pgrx::Uuid>(1)?.map(from_postgres);
    let detail = json!({"eventId": event_id});
    event::record(client, claimed.org_id, event::Kind::EventRestored, appointment_id, &detail)?;
    let failure = Failure {
        error: "the event was deleted in the calendar".to_owned(),
        code: None,
        retry_after_seconds: None,
        outcome: Outcome::NotDone,
    };
    let job = run_fresh(client, ATTEMPT, &[org_id.into(), job_id.into()])?.first()?;
    let attempt = job.get(1)?.ok_or_else(|| Error::missing("attempt"))?;
    let deadline = instant::from_postgres(job.get(2)?.ok_or_else(|| Error::missing("deadline"))?)?;
    let failed = Failed { attempt, outcome: failure.outcome, retry_after_seconds: None, deadline };
    let chance = if attempt <= 1 { 0.0 } else { job.get(3)?.unwrap_or(1.0) };
    let (state, again) = failed.next(instant::clock_now(), chance);
    put_back(client, claimed, state, again, &failure, None)?;
    Ok(true)
}

/// $1 org_id, $2 appointment, $3 the clock, $4 why.
const NOT_VERIFIED: &str = "
    UPDATE booking.appointments AS a SET status = 'cancelled', cancelled_at = $3, cancel_reason = $4
    WHERE a.org_id = $1 AND a.id = $2 AND a.status = 'held' AND a.contact_id IS NOT NULL
    RETURNING a.ends_at";

/// The calendar does not take the event, so that a booking that waited for it is none: its time is free.
pub fn not_verified(client: &mut SpiClient<'_>, org_id: Uuid, id: Option<pgrx::Uuid>, why: &str) -> Result<()> {
    let reason = limits::remark(&format!("the calendar did not take it: {why}"));
    let clock = instant::to_postgres(instant::clock_now())?;
    let arguments = [as_postgres(org_id).into(), id.into(), clock.into(), reason.as_str().into()];
    let Some(row) = run_fresh(client, NOT_VERIFIED, &arguments)?.next() else { return Ok(()) };
    let (id, end) = id.map(from_postgres).zip(row.get(1)?).ok_or_else(|| Error::missing("appointment"))?;
    event::record(client, org_id, event::Kind::VerificationFailed, Some(id), &event::because(&reason))?;
    enqueue(client, org_id, id, instant::from_postgres(end)?)
}
