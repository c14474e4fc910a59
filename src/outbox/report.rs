//! What couriers report: that a message went out, that a job failed, and what the provider tells about a message later.

use booking_core::outbox::delivery::OPTED_OUT;
use booking_core::outbox::{Delivery, Failed, Outcome, State};
use booking_core::{Code, limits};
use chrono::{DateTime, Utc};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::book::lock;
use crate::error::{Error, Result, or_raise};
use crate::event;
use crate::instant;
use crate::organization::{as_postgres, from_postgres};
use crate::outbox::{opt_out, undelivered};
use crate::outside_calendar;
use crate::setup::{invalid, required, required_id};
use crate::statement::run_fresh;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn finish_message(
    p_org_id: Option<pgrx::Uuid>,
    p_job_id: Option<pgrx::Uuid>,
    p_lease: Option<i64>,
    p_provider_sid: default!(Option<String>, "NULL"),
    p_status: default!(Option<String>, "'queued'"),
) -> bool {
    let finished = || -> Result<bool> {
        let claimed = Claimed::stated(p_org_id, p_job_id, p_lease)?;
        // It has a name there, so it has gone out, whatever else was said.
        let status = match Delivery::parse(p_status.as_deref().unwrap_or("queued")) {
            Err(_) if p_provider_sid.is_some() => Delivery::Queued,
            status => status?,
        };
        let sid = p_provider_sid.map(|sid| limits::label("provider sid", &sid, Code::InvalidRequest)).transpose()?;
        Spi::connect_mut(|client| finish(client, &claimed, sid.as_deref(), status))
    };
    or_raise(finished())
}

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn fail_job(
    p_org_id: Option<pgrx::Uuid>,
    p_job_id: Option<pgrx::Uuid>,
    p_lease: Option<i64>,
    p_error: Option<String>,
    p_outcome: default!(Option<String>, "'not_done'"),
    p_error_code: default!(Option<String>, "NULL"),
    p_retry_after_seconds: default!(Option<i32>, "NULL"),
) -> Option<String> {
    let failed = || -> Result<Option<String>> {
        let claimed = Claimed::stated(p_org_id, p_job_id, p_lease)?;
        let failure = Failure {
            error: limits::remark(required(p_error.as_deref(), "p_error")?),
            code: p_error_code.as_deref().map(limits::remark),
            retry_after_seconds: p_retry_after_seconds,
            outcome: Outcome::parse(p_outcome.as_deref().unwrap_or("not_done"))?,
        };
        Spi::connect_mut(|client| fail(client, &claimed, &failure))
    };
    or_raise(failed())
}

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn message_status(
    p_org_id: Option<pgrx::Uuid>,
    p_provider_sid: Option<String>,
    p_status: Option<String>,
    p_error_code: default!(Option<String>, "NULL"),
    p_message_id: default!(Option<pgrx::Uuid>, "NULL"),
) -> bool {
    let told = || -> Result<bool> {
        let org_id = required_id(p_org_id, "p_org_id")?;
        let sid = limits::label(
            "provider sid",
            required(p_provider_sid.as_deref(), "p_provider_sid")?,
            Code::InvalidRequest,
        )?;
        let status = Delivery::parse(required(p_status.as_deref(), "p_status")?)?;
        let code = p_error_code.as_deref().map(limits::remark);
        let news = News { sid, message_id: p_message_id, status, code };
        Spi::connect_mut(|client| tell(client, org_id, &news))
    };
    or_raise(told())
}

/// A job as its courier knows it: whoever has another lease has lost it.
pub struct Claimed {
    pub org_id: Uuid,
    pub job_id: Uuid,
    pub lease: i64,
}

impl Claimed {
    pub fn stated(org_id: Option<pgrx::Uuid>, job_id: Option<pgrx::Uuid>, lease: Option<i64>) -> Result<Self> {
        Ok(Claimed {
            org_id: required_id(org_id, "p_org_id")?,
            job_id: required_id(job_id, "p_job_id")?,
            lease: lease.ok_or_else(|| invalid("p_lease is NULL", "pass the lease that the claim returned"))?,
        })
    }
}

