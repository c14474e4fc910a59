//! The outbox: what is to be sent follows from a change to an appointment, in its transaction. Couriers claim jobs, send, and
//! report; none of that is decided by them.

pub mod claim;
pub mod follow_up;
pub mod manage;
mod message;
pub mod opt_out;
mod receive;
pub mod report;
pub mod status;
mod undelivered;

use booking_core::calendar::Span;
use booking_core::outbox::{Messaging, NewJob, at_once, event_deadline, reminders};
use booking_core::sms::Kind;
use booking_core::status::Status;
use chrono::{DateTime, Utc};
use pgrx::datum::{DatumWithOid, Interval};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::Value;
use uuid::Uuid;

use crate::error::Result;
use crate::instant;
use crate::organization::{Organization, as_postgres};
use crate::outside_calendar;
use crate::statement::run_fresh;

/// How the organization's settings have it; `None` where messages are off.
pub fn messaging(settings: &str) -> Option<Messaging> {
    let settings: Value = serde_json::from_str(settings).ok()?;
    settings.get("on")?.as_bool().filter(|is_on| *is_on)?;
    let language = settings.get("language")?.as_str()?;
    let minutes = settings.get("reminder_minutes")?.as_array()?;
    let minutes = minutes.iter().map(|minutes| minutes.as_i64().and_then(|minutes| i32::try_from(minutes).ok()));
    Messaging::checked(language, minutes.collect::<Option<_>>()?).ok()
}

/// A job that follows from a new appointment.
pub struct Following {
    kind: &'static str,
    run_at: DateTime<Utc>,
    deadline: DateTime<Utc>,
}

impl Following {
    fn of(job: &NewJob) -> Self {
        Following { kind: job.kind.as_str(), run_at: job.run_at, deadline: job.deadline }
    }
}

/// What a new appointment is followed by. Of one that is only held until its event is in the calendar, nobody is told.
pub fn following(organization: &Organization, time: Span, status: Status) -> Vec<Following> {
    let now = instant::transaction_now();
    let mut jobs = Vec::new();
    if organization.calendar.is_some() {
        jobs.push(Following { kind: outside_calendar::KIND, run_at: now, deadline: event_deadline(time.end, now) });
    }
    if let Some(messaging) = organization.messaging.as_ref().filter(|_| status != Status::Held) {
        jobs.extend(told(messaging, time.start, now).iter().map(Following::of));
    }
    jobs
}

/// The columns of jobs: ids, kinds, times, deadlines.
pub fn columns(jobs: &[Following]) -> Result<[DatumWithOid<'static>; 4]> {
    let ids: Vec<pgrx::Uuid> = jobs.iter().map(|_| as_postgres(Uuid::now_v7())).collect();
    let kinds: Vec<&str> = jobs.iter().map(|job| job.kind).collect();
    let mut times: Vec<TimestampWithTimeZone> = Vec::with_capacity(jobs.len());
    let mut deadlines: Vec<TimestampWithTimeZone> = Vec::with_capacity(jobs.len());
    for job in jobs {
        times.push(instant::to_postgres(job.run_at)?);
        deadlines.push(instant::to_postgres(job.deadline)?);
    }
    Ok([ids.into(), kinds.into(), times.into(), deadlines.into()])
}

/// Writes what an appointment is followed by that was held before.
pub fn booked(
    client: &mut SpiClient<'_>,
    organization: &Organization,
    id: Uuid,
    time: Span,
    status: Status,
) -> Result<()> {
    if organization.calendar.is_some() {
        outside_calendar::enqueue(client, organization.id, id, time.end)?;
    }
    match &organization.messaging {
        Some(messaging) if status != Status::Held => confirmed(client, organization.id, messaging, id, time.start),
        _ => Ok(()),
    }
}

/// Writes what the patient is told of an appointment that stands now.
pub fn confirmed(
    client: &mut SpiClient<'_>,
    org_id: Uuid,
    messaging: &Messaging,
    id: Uuid,
    start: DateTime<Utc>,
) -> Result<()> {
    enqueue(client, org_id, id, &told(messaging, start, instant::transaction_now()))
}

/// What the patient is told of a new appointment, and when.
fn told(messaging: &Messaging, start: DateTime<Utc>, now: DateTime<Utc>) -> Vec<NewJob> {
    let mut jobs = vec![at_once(Kind::Confirmation, start, now)];
    jobs.append(&mut reminders(messaging, start, now));
    jobs
}

