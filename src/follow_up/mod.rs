//! Follow-ups: what somebody of an organization is to do for a caller, and the reminder of it.

mod change;
mod create;
mod forget;
mod settings;

use booking_core::follow_up::Settings;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::organization::{as_postgres, org_not_found};
use crate::outbox;
use crate::statement::run_fresh;

pub use create::{New, create};
pub use forget::{clean, forget, purge};

/// How an organization takes care of what callers leave.
struct Desk {
    org_id: Uuid,
    default_region: String,
    settings: Settings,
    /// Whether it sends messages.
    is_messaging: bool,
}

/// $1 org_id.
const READ: &str = "
    SELECT o.default_region, o.settings ->> 'follow_ups', o.settings ->> 'messages'
    FROM booking.organizations AS o WHERE o.org_id = $1";

impl Desk {
    fn read(client: &mut SpiClient<'_>, org_id: Uuid) -> Result<Self> {
        let row = run_fresh(client, READ, &[as_postgres(org_id).into()])?.next();
        let row = row.ok_or_else(|| org_not_found(&org_id.to_string()))?;
        let default_region: String = row.get(1)?.ok_or_else(|| Error::missing("default_region"))?;
        Ok(Desk {
            org_id,
            settings: Settings::read(row.get::<String>(2)?.as_deref(), &default_region),
            default_region,
            is_messaging: row.get::<String>(3)?.as_deref().and_then(outbox::messaging).is_some(),
        })
    }
}
