//! The organization that a call is for, with the resources it may use: one read, before any lock.

use booking_core::phone::is_known_region;
use booking_core::{Code, Refusal};
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::server_zone::ServerZone;
use crate::statement::run_fresh;

pub struct Organization {
    pub id: Uuid,
    pub timezone: String,
    pub zone: ServerZone,
    pub default_region: String,
    /// The resources that were asked for, ordered by id.
    pub resources: Vec<Resource>,
}

#[derive(Debug, Clone, Copy)]
pub struct Resource {
    pub id: Uuid,
    pub capacity: i32,
}

/// $1 org_id, $2 resource or NULL for all.
const READ: &str = "
    SELECT o.timezone, o.default_region, r.id, r.capacity
    FROM booking.organizations AS o
    LEFT JOIN booking.resources AS r ON r.org_id = o.org_id AND ($2 IS NULL OR r.id = $2)
    WHERE o.org_id = $1
    ORDER BY r.id";

impl Organization {
    /// Reads the organization and one of its resources, or all of them. What does not exist, or belongs to another tenant, is
    /// refused in the same words.
    pub fn read(client: &mut SpiClient<'_>, org_id: Option<Uuid>, resource_id: Option<Uuid>) -> Result<Self> {
        let id = org_id.ok_or_else(|| org_not_found("NULL"))?;
        let arguments = [as_postgres(id).into(), resource_id.map(as_postgres).into()];
        let mut found: Option<Organization> = None;
        for row in run_fresh(client, READ, &arguments)? {
            if found.is_none() {
                let timezone: String = row.get(1)?.ok_or_else(|| Error::missing("timezone"))?;
                found = Some(Organization {
                    id,
                    zone: ServerZone::named(&timezone)?,
                    timezone,
                    default_region: row.get(2)?.ok_or_else(|| Error::missing("default_region"))?,
                    resources: Vec::new(),
                });
            }
            let resource = row.get::<pgrx::Uuid>(3)?.zip(row.get::<i32>(4)?);
            if let (Some(organization), Some((id, capacity))) = (found.as_mut(), resource) {
                organization.resources.push(Resource { id: from_postgres(id), capacity });
            }
        }
        let organization = found.ok_or_else(|| org_not_found(&id.to_string()))?;
        if organization.resources.is_empty() {
            return Err(resource_not_found(resource_id).into());
        }
        Ok(organization)
    }
}

/// A region as it is stored: an ISO 3166 code in capitals.
pub fn known_region(region: &str) -> std::result::Result<String, Refusal> {
    if is_known_region(region) {
        return Ok(region.to_ascii_uppercase());
    }
    Err(Refusal::new(
        Code::InvalidRequest,
        format!("region {} is not known", booking_core::refusal::quoted(region)),
        "pass an ISO 3166 code of two letters, as US or DE",
    ))
}

fn org_not_found(org_id: &str) -> Refusal {
    Refusal::new(
        Code::OrgNotFound,
        format!("organization {org_id} does not exist"),
        "pass the id that create_organization returned",
    )
}

fn resource_not_found(resource_id: Option<Uuid>) -> Refusal {
    let message = match resource_id {
        Some(id) => format!("resource {id} does not exist in this organization"),
        None => "this organization has no resource to book".to_owned(),
    };
    Refusal::new(Code::ResourceNotFound, message, "pass an id that create_resource returned")
}

pub fn as_postgres(id: Uuid) -> pgrx::Uuid {
    pgrx::Uuid::from_bytes(id.into_bytes())
}

pub fn from_postgres(id: pgrx::Uuid) -> Uuid {
    Uuid::from_bytes(*id.as_bytes())
}
