//! What couriers report: that a message went out, that it did not, and what the provider tells about it later.

use booking_core::outbox::{Delivery, MOST_ATTEMPTS, State, is_permanent, pause};
use booking_core::{Code, limits};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::{Error, Result, or_raise};
use crate::instant;
use crate::organization::as_postgres;
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
        let status = Delivery::parse(p_status.as_deref().unwrap_or("queued"))?;
        let sid = p_provider_sid.map(|sid| limits::label("provider sid", &sid, Code::InvalidRequest)).transpose()?;
        Spi::connect_mut(|client| finish(client, &claimed, sid.as_deref(), status))
    };
    or_raise(finished())
}

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn fail_message(
    p_org_id: Option<pgrx::Uuid>,
    p_job_id: Option<pgrx::Uuid>,
    p_lease: Option<i64>,
    p_error: Option<String>,
    p_error_code: default!(Option<String>, "NULL"),
    p_retry_after_seconds: default!(Option<i32>, "NULL"),
    p_is_unsure: default!(Option<bool>, "false"),
) -> Option<String> {
    let failed = || -> Result<Option<String>> {
        let claimed = Claimed::stated(p_org_id, p_job_id, p_lease)?;
        let failure = Failure {
            error: limits::label("error", required(p_error.as_deref(), "p_error")?, Code::InvalidRequest)?,
            code: p_error_code.map(|code| limits::label("error code", &code, Code::InvalidRequest)).transpose()?,
            retry_after_seconds: p_retry_after_seconds,
            is_unsure: p_is_unsure.unwrap_or(false),
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
        let code = p_error_code.map(|code| limits::label("error code", &code, Code::InvalidRequest)).transpose()?;
        let news = News { sid, message_id: p_message_id, status, code };
        Spi::connect_mut(|client| tell(client, org_id, &news))
    };
    or_raise(told())
}

/// A job as its courier knows it: whoever has another lease has lost it.
struct Claimed {
    org_id: Uuid,
    job_id: Uuid,
    lease: i64,
}

impl Claimed {
    fn stated(org_id: Option<pgrx::Uuid>, job_id: Option<pgrx::Uuid>, lease: Option<i64>) -> Result<Self> {
        Ok(Claimed {
            org_id: required_id(org_id, "p_org_id")?,
            job_id: required_id(job_id, "p_job_id")?,
            lease: lease.ok_or_else(|| invalid("p_lease is NULL", "pass the lease that claim_messages returned"))?,
        })
    }
}

/// What the provider has told already, before the courier did, stays.
///
/// $1 org_id, $2 job, $3 lease, $4 provider's id, $5 status, $6 the clock.
const FINISH: &str = "
    WITH job AS (
        UPDATE booking.outbox AS o SET state = 'succeeded', finished_at = $6, leased_until = NULL, last_error = NULL
        WHERE o.org_id = $1 AND o.id = $2 AND o.lease = $3 AND o.state = 'running'
        RETURNING o.id
    )
    UPDATE booking.messages AS m
    SET provider_sid = $4, updated_at = $6,
        status = CASE WHEN m.provider_sid = $4 THEN m.status ELSE $5 END,
        error_code = CASE WHEN m.provider_sid = $4 THEN m.error_code END
    FROM job
    WHERE m.org_id = $1 AND m.job_id = job.id
    RETURNING m.id";

fn finish(client: &mut SpiClient<'_>, claimed: &Claimed, sid: Option<&str>, status: Delivery) -> Result<bool> {
    let arguments = [
        as_postgres(claimed.org_id).into(),
        as_postgres(claimed.job_id).into(),
        claimed.lease.into(),
        sid.into(),
        status.as_str().into(),
        instant::to_postgres(instant::clock_now())?.into(),
    ];
    Ok(!run_fresh(client, FINISH, &arguments)?.is_empty())
}

struct Failure {
    error: String,
    code: Option<String>,
    retry_after_seconds: Option<i32>,
    /// Whether the message may have gone out all the same.
    is_unsure: bool,
}

/// $1 org_id, $2 job, $3 lease.
const LOCK: &str = "
    SELECT o.attempts, o.deadline, pg_catalog.random()
    FROM booking.outbox AS o
    WHERE o.org_id = $1 AND o.id = $2 AND o.lease = $3 AND o.state = 'running'
    FOR NO KEY UPDATE";

/// $1 org_id, $2 job, $3 state, $4 when to try again or NULL, $5 the clock, $6 error, $7 code or NULL, $8 status of the message.
const FAIL: &str = "
    WITH job AS (
        UPDATE booking.outbox AS o
        SET state = $3, run_at = COALESCE($4, o.run_at), leased_until = NULL, last_error = $6,
            finished_at = CASE WHEN $4 IS NULL THEN $5 END,
            errors = o.errors || pg_catalog.jsonb_build_object('at', $5, 'attempt', o.attempts, 'error', $6, 'code', $7)
        WHERE o.org_id = $1 AND o.id = $2
        RETURNING o.id
    )
    UPDATE booking.messages AS m SET status = $8, error_code = $7, updated_at = $5
    FROM job
    WHERE m.org_id = $1 AND m.job_id = job.id";

/// The state that the job has after it; `None` where somebody else has it.
fn fail(client: &mut SpiClient<'_>, claimed: &Claimed, failure: &Failure) -> Result<Option<String>> {
    let (org_id, job_id) = (as_postgres(claimed.org_id), as_postgres(claimed.job_id));
    let Some(job) = run_fresh(client, LOCK, &[org_id.into(), job_id.into(), claimed.lease.into()])?.next() else {
        return Ok(None);
    };
    let attempt: i32 = job.get(1)?.ok_or_else(|| Error::missing("attempt"))?;
    let deadline = instant::from_postgres(job.get(2)?.ok_or_else(|| Error::missing("deadline"))?)?;
    let chance: f64 = job.get(3)?.unwrap_or(1.0);
    let clock = instant::clock_now();
    let again = clock.checked_add_signed(pause(attempt, failure.retry_after_seconds, chance)).unwrap_or(deadline);
    let is_over = failure.code.as_deref().is_some_and(is_permanent) || attempt >= MOST_ATTEMPTS || again >= deadline;
    let state = if is_over { State::Discarded } else { State::Retryable };
    let status = if failure.is_unsure { "uncertain" } else { "failed" };
    let arguments = [
        org_id.into(),
        job_id.into(),
        state.as_str().into(),
        (!is_over).then(|| instant::to_postgres(again)).transpose()?.into(),
        instant::to_postgres(clock)?.into(),
        failure.error.as_str().into(),
        failure.code.as_deref().into(),
        status.into(),
    ];
    run_fresh(client, FAIL, &arguments)?;
    Ok(Some(state.as_str().to_owned()))
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
    SELECT m.id, m.status
    FROM booking.messages AS m
    WHERE m.org_id = $1 AND (m.provider_sid = $2 OR (m.id = $3 AND m.provider_sid IS NULL))
    FOR NO KEY UPDATE";

/// $1 org_id, $2 message, $3 provider's id, $4 status, $5 code or NULL, $6 the clock.
const TELL: &str = "
    UPDATE booking.messages AS m SET provider_sid = $3, status = $4, error_code = $5, updated_at = $6
    WHERE m.org_id = $1 AND m.id = $2";

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
    ];
    run_fresh(client, TELL, &arguments)?;
    Ok(true)
}
