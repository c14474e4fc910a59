//! How many appointments of a service its resources already have on each day; read only for a service with a daily limit.

use booking_core::calendar::Span;
use booking_core::schedule::DailyLimits;
use booking_core::zone;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;

use super::{ExpiredHold, Query};
use crate::error::{Error, Result};
use crate::instant;
use crate::organization::{as_postgres, from_postgres};
use crate::statement::run_fresh;

/// OFFSET 0 as in the read of the busy time.
///
/// $1 org_id, $2 resources, $3 service, $4 and $5 the first and the last day, $6 the clock, $7 an appointment that does not
/// count or NULL. What is completed still counts; only what is cancelled does not.
const READ: &str = "
    SELECT counted.resource_id, counted.limit_day, counted.limit_place, counted.expired,
        pg_catalog.lower(counted.blocked), pg_catalog.upper(counted.blocked)
    FROM pg_catalog.unnest($2) AS wanted (resource_id)
    CROSS JOIN LATERAL (
        SELECT a.resource_id, a.limit_day - DATE '1970-01-01' AS limit_day, a.limit_place, a.blocked,
            CASE WHEN a.status = 'held' AND a.expires_at <= $6 THEN a.id END AS expired
        FROM booking.appointments AS a
        WHERE a.org_id = $1
          AND a.resource_id = wanted.resource_id
          AND a.service_id = $3
          AND a.limit_day BETWEEN DATE '1970-01-01' + $4 AND DATE '1970-01-01' + $5
          AND a.limit_place IS NOT NULL
          AND a.status <> 'cancelled'
          AND ($7 IS NULL OR a.id <> $7)
        OFFSET 0
    ) AS counted";

/// The limits of the query's resources, in their order.
pub fn read(client: &mut SpiClient<'_>, query: &Query<'_>, expired: &mut Vec<ExpiredHold>) -> Result<Vec<DailyLimits>> {
    let organization = query.organization;
    let mut limits = vec![DailyLimits::new(organization.rules.daily_limit); query.resources.len()];
    let (Some(service), Some(_)) = (&organization.service, organization.rules.daily_limit) else { return Ok(limits) };
    let day = |moment| instant::day_of_date(zone::local_date(&organization.zone, moment));
    let arguments = [
        as_postgres(organization.id).into(),
        query.resource_ids().into(),
        as_postgres(service.id).into(),
        day(query.stretch.start).into(),
        day(query.stretch.end).into(),
        instant::to_postgres(instant::clock_now())?.into(),
        query.moving.map(as_postgres).into(),
    ];
    for row in run_fresh(client, READ, &arguments)? {
        let (Some(resource_id), Some(day), Some(place)) = (
            row.get::<pgrx::Uuid>(1)?.map(from_postgres),
            row.get::<i32>(2)?.and_then(instant::date_of_day),
            row.get::<i32>(3)?,
        ) else {
            return Err(Error::missing("daily limit"));
        };
        if let Some(id) = row.get::<pgrx::Uuid>(4)?.map(from_postgres) {
            let bounds = row.get::<TimestampWithTimeZone>(5)?.zip(row.get::<TimestampWithTimeZone>(6)?);
            let (start, end) = bounds.ok_or_else(|| Error::missing("blocked range"))?;
            let blocked = Span { start: instant::from_postgres(start)?, end: instant::from_postgres(end)? };
            expired.push(ExpiredHold { id, blocked, limit_day: Some(day) });
        } else if let Some(limits) = query.position(resource_id).and_then(|position| limits.get_mut(position)) {
            limits.take(day, place);
        }
    }
    Ok(limits)
}
