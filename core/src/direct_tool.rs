//! The direct tool shape: one tool call posted as it is,
//! `{"toolCallId", "tool": {"arguments": {...}}, "customer": {"metadata": {"org_id"}}}`, and whose organization it is for.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::booking_data::{StatedBooking, parse_object};
use crate::refusal::{Code, Refusal, quoted};

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
    let org_id = trusted_org_id(body)?;
    let booking = StatedBooking::read(&arguments(body)?)?;
    Ok(DirectCall { org_id, booking })
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

/// Where the operator - never the model - may have put the organization.
const METADATA_PLACES: [&str; 4] = [
    "/message/call/metadata/org_id",
    "/message/call/assistantOverrides/metadata/org_id",
    "/message/assistant/metadata/org_id",
    "/customer/metadata/org_id",
];

/// The organization that the call is for, from places that only the operator fills. What stands in the arguments proves
/// nothing and is not looked at; two places that disagree are refused.
pub fn trusted_org_id(body: &Value) -> Result<Uuid, Refusal> {
    let mut found: Option<Uuid> = None;
    let metadata = METADATA_PLACES.iter().filter_map(|place| body.pointer(place));
    for value in metadata.chain(static_org_ids(body)).filter(|value| !value.is_null()) {
        let org_id = parse_org_id(value)?;
        if found.is_some_and(|other| other != org_id) {
            return Err(Refusal::new(
                Code::OrgNotFound,
                "the call names two different organizations",
                "let every metadata.org_id of the call name the same one",
            ));
        }
        found = Some(org_id);
    }
    found.ok_or_else(|| {
        Refusal::new(
            Code::OrgNotFound,
            "the call does not say which organization it is for",
            r#"set customer.metadata.org_id, or a static tool parameter {"key":"org_id","value":"..."}"#,
        )
    })
}

/// Static tool parameters: `[{"key":"org_id","value":"..."}]` beside the tool's definition.
fn static_org_ids(body: &Value) -> impl Iterator<Item = &Value> {
    let listed = body.pointer("/message/toolWithToolCallList").and_then(Value::as_array).into_iter().flatten();
    listed
        .chain(body.get("tool"))
        .filter_map(|tool| tool.get("parameters")?.as_array())
        .flatten()
        .filter(|parameter| parameter.get("key").and_then(Value::as_str) == Some("org_id"))
        .filter_map(|parameter| parameter.get("value"))
}

fn parse_org_id(value: &Value) -> Result<Uuid, Refusal> {
    value.as_str().and_then(|text| Uuid::try_parse(text.trim()).ok()).ok_or_else(|| {
        let shown = value.as_str().map_or_else(|| "that is not a text".to_owned(), quoted);
        Refusal::new(
            Code::OrgNotFound,
            format!("org_id {shown} is not a uuid"),
            "pass the id that create_organization gave",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ORG: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
    const OTHER: &str = "01890a5d-ac96-774b-bcce-b302099a8058";

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
    fn every_trusted_place_names_the_organization() {
        let bodies = [
            json!({"message": {"call": {"metadata": {"org_id": ORG}}}}),
            json!({"message": {"call": {"assistantOverrides": {"metadata": {"org_id": ORG}}}}}),
            json!({"message": {"assistant": {"metadata": {"org_id": ORG}}}}),
            json!({"customer": {"metadata": {"org_id": ORG}}}),
            json!({"message": {"toolWithToolCallList": [{"parameters": [{"key": "org_id", "value": ORG}]}]}}),
            json!({"tool": {"parameters": [{"key": "org_id", "value": ORG}]}}),
        ];
        for body in bodies {
            assert_eq!(trusted_org_id(&body).unwrap().to_string(), ORG, "{body}");
        }
    }

    #[test]
    fn what_the_model_filled_in_never_names_the_organization() {
        let (_, call) = read(
            json!({"toolCallId": "x", "tool": {"arguments": {"org_id": ORG, "customer": {"metadata": {"org_id": ORG}}}}}),
        );
        assert_eq!(call.unwrap_err().code, Code::OrgNotFound);
    }

    #[test]
    fn places_that_disagree_or_hold_no_uuid_are_refused() {
        let two =
            json!({"customer": {"metadata": {"org_id": ORG}}, "message": {"call": {"metadata": {"org_id": OTHER}}}});
        assert_eq!(trusted_org_id(&two).unwrap_err().code, Code::OrgNotFound);
        for bad in [json!("nonsense"), json!(7), json!({}), json!("'; DROP TABLE")] {
            let body = json!({"customer": {"metadata": {"org_id": bad}}});
            assert_eq!(trusted_org_id(&body).unwrap_err().code, Code::OrgNotFound);
        }
    }

    #[test]
    fn an_unreadable_body_is_answered_not_raised() {
        for bad in ["", "[]", "{", "{\"tool\":{}}"] {
            assert!(read_request(bad).1.is_err());
        }
    }
}
