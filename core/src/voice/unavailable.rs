//! What is said where nobody can look: an apology that a model reads aloud, in the shape of an answer.

use serde_json::{Value, json};

use crate::booking_data::parse_object;
use crate::voice::envelope::{Envelope, Kind};
use crate::voice::said::UNAVAILABLE;

/// The answer to a server message that cannot be carried out at the moment: each tool call is told so. Nothing was done.
pub fn unavailable(body: &str) -> Value {
    let Ok(envelope) = Envelope::read(body) else { return json!({}) };
    match envelope.kind {
        Kind::ToolCalls => {
            let calls = envelope.tool_calls().into_iter();
            let results = calls.map(|call| json!({"name": call.name, "toolCallId": call.id, "result": UNAVAILABLE}));
            json!({"results": results.collect::<Vec<_>>()})
        }
        Kind::FunctionCall => json!({"result": UNAVAILABLE}),
        Kind::AssistantRequest => json!({"error": UNAVAILABLE}),
        _ => json!({}),
    }
}

/// The same for the direct shape of a tool call.
pub fn unavailable_direct(body: &str) -> Value {
    let id = parse_object(body).ok().and_then(|body| body.get("toolCallId").cloned());
    let id = id.filter(|id| id.is_string() || id.is_number());
    json!({"toolCallId": id, "result": {"success": false, "error": "unavailable", "message": UNAVAILABLE}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_is_told_with_its_id() {
        let body = json!({"message": {"type": "tool-calls", "toolCallList": [{"id": "a", "name": "x"}, {"id": 2}]}});
        let answer = unavailable(&body.to_string());
        assert_eq!(answer["results"][0], json!({"name": "x", "toolCallId": "a", "result": UNAVAILABLE}));
        assert_eq!(answer["results"][1]["toolCallId"], 2);
        assert_eq!(unavailable("{"), json!({}));
        assert_eq!(unavailable(r#"{"message": {"type": "status-update"}}"#), json!({}));
    }

    #[test]
    fn the_direct_shape_is_answered_in_its_own() {
        let answer = unavailable_direct(r#"{"toolCallId": "a", "tool": {}}"#);
        assert_eq!((&answer["toolCallId"], &answer["result"]["success"]), (&json!("a"), &json!(false)));
        assert_eq!(unavailable_direct("nonsense")["toolCallId"], Value::Null);
    }
}
