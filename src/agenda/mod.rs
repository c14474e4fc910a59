//! The agenda: all that a front desk has before its eyes, of some days, as of one moment. Every statement sees what its caller
//! sees, and so does the position: what commits later is in the events after it.

mod appointments;
mod couriers;
mod house;

use booking_core::calendar::Span;
use booking_core::grid::day_span;
use booking_core::wall::iso_local;
use booking_core::{Code, Refusal, zone};
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use pgrx::Json;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer;
use crate::error::Result;
use crate::history;
use crate::instant;
use crate::organization::{from_postgres, org_not_found};
use crate::server_zone::ServerZone;
use crate::setup::invalid;
use crate::statement::run_in_snapshot;
use house::House;

/// The most days of one agenda: a month.
const MOST_DAYS: i32 = 31;

#[pg_extern(stable)]
#[search_path(pg_catalog, pg_temp)]
fn agenda(
    p_org_id: Option<pgrx::Uuid>,
    p_from: default!(Option<Date>, "NULL"),
    p_days: default!(Option<i32>, "1"),
) -> Json {
    answer::for_program(Spi::connect_mut(|client| {
        let org_id = p_org_id.map(from_postgres).ok_or_else(|| org_not_found("NULL"))?;
        let house = House::read(client, org_id)?;
        let now = instant::clock_now();
        let today = zone::local_date(&house.zone, now);
        let dates = dates(p_from.map(stated_date).transpose()?.unwrap_or(today), p_days.unwrap_or(1))?;
        let stretch = stretch(&house.zone, &dates)?;
        read(client, &Asked { org_id, house: &house, dates: &dates, stretch, now, today })
    }))
}

/// What is asked for.
struct Asked<'a> {
    org_id: Uuid,
    house: &'a House,
    /// In order, one after the other.
    dates: &'a [NaiveDate],
    /// From the midnight before the first to the midnight after the last.
    stretch: Span,
    now: DateTime<Utc>,
    today: NaiveDate,
}

fn read(client: &mut SpiClient<'_>, asked: &Asked<'_>) -> Result<Value> {
    let house = asked.house;
    let local = |instant| iso_local(&house.zone, instant);
    Ok(json!({
        "success": true,
        "organization": {
            "name": house.name,
            "timezone": house.timezone,
            "now": local(asked.now),
            "today": asked.today.to_string(),
        },
        "days": asked.dates.iter().map(NaiveDate::to_string).collect::<Vec<_>>(),
        "resources": house::resources(client, asked)?,
        "services": house::services(client, asked)?,
        "appointments": appointments::read(client, asked)?,
        "busy": house::busy(client, asked)?,
        "integrations": couriers::integrations(client, asked)?,
        "deadJobs": couriers::dead_jobs(client, asked)?,
        "workers": couriers::workers(client, asked)?,
        "position": history::position(run_in_snapshot, client)?,
    }))
}

fn stated_date(date: Date) -> std::result::Result<NaiveDate, Refusal> {
    let unknown = || invalid_date("p_from is no day of a calendar of four-digit years");
    if date.is_infinity() || date.is_neg_infinity() {
        return Err(unknown());
    }
    let date = instant::date_of_day(date.to_unix_epoch_days()).ok_or_else(unknown)?;
    if (1000..=9998).contains(&date.year()) { Ok(date) } else { Err(unknown()) }
}

fn dates(first: NaiveDate, days: i32) -> std::result::Result<Vec<NaiveDate>, Refusal> {
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(invalid(format!("p_days is {days}"), format!("pass 1 to {MOST_DAYS}")));
    }
    let dates = (0..u64::from(days.unsigned_abs())).map(|day| first.checked_add_days(Days::new(day)));
    dates.collect::<Option<_>>().ok_or_else(|| invalid_date("p_from is too far away"))
}

fn stretch(zone: &ServerZone, dates: &[NaiveDate]) -> std::result::Result<Span, Refusal> {
    let bounds = dates
        .first()
        .zip(dates.last())
        .and_then(|(first, last)| Some(Span { start: day_span(zone, *first)?.start, end: day_span(zone, *last)?.end }));
    bounds.ok_or_else(|| invalid_date("p_from is too far away"))
}

fn invalid_date(message: &str) -> Refusal {
    Refusal::new(Code::InvalidDate, message, "pass a date such as 2026-11-24, or leave it out for today")
}
