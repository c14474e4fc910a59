//! What a model has filled in: the same things under the names that models and assistants use for them.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::booking_data::StatedBooking;
use crate::limits::one_line;
use crate::refusal::{Code, Refusal, quoted};
use crate::voice::tool::{Tool, key};

/// What was stated with a tool call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arguments {
    /// Who, what and when, with the new time of a move.
    pub booking: StatedBooking,
    /// The time, where it came as an instant with its offset.
    pub instant: Option<DateTime<Utc>>,
    /// Which of several appointments is meant, by the time that it has now.
    pub current: Described,
    /// What is to be passed on, or why.
    pub message: Option<String>,
}

/// A time by which an appointment is told from others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Described {
    pub date: Option<String>,
    pub time: Option<String>,
    pub instant: Option<DateTime<Utc>>,
}

// The spellings of each, as `key` writes them; the first is the one of the tools that are registered.
const NOTHING: &[&str] = &[];
const DATE: &[&str] = &["appointmentdate", "date", "preferreddate", "requesteddate", "day"];
const TIME: &[&str] = &["appointmenttime", "time", "preferredtime", "requestedtime"];
const MOMENT: &[&str] =
    &["scheduledat", "datetime", "appointmentdatetime", "startsat", "starttime", "startat", "start"];
const NEW_DATE: &[&str] = &["newdate", "newappointmentdate"];
const NEW_TIME: &[&str] = &["newtime", "newappointmenttime"];
const NEW_MOMENT: &[&str] = &["newscheduledat", "newdatetime", "newappointmentdatetime", "newstarttime"];
const CURRENT_DATE: &[&str] = &["currentdate", "olddate", "originaldate", "currentappointmentdate"];
const CURRENT_TIME: &[&str] = &["currenttime", "oldtime", "originaltime", "currentappointmenttime"];
const CURRENT_MOMENT: &[&str] =
    &["currentdatetime", "currentscheduledat", "oldscheduledat", "olddatetime", "originaldatetime", "currentstarttime"];
const DUE_DATE: &[&str] = &["callbackdate", "duedate", "callbackday"];
const DUE_TIME: &[&str] = &["callbacktime", "duetime"];
const NAME: &[&str] = &["patientname", "name", "fullname", "customername", "callername", "clientname", "contactname"];
const PHONE: &[&str] = &[
    "patientphone",
    "phone",
    "phonenumber",
    "patientphonenumber",
    "customerphone",
    "callerphone",
    "contactphone",
    "callbacknumber",
];
const EMAIL: &[&str] = &["patientemail", "email", "emailaddress", "customeremail"];
const SERVICE: &[&str] = &["servicetype", "service", "appointmenttype", "servicename"];
const DURATION: &[&str] = &["durationminutes", "duration", "lengthminutes"];
const MESSAGE: &[&str] = &["message", "note", "notes", "reason", "content", "text", "summary", "details"];

/// The longest message that is passed on, in characters.
const LONGEST_MESSAGE: usize = 2_000;

impl Arguments {
    /// Reads what was filled in. What is missing is `None`; what is of the wrong kind is refused.
    pub fn read(tool: Tool, stated: &Map<String, Value>) -> Result<Self, Refusal> {
        let stated = Filled::new(stated);
        let has_new = [NEW_DATE, NEW_TIME, NEW_MOMENT].into_iter().any(|names| stated.find(names).is_some());
        let (date, time, moment) = match tool {
            Tool::Reschedule if has_new => (NEW_DATE, NEW_TIME, NEW_MOMENT),
            Tool::LeaveMessage | Tool::RequestTransfer => (DUE_DATE, DUE_TIME, NOTHING),
            // There is only one time to speak of: that of the appointment.
            Tool::Cancel | Tool::Find => (NOTHING, NOTHING, NOTHING),
            _ => (DATE, TIME, MOMENT),
        };
        let mut request = Map::new();
        for (canonical, names) in [
            ("patientName", NAME),
            ("patientPhone", PHONE),
            ("patientEmail", EMAIL),
            ("serviceType", SERVICE),
            ("durationMinutes", DURATION),
        ] {
            if let Some(value) = stated.find(names) {
                request.insert(canonical.to_owned(), value.clone());
            }
        }
        let wanted = stated.described(date, time, moment)?;
        let booking = StatedBooking { date: wanted.date, time: wanted.time, ..StatedBooking::read(&request)? };
        let mut current = stated.described(CURRENT_DATE, CURRENT_TIME, CURRENT_MOMENT)?;
        // Without a new time beside it, the time of a move is the new one.
        if current == Described::default() && (tool == Tool::Cancel || (tool == Tool::Reschedule && has_new)) {
            current = stated.described(DATE, TIME, MOMENT)?;
        }
        let message = stated
            .find(MESSAGE)
            .and_then(Value::as_str)
            .map(|text| one_line(text, LONGEST_MESSAGE))
            .filter(|text| !text.is_empty());
        Ok(Arguments { booking, instant: wanted.instant, current, message })
    }

