//! A booking request as a JSON object in the words of its caller: read here once, then either made clean as JSON
//! (`normalize_booking_data`) or booked (`book_clinic_appointment`).

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::appointment_time::{self, AppointmentTime, TimeRefusal};
use crate::date::DateOrder;
use crate::limits;
use crate::phone::normalize_phone;
use crate::refusal::{Code, Refusal};
use crate::zone::{self, Zone};
use crate::{email, name};

/// The longest request that is read, in bytes.
const LONGEST_REQUEST: usize = 256 * 1024;

/// What the caller stated. A missing, null or blank field is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatedBooking {
    pub date: Option<String>,
    pub time: Option<String>,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub service: Option<String>,
    pub duration_minutes: Option<i32>,
}

impl StatedBooking {
    pub fn read(request: &Map<String, Value>) -> Result<Self, Refusal> {
        Ok(StatedBooking {
            date: text(request, DATE, Code::InvalidDate)?,
            time: text(request, TIME, Code::InvalidTime)?,
            name: text(request, NAME, Code::InvalidName)?,
            phone: text(request, PHONE, Code::InvalidPhone)?,
            email: text(request, EMAIL, Code::InvalidEmail)?,
            service: text(request, SERVICE, Code::ServiceNotFound)?,
            duration_minutes: whole_minutes(request)?,
        })
    }

    /// The time that was stated; a request without a date or a time is refused.
    pub fn appointment_time(
        &self,
        zone: &impl Zone,
        order: DateOrder,
        now: DateTime<Utc>,
    ) -> Result<AppointmentTime, TimeRefusal> {
        let date = required(&self.date, DATE, Code::InvalidDate)?;
        let time = required(&self.time, TIME, Code::InvalidTime)?;
        appointment_time::from_text(date, time, zone, order, now)
    }
}

const DATE: &str = "appointmentDate";
const TIME: &str = "appointmentTime";
const NAME: &str = "patientName";
const PHONE: &str = "patientPhone";
const EMAIL: &str = "patientEmail";
const SERVICE: &str = "serviceType";
const DURATION: &str = "durationMinutes";

/// The JSON object that `text` holds.
pub fn parse_object(text: &str) -> Result<Map<String, Value>, Refusal> {
    parse_object_within(text, LONGEST_REQUEST)
}

/// The JSON object that `text` of at most `longest` bytes holds.
pub fn parse_object_within(text: &str, longest: usize) -> Result<Map<String, Value>, Refusal> {
    let trouble = if text.len() > longest {
        format!("it is longer than {} kB", longest / 1024)
    } else {
        match serde_json::from_str(text) {
            Ok(Value::Object(object)) => return Ok(object),
            Ok(_) => "it is not an object".to_owned(),
            Err(error) => error.to_string(),
        }
    };
    Err(Refusal::new(
        Code::InvalidRequest,
        format!("the request cannot be read: {trouble}"),
        r#"pass a JSON object, as {"appointmentDate":"2026-03-20","appointmentTime":"2:30 PM"}"#,
    ))
}

/// The request with every known field made clean, and with `scheduledAt` and `dateCorrected` where both a date and a time
/// were stated. Fields that are missing stay missing; fields that are not ours stay as they are.
pub fn normalize(
    mut request: Map<String, Value>,
    zone: &impl Zone,
    region: &str,
    now: DateTime<Utc>,
) -> Result<Map<String, Value>, Refusal> {
    let stated = StatedBooking::read(&request)?;
    let order = DateOrder::for_region(region);
    let mut put = |key: &str, value: String| request.insert(key.to_owned(), Value::String(value));
    if let Some(stated_name) = &stated.name {
        put(NAME, name::normalize_name(stated_name)?);
    }
    if let Some(phone) = &stated.phone {
        put(PHONE, normalize_phone(phone, region)?.to_string());
    }
    if let Some(address) = &stated.email {
        put(EMAIL, email::normalize_email(address)?);
    }
    if let Some(service) = &stated.service {
        put(SERVICE, limits::label("service", service, Code::ServiceNotFound)?);
    }
    match (&stated.date, &stated.time) {
        (Some(_), Some(_)) => {
            let time = stated.appointment_time(zone, order, now).map_err(|refused| refused.refusal)?;
            let local = zone::local_time(zone, time.starts_at);
            put(DATE, local.date().to_string());
            put(TIME, local.format("%H:%M").to_string());
            put("scheduledAt", iso_utc(time.starts_at));
            request.insert("dateCorrected".to_owned(), Value::Bool(time.corrected));
        }
        (Some(date), None) => {
            let settled = appointment_time::day_from_text(date, zone, order, now)?;
            put(DATE, settled.date.to_string());
            request.insert("dateCorrected".to_owned(), Value::Bool(settled.corrected));
        }
        (None, Some(time)) => {
            put(TIME, crate::time::parse_time(time)?.format("%H:%M").to_string());
        }
        (None, None) => {}
    }
    Ok(request)
}

