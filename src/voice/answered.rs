//! What a booking is answered with as it stands now: of one that waited for its calendar, what has become of it.

use booking_core::status::Status;
use booking_core::voice::{Envelope, Tool, ToolCall};
use booking_core::{Code, Refusal, speech};
use pgrx::Json;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::Value;
use uuid::Uuid;

use crate::answer;
use crate::book::idempotency;
use crate::book::place::Plan;
use crate::change::present::Present;
use crate::error::{Error, Result, or_raise};
use crate::instant;
use crate::organization::{Asked, Organization, ServiceName, as_postgres};
use crate::raw_json::JsonText;
use crate::statement::run_fresh;
use crate::voice::{once, origin};

#[pg_extern(stable)]
#[search_path(pg_catalog, pg_temp)]
fn booking_answer(p_org_id: Option<pgrx::Uuid>, p_appointment_id: Option<pgrx::Uuid>) -> Json {
    answer::for_program(Spi::connect_mut(|client| {
        let appointment = Present::read(client, p_org_id, p_appointment_id)?;
        of_present(client, &appointment)
    }))
}

/// The same, for whoever has made the booking.
pub fn as_it_stands(client: &mut SpiClient<'_>, org_id: Uuid, id: Uuid) -> Result<Value> {
    let appointment = Present::read(client, Some(as_postgres(org_id)), Some(as_postgres(id)))?;
    of_present(client, &appointment)
}

fn of_present(client: &mut SpiClient<'_>, appointment: &Present) -> Result<Value> {
    let now = instant::transaction_now();
    if appointment.has_expired() || appointment.is_given_up_hold() {
        return taken(client, appointment);
    }
    let organization = appointment.organization(client)?;
    if appointment.status == Status::Cancelled {
        let moment = answer::spoken(&organization, appointment.time.start, false, now);
        let refusal = Refusal::new(
            Code::AlreadyCancelled,
            format!("appointment {} is cancelled", appointment.id),
            "book a new appointment",
        );
        return Ok(answer::refused(&refusal, &speech::cancelled(&moment)));
    }
    let moment = answer::spoken(&organization, appointment.time.start, false, now);
    let name = appointment.patient_name.as_deref().unwrap_or_default();
    let message = speech::booked(appointment.status, name, &moment);
    let mut answer = appointment.shown().to_json(&organization, &message);
    organization.announce(&mut answer);
    Ok(answer)
}

/// The time could not be had after all: what else is free.
fn taken(client: &mut SpiClient<'_>, appointment: &Present) -> Result<Value> {
    let service = ServiceName::Booked(&appointment.service_type);
    let asked = Asked { org_id: Some(appointment.org_id), resource_id: None, service };
    let mut organization = Organization::read(client, asked)?;
    let length = appointment.time.end.signed_duration_since(appointment.time.start).num_minutes();
    organization.rules = organization.rules.clone().lasting(i32::try_from(length).ok())?;
    let plan = Plan::new(&organization, instant::transaction_now());
    plan.offer(client, plan.taken_at(appointment.time.start))
}

#[pg_extern(sql = r#"
CREATE FUNCTION booking.voice_pending(p_message json) RETURNS boolean
    STABLE STRICT LANGUAGE c SET search_path TO pg_catalog, pg_temp
    AS '@MODULE_PATHNAME@', '@FUNCTION_NAME@';"#)]
fn voice_pending(body: JsonText) -> bool {
    let Ok(envelope) = Envelope::read(&body.0) else { return false };
    or_raise(Spi::connect_mut(|client| {
        let org_id = match origin::organization(client, &envelope) {
            Ok(org_id) => org_id,
            Err(Error::Refused(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        is_pending(client, org_id, &envelope)
    }))
}

/// $1 org_id, $2 appointment, $3 the clock.
const IS_HELD: &str = "
    SELECT a.id FROM booking.appointments AS a
    WHERE a.org_id = $1 AND a.id = $2 AND a.status = 'held' AND a.expires_at > $3";

fn is_pending(client: &mut SpiClient<'_>, org_id: Uuid, envelope: &Envelope) -> Result<bool> {
    let call_id = envelope.call_id();
    // What cannot be told from another would be done again with the message.
    let calls = envelope.tool_calls();
    let is_keyed = |call: &ToolCall| matches!(once::key(call_id.as_deref(), call), Ok(Some(_)));
    let changes = |call: &&ToolCall| Tool::named(&call.name).is_some_and(Tool::changes_something);
    if !calls.iter().filter(changes).all(is_keyed) {
        return Ok(false);
    }
    let clock = instant::to_postgres(instant::clock_now())?;
    for call in calls {
        let Ok(Some(key)) = once::key(call_id.as_deref(), &call) else { continue };
        let kept = match idempotency::replay(client, Some(org_id), Some(&key)) {
            Ok(Some(kept)) => once::Done::of(&kept),
            Ok(None) | Err(Error::Refused(_)) => continue,
            Err(error) => return Err(error),
        };
        let Some(id) = kept.appointment_id.filter(|_| kept.is_held) else { continue };
        let arguments = [as_postgres(org_id).into(), as_postgres(id).into(), clock.into()];
        if !run_fresh(client, IS_HELD, &arguments)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
