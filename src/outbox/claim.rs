//! Claiming jobs: whose turn it is, and a lease on them.

use booking_core::outbox::State;
use booking_core::outbox::attempt::MOST_ATTEMPTS;
use booking_core::{Code, Refusal, limits};
use chrono::{DateTime, Duration, Utc};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::event;
use crate::instant;
use crate::organization::{as_postgres, from_postgres};
use crate::setup::required;
use crate::statement::run_fresh;

/// The most jobs of one claim.
const MOST_JOBS: i32 = 100;
/// The longest lease, in seconds.
const LONGEST_LEASE_SECONDS: i32 = 3600;

/// What a courier asks for.
pub struct Asked {
    pub worker: String,
    pub limit: i32,
    pub lease_seconds: i32,
    /// Whether nothing is to go out: then only those who have no account get their jobs done.
    pub is_dry_run: bool,
}

impl Asked {
    pub fn checked(
        worker: Option<&str>,
        limit: Option<i32>,
        seconds: Option<i32>,
        is_dry_run: Option<bool>,
    ) -> Result<Self> {
        Ok(Asked {
            worker: limits::label("worker", required(worker, "p_worker")?, Code::InvalidRequest)?,
            limit: in_range("p_limit", limit.unwrap_or(10), MOST_JOBS)?,
            lease_seconds: in_range("p_lease_seconds", seconds.unwrap_or(60), LONGEST_LEASE_SECONDS)?,
            is_dry_run: is_dry_run.unwrap_or(false),
        })
    }

    /// The end of a lease that begins at `clock`.
    pub fn until(&self, clock: DateTime<Utc>) -> DateTime<Utc> {
        clock.checked_add_signed(Duration::seconds(i64::from(self.lease_seconds))).unwrap_or(clock)
    }
}

/// A number from 1 to `most`.
pub fn in_range(argument: &str, number: i32, most: i32) -> std::result::Result<i32, Refusal> {
    if (1..=most).contains(&number) {
        return Ok(number);
    }
    let message = format!("{argument} {number} is not between 1 and {most}");
    Err(Refusal::new(Code::InvalidRequest, message, "leave it out for the usual one"))
}

pub struct Job {
    pub org_id: Uuid,
    pub id: Uuid,
    pub kind: String,
    /// The appointment that it is about, or the follow-up.
    pub subject_id: Uuid,
    pub lease: i64,
    pub attempt: i32,
    pub deadline: DateTime<Utc>,
    /// Whether another courier had it, whose lease has ended.
    was_running: bool,
}

impl Job {
    /// The appointment that it is about, unless that is a follow-up.
    pub fn appointment_id(&self) -> Option<Uuid> {
        (self.kind != FOLLOW_UP).then_some(self.subject_id)
    }

    /// The follow-up that it is about, unless that is an appointment.
    pub fn follow_up_id(&self) -> Option<Uuid> {
        (self.kind == FOLLOW_UP).then_some(self.subject_id)
    }
}

/// The kind of the jobs that remind somebody of a follow-up.
pub const FOLLOW_UP: &str = "follow_up";

