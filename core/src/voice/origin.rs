//! Whose call it is. Only what the operator has filled in counts, never what a model has.

use serde_json::Value;
use uuid::Uuid;

use crate::refusal::{Code, Refusal, quoted};

/// Where the operator - never the model - may have put the organization.
const METADATA_PLACES: [&str; 4] = [
    "/message/call/metadata/org_id",
    "/message/call/assistantOverrides/metadata/org_id",
    "/message/assistant/metadata/org_id",
    "/customer/metadata/org_id",
];

/// The organization that the call is for, from places that only the operator fills; `None` where none of them says. What stands
/// in the arguments proves nothing and is not looked at; two places that disagree are refused.
pub fn stated_org_id(body: &Value) -> Result<Option<Uuid>, Refusal> {
    let mut found: Option<Uuid> = None;
    let metadata = METADATA_PLACES.iter().filter_map(|place| body.pointer(place));
    for value in metadata.chain(static_parameters(body, "org_id")).filter(|value| !value.is_null()) {
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
    Ok(found)
}

pub fn no_org_id() -> Refusal {
    Refusal::new(
        Code::OrgNotFound,
        "the call does not say which organization it is for",
        r#"set customer.metadata.org_id, or a static tool parameter {"key":"org_id","value":"..."}"#,
    )
}

/// The values of a static tool parameter: `[{"key":"org_id","value":"..."}]` beside the tool's definition. The copy that is
/// merged into the arguments may be the model's own.
pub fn static_parameters<'a>(body: &'a Value, key: &'a str) -> impl Iterator<Item = &'a Value> {
    let listed = body.pointer("/message/toolWithToolCallList").and_then(Value::as_array).into_iter().flatten();
    listed
        .chain(body.get("tool"))
        .filter_map(|tool| tool.get("parameters")?.as_array())
        .flatten()
        .filter(move |parameter| parameter.get("key").and_then(Value::as_str) == Some(key))
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
            assert_eq!(stated_org_id(&body).unwrap().unwrap().to_string(), ORG, "{body}");
        }
    }

    #[test]
    fn what_a_model_fills_in_names_no_organization() {
        let bodies = [
            json!({"message": {"toolCallList": [{"function": {"arguments": {"org_id": ORG}}}]}}),
            json!({"message": {"toolWithToolCallList": [{"toolCall": {"parameters": {"org_id": ORG}}}]}}),
            json!({"message": {"toolWithToolCallList": [{"parameters": {"org_id": ORG}}]}}),
            json!({"tool": {"arguments": {"org_id": ORG, "customer": {"metadata": {"org_id": ORG}}}}}),
        ];
        for body in bodies {
            assert_eq!(stated_org_id(&body), Ok(None), "{body}");
        }
    }

    #[test]
    fn places_that_disagree_or_hold_no_uuid_are_refused() {
        let two =
            json!({"customer": {"metadata": {"org_id": ORG}}, "message": {"call": {"metadata": {"org_id": OTHER}}}});
        assert_eq!(stated_org_id(&two).unwrap_err().code, Code::OrgNotFound);
        for bad in [json!("nonsense"), json!(7), json!({}), json!("'; DROP TABLE")] {
            let body = json!({"customer": {"metadata": {"org_id": bad}}});
            assert_eq!(stated_org_id(&body).unwrap_err().code, Code::OrgNotFound);
        }
    }
}