/// Rewrites what has not gone out. A confirmation that is still waiting will say the new time; nobody needs to hear of the old. Of one
/// that may have gone out, somebody may have.
pub fn moved(client: &mut SpiClient<'_>, organization: &Organization, id: Uuid, time: Span) -> Result<()> {
    if organization.calendar.is_some() {
        outside_calendar::enqueue(client, organization.id, id, time.end)?;
    }
    let Some(messaging) = &organization.messaging else { return Ok(()) };
    let (start, now) = (time.start, instant::transaction_now());
    withdraw(client, organization.id, id, &[Kind::Moved, Kind::Reminder])?;
    let arguments = [as_postgres(organization.id).into(), as_postgres(id).into(), instant::to_postgres(start)?.into()];
    let is_unsaid = !run_fresh(client, POSTPONE_CONFIRMATION, &arguments)?.is_empty();
    let mut jobs = reminders(messaging, start, now);
    if !is_unsaid {
        jobs.push(at_once(Kind::Moved, start, now));
    }
    enqueue(client, organization.id, id, &jobs)
}

/// Withdraws what has not gone out, and says that the appointment is off, unless nobody can have been told that it was on.
pub fn cancelled(
    client: &mut SpiClient<'_>,
    organization: &Organization,
    id: Uuid,
    time: Span,
    was: Status,
) -> Result<()> {
    if organization.calendar.is_some() {
        outside_calendar::enqueue(client, organization.id, id, time.end)?;
    }
    if organization.messaging.is_none() {
        return Ok(());
    }
    let is_unsaid = withdraw(client, organization.id, id, &Kind::ALL)?;
    if was == Status::Held || is_unsaid {
        return Ok(());
    }
    enqueue(client, organization.id, id, &[at_once(Kind::Cancelled, time.start, instant::transaction_now())])
}

/// Whether the schema has an outbox: the library also serves the release before it.
pub fn exists(client: &mut SpiClient<'_>) -> Result<bool> {
    const EXISTS: &str = "
        SELECT pg_catalog.to_regclass('booking.outbox') IS NOT NULL";
    Ok(run_fresh(client, EXISTS, &[])?.first()?.get(1)?.unwrap_or(false))
}

/// $1 org_id, $2 contact, $3 the clock. What is claimed waits for the claim, so that its message is there afterwards.
const WITHDRAW_OF_CONTACT: &str = "
    UPDATE booking.outbox AS o
    SET state = CASE WHEN o.state = 'running' THEN o.state ELSE 'cancelled' END,
        finished_at = CASE WHEN o.state = 'running' THEN o.finished_at ELSE $3 END
    FROM booking.appointments AS a
    WHERE a.org_id = $1 AND a.contact_id = $2 AND o.org_id = $1 AND o.appointment_id = a.id
      AND o.state IN ('available', 'retryable', 'running') AND o.kind <> 'calendar'";

/// $1 org_id, $2 phone. Number and text name a person; that there was a message does not.
const FORGET_TO: &str = "
    UPDATE booking.messages AS m SET to_phone = NULL, body = NULL WHERE m.org_id = $1 AND m.to_phone = $2";

/// $1 org_id, $2 phone.
const FORGET_FROM: &str = "
    UPDATE booking.messages AS m SET from_phone = NULL, body = NULL WHERE m.org_id = $1 AND m.from_phone = $2";

/// $1 org_id, $2 contact. A contact may have had another number.
const FORGET_ABOUT: &str = "
    UPDATE booking.messages AS m SET from_phone = NULL, to_phone = NULL, body = NULL
    FROM booking.appointments AS a
    WHERE a.org_id = $1 AND a.contact_id = $2 AND m.org_id = $1 AND m.appointment_id = a.id";

/// Withdraws what is to be sent to a contact, and takes the contact out of what was sent. Jobs before messages, as couriers lock
/// them; whoever calls this has locked the appointments.
pub fn forget(client: &mut SpiClient<'_>, org_id: Uuid, contact_id: Uuid, phone: &str) -> Result<()> {
    let clock = instant::to_postgres(instant::clock_now())?;
    let (org, contact) = (as_postgres(org_id), as_postgres(contact_id));
    run_fresh(client, WITHDRAW_OF_CONTACT, &[org.into(), contact.into(), clock.into()])?;
    run_fresh(client, FORGET_TO, &[org.into(), phone.into()])?;
    run_fresh(client, FORGET_FROM, &[org.into(), phone.into()])?;
    run_fresh(client, FORGET_ABOUT, &[org.into(), contact.into()])?;
    opt_out::remove(client, org_id, phone)?;
    Ok(())
}

