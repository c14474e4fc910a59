//! The one booking function. Everything that books comes through `book`: normalize, lock, look, write - or refuse with the
//! nearest free times. Holds and series are its neighbours and go the same way.

pub mod contact;
mod hold;
pub mod idempotency;
pub mod lock;
pub mod place;
mod record;
pub mod request;
mod series;

use booking_core::speech;
use booking_core::status::Status;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::Value;
use uuid::Uuid;

use crate::answer::{self, Shown};
use crate::error::Result;
use crate::event::Source;
use crate::instant;
use crate::organization::{Organization, from_postgres};
use crate::outbox;
use crate::raw_json::JsonbText;
use contact::Contact;
use idempotency::{Fingerprint, Key};
use lock::Locks;
use place::{Plan, Wanted};
use record::Appointment;
pub use request::{Patient, Request, When};
use request::{Person, checked_metadata, service_type};

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
        org_id: p_org_id.map(from_postgres),
        patient: Patient { name: p_patient_name, email: p_patient_email, phone: p_patient_phone },
        service_type: p_service_type,
        when: When::At(p_scheduled_at),
        duration_minutes: p_duration_minutes,
        resource_id: p_resource_id.map(from_postgres),
        idempotency_key: p_idempotency_key,
        metadata: p_metadata.map(|metadata| metadata.0),
        source: Source::Program,
    };
    answer::for_program(Spi::connect_mut(|client| book(client, request)))
}

/// A request made clean: who and what.
struct Wish {
    source: Source,
    person: Person,
    service_type: String,
    metadata: String,
}

/// Books, or says why not. The answer is JSON either way; after a refusal nothing is left behind.
pub fn book(client: &mut SpiClient<'_>, request: Request) -> Result<Value> {
    // First of all: what was answered stays answered, whatever has become of the service or the resource.
    let key = Key::of(request.idempotency_key.as_deref(), fingerprint(&request))?;
    if let Some(answer) = idempotency::replay(client, request.org_id, key.as_ref())? {
        return Ok(answer);
    }
    let mut organization = Organization::read(client, request.asked())?;
    let wish = Wish {
        source: request.source,
        person: Person::read(&request.patient, &organization)?,
        service_type: service_type(&request.service_type, &organization)?,
        metadata: checked_metadata(request.metadata.as_deref())?,
    };
    organization.rules = organization.rules.lasting(request.duration_minutes)?;
    let plan = Plan::new(&organization, instant::transaction_now());
    let wanted = match plan.want(client, &request.when)? {
        Ok(wanted) => wanted,
        Err(refused) => return plan.offer(client, refused),
    };
    let mut locks = Locks::new(organization.id);
    wanted.lock_slots(&organization, &mut locks);
    locks.contact(&wish.person.phone);
    locks.idempotency(key.as_ref());
    locks.take(client)?;
    // From here on this transaction alone writes these slots, this contact and this key; what others wrote is visible.
    if let Some(answer) = idempotency::replay(client, request.org_id, key.as_ref())? {
        return Ok(answer);
    }
    write_first_free(client, &plan, &wanted, &wish, key.as_ref())
}

fn fingerprint(request: &Request) -> Fingerprint {
    Fingerprint::new(&request.patient, request.service_type.as_deref())
        .when(&request.when)
        .duration(request.duration_minutes)
        .resource(request.resource_id)
        // No metadata and empty metadata are the same request.
        .field(Some(request.metadata.as_deref().unwrap_or("{}").as_bytes()))
}

/// Writes the appointment on the first free seat, or refuses: every seat is taken in the calendar, or by the constraint, which
/// also knows what a writer without our lock has put there.
fn write_first_free(
    client: &mut SpiClient<'_>,
    plan: &Plan<'_>,
    wanted: &Wanted,
    wish: &Wish,
    key: Option<&Key>,
) -> Result<Value> {
    let free = match plan.seats(client, wanted)? {
        Ok(free) => free,
        Err(refused) => return plan.offer(client, refused),
    };
    let organization = plan.organization;
    let contact = Contact::find(client, organization, &wish.person)?;
    plan.end_expired(client, &free.expired)?;
    // Where the calendar has the last word, the time is only held until it has said it.
    let status = if organization.verification().is_some() { Status::Held } else { Status::Confirmed };
    for seat in free.seats {
        let appointment = Appointment {
            id: Uuid::now_v7(),
            seat,
            slot: wanted.slot,
            service_type: &wish.service_type,
            metadata: &wish.metadata,
            status,
            expires_at: organization.verification().map(|time| instant::clock_now() + time),
            contact: Some(&contact),
            source: wish.source,
        };
        let moment = answer::spoken(organization, wanted.slot.time.start, wanted.time.corrected, plan.now);
        let message = speech::booked(status, &contact.name, &moment);
        let mut answer = appointment.shown().to_json(organization, &message);
        answer["dateCorrected"] = wanted.time.corrected.into();
        organization.announce(&mut answer);
        let jobs = outbox::following(organization, wanted.slot.time, status);
        if record::write(client, organization, &appointment, key, &jobs, &mut answer)?.is_some() {
            return Ok(answer);
        }
    }
    plan.offer(client, plan.taken_after_all(wanted))
}

impl Appointment<'_> {
    fn shown(&self) -> Shown {
        Shown {
            appointment_id: self.id,
            contact_id: self.contact.map(|contact| contact.id),
            resource_id: self.seat.resource_id,
            status: self.status,
            time: self.slot.time,
        }
    }
}
