//! Whose call it is. Only what the operator has filled in counts, never what a model has.

use serde_json::Value;
use uuid::Uuid;

use crate::refusal::{Code, Refusal, quoted};
use crate::voice::halves::mended;
use crate::voice::places::{self, Leaf, Place};

/// Where the operator - never the model - may have put the organization.
const METADATA_PLACES: [&str; 4] = [
    "/message/call/metadata/org_id",
    "/message/call/assistantOverrides/metadata/org_id",
    "/message/assistant/metadata/org_id",
    "/customer/metadata/org_id",
];

/// Where static parameters stand: beside the tools of a message, and in the direct shape.
const PARAMETER_PLACES: [&str; 2] = ["/message/toolWithToolCallList/-/parameters", "/tool/parameters"];
/// Where Vapi's id of the assistant that takes part may stand.
pub const ASSISTANT_PLACES: [&str; 3] =
    ["/message/call/assistantId", "/message/assistant/id", "/message/call/assistant/id"];
/// Where the number that was called may stand.
pub const CALLED_PLACES: [&str; 2] = ["/message/phoneNumber/number", "/message/call/phoneNumber/number"];
/// What kind of message it is.
const TYPE_PLACE: &str = "/message/type";

/// A body of the same shape that has only what says whose call it is, and the type of the message, and is 30 kB long at
/// most: [`stated_org_id`], and the assistant and the called number of its envelope, are the same as of the whole body. To be
/// read before it is known who has sent it, since nothing else of it is ever built. `None` where it is no JSON object.
///
/// A whole body may be refused that is not refused here: what is left out is not looked at closely.
pub fn origin_only(body: &str) -> Option<Value> {
    let places = places_of_origin();
    let found = places::read(body, &places).or_else(|error| match mended(body) {
        Some(mended) => places::read(&mended, &places),
        None => Err(error),
    });
    found.ok().flatten()
}

/// The type of a message that [`origin_only`] gave.
pub fn stated_type(origin: &Value) -> Option<&str> {
    let place = if origin.get("message").is_some() { Some(TYPE_PLACE) } else { TYPE_PLACE.strip_prefix(WRAPPING) };
    origin.pointer(place?)?.as_str()
}

/// What a message is wrapped in, unless it is forwarded without.
const WRAPPING: &str = "/message";

fn places_of_origin() -> Vec<Place<'static>> {
    let texts = ASSISTANT_PLACES.iter().chain(&CALLED_PLACES).chain([&TYPE_PLACE]).map(|place| (*place, Leaf::Text));
    let org_ids = METADATA_PLACES.iter().map(|place| (*place, Leaf::OrgId));
    let parameters = PARAMETER_PLACES.iter().map(|place| (*place, Leaf::OrgIdParameters));
    let places: Vec<Place<'static>> = texts.chain(org_ids).chain(parameters).collect();
    let unwrapped = places.iter().filter_map(|(place, leaf)| Some((place.strip_prefix(WRAPPING)?, *leaf)));
    places.iter().copied().chain(unwrapped).collect()
}

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
    #[test]
    fn what_is_left_of_a_body_is_short_however_long_it_was() {
        let tree = vec![r#"{"":1}"#; 1_000_000].join(",");
        let parameters: Vec<Value> =
            (0..50_000).map(|n| json!({"key": "org_id", "value": Uuid::from_u128(n).to_string()})).collect();
        let text = "x".repeat(100_000);
        let body = json!({"message": {"type": text, "call": {"assistantId": text, "metadata": {"org_id": text}},
            "toolWithToolCallList": [{"parameters": parameters}]}, "tool": {"parameters": parameters}});
        let body = body.to_string().replacen('{', &format!(r#"{{"a": [{tree}],"#), 1);
        let origin = origin_only(&body).unwrap();
        assert!(origin.to_string().len() < 2_000, "{origin}");
        assert!(stated_org_id(&origin).is_err());
    }

    #[test]
    fn halves_of_characters_lose_nothing() {
        let cut = format!(
            r#"{{"message": {{"type": "status-update", "x": "\ud83d",
            "call": {{"assistantId": "a\ud83d", "metadata": {{"org_id": "{ORG}"}}}}}}}}"#
        );
        let origin = origin_only(&cut).unwrap();
        assert_eq!(stated_org_id(&origin).unwrap().unwrap().to_string(), ORG);
        assert_eq!(origin["message"]["call"]["assistantId"], "a\u{fffd}");
        assert_eq!(stated_type(&origin), Some("status-update"));
        assert_eq!(origin_only(r#"{"message": "\ud83d""#), None);
    }

    #[test]
    fn the_type_is_that_of_the_message_also_without_its_wrapping() {
        let of =
            |body: Value| origin_only(&body.to_string()).and_then(|origin| stated_type(&origin).map(str::to_owned));
        assert_eq!(of(json!({"message": {"type": "a"}, "type": "b"})).as_deref(), Some("a"));
        assert_eq!(of(json!({"message": {}, "type": "b"})), None);
        assert_eq!(of(json!({"message": 7, "type": "b"})).as_deref(), Some("b"));
        assert_eq!(of(json!({})), None);
    }
}
