//! A series of appointments for one patient: all of them or none, under locks that are taken together.

use booking_core::appointment_time::TimeRefusal;
use booking_core::booking_data::iso_utc;
use booking_core::schedule::Seat;
use booking_core::status::Status;
use booking_core::{Code, Refusal, speech};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer::{self, NOT_CONFIGURED};
use crate::book::contact::Contact;
use crate::book::idempotency::{self, Fingerprint, Key};
use crate::book::lock::Locks;
use crate::book::place::{Plan, Wanted};
use crate::book::record::{self, Appointment};
use crate::book::request::{Patient, Person, When, service_type, stated_service};
use crate::error::{Error, Result};
use crate::event::Source;
use crate::instant;
use crate::organization::{Asked, Organization, from_postgres};
use crate::outbox;

/// The most appointments of one series.
const LONGEST_SERIES: usize = 200;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::too_many_arguments)]
fn book_series_atomic(
    p_org_id: Option<pgrx::Uuid>,
    p_patient_name: Option<String>,
    p_patient_email: Option<String>,
    p_patient_phone: Option<String>,
    p_service_type: Option<String>,
    p_times: Option<Vec<Option<TimestampWithTimeZone>>>,
    p_duration_minutes: default!(Option<i32>, "NULL"),
    p_resource_id: default!(Option<pgrx::Uuid>, "NULL"),
    p_idempotency_key: default!(Option<String>, "NULL"),
) -> pgrx::Json {
    let request = SeriesRequest {
        org_id: p_org_id.map(from_postgres),
        patient: Patient { name: p_patient_name, email: p_patient_email, phone: p_patient_phone },
        service_type: p_service_type,
        times: p_times.unwrap_or_default(),
        duration_minutes: p_duration_minutes,
        resource_id: p_resource_id.map(from_postgres),
        idempotency_key: p_idempotency_key,
    };
    answer::for_program(Spi::connect_mut(|client| book_series(client, request)))
}

struct SeriesRequest {
    org_id: Option<Uuid>,
    patient: Patient,
    service_type: Option<String>,
    times: Vec<Option<TimestampWithTimeZone>>,
    duration_minutes: Option<i32>,
    resource_id: Option<Uuid>,
    idempotency_key: Option<String>,
}

fn book_series(client: &mut SpiClient<'_>, request: SeriesRequest) -> Result<Value> {
    let service = stated_service(request.service_type.as_deref());
    let asked = Asked { org_id: request.org_id, resource_id: request.resource_id, service };
    let key = Key::of(request.idempotency_key.as_deref(), fingerprint(&request))?;
    if let Some(answer) = idempotency::replay(client, request.org_id, key.as_ref())? {
        return Ok(answer);
    }
    let mut organization = Organization::read(client, asked)?;
    check_number(request.times.len())?;
    let person = Person::read(&request.patient, &organization)?;
    let service_type = service_type(&request.service_type, &organization)?;
    organization.rules = organization.rules.lasting(request.duration_minutes)?;
    let mut plan = Plan::new(&organization, instant::transaction_now());
    let mut times = Vec::with_capacity(request.times.len());
    for time in &request.times {
        times.push(plan.want(client, &When::At(*time))?);
    }
    // Where one time is not possible at all, nothing will be written; the others are only looked at.
    if times.iter().all(std::result::Result::is_ok) {
        let mut locks = Locks::new(organization.id);
        times.iter().flatten().for_each(|wanted| wanted.lock_slots(&organization, &mut locks));
        locks.contact(&person.phone);
        locks.idempotency(key.as_ref());
        locks.take(client)?;
        if let Some(answer) = idempotency::replay(client, request.org_id, key.as_ref())? {
            return Ok(answer);
        }
    }
    match place_all(client, &mut plan, times)? {
        Ok(places) => write_all(client, &plan, &places, &person, &service_type, key.as_ref()),
        Err(failed) => refuse(client, &plan, failed, request.times.len()),
    }
}

fn check_number(times: usize) -> std::result::Result<(), Refusal> {
    if (1..=LONGEST_SERIES).contains(&times) {
        return Ok(());
    }
    Err(Refusal::new(
        Code::InvalidRequest,
        format!("a series of {times} times is not between 1 and {LONGEST_SERIES}"),
        "pass p_times as an array of timestamptz",
    ))
}

fn fingerprint(request: &SeriesRequest) -> Fingerprint {
    let start = Fingerprint::new(&request.patient, request.service_type.as_deref());
    let timed = request.times.iter().fold(start, |hash, time| hash.time(*time));
    timed.duration(request.duration_minutes).resource(request.resource_id).field(Some(b"series"))
}

/// Every time with its seat, or the times that could not be had.
type Placed = std::result::Result<Vec<(Wanted, Seat)>, Vec<TimeRefusal>>;

