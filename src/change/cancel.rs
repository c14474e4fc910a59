//! Giving an appointment or a hold up. Its seat is free when this commits.

use booking_core::status::Status;
use booking_core::{Code, limits, speech};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::Value;

use crate::answer::{self, Shown};
use crate::change::present::{Present, must_have_changed};
use crate::error::Result;
use crate::event::{Change, Kind, Source, change};
use crate::instant;
use crate::organization::as_postgres;
use crate::outbox;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn cancel_appointment(
    p_org_id: Option<pgrx::Uuid>,
    p_appointment_id: Option<pgrx::Uuid>,
    p_reason: default!(Option<String>, "NULL"),
) -> pgrx::Json {
    answer::for_program(Spi::connect_mut(|client| {
        let appointment = Present::lock(client, p_org_id, p_appointment_id)?;
        let reason = p_reason.filter(|reason| !reason.trim().is_empty());
        let reason = reason.map(|reason| limits::label("reason", &reason, Code::InvalidRequest)).transpose()?;
        cancel(client, &appointment, reason.as_deref(), Source::Program)
    }))
}

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn release_hold(p_org_id: Option<pgrx::Uuid>, p_hold_id: Option<pgrx::Uuid>) -> pgrx::Json {
    answer::for_program(Spi::connect_mut(|client| {
        let hold = Present::lock(client, p_org_id, p_hold_id)?;
        hold.check_not_expired()?;
        hold.status.check_hold()?;
        let mut answer = cancel(client, &hold, Some("hold released"), Source::Program)?;
        answer["holdId"] = hold.id.to_string().into();
        Ok(answer)
    }))
}

/// $1 org_id, $2 appointment, $3 the clock, $4 reason or NULL.
const CANCEL: Change = change!(
    "
    UPDATE booking.appointments AS a
    SET status = 'cancelled', cancelled_at = $3, cancel_reason = $4
    WHERE a.org_id = $1 AND a.id = $2 AND a.status IN ('held', 'pending', 'confirmed')
    RETURNING a.org_id, a.id",
    "$5",
    "$6",
    "$7"
);

/// Gives up what is locked.
pub fn cancel(
    client: &mut SpiClient<'_>,
    appointment: &Present,
    reason: Option<&str>,
    source: Source,
) -> Result<Value> {
    appointment.check_not_expired()?;
    appointment.status.check_change(Status::Cancelled)?;
    let organization = appointment.organization(client)?;
    appointment.lock_slots(client, |_| ())?;
    if appointment.status == Status::Held {
        // It may have expired while this waited, and been ended by whoever took its time.
        Present::again(client, appointment)?.check_not_expired()?;
    }
    let arguments = vec![
        as_postgres(appointment.org_id).into(),
        as_postgres(appointment.id).into(),
        instant::to_postgres(instant::clock_now())?.into(),
        reason.into(),
    ];
    let kind = if appointment.contact_id.is_some() { Kind::Cancelled } else { Kind::HoldReleased };
    let event = organization.has_outbox.then(|| appointment.event(kind, Status::Cancelled, source));
    must_have_changed(&CANCEL.run(client, arguments, event.as_ref())?)?;
    let moment = answer::spoken(&organization, appointment.time.start, false, instant::transaction_now());
    let shown = Shown { status: Status::Cancelled, ..appointment.shown() };
    let mut answer = shown.to_json(&organization, &speech::cancelled(&moment));
    // Nobody knows of a hold.
    if appointment.contact_id.is_some() {
        outbox::cancelled(client, &organization, appointment.id, appointment.time, appointment.status)?;
        organization.announce(&mut answer);
    }
    Ok(answer)
}
