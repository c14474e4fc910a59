//! Which appointment is meant: those that a phone number has to come, and what was said of the one.

use booking_core::appointment_time;
use booking_core::date::DateOrder;
use booking_core::name::normalize_name;
use booking_core::phone::{E164, normalize_phone};
use booking_core::voice::arguments::Arguments;
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
    SELECT a.id, a.contact_id, a.starts_at, a.service_type, a.patient_name
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
            };
            Ok(Upcoming { id: id(1)?, contact_id: id(2)?, start, known })
        })
        .collect()
}

/// The number that was said, or else the one that the person calls from; `None` where there is neither.
pub fn phone(context: &Context<'_>, arguments: &Arguments) -> Result<Option<E164>> {
    let region = &context.organization.default_region;
    match (&arguments.booking.phone, &context.caller) {
        (Some(said), _) => Ok(Some(normalize_phone(said, region)?)),
        // A number that shows on no dial, as that of a call by the web, is none.
        (None, Some(caller)) => Ok(normalize_phone(caller, region).ok()),
        (None, None) => Ok(None),
    }
}

/// The one appointment that is meant, or what is to be said instead.
pub fn one(
    client: &mut SpiClient<'_>,
    context: &Context<'_>,
    arguments: &Arguments,
    (date, time): (Option<&str>, Option<&str>),
) -> Result<std::result::Result<Upcoming, Done>> {
    let Some(phone) = phone(context, arguments)? else {
        return Ok(Err(Done::saying(said::still_need(&["phone number"]))));
    };
    let all = upcoming(client, context.organization, &phone)?;
    let today = today(context.organization);
    let knowns = |of: &[Upcoming]| of.iter().map(|upcoming| upcoming.known.clone()).collect::<Vec<_>>();
    if all.is_empty() {
        return Ok(Err(Done::saying(said::NO_APPOINTMENT)));
    }
    let is_meant = meant(context.organization, date, time)?;
    let (mut meant, others): (Vec<Upcoming>, Vec<Upcoming>) =
        all.into_iter().partition(|upcoming| is_meant(upcoming.known.start));
    if meant.is_empty() {
        return Ok(Err(Done::saying(said::not_that_one(&knowns(&others), today.date()))));
    }
    // A family has one number: a name tells whose it is.
    if let Some(name) = arguments.booking.name.as_deref().and_then(|name| normalize_name(name).ok())
        && meant.len() > 1
        && meant.iter().any(|upcoming| upcoming.known.name == name)
    {
        meant.retain(|upcoming| upcoming.known.name == name);
    }
    if meant.len() > 1 {
        return Ok(Err(Done::saying(said::which(&knowns(&meant), today.date()))));
    }
    Ok(meant.pop().ok_or_else(|| Done::saying(said::NO_APPOINTMENT)))
}

/// Whether an appointment at this time is the one that was described by a day, a time of day, both or neither.
fn meant(
    organization: &Organization,
    date: Option<&str>,
    time_of_day: Option<&str>,
) -> Result<impl Fn(NaiveDateTime) -> bool + use<>> {
    let order = DateOrder::for_region(&organization.default_region);
    let now = instant::transaction_now();
    let date = date.map(|text| appointment_time::day_from_text(text, &organization.zone, order, now)).transpose()?;
    let time_of_day = time_of_day.map(time::parse_time).transpose()?;
    Ok(move |start: NaiveDateTime| {
        date.as_ref().is_none_or(|date| date.date == start.date())
            && time_of_day.is_none_or(|time| time == start.time())
    })
}

/// Now, on the wall of the organization.
pub fn today(organization: &Organization) -> NaiveDateTime {
    zone::local_time(&organization.zone, instant::transaction_now())
}