/// Gives each time its seat, in the order in which they were stated; every seat is taken for those that follow.
fn place_all(
    client: &mut SpiClient<'_>,
    plan: &mut Plan<'_>,
    times: Vec<std::result::Result<Wanted, TimeRefusal>>,
) -> Result<Placed> {
    let mut places = Vec::with_capacity(times.len());
    let mut failed = Vec::new();
    let mut expired = Vec::new();
    for time in times {
        let wanted = match time {
            Ok(wanted) => wanted,
            Err(refused) => {
                failed.push(refused);
                continue;
            }
        };
        match plan.seats(client, &wanted)? {
            Ok(mut free) => {
                let seat = *free.seats.first().ok_or_else(|| Error::missing("seat"))?;
                plan.taken.push((seat, wanted.slot.blocked));
                expired.append(&mut free.expired);
                places.push((wanted, seat));
            }
            Err(refused) => failed.push(refused),
        }
    }
    if !failed.is_empty() {
        return Ok(Err(failed));
    }
    plan.end_expired(client, &expired)?;
    Ok(Ok(places))
}

fn write_all(
    client: &mut SpiClient<'_>,
    plan: &Plan<'_>,
    places: &[(Wanted, Seat)],
    person: &Person,
    service_type: &str,
    key: Option<&Key>,
) -> Result<Value> {
    let organization = plan.organization;
    let mut contact = Contact::find(client, organization, person)?;
    let ids: Vec<Uuid> = places.iter().map(|_| Uuid::now_v7()).collect();
    let mut answer = booked(plan, places, &ids, &contact);
    for (index, ((wanted, seat), id)) in places.iter().zip(ids).enumerate() {
        let appointment = Appointment {
            id,
            seat: *seat,
            slot: wanted.slot,
            service_type,
            metadata: "{}",
            status: Status::Confirmed,
            expires_at: None,
            contact: Some(&contact),
            source: Source::Program,
        };
        // The key goes with the last, when the contact is known for sure.
        let key = key.filter(|_| index.checked_add(1) == Some(places.len()));
        // A series is booked as a whole, at once: no single time of it waits for the calendar.
        let jobs = outbox::following(organization, wanted.slot.time, Status::Confirmed);
        let Some(written) = record::write(client, organization, &appointment, key, &jobs, &mut answer)? else {
            return Err(Error::ChangedMeanwhile);
        };
        contact.id = written.contact_id.unwrap_or(contact.id);
        contact.changed = false;
    }
    Ok(answer)
}

fn booked(plan: &Plan<'_>, places: &[(Wanted, Seat)], ids: &[Uuid], contact: &Contact) -> Value {
    let appointments: Vec<Value> =
        places.iter().zip(ids).map(|((wanted, seat), id)| shown(wanted, seat, *id)).collect();
    let moments: Vec<String> = places
        .iter()
        .map(|(wanted, _)| answer::spoken(plan.organization, wanted.slot.time.start, wanted.time.corrected, plan.now))
        .collect();
    let mut answer = json!({
        "success": true,
        "contactId": contact.id.to_string(),
        "appointments": appointments,
        "timezone": plan.organization.timezone,
        "smsStatus": NOT_CONFIGURED,
        "calendarStatus": NOT_CONFIGURED,
        "message": speech::series_confirmation(&contact.name, &moments),
    });
    plan.organization.announce(&mut answer);
    answer
}

fn shown(wanted: &Wanted, seat: &Seat, id: Uuid) -> Value {
    json!({
        "appointmentId": id.to_string(),
        "resourceId": seat.resource_id.to_string(),
        "status": Status::Confirmed.as_str(),
        "scheduledAt": iso_utc(wanted.slot.time.start),
        "endsAt": iso_utc(wanted.slot.time.end),
        "dateCorrected": wanted.time.corrected,
    })
}

/// Which times cannot be had and what is free near each, apart from what the rest of the series takes.
fn refuse(client: &mut SpiClient<'_>, plan: &Plan<'_>, failed: Vec<TimeRefusal>, asked: usize) -> Result<Value> {
    let mut times = Vec::with_capacity(failed.len());
    let mut first: Option<Refusal> = None;
    let number = failed.len();
    for refused in failed {
        // A time that is none, as NULL or infinity, has nothing near it: the request is at fault and not the calendar.
        let TimeRefusal { refusal, wanted: Some(wanted) } = refused else { return Err(refused.into()) };
        let alternatives = plan.alternatives(client, wanted)?;
        times.push(answer::failed_time(&refusal, wanted, &alternatives));
        first.get_or_insert(refusal);
    }
    let refusal = first.ok_or_else(|| Error::missing("failed time"))?;
    let mut answer = answer::refused(&refusal, &speech::series_refusal(number, asked));
    answer["timezone"] = plan.organization.timezone.as_str().into();
    answer["failed"] = times.into();
    Ok(answer)
}
