//! Looking at the calendar: free slots, the times of a day, and the nearest alternatives to a time that cannot be had.

use booking_core::alternatives::Search;
use booking_core::appointment_time::{self, TimeRefusal};
use booking_core::calendar::{Span, day_span, grid};
use booking_core::date::DateOrder;
use booking_core::{Code, Refusal, limits, speech, zone};
use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use pgrx::Json;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer;
use crate::calendar;
use crate::error::{Result, or_raise};
use crate::instant;
use crate::organization::{self, Organization, as_postgres};

/// How many alternatives a refusal carries.
pub const OFFERED: usize = 3;

/// The most alternatives that can be asked for.
const MOST_ALTERNATIVES: i32 = 50;

/// The longest stretch that one call lists, in days: a year with its leap day.
const LONGEST_WINDOW_DAYS: i64 = 366;

type SlotRow = (TimestampWithTimeZone, TimestampWithTimeZone, pgrx::Uuid);

#[pg_extern(stable)]
#[search_path(pg_catalog, pg_temp)]
fn available_slots(
    p_org_id: Option<pgrx::Uuid>,
    p_from: Option<TimestampWithTimeZone>,
    p_to: Option<TimestampWithTimeZone>,
    p_service_type: default!(Option<String>, "NULL"),
    p_duration_minutes: default!(Option<i32>, "NULL"),
    p_resource_id: default!(Option<pgrx::Uuid>, "NULL"),
) -> TableIterator<
    'static,
    (name!(starts_at, TimestampWithTimeZone), name!(ends_at, TimestampWithTimeZone), name!(resource_id, pgrx::Uuid)),
> {
    let slots = || -> Result<Vec<SlotRow>> {
        check_service(p_service_type.as_deref())?;
        let minutes = limits::duration_minutes(p_duration_minutes)?;
        let window = window(p_from, p_to)?;
        Spi::connect_mut(|client| {
            let organization = read_organization(client, p_org_id, p_resource_id)?;
            slot_rows(&free_slots(client, &organization, window, minutes)?)
        })
    };
    TableIterator::new(or_raise(slots()))
}

#[pg_extern(stable)]
#[search_path(pg_catalog, pg_temp)]
fn check_availability(
    p_org_id: Option<pgrx::Uuid>,
    p_date: Option<String>,
    p_service_type: default!(Option<String>, "NULL"),
    p_duration_minutes: default!(Option<i32>, "NULL"),
) -> Json {
    let found = Spi::connect_mut(|client| {
        let organization = read_organization(client, p_org_id, None)?;
        check_service(p_service_type.as_deref())?;
        let minutes = limits::duration_minutes(p_duration_minutes)?;
        let date =
            p_date.ok_or_else(|| Refusal::new(Code::InvalidDate, "no date was given", "pass the day to look at"))?;
        day_of_slots(client, &organization, &date, minutes)
    });
    answer::for_voice(found)
}

#[pg_extern(stable)]
#[search_path(pg_catalog, pg_temp)]
fn find_alternatives(
    p_org_id: Option<pgrx::Uuid>,
    p_scheduled_at: Option<TimestampWithTimeZone>,
    p_duration_minutes: default!(Option<i32>, "NULL"),
    p_service_type: default!(Option<String>, "NULL"),
    p_resource_id: default!(Option<pgrx::Uuid>, "NULL"),
    p_count: default!(Option<i32>, "3"),
) -> Vec<TimestampWithTimeZone> {
    let found = || -> Result<Vec<TimestampWithTimeZone>> {
        check_service(p_service_type.as_deref())?;
        let minutes = limits::duration_minutes(p_duration_minutes)?;
        let count = alternatives_count(p_count)?;
        let stated = instant::from_postgres(p_scheduled_at.ok_or_else(|| no_time("p_scheduled_at"))?)?;
        let now = instant::transaction_now();
        Spi::connect_mut(|client| {
            let organization = read_organization(client, p_org_id, p_resource_id)?;
            let wanted = match appointment_time::from_instant(stated, &organization.zone, now) {
                Ok(time) => time.starts_at,
                Err(TimeRefusal { wanted: Some(wanted), .. }) => wanted,
                Err(refused) => return Err(refused.into()),
            };
            let found = alternatives(client, &organization, wanted, minutes, count, now)?;
            found.into_iter().map(|start| Ok(instant::to_postgres(start)?)).collect()
        })
    };
    or_raise(found())
}

