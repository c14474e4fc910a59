//! Claiming events: each job comes with what the event of its appointment is to be, made of the appointment as it is now, and
//! written down before anything goes out.

use booking_core::calendar::Span;
use booking_core::outbox::State;
use booking_core::outside_calendar::{Details, Settings, event_id};
use booking_core::status::Status;
use chrono::{DateTime, Utc};
use pgrx::JsonB;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer::NOT_CONFIGURED;
use crate::error::{Error, Result, or_raise};
use crate::event;
use crate::instant;
use crate::organization::{as_postgres, from_postgres};
use crate::outbox::claim::{Asked, Job, WORN_OUT, claim, claim_statement, end, give_back};
use crate::outside_calendar::{self, enqueue};
use crate::statement::{Row, run_fresh};
use crate::table::TableIterator;

type ClaimedRow = (
    pgrx::Uuid,
    pgrx::Uuid,
    i64,
    i32,
    pgrx::Uuid,
    JsonB,
    Option<String>,
    Option<String>,
    Option<JsonB>,
    bool,
    Option<String>,
    Option<i64>,
);

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity)]
fn claim_events(
    p_worker: Option<String>,
    p_limit: default!(Option<i32>, "10"),
    p_lease_seconds: default!(Option<i32>, "60"),
    p_is_dry_run: default!(Option<bool>, "false"),
) -> TableIterator<
    'static,
    (
        name!(org_id, pgrx::Uuid),
        name!(job_id, pgrx::Uuid),
        name!(lease, i64),
        name!(attempt, i32),
        name!(appointment_id, pgrx::Uuid),
        name!(removals, JsonB),
        name!(calendar_id, Option<String>),
        name!(event_id, Option<String>),
        name!(event, Option<JsonB>),
        name!(is_new, bool),
        name!(etag, Option<String>),
        name!(integration_version, Option<i64>),
    ),
> {
    let claimed = || -> Result<Vec<ClaimedRow>> {
        let asked = Asked::checked(p_worker.as_deref(), p_limit, p_lease_seconds, p_is_dry_run)?;
        Spi::connect_mut(|client| {
            end_expired(client)?;
            let mut rows = Vec::new();
            for job in claim(client, CLAIM, &asked)? {
                rows.extend(prepare(client, &job, asked.is_dry_run)?);
            }
            Ok(rows)
        })
    };
    TableIterator::new(or_raise(claimed()))
}

/// One job of an appointment at a time: what is written last must be what is true last.
const CLAIM: &str = claim_statement!(
    kinds: "o.kind = 'calendar'",
    provider: "google",
    only: "AND NOT EXISTS (
                SELECT FROM booking.outbox AS busy
                WHERE busy.org_id = o.org_id AND busy.appointment_id = o.appointment_id AND busy.kind = 'calendar'
                  AND busy.state = 'running')",
    grace: "0"
);

/// Whether a booking w of an organization g can be ended without waiting for anybody. What follows from that is a job for its
/// event, and at most one may wait: where somebody has a job of it in hand, or is about to write one, they come first. Who
/// writes one without holding the appointment holds the row of the organization.
macro_rules! can_be_ended {
    ($and:literal) => {
        concat!(
            "
    FROM booking.appointments AS w
    JOIN booking.organizations AS g ON g.org_id = w.org_id
    WHERE w.status = 'held' AND w.contact_id IS NOT NULL AND ",
            $and,
            "
      AND (
          SELECT pg_catalog.count(*) FROM booking.outbox AS o
          WHERE o.org_id = w.org_id AND o.appointment_id = w.id AND o.kind = 'calendar' AND o.state <> 'succeeded'
      ) = (
          SELECT pg_catalog.count(*) FROM (
              SELECT o.id FROM booking.outbox AS o
              WHERE o.org_id = w.org_id AND o.appointment_id = w.id AND o.kind = 'calendar' AND o.state <> 'succeeded'
              FOR NO KEY UPDATE SKIP LOCKED
          ) AS free
      )
    ORDER BY w.expires_at
    LIMIT 100
    FOR NO KEY UPDATE OF w SKIP LOCKED
    FOR SHARE OF g SKIP LOCKED"
        )
    };
}

