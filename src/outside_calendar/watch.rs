//! Channels by which a calendar tells that it has changed.

use booking_core::{Code, limits};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;

use crate::error::{Result, or_raise};
use crate::instant;
use crate::organization::as_postgres;
use crate::outside_calendar::sync::Leased;
use crate::setup::{missing, required, required_id};
use crate::statement::run_fresh;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn watch_calendar(
    p_org_id: Option<pgrx::Uuid>,
    p_calendar_id: Option<String>,
    p_lease: Option<i64>,
    p_channel_id: Option<String>,
    p_channel_resource_id: Option<String>,
    p_expires_at: Option<TimestampWithTimeZone>,
) -> bool {
    let watched = || -> Result<bool> {
        let leased = Leased::stated(p_org_id, p_calendar_id.as_deref(), p_lease)?;
        let label = |what: &str, text: &Option<String>, argument: &str| -> Result<String> {
            Ok(limits::label(what, required(text.as_deref(), argument)?, Code::InvalidRequest)?)
        };
        let channel = label("channel", &p_channel_id, "p_channel_id")?;
        let resource = label("channel resource", &p_channel_resource_id, "p_channel_resource_id")?;
        let expires_at = p_expires_at.ok_or_else(|| missing("p_expires_at"))?;
        let arguments = [
            as_postgres(leased.org_id).into(),
            leased.calendar_id.as_str().into(),
            leased.lease.into(),
            channel.as_str().into(),
            resource.as_str().into(),
            expires_at.into(),
        ];
        Spi::connect_mut(|client| Ok(!run_fresh(client, WATCH, &arguments)?.is_empty()))
    };
    or_raise(watched())
}

/// $1 org_id, $2 calendar, $3 lease, $4 channel, $5 what it watches, $6 its end.
const WATCH: &str = "
    UPDATE booking.calendars AS c SET channel_id = $4, channel_resource_id = $5, channel_expires_at = $6
    WHERE c.org_id = $1 AND c.calendar_id = $2 AND c.lease = $3 AND c.leased_until IS NOT NULL
    RETURNING c.lease";

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn calendar_notified(p_org_id: Option<pgrx::Uuid>, p_channel_id: Option<String>) -> bool {
    let notified = || -> Result<bool> {
        let org_id = required_id(p_org_id, "p_org_id")?;
        let channel = required(p_channel_id.as_deref(), "p_channel_id")?;
        Spi::connect_mut(|client: &mut SpiClient<'_>| {
            let clock = instant::to_postgres(instant::clock_now())?;
            Ok(!run_fresh(client, NOTIFIED, &[as_postgres(org_id).into(), channel.into(), clock.into()])?.is_empty())
        })
    };
    or_raise(notified())
}

/// A pause that was asked for is kept. While it is being read there is none yet, and the reading may be past what has changed.
///
/// $1 org_id, $2 channel, $3 the clock.
const NOTIFIED: &str = "
    UPDATE booking.calendars AS c
    SET next_sync_at = CASE WHEN c.attempts = 0 OR c.leased_until IS NOT NULL THEN LEAST(c.next_sync_at, $3)
        ELSE c.next_sync_at END
    WHERE c.org_id = $1 AND c.channel_id = $2
    RETURNING c.calendar_id";