/// The nearest free times to `wanted` on any of the organization's resources that were read.
pub fn alternatives(
    client: &mut SpiClient<'_>,
    organization: &Organization,
    wanted: DateTime<Utc>,
    duration_minutes: i32,
    count: usize,
    now: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>> {
    let search = Search {
        zone: &organization.zone,
        wanted,
        duration_minutes,
        step_minutes: limits::DEFAULT_STEP_MINUTES,
        count,
        now,
    };
    search.run(|window| calendar::read(client, organization, window))
}

/// The free slots that start within `window` with the resource each is free on, ordered by time and resource.
fn free_slots(
    client: &mut SpiClient<'_>,
    organization: &Organization,
    window: Span,
    duration_minutes: i32,
) -> Result<Vec<(Span, Uuid)>> {
    let now = instant::transaction_now();
    let busy_until = Span::lasting(window.end, duration_minutes).map_or(window.end, |after| after.end);
    let calendars = calendar::read(client, organization, Span { start: window.start, end: busy_until })?;
    let starts = grid(&organization.zone, window, limits::DEFAULT_STEP_MINUTES, now);
    let mut free = Vec::new();
    for span in starts.into_iter().filter_map(|start| Span::lasting(start, duration_minutes)) {
        let resources = calendars.iter().filter(|calendar| calendar.is_free(span));
        free.extend(resources.map(|calendar| (span, calendar.resource_id)));
    }
    Ok(free)
}

fn slot_rows(slots: &[(Span, Uuid)]) -> Result<Vec<SlotRow>> {
    let row = |(span, resource_id): &(Span, Uuid)| {
        Ok((instant::to_postgres(span.start)?, instant::to_postgres(span.end)?, as_postgres(*resource_id)))
    };
    slots.iter().map(row).collect()
}

fn day_of_slots(
    client: &mut SpiClient<'_>,
    organization: &Organization,
    date_text: &str,
    duration_minutes: i32,
) -> Result<Value> {
    let now = instant::transaction_now();
    let zone = &organization.zone;
    let order = DateOrder::for_region(&organization.default_region);
    let day = appointment_time::day_from_text(date_text, zone, order, now)?;
    let span = day_span(zone, day.date).ok_or_else(|| {
        Refusal::new(Code::InvalidDate, format!("{} is out of range", day.date), "pass a nearer date")
    })?;
    let mut slots: Vec<NaiveDateTime> = free_slots(client, organization, span, duration_minutes)?
        .into_iter()
        .map(|(slot, _)| (slot.start, zone::local_time(zone, slot.start)))
        // Said as a time of day, the second of two equal hours in autumn would be booked as the first.
        .filter(|(start, local)| zone::instant(zone, *local) == Some(*start))
        .map(|(_, local)| local)
        .collect();
    slots.dedup();
    Ok(json!({
        "success": true,
        "date": day.date.to_string(),
        "timezone": organization.timezone,
        "dateCorrected": day.corrected,
        "slots": slots.iter().map(|slot| slot.format("%H:%M").to_string()).collect::<Vec<_>>(),
        "message": speech::availability(day.date, &slots, zone::local_date(zone, now), day.corrected),
    }))
}

fn read_organization(
    client: &mut SpiClient<'_>,
    org_id: Option<pgrx::Uuid>,
    resource_id: Option<pgrx::Uuid>,
) -> Result<Organization> {
    let resource_id = resource_id.map(organization::from_postgres);
    Organization::read(client, org_id.map(organization::from_postgres), resource_id)
}

/// A service is free text; no service at all is one too.
fn check_service(service: Option<&str>) -> Result<()> {
    if let Some(service) = service {
        limits::label("service", service, Code::ServiceNotFound)?;
    }
    Ok(())
}

fn window(from: Option<TimestampWithTimeZone>, to: Option<TimestampWithTimeZone>) -> Result<Span> {
    let start = instant::from_postgres(from.ok_or_else(|| no_time("p_from"))?)?;
    let end = instant::from_postgres(to.ok_or_else(|| no_time("p_to"))?)?;
    let length = end.signed_duration_since(start);
    if length <= Duration::zero() || length > Duration::days(LONGEST_WINDOW_DAYS) {
        return Err(Refusal::new(
            Code::InvalidTime,
            format!("the window from {start} to {end} is not between 0 and {LONGEST_WINDOW_DAYS} days long"),
            "pass a p_to that is later than p_from, and ask for a year at most",
        )
        .into());
    }
    Ok(Span { start, end })
}

fn alternatives_count(count: Option<i32>) -> Result<usize> {
    let count = count.unwrap_or(OFFERED as i32);
    match usize::try_from(count) {
        Ok(wanted) if (1..=MOST_ALTERNATIVES).contains(&count) => Ok(wanted),
        _ => Err(Refusal::new(
            Code::InvalidRequest,
            format!("{count} alternatives cannot be given: the number must be between 1 and {MOST_ALTERNATIVES}"),
            "leave p_count out for three",
        )
        .into()),
    }
}

fn no_time(argument: &str) -> Refusal {
    Refusal::new(Code::InvalidTime, format!("{argument} is NULL"), format!("pass {argument} as a timestamptz"))
}
