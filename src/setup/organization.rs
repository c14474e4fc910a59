//! Organizations, and what can be booked there.

use booking_core::{Code, limits};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::{Result, or_raise};
use crate::organization::{as_postgres, from_postgres, known_region, org_not_found};
use crate::raw_json::JsonbText;
use crate::server_zone::ServerZone;
use crate::setup::{invalid, required};
use crate::statement::run_fresh;

/// The name of the resource that every organization starts with.
const FIRST_RESOURCE: &str = "Main";

/// The most seats a resource can have.
const MOST_SEATS: i32 = 1000;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn create_organization(
    p_name: Option<String>,
    p_timezone: default!(Option<String>, "'UTC'"),
    p_default_region: default!(Option<String>, "'US'"),
    p_settings: default!(Option<JsonbText>, "'{}'"),
    p_org_id: default!(Option<pgrx::Uuid>, "NULL"),
) -> pgrx::Uuid {
    let created = || -> Result<pgrx::Uuid> {
        let name = limits::label("name", required(p_name.as_deref(), "p_name")?, Code::InvalidName)?;
        let timezone = required(p_timezone.as_deref(), "p_timezone")?;
        ServerZone::named(timezone)?;
        let region = known_region(required(p_default_region.as_deref(), "p_default_region")?)?;
        let settings = p_settings.as_ref().map_or("{}", |settings| settings.0.as_str());
        if !settings.starts_with('{') {
            return Err(invalid("p_settings is not a JSON object", r#"pass an object, as {}"#).into());
        }
        let org_id = p_org_id.map_or_else(Uuid::now_v7, from_postgres);
        Spi::connect_mut(|client| {
            insert_organization(client, org_id, &name, timezone, &region, settings)?;
            insert_resource(client, org_id, FIRST_RESOURCE, 1)?;
            Ok(as_postgres(org_id))
        })
    };
    or_raise(created())
}

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn create_resource(
    p_org_id: Option<pgrx::Uuid>,
    p_name: Option<String>,
    p_capacity: default!(Option<i32>, "1"),
) -> pgrx::Uuid {
    let created = || -> Result<pgrx::Uuid> {
        let org_id =
            p_org_id.map(from_postgres).ok_or_else(|| invalid("p_org_id is NULL", "pass the organization's id"))?;
        let name = limits::label("name", required(p_name.as_deref(), "p_name")?, Code::InvalidName)?;
        let capacity = p_capacity.unwrap_or(1);
        if !(1..=MOST_SEATS).contains(&capacity) {
            let message = format!("a capacity of {capacity} is not between 1 and {MOST_SEATS}");
            return Err(invalid(message, "pass how many appointments it takes at the same time").into());
        }
        Spi::connect_mut(|client| insert_resource(client, org_id, &name, capacity)).map(as_postgres)
    };
    or_raise(created())
}

/// $1 org_id, $2 name, $3 timezone, $4 region, $5 settings.
const INSERT_ORGANIZATION: &str = "
    INSERT INTO booking.organizations (org_id, name, timezone, default_region, settings)
    VALUES ($1, $2, $3, $4, $5::pg_catalog.jsonb)";

fn insert_organization(
    client: &mut SpiClient<'_>,
    org_id: Uuid,
    name: &str,
    timezone: &str,
    region: &str,
    settings: &str,
) -> Result<()> {
    let arguments = [as_postgres(org_id).into(), name.into(), timezone.into(), region.into(), settings.into()];
    run_fresh(client, INSERT_ORGANIZATION, &arguments)?;
    Ok(())
}

/// $1 org_id, $2 id, $3 name, $4 capacity. An organization that the caller cannot see gets no resource.
const INSERT_RESOURCE: &str = "
    INSERT INTO booking.resources (org_id, id, name, capacity)
    SELECT o.org_id, $2, $3, $4 FROM booking.organizations AS o WHERE o.org_id = $1
    RETURNING id";

fn insert_resource(client: &mut SpiClient<'_>, org_id: Uuid, name: &str, capacity: i32) -> Result<Uuid> {
    let id = Uuid::now_v7();
    let arguments = [as_postgres(org_id).into(), as_postgres(id).into(), name.into(), capacity.into()];
    if run_fresh(client, INSERT_RESOURCE, &arguments)?.is_empty() {
        return Err(org_not_found(&org_id.to_string()).into());
    }
    Ok(id)
}
