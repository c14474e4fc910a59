//! What the provider had taken and could not deliver: sent once more, or a dead letter.

use booking_core::outbox::delivery::second_try;
use booking_core::outbox::{State, why_undelivered};
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::instant;
use crate::organization::as_postgres;
use crate::statement::run_fresh;

/// $1 org_id, $2 job.
const LOCK_UNDELIVERED: &str = "
    SELECT pg_catalog.cardinality(m.former_sids), o.deadline, m.error_code
    FROM booking.outbox AS o
    JOIN booking.messages AS m ON m.org_id = o.org_id AND m.job_id = o.id
    WHERE o.org_id = $1 AND o.id = $2 AND o.state = 'succeeded' AND m.status = 'failed'
    FOR NO KEY UPDATE OF o";

/// What the attempt was called is kept apart: the provider may still tell of it, and that is no news of the next, whether it follows
/// by itself or because somebody requeues the job.
///
/// $1 org_id, $2 job, $3 state, $4 when again or NULL, $5 the clock, $6 error, $7 code or NULL.
const UNDELIVERED: &str = "
    WITH job AS (
        UPDATE booking.outbox AS o
        SET state = $3, run_at = COALESCE($4, o.run_at), finished_at = CASE WHEN $4 IS NULL THEN $5 END, last_error = $6,
            errors = o.errors
                || pg_catalog.jsonb_build_object('at', $5, 'attempt', o.attempts, 'error', $6, 'code', $7)
        WHERE o.org_id = $1 AND o.id = $2
    )
    UPDATE booking.messages AS m
    SET former_sids = m.former_sids || m.provider_sid, provider_sid = NULL
    WHERE m.org_id = $1 AND m.job_id = $2 AND m.provider_sid IS NOT NULL";

/// What follows where the provider had taken a message and could not deliver it: it is sent once more, where that can help, or else
/// its job is a dead letter.
pub fn follow(client: &mut SpiClient<'_>, org_id: Uuid, job_id: Uuid) -> Result<()> {
    let of = [as_postgres(org_id).into(), as_postgres(job_id).into()];
    let Some(job) = run_fresh(client, LOCK_UNDELIVERED, &of)?.next() else { return Ok(()) };
    let undelivered: i32 = job.get(1)?.unwrap_or(0);
    let deadline = instant::from_postgres(job.get(2)?.ok_or_else(|| Error::missing("deadline"))?)?;
    let code: Option<String> = job.get(3)?;
    let clock = instant::clock_now();
    let again = second_try(code.as_deref(), undelivered, deadline, clock);
    let state = if again.is_some() { State::Retryable } else { State::Discarded };
    let arguments = [
        as_postgres(org_id).into(),
        as_postgres(job_id).into(),
        state.as_str().into(),
        again.map(instant::to_postgres).transpose()?.into(),
        instant::to_postgres(clock)?.into(),
        why_undelivered(code.as_deref()).into(),
        code.into(),
    ];
    run_fresh(client, UNDELIVERED, &arguments)?;
    Ok(())
}
