//! The direct tool shape: one tool call posted as it is,
//! `{"toolCallId", "tool": {"arguments": {...}}, "customer": {"number", "metadata": {"org_id"}}}`, and whose organization it is for.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::booking_data::{StatedBooking, parse_object};
use crate::phone::says_a_digit;
use crate::refusal::{Code, Refusal};
use crate::voice::arguments::is_unsaid;
use crate::voice::origin::{no_org_id, stated_org_id, static_parameters};

/// A tool call that asks for a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectCall {
    pub org_id: Uuid,
    pub booking: StatedBooking,
}

/// The call's own id, given back with the answer, and the call itself or why it cannot be served.
pub type ReadCall = (Value, Result<DirectCall, Refusal>);

/// Reads the body of a direct tool call. It never fails as a whole: what cannot be read is a refusal that can be answered.
pub fn read_request(body: &str) -> ReadCall {
    let body = match parse_object(body) {
        Ok(object) => Value::Object(object),
        Err(refusal) => return (Value::Null, Err(refusal)),
    };
    let tool_call_id = match body.get("toolCallId") {
        Some(id @ (Value::String(_) | Value::Number(_))) => id.clone(),
        _ => Value::Null,
    };
    (tool_call_id, read_call(&body))
}

fn read_call(body: &Value) -> Result<DirectCall, Refusal> {
    let org_id = stated_org_id(body)?.ok_or_else(no_org_id)?;
    let mut stated = arguments(body)?;
    stated.retain(|_, value| !value.as_str().is_some_and(is_unsaid));
    let mut booking = StatedBooking::read(&stated)?;
    // None was said, or "the number I am calling from".
    if !booking.phone.as_deref().is_some_and(says_a_digit) {
        booking.phone = caller(body).or(booking.phone);
    }
    Ok(DirectCall { org_id, booking })
}

/// The number that the person calls from, as it came.
fn caller(body: &Value) -> Option<String> {
    let stated = body.pointer("/customer/number").into_iter().chain(static_parameters(body, "caller_number"));
    stated.filter_map(Value::as_str).find(|number| !is_unsaid(number)).map(str::to_owned)
}

/// The arguments as the model filled them in: an object, or a text that holds one.
fn arguments(body: &Value) -> Result<Map<String, Value>, Refusal> {
    const PLACES: [&str; 2] = ["/tool/arguments", "/tool/function/arguments"];
    match PLACES.iter().find_map(|place| body.pointer(place)) {
        Some(Value::Object(object)) => Ok(object.clone()),
        Some(Value::String(text)) => parse_object(text),
        _ => Err(Refusal::new(
            Code::InvalidRequest,
            "the call carries no tool.arguments",
            r#"pass them as {"tool":{"arguments":{"appointmentDate":"2026-03-20",...}}}"#,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ORG: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn read(body: Value) -> ReadCall {
        read_request(&body.to_string())
    }

    #[test]
    fn a_call_is_read_with_its_id_org_and_arguments() {
        let (id, call) = read(json!({"toolCallId": "call_1", "tool": {"arguments": {"patientName": "ann"}},
            "customer": {"metadata": {"org_id": ORG}}}));
        let call = call.unwrap();
        assert_eq!(id, json!("call_1"));
        assert_eq!(call.org_id.to_string(), ORG);
        assert_eq!(call.booking.name.as_deref(), Some("ann"));
    }

    #[test]
    fn arguments_may_come_as_a_text_of_json() {
        let (_, call) = read(json!({"tool": {"arguments": "{\"patientPhone\": 4155550123}"},
            "customer": {"metadata": {"org_id": ORG}}}));
        assert_eq!(call.unwrap().booking.phone.as_deref(), Some("4155550123"));
    }

    #[test]
    fn what_models_write_for_nothing_is_nothing_and_the_callers_own_number_serves() {
        let said = |arguments: Value, number: &str| {
            let (_, call) = read(json!({"tool": {"arguments": arguments,
                "parameters": [{"key": "caller_number", "value": "+14155550135"}]},
                "customer": {"number": number, "metadata": {"org_id": ORG}}}));
            call.unwrap().booking
        };
        let odd = json!({"patientName": "unknown", "patientEmail": "none", "patientPhone": "{{customer.number}}",
            "serviceType": "N/A", "durationMinutes": "", "appointmentDate": "not given"});
        let own = Some("+14155550134".to_owned());
        let nothing = StatedBooking { phone: own.clone(), ..StatedBooking::default() };
        assert_eq!(said(odd, "+14155550134"), nothing);
        assert_eq!(said(json!({"patientPhone": "the number I am calling from"}), "+14155550134").phone, own);
        assert_eq!(
            said(json!({"patientPhone": "415 555"}), "+14155550134").phone.as_deref(),
            Some("415 555"),
            "a number that was said counts, also where it is none"
        );
        assert_eq!(said(json!({}), "anonymous").phone.as_deref(), Some("+14155550135"));
        let (_, call) =
            read(json!({"tool": {"arguments": {"patientPhone": "mine"}}, "customer": {"metadata": {"org_id": ORG}}}));
        assert_eq!(call.unwrap().booking.phone.as_deref(), Some("mine"));
    }

    #[test]
    fn what_the_model_filled_in_never_names_the_organization() {
        let (_, call) = read(
            json!({"toolCallId": "x", "tool": {"arguments": {"org_id": ORG, "customer": {"metadata": {"org_id": ORG}}}}}),
        );
        assert_eq!(call.unwrap_err().code, Code::OrgNotFound);
    }

    #[test]
    fn an_unreadable_body_is_answered_not_raised() {
        for bad in ["", "[]", "{", "{\"tool\":{}}"] {
            assert!(read_request(bad).1.is_err());
        }
    }
}
