//! Services: what can be booked by name, and by which rules.

use booking_core::service::{Anchor, Rules, name_key};
use booking_core::{Code, limits};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::{Error, Result, or_raise};
use crate::organization::{Asked, Organization, as_postgres, from_postgres};
use crate::setup::{invalid, missing, required};
use crate::statement::run_fresh;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::too_many_arguments)]
fn create_service(
    p_org_id: Option<pgrx::Uuid>,
    p_name: Option<String>,
    p_duration_minutes: Option<i32>,
    p_buffer_before_minutes: default!(Option<i32>, "0"),
    p_buffer_after_minutes: default!(Option<i32>, "0"),
    p_slot_step_minutes: default!(Option<i32>, "30"),
    p_min_notice_minutes: default!(Option<i32>, "0"),
    p_horizon_days: default!(Option<i32>, "365"),
    p_daily_limit: default!(Option<i32>, "NULL"),
    p_resource_ids: default!(Option<Vec<Option<pgrx::Uuid>>>, "NULL"),
    p_slot_anchor: default!(Option<String>, "'midnight'"),
) -> pgrx::Uuid {
    let created = || -> Result<Uuid> {
        let rules = Rules {
            duration_minutes: p_duration_minutes.ok_or_else(|| missing("p_duration_minutes"))?,
            buffer_before_minutes: p_buffer_before_minutes.unwrap_or(0),
            buffer_after_minutes: p_buffer_after_minutes.unwrap_or(0),
            slot_step_minutes: p_slot_step_minutes.unwrap_or(30),
            slot_anchor: Anchor::parse(p_slot_anchor.as_deref().unwrap_or("midnight"))?,
            min_notice_minutes: p_min_notice_minutes.unwrap_or(0),
            horizon_days: p_horizon_days.unwrap_or(365),
            daily_limit: p_daily_limit,
        };
        let rules = rules.checked()?;
        let name = limits::label("name", required(p_name.as_deref(), "p_name")?, Code::InvalidName)?;
        Spi::connect_mut(|client| {
            let asked = Asked { org_id: p_org_id.map(from_postgres), ..Asked::default() };
            let organization = Organization::read(client, asked)?;
            let able = able_resources(&organization, p_resource_ids)?;
            insert(client, organization.id, &name, &rules, &able)
        })
    };
    as_postgres(or_raise(created()))
}

/// The resources that can do it; none is all.
fn able_resources(organization: &Organization, stated: Option<Vec<Option<pgrx::Uuid>>>) -> Result<Vec<pgrx::Uuid>> {
    let Some(stated) = stated else { return Ok(Vec::new()) };
    if stated.is_empty() {
        return Err(invalid("p_resource_ids is empty", "pass NULL where every resource can do it").into());
    }
    let mut able: Vec<Uuid> = Vec::with_capacity(stated.len());
    for id in stated {
        let id = id.map(from_postgres).ok_or_else(|| missing("an element of p_resource_ids"))?;
        if !organization.resources.iter().any(|resource| resource.id == id) {
            return Err(crate::organization::resource_not_found(Some(id), None).into());
        }
        able.push(id);
    }
    able.sort_unstable();
    able.dedup();
    Ok(able.into_iter().map(as_postgres).collect())
}

/// $1 org_id, $2 id, $3 name, $4 key of the name, $5 duration, $6 and $7 buffers, $8 step, $9 anchor, $10 notice, $11 horizon,
/// $12 daily limit, $13 the resources that can do it.
const INSERT: &str = "
    WITH service AS (
        INSERT INTO booking.services
            (org_id, id, name, name_key, duration_minutes, buffer_before_minutes, buffer_after_minutes, slot_step_minutes,
            slot_anchor, min_notice_minutes, horizon_days, daily_limit)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT DO NOTHING
        RETURNING org_id, id
    ), able AS (
        INSERT INTO booking.service_resources (org_id, service_id, resource_id)
        SELECT service.org_id, service.id, able.resource_id
        FROM service, pg_catalog.unnest($13) AS able (resource_id)
    )
    SELECT service.id FROM service";

fn insert(client: &mut SpiClient<'_>, org_id: Uuid, name: &str, rules: &Rules, able: &[pgrx::Uuid]) -> Result<Uuid> {
    let id = Uuid::now_v7();
    let arguments = [
        as_postgres(org_id).into(),
        as_postgres(id).into(),
        name.into(),
        name_key(name).into(),
        rules.duration_minutes.into(),
        rules.buffer_before_minutes.into(),
        rules.buffer_after_minutes.into(),
        rules.slot_step_minutes.into(),
        rules.slot_anchor.as_str().into(),
        rules.min_notice_minutes.into(),
        rules.horizon_days.into(),
        rules.daily_limit.into(),
        able.to_vec().into(),
    ];
    if run_fresh(client, INSERT, &arguments)?.is_empty() {
        let name = booking_core::refusal::quoted(name);
        return Err(Error::Exists {
            message: format!("service {name} exists in this organization"),
            hint: "choose another name; upper and lower case are the same".to_owned(),
        });
    }
    Ok(id)
}
