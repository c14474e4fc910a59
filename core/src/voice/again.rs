//! Asking again about a message that was carried out already, or may have been.

use crate::voice::envelope::{Envelope, Kind};

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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

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
}
