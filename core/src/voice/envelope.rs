//! The envelope of a server message: what kind it is, of which call, and the tool calls in it, in every shape that is in use.

use serde_json::{Map, Value};

use crate::booking_data::{parse_object, parse_object_within};
use crate::limits;
use crate::refusal::{Code, Refusal};
use crate::voice::arguments::is_unsaid;
use crate::voice::halves::mended;
use crate::voice::origin::{ASSISTANT_PLACES, CALLED_PLACES, static_parameters};

/// The longest server message that is read, in bytes: the report of a long call, with all that was said in it.
pub const LONGEST_MESSAGE: usize = 8 * 1024 * 1024;
/// The most tool calls of one message that are answered at all.
const MOST_CALLS: usize = 200;

/// What a server message is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    ToolCalls,
    /// The older shape of one tool call, which is answered without an id.
    FunctionCall,
    AssistantRequest,
    StatusUpdate,
    EndOfCallReport,
    /// By the name of its type; empty where it has none.
    Other(String),
}

/// A tool call as a model has made it.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolCall {
    /// As it came, for the answer.
    pub id: Value,
    pub name: String,
    /// What the model has filled in, or why that cannot be read.
    pub arguments: Result<Map<String, Value>, Refusal>,
}

/// A server message.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    pub body: Value,
    pub kind: Kind,
}

impl Envelope {
    /// Reads the body of a request. Whatever is a JSON object of a size that can be read is a message.
    pub fn read(body: &str) -> Result<Self, Refusal> {
        let parsed = parse_object_within(body, LONGEST_MESSAGE);
        let mut object = match parsed.as_ref().err().and_then(|_| mended(body)) {
            Some(mended) => parse_object_within(&mended, LONGEST_MESSAGE)?,
            None => parsed?,
        };
        // Some forward the message without its wrapping.
        if !object.get("message").is_some_and(Value::is_object) {
            let around = ["customer", "tool"].map(|key| Some((key.to_owned(), object.get(key)?.clone())));
            let mut wrapping = Map::new();
            wrapping.extend(around.into_iter().flatten());
            wrapping.insert("message".to_owned(), Value::Object(object));
            object = wrapping;
        }
        let body = Value::Object(object);
        let kind = kind_of(&body);
        Ok(Envelope { body, kind })
    }

    /// The message itself.
    pub fn message(&self) -> Option<&Map<String, Value>> {
        self.body.get("message")?.as_object()
    }

    /// Vapi's id of the phone call.
    pub fn call_id(&self) -> Option<String> {
        let id = self.text(&["/message/call/id"]).or_else(|| self.parameter("call_id")).filter(|id| !is_unsaid(id))?;
        limits::label("call id", &id, Code::InvalidRequest).ok()
    }

    /// The number that the person calls from, as it came.
    pub fn caller(&self) -> Option<String> {
        self.text(&["/message/call/customer/number", "/message/customer/number"])
            .or_else(|| self.parameter("caller_number"))
            .filter(|number| !is_unsaid(number))
    }

    /// The number that was called, as it came.
    pub fn called(&self) -> Option<String> {
        self.text(&CALLED_PLACES)
    }

    /// How it is called, in Vapi's word: `inboundPhoneCall`, `webCall`.
    pub fn call_kind(&self) -> Option<String> {
        let kind = self.text(&["/message/call/type"])?;
        limits::label("call type", &kind, Code::InvalidRequest).ok()
    }

    /// Vapi's id of the assistant that takes part.
    pub fn assistant_id(&self) -> Option<String> {
        self.text(&ASSISTANT_PLACES)
    }