/// $1 the clock. Bookings whose event did not come in time are none. What cannot be ended now is left to the next claim.
const END_EXPIRED: &str = concat!(
    "
    UPDATE booking.appointments AS a
    SET status = 'cancelled', cancelled_at = a.expires_at, cancel_reason = 'the calendar did not confirm it in time'
    FROM (SELECT w.org_id, w.id",
    can_be_ended!("w.expires_at <= $1"),
    ") AS expired
    WHERE a.org_id = expired.org_id AND a.id = expired.id
    RETURNING a.org_id, a.id, a.ends_at"
);

fn end_expired(client: &mut SpiClient<'_>) -> Result<()> {
    let clock = instant::to_postgres(instant::clock_now())?;
    let mut ended: Vec<(Uuid, Uuid, DateTime<Utc>)> = Vec::new();
    for row in run_fresh(client, END_EXPIRED, &[clock.into()])? {
        let ids = row.get::<pgrx::Uuid>(1)?.zip(row.get::<pgrx::Uuid>(2)?);
        let ((org_id, id), end) = ids.zip(row.get(3)?).ok_or_else(|| Error::missing("appointment"))?;
        ended.push((from_postgres(org_id), from_postgres(id), instant::from_postgres(end)?));
    }
    ended.sort_unstable();
    for (org_id, id, end) in ended {
        expired(client, org_id, id, end)?;
    }
    Ok(())
}

/// A booking has waited for its event in vain: that is on record, and the event, should it come after all, goes again.
pub fn expired(client: &mut SpiClient<'_>, org_id: Uuid, id: Uuid, end: DateTime<Utc>) -> Result<()> {
    event::record(client, org_id, event::Kind::VerificationFailed, Some(id), &event::because("it took too long"))?;
    enqueue(client, org_id, id, end)
}

/// The appointment and its last event.
///
/// $1 org_id, $2 appointment, $3 the clock.
const READ: &str = "
    SELECT a.status, a.starts_at, a.ends_at, a.service_type, a.patient_name, c.phone, g.timezone, g.settings ->> 'calendar',
        r.calendar_id, a.status = 'held' AND a.expires_at <= $3, i.version,
        e.generation, e.calendar_id, e.event_id, e.state, e.etag
    FROM booking.organizations AS g
    LEFT JOIN booking.integrations AS i ON i.org_id = g.org_id AND i.provider = 'google' AND i.ciphertext IS NOT NULL
    LEFT JOIN booking.appointments AS a ON a.org_id = g.org_id AND a.id = $2
    LEFT JOIN booking.contacts AS c ON c.org_id = a.org_id AND c.id = a.contact_id
    LEFT JOIN booking.resources AS r ON r.org_id = a.org_id AND r.id = a.resource_id
    LEFT JOIN LATERAL (
        SELECT v.generation, v.calendar_id, v.event_id, v.state, v.etag
        FROM booking.calendar_events AS v
        WHERE v.org_id = $1 AND v.appointment_id = $2
        ORDER BY v.generation DESC
        LIMIT 1
    ) AS e ON true
    WHERE g.org_id = $1";

/// What is to be done for a job; `None` where there is nothing, which finishes it.
fn prepare(client: &mut SpiClient<'_>, job: &Job, is_dry_run: bool) -> Result<Option<ClaimedRow>> {
    let clock = instant::to_postgres(instant::clock_now())?;
    let arguments = [as_postgres(job.org_id).into(), as_postgres(job.subject_id).into(), clock.into()];
    if job.is_worn_out() {
        return give_up(client, job, State::Discarded, (WORN_OUT, None)).map(|()| None);
    }
    if instant::clock_now() >= job.deadline {
        return end(client, job, State::Discarded, Some(("its time has passed", None))).map(|()| None);
    }
    if !can_be_written(client, job)? {
        return give_back(client, job).map(|()| None);
    }
    let row = run_fresh(client, READ, &arguments)?.first()?;
    let version = row.get::<i64>(11)?;
    let settings = row.get::<String>(8)?.as_deref().and_then(Settings::read);
    let Some(settings) = settings else {
        return give_up(client, job, State::Cancelled, ("the calendar is off", None)).map(|()| None);
    };
    if version.is_none() && !is_dry_run {
        return give_up(client, job, State::Discarded, (NO_ACCOUNT, Some(NOT_CONFIGURED))).map(|()| None);
    }
    let wanted = match wish(&row)? {
        Wish::AsItIs => return end(client, job, State::Succeeded, None).map(|()| None),
        Wish::Nothing => None,
        Wish::Event => {
            let calendar_id = row.get::<String>(9)?.unwrap_or(settings.calendar_id);
            Some(Wanted::next(job, &row, calendar_id)?)
        }
    };
    give_up_others(client, job, wanted.as_ref().map(|wanted| wanted.generation))?;
    let removals = removals(client, job)?;
    if let Some(wanted) = &wanted {
        wanted.write_down(client, job)?;
    } else if removals.is_empty() {
        return end(client, job, State::Succeeded, None).map(|()| None);
    }
    Ok(Some(to_row(job, removals, wanted, version)))
}

/// $1 org_id, $2 appointment.
const COUNT: &str = "
    SELECT pg_catalog.count(*) FROM booking.calendar_events AS e WHERE e.org_id = $1 AND e.appointment_id = $2";

/// $1 org_id, $2 appointment.
const LOCK: &str = "
    SELECT e.generation FROM booking.calendar_events AS e
    WHERE e.org_id = $1 AND e.appointment_id = $2
    FOR UPDATE SKIP LOCKED";

/// Whether nobody holds an event of the appointment at this moment.
fn can_be_written(client: &mut SpiClient<'_>, job: &Job) -> Result<bool> {
    let of = [as_postgres(job.org_id).into(), as_postgres(job.subject_id).into()];
    let all: i64 = run_fresh(client, COUNT, &of)?.first()?.get(1)?.unwrap_or(0);
    Ok(usize::try_from(all).ok() == Some(run_fresh(client, LOCK, &of)?.count()))
}

/// $1 org_id, $2 appointment.
const WAITS: &str = "
    SELECT a.id FROM booking.appointments AS a
    WHERE a.org_id = $1 AND a.id = $2 AND a.status = 'held' AND a.contact_id IS NOT NULL";

/// $1 org_id, $2 appointment.
const LOCK_WAITING: &str = concat!(
    "
    SELECT w.id",
    can_be_ended!("w.org_id = $1 AND w.id = $2")
);

/// Whether no booking waits for the event, or one that can be ended at this moment.
fn can_be_given_up(client: &mut SpiClient<'_>, job: &Job) -> Result<bool> {
    let of = [as_postgres(job.org_id).into(), as_postgres(job.subject_id).into()];
    Ok(run_fresh(client, WAITS, &of)?.is_empty() || !run_fresh(client, LOCK_WAITING, &of)?.is_empty())
}

/// Ends a job whose event will not come: a booking that waits for it is none.
fn give_up(client: &mut SpiClient<'_>, job: &Job, state: State, why: (&str, Option<&str>)) -> Result<()> {
    if !can_be_given_up(client, job)? {
        return give_back(client, job);
    }
    end(client, job, state, Some(why))?;
    outside_calendar::not_verified(client, job.org_id, Some(as_postgres(job.subject_id)), why.0)
}

const NO_ACCOUNT: &str = "no account with a calendar is connected";

enum Wish {
    /// What took place stays in the calendar as it is.
    AsItIs,
    Nothing,
    Event,
}

fn wish(row: &Row<'_>) -> Result<Wish> {
    let Some(status) = row.get::<String>(1)? else { return Ok(Wish::Nothing) };
    let is_over = row.get::<bool>(10)?.unwrap_or(false);
    Ok(match Status::parse(&status)? {
        // The person was erased, or it is only held for somebody who may come back.
        _ if row.get::<String>(6)?.is_none() => Wish::Nothing,
        Status::Pending | Status::Confirmed => Wish::Event,
        Status::Held if !is_over => Wish::Event,
        Status::Completed | Status::NoShow => Wish::AsItIs,
        Status::Held | Status::Cancelled => Wish::Nothing,
    })
}

/// The event that there is to be.
struct Wanted {
    generation: i32,
    calendar_id: String,
    event_id: String,
    event: Value,
    time: Span,
    etag: Option<String>,
    /// Whether it was never tried before.
    is_new: bool,
}

impl Wanted {
    /// The last event of the appointment where it can still be used, or else the next.
    fn next(job: &Job, row: &Row<'_>, calendar_id: String) -> Result<Self> {
        let text = |column| -> Result<String> { Ok(row.get(column)?.unwrap_or_default()) };
        let moment = |column| -> Result<DateTime<Utc>> {
            Ok(instant::from_postgres(row.get(column)?.ok_or_else(|| Error::missing("time"))?)?)
        };
        let last = row.get::<i32>(12)?.unwrap_or(0);
        let is_usable =
            matches!(text(15)?.as_str(), "wanted" | "present") && row.get(13)?.as_ref() == Some(&calendar_id);
        let generation = if is_usable { last } else { last.saturating_add(1) };
        let event_id = event_id(job.subject_id, generation);
        let time = Span { start: moment(2)?, end: moment(3)? };
        let (service, name, phone, timezone) = (text(4)?, text(5)?, text(6)?, text(7)?);
        let details = Details {
            appointment_id: job.subject_id,
            service: &service,
            name: &name,
            phone: &phone,
            time,
            timezone: &timezone,
        };
        let event = details.to_json(&event_id);
        let etag = row.get::<String>(16)?.filter(|_| is_usable);
        Ok(Wanted { generation, calendar_id, event_id, event, time, etag, is_new: !is_usable })
    }

    fn write_down(&self, client: &mut SpiClient<'_>, job: &Job) -> Result<()> {
        let arguments = [
            as_postgres(job.org_id).into(),
            as_postgres(job.subject_id).into(),
            self.generation.into(),
            self.calendar_id.as_str().into(),
            self.event_id.as_str().into(),
            instant::to_postgres(self.time.start)?.into(),
            instant::to_postgres(self.time.end)?.into(),
        ];
        run_fresh(client, WRITE_DOWN, &arguments)?;
        Ok(())
    }
}

/// $1 org_id, $2 appointment, $3 generation, $4 calendar, $5 event, $6 start, $7 end.
const WRITE_DOWN: &str = "
    INSERT INTO booking.calendar_events
        (org_id, appointment_id, generation, calendar_id, event_id, state, starts_at, ends_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, 'wanted', $6, $7, pg_catalog.clock_timestamp())
    ON CONFLICT (org_id, appointment_id, generation) DO UPDATE
        SET starts_at = excluded.starts_at, ends_at = excluded.ends_at, updated_at = excluded.updated_at";

/// What somebody did to one of them is settled by that.
///
/// $1 org_id, $2 appointment, $3 generation that is wanted, or NULL.
const GIVE_UP_OTHERS: &str = "
    UPDATE booking.calendar_events AS e
    SET state = CASE WHEN e.state IN ('wanted', 'present') THEN 'unwanted' ELSE e.state END, flag = NULL,
        updated_at = pg_catalog.clock_timestamp()
    WHERE e.org_id = $1 AND e.appointment_id = $2 AND (e.state IN ('wanted', 'present') OR e.flag IS NOT NULL)
      AND e.generation IS DISTINCT FROM $3";

fn give_up_others(client: &mut SpiClient<'_>, job: &Job, generation: Option<i32>) -> Result<()> {
    let arguments = [as_postgres(job.org_id).into(), as_postgres(job.subject_id).into(), generation.into()];
    run_fresh(client, GIVE_UP_OTHERS, &arguments)?;
    Ok(())
}

/// $1 org_id, $2 appointment.
const REMOVALS: &str = "
    SELECT e.calendar_id, e.event_id FROM booking.calendar_events AS e
    WHERE e.org_id = $1 AND e.appointment_id = $2 AND e.state = 'unwanted'
    ORDER BY e.generation";

fn removals(client: &mut SpiClient<'_>, job: &Job) -> Result<Vec<Value>> {
    let mut removals = Vec::new();
    for row in run_fresh(client, REMOVALS, &[as_postgres(job.org_id).into(), as_postgres(job.subject_id).into()])? {
        let (calendar_id, event_id) = (row.get::<String>(1)?, row.get::<String>(2)?);
        removals.push(json!({"calendarId": calendar_id, "eventId": event_id}));
    }
    Ok(removals)
}

fn to_row(job: &Job, removals: Vec<Value>, wanted: Option<Wanted>, version: Option<i64>) -> ClaimedRow {
    let (org_id, id) = (as_postgres(job.org_id), as_postgres(job.id));
    let removals = JsonB(Value::Array(removals));
    let appointment_id = as_postgres(job.subject_id);
    let (lease, attempt) = (job.lease, job.attempt);
    match wanted {
        Some(Wanted { calendar_id, event_id, event, etag, is_new, .. }) => {
            let event = Some(JsonB(event));
            let (calendar_id, event_id) = (Some(calendar_id), Some(event_id));
            (org_id, id, lease, attempt, appointment_id, removals, calendar_id, event_id, event, is_new, etag, version)
        }
        None => (org_id, id, lease, attempt, appointment_id, removals, None, None, None, false, None, version),
    }
}
