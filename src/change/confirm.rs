//! Confirming a hold: it becomes the appointment of somebody, once, and only before it expires.

use booking_core::appointment_time::{self, AppointmentTime};
use booking_core::status::Status;
use booking_core::{Code, Refusal, speech};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::Value;

use crate::answer::{self, Shown};
use crate::book::Patient;
use crate::book::contact::Contact;
use crate::book::request::Person;
use crate::change::present::{Present, hold_expired, must_have_changed};
use crate::error::Result;
use crate::event::{Change, Kind, Source, change};
use crate::instant;
use crate::organization::as_postgres;
use crate::outbox;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn confirm_hold(
    p_org_id: Option<pgrx::Uuid>,
    p_hold_id: Option<pgrx::Uuid>,
    p_patient_name: Option<String>,
    p_patient_email: Option<String>,
    p_patient_phone: Option<String>,
) -> pgrx::Json {
    let patient = Patient { name: p_patient_name, email: p_patient_email, phone: p_patient_phone };
    answer::for_program(Spi::connect_mut(|client| {
        let hold = Present::lock(client, p_org_id, p_hold_id)?;
        confirm(client, &hold, &patient)
    }))
}

/// $1 org_id, $2 hold, $3 contact, $4 name, $5 the clock, $6 status, $7 expiry or NULL.
const CONFIRM: Change = change!(
    "
    UPDATE booking.appointments AS a
    SET status = $6, expires_at = $7, contact_id = $3, patient_name = $4
    WHERE a.org_id = $1 AND a.id = $2 AND a.status = 'held' AND (a.expires_at IS NULL OR a.expires_at > $5)
    RETURNING a.org_id, a.id",
    "$8",
    "$9",
    "$10"
);

fn confirm(client: &mut SpiClient<'_>, hold: &Present, patient: &Patient) -> Result<Value> {
    check_still_held(hold)?;
    let organization = hold.organization(client)?;
    let person = Person::read(patient, &organization)?;
    let now = instant::transaction_now();
    let time = AppointmentTime { starts_at: hold.time.start, corrected: false };
    appointment_time::check_not_past(time, &organization.zone, now)?;
    hold.lock_slots(client, |locks| locks.contact(&person.phone))?;
    // It may have expired while this waited, and somebody else may have taken its time.
    let clock = instant::clock_now();
    let hold = Present::again(client, hold)?;
    check_still_held(&hold)?;
    let mut contact = Contact::find(client, &organization, &person)?;
    contact.save(client, &organization)?;
    let status = if organization.verification().is_some() { Status::Held } else { Status::Confirmed };
    let arguments = vec![
        as_postgres(hold.org_id).into(),
        as_postgres(hold.id).into(),
        as_postgres(contact.id).into(),
        contact.name.as_str().into(),
        instant::to_postgres(clock)?.into(),
        status.as_str().into(),
        organization.verification().map(|time| instant::to_postgres(clock + time)).transpose()?.into(),
    ];
    let event = organization.has_outbox.then(|| hold.event(Kind::HoldConfirmed, status, Source::Program));
    must_have_changed(&CONFIRM.run(client, arguments, event.as_ref())?)?;
    outbox::booked(client, &organization, hold.id, hold.time, status)?;
    let moment = answer::spoken(&organization, hold.time.start, false, now);
    let shown = Shown { status, contact_id: Some(contact.id), ..hold.shown() };
    let mut answer = shown.to_json(&organization, &speech::booked(status, &contact.name, &moment));
    organization.announce(&mut answer);
    Ok(answer)
}

fn check_still_held(hold: &Present) -> Result<()> {
    hold.check_not_expired()?;
    if hold.is_given_up_hold() {
        return Err(hold_expired("the hold was released").into());
    }
    hold.status.check_hold()?;
    if hold.contact_id.is_some() {
        let message = "the hold is somebody's already and waits for its event in the calendar";
        return Err(Refusal::new(Code::InvalidStatus, message, "ask appointment_status how it stands").into());
    }
    Ok(())
}
