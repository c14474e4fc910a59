//! Moving an appointment: one row gets another time in one statement, so that there is no moment with neither or both. Where
//! the new time cannot be had, the old one stays.

use booking_core::booking_data::iso_utc;
use booking_core::calendar::Span;
use booking_core::schedule::Seat;
use booking_core::service::Rules;
use booking_core::{Code, Refusal, speech};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::Value;
use uuid::Uuid;

use crate::answer::{self, Shown};
use crate::book::When;
use crate::book::place::{Moving, Plan, Wanted};
use crate::change::present::{Present, must_have_changed};
use crate::error::{Error, Result};
use crate::event::{self, Change, Kind, New, Source, change};
use crate::instant;
use crate::organization::{Asked, Organization, ServiceName, as_postgres, from_postgres};
use crate::outbox;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn reschedule_appointment_atomic(
    p_org_id: Option<pgrx::Uuid>,
    p_appointment_id: Option<pgrx::Uuid>,
    p_scheduled_at: Option<TimestampWithTimeZone>,
    p_duration_minutes: default!(Option<i32>, "NULL"),
    p_resource_id: default!(Option<pgrx::Uuid>, "NULL"),
) -> pgrx::Json {
    answer::for_program(Spi::connect_mut(|client| {
        let appointment = Present::lock(client, p_org_id, p_appointment_id)?;
        let resource_id = p_resource_id.map(from_postgres);
        reschedule(client, &appointment, &When::At(p_scheduled_at), p_duration_minutes, resource_id, Source::Program)
    }))
}

/// Moves what is locked, or refuses with alternatives.
pub fn reschedule(
    client: &mut SpiClient<'_>,
    appointment: &Present,
    when: &When,
    duration_minutes: Option<i32>,
    resource_id: Option<Uuid>,
    source: Source,
) -> Result<Value> {
    appointment.check_not_expired()?;
    appointment.status.check_move()?;
    if appointment.contact_id.is_none() {
        let message = "the person that the appointment was for has been erased";
        return Err(Refusal::new(Code::InvalidStatus, message, "book a new appointment").into());
    }
    let resource_id = resource_id.unwrap_or(appointment.resource_id);
    let service = ServiceName::Booked(&appointment.service_type);
    let asked = Asked { org_id: Some(appointment.org_id), resource_id: Some(resource_id), service };
    let mut organization = Organization::read(client, asked)?;
    organization.rules = rules(&organization, appointment, duration_minutes)?;
    // What it has is no alternative to what was asked for.
    let is_what_it_has = resource_id == appointment.resource_id
        && organization.rules.slot(appointment.time.start).is_some_and(|slot| slot.time == appointment.time);
    let moving = Moving { id: appointment.id, not_offered: is_what_it_has.then_some(appointment.time.start) };
    let plan = Plan { moving: Some(moving), ..Plan::new(&organization, instant::transaction_now()) };
    let wanted = match plan.want(client, when)? {
        Ok(wanted) => wanted,
        Err(refused) => return plan.offer(client, refused),
    };
    appointment.lock_slots(client, |locks| wanted.lock_slots(&organization, locks))?;
    let free = match plan.seats(client, &wanted)? {
        Ok(free) => free,
        Err(refused) => return plan.offer(client, refused),
    };
    plan.end_expired(client, &free.expired)?;
    let seat = *free.seats.first().ok_or_else(|| Error::missing("seat"))?;
    let event = moved(&organization, appointment, wanted.slot.time, seat, source);
    write(client, &organization, appointment, &wanted, seat, event.as_ref())?;
    outbox::moved(client, &organization, appointment.id, wanted.slot.time)?;
    let moment = answer::spoken(&organization, wanted.slot.time.start, wanted.time.corrected, plan.now);
    let name = appointment.patient_name.as_deref().unwrap_or_default();
    let shown = Shown { resource_id: seat.resource_id, time: wanted.slot.time, ..appointment.shown() };
    let mut answer = shown.to_json(&organization, &speech::moved(name, &moment));
    answer["dateCorrected"] = wanted.time.corrected.into();
    organization.announce(&mut answer);
    Ok(answer)
}

/// From when to when it is moved: afterwards nothing else tells. Where it stays as it is, nothing happens.
fn moved(organization: &Organization, appointment: &Present, to: Span, seat: Seat, source: Source) -> Option<New> {
    let stays = appointment.time == to && appointment.resource_id == seat.resource_id;
    if !organization.has_outbox || stays {
        return None;
    }
    let mut detail = event::of_appointment(source, to, seat.resource_id, &appointment.service_type);
    detail["status"] = appointment.status.as_str().into();
    detail["from"] = iso_utc(appointment.time.start).into();
    detail["to"] = iso_utc(to.start).into();
    if appointment.resource_id != seat.resource_id {
        detail["fromResourceId"] = appointment.resource_id.to_string().into();
    }
    Some(New { kind: Kind::Moved, detail })
}

/// The rules of its service, as they are today, for the length that is stated or else the one it has. An appointment of no
/// service keeps the buffers it has.
fn rules(organization: &Organization, appointment: &Present, stated: Option<i32>) -> Result<Rules> {
    let mut rules = organization.rules.clone();
    let minutes = |span: Span| i32::try_from(span.end.signed_duration_since(span.start).num_minutes()).unwrap_or(0);
    rules.duration_minutes = minutes(appointment.time).max(1);
    if organization.service.is_none() {
        let Present { time, blocked, .. } = appointment;
        rules.buffer_before_minutes = minutes(Span { start: blocked.start, end: time.start });
        rules.buffer_after_minutes = minutes(Span { start: time.end, end: blocked.end });
    }
    Ok(rules.lasting(stated)?)
}

/// A conflict here is one with a writer who takes no locks, or, above READ COMMITTED, with what the snapshot does not show:
/// the constraint ends the statement with an error (23P01), and the old time stays.
///
/// $1 org_id, $2 appointment, $3 its status, $4 resource, $5 seat, $6 start, $7 end, $8 and $9 the blocked range, $10 service
/// id or NULL, $11 and $12 day and place of a daily limit or NULL.
const MOVE: Change = change!(
    "
    UPDATE booking.appointments AS a
    SET resource_id = $4, seat = $5, starts_at = $6, ends_at = $7, blocked = pg_catalog.tstzrange($8, $9, '[)'),
        service_id = $10, limit_day = DATE '1970-01-01' + $11, limit_place = $12
    WHERE a.org_id = $1 AND a.id = $2 AND a.status = $3
    RETURNING a.org_id, a.id",
    "$13",
    "$14",
    "$15"
);

fn write(
    client: &mut SpiClient<'_>,
    organization: &Organization,
    appointment: &Present,
    wanted: &Wanted,
    seat: Seat,
    event: Option<&New>,
) -> Result<()> {
    let slot = wanted.slot;
    let arguments = vec![
        as_postgres(appointment.org_id).into(),
        as_postgres(appointment.id).into(),
        appointment.status.as_str().into(),
        as_postgres(seat.resource_id).into(),
        seat.number.into(),
        instant::to_postgres(slot.time.start)?.into(),
        instant::to_postgres(slot.time.end)?.into(),
        instant::to_postgres(slot.blocked.start)?.into(),
        instant::to_postgres(slot.blocked.end)?.into(),
        organization.service.as_ref().map(|service| as_postgres(service.id)).into(),
        seat.day_place.map(|(day, _)| instant::day_of_date(day)).into(),
        seat.day_place.map(|(_, place)| place).into(),
    ];
    must_have_changed(&MOVE.run(client, arguments, event)?)
}
