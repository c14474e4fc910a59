//! What the organization is and has: its clock, its resources with their hours, its services, and who is away.

use booking_core::calendar::Span;
use booking_core::hours::{Hours, OpenTime};
use booking_core::wall;
use chrono::NaiveDate;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Asked;
use crate::calendar::hours;
use crate::error::{Error, Result};
use crate::instant;
use crate::organization::{as_postgres, from_postgres, org_not_found};
use crate::server_zone::ServerZone;
use crate::statement::run_in_snapshot;

pub struct House {
    pub name: String,
    pub timezone: String,
    pub zone: ServerZone,
    /// In the order in which they were made.
    pub resources: Vec<Resource>,
}

pub struct Resource {
    pub id: Uuid,
    name: String,
    capacity: i32,
}

/// $1 org_id.
const READ: &str = "
    SELECT o.name, o.timezone, r.id, r.name, r.capacity
    FROM booking.organizations AS o
    LEFT JOIN booking.resources AS r ON r.org_id = o.org_id
    WHERE o.org_id = $1
    ORDER BY r.id";

impl House {
    /// What does not exist, or belongs to another tenant, is refused in the same words.
    pub fn read(client: &mut SpiClient<'_>, org_id: Uuid) -> Result<Self> {
        let mut found: Option<House> = None;
        for row in run_in_snapshot(client, READ, &[as_postgres(org_id).into()])? {
            let text = |column| -> Result<String> { row.get(column)?.ok_or_else(|| Error::missing("organization")) };
            let house = match &mut found {
                Some(house) => house,
                None => found.insert(House {
                    name: text(1)?,
                    zone: ServerZone::named(&text(2)?)?,
                    timezone: text(2)?,
                    resources: Vec::new(),
                }),
            };
            if let (Some(id), Some(name), Some(capacity)) = (row.get::<pgrx::Uuid>(3)?, row.get(4)?, row.get(5)?) {
                house.resources.push(Resource { id: from_postgres(id), name, capacity });
            }
        }
        found.ok_or_else(|| org_not_found(&org_id.to_string()).into())
    }

    pub fn resource_ids(&self) -> Vec<pgrx::Uuid> {
        self.resources.iter().map(|resource| as_postgres(resource.id)).collect()
    }
}

/// The resources, each with when it is open on each of the days, in minutes after local midnight. A day is open from 0 to 1440
/// where nobody has set hours.
pub fn resources(client: &mut SpiClient<'_>, asked: &Asked<'_>) -> Result<Vec<Value>> {
    let house = asked.house;
    let ids: Vec<Uuid> = house.resources.iter().map(|resource| resource.id).collect();
    let hours = hours::read(run_in_snapshot, client, asked.org_id, &ids, &house.zone, asked.stretch)?;
    let nothing_set = Hours::default();
    let of_the_house = hours.get(&None).unwrap_or(&nothing_set);
    let shown = house.resources.iter().map(|resource| {
        let open = OpenTime::of(&house.zone, asked.stretch, of_the_house, hours.get(&Some(resource.id)));
        json!({
            "id": resource.id.to_string(),
            "name": resource.name,
            "capacity": resource.capacity,
            "hours": asked.dates.iter().map(|date| day(*date, &open)).collect::<Vec<_>>(),
        })
    });
    Ok(shown.collect())
}

fn day(date: NaiveDate, open: &OpenTime) -> Value {
    let windows = open.windows().iter().filter(|(on, _)| *on == date);
    let windows: Vec<[i32; 2]> = windows.map(|(_, window)| [window.opens, window.closes]).collect();
    json!({"date": date.to_string(), "windows": windows})
}

/// $1 org_id.
const SERVICES: &str = "
    SELECT s.id, s.name, s.duration_minutes
    FROM booking.services AS s
    WHERE s.org_id = $1
    ORDER BY s.name_key";

pub fn services(client: &mut SpiClient<'_>, asked: &Asked<'_>) -> Result<Vec<Value>> {
    let rows = run_in_snapshot(client, SERVICES, &[as_postgres(asked.org_id).into()])?;
    let services = rows.map(|row| {
        Ok(json!({
            "id": row.get::<pgrx::Uuid>(1)?.map(|id| from_postgres(id).to_string()),
            "name": row.get::<String>(2)?,
            "durationMinutes": row.get::<i32>(3)?,
        }))
    });
    services.collect()
}

/// OFFSET 0 as in the read of the busy time.
///
/// $1 org_id, $2 resources, $3 and $4 the stretch.
const BUSY: &str = "
    SELECT away.resource_id, pg_catalog.lower(away.during), pg_catalog.upper(away.during), away.reason
    FROM pg_catalog.unnest($2) AS wanted (resource_id)
    CROSS JOIN LATERAL (
        SELECT b.id, b.resource_id, b.during, b.reason
        FROM booking.busy_blocks AS b
        WHERE b.org_id = $1
          AND b.resource_id = wanted.resource_id
          AND b.during && pg_catalog.tstzrange($3, $4, '[)')
        OFFSET 0
    ) AS away
    ORDER BY pg_catalog.lower(away.during), away.id";

/// When resources are away, day by day.
pub fn busy(client: &mut SpiClient<'_>, asked: &Asked<'_>) -> Result<Vec<Value>> {
    let arguments = [
        as_postgres(asked.org_id).into(),
        asked.house.resource_ids().into(),
        instant::to_postgres(asked.stretch.start)?.into(),
        instant::to_postgres(asked.stretch.end)?.into(),
    ];
    let mut busy = Vec::new();
    for row in run_in_snapshot(client, BUSY, &arguments)? {
        let bounds = row.get::<TimestampWithTimeZone>(2)?.zip(row.get::<TimestampWithTimeZone>(3)?);
        let (start, end) = bounds.ok_or_else(|| Error::missing("busy time"))?;
        let span = Span { start: instant::from_postgres(start)?, end: instant::from_postgres(end)? };
        let resource_id = row.get::<pgrx::Uuid>(1)?.map(|id| from_postgres(id).to_string());
        let reason: Option<String> = row.get(4)?;
        busy.extend(wall::day_by_day(&asked.house.zone, span, asked.dates).into_iter().map(|part| {
            json!({
                "resourceId": resource_id,
                "date": part.date.to_string(),
                "fromMinute": part.from_minute,
                "toMinute": part.to_minute,
                "reason": reason,
            })
        }));
    }
    Ok(busy)
}