/// What the provider has told already, before the courier did, stays.
///
/// $1 org_id, $2 job, $3 lease, $4 provider's id, $5 status, $6 the clock, $7 id of the event.
const FINISH: &str = "
    WITH job AS (
        UPDATE booking.outbox AS o SET state = 'succeeded', finished_at = $6, leased_until = NULL, last_error = NULL
        WHERE o.org_id = $1 AND o.id = $2 AND o.lease = $3 AND o.state = 'running'
        RETURNING o.id, o.kind, o.attempts, o.appointment_id, o.follow_up_id
    ), message AS (
        UPDATE booking.messages AS m
        SET provider_sid = $4, updated_at = $6,
            status = CASE WHEN m.provider_sid = $4 THEN m.status ELSE $5 END,
            error_code = CASE WHEN m.provider_sid = $4 THEN m.error_code END
        FROM job
        WHERE m.org_id = $1 AND m.job_id = job.id
        RETURNING m.id
    ), event AS (
        INSERT INTO booking.events (org_id, id, kind, appointment_id, detail)
        SELECT $1, $7,
            CASE $5 WHEN 'dry_run' THEN 'message_dry_run' WHEN 'failed' THEN 'message_failed' ELSE 'message_sent' END,
            job.appointment_id, pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('jobId', job.id,
                'messageId', message.id, 'message', job.kind, 'attempt', job.attempts, 'followUpId', job.follow_up_id))
        FROM job, message
    )
    SELECT message.id FROM message";

/// Whether the job was still the courier's.
fn finish(client: &mut SpiClient<'_>, claimed: &Claimed, sid: Option<&str>, status: Delivery) -> Result<bool> {
    let arguments = [
        as_postgres(claimed.org_id).into(),
        as_postgres(claimed.job_id).into(),
        claimed.lease.into(),
        sid.into(),
        status.as_str().into(),
        instant::to_postgres(instant::clock_now())?.into(),
        event::new_id(),
    ];
    let is_ours = !run_fresh(client, FINISH, &arguments)?.is_empty();
    if is_ours {
        undelivered::follow(client, claimed.org_id, claimed.job_id)?;
    }
    Ok(is_ours)
}

/// Why an attempt failed.
pub struct Failure {
    pub error: String,
    pub code: Option<String>,
    pub retry_after_seconds: Option<i32>,
    pub outcome: Outcome,
}

/// $1 org_id, $2 job, $3 lease.
const LOCK: &str = "
    SELECT o.attempts, o.deadline, pg_catalog.random(), o.kind, o.appointment_id,
        EXISTS (
            SELECT FROM booking.messages AS m WHERE m.org_id = $1 AND m.job_id = $2 AND m.provider_sid IS NOT NULL)
    FROM booking.outbox AS o
    WHERE o.org_id = $1 AND o.id = $2 AND o.lease = $3 AND o.state = 'running'
    FOR NO KEY UPDATE";

/// Where another job for the same event has come to wait meanwhile, it does what this one was for, after the same pause.
///
/// $1 org_id, $2 job, $3 state, $4 when to try again or NULL, $5 the clock, $6 error, $7 code or NULL, $8 status of the message,
/// $9 outcome, $10 id of the event or NULL for none. What the other side said may name somebody, and is not in the event.
const FAIL: &str = "
    WITH job AS (
        UPDATE booking.outbox AS o
        SET state = CASE WHEN other.id IS NULL THEN $3 ELSE 'cancelled' END,
            run_at = COALESCE($4, o.run_at), leased_until = NULL, last_error = $6,
            finished_at = CASE WHEN $4 IS NULL OR other.id IS NOT NULL THEN $5 END,
            errors = o.errors || pg_catalog.jsonb_build_object('at', $5, 'attempt', o.attempts, 'error', $6, 'code', $7,
                'outcome', $9)
        FROM booking.outbox AS this
        LEFT JOIN booking.outbox AS other ON this.kind = 'calendar' AND other.org_id = $1
            AND other.appointment_id = this.appointment_id AND other.kind = 'calendar'
            AND other.state IN ('available', 'retryable')
        WHERE o.org_id = $1 AND o.id = $2 AND this.org_id = $1 AND this.id = $2
        RETURNING o.id, o.state, other.id AS other_id, o.kind, o.attempts, o.appointment_id, o.follow_up_id
    ), event AS (
        INSERT INTO booking.events (org_id, id, kind, appointment_id, detail)
        SELECT $1, $10,
            CASE WHEN job.kind = 'calendar' THEN 'event_failed' WHEN $9 = 'unknown' THEN 'message_uncertain'
                ELSE 'message_failed' END,
            job.appointment_id, pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('jobId', job.id,
                'message', NULLIF(job.kind, 'calendar'), 'attempt', job.attempts, 'outcome', $9, 'code', $7,
                'state', job.state, 'followUpId', job.follow_up_id))
        FROM job
        WHERE $10 IS NOT NULL
    ), other AS (
        UPDATE booking.outbox AS o SET run_at = GREATEST(o.run_at, $4)
        FROM job
        WHERE o.org_id = $1 AND o.id = job.other_id AND $4 IS NOT NULL
    ), message AS (
        UPDATE booking.messages AS m SET status = $8, error_code = $7, updated_at = $5
        FROM job
        WHERE m.org_id = $1 AND m.job_id = job.id AND m.provider_sid IS NULL
        RETURNING m.to_phone
    )
    SELECT job.state, (SELECT message.to_phone FROM message) FROM job";

