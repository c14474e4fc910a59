//! What an organization decides about its outside calendar, and which calendar is whose.

use booking_core::outside_calendar::Settings;
use booking_core::outside_calendar::settings::calendar_id_of;
use chrono::{DateTime, Utc};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::{Error, Result, or_raise};
use crate::instant;
use crate::organization::{Asked, Organization, as_postgres, from_postgres, org_not_found};
use crate::outside_calendar::enqueue;
use crate::setup::{missing, required_id};
use crate::statement::run_fresh;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn set_calendar(
    p_org_id: Option<pgrx::Uuid>,
    p_is_on: Option<bool>,
    p_flow: default!(Option<String>, "'async'"),
    p_on_change: default!(Option<String>, "'flag'"),
    p_calendar_id: default!(Option<String>, "'primary'"),
    p_verify_seconds: default!(Option<i32>, "120"),
) {
    let set = || -> Result<()> {
        let org_id = required_id(p_org_id, "p_org_id")?;
        let is_on = p_is_on.ok_or_else(|| missing("p_is_on"))?;
        let usual = Settings::default();
        let settings = Settings::checked(
            p_flow.as_deref().unwrap_or(usual.flow.as_str()),
            p_on_change.as_deref().unwrap_or(usual.on_change.as_str()),
            p_calendar_id.as_deref().unwrap_or(&usual.calendar_id),
            p_verify_seconds.unwrap_or(usual.verify_seconds),
        )?;
        Spi::connect_mut(|client| {
            let arguments = [as_postgres(org_id).into(), settings.to_json(is_on).to_string().into()];
            if run_fresh(client, SET, &arguments)?.is_empty() {
                return Err(org_not_found(&org_id.to_string()).into());
            }
            agree(client, org_id)
        })
    };
    or_raise(set());
}

/// $1 org_id, $2 settings of the calendar.
const SET: &str = "
    UPDATE booking.organizations AS o
    SET settings = o.settings || pg_catalog.jsonb_build_object('calendar', $2::pg_catalog.jsonb)
    WHERE o.org_id = $1
    RETURNING o.org_id";

/// $1 org_id, $2 on, $3 what it is where nobody has said anything yet.
const SWITCH: &str = "
    UPDATE booking.organizations AS o
    SET settings = o.settings || pg_catalog.jsonb_build_object('calendar',
        COALESCE(o.settings -> 'calendar', $3::pg_catalog.jsonb) || pg_catalog.jsonb_build_object('on', $2))
    WHERE o.org_id = $1";

/// $1 org_id. They were opened by another account: whatever they tell, it is not of the calendars that are read now.
const FORGET_CHANNELS: &str = "
    UPDATE booking.calendars AS c SET channel_id = NULL, channel_resource_id = NULL, channel_expires_at = NULL
    WHERE c.org_id = $1 AND c.channel_id IS NOT NULL";

/// Turns the calendar on or off, as the account comes or goes.
pub fn switch(client: &mut SpiClient<'_>, org_id: Uuid, is_on: bool) -> Result<()> {
    let usual = Settings::default().to_json(is_on).to_string();
    run_fresh(client, SWITCH, &[as_postgres(org_id).into(), is_on.into(), usual.into()])?;
    agree(client, org_id)?;
    run_fresh(client, FORGET_CHANNELS, &[as_postgres(org_id).into()])?;
    Ok(())
}

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn set_resource_calendar(
    p_org_id: Option<pgrx::Uuid>,
    p_resource_id: Option<pgrx::Uuid>,
    p_calendar_id: Option<String>,
) {
    let set = || -> Result<()> {
        let resource_id = required_id(p_resource_id, "p_resource_id")?;
        let calendar_id = p_calendar_id.as_deref().map(calendar_id_of).transpose()?;
        Spi::connect_mut(|client| {
            let asked =
                Asked { org_id: p_org_id.map(from_postgres), resource_id: Some(resource_id), ..Asked::default() };
            let org_id = Organization::read(client, asked)?.id;
            run_fresh(
                client,
                SET_RESOURCE,
                &[as_postgres(org_id).into(), as_postgres(resource_id).into(), calendar_id.into()],
            )?;
            join(client, org_id, resource_id)
        })
    };
    or_raise(set());
}

