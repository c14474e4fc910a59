//! Phone calls: what is told of them is kept, in whatever order it comes and however often.

use booking_core::phone::{E164, normalize_phone};
use booking_core::voice::report::{self, CallReport};
use booking_core::voice::{Envelope, Kind};
use chrono::{DateTime, Utc};
use pgrx::datum::Interval;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::Result;
use crate::instant;
use crate::organization::{as_postgres, from_postgres};
use crate::statement::run_fresh;
use crate::voice::Context;
use crate::voice::once::Done;

/// What has ended stays so, and of two states the later one counts. The final report has the last word on what was said; what
/// another message tells of it only fills what is empty. Whom a tool was called for counts before who has called, whichever is told
/// first. Of a call from which somebody was erased, nobody is told of again.
///
/// $1 org_id, $2 call, $3 contact, $4 appointment, $5 kind, $6 status, $7 when it became so, $8 and $9 the numbers, $10 assistant,
/// $11 start, $12 end, $13 why it ended, $14 cost, $15 transcript, $16 summary, $17 recording, $18 analysis, $19 whether it is the
/// final report, $20 whom its tools were called for.
const TELL: &str = "
    INSERT INTO booking.call_logs AS l
        (org_id, call_id, contact_id, appointment_id, kind, status, status_at, caller_phone, called_phone, assistant_id,
        started_at, ended_at, ended_reason, cost, transcript, summary, recording_url, analysis, contact_ids)
    SELECT o.org_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::numeric, $15, $16, $17, $18::jsonb, $20
    FROM booking.organizations AS o
    WHERE o.org_id = $1
    ON CONFLICT (org_id, call_id) DO UPDATE
        SET contact_id = CASE WHEN l.erased_at IS NOT NULL THEN NULL
                WHEN excluded.contact_ids = '{}' AND l.contact_ids <> '{}' THEN l.contact_id
                ELSE COALESCE(excluded.contact_id, l.contact_id) END,
            contact_ids = CASE WHEN l.erased_at IS NOT NULL THEN '{}'
                ELSE ARRAY(SELECT pg_catalog.unnest(l.contact_ids) UNION SELECT pg_catalog.unnest(excluded.contact_ids)) END,
            appointment_id = COALESCE(excluded.appointment_id, l.appointment_id),
            kind = COALESCE(excluded.kind, l.kind),
            status = CASE WHEN excluded.status = 'ended' OR l.status IS NULL THEN COALESCE(excluded.status, l.status)
                WHEN l.status = 'ended' OR excluded.status IS NULL OR excluded.status_at < l.status_at THEN l.status
                ELSE excluded.status END,
            status_at = CASE WHEN l.status = 'ended' OR excluded.status IS NULL THEN COALESCE(l.status_at, excluded.status_at)
                ELSE GREATEST(excluded.status_at, l.status_at) END,
            caller_phone = CASE WHEN l.erased_at IS NULL THEN COALESCE(l.caller_phone, excluded.caller_phone) END,
            called_phone = COALESCE(l.called_phone, excluded.called_phone),
            assistant_id = COALESCE(l.assistant_id, excluded.assistant_id),
            started_at = COALESCE(excluded.started_at, l.started_at),
            ended_at = COALESCE(excluded.ended_at, l.ended_at),
            ended_reason = COALESCE(excluded.ended_reason, l.ended_reason),
            cost = COALESCE(excluded.cost, l.cost),
            transcript = CASE WHEN l.erased_at IS NOT NULL THEN NULL
                WHEN $19 THEN COALESCE(excluded.transcript, l.transcript)
                ELSE COALESCE(l.transcript, excluded.transcript) END,
            summary = CASE WHEN l.erased_at IS NOT NULL THEN NULL
                WHEN $19 THEN COALESCE(excluded.summary, l.summary)
                ELSE COALESCE(l.summary, excluded.summary) END,
            recording_url = CASE WHEN l.erased_at IS NULL THEN COALESCE(excluded.recording_url, l.recording_url) END,
            analysis = CASE WHEN l.erased_at IS NULL THEN COALESCE(excluded.analysis, l.analysis) END,
            updated_at = excluded.updated_at";