    fn text(&self, places: &[&str]) -> Option<String> {
        let found = places.iter().find_map(|place| self.body.pointer(place)?.as_str());
        found.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn parameter(&self, key: &str) -> Option<String> {
        static_parameters(&self.body, key).find_map(Value::as_str).map(str::to_owned)
    }

    /// The tool calls, in order. A list that is given twice is read once; what a call lacks in one list is taken from the other.
    pub fn tool_calls(&self) -> Vec<ToolCall> {
        let listed = |place: &str| self.body.pointer(place).and_then(Value::as_array).filter(|list| !list.is_empty());
        let wrapped: Vec<Value> =
            listed("/message/toolWithToolCallList").into_iter().flatten().map(unwrapped).collect();
        let list = listed("/message/toolCallList").map(Vec::as_slice);
        let list = list.or_else(|| Some(wrapped.as_slice()).filter(|list| !list.is_empty()));
        let list = list.or_else(|| listed("/message/toolCalls").map(Vec::as_slice)).unwrap_or_default();
        let other = |id: &Value| wrapped.iter().find(|call| call.get("id") == Some(id) && !id.is_null());
        list.iter()
            .take(MOST_CALLS)
            .map(|call| tool_call(call, other(call.get("id").unwrap_or(&Value::Null))))
            .collect()
    }

    /// The tool call of a message of the older shape.
    pub fn function_call(&self) -> ToolCall {
        let call = self.body.pointer("/message/functionCall").unwrap_or(&Value::Null);
        tool_call(call, None)
    }
}

fn kind_of(body: &Value) -> Kind {
    let has = |key: &str| body.pointer(&format!("/message/{key}")).is_some_and(Value::is_array);
    match body.pointer("/message/type").and_then(Value::as_str).unwrap_or_default() {
        "tool-calls" => Kind::ToolCalls,
        "function-call" => Kind::FunctionCall,
        "assistant-request" => Kind::AssistantRequest,
        "status-update" => Kind::StatusUpdate,
        "end-of-call-report" => Kind::EndOfCallReport,
        "" if ["toolCallList", "toolWithToolCallList", "toolCalls"].into_iter().any(has) => Kind::ToolCalls,
        other => Kind::Other(limits::label("type", other, Code::InvalidRequest).unwrap_or_default()),
    }
}

/// The call in a list of tools with their calls, with the name of the tool where it has none itself.
fn unwrapped(tool: &Value) -> Value {
    let mut call = tool.get("toolCall").cloned().unwrap_or(Value::Null);
    if name_of(&call).is_none()
        && let (Some(name), Some(object)) = (name_of(tool), call.as_object_mut())
    {
        object.insert("name".to_owned(), name.into());
    }
    call
}

fn name_of(call: &Value) -> Option<&str> {
    let name = call.pointer("/function/name").or_else(|| call.get("name"))?.as_str()?;
    Some(name).filter(|name| !name.trim().is_empty())
}

fn tool_call(call: &Value, other: Option<&Value>) -> ToolCall {
    let id = match call.get("id").or_else(|| call.get("toolCallId")) {
        Some(id @ (Value::String(_) | Value::Number(_))) => id.clone(),
        _ => Value::Null,
    };
    let name = name_of(call).or_else(|| name_of(other?)).unwrap_or_default().to_owned();
    let stated = arguments_of(call).or_else(|| arguments_of(other?));
    let arguments = match stated {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object.clone()),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(Map::new()),
        Some(Value::String(text)) => parse_object(text),
        Some(_) => Err(Refusal::new(
            Code::InvalidRequest,
            "the arguments of the tool call are not an object",
            "pass an object, or a text that holds one",
        )),
    };
    ToolCall { id, name, arguments }
}

