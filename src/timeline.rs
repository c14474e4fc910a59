//! The timeline of a contact: everything that is on record of whoever has a phone, in order of time.

use booking_core::booking_data::iso_utc;
use booking_core::follow_up;
use booking_core::phone::normalize_phone;
use booking_core::voice::timeline::Entry;
use booking_core::{Code, Refusal, zone};
use chrono::{DateTime, NaiveDateTime, Utc};
use pgrx::JsonB;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::Value;

use crate::error::{Error, Result, or_raise};
use crate::instant;
use crate::organization::{Asked, Organization, as_postgres, from_postgres};
use crate::statement::{Row, run_fresh};
use crate::table::TableIterator;

type TimelineRow = (TimestampWithTimeZone, String, String, JsonB);

#[pg_extern(stable)]
#[search_path(pg_catalog, pg_temp)]
fn contact_timeline(
    p_org_id: Option<pgrx::Uuid>,
    p_phone: Option<String>,
) -> TableIterator<
    'static,
    (name!(at, TimestampWithTimeZone), name!(kind, String), name!(summary, String), name!(detail, JsonB)),
> {
    let told = || -> Result<Vec<TimelineRow>> {
        Spi::connect_mut(|client| {
            let asked = Asked { org_id: p_org_id.map(from_postgres), ..Asked::default() };
            let organization = Organization::read(client, asked)?;
            let stated =
                p_phone.ok_or_else(|| Refusal::new(Code::InvalidPhone, "no phone was given", "pass the phone"))?;
            let phone = normalize_phone(&stated, &organization.default_region)?;
            entries(client, &organization, phone.as_str())
        })
    };
    TableIterator::new(or_raise(told()))
}

/// The latest thousand, last first. Where two happened at once, a call comes before what came of it. Of a reminder, only whoever
/// takes care of it knows. Events that the appointments and messages themselves tell of are left out. An appointment that was moved was booked for the time that it was first moved from.
///
/// $1 org_id, $2 phone.
const ENTRIES: &str = "
    WITH contact AS (
        SELECT c.id FROM booking.contacts AS c WHERE c.org_id = $1 AND c.phone = $2
    ), appointment AS (
        SELECT a.id, a.service_type, a.starts_at, a.status, a.created_at, a.cancelled_at, a.cancel_reason
        FROM booking.appointments AS a
        JOIN contact ON contact.id = a.contact_id
        WHERE a.org_id = $1
    ), follow_up AS (
        SELECT f.id, f.kind, f.state, f.note, f.name, f.owner, f.due_at, f.call_id, f.appointment_id, f.created_at, f.closed_at
        FROM booking.follow_ups AS f
        WHERE f.org_id = $1 AND (f.phone = $2 OR f.contact_id IN (SELECT contact.id FROM contact)
            OR f.appointment_id IN (SELECT appointment.id FROM appointment))
    ), entry (at, rank, id, kind, what, word, text, moment, seconds, detail) AS (
        SELECT COALESCE(l.started_at, l.created_at), 1, l.call_id, 'call', NULL::text, l.ended_reason, l.summary,
            NULL::timestamptz,
            CASE WHEN pg_catalog.isfinite(l.started_at) AND pg_catalog.isfinite(l.ended_at)
                THEN pg_catalog.date_part('epoch', l.ended_at - l.started_at)::bigint END,
            pg_catalog.jsonb_build_object('callId', l.call_id, 'callKind', l.kind, 'status', l.status,
                'endedReason', l.ended_reason, 'summary', l.summary, 'appointmentId', l.appointment_id)
        FROM booking.call_logs AS l
        WHERE l.org_id = $1 AND (l.caller_phone = $2 OR l.contact_id IN (SELECT contact.id FROM contact)
            OR l.contact_ids && ARRAY(SELECT contact.id FROM contact))
        UNION ALL
        SELECT a.created_at, 2, a.id::text, 'booked', a.service_type, a.status, (
                SELECT e.detail ->> 'from' FROM booking.events AS e
                WHERE e.org_id = $1 AND e.appointment_id = a.id AND e.kind = 'moved'
                ORDER BY e.at, e.id
                LIMIT 1),
            a.starts_at, NULL,
            pg_catalog.jsonb_build_object('appointmentId', a.id, 'service', a.service_type, 'status', a.status)
        FROM appointment AS a
        UNION ALL
        SELECT e.at, 3, e.id::text, CASE WHEN e.kind = 'moved' THEN 'moved' ELSE 'event' END, a.service_type, e.kind,
            NULL, NULL, NULL,
            e.detail || pg_catalog.jsonb_build_object('appointmentId', a.id, 'service', a.service_type, 'event', e.kind)
        FROM appointment AS a
        JOIN booking.events AS e ON e.org_id = $1 AND e.appointment_id = a.id
        WHERE e.kind NOT IN ('follow_up_created', 'follow_up_closed', 'booked', 'held', 'hold_confirmed', 'hold_released',
                'hold_expired', 'cancelled', 'status_changed', 'event_written', 'event_removed', 'event_failed',
                'event_not_configured')
          AND e.kind !~ '^message_' AND (e.kind <> 'moved' OR e.detail ->> 'from' IS DISTINCT FROM e.detail ->> 'to')
        UNION ALL
        SELECT a.cancelled_at, 4, a.id::text, 'cancelled', a.service_type, NULL, a.cancel_reason, a.starts_at, NULL,
            pg_catalog.jsonb_build_object('appointmentId', a.id, 'service', a.service_type, 'reason', a.cancel_reason)
        FROM appointment AS a
        WHERE a.cancelled_at IS NOT NULL
        UNION ALL
        SELECT m.created_at, 5, m.id::text,
            CASE WHEN m.direction = 'inbound' THEN 'message_received' ELSE 'message_sent' END, NULL, m.status, m.body,
            NULL, NULL,
            pg_catalog.jsonb_build_object('messageId', m.id, 'appointmentId', m.appointment_id, 'status', m.status,
                'body', m.body, 'errorCode', m.error_code)
        FROM booking.messages AS m
        WHERE m.org_id = $1 AND m.follow_up_id IS NULL
          AND ((m.direction = 'outbound' AND m.to_phone = $2) OR (m.direction = 'inbound' AND m.from_phone = $2)
              OR m.appointment_id IN (SELECT appointment.id FROM appointment))
        UNION ALL
        SELECT f.created_at, 6, f.id::text, 'follow_up', NULL, f.kind, f.note, f.due_at, NULL,
            pg_catalog.jsonb_build_object('followUpId', f.id, 'followUpKind', f.kind, 'state', f.state, 'note', f.note,
                'name', f.name, 'owner', f.owner, 'callId', f.call_id, 'appointmentId', f.appointment_id)
        FROM follow_up AS f
        UNION ALL
        SELECT f.closed_at, 7, f.id::text, 'follow_up_closed', NULL, f.state, f.note, f.due_at, NULL,
            pg_catalog.jsonb_build_object('followUpId', f.id, 'followUpKind', f.kind, 'state', f.state, 'note', f.note,
                'name', f.name, 'owner', f.owner, 'callId', f.call_id, 'appointmentId', f.appointment_id)
        FROM follow_up AS f
        WHERE f.closed_at IS NOT NULL
    )
    SELECT entry.at, entry.kind, entry.what, entry.word, entry.text, entry.moment, entry.seconds,
        pg_catalog.jsonb_strip_nulls(entry.detail)::text
    FROM entry
    ORDER BY entry.at DESC, entry.rank DESC, entry.id DESC
    LIMIT 1000";

