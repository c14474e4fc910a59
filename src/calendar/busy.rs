//! What has been taken: one indexed read of the stretch of time that matters, appointments and outside calendars together.

use booking_core::calendar::{ResourceCalendar, Span, Taken};
use booking_core::limits::{LONGEST_AFTER_START_MINUTES, LONGEST_BUFFER_MINUTES};
use pgrx::datum::DatumWithOid;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;

use super::{ExpiredHold, Query};
use crate::error::{Error, Result};
use crate::instant;
use crate::organization::{as_postgres, from_postgres};
use crate::statement::run_fresh;

/// OFFSET 0 keeps the planner from turning the joins round: resource by resource, each by its part of the index. It would
/// read the stretch of all resources of the organization else, and leave out most of it.
///
/// $1 org_id, $2 resources or the only one, $3 and $4 the stretch, $5 the clock, $6 an appointment that does not count or NULL.
macro_rules! read_appointments {
    (of $wanted:literal, where $condition:literal) => {
        concat!(
            "
    SELECT busy.resource_id, busy.seat, busy.busy_from, busy.busy_until, busy.expired, busy.limit_day
    FROM ",
            $wanted,
            " AS wanted (resource_id)
    CROSS JOIN LATERAL (
        (SELECT a.resource_id, a.seat, pg_catalog.lower(a.blocked) AS busy_from, pg_catalog.upper(a.blocked) AS busy_until,
            CASE WHEN a.expires_at <= $5 THEN a.id END AS expired, a.limit_day - DATE '1970-01-01' AS limit_day
        FROM booking.appointments AS a
        WHERE a.org_id = $1
          AND a.resource_id = wanted.resource_id
          AND a.blocked && pg_catalog.tstzrange($3, $4, '[)')
          AND ($6 IS NULL OR a.id <> $6)
          AND ",
            $condition,
            "
        OFFSET 0)
        UNION ALL
        (SELECT b.resource_id, NULL, pg_catalog.lower(b.during), pg_catalog.upper(b.during), NULL, NULL
        FROM booking.busy_blocks AS b
        WHERE b.org_id = $1
          AND b.resource_id = wanted.resource_id
          AND b.during && pg_catalog.tstzrange($3, $4, '[)')
        OFFSET 0)
    ) AS busy"
        )
    };
}

macro_rules! occupying {
    (of $wanted:literal) => {
        read_appointments!(of $wanted, where "a.status IN ('held', 'pending', 'confirmed')")
    };
}

macro_rules! occupying_by_start {
    (of $wanted:literal) => {
        read_appointments!(
            of $wanted,
            where "a.starts_at BETWEEN $7 AND $8 AND a.status NOT IN ('cancelled', 'completed', 'no_show')"
        )
    };
}

/// By the index of the exclusion constraint. Most calls are about one resource, whose row needs no list to be taken from.
const READ: &str = occupying!(of "pg_catalog.unnest($2)");
const READ_ONE: &str = occupying!(of "(SELECT $2)");

/// Under row level security an index cannot be searched for a range that overlaps (the operator is not leakproof), but for
/// starts it can: those of all appointments that can touch the stretch, $7 to $8. The statuses are those of the index by start,
/// in its words: the planner cannot take the index of the constraint then, and read a resource's whole history by it.
const READ_UNDER_ROW_SECURITY: &str = occupying_by_start!(of "pg_catalog.unnest($2)");
const READ_ONE_UNDER_ROW_SECURITY: &str = occupying_by_start!(of "(SELECT $2)");

/// The calendars of the query's resources, in their order. Holds that have expired are left out, and put into `expired`.
pub fn read(
    client: &mut SpiClient<'_>,
    query: &Query<'_>,
    expired: &mut Vec<ExpiredHold>,
) -> Result<Vec<ResourceCalendar>> {
    let mut taken: Vec<Vec<(Taken, Span)>> = vec![Vec::new(); query.resources.len()];
    let resources: DatumWithOid<'_> = match query.resources {
        [only] => as_postgres(only.resource.id).into(),
        _ => query.resource_ids().into(),
    };
    let is_one = query.resources.len() == 1;
    let mut arguments = vec![
        as_postgres(query.organization.id).into(),
        resources,
        instant::to_postgres(query.stretch.start)?.into(),
        instant::to_postgres(query.stretch.end)?.into(),
        instant::to_postgres(instant::clock_now())?.into(),
        query.moving.map(as_postgres).into(),
    ];
    let statement = if query.organization.has_row_security {
        let starts =
            query.stretch.widened(LONGEST_AFTER_START_MINUTES, LONGEST_BUFFER_MINUTES).unwrap_or(query.stretch);
        arguments.push(instant::to_postgres(starts.start)?.into());
        arguments.push(instant::to_postgres(starts.end)?.into());
        if is_one { READ_ONE_UNDER_ROW_SECURITY } else { READ_UNDER_ROW_SECURITY }
    } else if is_one {
        READ_ONE
    } else {
        READ
    };
    for row in run_fresh(client, statement, &arguments)? {
        let (Some(resource_id), Some(start), Some(end)) = (
            row.get::<pgrx::Uuid>(1)?.map(from_postgres),
            row.get::<TimestampWithTimeZone>(3)?,
            row.get::<TimestampWithTimeZone>(4)?,
        ) else {
            return Err(Error::missing("busy time"));
        };
        let span = Span { start: instant::from_postgres(start)?, end: instant::from_postgres(end)? };
        if let Some(id) = row.get::<pgrx::Uuid>(5)?.map(from_postgres) {
            let limit_day = row.get::<i32>(6)?.and_then(instant::date_of_day);
            expired.push(ExpiredHold { id, blocked: span, limit_day });
            continue;
        }
        let what = row.get::<i32>(2)?.map_or(Taken::Whole, Taken::Seat);
        if let Some(taken) = query.position(resource_id).and_then(|position| taken.get_mut(position)) {
            taken.push((what, span));
        }
    }
    let resources = query.resources.iter().map(|open| open.resource).zip(taken);
    Ok(resources.map(|(resource, taken)| ResourceCalendar::new(resource.id, resource.capacity, taken)).collect())
}
