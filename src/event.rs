//! The history: what happened, for whoever asks later.

use booking_core::limits;
use pgrx::spi::SpiClient;
use serde_json::Value;
use uuid::Uuid;

use crate::error::Result;
use crate::organization::as_postgres;
use crate::statement::run_fresh;

/// What happened.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
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
    serde_json::json!({"reason": limits::remark(reason)})
}
