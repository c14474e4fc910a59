//! A page of what a calendar lists: who is busy there is busy here, and what is told of our own events is handed back.

use std::collections::BTreeMap;

use booking_core::calendar::Span;
use booking_core::limits;
use booking_core::outside_calendar::{Told, What};
use chrono::{DateTime, Datelike, Duration, Utc};
use pgrx::JsonB;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::{Result, or_raise};
use crate::instant;
use crate::organization::as_postgres;
use crate::outside_calendar::sync::Leased;
use crate::raw_json::JsonbText;
use crate::setup::{invalid, missing};
use crate::statement::run_fresh;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn apply_calendar_changes(
    p_org_id: Option<pgrx::Uuid>,
    p_calendar_id: Option<String>,
    p_lease: Option<i64>,
    p_items: Option<JsonbText>,
) -> Option<JsonB> {
    let applied = || -> Result<Option<JsonB>> {
        let leased = Leased::stated(p_org_id, p_calendar_id.as_deref(), p_lease)?;
        let items = p_items.as_ref().ok_or_else(|| missing("p_items"))?;
        let Ok(Value::Array(items)) = serde_json::from_str(&items.0) else {
            return Err(invalid("p_items is not a JSON array", "pass the items that the calendar has listed").into());
        };
        Spi::connect_mut(|client| apply(client, &leased, &items))
    };
    or_raise(applied())
}

/// $1 org_id, $2 the ids of events.
const OURS: &str = "
    SELECT e.event_id FROM booking.calendar_events AS e WHERE e.org_id = $1 AND e.event_id = ANY ($2)";

/// Writes who is busy, and returns what is told of events of ours: each of those is a change of its own. An event may stand on a
/// page twice; the later one counts.
fn apply(client: &mut SpiClient<'_>, leased: &Leased, items: &[Value]) -> Result<Option<JsonB>> {
    let Some(zone) = leased.keep(client)? else { return Ok(None) };
    let mut told: BTreeMap<String, (Told, &Value)> = BTreeMap::new();
    for item in items {
        if let Some(event) = Told::read(item, &zone) {
            told.insert(event.id.clone(), (event, item));
        }
    }
    let ids: Vec<&str> = told.keys().map(String::as_str).collect();
    let mut ours = Vec::new();
    let known: Vec<Option<String>> = run_fresh(client, OURS, &[as_postgres(leased.org_id).into(), ids.into()])?
        .map(|row| row.get(1))
        .collect::<Result<_>>()?;
    for id in known.into_iter().flatten() {
        ours.extend(told.remove(&id).map(|(_, item)| item.clone()));
    }
    let mut busy = Busy::default();
    told.into_values().for_each(|(event, _)| busy.note(event));
    busy.write(client, leased)?;
    Ok(Some(JsonB(json!({"busy": busy.ids.len(), "free": busy.free.len(), "ours": ours}))))
}

/// What others have in the calendar.
#[derive(Default)]
struct Busy {
    ids: Vec<String>,
    starts: Vec<DateTime<Utc>>,
    ends: Vec<DateTime<Utc>>,
    free: Vec<String>,
}

impl Busy {
    fn note(&mut self, event: Told) {
        match event.what {
            What::Gone => self.free.push(event.id),
            What::There(there) if !(there.is_busy && can_be_kept(there.time)) => self.free.push(event.id),
            What::There(there) => {
                self.ids.push(event.id);
                self.starts.push(there.time.start);
                self.ends.push(there.time.end);
            }
            What::Unreadable | What::Missing => (),
        }
    }

    fn write(&self, client: &mut SpiClient<'_>, leased: &Leased) -> Result<()> {
        let (org_id, calendar_id) = (as_postgres(leased.org_id), leased.calendar_id.as_str());
        if !self.free.is_empty() {
            let free: Vec<&str> = self.free.iter().map(String::as_str).collect();
            run_fresh(client, FREE, &[org_id.into(), calendar_id.into(), free.into()])?;
        }
        let resources: Vec<Option<pgrx::Uuid>> = run_fresh(client, RESOURCES, &[org_id.into(), calendar_id.into()])?
            .map(|row| row.get(1))
            .collect::<Result<_>>()?;
        let stamps = |moments: &[DateTime<Utc>]| -> Result<Vec<TimestampWithTimeZone>> {
            Ok(moments.iter().map(|moment| instant::to_postgres(*moment)).collect::<std::result::Result<_, _>>()?)
        };
        for resource in resources.into_iter().flatten() {
            let ids: Vec<pgrx::Uuid> = self.ids.iter().map(|_| as_postgres(Uuid::now_v7())).collect();
            let outside: Vec<&str> = self.ids.iter().map(String::as_str).collect();
            let arguments = [
                org_id.into(),
                calendar_id.into(),
                resource.into(),
                leased.lease.into(),
                ids.into(),
                outside.into(),
                stamps(&self.starts)?.into(),
                stamps(&self.ends)?.into(),
            ];
            run_fresh(client, BUSY, &arguments)?;
        }
        Ok(())
    }
}

/// As busy blocks are: within ten years, in years that every reader can hold.
fn can_be_kept(time: Span) -> bool {
    let length = time.end.signed_duration_since(time.start);
    let is_short = length <= Duration::days(i64::from(limits::LONGEST_HORIZON_DAYS));
    is_short && time.start.year() >= 1000 && time.end.year() <= 9998
}

/// $1 org_id, $2 calendar, $3 events.
const FREE: &str = "
    DELETE FROM booking.busy_blocks AS b WHERE b.org_id = $1 AND b.calendar_id = $2 AND b.outside_id = ANY ($3)";

/// $1 org_id, $2 calendar.
const RESOURCES: &str = "
    SELECT r.id
    FROM booking.organizations AS g
    JOIN booking.resources AS r ON r.org_id = g.org_id
    WHERE g.org_id = $1 AND COALESCE(r.calendar_id, g.settings -> 'calendar' ->> 'calendar_id') = $2
    ORDER BY r.id";

/// $1 org_id, $2 calendar, $3 resource, $4 lease, $5 ids, $6 events, $7 starts, $8 ends.
const BUSY: &str = "
    INSERT INTO booking.busy_blocks (org_id, id, resource_id, during, calendar_id, outside_id, seen)
    SELECT $1, b.id, $3, pg_catalog.tstzrange(b.starts_at, b.ends_at, '[)'), $2, b.outside_id, $4
    FROM unnest($5, $6, $7, $8) AS b (id, outside_id, starts_at, ends_at)
    ON CONFLICT (org_id, calendar_id, outside_id, resource_id) WHERE outside_id IS NOT NULL
    DO UPDATE SET during = excluded.during, seen = excluded.seen";
