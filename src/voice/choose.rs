//! Which appointment is meant: those that a phone number has to come, and what was said of the one.

use booking_core::appointment_time;
use booking_core::date::DateOrder;
use booking_core::phone::{E164, normalize_phone, says_a_digit};
use booking_core::service::name_key;
use booking_core::voice::arguments::{Arguments, Described};
use booking_core::voice::said::{self, Known};
use booking_core::{time, zone};
use chrono::{DateTime, NaiveDateTime, Utc};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::instant;
use crate::organization::{Organization, as_postgres, from_postgres};
use crate::statement::run_fresh;
use crate::voice::Context;
use crate::voice::once::Done;

/// An appointment of the person on the phone that is still to come.
pub struct Upcoming {
    pub id: Uuid,
    pub contact_id: Uuid,
    pub start: DateTime<Utc>,
    pub known: Known,
}

/// The most appointments of one number that are looked at.
const MOST: i64 = 50;

/// $1 org_id, $2 phone, $3 the clock, $4 how many.
const UPCOMING: &str = "
    SELECT a.id, a.contact_id, a.starts_at, a.service_type, a.patient_name, a.status = 'held'
    FROM booking.contacts AS c
    JOIN booking.appointments AS a ON a.org_id = c.org_id AND a.contact_id = c.id
    WHERE c.org_id = $1 AND c.phone = $2 AND a.starts_at > $3
      AND (a.status IN ('pending', 'confirmed') OR (a.status = 'held' AND a.expires_at > $3))
    ORDER BY a.starts_at, a.id
    LIMIT $4";

/// What the number has to come, earliest first.
pub fn upcoming(client: &mut SpiClient<'_>, organization: &Organization, phone: &E164) -> Result<Vec<Upcoming>> {
    let arguments = [
        as_postgres(organization.id).into(),
        phone.as_str().into(),
        instant::to_postgres(instant::clock_now())?.into(),
        MOST.into(),
    ];
    run_fresh(client, UPCOMING, &arguments)?
        .map(|row| {
            let id = |column| -> Result<Uuid> {
                row.get::<pgrx::Uuid>(column)?.map(from_postgres).ok_or_else(|| Error::missing("id"))
            };
            let start = row.get::<TimestampWithTimeZone>(3)?.ok_or_else(|| Error::missing("time"))?;
            let start = instant::from_postgres(start)?;
            let known = Known {
                start: zone::local_time(&organization.zone, start),
                service: row.get(4)?.unwrap_or_default(),
                name: row.get(5)?.unwrap_or_default(),
                is_held: row.get(6)?.unwrap_or(false),
            };
            Ok(Upcoming { id: id(1)?, contact_id: id(2)?, start, known })
        })
        .collect()
}

/// The number that was said, or else the one that the person calls from; `None` where there is neither.
pub fn phone(context: &Context<'_>, arguments: &Arguments) -> Result<Option<E164>> {
    let region = &context.organization.default_region;
    // A number that shows on no dial, as that of a call by the web, is none.
    let own = || context.caller.as_ref().and_then(|caller| normalize_phone(caller, region).ok());
    let Some(said) = &arguments.booking.phone else { return Ok(own()) };
    match (normalize_phone(said, region), own()) {
        (Ok(phone), _) => Ok(Some(phone)),
        // "The number I am calling from".
        (Err(_), Some(own)) if !says_a_digit(said) => Ok(Some(own)),
        (Err(refusal), _) => Err(refusal.into()),
    }
}

/// The one appointment that is meant, or what is to be said instead.
pub fn one(
    client: &mut SpiClient<'_>,
    context: &Context<'_>,
    arguments: &Arguments,
) -> Result<std::result::Result<Upcoming, Done>> {
    let Some(phone) = phone(context, arguments)? else {
        return Ok(Err(Done::saying(said::still_need(&["phone number"]))));
    };
    let all = upcoming(client, context.organization, &phone)?;
    let today = today(context.organization);
    let knowns = |of: &[Upcoming]| of.iter().map(|upcoming| upcoming.known.clone()).collect::<Vec<_>>();
    let contact_id = match all.first() {
        Some(first) => Some(first.contact_id),
        None => return Ok(Err(Done::saying(said::NO_APPOINTMENT))),
    };
    let asked = |said: String| Ok(Err(Done { contact_id, ..Done::saying(said) }));
    let is_then = then(context.organization, &arguments.current)?;
    let (name, service) = (arguments.booking.name.as_deref(), arguments.booking.service.as_deref());
    // A family has one number: a name tells whose appointment it is, and one that is nobody's means none of them.
    let is_meant = |upcoming: &Upcoming| {
        let known = &upcoming.known;
        is_then(upcoming)
            && name.is_none_or(|name| known.is_of(name))
            && service.is_none_or(|service| known.is_for(service))
    };
    let (mut meant, others): (Vec<Upcoming>, Vec<Upcoming>) = all.into_iter().partition(is_meant);
    prefer(&mut meant, |known| name.is_some_and(|name| name_key(name) == name_key(&known.name)));
    prefer(&mut meant, |known| service.is_some_and(|service| name_key(service) == name_key(&known.service)));
    let described = knowns(&meant);
    // Of several that are described alike, nothing that could be said tells one from another.
    if described.iter().any(|known| Some(known) != described.first()) {
        return asked(said::which(&described, today.date()));
    }
    match meant.into_iter().next() {
        Some(only) => Ok(Ok(only)),
        None => asked(said::not_that_one(&knowns(&others), today.date())),
    }
}

/// What was said in full means no other, where a part of it would: Ann is not Ann Lee, if there are both.
fn prefer(meant: &mut Vec<Upcoming>, is_said_in_full: impl Fn(&Known) -> bool) {
    if meant.iter().any(|upcoming| is_said_in_full(&upcoming.known)) {
        meant.retain(|upcoming| is_said_in_full(&upcoming.known));
    }
}

/// Whether an appointment is at the time that was said: a day, a time of day, both, an instant, or nothing at all.
fn then(organization: &Organization, said: &Described) -> Result<impl Fn(&Upcoming) -> bool + use<>> {
    let order = DateOrder::for_region(&organization.default_region);
    let now = instant::transaction_now();
    let day = |text: &String| appointment_time::day_from_text(text, &organization.zone, order, now);
    let date = said.date.as_ref().map(day).transpose()?;
    let time_of_day = said.time.as_deref().map(time::parse_time).transpose()?;
    let instant = said.instant;
    Ok(move |upcoming: &Upcoming| {
        let start = upcoming.known.start;
        date.as_ref().is_none_or(|date| date.date == start.date())
            && time_of_day.is_none_or(|time| time == start.time())
            && instant.is_none_or(|instant| instant == upcoming.start)
    })
}

/// Now, on the wall of the organization.
pub fn today(organization: &Organization) -> NaiveDateTime {
    zone::local_time(&organization.zone, instant::transaction_now())
}
