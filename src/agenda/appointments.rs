//! The appointments of an agenda, each with what became of its messages and its event.

use booking_core::calendar::Span;
use booking_core::limits::LONGEST_DURATION_MINUTES;
use booking_core::status::Status;
use booking_core::wall::{self, iso_local};
use chrono::{DateTime, Utc};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};

use super::Asked;
use crate::error::{Error, Result};
use crate::instant;
use crate::organization::{as_postgres, from_postgres};
use crate::outbox::status::{self as message, last_message};
use crate::outside_calendar::status::{self as event, last_event};
use crate::statement::{Row, run_in_snapshot};

/// Each resource by its parts of two indexes, in their words: what occupies it, and what does no more. A hold of nobody that has
/// been given up never was an appointment.
///
/// $1 org_id, $2 resources, $3 the first start that can reach the stretch, $4 and $5 the stretch.
const READ: &str = concat!(
    "
    SELECT a.id, a.resource_id, a.seat, a.patient_name, c.phone, a.service_type, a.starts_at, a.ends_at, a.status,
        a.expires_at, a.cancel_reason, sms.state, sms.message, sms.code, event.job, event.code, event.event,
        event.flag IS NOT NULL
    FROM pg_catalog.unnest($2) AS wanted (resource_id)
    CROSS JOIN LATERAL (
        (SELECT live.*
        FROM booking.appointments AS live
        WHERE live.org_id = $1
          AND live.resource_id = wanted.resource_id
          AND live.starts_at >= $3 AND live.starts_at < $5 AND live.ends_at > $4
          AND live.status NOT IN ('cancelled', 'completed', 'no_show')
        OFFSET 0)
        UNION ALL
        (SELECT over.*
        FROM booking.appointments AS over
        WHERE over.org_id = $1
          AND over.resource_id = wanted.resource_id
          AND over.starts_at >= $3 AND over.starts_at < $5 AND over.ends_at > $4
          AND over.status IN ('cancelled', 'completed', 'no_show')
          AND (over.status <> 'cancelled' OR over.contact_id IS NOT NULL OR over.erased_at IS NOT NULL)
        OFFSET 0)
    ) AS a
    LEFT JOIN booking.contacts AS c ON c.org_id = $1 AND c.id = a.contact_id
    LEFT JOIN LATERAL (",
    last_message!("a.id"),
    ") AS sms ON true
    LEFT JOIN LATERAL (",
    last_event!("a.id"),
    ") AS event ON true
    ORDER BY a.starts_at, a.resource_id, a.seat, a.id"
);

pub fn read(client: &mut SpiClient<'_>, asked: &Asked<'_>) -> Result<Vec<Value>> {
    let stretch = asked.stretch;
    let widened = stretch.widened(LONGEST_DURATION_MINUTES, 0).unwrap_or(stretch);
    let arguments = [
        as_postgres(asked.org_id).into(),
        asked.house.resource_ids().into(),
        instant::to_postgres(widened.start)?.into(),
        instant::to_postgres(stretch.start)?.into(),
        instant::to_postgres(stretch.end)?.into(),
    ];
    let rows = run_in_snapshot(client, READ, &arguments)?;
    let shown = rows.filter_map(|row| show(&row, asked).transpose());
    shown.collect()
}

/// A row of READ; nothing where it was a hold of nobody whose time is over.
fn show(row: &Row<'_>, asked: &Asked<'_>) -> Result<Option<Value>> {
    let zone = &asked.house.zone;
    let moment = |column| -> Result<Option<DateTime<Utc>>> {
        Ok(row.get::<TimestampWithTimeZone>(column)?.map(instant::from_postgres).transpose()?)
    };
    let id = |column| -> Result<Option<String>> {
        Ok(row.get::<pgrx::Uuid>(column)?.map(|id| from_postgres(id).to_string()))
    };
    let text = |column| row.get::<String>(column);
    let (start, end) = moment(7)?.zip(moment(8)?).ok_or_else(|| Error::missing("time"))?;
    let (status, expires_at, name) = (Status::parse(&text(9)?.unwrap_or_default())?, moment(10)?, text(4)?);
    let has_expired = status == Status::Held && expires_at.is_some_and(|expires_at| expires_at <= asked.now);
    if has_expired && name.is_none() {
        return Ok(None);
    }
    let status = if has_expired { Status::Cancelled } else { status };
    let place = wall::placed(zone, Span { start, end });
    let sms = message::in_words(text(12)?.as_deref(), text(13)?.as_deref(), text(14)?.as_deref());
    let is_flagged = row.get::<bool>(18)?.unwrap_or(false);
    let calendar = event::in_words(text(15)?.as_deref(), text(16)?.as_deref(), text(17)?.as_deref(), is_flagged);
    Ok(Some(json!({
        "id": id(1)?,
        "resourceId": id(2)?,
        "seat": row.get::<i32>(3)?,
        "patientName": name,
        "patientPhone": text(5)?,
        "service": text(6)?,
        "startsAt": iso_local(zone, start),
        "endsAt": iso_local(zone, end),
        "date": place.date.to_string(),
        "fromMinute": place.from_minute,
        "toMinute": place.to_minute,
        "status": status.as_str(),
        "expiresAt": expires_at.filter(|_| status == Status::Held).map(|moment| iso_local(zone, moment)),
        "cancelReason": text(11)?,
        "smsStatus": sms,
        "calendarStatus": calendar,
    })))
}