/// Keeps what a message tells of its call. A message of no call has nothing to tell.
pub fn told(client: &mut SpiClient<'_>, org_id: Uuid, envelope: &Envelope) -> Result<()> {
    let Some(message) = envelope.message() else { return Ok(()) };
    let mut told = report::read(message);
    told.call_id = told.call_id.or_else(|| envelope.call_id());
    if envelope.kind == Kind::EndOfCallReport {
        told.status = Some("ended".to_owned());
    }
    write(client, org_id, envelope, &told, &About::default())
}

/// Whom and what the tools of a call were called for.
#[derive(Default)]
pub struct About {
    /// In the order of the tools.
    contact_ids: Vec<Uuid>,
    appointment_id: Option<Uuid>,
}

impl About {
    pub fn add(&mut self, done: &Done) {
        self.contact_ids.extend(done.contact_id);
        self.appointment_id = done.appointment_id.or(self.appointment_id);
    }
}

/// Notes whom and what a call was about, as its tools are called.
pub fn touch(client: &mut SpiClient<'_>, context: &Context<'_>, envelope: &Envelope, about: &About) -> Result<()> {
    let Some(message) = envelope.message() else { return Ok(()) };
    let of_call = report::read(message);
    // It goes on while its tools are called; what is said so far will be told at the end.
    let told = CallReport {
        call_id: context.call_id.clone(),
        status: Some("in-progress".to_owned()),
        transcript: None,
        summary: None,
        ..of_call
    };
    write(client, context.organization.id, envelope, &told, about)
}

fn write(
    client: &mut SpiClient<'_>,
    org_id: Uuid,
    envelope: &Envelope,
    told: &CallReport,
    about: &About,
) -> Result<()> {
    let Some(call_id) = &told.call_id else { return Ok(()) };
    let caller = told.caller.clone().or_else(|| envelope.caller());
    let caller = caller.and_then(|number| international(&number));
    let contact_id = match about.contact_ids.last() {
        None => caller.as_ref().map(|phone| contact_of(client, org_id, phone)).transpose()?.flatten(),
        Some(last) => Some(*last),
    };
    let moment = |at: Option<DateTime<Utc>>| at.and_then(|at| instant::to_postgres(at).ok());
    let arguments = [
        as_postgres(org_id).into(),
        call_id.as_str().into(),
        contact_id.map(as_postgres).into(),
        about.appointment_id.map(as_postgres).into(),
        envelope.call_kind().into(),
        told.status.as_deref().into(),
        moment(told.at.or_else(|| Some(instant::clock_now()))).into(),
        caller.as_ref().map(E164::as_str).into(),
        told.called.as_deref().into(),
        told.assistant_id.as_deref().into(),
        moment(told.started_at).into(),
        moment(told.ended_at).into(),
        told.ended_reason.as_deref().into(),
        told.cost.into(),
        told.transcript.as_deref().into(),
        told.summary.as_deref().into(),
        told.recording_url.as_deref().into(),
        told.analysis.as_ref().map(ToString::to_string).into(),
        (envelope.kind == Kind::EndOfCallReport).into(),
        about.contact_ids.iter().copied().map(as_postgres).collect::<Vec<pgrx::Uuid>>().into(),
    ];
    run_fresh(client, TELL, &arguments)?;
    Ok(())
}

/// A number as Vapi gives it: with its country code, or it is none.
fn international(number: &str) -> Option<E164> {
    Some(number)
        .filter(|number| number.trim_start().starts_with('+'))
        .and_then(|number| normalize_phone(number, "US").ok())
}

/// $1 org_id, $2 phone.
const CONTACT: &str = "
    SELECT c.id FROM booking.contacts AS c WHERE c.org_id = $1 AND c.phone = $2";

/// The contact who has that number.
pub fn contact_of(client: &mut SpiClient<'_>, org_id: Uuid, phone: &E164) -> Result<Option<Uuid>> {
    let row = run_fresh(client, CONTACT, &[as_postgres(org_id).into(), phone.as_str().into()])?.next();
    Ok(row.map(|row| row.get::<pgrx::Uuid>(1)).transpose()?.flatten().map(from_postgres))
}