/// Organization by organization, one job each before a second of any, and what couriers have in hand counts: whoever has
/// thousands waiting keeps nobody else waiting. Among equals chance decides, so that none is always last. More are looked at
/// than are wanted, since another courier may hold some of them. A job whose lease has ended comes first; nobody knows what
/// became of it; `grace` is how long after it what was begun may still show. An organization that is paused, whose account is not
/// accepted at the moment, or whose sender has enough to do for the next second is left out.
///
/// $1 the clock, $2 how many, $3 end of the lease, $4 courier, $5 whether nothing is to go out.
macro_rules! claim_statement {
    (kinds: $kinds:literal, provider: $provider:literal, only: $only:literal, grace: $grace:literal) => {
        concat!(
            "
    WITH RECURSIVE organization AS (
        (SELECT o.org_id FROM booking.outbox AS o
        WHERE o.state IN ('available', 'retryable') AND ",
            $kinds,
            " ORDER BY o.org_id LIMIT 1)
        UNION ALL
        SELECT (
            SELECT o.org_id FROM booking.outbox AS o
            WHERE o.state IN ('available', 'retryable') AND ",
            $kinds,
            " AND o.org_id > organization.org_id ORDER BY o.org_id LIMIT 1)
        FROM organization
        WHERE organization.org_id IS NOT NULL
    ), wanted AS (
        SELECT o.org_id, o.id, 0::bigint AS turn
        FROM booking.outbox AS o
        JOIN booking.organizations AS g ON g.org_id = o.org_id
        LEFT JOIN booking.integrations AS i ON i.org_id = o.org_id AND i.provider = '",
            $provider,
            "'
        WHERE o.state = 'running' AND o.leased_until <= $1 - interval '",
            $grace,
            "' AND ",
            $kinds,
            " AND NOT g.settings @> '{\"paused\": true}'
          AND (i.ciphertext IS NULL OR (i.connected AND NOT $5))
        UNION ALL
        SELECT due.org_id, due.id, due.turn + (
            SELECT pg_catalog.count(*) FROM booking.outbox AS o
            WHERE o.org_id = organization.org_id AND o.state = 'running' AND o.leased_until > $1 AND ",
            $kinds,
            ")
        FROM organization
        JOIN booking.organizations AS g ON g.org_id = organization.org_id
        LEFT JOIN booking.integrations AS i ON i.org_id = organization.org_id AND i.provider = '",
            $provider,
            "'
        CROSS JOIN LATERAL (
            SELECT o.org_id, o.id, pg_catalog.row_number() OVER (ORDER BY o.run_at, o.id) AS turn
            FROM booking.outbox AS o
            WHERE o.org_id = organization.org_id AND o.state IN ('available', 'retryable') AND ",
            $kinds,
            " AND o.run_at <= $1 ",
            $only,
            "
            ORDER BY o.run_at, o.id
            LIMIT LEAST($2 * 4, pg_catalog.ceil(COALESCE((i.settings ->> 'per_second')::float8, 1e6))::integer)
        ) AS due
        WHERE NOT g.settings @> '{\"paused\": true}'
          AND (i.ciphertext IS NULL OR (
              i.connected AND NOT $5 AND (i.next_send_at IS NULL OR i.next_send_at <= $1 + interval '1 second')))
    ), locked AS (
        SELECT o.org_id, o.id, o.state = 'running' AS was_running
        FROM (
            SELECT w.org_id, w.id, w.turn, pg_catalog.random() AS chance FROM wanted AS w ORDER BY w.turn, chance LIMIT $2 * 4
        ) AS next
        JOIN booking.outbox AS o ON o.org_id = next.org_id AND o.id = next.id
        WHERE (o.state IN ('available', 'retryable') AND o.run_at <= $1)
           OR (o.state = 'running' AND o.leased_until <= $1 - interval '",
            $grace,
            "')
        ORDER BY next.turn, next.chance
        LIMIT $2
        FOR UPDATE OF o SKIP LOCKED
    )
    UPDATE booking.outbox AS o
    SET state = 'running', attempts = LEAST(o.attempts + 1, 1000000), lease = o.lease + 1, leased_by = $4, leased_until = $3
    FROM locked
    WHERE o.org_id = locked.org_id AND o.id = locked.id
    RETURNING o.org_id, o.id, o.kind, COALESCE(o.appointment_id, o.follow_up_id), o.lease, o.attempts, o.deadline,
        locked.was_running"
        )
    };
}
pub(crate) use claim_statement;

/// Claims by one of those statements. In the order of their organizations, so that two claims lock what belongs to these in the
/// same order.
pub fn claim(client: &mut SpiClient<'_>, sql: &'static str, asked: &Asked) -> Result<Vec<Job>> {
    let clock = instant::clock_now();
    let arguments = [
        instant::to_postgres(clock)?.into(),
        asked.limit.into(),
        instant::to_postgres(asked.until(clock))?.into(),
        asked.worker.as_str().into(),
        asked.is_dry_run.into(),
    ];
    let mut jobs = Vec::new();
    for row in run_fresh(client, sql, &arguments)? {
        let id = |column| -> Result<Uuid> {
            Ok(from_postgres(row.get::<pgrx::Uuid>(column)?.ok_or_else(|| Error::missing("id"))?))
        };
        let deadline = row.get::<TimestampWithTimeZone>(7)?.ok_or_else(|| Error::missing("deadline"))?;
        jobs.push(Job {
            org_id: id(1)?,
            id: id(2)?,
            kind: row.get(3)?.ok_or_else(|| Error::missing("kind"))?,
            subject_id: id(4)?,
            lease: row.get(5)?.ok_or_else(|| Error::missing("lease"))?,
            attempt: row.get(6)?.ok_or_else(|| Error::missing("attempt"))?,
            deadline: instant::from_postgres(deadline)?,
            was_running: row.get(8)?.unwrap_or(false),
        });
    }
    jobs.sort_by_key(|job| (job.org_id, job.id));
    Ok(jobs)
}

/// What is withdrawn, and an event that is as it is to be already, are nothing to record.
///
/// $1 org_id, $2 id, $3 state, $4 why or NULL, $5 the clock, $6 code or NULL, $7 id of the event.
const END: &str = "
    WITH job AS (
        UPDATE booking.outbox AS o
        SET state = $3, last_error = $4, finished_at = $5, leased_until = NULL,
            errors = CASE WHEN $4 IS NULL THEN o.errors ELSE o.errors
                || pg_catalog.jsonb_build_object('at', $5, 'attempt', o.attempts, 'error', $4, 'code', $6) END
        WHERE o.org_id = $1 AND o.id = $2
        RETURNING o.id, o.kind, o.attempts, o.state, o.appointment_id, o.follow_up_id
    )
    INSERT INTO booking.events (org_id, id, kind, appointment_id, detail)
    SELECT $1, $7,
        CASE WHEN job.kind = 'calendar' THEN 'event_' ELSE 'message_' END
            || CASE WHEN job.state = 'succeeded' THEN 'sent' WHEN $6 = 'not_configured' THEN $6 ELSE 'failed' END,
        job.appointment_id, pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('jobId', job.id,
            'message', NULLIF(job.kind, 'calendar'), 'attempt', job.attempts, 'code', $6, 'state', job.state,
            'followUpId', job.follow_up_id))
    FROM job
    WHERE job.state = 'discarded' OR (job.state = 'succeeded' AND job.kind <> 'calendar')";

/// Ends a job that has just been claimed and needs no courier: why, in words and perhaps with a code, unless it is done.
pub fn end(client: &mut SpiClient<'_>, job: &Job, state: State, why: Option<(&str, Option<&str>)>) -> Result<()> {
    let arguments = [
        as_postgres(job.org_id).into(),
        as_postgres(job.id).into(),
        state.as_str().into(),
        why.map(|(why, _)| why).into(),
        instant::to_postgres(instant::clock_now())?.into(),
        why.and_then(|(_, code)| code).into(),
        event::new_id(),
    ];
    run_fresh(client, END, &arguments)?;
    Ok(())
}

/// As it was: beside one that was running another may wait, and they must not both wait for the same event.
///
/// $1 org_id, $2 id, $3 when again, $4 whether it was running.
const GIVE_BACK: &str = "
    UPDATE booking.outbox AS o
    SET state = CASE WHEN $4 THEN 'running' WHEN o.attempts <= 1 THEN 'available' ELSE 'retryable' END,
        attempts = GREATEST(o.attempts - 1, 0),
        run_at = CASE WHEN $4 THEN o.run_at ELSE $3 END, leased_until = CASE WHEN $4 THEN $3 END
    WHERE o.org_id = $1 AND o.id = $2";

/// Gives a job back that has just been claimed, because somebody has locked what it needs: nobody else is to wait for them.
pub fn give_back(client: &mut SpiClient<'_>, job: &Job) -> Result<()> {
    let clock = instant::clock_now();
    give_back_until(client, job, clock.checked_add_signed(Duration::milliseconds(100)).unwrap_or(clock))
}

/// Gives a job back that has just been claimed, until `again`.
pub fn give_back_until(client: &mut SpiClient<'_>, job: &Job, again: DateTime<Utc>) -> Result<()> {
    let arguments = [
        as_postgres(job.org_id).into(),
        as_postgres(job.id).into(),
        instant::to_postgres(again)?.into(),
        job.was_running.into(),
    ];
    run_fresh(client, GIVE_BACK, &arguments)?;
    Ok(())
}

/// Why a job is given up that has been tried so often that nothing can be expected of it.
pub const WORN_OUT: &str = "it was tried too often";

impl Job {
    pub fn is_worn_out(&self) -> bool {
        self.attempt > MOST_ATTEMPTS
    }
}
