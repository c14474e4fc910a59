//! Organizations.

use booking_core::{Code, limits};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::{Result, or_raise};
use crate::organization::{as_postgres, from_postgres, known_region};
use crate::raw_json::JsonbText;
use crate::server_zone::ServerZone;
use crate::setup::resource::insert_resource;
use crate::setup::{invalid, required};
use crate::statement::run_fresh;

/// The name of the resource that every organization starts with.
const FIRST_RESOURCE: &str = "Main";

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
