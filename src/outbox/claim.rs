//! Claiming jobs: each comes with its text, made of the appointment as it is now, and written down before anything goes out.

use booking_core::outbox::{Fate, Subject, fate};
use booking_core::sms::{Kind, Size, Template, Values};
use booking_core::status::Status;
use booking_core::{Code, Refusal, limits, speech, zone};
use chrono::{DateTime, Duration, Utc};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::{Error, Result, or_raise};
use crate::instant;
use crate::organization::{as_postgres, from_postgres};
use crate::outbox::messaging;
use crate::server_zone::ServerZone;
use crate::setup::required;
use crate::statement::{Row, run_fresh};

/// The most jobs of one claim.
const MOST_JOBS: i32 = 100;
/// The longest lease, in seconds.
const LONGEST_LEASE_SECONDS: i32 = 3600;

type ClaimedRow = (pgrx::Uuid, pgrx::Uuid, i64, i32, String, pgrx::Uuid, String, String, bool);

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity)]
fn claim_messages(
    p_worker: Option<String>,
    p_limit: default!(Option<i32>, "10"),
    p_lease_seconds: default!(Option<i32>, "60"),
) -> TableIterator<
    'static,
    (
        name!(org_id, pgrx::Uuid),
        name!(job_id, pgrx::Uuid),
        name!(lease, i64),
        name!(attempt, i32),
        name!(kind, String),
        name!(message_id, pgrx::Uuid),
        name!(to_phone, String),
        name!(body, String),
        name!(is_unsure, bool),
    ),
> {
    let claimed = || -> Result<Vec<ClaimedRow>> {
        let worker = limits::label("worker", required(p_worker.as_deref(), "p_worker")?, Code::InvalidRequest)?;
        let limit = in_range("p_limit", p_limit.unwrap_or(10), MOST_JOBS)?;
        let seconds = in_range("p_lease_seconds", p_lease_seconds.unwrap_or(60), LONGEST_LEASE_SECONDS)?;
        Spi::connect_mut(|client| {
            let mut rows = Vec::new();
            for job in claim(client, &worker, limit, seconds)? {
                rows.extend(prepare(client, &job)?);
            }
            Ok(rows)
        })
    };
    TableIterator::new(or_raise(claimed()))
}

fn in_range(argument: &str, number: i32, most: i32) -> std::result::Result<i32, Refusal> {
    if (1..=most).contains(&number) {
        return Ok(number);
    }
    let message = format!("{argument} {number} is not between 1 and {most}");
    Err(Refusal::new(Code::InvalidRequest, message, "leave it out for the usual one"))
}

/// Organization by organization, one job each before a second of any, and what couriers have in hand counts: whoever has
/// thousands waiting keeps nobody else waiting. Among equals chance decides, so that none is always last. More are looked at
/// than are wanted, since another courier may hold some of them. A job whose lease has ended comes first; nobody knows what
/// became of it.
///
/// $1 the clock, $2 how many, $3 end of the lease, $4 courier.
const CLAIM: &str = "
    WITH RECURSIVE organization AS (
        (SELECT o.org_id FROM booking.outbox AS o WHERE o.state IN ('available', 'retryable') ORDER BY o.org_id LIMIT 1)
        UNION ALL
        SELECT (
            SELECT o.org_id FROM booking.outbox AS o
            WHERE o.state IN ('available', 'retryable') AND o.org_id > organization.org_id ORDER BY o.org_id LIMIT 1)
        FROM organization
        WHERE organization.org_id IS NOT NULL
    ), wanted AS (
        SELECT o.org_id, o.id, 0::bigint AS turn
        FROM booking.outbox AS o
        WHERE o.state = 'running' AND o.leased_until <= $1
        UNION ALL
        SELECT due.org_id, due.id, due.turn + (
            SELECT pg_catalog.count(*) FROM booking.outbox AS o
            WHERE o.org_id = organization.org_id AND o.state = 'running' AND o.leased_until > $1)
        FROM organization
        CROSS JOIN LATERAL (
            SELECT o.org_id, o.id, pg_catalog.row_number() OVER (ORDER BY o.run_at, o.id) AS turn
            FROM booking.outbox AS o
            WHERE o.org_id = organization.org_id AND o.state IN ('available', 'retryable') AND o.run_at <= $1
            ORDER BY o.run_at, o.id
            LIMIT $2 * 4
        ) AS due
    ), locked AS (
        SELECT o.org_id, o.id
        FROM (
            SELECT w.org_id, w.id, w.turn, pg_catalog.random() AS chance FROM wanted AS w ORDER BY w.turn, chance LIMIT $2 * 4
        ) AS next
        JOIN booking.outbox AS o ON o.org_id = next.org_id AND o.id = next.id
        WHERE (o.state IN ('available', 'retryable') AND o.run_at <= $1) OR (o.state = 'running' AND o.leased_until <= $1)
        ORDER BY next.turn, next.chance
        LIMIT $2
        FOR UPDATE OF o SKIP LOCKED
    )
    UPDATE booking.outbox AS o
    SET state = 'running', attempts = o.attempts + 1, lease = o.lease + 1, leased_by = $4, leased_until = $3
    FROM locked
    WHERE o.org_id = locked.org_id AND o.id = locked.id
    RETURNING o.org_id, o.id, o.kind, o.appointment_id, o.lease, o.attempts, o.deadline";

