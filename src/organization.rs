//! The organization that a call is for, with the service it names and the resources it may use: one read, before any lock.

use booking_core::outbox::Messaging;
use booking_core::outside_calendar::{self, Flow};
use booking_core::phone::is_known_region;
use booking_core::refusal::quoted;
use booking_core::service::{Anchor, Rules, name_key};
use booking_core::{Code, Refusal};
use chrono::Duration;
use pgrx::spi::SpiClient;
use serde_json::Value;
use uuid::Uuid;

use crate::answer::NOT_CONFIGURED;
use crate::error::{Error, Result};
use crate::outbox;
use crate::server_zone::ServerZone;
use crate::statement::{Row, run_fresh};

pub struct Organization {
    pub id: Uuid,
    pub timezone: String,
    pub zone: ServerZone,
    pub default_region: String,
    /// The service that was named, where the organization has it.
    pub service: Option<Service>,
    /// The rules of that service, or those of an appointment that belongs to none.
    pub rules: Rules,
    /// How it sends messages, if it does.
    pub messaging: Option<Messaging>,
    /// How it keeps an outside calendar, if it does.
    pub calendar: Option<outside_calendar::Settings>,
    /// Whether there is an outbox: the library also serves the schema of the release before it.
    pub has_outbox: bool,
    /// Whether the caller sees its appointments through a policy.
    pub has_row_security: bool,
    /// The resources that were asked for and can do the service, ordered by id.
    pub resources: Vec<Resource>,
}

pub struct Service {
    pub id: Uuid,
    pub name: String,
}

#[derive(Debug, Clone, Copy)]
pub struct Resource {
    pub id: Uuid,
    pub capacity: i32,
}

/// Which part of an organization a call is about.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked<'a> {
    pub org_id: Option<Uuid>,
    /// `None` for all.
    pub resource_id: Option<Uuid>,
    pub service: ServiceName<'a>,
}

/// The service as it was named: free text unless the organization has one of that name.
#[derive(Debug, Clone, Copy, Default)]
pub enum ServiceName<'a> {
    #[default]
    None,
    Stated(&'a str),
    /// By an appointment that was booked long ago; a strict organization has nothing against it any more.
    Booked(&'a str),
}

impl<'a> ServiceName<'a> {
    fn text(self) -> Option<&'a str> {
        match self {
            ServiceName::None => None,
            ServiceName::Stated(text) | ServiceName::Booked(text) => Some(text),
        }
    }
}

/// $1 org_id, $2 key of a service name or NULL.
macro_rules! read_resources_where {
    ($condition:literal) => {
        concat!(
            "
    SELECT o.timezone, o.default_region, o.settings @> '{\"strict_services\": true}',
        r.id, r.capacity,
        EXISTS (
            SELECT FROM booking.service_resources AS able
            WHERE able.org_id = o.org_id AND able.service_id = s.id AND able.resource_id = r.id)
        OR NOT EXISTS (
            SELECT FROM booking.service_resources AS able WHERE able.org_id = o.org_id AND able.service_id = s.id),
        s.id, s.name, s.duration_minutes, s.buffer_before_minutes, s.buffer_after_minutes, s.slot_step_minutes,
        s.slot_anchor, s.min_notice_minutes, s.horizon_days, s.daily_limit,
        pg_catalog.row_security_active('booking.appointments'::pg_catalog.regclass),
        o.settings ->> 'messages', pg_catalog.to_regclass('booking.outbox') IS NOT NULL, o.settings ->> 'calendar'
    FROM booking.organizations AS o
    LEFT JOIN booking.services AS s ON s.org_id = o.org_id AND s.name_key = $2
    LEFT JOIN booking.resources AS r ON r.org_id = o.org_id",
            $condition
        )
    };
}

const READ: &str = read_resources_where!(" WHERE o.org_id = $1 ORDER BY r.id");

/// By its key: an organization may have a great many. $3 resource.
const READ_WITH_ONE: &str = read_resources_where!(" AND r.id = $3 WHERE o.org_id = $1");

impl Organization {
    /// Reads the organization, the service and one of the resources, or all of them. What does not exist, or belongs to
    /// another tenant, is refused in the same words.
    #[inline(never)] // make bench counts what it costs
    pub fn read(client: &mut SpiClient<'_>, asked: Asked<'_>) -> Result<Self> {
        let id = asked.org_id.ok_or_else(|| org_not_found("NULL"))?;
        let key = asked.service.text().map(name_key);
        let mut arguments = vec![as_postgres(id).into(), key.into()];
        arguments.extend(asked.resource_id.map(|id| as_postgres(id).into()));
        let statement = if asked.resource_id.is_some() { READ_WITH_ONE } else { READ };
        let mut found: Option<Organization> = None;
        let mut unable = false;
        for row in run_fresh(client, statement, &arguments)? {
            let organization = match &mut found {
                Some(organization) => organization,
                None => found.insert(Organization::from_row(id, &row, asked.service)?),
            };
            if let (Some(id), Some(capacity)) = (row.get::<pgrx::Uuid>(4)?, row.get::<i32>(5)?) {
                if row.get::<bool>(6)?.unwrap_or(false) {
                    organization.resources.push(Resource { id: from_postgres(id), capacity });
                } else {
                    unable = true;
                }
            }
        }
        let organization = found.ok_or_else(|| org_not_found(&id.to_string()))?;
        if organization.resources.is_empty() {
            return Err(resource_not_found(asked.resource_id, organization.service.as_ref().filter(|_| unable)).into());
        }
        Ok(organization)
    }