/// $1 org_id.
const CLEAN_JOBS: &str = "
    DELETE FROM booking.outbox AS o WHERE o.org_id = $1";

/// $1 org_id.
const CLEAN_MESSAGES: &str = "
    DELETE FROM booking.messages AS m WHERE m.org_id = $1";

/// Deletes every job and message of an organization. Who has opted out stays so.
pub fn clean(client: &mut SpiClient<'_>, org_id: Uuid) -> Result<()> {
    run_fresh(client, CLEAN_JOBS, &[as_postgres(org_id).into()])?;
    run_fresh(client, CLEAN_MESSAGES, &[as_postgres(org_id).into()])?;
    Ok(())
}

/// $1 the age. Also what nobody has claimed in its time. Messages stay, as the history of a contact.
const PURGE: &str = "
    DELETE FROM booking.outbox AS o
    WHERE o.finished_at < pg_catalog.now() - $1
       OR (o.state IN ('available', 'retryable') AND o.deadline < pg_catalog.now() - $1)
       OR (o.state = 'running' AND o.leased_until < pg_catalog.now() - $1 AND o.deadline < pg_catalog.now() - $1)
    RETURNING o.id";

/// Deletes the jobs that ended longer ago than `age`, and says how many.
pub fn purge(client: &mut SpiClient<'_>, age: Interval) -> Result<usize> {
    Ok(run_fresh(client, PURGE, &[age.into()])?.count())
}

/// Whether the message of a job o may have gone out, in the words that it had then, although the job still waits: nobody has said how its
/// attempt ended, or only the provider has told of it.
macro_rules! may_have_gone_out {
    () => {
        "EXISTS (
        SELECT FROM booking.messages AS m
        WHERE m.org_id = o.org_id AND m.job_id = o.id
          AND (m.status IN ('sending', 'uncertain') OR m.provider_sid IS NOT NULL))"
    };
}

/// One that may have gone out with the old time stays as it is: the claim withdraws it.
///
/// $1 org_id, $2 appointment, $3 its start.
const POSTPONE_CONFIRMATION: &str = concat!(
    "
    UPDATE booking.outbox AS o SET deadline = $3
    WHERE o.org_id = $1 AND o.appointment_id = $2 AND o.kind = 'confirmation' AND o.state IN ('available', 'retryable')
      AND NOT ",
    may_have_gone_out!(),
    "
    RETURNING o.id"
);

/// $1 org_id, $2 appointment, $3 kinds, $4 the clock. What a courier has claimed is out of reach.
const WITHDRAW: &str = concat!(
    "
    UPDATE booking.outbox AS o SET state = 'cancelled', finished_at = $4
    WHERE o.org_id = $1 AND o.appointment_id = $2 AND o.kind = ANY ($3) AND o.state IN ('available', 'retryable')
    RETURNING o.kind, o.attempts = 0 AND NOT ",
    may_have_gone_out!()
);

/// Whether the confirmation was among them, and nobody can have got it: then nobody knows of the appointment.
fn withdraw(client: &mut SpiClient<'_>, org_id: Uuid, id: Uuid, kinds: &[Kind]) -> Result<bool> {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    let clock = instant::to_postgres(instant::clock_now())?;
    let arguments = [as_postgres(org_id).into(), as_postgres(id).into(), kinds.into(), clock.into()];
    let mut is_unsaid = false;
    for row in run_fresh(client, WITHDRAW, &arguments)? {
        let is_confirmation = row.get::<String>(1)?.as_deref() == Some(Kind::Confirmation.as_str());
        is_unsaid |= is_confirmation && row.get::<bool>(2)? == Some(true);
    }
    Ok(is_unsaid)
}

/// $1 org_id, $2 appointment, $3 ids, $4 kinds, $5 times, $6 deadlines.
const ENQUEUE: &str = "
    INSERT INTO booking.outbox (org_id, id, kind, appointment_id, run_at, deadline)
    SELECT $1, job.id, job.kind, $2, job.run_at, job.deadline
    FROM unnest($3, $4, $5, $6) AS job (id, kind, run_at, deadline)";

fn enqueue(client: &mut SpiClient<'_>, org_id: Uuid, id: Uuid, jobs: &[NewJob]) -> Result<()> {
    let jobs: Vec<Following> = jobs.iter().map(Following::of).collect();
    let mut arguments = vec![as_postgres(org_id).into(), as_postgres(id).into()];
    arguments.extend(columns(&jobs)?);
    run_fresh(client, ENQUEUE, &arguments)?;
    Ok(())
}