fn entries(client: &mut SpiClient<'_>, organization: &Organization, phone: &str) -> Result<Vec<TimelineRow>> {
    let rows = run_fresh(client, ENTRIES, &[as_postgres(organization.id).into(), phone.into()])?;
    let mut entries = rows.map(|row| to_entry(organization, &row)).collect::<Result<Vec<_>>>()?;
    entries.reverse();
    Ok(entries)
}

/// A row of ENTRIES as it is told.
fn to_entry(organization: &Organization, row: &Row<'_>) -> Result<TimelineRow> {
    let kind: String = row.get(2)?.ok_or_else(|| Error::missing("kind"))?;
    let detail: String = row.get(8)?.ok_or_else(|| Error::missing("detail"))?;
    let mut detail: Value = serde_json::from_str(&detail).map_err(|error| Error::Server(error.to_string()))?;
    let word = |column| -> Result<String> { Ok(row.get(column)?.unwrap_or_default()) };
    let (what, said, text) = (word(3)?, word(4)?, row.get::<String>(5)?);
    let moment = row.get::<TimestampWithTimeZone>(6)?.map(instant::from_postgres).transpose()?;
    let text = text.as_deref();
    let time = || moment.map(|moment| local(organization, moment)).ok_or_else(|| Error::missing("time"));
    let entry = match kind.as_str() {
        "booked" => {
            let first = text.and_then(instant_of).map(|first| local(organization, first));
            Entry::Booked { service: &what, time: first.map_or_else(time, Ok)?, is_held: said == "held" }
        }
        "moved" => {
            let at = |key| detail.get(key).and_then(Value::as_str).and_then(instant_of);
            let times = at("from").zip(at("to")).map(|(from, to)| (local(organization, from), local(organization, to)));
            Entry::Moved { service: &what, times }
        }
        "cancelled" => Entry::Cancelled { service: &what, time: time()?, reason: text },
        "message_sent" => Entry::MessageSent { status: &said, body: text },
        "message_received" => Entry::MessageReceived { body: text },
        "call" => Entry::Call {
            seconds: row.get(7)?,
            ended_reason: Some(&said).filter(|said| !said.is_empty()).map(String::as_str),
            summary: text,
        },
        "follow_up" => Entry::FollowUp { kind: follow_up::Kind::parse(&said)?, note: text.unwrap_or_default() },
        "follow_up_closed" => {
            Entry::FollowUpClosed { state: follow_up::State::parse(&said)?, note: text.unwrap_or_default() }
        }
        _ => Entry::Event { kind: &said },
    };
    let summary = entry.summary();
    let key = if kind.starts_with("follow_up") { "dueAt" } else { "startsAt" };
    if let (Some(moment), Some(detail)) = (moment, detail.as_object_mut()) {
        detail.insert(key.to_owned(), iso_utc(moment).into());
    }
    let at = row.get(1)?.ok_or_else(|| Error::missing("time"))?;
    Ok((at, kind, summary, JsonB(detail)))
}

fn local(organization: &Organization, moment: DateTime<Utc>) -> NaiveDateTime {
    zone::local_time(&organization.zone, moment)
}

/// An instant as events keep it; `None` where somebody has written what is none.
fn instant_of(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.to_utc())
}
