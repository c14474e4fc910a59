//! What the tools do: each calls the function that a program would call, and says what came of it.

use booking_core::appointment_time::{self, TimeRefusal};
use booking_core::booking_data::StatedBooking;
use booking_core::date::DateOrder;
use booking_core::name::normalize_name;
use booking_core::phone::E164;
use booking_core::service::name_key;
use booking_core::status::Status;
use booking_core::voice::Tool;
use booking_core::voice::arguments::Arguments;
use booking_core::voice::said;
use booking_core::{Code, Refusal, speech, zone};
use chrono::{DateTime, NaiveDateTime, Utc};
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer;
use crate::book::place::Plan;
use crate::book::{Patient, Request, When, book};
use crate::change;
use crate::change::present::Present;
use crate::error::{Error, Result};
use crate::event::Source;
use crate::follow_up;
use crate::instant;
use crate::look::{self, Looked};
use crate::organization::as_postgres;
use crate::statement::run_fresh;
use crate::voice::Context;
use crate::voice::call::contact_of;
use crate::voice::choose::{self, one, phone, today, upcoming};
use crate::voice::once::Done;
use booking_core::follow_up::Kind;

/// Does what the tool does. What cannot be done is said, or refused.
pub fn run(client: &mut SpiClient<'_>, context: &Context<'_>, tool: Tool, arguments: &Arguments) -> Result<Done> {
    match tool {
        Tool::Book => match book_appointment(client, context, arguments) {
            Err(Error::Refused(refusal)) if refusal.code == Code::ServiceNotFound => name_services(client, context),
            done => done,
        },
        Tool::CheckAvailability => match check_availability(client, context, arguments) {
            Err(Error::Refused(refusal)) if refusal.code == Code::ServiceNotFound => name_services(client, context),
            done => done,
        },
        Tool::Reschedule => reschedule(client, context, arguments),
        Tool::Cancel => cancel(client, context, arguments),
        Tool::Find => find(client, context, arguments),
        Tool::LeaveMessage => leave_message(client, context, arguments),
        Tool::RequestTransfer => request_transfer(client, context, arguments),
    }
}

/// What an appointment is for when nobody says so.
const UNSAID_SERVICE: &str = "appointment";

fn book_appointment(client: &mut SpiClient<'_>, context: &Context<'_>, arguments: &Arguments) -> Result<Done> {
    let stated = &arguments.booking;
    let phone = phone(context, arguments)?;
    let missing = [
        ("name", stated.name.is_none()),
        ("phone number", phone.is_none()),
        ("date", stated.date.is_none() && arguments.instant.is_none()),
        ("time", stated.time.is_none() && arguments.instant.is_none()),
    ];
    let missing: Vec<&str> = missing.iter().filter(|(_, is_missing)| *is_missing).map(|(what, _)| *what).collect();
    if !missing.is_empty() {
        return Ok(Done::saying(said::still_need(&missing)));
    }
    if let Some(booked) = booked_already(client, context, arguments, phone.as_ref(), true)? {
        return Ok(booked);
    }
    let when = when(arguments)?;
    let request = Request {
        org_id: Some(context.organization.id),
        patient: Patient {
            name: stated.name.clone(),
            email: stated.email.clone(),
            phone: phone.as_ref().map(|phone| phone.as_str().to_owned()),
        },
        service_type: stated.service.clone().or_else(|| Some(UNSAID_SERVICE.to_owned())),
        duration_minutes: stated.duration_minutes,
        when,
        resource_id: None,
        idempotency_key: None,
        metadata: context.call_id.as_ref().map(|call_id| json!({"source": "voice", "callId": call_id}).to_string()),
        source: Source::VoiceAgent,
    };
    let answer = book(client, request)?;
    if is_taken(&answer)
        && let Some(booked) = booked_already(client, context, arguments, phone.as_ref(), false)?
    {
        return Ok(booked);
    }
    Ok(Done::of(&answer))
}

