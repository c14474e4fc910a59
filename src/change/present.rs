//! An appointment as it is, locked.

use booking_core::calendar::Span;
use booking_core::status::Status;
use booking_core::{Code, Refusal};
use chrono::{DateTime, Utc};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::answer::Shown;
use crate::book::lock::{self, Locks};
use crate::error::{Error, Result};
use crate::event::{self, Kind, New, Source};
use crate::instant;
use crate::organization::{Asked, Organization, as_postgres, from_postgres, org_not_found};
use crate::statement::{Row, Rows, run_fresh};

pub struct Present {
    pub org_id: Uuid,
    pub id: Uuid,
    pub resource_id: Uuid,
    pub contact_id: Option<Uuid>,
    pub patient_name: Option<String>,
    pub service_type: String,
    pub status: Status,
    pub time: Span,
    pub blocked: Span,
    /// Of a hold, also of one that was released or has expired.
    expires_at: Option<DateTime<Utc>>,
    cancelled_at: Option<DateTime<Utc>>,
}

/// $1 org_id, $2 appointment.
const READ: &str = "
    SELECT a.resource_id, a.contact_id, a.patient_name, a.service_type, a.status, a.starts_at, a.ends_at,
        pg_catalog.lower(a.blocked), pg_catalog.upper(a.blocked), a.expires_at, a.cancelled_at
    FROM booking.appointments AS a
    WHERE a.org_id = $1 AND a.id = $2";

impl Present {
    /// Locks the appointment and reads it.
    pub fn lock(client: &mut SpiClient<'_>, org_id: Option<pgrx::Uuid>, id: Option<pgrx::Uuid>) -> Result<Self> {
        let org_id = org_id.map(from_postgres).ok_or_else(|| org_not_found("NULL"))?;
        let stated = id.map(from_postgres);
        if !lock::appointment(client, org_id, stated.unwrap_or_default())? {
            return Err(org_not_found(&org_id.to_string()).into());
        }
        Self::find(client, org_id, stated)
    }

    /// Reads it without a lock, for whoever only looks.
    pub fn read(client: &mut SpiClient<'_>, org_id: Option<pgrx::Uuid>, id: Option<pgrx::Uuid>) -> Result<Self> {
        let asked = Asked { org_id: org_id.map(from_postgres), ..Asked::default() };
        let org_id = Organization::read(client, asked)?.id;
        Self::find(client, org_id, id.map(from_postgres))
    }

    /// Reads it again, after waiting for more locks.
    pub fn again(client: &mut SpiClient<'_>, present: &Present) -> Result<Self> {
        Self::find(client, present.org_id, Some(present.id))
    }

    fn find(client: &mut SpiClient<'_>, org_id: Uuid, id: Option<Uuid>) -> Result<Self> {
        let id = id.ok_or_else(|| not_found("NULL"))?;
        let found = run_fresh(client, READ, &[as_postgres(org_id).into(), as_postgres(id).into()])?;
        match found.into_iter().next() {
            Some(row) => Self::from_row(org_id, id, &row),
            None => Err(not_found(&id.to_string()).into()),
        }
    }

    fn from_row(org_id: Uuid, id: Uuid, row: &Row<'_>) -> Result<Self> {
        let moment = |column: i32| -> Result<Option<DateTime<Utc>>> {
            Ok(row.get::<TimestampWithTimeZone>(column)?.map(instant::from_postgres).transpose()?)
        };
        let span = |start: i32, end: i32| -> Result<Span> {
            let (start, end) = moment(start)?.zip(moment(end)?).ok_or_else(|| Error::missing("time"))?;
            Ok(Span { start, end })
        };
        let text = |column: i32| -> Result<String> { row.get(column)?.ok_or_else(|| Error::missing("text")) };
        Ok(Present {
            org_id,
            id,
            resource_id: row.get::<pgrx::Uuid>(1)?.map(from_postgres).ok_or_else(|| Error::missing("resource"))?,
            contact_id: row.get::<pgrx::Uuid>(2)?.map(from_postgres),
            patient_name: row.get(3)?,
            service_type: text(4)?,
            status: Status::parse(&text(5)?)?,
            time: span(6, 7)?,
            blocked: span(8, 9)?,
            expires_at: moment(10)?,
            cancelled_at: moment(11)?,
        })
    }

    /// Its organization.
    pub fn organization(&self, client: &mut SpiClient<'_>) -> Result<Organization> {
        let resource_id = Some(self.resource_id);
        Organization::read(client, Asked { org_id: Some(self.org_id), resource_id, ..Asked::default() })
    }

    /// Whether it is a hold whose time is over, whatever its row says.
    pub fn has_expired(&self) -> bool {
        let Some(expires_at) = self.expires_at else { return false };
        match self.status {
            Status::Held => expires_at <= instant::clock_now(),
            _ => self.cancelled_at.is_some_and(|cancelled_at| cancelled_at >= expires_at),
        }
    }

    /// Its status as it is shown: what has expired is over, whatever its row says.
    pub fn shown_status(&self) -> Status {
        if self.has_expired() { Status::Cancelled } else { self.status }
    }

    /// A hold that never became more than that, cancelled.
    pub fn is_given_up_hold(&self) -> bool {
        self.expires_at.is_some() && self.status == Status::Cancelled
    }

    pub fn check_not_expired(&self) -> std::result::Result<(), Refusal> {
        if self.has_expired() { Err(hold_expired("the hold has expired")) } else { Ok(()) }
    }

    /// Takes the locks of its slots, and `more`.
    pub fn lock_slots(&self, client: &mut SpiClient<'_>, more: impl FnOnce(&mut Locks)) -> Result<()> {
        let mut locks = Locks::new(self.org_id);
        locks.slots([self.resource_id], self.blocked);
        more(&mut locks);
        locks.take(client)
    }

    /// What is recorded of a change that leaves it where it is and gives it `status`.
    pub fn event(&self, kind: Kind, status: Status, source: Source) -> New {
        let mut detail = event::of_appointment(source, self.time, self.resource_id, &self.service_type);
        detail["status"] = status.as_str().into();
        New { kind, detail }
    }

    pub fn shown(&self) -> Shown {
        Shown {
            appointment_id: self.id,
            contact_id: self.contact_id,
            resource_id: self.resource_id,
            status: self.status,
            time: self.time,
        }
    }
}

/// Nobody who takes our locks can have changed the appointment since it was read.
pub fn must_have_changed(returned: &Rows<'_>) -> Result<()> {
    if returned.is_empty() { Err(Error::ChangedMeanwhile) } else { Ok(()) }
}

pub fn hold_expired(message: &str) -> Refusal {
    Refusal::new(Code::HoldExpired, message, "hold or book the time again")
}

pub fn not_found(id: &str) -> Refusal {
    Refusal::new(
        Code::AppointmentNotFound,
        format!("appointment {id} does not exist in this organization"),
        "pass the id that the booking returned",
    )
}
