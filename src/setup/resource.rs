//! Resources: what can be booked.

use booking_core::{Code, Refusal, limits};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::{Result, or_raise};
use crate::organization::{Asked, Organization, as_postgres, from_postgres, org_not_found};
use crate::outside_calendar;
use crate::setup::{invalid, missing, required, required_id};
use crate::statement::run_fresh;

/// The most seats a resource can have.
const MOST_SEATS: i32 = 1000;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn create_resource(
    p_org_id: Option<pgrx::Uuid>,
    p_name: Option<String>,
    p_capacity: default!(Option<i32>, "1"),
) -> pgrx::Uuid {
    let created = || -> Result<pgrx::Uuid> {
        let org_id = required_id(p_org_id, "p_org_id")?;
        let name = limits::label("name", required(p_name.as_deref(), "p_name")?, Code::InvalidName)?;
        let capacity = checked_capacity(p_capacity.unwrap_or(1))?;
        Spi::connect_mut(|client| {
            let id = insert_resource(client, org_id, &name, capacity)?;
            let asked = Asked { org_id: Some(org_id), resource_id: Some(id), ..Asked::default() };
            if Organization::read(client, asked)?.calendar.is_some() {
                outside_calendar::join(client, org_id, id)?;
            }
            Ok(as_postgres(id))
        })
    };
    or_raise(created())
}

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn update_resource(
    p_org_id: Option<pgrx::Uuid>,
    p_resource_id: Option<pgrx::Uuid>,
    p_name: default!(Option<String>, "NULL"),
    p_capacity: default!(Option<i32>, "NULL"),
) {
    let updated = || -> Result<()> {
        let resource_id = p_resource_id.map(from_postgres).ok_or_else(|| missing("p_resource_id"))?;
        let name = p_name.map(|name| limits::label("name", &name, Code::InvalidName)).transpose()?;
        let capacity = p_capacity.map(checked_capacity).transpose()?;
        Spi::connect_mut(|client| {
            let asked =
                Asked { org_id: p_org_id.map(from_postgres), resource_id: Some(resource_id), ..Asked::default() };
            let org_id = Organization::read(client, asked)?.id;
            let arguments = [as_postgres(org_id).into(), as_postgres(resource_id).into(), name.into(), capacity.into()];
            run_fresh(client, UPDATE, &arguments)?;
            Ok(())
        })
    };
    or_raise(updated());
}

fn checked_capacity(capacity: i32) -> std::result::Result<i32, Refusal> {
    if (1..=MOST_SEATS).contains(&capacity) {
        return Ok(capacity);
    }
    let message = format!("a capacity of {capacity} is not between 1 and {MOST_SEATS}");
    Err(invalid(message, "pass how many appointments it takes at the same time"))
}

/// $1 org_id, $2 id, $3 name, $4 capacity. An organization that the caller cannot see gets no resource.
const INSERT: &str = "
    INSERT INTO booking.resources (org_id, id, name, capacity)
    SELECT o.org_id, $2, $3, $4 FROM booking.organizations AS o WHERE o.org_id = $1
    RETURNING id";

pub fn insert_resource(client: &mut SpiClient<'_>, org_id: Uuid, name: &str, capacity: i32) -> Result<Uuid> {
    let id = Uuid::now_v7();
    let arguments = [as_postgres(org_id).into(), as_postgres(id).into(), name.into(), capacity.into()];
    if run_fresh(client, INSERT, &arguments)?.is_empty() {
        return Err(org_not_found(&org_id.to_string()).into());
    }
    Ok(id)
}

/// $1 org_id, $2 id, $3 name and $4 capacity, each NULL where it stays.
const UPDATE: &str = "
    UPDATE booking.resources AS r SET name = COALESCE($3, r.name), capacity = COALESCE($4, r.capacity)
    WHERE r.org_id = $1 AND r.id = $2";
