//! Busy blocks: when a resource is away, as an outside calendar says. They are facts: nothing is refused because of what is
//! there, and nothing that is there is cancelled.

use booking_core::{Code, Refusal, limits};
use chrono::{Datelike, Duration};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::{Result, or_raise};
use crate::instant;
use crate::organization::{Asked, Organization, as_postgres, from_postgres};
use crate::setup::{missing, required_id};
use crate::statement::run_fresh;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn add_busy_block(
    p_org_id: Option<pgrx::Uuid>,
    p_resource_id: Option<pgrx::Uuid>,
    p_starts_at: Option<TimestampWithTimeZone>,
    p_ends_at: Option<TimestampWithTimeZone>,
    p_reason: default!(Option<String>, "NULL"),
) -> pgrx::Uuid {
    let added = || -> Result<Uuid> {
        let starts_at = p_starts_at.ok_or_else(|| missing("p_starts_at"))?;
        let ends_at = p_ends_at.ok_or_else(|| missing("p_ends_at"))?;
        check_length(starts_at, ends_at)?;
        let resource_id = required_id(p_resource_id, "p_resource_id")?;
        let reason = p_reason.map(|reason| limits::label("reason", &reason, Code::InvalidRequest)).transpose()?;
        Spi::connect_mut(|client| {
            let org_id = p_org_id.map(from_postgres);
            let asked = Asked { org_id, resource_id: Some(resource_id), ..Asked::default() };
            let organization = Organization::read(client, asked)?;
            let id = Uuid::now_v7();
            let arguments = [
                as_postgres(organization.id).into(),
                as_postgres(id).into(),
                as_postgres(resource_id).into(),
                starts_at.into(),
                ends_at.into(),
                reason.into(),
            ];
            run_fresh(client, ADD, &arguments)?;
            Ok(id)
        })
    };
    as_postgres(or_raise(added()))
}

/// $1 org_id, $2 id, $3 resource, $4 start, $5 end, $6 reason. No lock: a booking that is being made at this moment counts as
/// made before.
const ADD: &str = "
    INSERT INTO booking.busy_blocks (org_id, id, resource_id, during, reason)
    VALUES ($1, $2, $3, pg_catalog.tstzrange($4, $5, '[)'), $6)";

fn check_length(starts_at: TimestampWithTimeZone, ends_at: TimestampWithTimeZone) -> std::result::Result<(), Refusal> {
    let start = instant::from_postgres(starts_at)?;
    let end = instant::from_postgres(ends_at)?;
    let length = end.signed_duration_since(start);
    let is_some_time = length > Duration::zero() && length <= Duration::days(i64::from(limits::LONGEST_HORIZON_DAYS));
    if is_some_time && start.year() >= 1000 && end.year() <= 9999 {
        return Ok(());
    }
    Err(Refusal::new(
        Code::InvalidTime,
        "a busy block must end after its start, within ten years of it, and lie in the years 1000 to 9999",
        "pass a p_ends_at that is later than p_starts_at",
    ))
}

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn remove_busy_block(p_org_id: Option<pgrx::Uuid>, p_id: Option<pgrx::Uuid>) -> bool {
    let removed = || -> Result<bool> {
        let org_id = required_id(p_org_id, "p_org_id")?;
        let id = required_id(p_id, "p_id")?;
        Spi::connect_mut(|client| remove(client, org_id, id))
    };
    or_raise(removed())
}

/// $1 org_id, $2 id.
const REMOVE: &str = "
    DELETE FROM booking.busy_blocks AS b WHERE b.org_id = $1 AND b.id = $2 RETURNING b.id";

fn remove(client: &mut SpiClient<'_>, org_id: Uuid, id: Uuid) -> Result<bool> {
    Ok(!run_fresh(client, REMOVE, &[as_postgres(org_id).into(), as_postgres(id).into()])?.is_empty())
}
