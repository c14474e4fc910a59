//! What a caller asks for: as it came, and as it is booked.

use booking_core::appointment_time::{self, AppointmentTime, TimeRefusal};
use booking_core::booking_data::StatedBooking;
use booking_core::date::DateOrder;
use booking_core::phone::{E164, normalize_phone};
use booking_core::{Code, Refusal, email, limits, name};
use chrono::{DateTime, Utc};
use pgrx::prelude::*;
use uuid::Uuid;

use crate::error::Result;
use crate::event::Source;
use crate::instant;
use crate::organization::{Asked, Organization, ServiceName};

/// A request as it came.
pub struct Request {
    pub org_id: Option<Uuid>,
    pub patient: Patient,
    pub service_type: Option<String>,
    pub when: When,
    pub duration_minutes: Option<i32>,
    pub resource_id: Option<Uuid>,
    pub idempotency_key: Option<String>,
    /// The text of a jsonb value.
    pub metadata: Option<String>,
    pub source: Source,
}

/// Who it is for, as it came.
pub struct Patient {
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
}

impl Request {
    /// What is read of the organization for it.
    pub fn asked(&self) -> Asked<'_> {
        Asked {
            org_id: self.org_id,
            resource_id: self.resource_id,
            service: stated_service(self.service_type.as_deref()),
        }
    }
}

/// A service that cannot be looked up is refused later, when everything else is known to exist.
pub fn stated_service(service: Option<&str>) -> ServiceName<'_> {
    match service.filter(|text| limits::label("service", text, Code::ServiceNotFound).is_ok()) {
        Some(service) => ServiceName::Stated(service),
        None => ServiceName::None,
    }
}

/// When: an instant from a program, or words from a caller.
pub enum When {
    At(Option<TimestampWithTimeZone>),
    Words(StatedBooking),
}

impl When {
    pub fn settle(
        &self,
        organization: &Organization,
        now: DateTime<Utc>,
    ) -> std::result::Result<AppointmentTime, TimeRefusal> {
        match self {
            When::At(Some(timestamp)) => {
                appointment_time::from_instant(instant::from_postgres(*timestamp)?, &organization.zone, now)
            }
            When::At(None) => {
                Err(Refusal::new(Code::InvalidTime, "no time was given", "pass the start as a timestamptz").into())
            }
            When::Words(stated) => {
                let order = DateOrder::for_region(&organization.default_region);
                stated.appointment_time(&organization.zone, order, now)
            }
        }
    }
}

/// The longest metadata, in bytes of its text.
const LONGEST_METADATA: usize = 64 * 1024;

/// The patient made clean.
pub struct Person {
    pub name: String,
    pub phone: E164,
    /// `None` where no address was given.
    pub email: Option<String>,
}

impl Person {
    #[inline(never)] // make bench counts what it costs
    pub fn read(patient: &Patient, organization: &Organization) -> Result<Self> {
        let stated_phone = required(&patient.phone, "phone", Code::InvalidPhone)?;
        Ok(Person {
            name: name::normalize_name(required(&patient.name, "name", Code::InvalidName)?)?,
            phone: normalize_phone(stated_phone, &organization.default_region)?,
            email: stated_email(patient.email.as_deref())?,
        })
    }
}

/// What the appointment is for: the service by its own spelling, or the free text.
pub fn service_type(stated: &Option<String>, organization: &Organization) -> Result<String> {
    let text = limits::label("service", required(stated, "service", Code::ServiceNotFound)?, Code::ServiceNotFound)?;
    Ok(organization.service.as_ref().map_or(text, |service| service.name.clone()))
}

fn required<'a>(field: &'a Option<String>, what: &str, code: Code) -> std::result::Result<&'a str, Refusal> {
    field.as_deref().ok_or_else(|| Refusal::new(code, format!("no {what} was given"), format!("pass the {what}")))
}

/// No address and an empty one are the same: callers on the phone seldom have one to spell.
fn stated_email(email: Option<&str>) -> std::result::Result<Option<String>, Refusal> {
    email.filter(|text| !text.trim().is_empty()).map(email::normalize_email).transpose()
}

pub fn checked_metadata(metadata: Option<&str>) -> std::result::Result<String, Refusal> {
    let metadata = metadata.unwrap_or("{}");
    let trouble = if !metadata.starts_with('{') {
        "is not a JSON object"
    } else if metadata.len() > LONGEST_METADATA {
        "is longer than 64 kB"
    } else {
        return Ok(metadata.to_owned());
    };
    Err(Refusal::new(Code::InvalidRequest, format!("the metadata {trouble}"), r#"pass an object, as {"source":"web"}"#))
}
