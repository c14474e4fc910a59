//! Whether an appointment still is what somebody has before them who is about to change it.

use pgrx::prelude::*;

use crate::change::present::Present;
use crate::error::{Error, Result, or_raise};
use crate::instant;
use crate::organization::from_postgres;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn is_as_seen(
    p_org_id: Option<pgrx::Uuid>,
    p_appointment_id: Option<pgrx::Uuid>,
    p_starts_at: Option<TimestampWithTimeZone>,
    p_resource_id: Option<pgrx::Uuid>,
    p_status: Option<String>,
) -> bool {
    let locked = Spi::connect_mut(|client| Present::lock(client, p_org_id, p_appointment_id));
    or_raise(locked.map_or_else(never_as_seen, |appointment| {
        // Times are shown to the second.
        let starts_at = p_starts_at.and_then(|seen| instant::from_postgres(seen).ok());
        Ok(starts_at.map(|seen| seen.timestamp()) == Some(appointment.time.start.timestamp())
            && p_resource_id.map(from_postgres) == Some(appointment.resource_id)
            && p_status.as_deref() == Some(appointment.shown_status().as_str()))
    }))
}

/// What is not there is not as anybody has seen it.
fn never_as_seen(error: Error) -> Result<bool> {
    match error {
        Error::Refused(_) => Ok(false),
        error => Err(error),
    }
}
