//! The busy time of resources: one indexed read of the window that matters, counted and compared in `booking_core::calendar`.

use booking_core::calendar::{ResourceCalendar, Span};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;

use crate::error::{Error, Result};
use crate::instant;
use crate::organization::{Organization, as_postgres, from_postgres};
use crate::statement::run_fresh;

/// $1 org_id, $2 resources, $3 and $4 the window.
const READ: &str = "
    SELECT a.resource_id, a.seat, pg_catalog.lower(a.blocked), pg_catalog.upper(a.blocked)
    FROM pg_catalog.unnest($2) AS wanted (resource_id)
    JOIN booking.appointments AS a ON a.resource_id = wanted.resource_id
    WHERE a.org_id = $1
      AND a.blocked && pg_catalog.tstzrange($3, $4, '[)')
      AND a.status IN ('held', 'pending', 'confirmed')";

/// The calendars of the organization's resources within `window`, in the order of its resources.
pub fn read(client: &mut SpiClient<'_>, organization: &Organization, window: Span) -> Result<Vec<ResourceCalendar>> {
    let mut taken: Vec<Vec<(i32, Span)>> = vec![Vec::new(); organization.resources.len()];
    let ids: Vec<pgrx::Uuid> = organization.resources.iter().map(|resource| as_postgres(resource.id)).collect();
    let arguments = [
        as_postgres(organization.id).into(),
        ids.into(),
        instant::to_postgres(window.start)?.into(),
        instant::to_postgres(window.end)?.into(),
    ];
    for row in run_fresh(client, READ, &arguments)? {
        let (Some(resource_id), Some(seat), Some(start), Some(end)) = (
            row.get::<pgrx::Uuid>(1)?.map(from_postgres),
            row.get::<i32>(2)?,
            row.get::<TimestampWithTimeZone>(3)?,
            row.get::<TimestampWithTimeZone>(4)?,
        ) else {
            return Err(Error::missing("busy time"));
        };
        let span = Span { start: instant::from_postgres(start)?, end: instant::from_postgres(end)? };
        // The organization's resources are ordered by id.
        let position = organization.resources.binary_search_by_key(&resource_id, |resource| resource.id);
        if let Some(taken) = position.ok().and_then(|position| taken.get_mut(position)) {
            taken.push((seat, span));
        }
    }
    let resources = organization.resources.iter().zip(taken);
    Ok(resources.map(|(resource, taken)| ResourceCalendar::new(resource.id, resource.capacity, taken)).collect())
}
