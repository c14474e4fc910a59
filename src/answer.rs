//! What a booking function says back, as the JSON of the contract.

use booking_core::booking_data::iso_utc;
use booking_core::calendar::Span;
use booking_core::status::Status;
use booking_core::{Refusal, speech, zone};
use chrono::{DateTime, NaiveDateTime, Utc};
use pgrx::Json;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::{Error, Result, or_raise};
use crate::organization::Organization;

/// An appointment as the answers of booking, moving and cancelling show it.
pub struct Shown {
    pub appointment_id: Uuid,
    /// `None` for what was only held.
    pub contact_id: Option<Uuid>,
    pub resource_id: Uuid,
    pub status: Status,
    pub time: Span,
}

impl Shown {
    pub fn to_json(&self, organization: &Organization, message: &str) -> Value {
        json!({
            "success": true,
            "appointmentId": self.appointment_id.to_string(),
            "contactId": self.contact_id.map(|id| id.to_string()),
            "resourceId": self.resource_id.to_string(),
            "status": self.status.as_str(),
            "scheduledAt": iso_utc(self.time.start),
            "endsAt": iso_utc(self.time.end),
            "timezone": organization.timezone,
            "dateCorrected": false,
            "smsStatus": NOT_CONFIGURED,
            "calendarStatus": NOT_CONFIGURED,
            "message": message,
        })
    }
}

/// What is said of a channel that nobody has set up.
pub const NOT_CONFIGURED: &str = "not_configured";

/// A moment as it is said to a caller.
pub fn spoken(organization: &Organization, start: DateTime<Utc>, corrected: bool, now: DateTime<Utc>) -> String {
    let zone = &organization.zone;
    speech::moment(zone::local_time(zone, start), zone::local_date(zone, now), corrected)
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

/// A time that cannot be had, in the list of a series: without the sentence around its alternatives.
pub fn failed_time(refusal: &Refusal, asked: DateTime<Utc>, alternatives: &[DateTime<Utc>]) -> Value {
    let mut answer = refused(refusal, speech::why(refusal.code));
    if let Some(object) = answer.as_object_mut() {
        object.shift_remove("success");
    }
    answer["scheduledAt"] = iso_utc(asked).into();
    answer["alternatives"] = alternatives.iter().map(|start| iso_utc(*start)).collect();
    answer
}

/// Every refusal has the same shape: `message` for whoever is asked, `detail` and `hint` for whoever writes the program.
pub fn refused(refusal: &Refusal, message: &str) -> Value {
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