struct Job {
    org_id: Uuid,
    id: Uuid,
    kind: Kind,
    appointment_id: Uuid,
    lease: i64,
    attempt: i32,
    deadline: DateTime<Utc>,
}

fn claim(client: &mut SpiClient<'_>, worker: &str, limit: i32, seconds: i32) -> Result<Vec<Job>> {
    let clock = instant::clock_now();
    let until = clock.checked_add_signed(Duration::seconds(i64::from(seconds))).unwrap_or(clock);
    let arguments =
        [instant::to_postgres(clock)?.into(), limit.into(), instant::to_postgres(until)?.into(), worker.into()];
    let mut jobs = Vec::new();
    for row in run_fresh(client, CLAIM, &arguments)? {
        let id = |column| -> Result<Uuid> {
            Ok(from_postgres(row.get::<pgrx::Uuid>(column)?.ok_or_else(|| Error::missing("id"))?))
        };
        let kind: String = row.get(3)?.ok_or_else(|| Error::missing("kind"))?;
        let deadline = row.get::<TimestampWithTimeZone>(7)?.ok_or_else(|| Error::missing("deadline"))?;
        jobs.push(Job {
            org_id: id(1)?,
            id: id(2)?,
            kind: Kind::parse(&kind)?,
            appointment_id: id(4)?,
            lease: row.get(5)?.ok_or_else(|| Error::missing("lease"))?,
            attempt: row.get(6)?.ok_or_else(|| Error::missing("attempt"))?,
            deadline: instant::from_postgres(deadline)?,
        });
    }
    Ok(jobs)
}

/// The template is that in the organization's language, or else in English. Of an earlier attempt: what is known of its message.
///
/// $1 org_id, $2 appointment, $3 kind, $4 job.
const READ: &str = "
    SELECT a.status, a.starts_at, a.service_type, a.patient_name, c.phone, g.name, g.timezone, g.settings ->> 'messages',
        (SELECT t.body FROM booking.message_templates AS t
        WHERE t.org_id = $1 AND t.kind = $3 AND t.language IN (g.settings -> 'messages' ->> 'language', 'en')
        ORDER BY t.language = 'en'
        LIMIT 1),
        m.status, m.provider_sid
    FROM booking.organizations AS g
    LEFT JOIN booking.messages AS m ON m.org_id = g.org_id AND m.job_id = $4
    LEFT JOIN booking.appointments AS a ON a.org_id = g.org_id AND a.id = $2
    LEFT JOIN booking.contacts AS c ON c.org_id = a.org_id AND c.id = a.contact_id
    WHERE g.org_id = $1";

/// The message of a job; `None` for one that is not to be sent, which is finished by that.
fn prepare(client: &mut SpiClient<'_>, job: &Job) -> Result<Option<ClaimedRow>> {
    let arguments = [
        as_postgres(job.org_id).into(),
        as_postgres(job.appointment_id).into(),
        job.kind.as_str().into(),
        as_postgres(job.id).into(),
    ];
    let row = run_fresh(client, READ, &arguments)?.first()?;
    let earlier = row.get::<String>(10)?;
    if row.get::<String>(11)?.is_some() && earlier.as_deref() != Some("failed") {
        return settle(client, job);
    }
    let (status, start) = (row.get::<String>(1)?, row.get::<TimestampWithTimeZone>(2)?);
    let phone = row.get::<String>(5)?;
    let subject = match status.zip(start) {
        Some((status, start)) => Some(Subject {
            status: Status::parse(&status)?,
            start: instant::from_postgres(start)?,
            has_contact: phone.is_some(),
        }),
        None => None,
    };
    let is_on = row.get::<String>(8)?.as_deref().and_then(messaging).is_some();
    let decided = match fate(job.kind, job.deadline, subject, instant::clock_now()) {
        _ if !is_on => Fate::Withdraw("messages are off"),
        fate => fate,
    };
    match (decided, subject, phone) {
        (Fate::Send, Some(subject), Some(phone)) => {
            let body = match text(job.kind, &row, subject.start)? {
                Ok(body) => body,
                // What is wrong with one organization must not keep the others from their messages.
                Err(refusal) => return finish(client, job, "discarded", &refusal.message),
            };
            // It was begun, and nobody has said how it ended: it may have gone out.
            let is_unsure = matches!(earlier.as_deref(), Some("sending" | "uncertain"));
            let message_id = write_down(client, job, &phone, &body)?;
            let (org_id, id) = (as_postgres(job.org_id), as_postgres(job.id));
            let kind = job.kind.as_str().to_owned();
            Ok(Some((org_id, id, job.lease, job.attempt, kind, message_id, phone, body, is_unsure)))
        }
        (Fate::GiveUp(why), ..) => finish(client, job, "discarded", why),
        (Fate::Withdraw(why), ..) => finish(client, job, "cancelled", why),
        (Fate::Send, ..) => Err(Error::missing("appointment")),
    }
}

