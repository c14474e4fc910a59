//! What a booking function says back, as the JSON of the contract.

use booking_core::booking_data::iso_utc;
use booking_core::{Code, Refusal, speech};
use chrono::{DateTime, NaiveDateTime, Utc};
use pgrx::Json;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::{Error, Result, or_raise};
use crate::organization::Organization;
use booking_core::zone;

pub struct Booked {
    pub appointment_id: Uuid,
    pub contact_id: Uuid,
    pub resource_id: Uuid,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub patient_name: String,
    pub corrected: bool,
}

impl Booked {
    pub fn to_json(&self, organization: &Organization, now: DateTime<Utc>) -> Value {
        let zone = &organization.zone;
        let local = zone::local_time(zone, self.starts_at);
        let message = speech::confirmation(&self.patient_name, local, zone::local_date(zone, now), self.corrected);
        json!({
            "success": true,
            "appointmentId": self.appointment_id.to_string(),
            "contactId": self.contact_id.to_string(),
            "resourceId": self.resource_id.to_string(),
            "status": "confirmed",
            "scheduledAt": iso_utc(self.starts_at),
            "endsAt": iso_utc(self.ends_at),
            "timezone": organization.timezone,
            "dateCorrected": self.corrected,
            "smsStatus": "not_configured",
            "calendarStatus": "not_configured",
            "message": message,
        })
    }
}

/// A time that cannot be had, with the nearest ones that can.
pub fn offer(
    refusal: &Refusal,
    organization: &Organization,
    asked: DateTime<Utc>,
    alternatives: &[DateTime<Utc>],
    now: DateTime<Utc>,
) -> Value {
    let zone = &organization.zone;
    let local: Vec<NaiveDateTime> = alternatives.iter().map(|start| zone::local_time(zone, *start)).collect();
    let asked_on = zone::local_date(zone, asked);
    let mut answer = refused(refusal, &speech::offer(refusal.code, &local, asked_on, zone::local_date(zone, now)));
    answer["timezone"] = organization.timezone.as_str().into();
    answer["alternatives"] = alternatives.iter().map(|start| iso_utc(*start)).collect();
    answer
}

/// Every refusal has the same shape: `message` for whoever is asked, `detail` and `hint` for whoever writes the program.
fn refused(refusal: &Refusal, message: &str) -> Value {
    json!({
        "success": false,
        "error": refusal.code.as_str(),
        "message": message,
        "detail": refusal.message,
        "hint": refusal.hint,
    })
}

/// The answer for a program: a refusal names the value, the rule and the way out; other errors are raised.
pub fn for_program(result: Result<Value>) -> Json {
    answer(result, |refusal| &refusal.message)
}

/// The answer for a voice agent: a refusal is a sentence that can be read aloud.
pub fn for_voice(result: Result<Value>) -> Json {
    answer(result, |refusal| speech::please_repeat(refusal.code))
}

fn answer(result: Result<Value>, message: impl Fn(&Refusal) -> &str) -> Json {
    Json(match result {
        Err(Error::Refused(refusal)) => refused(&refusal, message(&refusal)),
        other => or_raise(other),
    })
}

/// The refusal of a slot that is taken.
pub fn slot_taken(organization: &Organization, starts_at: DateTime<Utc>) -> Refusal {
    let local = zone::local_time(&organization.zone, starts_at).format("%Y-%m-%d %H:%M");
    Refusal::new(Code::SlotUnavailable, format!("{local} is taken"), "choose one of the alternatives")
}
