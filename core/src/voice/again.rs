//! Asking again about a message that was carried out already, or may have been.

use serde_json::{Map, Value, json};

use crate::voice::envelope::{Envelope, Kind};
use crate::voice::origin::origin_only;

/// Whether a message can be carried out a second time without harm: its tool calls are told from others by their ids and that of the
/// phone call, so that they are answered again and not done again; what it tells of a call is only told again.
pub fn can_be_asked_again(body: &str) -> bool {
    let Ok(envelope) = Envelope::read(body) else { return false };
    match envelope.kind {
        Kind::ToolCalls => envelope.call_id().is_some() && envelope.tool_calls().iter().all(|call| !call.id.is_null()),
        Kind::AssistantRequest | Kind::StatusUpdate | Kind::EndOfCallReport => true,
        // One has no id, the other is kept each time.
        Kind::FunctionCall | Kind::Other(_) => false,
    }
}

/// A body that has only what a tool call is known again by, so that it can be asked often whether what it has booked still waits: of
/// whose call and of which call it is, and the ids, names and arguments. `None` where there is nothing to read.
pub fn known_again_by(body: &str) -> Option<Value> {
    let envelope = Envelope::read(body).ok()?;
    let calls: Vec<Value> = envelope
        .tool_calls()
        .into_iter()
        // Arguments that cannot be read are none, and stay so.
        .map(|call| json!({"id": call.id, "name": call.name, "arguments": call.arguments.map_or(Value::from(false), Value::Object)}))
        .collect();
    let mut reduced = Envelope::read(&origin_only(body)?.to_string()).ok()?.body;
    let message = reduced.get_mut("message")?.as_object_mut()?;
    message.insert("toolCallList".to_owned(), calls.into());
    if let Some(call_id) = envelope.call_id() {
        let call = message.entry("call").or_insert_with(|| Map::new().into());
        call.as_object_mut()?.insert("id".to_owned(), call_id.into());
    }
    Some(reduced)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::origin::stated_org_id;

    fn can(message: Value) -> bool {
        can_be_asked_again(&json!({"message": message}).to_string())
    }

    #[test]
    fn a_message_is_asked_again_if_nothing_is_done_twice_by_that() {
        let calls = |ids: &[Value]| ids.iter().map(|id| json!({"id": id, "name": "x"})).collect::<Vec<_>>();
        let of_call = |list: Vec<Value>| json!({"type": "tool-calls", "call": {"id": "c"}, "toolCallList": list});
        assert!(can(of_call(calls(&[json!("a"), json!(7)]))));
        assert!(!can(of_call(calls(&[json!("a"), Value::Null]))));
        assert!(!can(json!({"type": "tool-calls", "toolCallList": calls(&[json!("a")])})));
        for kind in ["assistant-request", "status-update", "end-of-call-report"] {
            assert!(can(json!({"type": kind})), "{kind}");
        }
        assert!(!can(json!({"type": "function-call", "call": {"id": "c"}, "functionCall": {"name": "x"}})));
        assert!(!can(json!({"type": "hang"})));
        assert!(!can_be_asked_again("{"));
    }

    #[test]
    fn what_is_left_is_known_again_and_nothing_else_is_left() {
        let org = "01890a5d-ac96-774b-bcce-b302099a8057";
        let filled = json!({"patientName": "Ann", "n": 0.1, "deep": [{"a": null}]});
        let list = json!([{"id": "a", "name": "book_appointment", "arguments": filled}, {"id": 7, "function":
            {"name": "x", "arguments": filled.to_string()}}, {"id": "c", "name": "x", "arguments": "{"}, {"name": ""}]);
        let static_call = json!([{"name": "x", "parameters": [{"key": "org_id", "value": org}, {"key": "call_id", "value": "s"}],
            "toolCall": {"id": "a", "parameters": filled}}]);
        let said = "x".repeat(100_000);
        for message in [
            json!({"type": "tool-calls", "call": {"id": "c", "metadata": {"org_id": org}}, "toolCallList": list, "artifact": said}),
            json!({"type": "tool-calls", "call": 7, "toolWithToolCallList": static_call, "artifact": said}),
            json!({"type": "tool-calls", "call": {"assistantId": "a"}, "toolCallList": [], "toolCalls": list, "artifact": said}),
        ] {
            for body in [message.clone(), json!({"message": message})] {
                let reduced = known_again_by(&body.to_string()).unwrap().to_string();
                assert!(reduced.len() < 2_000, "{reduced}");
                let [whole, reduced] = [&body.to_string(), &reduced].map(|body| Envelope::read(body).unwrap());
                assert_eq!((&reduced.kind, reduced.call_id()), (&whole.kind, whole.call_id()));
                assert_eq!(stated_org_id(&reduced.body), stated_org_id(&whole.body));
                assert_eq!((reduced.assistant_id(), reduced.called()), (whole.assistant_id(), whole.called()));
                let calls = |envelope: &Envelope| -> Vec<_> {
                    envelope.tool_calls().into_iter().map(|call| (call.id, call.name, call.arguments.ok())).collect()
                };
                assert_eq!(calls(&reduced), calls(&whole));
            }
        }
        assert_eq!(known_again_by("{"), None);
    }
}