/// The time of a request: an instant that came as one, or what was said of it.
fn when(arguments: &Arguments) -> Result<When> {
    match arguments.instant {
        Some(instant) => Ok(When::At(Some(instant::to_postgres(instant)?))),
        None => Ok(When::Words(arguments.booking.clone())),
    }
}

fn is_taken(answer: &Value) -> bool {
    answer.get("error").and_then(Value::as_str) == Some(Code::SlotUnavailable.as_str())
}

/// Whether the person has this very appointment: the answer to an earlier call may have been lost on its way. `is_for_same`: only
/// one for the same service counts.
fn booked_already(
    client: &mut SpiClient<'_>,
    context: &Context<'_>,
    arguments: &Arguments,
    phone: Option<&E164>,
    is_for_same: bool,
) -> Result<Option<Done>> {
    let (Some(phone), organization) = (phone, context.organization) else { return Ok(None) };
    let Ok(time) = when(arguments)?.settle(organization, instant::transaction_now()) else { return Ok(None) };
    let name = arguments.booking.name.as_deref().and_then(|name| normalize_name(name).ok());
    let service = name_key(arguments.booking.service.as_deref().unwrap_or(UNSAID_SERVICE));
    let is_own = |own: &choose::Upcoming| {
        own.start == time.starts_at
            && Some(&own.known.name) == name.as_ref()
            && (!is_for_same || name_key(&own.known.service) == service)
    };
    let Some(own) = upcoming(client, organization, phone)?.into_iter().find(is_own) else { return Ok(None) };
    let (name, start) = (&own.known.name, own.known.start);
    let said = if own.known.is_held {
        speech::booked(Status::Held, name, &speech::moment(start, today(organization).date(), false))
    } else {
        said::booked_already(name, start, today(organization).date())
    };
    Ok(Some(Done {
        appointment_id: Some(own.id),
        contact_id: Some(own.contact_id),
        // What becomes of it is asked for by this call too.
        has_changed: own.known.is_held,
        is_held: own.known.is_held,
        ..Done::saying(said)
    }))
}

fn check_availability(client: &mut SpiClient<'_>, context: &Context<'_>, arguments: &Arguments) -> Result<Done> {
    let stated = &arguments.booking;
    let org_id = Some(as_postgres(context.organization.id));
    let looked = Looked { org_id, resource_id: None, service: stated.service.as_deref() };
    let organization = looked.read(client, stated.duration_minutes)?;
    let now = instant::transaction_now();
    let plan = Plan::new(&organization, now);
    match (&stated.date, arguments.has_time()) {
        (_, true) => is_free(client, &plan, &when(arguments)?),
        (Some(date), false) => {
            let found = look::day_of_slots(client, &organization, date)?;
            Ok(Done::saying(found.get("message").and_then(Value::as_str).unwrap_or_default()))
        }
        (None, false) if stated.time.is_some() => Ok(Done::saying(said::still_need(&["date"]))),
        (None, false) => {
            let next = look::alternatives(client, &plan, now, look::OFFERED)?;
            let local: Vec<NaiveDateTime> =
                next.iter().map(|start| zone::local_time(&organization.zone, *start)).collect();
            Ok(Done::saying(said::next_free(&local, today(&organization).date())))
        }
    }
}

/// Whether a time can be had, or what else can.
fn is_free(client: &mut SpiClient<'_>, plan: &Plan<'_>, when: &When) -> Result<Done> {
    let refused = match plan.want(client, when)? {
        Ok(wanted) => match plan.seats(client, &wanted)? {
            Ok(_) => {
                let local = zone::local_time(&plan.organization.zone, wanted.time.starts_at);
                let said = said::is_free(local, today(plan.organization).date(), wanted.time.corrected);
                return Ok(Done::saying(said));
            }
            Err(refused) => refused,
        },
        Err(refused) => refused,
    };
    let offered = plan.offer(client, refused)?;
    Ok(Done::saying(offered.get("message").and_then(Value::as_str).unwrap_or_default()))
}

