//! Who wants no messages.

use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::Result;
use crate::organization::as_postgres;
use crate::statement::run_fresh;

/// $1 org_id, $2 phone.
const ADD: &str = "
    INSERT INTO booking.opt_outs (org_id, phone) VALUES ($1, $2) ON CONFLICT (org_id, phone) DO NOTHING";

pub fn add(client: &mut SpiClient<'_>, org_id: Uuid, phone: &str) -> Result<()> {
    run_fresh(client, ADD, &[as_postgres(org_id).into(), phone.into()])?;
    Ok(())
}

/// $1 org_id, $2 phone.
const REMOVE: &str = "
    DELETE FROM booking.opt_outs AS n WHERE n.org_id = $1 AND n.phone = $2 RETURNING n.phone";

/// Whether it was there.
pub fn remove(client: &mut SpiClient<'_>, org_id: Uuid, phone: &str) -> Result<bool> {
    Ok(!run_fresh(client, REMOVE, &[as_postgres(org_id).into(), phone.into()])?.is_empty())
}
