//! Messages from patients. A single word may cancel or confirm an appointment, or end and begin messages; anything else is kept
//! for people to read.

use booking_core::limits;
use booking_core::refusal::{Code, Refusal};
use booking_core::sms::reply::lets_in_again;
use booking_core::sms::{Reply, Size};
use booking_core::status::Status;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer;
use crate::change;
use crate::change::present::Present;
use crate::error::{Error, Result};
use crate::event;
use crate::instant;
use crate::organization::{as_postgres, from_postgres, org_not_found};
use crate::outbox::opt_out;
use crate::setup::{required, required_id};
use crate::statement::run_fresh;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn receive_message(
    p_org_id: Option<pgrx::Uuid>,
    p_from: Option<String>,
    p_to: Option<String>,
    p_body: Option<String>,
    p_provider_sid: Option<String>,
    p_opt_out_type: default!(Option<String>, "NULL"),
) -> pgrx::Json {
    answer::for_program(Spi::connect_mut(|client| {
        let label = |what: &str, text: &Option<String>, name| -> Result<String> {
            Ok(limits::label(what, required(text.as_deref(), name)?, Code::InvalidRequest)?)
        };
        let received = Received {
            org_id: required_id(p_org_id, "p_org_id")?,
            from: label("sender", &p_from, "p_from")?,
            to: label("receiver", &p_to, "p_to")?,
            body: p_body.unwrap_or_default().chars().take(LONGEST_BODY).collect(),
            sid: label("provider sid", &p_provider_sid, "p_provider_sid")?,
        };
        // Where the network has understood it already, that counts.
        let said = p_opt_out_type.as_deref().filter(|word| !word.is_empty()).unwrap_or(&received.body);
        receive(client, &received, said)
    }))
}

/// The longest message that a network carries, in characters.
const LONGEST_BODY: usize = 1600;

struct Received {
    org_id: Uuid,
    from: String,
    to: String,
    body: String,
    sid: String,
}

/// $1 org_id, $2 id, $3 from, $4 to, $5 body, $6 segments, $7 provider's id, $8 appointment or NULL. Told twice, it is kept once.
const KEEP: &str = "
    INSERT INTO booking.messages
        (org_id, id, direction, from_phone, to_phone, body, segments, provider_sid, appointment_id, status)
    SELECT o.org_id, $2, 'inbound', $3, $4, $5, $6, $7, $8, 'received' FROM booking.organizations AS o WHERE o.org_id = $1
    ON CONFLICT (org_id, provider_sid) WHERE provider_sid IS NOT NULL DO NOTHING
    RETURNING id";

/// `said`: what it says, in the word that counts.
fn receive(client: &mut SpiClient<'_>, received: &Received, said: &str) -> Result<Value> {
    let appointment = subject(client, received)?;
    let arguments = [
        as_postgres(received.org_id).into(),
        as_postgres(Uuid::now_v7()).into(),
        received.from.as_str().into(),
        received.to.as_str().into(),
        received.body.as_str().into(),
        i32::try_from(Size::of(&received.body).segments).unwrap_or(i32::MAX).into(),
        received.sid.as_str().into(),
        appointment.map(as_postgres).into(),
    ];
    if run_fresh(client, KEEP, &arguments)?.is_empty() {
        check_organization(client, received.org_id)?;
        return Ok(done("duplicate", None, None));
    }
    let (org_id, reply) = (received.org_id, Reply::read(said));
    let is_let_in = lets_in_again(said) && opt_out::remove(client, org_id, &received.from)?;
    if is_let_in || reply == Reply::Start {
        event::record(client, org_id, event::Kind::PatientOptedIn, appointment, &json!({}))?;
    }
    match (reply, appointment) {
        (Reply::Stop, _) => {
            opt_out::add(client, org_id, &received.from)?;
            event::record(client, org_id, event::Kind::PatientOptedOut, appointment, &json!({}))?;
            Ok(done("opted_out", None, None))
        }
        (Reply::Start, _) => Ok(done("opted_in", None, None)),
        (Reply::Cancel, Some(id)) => answered(cancel(client, org_id, id), "cancelled", id),
        (Reply::Confirm, Some(id)) => answered(confirm(client, org_id, id), "confirmed", id),
        (Reply::Cancel | Reply::Confirm, None) => {
            Ok(done("received", None, Some("We have found no appointment of this number.")))
        }
        (Reply::Text, _) => Ok(done("received", appointment, None)),
    }
}

