//! An assistant as it is to be at Vapi: what is there, with ours upon it. Its model is replaced as a whole, so that all of it
//! has to be sent back.

use serde_json::{Map, Value, json};
use thiserror::Error;
use uuid::Uuid;

use super::tool::merged;

/// What an assistant tells its server: the messages that are understood.
pub const SERVER_MESSAGES: [&str; 3] = ["tool-calls", "status-update", "end-of-call-report"];

/// What an assistant may be told to send to its server that is read as well.
const ALSO_READ: [&str; 2] = ["assistant-request", "function-call"];

/// The types of messages that an assistant sends and nothing reads: each is kept whole.
pub fn unread(found: &Value) -> Vec<&str> {
    let listed = found.get("serverMessages").and_then(Value::as_array).into_iter().flatten();
    let is_read = |kind: &&str| SERVER_MESSAGES.contains(kind) || ALSO_READ.contains(kind);
    listed.filter_map(Value::as_str).filter(|kind| !is_read(kind)).collect()
}

/// What of an assistant is ours.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    pub org_id: Uuid,
    /// The first of its system messages.
    pub prompt: &'a str,
    pub tool_ids: &'a [String],
    /// Ids of tools of ours that are gone, or there a second time: they cannot stay linked.
    pub gone_ids: &'a [String],
    /// As [`super::tool::server`] makes it.
    pub server: &'a Value,
}

/// An assistant that has no model to speak with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the assistant has no model yet: choose one in Vapi's dashboard, and run this again")]
pub struct NoModel;

impl Wanted<'_> {
    /// What brings the assistant that was found into line: the body of PATCH /assistant/ID.
    pub fn change(&self, found: &Value) -> Result<Value, NoModel> {
        let model = found.get("model").and_then(Value::as_object).ok_or(NoModel)?;
        let mut model = model.clone();
        model.insert("messages".to_owned(), self.messages(&model));
        model.insert("toolIds".to_owned(), self.tool_ids(&model));
        Ok(json!({
            "model": model,
            "server": merged(found.get("server"), self.server),
            "serverMessages": with(list(found.get("serverMessages")), SERVER_MESSAGES.map(Value::from)),
            "metadata": merged(found.get("metadata"), &json!({"org_id": self.org_id})),
        }))
    }

    /// The first system message is ours; others may have added more.
    fn messages(&self, model: &Map<String, Value>) -> Value {
        let mut messages = list(model.get("messages"));
        let is_system = |message: &&mut Value| message.get("role").and_then(Value::as_str) == Some("system");
        match messages.iter_mut().find(is_system).and_then(Value::as_object_mut) {
            Some(message) => drop(message.insert("content".to_owned(), self.prompt.into())),
            None => messages.insert(0, json!({"role": "system", "content": self.prompt})),
        }
        Value::Array(messages)
    }

    /// Ours after those of others, in the order that is there.
    fn tool_ids(&self, model: &Map<String, Value>) -> Value {
        let mut tool_ids = list(model.get("toolIds"));
        tool_ids.retain(|id| !self.gone_ids.iter().any(|gone| id == gone));
        with(tool_ids, self.tool_ids.iter().map(|id| Value::from(id.as_str())))
    }
}

fn list(value: Option<&Value>) -> Vec<Value> {
    value.and_then(Value::as_array).cloned().unwrap_or_default()
}

fn with(mut list: Vec<Value>, ours: impl IntoIterator<Item = Value>) -> Value {
    for item in ours {
        if !list.contains(&item) {
            list.push(item);
        }
    }
    Value::Array(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vapi::compare::differences;
    use crate::vapi::tool::server;

    fn change(found: &Value) -> Result<Value, NoModel> {
        Wanted {
            org_id: Uuid::from_u128(7),
            prompt: "You answer.",
            tool_ids: &["t1".to_owned(), "t2".to_owned()],
            gone_ids: &["t0".to_owned()],
            server: &server("https://worker.example.com/vapi", Some("c1")),
        }
        .change(found)
    }

    fn found() -> Value {
        json!({
            "id": "a1", "name": "Ann",
            "model": {"provider": "openai", "model": "gpt-4o", "temperature": 0.3, "toolIds": ["x", "t2", "t0", "y"],
                "messages": [{"role": "user", "content": "Hi"}, {"role": "system", "content": "Old.", "id": 1},
                    {"role": "system", "content": "More."}]},
            "server": {"url": "https://old.example.com", "headers": {"a": "b"}},
            "serverMessages": ["hang", "tool-calls"],
            "metadata": {"branch": "north"},
        })
    }

    #[test]
    fn what_others_have_set_stays_and_ours_comes_upon_it() {
        let expected = json!({
            "model": {"provider": "openai", "model": "gpt-4o", "temperature": 0.3, "toolIds": ["x", "t2", "y", "t1"],
                "messages": [{"role": "user", "content": "Hi"}, {"role": "system", "content": "You answer.", "id": 1},
                    {"role": "system", "content": "More."}]},
            "server": {"url": "https://worker.example.com/vapi", "timeoutSeconds": 20, "credentialId": "c1", "headers": {"a": "b"}},
            "serverMessages": ["hang", "tool-calls", "status-update", "end-of-call-report"],
            "metadata": {"branch": "north", "org_id": "00000000-0000-0000-0000-000000000007"},
        });
        assert_eq!(change(&found()), Ok(expected));
    }

    #[test]
    fn an_assistant_that_is_in_line_is_left_as_it_is() {
        let mut in_line = found();
        let first = change(&in_line).unwrap();
        for (name, value) in first.as_object().unwrap() {
            in_line[name] = value.clone();
        }
        assert_eq!(differences(&change(&in_line).unwrap(), &in_line), []);
    }

    #[test]
    fn an_assistant_with_a_model_and_nothing_else_gets_all_of_ours() {
        let body = change(&json!({"model": {"provider": "openai"}, "server": null, "metadata": null})).unwrap();
        assert_eq!(body["model"]["messages"], json!([{"role": "system", "content": "You answer."}]));
        assert_eq!(body["model"]["toolIds"], json!(["t1", "t2"]));
        assert_eq!(body["serverMessages"], json!(SERVER_MESSAGES));
    }

    #[test]
    fn messages_that_nothing_reads_are_known() {
        let found = json!({"serverMessages": ["hang", "tool-calls", "assistant-request", 7, "conversation-update"]});
        assert_eq!(unread(&found), ["hang", "conversation-update"]);
        assert!(unread(&json!({"serverMessages": SERVER_MESSAGES})).is_empty() && unread(&json!({})).is_empty());
    }

    #[test]
    fn an_assistant_without_a_model_is_refused() {
        for found in [json!({}), json!({"model": null}), json!({"model": "gpt-4o"})] {
            assert_eq!(change(&found), Err(NoModel));
        }
    }
}