/// An instant as every answer writes it: `2026-03-20T14:30:00Z`.
pub fn iso_utc(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string()
}

fn text(request: &Map<String, Value>, key: &str, code: Code) -> Result<Option<String>, Refusal> {
    match request.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        // Models write a phone number as a number now and then; nothing is lost in reading its digits.
        Some(Value::Number(number)) if key == PHONE && number.is_u64() => Ok(Some(number.to_string())),
        Some(_) => Err(Refusal::new(
            code,
            format!("{key} is not a text"),
            format!("pass {key} as a JSON string or leave it out"),
        )),
    }
}

fn whole_minutes(request: &Map<String, Value>) -> Result<Option<i32>, Refusal> {
    let minutes = match request.get(DURATION) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_i64().and_then(|minutes| i32::try_from(minutes).ok()),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(_) => None,
    };
    minutes.map(Some).ok_or_else(|| {
        Refusal::new(
            Code::InvalidDuration,
            format!("{DURATION} is not a whole number of minutes"),
            format!("pass {DURATION} as a number, as 30, or leave it out"),
        )
    })
}

fn required<'a>(field: &'a Option<String>, key: &str, code: Code) -> Result<&'a str, Refusal> {
    field
        .as_deref()
        .ok_or_else(|| Refusal::new(code, format!("{key} is missing"), format!("pass {key} as the caller said it")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_zone::{TestZone, at};
    use serde_json::json;

    fn normalized(request: Value) -> Result<Value, Refusal> {
        let object = parse_object(&request.to_string())?;
        normalize(object, &TestZone::named("America/New_York"), "US", at("2026-11-20 12:00")).map(Value::Object)
    }

    #[test]
    fn a_messy_request_comes_out_clean_with_its_instant() {
        let clean = normalized(json!({
            "appointmentDate": "March 20th, 2024", "appointmentTime": "2:30 p.m.", "patientName": "mary-jane o'NEIL",
            "patientPhone": "(415) 555-0123 ", "patientEmail": "Mary dot Jane at Example dot COM",
            "serviceType": " cleaning ", "note": [1, 2]
        }));
        let expected = json!({
            "appointmentDate": "2027-03-20", "appointmentTime": "14:30", "patientName": "Mary-Jane O'Neil",
            "patientPhone": "+14155550123", "patientEmail": "mary.jane@example.com", "serviceType": "cleaning",
            "note": [1, 2], "scheduledAt": "2027-03-20T18:30:00Z", "dateCorrected": true
        });
        assert_eq!(clean, Ok(expected));
    }

    #[test]
    fn a_part_of_a_request_is_cleaned_without_the_rest() {
        assert_eq!(
            normalized(json!({"patientName": "ann", "patientEmail": null})),
            Ok(json!({"patientName": "Ann", "patientEmail": null}))
        );
        assert_eq!(normalized(json!({"appointmentTime": "noon"})), Ok(json!({"appointmentTime": "12:00"})));
        assert_eq!(
            normalized(json!({"appointmentDate": "tomorrow"})),
            Ok(json!({"appointmentDate": "2026-11-21", "dateCorrected": false}))
        );
    }

    #[test]
    fn fields_of_the_wrong_kind_are_refused_by_name() {
        assert_eq!(normalized(json!({"patientName": {"first": "Ann"}})).unwrap_err().code, Code::InvalidName);
        assert_eq!(normalized(json!({"durationMinutes": 1e99})).unwrap_err().code, Code::InvalidDuration);
        assert_eq!(normalized(json!({"serviceType": "clean\u{0}ing"})).unwrap_err().code, Code::ServiceNotFound);
    }

    #[test]
    fn what_is_not_an_object_is_refused() {
        for bad in ["", "[]", "null", "{", "{\"a\":1e999}", "{\"a\":\"\\ud800\"}", &"[".repeat(100_000)] {
            assert_eq!(parse_object(bad).unwrap_err().code, Code::InvalidRequest);
        }
    }
}
