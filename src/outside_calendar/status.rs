//! What became of the event of an appointment.

use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::answer::NOT_CONFIGURED;
use crate::error::Result;
use crate::organization::{Organization, as_postgres};
use crate::statement::run_fresh;

/// `queued`, `synced`, `flagged` (somebody changed it there), `failed`, `removed`, or `not_configured`.
pub struct EventStatus {
    pub status: &'static str,
    pub event_id: Option<String>,
}

/// $1 org_id, $2 appointment.
const READ: &str = "
    SELECT o.state, o.errors -> -1 ->> 'code', e.state, e.flag, e.event_id
    FROM (
        SELECT j.state, j.errors FROM booking.outbox AS j
        WHERE j.org_id = $1 AND j.appointment_id = $2 AND j.kind = 'calendar'
        ORDER BY j.finished_at IS NULL DESC, j.created_at DESC, j.id DESC
        LIMIT 1
    ) AS o
    FULL JOIN (
        SELECT v.state, v.flag, v.event_id FROM booking.calendar_events AS v
        WHERE v.org_id = $1 AND v.appointment_id = $2
        ORDER BY v.generation DESC
        LIMIT 1
    ) AS e ON true";

pub fn read(client: &mut SpiClient<'_>, organization: &Organization, id: Uuid) -> Result<EventStatus> {
    let none = EventStatus { status: NOT_CONFIGURED, event_id: None };
    if !organization.has_outbox {
        return Ok(none);
    }
    let arguments = [as_postgres(organization.id).into(), as_postgres(id).into()];
    let Some(row) = run_fresh(client, READ, &arguments)?.next() else { return Ok(none) };
    let (job, code) = (row.get::<String>(1)?, row.get::<String>(2)?);
    let (event, flag) = (row.get::<String>(3)?, row.get::<String>(4)?);
    let status = match (job.as_deref(), event.as_deref()) {
        (Some("discarded"), _) if code.as_deref() == Some(NOT_CONFIGURED) => NOT_CONFIGURED,
        (Some("discarded"), _) => "failed",
        (Some("available" | "retryable" | "running"), _) => "queued",
        (_, Some(_)) if flag.is_some() => "flagged",
        (_, Some("present")) => "synced",
        (_, Some("unwanted" | "gone")) => "removed",
        (_, Some("wanted")) => "queued",
        _ => NOT_CONFIGURED,
    };
    let event_id = row.get::<String>(5)?.filter(|_| event.as_deref() == Some("present"));
    Ok(EventStatus { status, event_id })
}