fn arguments_of(call: &Value) -> Option<&Value> {
    const PLACES: [&str; 4] = ["/function/arguments", "/arguments", "/function/parameters", "/parameters"];
    PLACES.iter().filter_map(|place| call.pointer(place)).find(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn calls(message: Value) -> Vec<ToolCall> {
        let envelope = Envelope::read(&json!({"message": message}).to_string()).unwrap();
        assert_eq!(envelope.kind, Kind::ToolCalls);
        envelope.tool_calls()
    }

    #[test]
    fn every_shape_of_a_call_is_the_same_call() {
        let filled = json!({"patientName": "Ann"});
        let forms = [
            json!({"id": "c1", "function": {"name": "book_appointment", "arguments": filled}}),
            json!({"id": "c1", "function": {"name": "book_appointment", "arguments": filled.to_string()}}),
            json!({"id": "c1", "function": {"name": "book_appointment", "parameters": filled}}),
            json!({"id": "c1", "name": "book_appointment", "arguments": filled}),
            json!({"id": "c1", "name": "book_appointment", "parameters": filled}),
        ];
        let expected = ToolCall {
            id: json!("c1"),
            name: "book_appointment".to_owned(),
            arguments: Ok(filled.as_object().unwrap().clone()),
        };
        for form in forms {
            for message in [
                json!({"type": "tool-calls", "toolCallList": [form]}),
                json!({"type": "tool-calls", "toolWithToolCallList": [{"type": "function", "toolCall": form}]}),
                json!({"type": "tool-calls", "toolCalls": [form]}),
                json!({"toolCallList": [form], "toolWithToolCallList": [{"toolCall": form}]}),
                json!({"toolCalls": [form]}),
            ] {
                assert_eq!(calls(message.clone()), vec![expected.clone()], "{message}");
            }
        }
    }

    #[test]
    fn what_one_list_lacks_is_taken_from_the_other() {
        let message = json!({"type": "tool-calls", "toolCallList": [{"id": "c1"}],
            "toolWithToolCallList": [{"name": "find_appointment", "parameters": [{"key": "org_id", "value": "x"}],
                "toolCall": {"id": "c1", "parameters": {"patientPhone": "1"}}}]});
        let found = calls(message);
        assert_eq!(found[0].name, "find_appointment");
        assert_eq!(found[0].arguments, Ok(json!({"patientPhone": "1"}).as_object().unwrap().clone()));
    }

    #[test]
    fn calls_come_in_order_and_not_without_end() {
        let list: Vec<Value> = (0..1000).map(|n| json!({"id": n, "name": "x"})).collect();
        let ids: Vec<Value> =
            calls(json!({"type": "tool-calls", "toolCallList": list})).into_iter().map(|call| call.id).collect();
        assert_eq!(ids, (0..200).map(|n| json!(n)).collect::<Vec<_>>());
    }

    #[test]
    fn arguments_that_cannot_be_read_are_the_calls_trouble_only() {
        let found = calls(json!({"type": "tool-calls", "toolCallList": [
            {"id": "c1", "function": {"name": "x", "arguments": "{\"a\":"}},
            {"id": "c2", "function": {"name": "x", "arguments": [1]}},
            {"id": "c3", "function": {"name": "x", "arguments": ""}},
            {"id": {"no": "id"}, "function": 7}]}));
        assert_eq!(found[0].arguments.as_ref().unwrap_err().code, Code::InvalidRequest);
        assert!(found[1].arguments.is_err());
        assert_eq!(found[2].arguments, Ok(Map::new()));
        assert_eq!((&found[3].id, found[3].name.as_str()), (&Value::Null, ""));
    }

    #[test]
    fn a_message_says_of_which_call_it_is() {
        let envelope = Envelope::read(
            r#"{"message": {"type": "status-update", "call": {"id": " c-1 ", "assistantId": "a-1",
                "customer": {"number": "+14155550134"}}, "phoneNumber": {"number": "+14155550100"}}}"#,
        )
        .unwrap();
        assert_eq!(envelope.kind, Kind::StatusUpdate);
        assert_eq!(envelope.call_id().as_deref(), Some("c-1"));
        assert_eq!(envelope.caller().as_deref(), Some("+14155550134"));
        assert_eq!(envelope.called().as_deref(), Some("+14155550100"));
        assert_eq!(envelope.assistant_id().as_deref(), Some("a-1"));
    }

    #[test]
    fn a_static_parameter_that_was_filled_in_serves_too_and_one_that_was_not_does_not() {
        let read = |number: &str| {
            let body = json!({"message": {"type": "tool-calls", "toolWithToolCallList":
                [{"parameters": [{"key": "caller_number", "value": number}], "toolCall": {"id": "c", "name": "x"}}]}});
            Envelope::read(&body.to_string()).unwrap().caller()
        };
        assert_eq!(read("+14155550134").as_deref(), Some("+14155550134"));
        assert_eq!(read("{{ customer.number }}"), None);
        let nobodys = json!({"message": {"toolWithToolCallList": [{"parameters": [{"key": "call_id", "value": "{{ call.id }}"}]}]}});
        assert_eq!(Envelope::read(&nobodys.to_string()).unwrap().call_id(), None);
    }

    #[test]
    fn whatever_is_an_object_is_a_message_of_some_kind() {
        assert_eq!(Envelope::read("{}").unwrap().kind, Kind::Other(String::new()));
        let bare = Envelope::read(r#"{"type": "tool-calls", "toolCallList": [{"id": 1, "name": "x"}]}"#).unwrap();
        assert_eq!((bare.kind.clone(), bare.tool_calls().len()), (Kind::ToolCalls, 1));
        let odd = Envelope::read(r#"{"message": {"type": "hang\u0000", "toolCallList": 7}}"#).unwrap();
        assert_eq!(odd.kind, Kind::Other(String::new()));
        for bad in ["", "[]", "null", "{", "\"text\"", &"[".repeat(100_000)] {
            assert!(Envelope::read(bad).is_err());
        }
    }
}
