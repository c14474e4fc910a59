//! The one booking function. Everything that books comes through `book`: normalize, lock, look, write - or refuse with the
//! nearest free times.

mod candidate;
mod idempotency;
mod lock;
mod record;
mod request;

use booking_core::appointment_time::{self, AppointmentTime, TimeRefusal};
use booking_core::calendar::Span;
use booking_core::{Code, Refusal};
use chrono::{DateTime, Utc};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::Value;
use uuid::Uuid;

use crate::answer::{self, Booked};
use crate::error::{Error, Result};
use crate::instant;
use crate::look;
use crate::organization::{self, Organization};
use crate::raw_json::JsonbText;
use record::Appointment;
use request::Wish;
pub use request::{Request, When};

/// The single source of truth for bookings; `booking.health()` says so.
#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::too_many_arguments)]
fn book_appointment_atomic(
    p_org_id: Option<pgrx::Uuid>,
    p_patient_name: Option<String>,
    p_patient_email: Option<String>,
    p_patient_phone: Option<String>,
    p_service_type: Option<String>,
    p_scheduled_at: Option<TimestampWithTimeZone>,
    p_duration_minutes: default!(Option<i32>, "NULL"),
    p_resource_id: default!(Option<pgrx::Uuid>, "NULL"),
    p_idempotency_key: default!(Option<String>, "NULL"),
    p_metadata: default!(Option<JsonbText>, "'{}'"),
) -> pgrx::Json {
    let request = Request {
        org_id: p_org_id.map(organization::from_postgres),
        patient_name: p_patient_name,
        patient_email: p_patient_email,
        patient_phone: p_patient_phone,
        service_type: p_service_type,
        when: When::At(p_scheduled_at),
        duration_minutes: p_duration_minutes,
        resource_id: p_resource_id.map(organization::from_postgres),
        idempotency_key: p_idempotency_key,
        metadata: p_metadata.map(|metadata| metadata.0),
    };
    answer::for_program(Spi::connect_mut(|client| book(client, request)))
}

/// Books, or says why not. The answer is JSON either way; after a refusal nothing is left behind.
pub fn book(client: &mut SpiClient<'_>, request: Request) -> Result<Value> {
    let now = instant::transaction_now();
    let organization = Organization::read(client, request.org_id, request.resource_id)?;
    let key = idempotency::Key::of(&request)?;
    if let Some(answer) = idempotency::replay(client, &organization, key.as_ref())? {
        return Ok(answer);
    }
    let wish = Wish::read(&request, &organization)?;
    let time = match settle_time(&request.when, &organization, now) {
        Ok(time) => time,
        Err(TimeRefusal { refusal, wanted: Some(wanted) }) => {
            return offer(client, &organization, &refusal, wanted, wish.duration_minutes, now);
        }
        Err(TimeRefusal { refusal, wanted: None }) => return Err(refusal.into()),
    };
    let Some(span) = Span::lasting(time.starts_at, wish.duration_minutes) else {
        return Err(out_of_range(time.starts_at));
    };
    lock::take(client, &organization, span, &wish.phone, key.as_ref())?;
    // From here on this transaction alone writes these slots, this contact and this key; what others wrote is visible.
    if let Some(answer) = idempotency::replay(client, &organization, key.as_ref())? {
        return Ok(answer);
    }
    match write_first_free(client, &organization, &wish, span, time, key.as_ref(), now)? {
        Some(answer) => Ok(answer),
        None => {
            let taken = answer::slot_taken(&organization, time.starts_at);
            offer(client, &organization, &taken, time.starts_at, wish.duration_minutes, now)
        }
    }
}

fn settle_time(
    when: &When,
    organization: &Organization,
    now: DateTime<Utc>,
) -> std::result::Result<AppointmentTime, TimeRefusal> {
    let time = when.settle(organization, now)?;
    appointment_time::check_not_past(time, &organization.zone, now)?;
    Ok(time)
}

/// Writes the appointment on the first free seat. `None` when every seat is taken: seen in the calendar, or found out by the
/// constraint, which also knows what a writer without our lock has put there.
fn write_first_free(
    client: &mut SpiClient<'_>,
    organization: &Organization,
    wish: &Wish,
    span: Span,
    time: AppointmentTime,
    key: Option<&idempotency::Key>,
    now: DateTime<Utc>,
) -> Result<Option<Value>> {
    let candidates = candidate::free_seats(client, organization, span)?;
    if candidates.is_empty() {
        return Ok(None);
    }
    let contact = record::Contact::find(client, organization, wish)?;
    for candidate in candidates {
        let booked = Booked {
            appointment_id: Uuid::now_v7(),
            contact_id: contact.id,
            resource_id: candidate.resource_id,
            starts_at: span.start,
            ends_at: span.end,
            patient_name: wish.name.clone(),
            corrected: time.corrected,
        };
        let answer = booked.to_json(organization, now);
        let appointment = Appointment { booked: &booked, seat: candidate.seat, wish, contact: &contact };
        if let Some(answer) = record::write(client, organization, &appointment, key, answer)? {
            return Ok(Some(answer));
        }
    }
    Ok(None)
}

fn offer(
    client: &mut SpiClient<'_>,
    organization: &Organization,
    refusal: &Refusal,
    wanted: DateTime<Utc>,
    duration_minutes: i32,
    now: DateTime<Utc>,
) -> Result<Value> {
    let alternatives = look::alternatives(client, organization, wanted, duration_minutes, look::OFFERED, now)?;
    Ok(answer::offer(refusal, organization, wanted, &alternatives, now))
}

fn out_of_range(starts_at: DateTime<Utc>) -> Error {
    Refusal::new(Code::TooFar, format!("{starts_at} is out of range"), "pass a nearer date").into()
}