/// $1 org_id, $2 resource, $3 calendar or NULL for that of the organization.
const SET_RESOURCE: &str = "
    UPDATE booking.resources AS r SET calendar_id = $3 WHERE r.org_id = $1 AND r.id = $2";

/// The calendars that are read are those that are somebody's. What others said goes with them; all are read from the beginning,
/// and whoever reads one at this moment has lost it. Rows stay, so that a lease never comes back.
///
/// $1 org_id.
const AGREE: &str = "
    WITH used AS (
        SELECT DISTINCT COALESCE(r.calendar_id, g.settings -> 'calendar' ->> 'calendar_id') AS calendar_id
        FROM booking.organizations AS g
        JOIN booking.resources AS r ON r.org_id = g.org_id
        WHERE g.org_id = $1 AND g.settings @> '{\"calendar\": {\"on\": true}}'
    ), dropped AS (
        UPDATE booking.calendars AS c
        SET is_used = false, sync_token = NULL, lease = c.lease + 1, leased_until = NULL
        WHERE c.org_id = $1 AND NOT EXISTS (SELECT FROM used WHERE used.calendar_id = c.calendar_id)
    ), forgotten AS (
        DELETE FROM booking.busy_blocks AS b
        WHERE b.org_id = $1 AND b.calendar_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM booking.resources AS r
            JOIN booking.organizations AS g ON g.org_id = r.org_id
            JOIN used ON used.calendar_id = COALESCE(r.calendar_id, g.settings -> 'calendar' ->> 'calendar_id')
            WHERE r.org_id = $1 AND r.id = b.resource_id AND used.calendar_id = b.calendar_id)
    )
    INSERT INTO booking.calendars AS c (org_id, calendar_id)
    SELECT $1, used.calendar_id FROM used
    ON CONFLICT (org_id, calendar_id) DO UPDATE
        SET is_used = true, sync_token = NULL, next_sync_at = excluded.next_sync_at, lease = c.lease + 1, leased_until = NULL";

/// $1 org_id. Who ends bookings of it without waiting does not begin meanwhile.
const LOCK_SETTINGS: &str = "
    SELECT g.org_id FROM booking.organizations AS g WHERE g.org_id = $1 FOR NO KEY UPDATE";

/// $1 org_id. Whoever writes what they have read holds one of these rows: what they have written is there afterwards.
const LOCK: &str = "
    SELECT c.calendar_id FROM booking.calendars AS c WHERE c.org_id = $1 ORDER BY c.calendar_id FOR UPDATE";

/// What is not in line: appointments to come without their event, and events without their appointment.
///
/// $1 org_id, $2 the clock.
const UPCOMING: &str = "
    SELECT a.id, a.ends_at
    FROM booking.organizations AS g
    JOIN booking.appointments AS a ON a.org_id = g.org_id
    JOIN booking.resources AS r ON r.org_id = a.org_id AND r.id = a.resource_id
    WHERE g.org_id = $1 AND g.settings @> '{\"calendar\": {\"on\": true}}'
      AND a.status IN ('pending', 'confirmed') AND a.contact_id IS NOT NULL AND a.ends_at > $2
      AND NOT EXISTS (
          SELECT FROM booking.calendar_events AS e
          WHERE e.org_id = a.org_id AND e.appointment_id = a.id AND e.starts_at = a.starts_at AND e.ends_at = a.ends_at
            AND (e.state = 'present' OR e.flag IS NOT NULL)
            AND e.calendar_id = COALESCE(r.calendar_id, g.settings -> 'calendar' ->> 'calendar_id'))
    UNION
    SELECT e.appointment_id, $2
    FROM booking.organizations AS g
    JOIN booking.calendar_events AS e ON e.org_id = g.org_id
    LEFT JOIN booking.appointments AS a ON a.org_id = e.org_id AND a.id = e.appointment_id
    WHERE g.org_id = $1 AND g.settings @> '{\"calendar\": {\"on\": true}}'
      AND (e.state IN ('wanted', 'unwanted')
          OR (e.state = 'present' AND (a.id IS NULL OR a.status = 'cancelled' OR a.contact_id IS NULL)))
    ORDER BY 1";