    /// Whether both a date and a time were said.
    pub fn has_time(&self) -> bool {
        self.instant.is_some() || (self.booking.date.is_some() && self.booking.time.is_some())
    }
}

/// A date and a time with its offset, as `2026-11-24T14:30:00-05:00`; models leave out the seconds, or the colon.
fn with_offset(text: &str) -> Option<DateTime<Utc>> {
    let text = text.replacen(' ', "T", 1);
    let read = |format| DateTime::parse_from_str(&text, format).ok();
    let instant = DateTime::parse_from_rfc3339(&text).ok();
    let instant = instant.or_else(|| read("%Y-%m-%dT%H:%M:%S%.f%#z")).or_else(|| read("%Y-%m-%dT%H:%M%#z"))?;
    Some(instant.to_utc())
}

fn is_iso_date(text: &str) -> bool {
    chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

/// The arguments by the spelling of their names.
struct Filled<'a>(Vec<(String, &'a Value)>);

impl<'a> Filled<'a> {
    fn new(stated: &'a Map<String, Value>) -> Self {
        let said = stated.iter().filter(|(_, value)| !value.is_null() && !value.as_str().is_some_and(is_unsaid));
        Filled(said.map(|(name, value)| (key(name), value)).collect())
    }

    fn find(&self, names: &[&str]) -> Option<&'a Value> {
        names.iter().find_map(|name| self.0.iter().find(|(known, _)| known == name).map(|(_, value)| *value))
    }

    /// A day or a time of day; a number is one that was not written as a text.
    fn words(&self, names: &[&str], code: Code) -> Result<Option<String>, Refusal> {
        match self.find(names) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(Refusal::new(code, "a date or a time is not a text", "pass it as a JSON string")),
        }
    }

    fn described(&self, date: &[&str], time: &[&str], moment: &[&str]) -> Result<Described, Refusal> {
        let mut described = Described {
            date: self.words(date, Code::InvalidDate)?,
            time: self.words(time, Code::InvalidTime)?,
            instant: None,
        };
        if let Some(value) = self.find(moment) {
            described.read_moment(value)?;
        }
        Ok(described)
    }
}

impl Described {
    /// A date and a time in one: as on the wall, `2026-11-24T14:30`, or with an offset, which makes it an instant.
    fn read_moment(&mut self, value: &Value) -> Result<(), Refusal> {
        let text = value.as_str().unwrap_or_default().trim();
        if let Some(instant) = with_offset(text) {
            self.instant = Some(instant);
            return Ok(());
        }
        let Some((date, time)) = text.split_once(['T', ' ']).filter(|(date, _)| is_iso_date(date)) else {
            if is_iso_date(text) {
                self.date.get_or_insert_with(|| text.to_owned());
                return Ok(());
            }
            let message = format!("{} is not a date with a time", quoted(text));
            return Err(Refusal::new(Code::InvalidTime, message, "pass it as 2026-03-20T14:30"));
        };
        let time = time.split_once('.').map_or(time, |(seconds, _)| seconds);
        self.date.get_or_insert_with(|| date.to_owned());
        self.time.get_or_insert_with(|| time.to_owned());
        Ok(())
    }
}

