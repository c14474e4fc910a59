//! The history: what happened, for whoever asks later.

use booking_core::booking_data::iso_utc;
use booking_core::calendar::Span;
use booking_core::limits;
use pgrx::datum::DatumWithOid;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::Result;
use crate::organization::as_postgres;
use crate::statement::{Rows, run_fresh};
use crate::tenant;

/// What happened.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Booked,
    Held,
    HoldConfirmed,
    HoldReleased,
    Cancelled,
    StatusChanged,
    ContactErased,
    OrganizationCleaned,
    IntegrationConnected,
    IntegrationDisconnected,
    IntegrationLost,
    IntegrationRestored,
    PatientCancelled,
    PatientConfirmed,
    PatientOptedOut,
    PatientOptedIn,
    Verified,
    VerificationFailed,
    EventMoved,
    EventDeleted,
    EventRestored,
    Moved,
    FollowUpCreated,
    FollowUpClosed,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Kind::Booked => "booked",
            Kind::Held => "held",
            Kind::HoldConfirmed => "hold_confirmed",
            Kind::HoldReleased => "hold_released",
            Kind::Cancelled => "cancelled",
            Kind::StatusChanged => "status_changed",
            Kind::ContactErased => "contact_erased",
            Kind::OrganizationCleaned => "organization_cleaned",
            Kind::IntegrationConnected => "integration_connected",
            Kind::IntegrationDisconnected => "integration_disconnected",
            Kind::IntegrationLost => "integration_lost",
            Kind::IntegrationRestored => "integration_restored",
            Kind::PatientCancelled => "patient_cancelled",
            Kind::PatientConfirmed => "patient_confirmed",
            Kind::PatientOptedOut => "patient_opted_out",
            Kind::PatientOptedIn => "patient_opted_in",
            Kind::Verified => "verified",
            Kind::VerificationFailed => "verification_failed",
            Kind::EventMoved => "event_moved",
            Kind::EventDeleted => "event_deleted",
            Kind::EventRestored => "event_restored",
            Kind::Moved => "moved",
            Kind::FollowUpCreated => "follow_up_created",
            Kind::FollowUpClosed => "follow_up_closed",
        }
    }
}

/// On whose behalf something is done, where it is not simply the program that calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Program,
    VoiceAgent,
    /// By a text message.
    Patient,
    /// Somebody has changed the event in the outside calendar.
    Calendar,
    /// Whoever it was for has been erased.
    Erasure,
}

impl Source {
    const fn as_str(self) -> Option<&'static str> {
        match self {
            Source::Program => None,
            Source::VoiceAgent => Some("voice_agent"),
            Source::Patient => Some("patient"),
            Source::Calendar => Some("calendar"),
            Source::Erasure => Some("erasure"),
        }
    }
}

/// The detail of what has been done to an appointment: when, where and what it is, and who did it.
pub fn of_appointment(source: Source, time: Span, resource_id: Uuid, service_type: &str) -> Value {
    let mut detail = json!({
        "startsAt": iso_utc(time.start),
        "endsAt": iso_utc(time.end),
        "resourceId": resource_id.to_string(),
        "serviceType": service_type,
        "by": tenant::role(),
    });
    if let Some(user) = tenant::user() {
        detail["user"] = user.into();
    }
    if let Some(source) = source.as_str() {
        detail["via"] = source.into();
    }
    detail
}

/// An event that the statement writes which makes it happen.
pub struct New {
    pub kind: Kind,
    pub detail: Value,
}

impl New {
    /// Its id, kind and detail, as a statement takes them.
    pub fn arguments(&self) -> [DatumWithOid<'static>; 3] {
        [new_id(), self.kind.as_str().into(), self.detail.to_string().into()]
    }
}

/// The id of an event that a statement writes by itself.
pub fn new_id() -> DatumWithOid<'static> {
    as_postgres(Uuid::now_v7()).into()
}

/// A statement that changes one appointment and returns its organization and its id first, in two forms. The library also serves
/// the release before it, which has no history.
pub struct Change {
    pub alone: &'static str,
    pub recorded: &'static str,
}

/// The change, and the parameters of [`New::arguments`], which come after its own.
macro_rules! change {
    ($change:literal, $id:literal, $kind:literal, $detail:literal) => {
        crate::event::Change {
            alone: $change,
            recorded: concat!(
                "
    WITH changed AS (",
                $change,
                "
    ), event AS (
        INSERT INTO booking.events (org_id, id, kind, appointment_id, detail)
        SELECT c.org_id, ",
                $id,
                ", ",
                $kind,
                ", c.id, ",
                $detail,
                "::pg_catalog.jsonb FROM changed AS c
    )
    SELECT c.org_id FROM changed AS c"
            ),
        }
    };
}
pub(crate) use change;

impl Change {
    /// Makes it, and records it where there is a history. No row: nothing was changed.
    pub fn run<'conn>(
        &self,
        client: &mut SpiClient<'conn>,
        mut arguments: Vec<DatumWithOid<'_>>,
        event: Option<&New>,
    ) -> Result<Rows<'conn>> {
        let Some(event) = event else { return run_fresh(client, self.alone, &arguments) };
        arguments.extend(event.arguments());
        run_fresh(client, self.recorded, &arguments)
    }
}

/// $1 org_id, $2 id, $3 kind, $4 appointment or NULL, $5 detail.
const RECORD: &str = "
    INSERT INTO booking.events (org_id, id, kind, appointment_id, detail) VALUES ($1, $2, $3, $4, $5::pg_catalog.jsonb)";

/// Notes what happened. The detail is a JSON object without names, numbers or texts of patients.
pub fn record(
    client: &mut SpiClient<'_>,
    org_id: Uuid,
    kind: Kind,
    appointment_id: Option<Uuid>,
    detail: &Value,
) -> Result<()> {
    let arguments = [
        as_postgres(org_id).into(),
        as_postgres(Uuid::now_v7()).into(),
        kind.as_str().into(),
        appointment_id.map(as_postgres).into(),
        detail.to_string().into(),
    ];
    run_fresh(client, RECORD, &arguments)?;
    Ok(())
}

/// The detail of an event that has only a reason.
pub fn because(reason: &str) -> Value {
    json!({"reason": limits::remark(reason)})
}
