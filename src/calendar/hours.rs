//! Opening hours and their overrides, read for a stretch of time; not at all for an organization that is open always.

use std::collections::BTreeMap;
use std::rc::Rc;

use booking_core::calendar::Span;
use booking_core::hours::{Hours, OpenTime, Window};
use booking_core::zone;
use chrono::Days;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use super::OpenResource;
use crate::error::{Error, Result};
use crate::instant;
use crate::organization::{Organization, as_postgres, from_postgres};
use crate::statement::run_fresh;

/// $1 org_id, $2 resources, $3 and $4 the first and the last day. A day without a window brings one row without times.
const READ: &str = "
    SELECT h.resource_id, h.weekday, NULL::integer, pg_catalog.lower(w.part), pg_catalog.upper(w.part)
    FROM booking.opening_hours AS h
    LEFT JOIN LATERAL pg_catalog.unnest(h.windows) AS w (part) ON true
    WHERE h.org_id = $1
      AND (h.resource_id IS NULL OR h.resource_id = ANY ($2))
    UNION ALL
    SELECT c.resource_id, NULL, c.date - DATE '1970-01-01', pg_catalog.lower(w.part), pg_catalog.upper(w.part)
    FROM booking.closures AS c
    LEFT JOIN LATERAL pg_catalog.unnest(c.windows) AS w (part) ON true
    WHERE c.org_id = $1
      AND (c.resource_id IS NULL OR c.resource_id = ANY ($2))
      AND c.date BETWEEN DATE '1970-01-01' + $3 AND DATE '1970-01-01' + $4";

/// The organization's resources that were asked for, each with when it is open within the stretch.
pub fn open_resources(
    client: &mut SpiClient<'_>,
    organization: &Organization,
    stretch: Span,
) -> Result<Vec<OpenResource>> {
    let zone = &organization.zone;
    let hours = if organization.has_hours { read(client, organization, stretch)? } else { BTreeMap::new() };
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
fn read(
    client: &mut SpiClient<'_>,
    organization: &Organization,
    stretch: Span,
) -> Result<BTreeMap<Option<Uuid>, Hours>> {
    // A window belongs to the day it starts on, which may be the one before, two before where the clocks leave a day out.
    let first = zone::local_date(&organization.zone, stretch.start);
    let first = first.checked_sub_days(Days::new(2)).unwrap_or(first);
    let last = zone::local_date(&organization.zone, stretch.end);
    let resource_ids: Vec<pgrx::Uuid> =
        organization.resources.iter().map(|resource| as_postgres(resource.id)).collect();
    let arguments = [
        as_postgres(organization.id).into(),
        resource_ids.into(),
        instant::day_of_date(first).into(),
        instant::day_of_date(last).into(),
    ];
    let mut hours: BTreeMap<Option<Uuid>, Hours> = BTreeMap::new();
    for row in run_fresh(client, READ, &arguments)? {
        let owner = hours.entry(row.get::<pgrx::Uuid>(1)?.map(from_postgres)).or_default();
        let window = row.get::<i32>(4)?.zip(row.get::<i32>(5)?).map(|(opens, closes)| Window { opens, closes });
        match (row.get::<i32>(2)?, row.get::<i32>(3)?.and_then(instant::date_of_day)) {
            (Some(weekday), _) => owner.add_weekly(usize::try_from(weekday.saturating_sub(1)).unwrap_or(7), window),
            (None, Some(date)) => owner.add_dated(date, window),
            (None, None) => return Err(Error::missing("day of opening hours")),
        }
    }
    Ok(hours)
}