/// The state that the job has after it; `None` where somebody else has it.
fn fail(client: &mut SpiClient<'_>, claimed: &Claimed, failure: &Failure) -> Result<Option<String>> {
    lock_appointment(client, claimed)?;
    let (org_id, job_id) = (as_postgres(claimed.org_id), as_postgres(claimed.job_id));
    let Some(job) = run_fresh(client, LOCK, &[org_id.into(), job_id.into(), claimed.lease.into()])?.next() else {
        return Ok(None);
    };
    if job.get::<bool>(6)?.unwrap_or(false) {
        return succeed(client, claimed).map(Some);
    }
    let failed = Failed {
        attempt: job.get(1)?.ok_or_else(|| Error::missing("attempt"))?,
        outcome: failure.outcome,
        retry_after_seconds: failure.retry_after_seconds,
        deadline: instant::from_postgres(job.get(2)?.ok_or_else(|| Error::missing("deadline"))?)?,
    };
    let (state, again) = failed.next(instant::clock_now(), job.get(3)?.unwrap_or(1.0));
    let (state, phone) = put_back(client, claimed, state, again, failure, Some(Uuid::now_v7()))?;
    if let (Some(OPTED_OUT), Some(phone)) = (failure.code.as_deref(), phone) {
        opt_out::add(client, claimed.org_id, &phone)?;
    }
    if state == State::Discarded.as_str() && job.get::<String>(4)?.as_deref() == Some("calendar") {
        outside_calendar::not_verified(client, claimed.org_id, job.get(5)?, &failure.error)?;
    }
    Ok(Some(state))
}

/// $1 org_id, $2 job, $3 the clock, $4 id of the event.
const SUCCEED: &str = "
    WITH job AS (
        UPDATE booking.outbox AS o SET state = 'succeeded', finished_at = $3, leased_until = NULL, last_error = NULL
        WHERE o.org_id = $1 AND o.id = $2
        RETURNING o.id, o.kind, o.attempts, o.appointment_id, o.follow_up_id
    )
    INSERT INTO booking.events (org_id, id, kind, appointment_id, detail)
    SELECT $1, $4, 'message_sent', job.appointment_id, pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
        'jobId', job.id, 'message', job.kind, 'attempt', job.attempts, 'followUpId', job.follow_up_id))
    FROM job";

/// The provider has told of the message, so that it has gone out, whatever its courier has seen of that.
fn succeed(client: &mut SpiClient<'_>, claimed: &Claimed) -> Result<String> {
    let clock = instant::to_postgres(instant::clock_now())?;
    run_fresh(
        client,
        SUCCEED,
        &[as_postgres(claimed.org_id).into(), as_postgres(claimed.job_id).into(), clock.into(), event::new_id()],
    )?;
    undelivered::follow(client, claimed.org_id, claimed.job_id)?;
    Ok(State::Succeeded.as_str().to_owned())
}

/// $1 org_id, $2 job.
const APPOINTMENT: &str = "
    SELECT o.appointment_id FROM booking.outbox AS o WHERE o.org_id = $1 AND o.id = $2";

/// $1 org_id, $2 appointment.
const LOCK_ROW: &str = "
    SELECT a.id FROM booking.appointments AS a WHERE a.org_id = $1 AND a.id = $2 FOR NO KEY UPDATE";

/// The appointment, before its job: whoever books, moves and cancels locks in this order too.
pub fn lock_appointment(client: &mut SpiClient<'_>, claimed: &Claimed) -> Result<()> {
    let job = [as_postgres(claimed.org_id).into(), as_postgres(claimed.job_id).into()];
    let Some(row) = run_fresh(client, APPOINTMENT, &job)?.next() else { return Ok(()) };
    // What is about a follow-up locks nothing before its job.
    let Some(id) = row.get::<pgrx::Uuid>(1)? else { return Ok(()) };
    lock::appointment(client, claimed.org_id, from_postgres(id))?;
    run_fresh(client, LOCK_ROW, &[as_postgres(claimed.org_id).into(), id.into()])?;
    Ok(())
}