    /// Says in the answer to a change what it is followed by.
    pub fn announce(&self, answer: &mut Value) {
        let status = |is_on| if is_on { "queued" } else { NOT_CONFIGURED };
        answer["smsStatus"] = status(self.messaging.is_some()).into();
        answer["calendarStatus"] = status(self.calendar.is_some()).into();
    }

    /// Whether a booking is one only once its event is in the calendar, and how long its time is held until then.
    pub fn verification(&self) -> Option<Duration> {
        let calendar = self.calendar.as_ref().filter(|calendar| calendar.flow == Flow::Verified)?;
        Some(Duration::seconds(i64::from(calendar.verify_seconds)))
    }

    fn from_row(id: Uuid, row: &Row<'_>, asked: ServiceName<'_>) -> Result<Self> {
        let timezone: String = row.get(1)?.ok_or_else(|| Error::missing("timezone"))?;
        let named = row.get::<pgrx::Uuid>(7)?.zip(row.get::<String>(8)?);
        let service = named.map(|(id, name)| Service { id: from_postgres(id), name });
        let is_strict = row.get::<bool>(3)?.unwrap_or(false);
        if let (None, true, ServiceName::Stated(asked)) = (&service, is_strict, asked) {
            return Err(service_not_found(asked).into());
        }
        let has_outbox = row.get::<bool>(19)?.unwrap_or(false);
        Ok(Organization {
            id,
            zone: ServerZone::named(&timezone)?,
            timezone,
            default_region: row.get(2)?.ok_or_else(|| Error::missing("default_region"))?,
            rules: if service.is_some() { rules_from_row(row)? } else { Rules::default() },
            service,
            has_row_security: row.get::<bool>(17)?.unwrap_or(true),
            messaging: row.get::<String>(18)?.as_deref().filter(|_| has_outbox).and_then(outbox::messaging),
            calendar: row
                .get::<String>(20)?
                .filter(|_| has_outbox)
                .and_then(|stored| outside_calendar::Settings::read(&stored)),
            has_outbox,
            resources: Vec::new(),
        })
    }
}

fn rules_from_row(row: &Row<'_>) -> Result<Rules> {
    let number = |column: i32| -> Result<i32> { row.get(column)?.ok_or_else(|| Error::missing("service")) };
    let anchor: String = row.get(13)?.ok_or_else(|| Error::missing("service"))?;
    Ok(Rules {
        duration_minutes: number(9)?,
        buffer_before_minutes: number(10)?,
        buffer_after_minutes: number(11)?,
        slot_step_minutes: number(12)?,
        slot_anchor: Anchor::parse(&anchor)?,
        min_notice_minutes: number(14)?,
        horizon_days: number(15)?,
        daily_limit: row.get(16)?,
    })
}

/// A region as it is stored: an ISO 3166 code in capitals.
pub fn known_region(region: &str) -> std::result::Result<String, Refusal> {
    if is_known_region(region) {
        return Ok(region.to_ascii_uppercase());
    }
    Err(Refusal::new(
        Code::InvalidRequest,
        format!("region {} is not known", quoted(region)),
        "pass an ISO 3166 code of two letters, as US or DE",
    ))
}

pub fn org_not_found(org_id: &str) -> Refusal {
    Refusal::new(
        Code::OrgNotFound,
        format!("organization {org_id} does not exist"),
        "pass the id that create_organization returned",
    )
}

pub fn service_not_found(asked: &str) -> Refusal {
    Refusal::new(
        Code::ServiceNotFound,
        format!("service {} does not exist in this organization", quoted(asked.trim())),
        "pass the name of one that create_service made",
    )
}

pub fn resource_not_found(resource_id: Option<Uuid>, unable: Option<&Service>) -> Refusal {
    let message = match (resource_id, unable) {
        (Some(id), None) => format!("resource {id} does not exist in this organization"),
        (Some(id), Some(service)) => format!("resource {id} cannot do {}", quoted(&service.name)),
        (None, None) => "this organization has no resource to book".to_owned(),
        (None, Some(service)) => format!("no resource of this organization can do {}", quoted(&service.name)),
    };
    Refusal::new(Code::ResourceNotFound, message, "pass an id that create_resource returned")
}

pub fn as_postgres(id: Uuid) -> pgrx::Uuid {
    pgrx::Uuid::from_bytes(id.into_bytes())
}

pub fn from_postgres(id: pgrx::Uuid) -> Uuid {
    Uuid::from_bytes(*id.as_bytes())
}
