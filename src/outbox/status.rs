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

/// The last message about an appointment of organization $1: (state, message, provider_sid, code). Reminders that wait for their
/// day do not count.
macro_rules! last_message {
    ($appointment:literal) => {
        concat!(
            "
    SELECT o.state, m.status AS message,
        COALESCE(m.provider_sid, CASE WHEN o.state = 'discarded' THEN m.former_sids[pg_catalog.cardinality(m.former_sids)] END)
            AS provider_sid,
        o.errors -> -1 ->> 'code' AS code
    FROM booking.outbox AS o
    LEFT JOIN booking.messages AS m ON m.org_id = o.org_id AND m.job_id = o.id
    WHERE o.org_id = $1 AND o.appointment_id = ",
            $appointment,
            " AND o.state <> 'cancelled' AND o.kind <> 'calendar'
      AND (o.kind <> 'reminder' OR o.attempts > 0)
    ORDER BY o.created_at DESC, o.id DESC
    LIMIT 1"
        )
    };
}
pub(crate) use last_message;

/// $1 org_id, $2 appointment.
const READ: &str = last_message!("$2");

/// What a caller is told of a message, by the state of its job, its own, and the code of the last error.
pub fn in_words(state: Option<&str>, message: Option<&str>, code: Option<&str>) -> &'static str {
    match (state, message) {
        (None, _) | (_, Some("dry_run")) => NOT_CONFIGURED,
        (Some("discarded"), _) if code == Some(NOT_CONFIGURED) => NOT_CONFIGURED,
        (_, Some("uncertain")) => "uncertain",
        (Some("discarded"), _) | (Some("succeeded"), Some("failed")) => "failed_but_booked",
        (Some("succeeded"), Some("delivered")) => "delivered",
        (Some("succeeded"), Some("sent")) => "sent",
        _ => "queued",
    }
}

fn read(client: &mut SpiClient<'_>, organization: &Organization, id: Uuid) -> Result<SmsStatus> {
    let none = SmsStatus { status: NOT_CONFIGURED, provider_sid: None };
    if !organization.has_outbox {
        return Ok(none);
    }
    let arguments = [as_postgres(organization.id).into(), as_postgres(id).into()];
    let Some(row) = run_fresh(client, READ, &arguments)?.next() else { return Ok(none) };
    let (state, message, code) = (row.get::<String>(1)?, row.get::<String>(2)?, row.get::<String>(4)?);
    let status = in_words(state.as_deref(), message.as_deref(), code.as_deref());
    Ok(SmsStatus { status, provider_sid: row.get(3)? })
}
