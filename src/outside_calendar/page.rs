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

use crate::error::{Error, Result, or_raise};
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
    SELECT e.event_id, e.starts_at, e.ends_at
    FROM booking.calendar_events AS e
    WHERE e.org_id = $1 AND e.event_id = ANY ($2)";

/// Events as they are told, each with the item that tells it. By their ids: one may stand on a page twice, and the later counts.
type Page<'a> = BTreeMap<String, (Told, &'a Value)>;

/// Writes who is busy, and returns what is told of events of ours: each of those is a change of its own.
fn apply(client: &mut SpiClient<'_>, leased: &Leased, items: &[Value]) -> Result<Option<JsonB>> {
    let Some(zone) = leased.keep(client)? else { return Ok(None) };
    let told = items.iter().filter_map(|item| Told::read(item, &zone).map(|told| (told.id.clone(), (told, item))));
    let page: Page<'_> = told.collect();
    let known = ours(client, leased.org_id, &page)?;
    let (mut ours, mut busy) = (Vec::new(), Busy::default());
    for (id, (told, item)) in page {
        if known.contains_key(&id) {
            ours.push(item.clone());
        } else {
            let own_time = told.series_id.as_ref().and_then(|id| known.get(id)).copied().flatten();
            busy.note(told, own_time);
        }
    }
    busy.write(client, leased)?;
    Ok(Some(JsonB(json!({"busy": busy.ids.len(), "free": busy.free.len(), "ours": ours}))))
}

/// The events of ours that are on the page, or repeated there, and the time of each as it was last written.
fn ours(client: &mut SpiClient<'_>, org_id: Uuid, page: &Page<'_>) -> Result<BTreeMap<String, Option<Span>>> {
    let named = page.values().flat_map(|(told, _)| [Some(told.id.as_str()), told.series_id.as_deref()]);
    let ids: Vec<&str> = named.flatten().collect();
    let mut ours = BTreeMap::new();
    for row in run_fresh(client, OURS, &[as_postgres(org_id).into(), ids.into()])? {
        let moment = |column| -> Result<Option<DateTime<Utc>>> {
            Ok(row.get::<TimestampWithTimeZone>(column)?.map(instant::from_postgres).transpose()?)
        };
        let id = row.get(1)?.ok_or_else(|| Error::missing("event"))?;
        ours.insert(id, moment(2)?.zip(moment(3)?).map(|(start, end)| Span { start, end }));
    }
    Ok(ours)
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
    /// `own_time` is that of the event of ours which it repeats: at that time it is the appointment itself.
    fn note(&mut self, event: Told, own_time: Option<Span>) {
        match event.what {
            What::Gone => self.free.push(event.id),
            What::There(there) if own_time == Some(there.time) => self.free.push(event.id),
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
