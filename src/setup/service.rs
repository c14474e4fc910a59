//! Services: what can be booked by name, and by which rules.

use booking_core::service::{Anchor, Rules, name_key};
use booking_core::{Code, limits};
use pgrx::datum::DatumWithOid;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::{Error, Result, or_raise};
use crate::organization::{Asked, Organization, ServiceName, as_postgres, from_postgres, service_not_found};
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
            let able = match p_resource_ids {
                Some(stated) if stated.is_empty() => {
                    return Err(invalid("p_resource_ids is empty", "pass NULL where every resource can do it").into());
                }
                Some(stated) => able_resources(&organization, stated)?,
                None => Vec::new(),
            };
            insert(client, organization.id, &name, &rules, &able)
        })
    };
    as_postgres(or_raise(created()))
}

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::too_many_arguments)]
fn update_service(
    p_org_id: Option<pgrx::Uuid>,
    p_service: Option<String>,
    p_name: default!(Option<String>, "NULL"),
    p_duration_minutes: default!(Option<i32>, "NULL"),
    p_buffer_before_minutes: default!(Option<i32>, "NULL"),
    p_buffer_after_minutes: default!(Option<i32>, "NULL"),
    p_slot_step_minutes: default!(Option<i32>, "NULL"),
    p_min_notice_minutes: default!(Option<i32>, "NULL"),
    p_horizon_days: default!(Option<i32>, "NULL"),
    p_daily_limit: default!(Option<i32>, "NULL"),
    p_resource_ids: default!(Option<Vec<Option<pgrx::Uuid>>>, "NULL"),
    p_slot_anchor: default!(Option<String>, "NULL"),
) {
    let updated = || -> Result<()> {
        let asked = required(p_service.as_deref(), "p_service")?;
        let name = p_name.map(|name| limits::label("name", &name, Code::InvalidName)).transpose()?;
        Spi::connect_mut(|client| {
            // All of its resources, for those that are stated.
            let organization =
                Organization::read(client, Asked { org_id: p_org_id.map(from_postgres), ..Asked::default() })?;
            let service_id = lock(client, organization.id, asked)?.ok_or_else(|| service_not_found(asked))?;
            let named = Asked { org_id: Some(organization.id), resource_id: None, service: ServiceName::Booked(asked) };
            let rules = Organization::read(client, named)?.rules;
            let rules = Rules {
                duration_minutes: p_duration_minutes.unwrap_or(rules.duration_minutes),
                buffer_before_minutes: p_buffer_before_minutes.unwrap_or(rules.buffer_before_minutes),
                buffer_after_minutes: p_buffer_after_minutes.unwrap_or(rules.buffer_after_minutes),
                slot_step_minutes: p_slot_step_minutes.unwrap_or(rules.slot_step_minutes),
                slot_anchor: p_slot_anchor.map_or(Ok(rules.slot_anchor), |anchor| Anchor::parse(&anchor))?,
                min_notice_minutes: p_min_notice_minutes.unwrap_or(rules.min_notice_minutes),
                horizon_days: p_horizon_days.unwrap_or(rules.horizon_days),
                daily_limit: p_daily_limit.or(rules.daily_limit).filter(|limit| *limit != NO_LIMIT),
            };
            let able = p_resource_ids.map(|stated| able_resources(&organization, stated)).transpose()?;
            update(client, organization.id, service_id, name.as_deref(), &rules.checked()?)?;
            able.map_or(Ok(()), |able| set_able(client, organization.id, service_id, able))
        })
    };
    or_raise(updated());
}

/// What takes a daily limit away in an update, where NULL keeps it.
const NO_LIMIT: i32 = 0;

/// The resources that can do it; none is all.
fn able_resources(organization: &Organization, stated: Vec<Option<pgrx::Uuid>>) -> Result<Vec<pgrx::Uuid>> {
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
    let mut arguments = Vec::from(arguments(org_id, id, Some(name), rules));
    arguments.push(able.to_vec().into());
    if run_fresh(client, INSERT, &arguments)?.is_empty() {
        return Err(exists(name));
    }
    Ok(id)
}

fn arguments<'a>(org_id: Uuid, id: Uuid, name: Option<&'a str>, rules: &Rules) -> [DatumWithOid<'a>; 12] {
    [
        as_postgres(org_id).into(),
        as_postgres(id).into(),
        name.into(),
        name.map(name_key).into(),
        rules.duration_minutes.into(),
        rules.buffer_before_minutes.into(),
        rules.buffer_after_minutes.into(),
        rules.slot_step_minutes.into(),
        rules.slot_anchor.as_str().into(),
        rules.min_notice_minutes.into(),
        rules.horizon_days.into(),
        rules.daily_limit.into(),
    ]
}

fn exists(name: &str) -> Error {
    Error::Exists {
        message: format!("service {} exists in this organization", booking_core::refusal::quoted(name)),
        hint: "choose another name; upper and lower case are the same".to_owned(),
    }
}

/// $1 org_id, $2 key of the name. Two updates at once follow each other; bookings go on.
const LOCK: &str = "
    SELECT s.id FROM booking.services AS s WHERE s.org_id = $1 AND s.name_key = $2 FOR NO KEY UPDATE";

fn lock(client: &mut SpiClient<'_>, org_id: Uuid, name: &str) -> Result<Option<Uuid>> {
    let found = run_fresh(client, LOCK, &[as_postgres(org_id).into(), name_key(name).into()])?;
    let row = found.into_iter().next();
    Ok(row.map(|row| row.get::<pgrx::Uuid>(1)).transpose()?.flatten().map(from_postgres))
}

/// As for the insert; $3 and $4 are NULL where the name stays. None is updated where another service has the name.
const UPDATE: &str = "
    UPDATE booking.services AS s
    SET name = COALESCE($3, s.name), name_key = COALESCE($4, s.name_key), duration_minutes = $5, buffer_before_minutes = $6,
        buffer_after_minutes = $7, slot_step_minutes = $8, slot_anchor = $9, min_notice_minutes = $10, horizon_days = $11,
        daily_limit = $12
    WHERE s.org_id = $1 AND s.id = $2
      AND NOT EXISTS (
        SELECT FROM booking.services AS other WHERE other.org_id = $1 AND other.name_key = $4 AND other.id <> $2)
    RETURNING s.id";

fn update(client: &mut SpiClient<'_>, org_id: Uuid, id: Uuid, name: Option<&str>, rules: &Rules) -> Result<()> {
    if run_fresh(client, UPDATE, &arguments(org_id, id, name, rules))?.is_empty() {
        return Err(exists(name.unwrap_or_default()));
    }
    Ok(())
}

/// $1 org_id, $2 service.
const FORGET_ABLE: &str = "
    DELETE FROM booking.service_resources AS able WHERE able.org_id = $1 AND able.service_id = $2";

/// $1 org_id, $2 service, $3 the resources that can do it.
const ADD_ABLE: &str = "
    INSERT INTO booking.service_resources (org_id, service_id, resource_id)
    SELECT $1, $2, able.resource_id FROM pg_catalog.unnest($3) AS able (resource_id)";

fn set_able(client: &mut SpiClient<'_>, org_id: Uuid, id: Uuid, able: Vec<pgrx::Uuid>) -> Result<()> {
    let service = [as_postgres(org_id).into(), as_postgres(id).into()];
    run_fresh(client, FORGET_ABLE, &service)?;
    let [org_id, id] = service;
    run_fresh(client, ADD_ABLE, &[org_id, id, able.into()])?;
    Ok(())
}
