//! Forgetting follow-ups: a note says in free words what somebody wanted, so that nothing of one is kept.

use pgrx::datum::Interval;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::Result;
use crate::organization::as_postgres;
use crate::outbox;
use crate::statement::run_fresh;

/// In one order, as two persons may have to do with one follow-up.
///
/// $1 org_id, $2 phone, $3 contact or NULL.
const FORGET: &str = "
    WITH theirs AS (
        SELECT f.id FROM booking.follow_ups AS f
        WHERE f.org_id = $1 AND (f.phone = $2 OR f.contact_id = $3 OR f.appointment_id IN (
            SELECT a.id FROM booking.appointments AS a WHERE a.org_id = $1 AND a.contact_id = $3))
        ORDER BY f.id
        FOR UPDATE
    )
    DELETE FROM booking.follow_ups AS f USING theirs WHERE f.org_id = $1 AND f.id = theirs.id RETURNING f.id";

/// Deletes the follow-ups of a person with what was sent of them, and says how many there were: by phone, and, where they have
/// booked, as a contact. Whoever calls this has locked the appointments.
pub fn forget(client: &mut SpiClient<'_>, org_id: Uuid, phone: &str, contact_id: Option<Uuid>) -> Result<usize> {
    let arguments = [as_postgres(org_id).into(), phone.into(), contact_id.map(as_postgres).into()];
    let rows = run_fresh(client, FORGET, &arguments)?;
    let ids: Vec<pgrx::Uuid> = rows.map(|row| row.get(1)).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
    if !ids.is_empty() {
        outbox::follow_up::forget(client, org_id, &ids)?;
    }
    Ok(ids.len())
}

/// $1 org_id.
const CLEAN: &str = "
    DELETE FROM booking.follow_ups AS f WHERE f.org_id = $1";

/// Deletes every follow-up of an organization.
pub fn clean(client: &mut SpiClient<'_>, org_id: Uuid) -> Result<()> {
    run_fresh(client, CLEAN, &[as_postgres(org_id).into()])?;
    Ok(())
}

/// $1 the age. The text of a reminder goes with what it reminds of: afterwards nobody could find it by the person.
const PURGE: &str = "
    WITH gone AS (
        DELETE FROM booking.follow_ups AS f WHERE f.closed_at < pg_catalog.now() - $1 RETURNING f.org_id, f.id
    ), forgotten AS (
        UPDATE booking.messages AS m SET body = NULL
        FROM gone
        WHERE m.org_id = gone.org_id AND m.follow_up_id = gone.id
    )
    SELECT gone.id FROM gone";

/// Deletes what was closed longer ago than `age`, and says how much that was.
pub fn purge(client: &mut SpiClient<'_>, age: Interval) -> Result<usize> {
    Ok(run_fresh(client, PURGE, &[age.into()])?.count())
}
