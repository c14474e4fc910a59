//! Writing a booking: all of it in one statement, and a second one only where a writer without our lock made the contact at the same
//! moment.

mod statement;

use booking_core::booking_data::iso_utc;
use booking_core::schedule::Seat;
use booking_core::service::Slot;
use booking_core::status::Status;
use chrono::{DateTime, Utc};
use pgrx::datum::DatumWithOid;
use pgrx::spi::SpiClient;
use serde_json::Value;
use uuid::Uuid;

use crate::book::contact::Contact;
use crate::book::idempotency::Key;
use crate::error::Result;
use crate::event::{self, Kind, New, Source};
use crate::instant;
use crate::organization::{Organization, as_postgres, from_postgres};
use crate::outbox::{self, Following};
use crate::statement::run_fresh;
use statement::{Follows, statement};

/// Ties a booking to the contact that somebody who does not take our lock made for the same phone at the same moment.
/// $1 org_id, $2 appointment, $3 contact, $4 idempotency key or NULL, $5 answer.
const ADOPT_CONTACT: &str = "
    WITH appointment AS (
        UPDATE booking.appointments AS a SET contact_id = $3 WHERE a.org_id = $1 AND a.id = $2
    )
    UPDATE booking.idempotency_keys AS i SET response = $5 WHERE i.org_id = $1 AND i.key = $4";

/// A row of the calendar that is about to be written.
pub struct Appointment<'a> {
    pub id: Uuid,
    pub seat: Seat,
    pub slot: Slot,
    pub service_type: &'a str,
    pub metadata: &'a str,
    pub status: Status,
    /// Of a hold.
    pub expires_at: Option<DateTime<Utc>>,
    /// Nobody yet, for a hold.
    pub contact: Option<&'a Contact>,
    pub source: Source,
}

impl Appointment<'_> {
    /// What is recorded of it.
    fn event(&self) -> New {
        let mut detail = event::of_appointment(self.source, self.slot.time, self.seat.resource_id, self.service_type);
        detail["status"] = self.status.as_str().into();
        if let Some(expires_at) = self.expires_at {
            detail["expiresAt"] = iso_utc(expires_at).into();
        }
        New { kind: if self.contact.is_some() { Kind::Booked } else { Kind::Held }, detail }
    }
}

/// Writes the appointment together with the answer to it and what follows from it. `None` when the slot is taken after all; else the id of the
/// contact it belongs to, which is another than was planned where somebody else has just made it.
#[inline(never)] // make bench counts what it costs
pub fn write(
    client: &mut SpiClient<'_>,
    organization: &Organization,
    appointment: &Appointment<'_>,
    key: Option<&Key>,
    jobs: &[Following],
    answer: &mut Value,
) -> Result<Option<Written>> {
    let key_text = key.map(Key::text);
    let response = key.map(|_| answer.to_string());
    let mut arguments = Vec::from(arguments(organization, appointment, key, response.as_deref())?);
    let follows = match (organization.has_outbox, jobs.is_empty()) {
        (false, _) => Follows::Nothing,
        (true, true) => Follows::Event,
        (true, false) => Follows::EventAndJobs,
    };
    let statement = statement(appointment.contact.is_some_and(|contact| contact.changed), key.is_some(), follows);
    if organization.has_outbox {
        arguments.extend(appointment.event().arguments());
    }
    if !jobs.is_empty() {
        arguments.extend(outbox::columns(jobs)?);
    }
    let written = run_fresh(client, statement, &arguments)?;
    if written.is_empty() {
        return Ok(None);
    }
    let contact_id = written.first()?.get::<pgrx::Uuid>(1)?.map(from_postgres);
    let Some(other) = contact_id.filter(|id| Some(*id) != appointment.contact.map(|contact| contact.id)) else {
        return Ok(Some(Written { contact_id: None }));
    };
    answer["contactId"] = other.to_string().into();
    let arguments = [
        as_postgres(organization.id).into(),
        as_postgres(appointment.id).into(),
        as_postgres(other).into(),
        key_text.into(),
        answer.to_string().into(),
    ];
    run_fresh(client, ADOPT_CONTACT, &arguments)?;
    Ok(Some(Written { contact_id: Some(other) }))
}

pub struct Written {
    /// The contact it belongs to, where that is another than was planned.
    pub contact_id: Option<Uuid>,
}

fn arguments<'a>(
    organization: &Organization,
    appointment: &Appointment<'a>,
    key: Option<&'a Key>,
    response: Option<&'a str>,
) -> Result<[DatumWithOid<'a>; 22]> {
    let Appointment { id, seat, slot, service_type, metadata, status, expires_at, contact, source: _ } = *appointment;
    Ok([
        as_postgres(organization.id).into(),
        as_postgres(id).into(),
        as_postgres(seat.resource_id).into(),
        seat.number.into(),
        contact.map(|contact| as_postgres(contact.id)).into(),
        contact.map(|contact| contact.name.as_str()).into(),
        service_type.into(),
        instant::to_postgres(slot.time.start)?.into(),
        instant::to_postgres(slot.time.end)?.into(),
        metadata.into(),
        contact.map(|contact| contact.phone.as_str()).into(),
        contact.map(|contact| contact.email.as_str()).into(),
        key.map(Key::text).into(),
        key.map(Key::fingerprint).into(),
        response.into(),
        organization.service.as_ref().map(|service| as_postgres(service.id)).into(),
        instant::to_postgres(slot.blocked.start)?.into(),
        instant::to_postgres(slot.blocked.end)?.into(),
        status.as_str().into(),
        expires_at.map(instant::to_postgres).transpose()?.into(),
        seat.day_place.map(|(day, _)| instant::day_of_date(day)).into(),
        seat.day_place.map(|(_, place)| place).into(),
    ])
}