/// Whether nothing was said: models write such words where they know nothing, and what a template has not been filled with.
pub fn is_unsaid(text: &str) -> bool {
    let text = text.trim().trim_end_matches('.').to_lowercase();
    matches!(
        text.as_str(),
        "" | "-"
            | "n/a"
            | "na"
            | "none"
            | "null"
            | "nil"
            | "undefined"
            | "unknown"
            | "anonymous"
            | "not provided"
            | "not given"
            | "not specified"
    ) || text.starts_with("{{")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_zone::at;
    use serde_json::json;

    fn read(tool: Tool, stated: Value) -> Result<Arguments, Refusal> {
        Arguments::read(tool, stated.as_object().unwrap())
    }

    #[test]
    fn the_same_things_are_found_under_all_their_names() {
        let expected = StatedBooking {
            date: Some("tomorrow".to_owned()),
            time: Some("2 pm".to_owned()),
            name: Some("ann lee".to_owned()),
            phone: Some("4155550123".to_owned()),
            service: Some("cleaning".to_owned()),
            duration_minutes: Some(30),
            ..StatedBooking::default()
        };
        for stated in [
            json!({"appointmentDate": "tomorrow", "appointmentTime": "2 pm", "patientName": "ann lee",
                "patientPhone": 4155550123_u64, "serviceType": "cleaning", "durationMinutes": 30}),
            json!({"appointment_date": "tomorrow", "appointment_time": "2 pm", "patient_name": "ann lee",
                "patient_phone": "4155550123", "service_type": "cleaning", "duration_minutes": "30"}),
            json!({"date": "tomorrow", "time": "2 pm", "name": "ann lee", "phone_number": "4155550123",
                "service": "cleaning", "duration": 30}),
        ] {
            assert_eq!(read(Tool::Book, stated.clone()).unwrap().booking, expected, "{stated}");
        }
    }

    #[test]
    fn a_date_with_a_time_is_of_the_wall_unless_it_has_an_offset() {
        for stated in ["2026-11-24T14:30", "2026-11-24T14:30:00", "2026-11-24 14:30", "2026-11-24T14:30:00.000"] {
            let found = read(Tool::Book, json!({"scheduled_at": stated})).unwrap();
            assert_eq!(found.booking.date.as_deref(), Some("2026-11-24"), "{stated}");
            assert!(found.booking.time.unwrap().starts_with("14:30"), "{stated}");
        }
        for stated in [
            "2026-11-24T14:30:00-05:00",
            "2026-11-24T14:30-05:00",
            "2026-11-24 14:30-0500",
            "2026-11-24T14:30:00.000-0500",
            "2026-11-24T19:30Z",
            "2026-11-24T19:30:00Z",
        ] {
            let found = read(Tool::Book, json!({"scheduled_at": stated})).unwrap();
            assert_eq!(found.instant, Some(at("2026-11-24 19:30")), "{stated}");
            assert!(found.has_time());
        }
        assert!(!read(Tool::Book, json!({"scheduled_at": "2026-11-24"})).unwrap().has_time());
        assert_eq!(read(Tool::Book, json!({"scheduled_at": "soon"})).unwrap_err().code, Code::InvalidTime);
        assert_eq!(read(Tool::Book, json!({"scheduled_at": "2026-11-24T25:00Z"})).unwrap().instant, None);
    }

    #[test]
    fn of_a_move_the_new_time_is_told_from_the_present_one() {
        let found =
            read(Tool::Reschedule, json!({"date": "monday", "time": "9", "newDate": "friday", "newTime": "10"}));
        let found = found.unwrap();
        assert_eq!((found.booking.date.as_deref(), found.booking.time.as_deref()), (Some("friday"), Some("10")));
        assert_eq!((found.current.date.as_deref(), found.current.time.as_deref()), (Some("monday"), Some("9")));
        let found = read(Tool::Reschedule, json!({"date": "friday", "time": "10", "current_date": "monday"})).unwrap();
        assert_eq!(found.booking.date.as_deref(), Some("friday"));
        assert_eq!((found.current.date.as_deref(), found.current.time), (Some("monday"), None));
        let found =
            read(Tool::Reschedule, json!({"scheduledAt": "2026-11-24T14:30", "newScheduledAt": "2026-11-25T15:00"}));
        let found = found.unwrap();
        assert_eq!((found.booking.date.as_deref(), found.booking.time.as_deref()), (Some("2026-11-25"), Some("15:00")));
        assert_eq!((found.current.date.as_deref(), found.current.time.as_deref()), (Some("2026-11-24"), Some("14:30")));
    }

    #[test]
    fn what_is_to_be_cancelled_is_told_by_any_time_that_was_said() {
        let current = |stated| read(Tool::Cancel, stated).map(|found| found.current);
        let of = |date: &str, time: &str| Described {
            date: Some(date.to_owned()),
            time: Some(time.to_owned()),
            instant: None,
        };
        assert_eq!(current(json!({"date": "friday", "time": 9})), Ok(of("friday", "9")));
        assert_eq!(current(json!({"currentTime": "9 am", "currentDate": "friday"})), Ok(of("friday", "9 am")));
        assert_eq!(current(json!({"scheduledAt": "2026-11-24 14:30"})), Ok(of("2026-11-24", "14:30")));
        let instant = Some(at("2026-11-24 19:30"));
        assert_eq!(
            current(json!({"scheduledAt": "2026-11-24T14:30:00-05:00"})),
            Ok(Described { instant, ..Described::default() })
        );
        assert_eq!(current(json!({"currentTime": ["9"]})).unwrap_err().code, Code::InvalidTime);
    }

    #[test]
    fn what_models_write_for_nothing_is_nothing() {
        let found = read(
            Tool::Book,
            json!({"patientName": "N/A", "patientEmail": "none", "patientPhone": "{{customer.number}}",
                "serviceType": null, "appointmentDate": " "}),
        );
        assert_eq!(found.unwrap(), Arguments::default());
    }

    #[test]
    fn what_is_of_the_wrong_kind_is_refused_by_its_name() {
        assert_eq!(read(Tool::Book, json!({"name": {"first": "Ann"}})).unwrap_err().code, Code::InvalidName);
        assert_eq!(read(Tool::Book, json!({"scheduledAt": [1]})).unwrap_err().code, Code::InvalidTime);
        assert_eq!(read(Tool::Cancel, json!({"reason": 7})).unwrap().message, None);
    }

    #[test]
    fn a_message_is_one_line_of_bounded_length() {
        let found = read(Tool::LeaveMessage, json!({"message": " my\ntooth\u{0}\u{202E} hurts ", "date": "friday"}));
        let found = found.unwrap();
        assert_eq!(found.message.as_deref(), Some("my tooth hurts"));
        assert_eq!(found.booking.date, None);
        let long = read(Tool::LeaveMessage, json!({"message": "x".repeat(1_000_000)})).unwrap();
        assert_eq!(long.message.unwrap().len(), 2_000);
    }
}