/// Of a call from which somebody was erased, nothing is kept any more.
///
/// $1 org_id, $2 id, $3 call or NULL, $4 type, $5 body.
const KEEP: &str = "
    INSERT INTO booking.call_messages (org_id, id, call_id, type, body)
    SELECT o.org_id, $2, $3, $4, $5::jsonb
    FROM booking.organizations AS o
    WHERE o.org_id = $1 AND NOT EXISTS (
        SELECT FROM booking.call_logs AS l WHERE l.org_id = $1 AND l.call_id = $3 AND l.erased_at IS NOT NULL)";

/// Keeps a message of a type that nothing here reads.
pub fn keep(client: &mut SpiClient<'_>, org_id: Uuid, envelope: &Envelope, kind: &str) -> Result<()> {
    let message = envelope.body.get("message").map(report::storable_json);
    let arguments = [
        as_postgres(org_id).into(),
        as_postgres(Uuid::now_v7()).into(),
        envelope.call_id().into(),
        kind.into(),
        message.map_or_else(|| "{}".to_owned(), |message| message.to_string()).into(),
    ];
    run_fresh(client, KEEP, &arguments)?;
    Ok(())
}

/// That there was a call does not name a person; who called and what was said does. A call is of a person who called, or for whom
/// somebody called a tool or left a message in it. A message that nothing here reads may be of a call that nothing else tells of.
///
/// $1 org_id, $2 contact or NULL, $3 phone, $4 the clock.
const FORGET: &str = "
    WITH calls AS (
        SELECT l.call_id FROM booking.call_logs AS l
        WHERE l.org_id = $1 AND (l.contact_id = $2 OR $2 = ANY (l.contact_ids) OR l.caller_phone = $3)
        UNION
        SELECT f.call_id FROM booking.follow_ups AS f
        WHERE f.org_id = $1 AND (f.contact_id = $2 OR f.phone = $3) AND f.call_id IS NOT NULL
        UNION
        SELECT a.metadata ->> 'callId' FROM booking.appointments AS a
        WHERE a.org_id = $1 AND a.contact_id = $2 AND a.metadata ? 'callId'
    ), erased AS (
        UPDATE booking.call_logs AS l
        SET contact_id = NULL, contact_ids = '{}', caller_phone = NULL, transcript = NULL, summary = NULL, recording_url = NULL,
            analysis = NULL, erased_at = $4
        FROM calls
        WHERE l.org_id = $1 AND l.call_id = calls.call_id
        RETURNING l.call_id
    ), messages AS (
        DELETE FROM booking.call_messages AS m
        WHERE m.org_id = $1
          AND (m.call_id IN (SELECT calls.call_id FROM calls)
            OR m.body #>> '{call,customer,number}' = $3 OR m.body #>> '{customer,number}' = $3)
        RETURNING m.id
    )
    SELECT erased.call_id FROM erased UNION ALL SELECT messages.id::text FROM messages";

/// Takes a person out of the calls and what was told of them, and says of how much. Before what tells which calls are theirs is gone.
pub fn forget(client: &mut SpiClient<'_>, org_id: Uuid, contact_id: Option<Uuid>, phone: &str) -> Result<usize> {
    let clock = instant::to_postgres(instant::clock_now())?;
    let arguments = [as_postgres(org_id).into(), contact_id.map(as_postgres).into(), phone.into(), clock.into()];
    Ok(run_fresh(client, FORGET, &arguments)?.count())
}

/// $1 org_id.
const CLEAN: &str = "
    WITH messages AS (
        DELETE FROM booking.call_messages AS m WHERE m.org_id = $1
    )
    DELETE FROM booking.call_logs AS l WHERE l.org_id = $1";

/// Deletes every call of an organization. Its agent stays as it is set up.
pub fn clean(client: &mut SpiClient<'_>, org_id: Uuid) -> Result<()> {
    run_fresh(client, CLEAN, &[as_postgres(org_id).into()])?;
    Ok(())
}

/// $1 the age. Calls stay, as the history of a contact.
const PURGE: &str = "
    DELETE FROM booking.call_messages AS m WHERE m.received_at < pg_catalog.now() - $1 RETURNING m.id";

/// Deletes the messages that nothing here reads and that came longer ago than `age`, and says how many.
pub fn purge(client: &mut SpiClient<'_>, age: Interval) -> Result<usize> {
    Ok(run_fresh(client, PURGE, &[age.into()])?.count())
}
