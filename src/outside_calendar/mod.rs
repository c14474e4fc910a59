//! The calendar that an organization keeps elsewhere: its events follow the appointments, and who is busy there cannot be
//! booked here.

mod changed;
mod claim;
mod page;
mod report;
mod settings;
pub mod status;
mod sync;
mod watch;

use booking_core::outbox::event_deadline;
use chrono::{DateTime, Utc};
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::Result;
use crate::instant;
use crate::organization::{as_postgres, from_postgres};
use crate::statement::run_fresh;

pub use claim::expired;
pub use report::not_verified;
pub use settings::{join, switch};

/// The kind of the jobs that bring an event into line.
pub const KIND: &str = "calendar";

/// One job waits for each event; what it is to be is seen when the job is claimed. A pause after a failure is kept.
///
/// $1 org_id, $2 id, $3 appointment, $4 the clock, $5 deadline.
const ENQUEUE: &str = "
    INSERT INTO booking.outbox AS o (org_id, id, kind, appointment_id, run_at, deadline)
    VALUES ($1, $2, 'calendar', $3, $4, $5)
    ON CONFLICT (org_id, appointment_id) WHERE state IN ('available', 'retryable') AND kind = 'calendar'
    DO UPDATE SET deadline = GREATEST(o.deadline, excluded.deadline),
        run_at = CASE WHEN o.state = 'retryable' THEN o.run_at ELSE LEAST(o.run_at, excluded.run_at) END";

/// Has the event of an appointment brought into line.
pub fn enqueue(client: &mut SpiClient<'_>, org_id: Uuid, appointment_id: Uuid, end: DateTime<Utc>) -> Result<()> {
    let now = instant::transaction_now();
    let arguments = [
        as_postgres(org_id).into(),
        as_postgres(Uuid::now_v7()).into(),
        as_postgres(appointment_id).into(),
        instant::to_postgres(now)?.into(),
        instant::to_postgres(event_deadline(end, now))?.into(),
    ];
    run_fresh(client, ENQUEUE, &arguments)?;
    Ok(())
}

/// $1 org_id, $2 contact or NULL for all.
const WITH_EVENT: &str = "
    SELECT DISTINCT e.appointment_id
    FROM booking.calendar_events AS e
    LEFT JOIN booking.appointments AS a ON a.org_id = e.org_id AND a.id = e.appointment_id
    WHERE e.org_id = $1 AND e.state IN ('wanted', 'present', 'unwanted') AND ($2 IS NULL OR a.contact_id = $2)
    ORDER BY e.appointment_id";

/// Has the events of a contact, or of everybody, brought into line with appointments that are about to go.
pub fn remove(client: &mut SpiClient<'_>, org_id: Uuid, contact_id: Option<Uuid>) -> Result<()> {
    let arguments = [as_postgres(org_id).into(), contact_id.map(as_postgres).into()];
    let rows = run_fresh(client, WITH_EVENT, &arguments)?;
    let ids: Vec<Option<pgrx::Uuid>> = rows.map(|row| row.get(1)).collect::<Result<_>>()?;
    for id in ids.into_iter().flatten() {
        enqueue(client, org_id, from_postgres(id), instant::transaction_now())?;
    }
    Ok(())
}
