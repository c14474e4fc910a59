//! The event of an appointment.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::booking_data::iso_utc;
use crate::calendar::Span;

/// What an event is called: the appointment's id without hyphens, a letter, and which of its events it is. Whoever asks for it
/// twice gets one.
pub fn event_id(appointment_id: Uuid, generation: i32) -> String {
    format!("{}g{generation}", appointment_id.simple())
}

/// What an event says.
#[derive(Debug, Clone, Copy)]
pub struct Details<'a> {
    pub appointment_id: Uuid,
    pub service: &'a str,
    /// The patient and their phone number.
    pub name: &'a str,
    pub phone: &'a str,
    pub time: Span,
    pub timezone: &'a str,
}

impl Details<'_> {
    /// The event as it is written.
    pub fn to_json(&self, event_id: &str) -> Value {
        json!({
            "id": event_id,
            "summary": format!("{}: {}", self.service, self.name),
            "description": format!("{}\n{}", self.name, self.phone),
            "start": {"dateTime": iso_utc(self.time.start), "timeZone": self.timezone},
            "end": {"dateTime": iso_utc(self.time.end), "timeZone": self.timezone},
            "status": "confirmed",
            "transparency": "opaque",
            "extendedProperties": {"private": {"pgBookingAppointment": self.appointment_id.to_string()}},
        })
    }
}

/// When an event is, as its provider writes it; `None` for a whole day or what cannot be read.
pub fn moment(point: Option<&Value>) -> Option<DateTime<Utc>> {
    let text = point?.get("dateTime")?.as_str()?;
    DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_zone::at;

    #[test]
    fn an_id_has_letters_that_the_provider_takes() {
        let id = event_id(Uuid::from_u128(0xfedc_ba98_7654_3210_0123_4567_89ab_cdef), 12);
        assert_eq!(id, "fedcba98765432100123456789abcdefg12");
        assert!(id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'v').contains(&byte)));
    }

    #[test]
    fn an_event_says_who_comes_when_and_for_what() {
        let time = Span { start: at("2026-11-24 14:00"), end: at("2026-11-24 14:30") };
        let appointment_id = Uuid::from_u128(7);
        let (service, name, phone, timezone) = ("Cleaning", "Mary Jones", "+12025550143", "America/New_York");
        let details = Details { appointment_id, service, name, phone, time, timezone };
        let event = details.to_json("abc");
        assert_eq!(event["summary"], "Cleaning: Mary Jones");
        assert_eq!(event["start"], json!({"dateTime": "2026-11-24T14:00:00Z", "timeZone": "America/New_York"}));
        assert_eq!(moment(event.get("end")), Some(time.end));
        assert_eq!(event["extendedProperties"]["private"]["pgBookingAppointment"], appointment_id.to_string());
    }

    #[test]
    fn a_moment_is_read_in_any_offset() {
        assert_eq!(moment(Some(&json!({"dateTime": "2026-11-24T09:00:00-05:00"}))), Some(at("2026-11-24 14:00")));
        for unreadable in
            [json!({"date": "2026-11-24"}), json!({"dateTime": 5}), json!(null), json!({"dateTime": "soon"})]
        {
            assert_eq!(moment(Some(&unreadable)), None);
        }
        assert_eq!(moment(None), None);
    }
}