fn reschedule(client: &mut SpiClient<'_>, context: &Context<'_>, arguments: &Arguments) -> Result<Done> {
    let chosen = match one(client, context, arguments)? {
        Ok(chosen) if chosen.known.is_held => return Ok(Done::saying(said::NOT_CONFIRMED_YET)),
        Ok(chosen) => chosen,
        Err(done) => return Ok(done),
    };
    let stated = &arguments.booking;
    let missing = [("new date", stated.date.is_none()), ("new time", stated.time.is_none())];
    let missing: Vec<&str> = missing.iter().filter(|(_, is_missing)| *is_missing).map(|(what, _)| *what).collect();
    if arguments.instant.is_none() && !missing.is_empty() {
        return Ok(Done::saying(said::still_need(&missing)));
    }
    let appointment = lock(client, context, &chosen)?;
    let answer = change::reschedule::reschedule(
        client,
        &appointment,
        &when(arguments)?,
        stated.duration_minutes,
        None,
        Source::VoiceAgent,
    )?;
    Ok(Done {
        appointment_id: Some(chosen.id),
        contact_id: Some(chosen.contact_id),
        is_held: false,
        ..Done::of(&answer)
    })
}

fn cancel(client: &mut SpiClient<'_>, context: &Context<'_>, arguments: &Arguments) -> Result<Done> {
    let chosen = match one(client, context, arguments)? {
        Ok(chosen) => chosen,
        Err(done) => return Ok(done),
    };
    let appointment = lock(client, context, &chosen)?;
    let reason =
        arguments.message.as_deref().map_or_else(|| "by phone".to_owned(), |reason| format!("by phone: {reason}"));
    let reason: String = reason.chars().take(booking_core::limits::LONGEST_LABEL).collect();
    let answer = change::cancel::cancel(client, &appointment, Some(reason.trim()), Source::VoiceAgent)?;
    Ok(Done { contact_id: Some(chosen.contact_id), is_held: false, ..Done::of(&answer) })
}

/// The appointment as it is, locked; it may have changed since it was chosen.
fn lock(client: &mut SpiClient<'_>, context: &Context<'_>, chosen: &choose::Upcoming) -> Result<Present> {
    Present::lock(client, Some(as_postgres(context.organization.id)), Some(as_postgres(chosen.id)))
}

fn find(client: &mut SpiClient<'_>, context: &Context<'_>, arguments: &Arguments) -> Result<Done> {
    let Some(phone) = phone(context, arguments)? else {
        return Ok(Done::saying(said::still_need(&["phone number"])));
    };
    let all = upcoming(client, context.organization, &phone)?;
    let known: Vec<said::Known> = all.iter().map(|upcoming| upcoming.known.clone()).collect();
    let contact_id = all.first().map(|upcoming| upcoming.contact_id);
    Ok(Done { contact_id, ..Done::saying(said::found(&known, today(context.organization).date())) })
}

fn leave_message(client: &mut SpiClient<'_>, context: &Context<'_>, arguments: &Arguments) -> Result<Done> {
    let phone = phone(context, arguments)?;
    let missing = [("message", arguments.message.is_none()), ("phone number", phone.is_none())];
    let missing: Vec<&str> = missing.iter().filter(|(_, is_missing)| *is_missing).map(|(what, _)| *what).collect();
    if !missing.is_empty() {
        return Ok(Done::saying(said::still_need(&missing)));
    }
    let message = arguments.message.as_deref().unwrap_or_default();
    let (message, due_at, said) = match due(context, &arguments.booking) {
        Ok(Some(due)) => (message.to_owned(), Some(due.at), said::message_noted(Some(&due.said))),
        Ok(None) => (message.to_owned(), None, said::message_noted(None)),
        // Whoever hangs up now must not have spoken to nobody: what was said of the time goes with the message.
        Err(Error::Refused(_)) => {
            let when: Vec<&str> =
                [&arguments.booking.date, &arguments.booking.time].into_iter().flatten().map(String::as_str).collect();
            (format!("{message} (to be called back: {})", when.join(", ")), None, said::NOTED_WITHOUT_TIME.to_owned())
        }
        Err(error) => return Err(error),
    };
    let contact_id = note(client, context, arguments, Kind::Message, &message, due_at)?;
    Ok(Done { contact_id, has_changed: true, ..Done::saying(said) })
}

