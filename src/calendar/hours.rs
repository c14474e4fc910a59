//! Opening hours and their overrides, read for a stretch of time.

use std::collections::BTreeMap;
use std::rc::Rc;

use booking_core::calendar::Span;
use booking_core::hours::{Hours, OpenTime, windows_from_multirange};
use booking_core::zone::{self, Zone};
use chrono::{Datelike, Days, NaiveDate};
use pgrx::spi::SpiClient;
use uuid::Uuid;

use super::OpenResource;
use crate::error::{Error, Result};
use crate::instant;
use crate::organization::{Organization, as_postgres, from_postgres};
use crate::statement::{Run, run_fresh};

/// Of the days of the week that matter the windows, of the others only that there are hours for them.
///
/// $1 org_id, $2 resources, $3 the weekdays, $4 and $5 the first and the last day.
const READ: &str = "
    SELECT h.resource_id, h.weekday, NULL::integer, CASE WHEN h.weekday = ANY ($3) THEN h.windows::text ELSE '{}' END
    FROM booking.opening_hours AS h
    WHERE h.org_id = $1
      AND (h.resource_id IS NULL OR h.resource_id = ANY ($2))
    UNION ALL
    SELECT c.resource_id, NULL, c.date - DATE '1970-01-01', c.windows::text
    FROM booking.closures AS c
    WHERE c.org_id = $1
      AND (c.resource_id IS NULL OR c.resource_id = ANY ($2))
      AND c.date BETWEEN DATE '1970-01-01' + $4 AND DATE '1970-01-01' + $5";

/// The organization's resources that were asked for, each with when it is open within the stretch.
#[inline(never)] // make bench counts what it costs
pub fn open_resources(
    client: &mut SpiClient<'_>,
    organization: &Organization,
    stretch: Span,
) -> Result<Vec<OpenResource>> {
    let zone = &organization.zone;
    let ids: Vec<Uuid> = organization.resources.iter().map(|resource| resource.id).collect();
    let hours = read(run_fresh, client, organization.id, &ids, zone, stretch)?;
    let nothing_set = Hours::default();
    let house = hours.get(&None).unwrap_or(&nothing_set);
    let of_the_house = Rc::new(match hours.is_empty() {
        true => OpenTime::always(zone, stretch),
        false => OpenTime::of(zone, stretch, house, None),
    });
    let resources = organization.resources.iter().map(|resource| {
        let own = hours.get(&Some(resource.id));
        let open = match own {
            Some(own) => Rc::new(OpenTime::of(zone, stretch, house, Some(own))),
            None => Rc::clone(&of_the_house),
        };
        OpenResource { resource: *resource, open }
    });
    Ok(resources.collect())
}

/// The hours by owner: a resource, or the organization itself.
pub fn read(
    run: Run,
    client: &mut SpiClient<'_>,
    org_id: Uuid,
    resources: &[Uuid],
    zone: &impl Zone,
    stretch: Span,
) -> Result<BTreeMap<Option<Uuid>, Hours>> {
    // A window belongs to the day it starts on, which may be the one before, two before where the clocks leave a day out.
    let first = zone::local_date(zone, stretch.start);
    let first = first.checked_sub_days(Days::new(2)).unwrap_or(first);
    let last = zone::local_date(zone, stretch.end);
    let resource_ids: Vec<pgrx::Uuid> = resources.iter().map(|id| as_postgres(*id)).collect();
    let arguments = [
        as_postgres(org_id).into(),
        resource_ids.into(),
        weekdays(first, last).into(),
        instant::day_of_date(first).into(),
        instant::day_of_date(last).into(),
    ];
    let mut hours: BTreeMap<Option<Uuid>, Hours> = BTreeMap::new();
    for row in run(client, READ, &arguments)? {
        let owner = hours.entry(row.get::<pgrx::Uuid>(1)?.map(from_postgres)).or_default();
        let text = row.get::<&str>(4)?.ok_or_else(|| Error::missing("opening hours"))?;
        let windows = windows_from_multirange(text).ok_or_else(|| Error::missing("opening hours"))?;
        match (row.get::<i32>(2)?, row.get::<i32>(3)?.and_then(instant::date_of_day)) {
            (Some(weekday), _) => owner.add_weekly(usize::try_from(weekday.saturating_sub(1)).unwrap_or(7), windows),
            (None, Some(date)) => owner.add_dated(date, windows),
            (None, None) => return Err(Error::missing("day of opening hours")),
        }
    }
    Ok(hours)
}

/// The ISO weekdays of the dates from `first` to `last`.
fn weekdays(first: NaiveDate, last: NaiveDate) -> Vec<i32> {
    let dates = first.iter_days().take_while(|date| *date <= last).take(7);
    dates.filter_map(|date| i32::try_from(date.weekday().number_from_monday()).ok()).collect()
}
