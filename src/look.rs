//! Looking at the calendar: free slots, the times of a day, and the nearest alternatives to a time that cannot be had.

use booking_core::alternatives::Search;
use booking_core::appointment_time::{self, TimeRefusal};
use booking_core::calendar::Span;
use booking_core::date::DateOrder;
use booking_core::grid::day_span;
use booking_core::schedule::free_starts;
use booking_core::{Code, Refusal, limits, speech, zone};
use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use pgrx::Json;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer;
use crate::book::place::Plan;
use crate::book::request::stated_service;
use crate::error::{Result, or_raise};
use crate::instant;
use crate::organization::{Asked, Organization, as_postgres, from_postgres};
use crate::table::TableIterator;

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
        let window = window(p_from, p_to)?;
        Spi::connect_mut(|client| {
            let asked = Looked { org_id: p_org_id, resource_id: p_resource_id, service: p_service_type.as_deref() };
            let organization = asked.read(client, p_duration_minutes)?;
            slot_rows(&free_slots(client, &organization, window)?)
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
        let asked = Looked { org_id: p_org_id, resource_id: None, service: p_service_type.as_deref() };
        let organization = asked.read(client, p_duration_minutes)?;
        let date =
            p_date.ok_or_else(|| Refusal::new(Code::InvalidDate, "no date was given", "pass the day to look at"))?;
        day_of_slots(client, &organization, &date)
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
        let count = alternatives_count(p_count)?;
        let stated = instant::from_postgres(p_scheduled_at.ok_or_else(|| no_time("p_scheduled_at"))?)?;
        Spi::connect_mut(|client| {
            let asked = Looked { org_id: p_org_id, resource_id: p_resource_id, service: p_service_type.as_deref() };
            let organization = asked.read(client, p_duration_minutes)?;
            let plan = Plan::new(&organization, instant::transaction_now());
            let wanted = match appointment_time::from_instant(stated, &organization.zone, plan.now) {
                Ok(time) => time.starts_at,
                Err(TimeRefusal { wanted: Some(wanted), .. }) => wanted,
                Err(refused) => return Err(refused.into()),
            };
            let found = alternatives(client, &plan, wanted, count)?;
            found.into_iter().map(|start| Ok(instant::to_postgres(start)?)).collect()
        })
    };
    or_raise(found())
}

/// The nearest times to `wanted` at which the plan's appointment can be had on any of the organization's resources.
pub fn alternatives(
    client: &mut SpiClient<'_>,
    plan: &Plan<'_>,
    wanted: DateTime<Utc>,
    count: usize,
) -> Result<Vec<DateTime<Utc>>> {
    let organization = plan.organization;
    let search = Search {
        zone: &organization.zone,
        rules: &organization.rules,
        wanted,
        not_offered: plan.moving.and_then(|moving| moving.not_offered),
        count,
        now: plan.now,
    };
    search.run(|stretch| plan.schedules(client, stretch))
}

/// The free slots that start within `window` with the resource each is free on, ordered by time and resource.
fn free_slots(client: &mut SpiClient<'_>, organization: &Organization, window: Span) -> Result<Vec<(Span, Uuid)>> {
    let plan = Plan::new(organization, instant::transaction_now());
    let rules = &organization.rules;
    // Nothing needs to be read of what cannot be booked anyway.
    let window = rules.bookable(&organization.zone, window, plan.now);
    if window.start >= window.end {
        return Ok(Vec::new());
    }
    let schedules = plan.schedules(client, rules.reach(window))?;
    let starts = free_starts(&schedules, rules, &organization.zone, window, plan.now);
    let slot = |(start, resource_id)| Some((Span::lasting(start, rules.duration_minutes)?, resource_id));
    Ok(starts.into_iter().filter_map(slot).collect())
}

fn slot_rows(slots: &[(Span, Uuid)]) -> Result<Vec<SlotRow>> {
    let row = |(span, resource_id): &(Span, Uuid)| {
        Ok((instant::to_postgres(span.start)?, instant::to_postgres(span.end)?, as_postgres(*resource_id)))
    };
    slots.iter().map(row).collect()
}

/// The free times of a day that is said in words.
pub fn day_of_slots(client: &mut SpiClient<'_>, organization: &Organization, date_text: &str) -> Result<Value> {
    let now = instant::transaction_now();
    let zone = &organization.zone;
    let order = DateOrder::for_region(&organization.default_region);
    let day = appointment_time::day_from_text(date_text, zone, order, now)?;
    let span = day_span(zone, day.date).ok_or_else(|| {
        Refusal::new(Code::InvalidDate, format!("{} is out of range", day.date), "pass a nearer date")
    })?;
    let mut slots: Vec<NaiveDateTime> = free_slots(client, organization, span)?
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

/// What is looked at, as it was stated.
pub struct Looked<'a> {
    pub org_id: Option<pgrx::Uuid>,
    pub resource_id: Option<pgrx::Uuid>,
    pub service: Option<&'a str>,
}

impl Looked<'_> {
    /// The organization with the rules of the service and the stated length.
    pub fn read(&self, client: &mut SpiClient<'_>, duration_minutes: Option<i32>) -> Result<Organization> {
        let asked = Asked {
            org_id: self.org_id.map(from_postgres),
            resource_id: self.resource_id.map(from_postgres),
            service: stated_service(self.service),
        };
        let mut organization = Organization::read(client, asked)?;
        // No service at all is as good as any; one that cannot be read is none.
        if let Some(service) = self.service {
            limits::label("service", service, Code::ServiceNotFound)?;
        }
        organization.rules = organization.rules.lasting(duration_minutes)?;
        Ok(organization)
    }
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