/// The words of a message, from what READ has brought; refused where the template or the zone is not what it was when it was
/// set.
fn text(kind: Kind, row: &Row<'_>, start: DateTime<Utc>) -> Result<std::result::Result<String, Refusal>> {
    let word = |column| -> Result<String> { Ok(row.get(column)?.unwrap_or_default()) };
    let (name, organization, service, timezone) = (word(4)?, word(6)?, word(3)?, word(7)?);
    let own = row.get::<String>(9)?;
    let render = || {
        let zone = ServerZone::named(&timezone)?;
        let template = Template::parse(own.as_deref().unwrap_or(kind.usual()))?;
        let local = zone::local_time(&zone, start);
        Ok(template.render(&Values {
            name: &name,
            organization: &organization,
            service: &service,
            when: &speech::moment(local, zone::local_date(&zone, instant::clock_now()), false),
            date: &local.format("%Y-%m-%d").to_string(),
            time: &local.format("%H:%M").to_string(),
        }))
    };
    Ok(render())
}

/// $1 org_id, $2 id, $3 job, $4 appointment, $5 phone, $6 body, $7 segments.
const WRITE_DOWN: &str = "
    INSERT INTO booking.messages (org_id, id, job_id, appointment_id, to_phone, body, segments, status)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 'sending')
    ON CONFLICT (org_id, job_id) DO UPDATE
        SET to_phone = excluded.to_phone, body = excluded.body, segments = excluded.segments, status = excluded.status,
            provider_sid = NULL, error_code = NULL, updated_at = excluded.updated_at
    RETURNING id";

/// An attempt is on record before the first byte of it goes out.
fn write_down(client: &mut SpiClient<'_>, job: &Job, phone: &str, body: &str) -> Result<pgrx::Uuid> {
    let arguments = [
        as_postgres(job.org_id).into(),
        as_postgres(Uuid::now_v7()).into(),
        as_postgres(job.id).into(),
        as_postgres(job.appointment_id).into(),
        phone.into(),
        body.into(),
        i32::try_from(Size::of(body).segments).unwrap_or(i32::MAX).into(),
    ];
    run_fresh(client, WRITE_DOWN, &arguments)?.first()?.get(1)?.ok_or_else(|| Error::missing("message"))
}

/// $1 org_id, $2 id, $3 the clock.
const SETTLE: &str = "
    UPDATE booking.outbox AS o SET state = 'succeeded', finished_at = $3, leased_until = NULL, last_error = NULL
    WHERE o.org_id = $1 AND o.id = $2";

/// The provider has told of the message, so that it has gone out, although the courier that sent it never said so.
fn settle(client: &mut SpiClient<'_>, job: &Job) -> Result<Option<ClaimedRow>> {
    let clock = instant::to_postgres(instant::clock_now())?;
    run_fresh(client, SETTLE, &[as_postgres(job.org_id).into(), as_postgres(job.id).into(), clock.into()])?;
    Ok(None)
}

/// $1 org_id, $2 id, $3 state, $4 why, $5 the clock.
const FINISH: &str = "
    UPDATE booking.outbox AS o
    SET state = $3, last_error = $4, finished_at = $5, leased_until = NULL,
        errors = o.errors || pg_catalog.jsonb_build_object('at', $5, 'attempt', o.attempts, 'error', $4)
    WHERE o.org_id = $1 AND o.id = $2";

fn finish(client: &mut SpiClient<'_>, job: &Job, state: &str, why: &str) -> Result<Option<ClaimedRow>> {
    let clock = instant::to_postgres(instant::clock_now())?;
    let arguments =
        [as_postgres(job.org_id).into(), as_postgres(job.id).into(), state.into(), why.into(), clock.into()];
    run_fresh(client, FINISH, &arguments)?;
    Ok(None)
}
