//! What is said where nobody can look: an apology that a model reads aloud, in the shape of an answer.

use serde_json::{Value, json};

use crate::booking_data::parse_object;
use crate::voice::envelope::{Envelope, Kind};
use crate::voice::said::UNAVAILABLE;

/// What is said of something that was begun, where nobody knows whether it was done.
pub const UNKNOWN: &str = "I am sorry, I could not see whether that was done. Let me look it up in a moment.";

/// The answer to a server message that cannot be carried out at the moment: each tool call is told so. Nothing was done.
pub fn unavailable(body: &str) -> Value {
    saying(UNAVAILABLE, body)
}

/// The answer to a server message that may have been carried out, or may not.
pub fn unknown(body: &str) -> Value {
    saying(UNKNOWN, body)
}

fn saying(sentence: &str, body: &str) -> Value {
    let Ok(envelope) = Envelope::read(body) else { return json!({}) };
    match envelope.kind {
        Kind::ToolCalls => {
            let calls = envelope.tool_calls().into_iter();
            let results = calls.map(|call| json!({"name": call.name, "toolCallId": call.id, "result": sentence}));
            json!({"results": results.collect::<Vec<_>>()})
        }
        Kind::FunctionCall => json!({"result": sentence}),
        // Who is to take the call is only looked up.
        Kind::AssistantRequest => json!({"error": UNAVAILABLE}),
        _ => json!({}),
    }
}

/// [`unavailable`] for the direct shape of a tool call.
pub fn unavailable_direct(body: &str) -> Value {
    saying_directly("unavailable", UNAVAILABLE, body)
}

/// [`unknown`] for the direct shape of a tool call.
pub fn unknown_direct(body: &str) -> Value {
    saying_directly("unknown", UNKNOWN, body)
}

fn saying_directly(code: &str, sentence: &str, body: &str) -> Value {
    let id = parse_object(body).ok().and_then(|body| body.get("toolCallId").cloned());
    let id = id.filter(|id| id.is_string() || id.is_number());
    json!({"toolCallId": id, "result": {"success": false, "error": code, "message": sentence}})
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
    fn what_may_have_been_done_is_not_said_to_be_undone() {
        let calls = json!({"message": {"type": "tool-calls", "toolCallList": [{"id": "a", "name": "x"}]}});
        assert_eq!(
            unknown(&calls.to_string()),
            json!({"results": [{"name": "x", "toolCallId": "a", "result": UNKNOWN}]})
        );
        assert_eq!(unknown(r#"{"message": {"type": "function-call"}}"#), json!({"result": UNKNOWN}));
        assert_eq!(unknown(r#"{"message": {"type": "end-of-call-report"}}"#), json!({}));
        let direct = unknown_direct(r#"{"toolCallId": 7}"#);
        assert_eq!(
            direct,
            json!({"toolCallId": 7, "result": {"success": false, "error": "unknown", "message": UNKNOWN}})
        );
    }

    #[test]
    fn the_direct_shape_is_answered_in_its_own() {
        let answer = unavailable_direct(r#"{"toolCallId": "a", "tool": {}}"#);
        assert_eq!((&answer["toolCallId"], &answer["result"]["success"]), (&json!("a"), &json!(false)));
        assert_eq!(unavailable_direct("nonsense")["toolCallId"], Value::Null);
    }
}
