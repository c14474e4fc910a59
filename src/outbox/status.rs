//! What became of the messages about an appointment, in the words of the contract.

use pgrx::spi::SpiClient;
use serde_json::Value;
use uuid::Uuid;

use crate::answer::NOT_CONFIGURED;
use crate::error::Result;
use crate::organization::{Organization, as_postgres};
use crate::outside_calendar;
use crate::statement::run_fresh;

/// Puts into the answer what became of the messages about an appointment, and of its event.
pub fn show(client: &mut SpiClient<'_>, organization: &Organization, id: Uuid, answer: &mut Value) -> Result<()> {
    let sms = read(client, organization, id)?;
    let event = outside_calendar::status::read(client, organization, id)?;
    answer["smsStatus"] = sms.status.into();
    answer["calendarStatus"] = event.status.into();
    answer["messageSid"] = sms.provider_sid.into();
    answer["eventId"] = event.event_id.into();
    Ok(())
}

/// Of the last message that was not withdrawn: `queued`, `sent`, `delivered`, `failed_but_booked`, `uncertain`, or
/// `not_configured` where there is none.
struct SmsStatus {
    status: &'static str,
    provider_sid: Option<String>,
}

/// $1 org_id, $2 appointment. Reminders that wait for their day do not count.
const READ: &str = "
    SELECT o.state, m.status, m.provider_sid, o.errors -> -1 ->> 'code'
    FROM booking.outbox AS o
    LEFT JOIN booking.messages AS m ON m.org_id = o.org_id AND m.job_id = o.id
    WHERE o.org_id = $1 AND o.appointment_id = $2 AND o.state <> 'cancelled' AND o.kind <> 'calendar'
      AND (o.kind <> 'reminder' OR o.attempts > 0)
    ORDER BY o.created_at DESC, o.id DESC
    LIMIT 1";

fn read(client: &mut SpiClient<'_>, organization: &Organization, id: Uuid) -> Result<SmsStatus> {
    let none = SmsStatus { status: NOT_CONFIGURED, provider_sid: None };
    if !organization.has_outbox {
        return Ok(none);
    }
    let arguments = [as_postgres(organization.id).into(), as_postgres(id).into()];
    let Some(row) = run_fresh(client, READ, &arguments)?.next() else { return Ok(none) };
    let (state, message) = (row.get::<String>(1)?, row.get::<String>(2)?);
    let is_without_account = row.get::<String>(4)?.as_deref() == Some(NOT_CONFIGURED);
    let status = match (state.as_deref(), message.as_deref()) {
        (_, Some("dry_run")) => NOT_CONFIGURED,
        (Some("discarded"), _) if is_without_account => NOT_CONFIGURED,
        (_, Some("uncertain")) => "uncertain",
        (Some("discarded"), _) | (Some("succeeded"), Some("failed")) => "failed_but_booked",
        (Some("succeeded"), Some("delivered")) => "delivered",
        (Some("succeeded"), Some("sent")) => "sent",
        _ => "queued",
    };
    Ok(SmsStatus { status, provider_sid: row.get(3)? })
}