/// One block for each event that others have in the calendar of a resource, and it not yet.
///
/// $1 org_id, $2 resource.
const KNOWN: &str = "
    SELECT DISTINCT ON (b.outside_id) b.id
    FROM booking.organizations AS g
    JOIN booking.resources AS r ON r.org_id = g.org_id AND r.id = $2
    JOIN booking.busy_blocks AS b ON b.org_id = g.org_id
        AND b.calendar_id = COALESCE(r.calendar_id, g.settings -> 'calendar' ->> 'calendar_id')
    WHERE g.org_id = $1 AND NOT EXISTS (
        SELECT FROM booking.busy_blocks AS own
        WHERE own.org_id = $1 AND own.calendar_id = b.calendar_id AND own.outside_id = b.outside_id AND own.resource_id = $2)
    ORDER BY b.outside_id, b.seen DESC";

/// $1 org_id, $2 resource, $3 ids, $4 the blocks that they repeat.
const SHARE: &str = "
    INSERT INTO booking.busy_blocks (org_id, id, resource_id, during, calendar_id, outside_id, seen)
    SELECT $1, n.id, $2, b.during, b.calendar_id, b.outside_id, b.seen
    FROM unnest($3, $4) AS n (id, known_id)
    JOIN booking.busy_blocks AS b ON b.org_id = $1 AND b.id = n.known_id";

/// A resource has come to a calendar. What has been read of it for others holds for this one at once: nobody is to be booked with it
/// until the calendar is read again.
pub fn join(client: &mut SpiClient<'_>, org_id: Uuid, resource_id: Uuid) -> Result<()> {
    agree(client, org_id)?;
    let (org, resource) = (as_postgres(org_id), as_postgres(resource_id));
    let known = run_fresh(client, KNOWN, &[org.into(), resource.into()])?;
    let known: Vec<Option<pgrx::Uuid>> = known.map(|row| row.get(1)).collect::<Result<_>>()?;
    let ids: Vec<pgrx::Uuid> = known.iter().map(|_| as_postgres(Uuid::now_v7())).collect();
    run_fresh(client, SHARE, &[org.into(), resource.into(), ids.into(), known.into()])?;
    Ok(())
}

/// Brings what is read, and what is written, into line with what was decided. What is to come may have changed while the
/// calendar was off, or goes elsewhere now.
fn agree(client: &mut SpiClient<'_>, org_id: Uuid) -> Result<()> {
    run_fresh(client, LOCK_SETTINGS, &[as_postgres(org_id).into()])?;
    run_fresh(client, LOCK, &[as_postgres(org_id).into()])?;
    run_fresh(client, AGREE, &[as_postgres(org_id).into()])?;
    let clock = instant::to_postgres(instant::clock_now())?;
    let mut upcoming: Vec<(Uuid, DateTime<Utc>)> = Vec::new();
    for row in run_fresh(client, UPCOMING, &[as_postgres(org_id).into(), clock.into()])? {
        let (id, end) = row.get::<pgrx::Uuid>(1)?.zip(row.get(2)?).ok_or_else(|| Error::missing("appointment"))?;
        upcoming.push((from_postgres(id), instant::from_postgres(end)?));
    }
    for (id, end) in upcoming {
        enqueue(client, org_id, id, end)?;
    }
    Ok(())
}