/// Gives a job that is ours another state, and returns the one it got and whom its message was for. Recorded as `event`.
pub fn put_back(
    client: &mut SpiClient<'_>,
    claimed: &Claimed,
    state: State,
    again: Option<DateTime<Utc>>,
    failure: &Failure,
    event: Option<Uuid>,
) -> Result<(String, Option<String>)> {
    let status = if failure.outcome == Outcome::Unknown { "uncertain" } else { "failed" };
    let arguments = [
        as_postgres(claimed.org_id).into(),
        as_postgres(claimed.job_id).into(),
        state.as_str().into(),
        again.map(instant::to_postgres).transpose()?.into(),
        instant::to_postgres(instant::clock_now())?.into(),
        failure.error.as_str().into(),
        failure.code.as_deref().into(),
        status.into(),
        failure.outcome.as_str().into(),
        event.map(as_postgres).into(),
    ];
    let row = run_fresh(client, FAIL, &arguments)?.first()?;
    Ok((row.get(1)?.ok_or_else(|| Error::missing("state"))?, row.get(2)?))
}

struct News {
    sid: String,
    message_id: Option<pgrx::Uuid>,
    status: Delivery,
    code: Option<String>,
}

/// By the provider's name for it; or, where the courier has not told that yet, by ours, which it gave to the provider.
///
/// $1 org_id, $2 provider's id, $3 message or NULL.
const KNOWN: &str = "
    SELECT m.id, m.status, m.job_id, m.to_phone
    FROM booking.messages AS m
    WHERE m.org_id = $1
      AND (m.provider_sid = $2 OR (m.id = $3 AND m.provider_sid IS NULL AND NOT $2 = ANY (m.former_sids)))
    FOR NO KEY UPDATE";

/// $1 org_id, $2 message, $3 provider's id, $4 status, $5 code or NULL, $6 the clock, $7 id of the event. What happens on its way
/// is nothing to record.
const TELL: &str = "
    WITH message AS (
        UPDATE booking.messages AS m SET provider_sid = $3, status = $4, error_code = $5, updated_at = $6
        WHERE m.org_id = $1 AND m.id = $2
        RETURNING m.id, m.job_id, m.appointment_id, m.follow_up_id
    )
    INSERT INTO booking.events (org_id, id, kind, appointment_id, detail)
    SELECT $1, $7, 'message_' || $4, m.appointment_id, pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
        'jobId', m.job_id, 'messageId', m.id, 'code', $5, 'followUpId', m.follow_up_id))
    FROM message AS m
    WHERE $4 IN ('delivered', 'failed')";

/// Whether it was news about a message of this organization.
fn tell(client: &mut SpiClient<'_>, org_id: Uuid, news: &News) -> Result<bool> {
    let sid = news.sid.as_str();
    let Some(row) = run_fresh(client, KNOWN, &[as_postgres(org_id).into(), sid.into(), news.message_id.into()])?.next()
    else {
        return Ok(false);
    };
    let message_id: pgrx::Uuid = row.get(1)?.ok_or_else(|| Error::missing("message"))?;
    let known: String = row.get(2)?.ok_or_else(|| Error::missing("status"))?;
    // That an attempt is under way is our word and not the provider's.
    let known = Delivery::parse(&known).ok().filter(|known| *known != Delivery::Sending);
    if !news.status.follows(known) {
        return Ok(false);
    }
    let arguments = [
        as_postgres(org_id).into(),
        message_id.into(),
        sid.into(),
        news.status.as_str().into(),
        news.code.as_deref().into(),
        instant::to_postgres(instant::clock_now())?.into(),
        event::new_id(),
    ];
    run_fresh(client, TELL, &arguments)?;
    if let (Some(OPTED_OUT), Some(phone)) = (news.code.as_deref(), row.get::<String>(4)?) {
        opt_out::add(client, org_id, &phone)?;
    }
    if let (Delivery::Failed, Some(job_id)) = (news.status, row.get::<pgrx::Uuid>(3)?) {
        undelivered::follow(client, org_id, from_postgres(job_id))?;
    }
    Ok(true)
}
