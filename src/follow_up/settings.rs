//! What an organization decides about its follow-ups: who takes care of what callers leave, and by when.

use booking_core::follow_up::Settings;
use booking_core::follow_up::settings::USUAL_DUE_MINUTES;
use pgrx::prelude::*;

use crate::error::{Result, or_raise};
use crate::follow_up::Desk;
use crate::organization::as_postgres;
use crate::setup::required_id;
use crate::statement::run_fresh;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn set_follow_ups(
    p_org_id: Option<pgrx::Uuid>,
    p_owner: default!(Option<String>, "NULL"),
    p_owner_phone: default!(Option<String>, "NULL"),
    p_due_minutes: default!(Option<i32>, "60"),
) {
    let set = || -> Result<()> {
        let org_id = required_id(p_org_id, "p_org_id")?;
        Spi::connect_mut(|client| {
            let region = Desk::read(client, org_id)?.default_region;
            let minutes = p_due_minutes.unwrap_or(USUAL_DUE_MINUTES);
            let settings = Settings::checked(p_owner.as_deref(), p_owner_phone.as_deref(), minutes, &region)?;
            run_fresh(client, SET, &[as_postgres(org_id).into(), settings.to_json().to_string().into()])?;
            Ok(())
        })
    };
    or_raise(set());
}

/// $1 org_id, $2 settings of follow-ups.
const SET: &str = "
    UPDATE booking.organizations AS o
    SET settings = o.settings || pg_catalog.jsonb_build_object('follow_ups', $2::pg_catalog.jsonb)
    WHERE o.org_id = $1";
