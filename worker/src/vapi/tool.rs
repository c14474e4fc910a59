//! A tool as it is to be at Vapi.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::id_of;

/// How long Vapi waits for an answer, in seconds: its own usual time.
pub const SERVER_SECONDS: u64 = 20;

/// Where Vapi calls, and by which of its credentials it proves itself; as it stands in tools and assistants.
pub fn server(url: &str, credential_id: Option<&str>) -> Value {
    let mut server = json!({"url": url, "timeoutSeconds": SERVER_SECONDS});
    if let (Some(fields), Some(credential_id)) = (server.as_object_mut(), credential_id) {
        fields.insert("credentialId".to_owned(), credential_id.into());
    }
    server
}

/// What makes the tool: the body of POST /tool.
pub fn creation(definition: &Value, server: &Value) -> Value {
    let mut body = definition.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.insert("server".to_owned(), server.clone());
    }
    body
}

/// What brings the tool that was found into line: the body of PATCH /tool/ID, which has no type.
pub fn change(definition: &Value, server: &Value, found: &Value) -> Value {
    let mut body = creation(definition, &merged(found.get("server"), server));
    if let Some(fields) = body.as_object_mut() {
        fields.shift_remove("type");
    }
    body
}

/// The fields that are there, with ours upon them: a field is replaced as a whole, and what others have set beside ours, such as
/// a credential, is theirs.
pub(super) fn merged(found: Option<&Value>, ours: &Value) -> Value {
    let mut fields: Map<String, Value> = found.and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(ours) = ours.as_object() {
        fields.extend(ours.clone());
    }
    Value::Object(fields)
}

/// Whether it is the tool of that name that an earlier run has made for this organization.
pub fn is_of(tool: &Value, name: &str, org_id: Uuid) -> bool {
    let parameters = tool.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let mut org_ids = parameters
        .filter(|parameter| parameter.get("key").and_then(Value::as_str) == Some("org_id"))
        .filter_map(|parameter| Uuid::try_parse(parameter.get("value")?.as_str()?).ok());
    tool.pointer("/function/name").and_then(Value::as_str) == Some(name) && org_ids.any(|found| found == org_id)
}

/// The ids of the tools of that name and organization other than `known`: what two runs have made at once.
pub fn others(listed: &[Value], name: &str, org_id: Uuid, known: &str) -> Vec<String> {
    let ours = listed.iter().filter(|tool| is_of(tool, name, org_id)).filter_map(id_of);
    ours.filter(|id| *id != known).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition() -> Value {
        json!({"type": "function", "function": {"name": "book_appointment"}, "parameters": [{"key": "org_id", "value": "x"}]})
    }

    #[test]
    fn a_change_has_no_type_and_keeps_what_others_have_set_on_the_server() {
        let ours = server("https://worker.example.com/vapi", None);
        let found = json!({"server": {"url": "https://old.example.com", "credentialId": "c1", "timeoutSeconds": 5}});
        let body = change(&definition(), &ours, &found);
        assert_eq!(body.get("type"), None);
        let expected = json!({"url": "https://worker.example.com/vapi", "credentialId": "c1", "timeoutSeconds": 20});
        assert_eq!(body["server"], expected);
        assert_eq!(change(&definition(), &server("u", Some("c2")), &found)["server"]["credentialId"], "c2");
        assert_eq!(creation(&definition(), &ours)["type"], "function");
    }

    #[test]
    fn a_tool_is_known_again_by_its_name_and_its_organization() {
        let org_id = Uuid::from_u128(7);
        let tool = |name: &str, value: Value| json!({"function": {"name": name}, "parameters": [{"key": "call_id", "value": "x"}, {"key": "org_id", "value": value}]});
        assert!(is_of(&tool("f", json!(org_id)), "f", org_id));
        assert!(is_of(&tool("f", json!(org_id.to_string().to_uppercase())), "f", org_id));
        assert!(!is_of(&tool("g", json!(org_id)), "f", org_id));
        assert!(!is_of(&tool("f", json!(Uuid::from_u128(8))), "f", org_id));
        for tool in [tool("f", json!(7)), json!({"function": {"name": "f"}}), json!(null), json!([])] {
            assert!(!is_of(&tool, "f", org_id), "{tool}");
        }
    }

    #[test]
    fn others_are_those_of_the_same_name_and_organization_with_another_id() {
        let org_id = Uuid::from_u128(7);
        let tool = |id: &str, name: &str, org_id: u128| {
            json!({"id": id, "function": {"name": name},
            "parameters": [{"key": "org_id", "value": Uuid::from_u128(org_id)}]})
        };
        let listed = [tool("a", "f", 7), tool("b", "f", 7), tool("c", "g", 7), tool("d", "f", 8), tool("", "f", 7)];
        assert_eq!(others(&listed, "f", org_id, "a"), ["b"]);
        assert_eq!(others(&listed, "g", org_id, "c"), Vec::<String>::new());
    }
}