/// $1 org_id, $2 phone, $3 the clock. What the last message was about that the patient may have got, whatever has become of it
/// since: a word said twice is not about another appointment. Without a message, what comes first. Who takes care of follow-ups
/// may be a patient too: a reminder of one is about no appointment.
const SUBJECT: &str = "
    SELECT subject.id
    FROM (
        (SELECT m.appointment_id AS id, 1 AS rank
        FROM booking.messages AS m
        WHERE m.org_id = $1 AND m.to_phone = $2 AND m.direction = 'outbound' AND m.follow_up_id IS NULL
          AND m.status IN ('queued', 'sending', 'sent', 'delivered', 'uncertain')
        ORDER BY m.created_at DESC, m.id DESC
        LIMIT 1)
        UNION ALL
        (SELECT a.id, 2
        FROM booking.contacts AS c
        JOIN booking.appointments AS a ON a.org_id = c.org_id AND a.contact_id = c.id
        WHERE c.org_id = $1 AND c.phone = $2 AND a.status IN ('pending', 'confirmed') AND a.starts_at > $3
        ORDER BY a.starts_at
        LIMIT 1)
    ) AS subject
    ORDER BY subject.rank
    LIMIT 1";

fn subject(client: &mut SpiClient<'_>, received: &Received) -> Result<Option<Uuid>> {
    let arguments = [
        as_postgres(received.org_id).into(),
        received.from.as_str().into(),
        instant::to_postgres(instant::clock_now())?.into(),
    ];
    let row = run_fresh(client, SUBJECT, &arguments)?.next();
    Ok(row.map(|row| row.get::<pgrx::Uuid>(1)).transpose()?.flatten().map(from_postgres))
}

/// $1 org_id.
const IS_THERE: &str = "
    SELECT o.org_id FROM booking.organizations AS o WHERE o.org_id = $1";

fn check_organization(client: &mut SpiClient<'_>, org_id: Uuid) -> Result<()> {
    if run_fresh(client, IS_THERE, &[as_postgres(org_id).into()])?.is_empty() {
        return Err(org_not_found(&org_id.to_string()).into());
    }
    Ok(())
}

/// The appointment, locked; refused where it has begun.
fn to_come(client: &mut SpiClient<'_>, org_id: Uuid, id: Uuid) -> Result<Present> {
    let appointment = Present::lock(client, Some(as_postgres(org_id)), Some(as_postgres(id)))?;
    if appointment.time.start <= instant::clock_now() {
        return Err(Refusal::new(Code::InvalidStatus, "the appointment has begun", "call the clinic").into());
    }
    Ok(appointment)
}

fn cancel(client: &mut SpiClient<'_>, org_id: Uuid, id: Uuid) -> Result<()> {
    let appointment = to_come(client, org_id, id)?;
    change::cancel::cancel(client, &appointment, Some("by a text message of the patient"), event::Source::Patient)?;
    event::record(client, org_id, event::Kind::PatientCancelled, Some(id), &json!({}))
}

fn confirm(client: &mut SpiClient<'_>, org_id: Uuid, id: Uuid) -> Result<()> {
    let appointment = to_come(client, org_id, id)?;
    match appointment.status {
        Status::Confirmed => (),
        _ => drop(change::status::set(client, &appointment, Status::Confirmed, event::Source::Patient)?),
    }
    event::record(client, org_id, event::Kind::PatientConfirmed, Some(id), &json!({}))
}

/// A refusal reaches the patient, not an error the provider, who would only tell us again.
fn answered(result: Result<()>, action: &str, id: Uuid) -> Result<Value> {
    match result {
        Ok(()) => Ok(done(action, Some(id), None)),
        Err(Error::Refused(_)) => {
            Ok(done("received", Some(id), Some("We could not do that any more. Please call us.")))
        }
        Err(error) => Err(error),
    }
}

fn done(action: &str, appointment_id: Option<Uuid>, reply: Option<&str>) -> Value {
    let appointment_id = appointment_id.map(|id| id.to_string());
    json!({"success": true, "action": action, "appointmentId": appointment_id, "reply": reply})
}