fn request_transfer(client: &mut SpiClient<'_>, context: &Context<'_>, arguments: &Arguments) -> Result<Done> {
    if phone(context, arguments)?.is_none() {
        return Ok(Done::saying(said::still_need(&["phone number"])));
    }
    let why = arguments.message.as_deref().unwrap_or("would like to speak to somebody");
    let contact_id = note(client, context, arguments, Kind::Transfer, why, None)?;
    Ok(Done { contact_id, has_changed: true, ..Done::saying(said::TRANSFER_NOTED) })
}

/// Writes it down, and says which contact it is for.
fn note(
    client: &mut SpiClient<'_>,
    context: &Context<'_>,
    arguments: &Arguments,
    kind: Kind,
    note: &str,
    due_at: Option<DateTime<Utc>>,
) -> Result<Option<Uuid>> {
    let phone = phone(context, arguments)?;
    let org_id = context.organization.id;
    let contact_id = phone.as_ref().map(|phone| contact_of(client, org_id, phone)).transpose()?.flatten();
    let name = arguments.booking.name.as_deref().map(normalize_name).transpose()?;
    let new = follow_up::New {
        kind,
        note,
        phone: phone.as_ref(),
        name: name.as_deref(),
        due_at,
        owner: None,
        owner_phone: None,
        call_id: context.call_id.as_deref(),
        appointment_id: None,
        contact_id,
    };
    follow_up::create(client, org_id, &new)?;
    Ok(contact_id)
}

/// When somebody wants to be called back, and how that is said.
struct Due {
    at: DateTime<Utc>,
    said: String,
}

/// When the person wants to be called back, where that was said. A time without a day is the next one; of a day only the day is
/// promised.
fn due(context: &Context<'_>, stated: &StatedBooking) -> Result<Option<Due>> {
    const MORNING: &str = "9 am";
    let organization = context.organization;
    let order = DateOrder::for_region(&organization.default_region);
    let now = instant::transaction_now();
    let at = |date: &str, time: &str| {
        let settled = appointment_time::from_text(date, time, &organization.zone, order, now);
        settled.map(|settled| settled.starts_at).map_err(|TimeRefusal { refusal, .. }| refusal)
    };
    match (stated.date.as_deref(), stated.time.as_deref()) {
        (None, None) => Ok(None),
        (Some(date), None) => {
            let at = at(date, MORNING)?;
            let local = zone::local_time(&organization.zone, at);
            // This morning may be over.
            Ok(Some(Due { at: at.max(now), said: speech::day(local.date(), today(organization).date()) }))
        }
        (date, Some(time)) => {
            let first = at(date.unwrap_or("today"), time)?;
            let at = if first < now && date.is_none() { at("tomorrow", time)? } else { first };
            if at < now {
                let message = "the time at which to call back has passed";
                return Err(Refusal::new(Code::DateInPast, message, "pass a time that is still to come").into());
            }
            Ok(Some(Due { at, said: answer::spoken(organization, at, false, now) }))
        }
    }
}

/// $1 org_id.
const SERVICES: &str = "
    SELECT s.name FROM booking.services AS s WHERE s.org_id = $1 ORDER BY s.name LIMIT 10";

/// Which services there are, where the one that was said is none of them.
fn name_services(client: &mut SpiClient<'_>, context: &Context<'_>) -> Result<Done> {
    let names: Vec<Option<String>> = run_fresh(client, SERVICES, &[as_postgres(context.organization.id).into()])?
        .map(|row| row.get(1))
        .collect::<Result<_>>()?;
    let names: Vec<String> = names.into_iter().flatten().collect();
    Ok(Done::saying(said::services(&names)))
}
