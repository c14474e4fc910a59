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

/// The event of an appointment of organization $1: (job, code, event, flag, event_id).
macro_rules! last_event {
    ($appointment:literal) => {
        concat!(
            "
    SELECT o.state AS job, o.errors -> -1 ->> 'code' AS code, e.state AS event, e.flag, e.event_id
    FROM (
        SELECT j.state, j.errors FROM booking.outbox AS j
        WHERE j.org_id = $1 AND j.appointment_id = ",
            $appointment,
            " AND j.kind = 'calendar'
        ORDER BY j.finished_at IS NULL DESC, j.created_at DESC, j.id DESC
        LIMIT 1
    ) AS o
    FULL JOIN (
        SELECT v.state, v.flag, v.event_id FROM booking.calendar_events AS v
        WHERE v.org_id = $1 AND v.appointment_id = ",
            $appointment,
            "
        ORDER BY v.generation DESC
        LIMIT 1
    ) AS e ON true"
        )
    };
}
pub(crate) use last_event;

/// $1 org_id, $2 appointment.
const READ: &str = last_event!("$2");

/// What a caller is told of an event, by the state of its job and the code of that job's last error, its own state, and whether
/// it is flagged.
pub fn in_words(job: Option<&str>, code: Option<&str>, event: Option<&str>, is_flagged: bool) -> &'static str {
    match (job, event) {
        (Some("discarded"), _) if code == Some(NOT_CONFIGURED) => NOT_CONFIGURED,
        (Some("discarded"), _) => "failed",
        (Some("available" | "retryable" | "running"), _) => "queued",
        (_, Some(_)) if is_flagged => "flagged",
        (_, Some("present")) => "synced",
        (_, Some("unwanted" | "gone")) => "removed",
        (_, Some("wanted")) => "queued",
        _ => NOT_CONFIGURED,
    }
}

pub fn read(client: &mut SpiClient<'_>, organization: &Organization, id: Uuid) -> Result<EventStatus> {
    let none = EventStatus { status: NOT_CONFIGURED, event_id: None };
    if !organization.has_outbox {
        return Ok(none);
    }
    let arguments = [as_postgres(organization.id).into(), as_postgres(id).into()];
    let Some(row) = run_fresh(client, READ, &arguments)?.next() else { return Ok(none) };
    let (job, code) = (row.get::<String>(1)?, row.get::<String>(2)?);
    let (event, flag) = (row.get::<String>(3)?, row.get::<String>(4)?);
    let status = in_words(job.as_deref(), code.as_deref(), event.as_deref(), flag.is_some());
    let event_id = row.get::<String>(5)?.filter(|_| event.as_deref() == Some("present"));
    Ok(EventStatus { status, event_id })
}
