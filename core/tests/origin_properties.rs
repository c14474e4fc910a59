//! Whose call it is, of any body: what is read before anybody has proved themselves says the same as the whole.

use booking_core::voice::Envelope;
use booking_core::voice::origin::{origin_only, stated_org_id};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use uuid::Uuid;

const NAMES: [&str; 22] = [
    "message",
    "call",
    "metadata",
    "org_id",
    "assistantOverrides",
    "assistant",
    "assistantId",
    "customer",
    "toolWithToolCallList",
    "toolCallList",
    "toolCall",
    "parameters",
    "key",
    "value",
    "tool",
    "id",
    "phoneNumber",
    "number",
    "type",
    "function",
    "arguments",
    "",
];
/// Places that count, some that look like them, and the ways to them.
const PLACES: [&str; 24] = [
    "message/call/metadata/org_id",
    "message/call/assistantOverrides/metadata/org_id",
    "message/assistant/metadata/org_id",
    "customer/metadata/org_id",
    "message/toolWithToolCallList",
    "message/toolWithToolCallList",
    "tool/parameters",
    "tool/parameters",
    "message/call/assistantId",
    "message/assistant/id",
    "message/call/assistant/id",
    "message/phoneNumber/number",
    "message/call/phoneNumber/number",
    "call/metadata/org_id",
    "call/assistantId",
    "phoneNumber/number",
    "toolWithToolCallList",
    "assistant/metadata/org_id",
    "message/type",
    "message/customer/metadata/org_id",
    "message/tool/parameters",
    "message",
    "message/call",
    "message/assistant",
];

fn leaf() -> impl Strategy<Value = Value> {
    let ids = [
        "01890a5d-ac96-774b-bcce-b302099a8057",
        "01890A5D-AC96-774B-BCCE-B302099A8057 ",
        "01890a5d-ac96-774b-bcce-b302099a8058",
    ];
    let texts = ["org_id", "", " ", "assistant-1", "+14155550100", "nobody"];
    let texts = ids.iter().chain(&ids).chain(&texts).map(|text| json!(text));
    select(texts.chain([json!(null), json!(7), json!(true), json!([]), json!({}), json!(-0.5)]).collect::<Vec<_>>())
}

fn parameter() -> impl Strategy<Value = Value> {
    (select(vec!["org_id", "org_id", "call_id"]), leaf()).prop_map(|(key, value)| json!({"key": key, "value": value}))
}

fn tools() -> impl Strategy<Value = Value> {
    vec(vec(parameter(), 0..4).prop_map(|parameters| json!({"parameters": parameters})), 0..4).prop_map(Value::from)
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![leaf(), parameter(), vec(parameter(), 0..4).prop_map(Value::from), tools()];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            vec((select(NAMES.to_vec()), inner.clone()), 0..4)
                .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
            vec(inner, 0..4).prop_map(Value::from),
        ]
    })
}

/// Puts `value` there, where nothing but objects is on the way.
fn put(body: &mut Value, place: &str, value: Value) {
    let mut at = body;
    for name in place.split('/') {
        let Some(fields) = at.as_object_mut() else { return };
        at = fields.entry(name).or_insert_with(|| json!({}));
    }
    *at = value;
}

fn body() -> impl Strategy<Value = Value> {
    vec((select(PLACES.to_vec()), prop_oneof![3 => leaf(), 1 => any_value()]), 0..6).prop_map(|parts| {
        let mut body = json!({});
        parts.into_iter().for_each(|(place, value)| put(&mut body, place, value));
        body
    })
}

/// Whose it is; `Err` where it is refused.
fn origin(body: &str) -> (Result<Option<Uuid>, ()>, Option<String>, Option<String>) {
    let envelope = Envelope::read(body).unwrap();
    (stated_org_id(&envelope.body).map_err(drop), envelope.assistant_id(), envelope.called())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn what_is_read_beforehand_says_whose_call_it_is_as_the_whole_does(body in body()) {
        let reduced = origin_only(&body.to_string()).unwrap();
        prop_assert_eq!(origin(&reduced.to_string()), origin(&body.to_string()), "{} of {}", reduced, body);
    }

    #[test]
    fn anything_is_read_or_is_nothing(text in "\\PC*", value in any_value()) {
        origin_only(&text);
        prop_assert_eq!(origin_only(&value.to_string()).is_some(), value.is_object());
    }
}
