//! What Vapi's errors mean for the request that met them.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::http::Reply;
use crate::outcome::{Effect, Failure};

/// `{"message":["model.toolIds must be …"],"error":"Bad Request","statusCode":400}`, or one message without a list.
#[derive(Deserialize)]
struct ErrorReply {
    message: Messages,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Messages {
    Many(Vec<String>),
    One(String),
}

/// The most fields that are named in an error.
const MOST_FIELDS: usize = 5;

/// The failure that a reply without success stands for.
pub fn failure(reply: &Reply, effect: Effect) -> Failure {
    told(reply, effect, "")
}

/// The failure of a request that has sent `body`, with the names of the fields of it that Vapi finds fault with.
pub fn of_write(reply: &Reply, body: &Value) -> Failure {
    let fields = reply.error_object::<ErrorReply>().map(|error| fields_named(&error.message, body));
    let fields: Vec<String> = fields.into_iter().flatten().take(MOST_FIELDS).collect();
    let about = if fields.is_empty() { String::new() } else { format!(" for {}", fields.join(", ")) };
    told(reply, Effect::Write, &about)
}

fn told(reply: &Reply, effect: Effect, about: &str) -> Failure {
    let code = reply.status_code();
    let error = |what: &str| format!("Vapi {what}{about} (HTTP {})", reply.status.as_str());
    match reply.status {
        // These were never looked at.
        StatusCode::TOO_MANY_REQUESTS => {
            Failure::not_done(error("asks to be sent less at once"), code, reply.retry_after_seconds)
        }
        status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
            effect.unsure(error("failed"), code, reply.retry_after_seconds)
        }
        StatusCode::UNAUTHORIZED => Failure::unauthorized(error("does not accept the API key"), code),
        StatusCode::NOT_FOUND => Failure::refused(error("does not have it"), code),
        _ => Failure::refused(error("refused the request"), code),
    }
}

/// What Vapi says can repeat anything; the names of fields that we have sent ourselves are ours to repeat.
fn fields_named(messages: &Messages, body: &Value) -> BTreeSet<String> {
    let messages = match messages {
        Messages::Many(messages) => messages.as_slice(),
        Messages::One(message) => std::slice::from_ref(message),
    };
    messages.iter().flat_map(|message| message.split_whitespace()).filter_map(|word| field_of(word, body)).collect()
}

/// `word` if it is the path of something in `body`, as `model.messages.0.content`.
fn field_of(word: &str, body: &Value) -> Option<String> {
    let path = word.trim_end_matches([',', ':', ';', '.']);
    let found = path.split('.').try_fold(body, |place, segment| match place {
        Value::Object(fields) => fields.get(segment),
        Value::Array(items) => items.get(segment.parse::<usize>().ok()?),
        _ => None,
    });
    found.map(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn of_what_vapi_says_only_the_names_of_our_own_fields_are_repeated() {
        let body = json!({"model": {"toolIds": ["t"], "messages": [{"content": "x"}]}, "server": {"url": "u"}});
        let messages = Messages::Many(vec![
            "model.toolIds must be of +14155550123".to_owned(),
            "model.messages.0.content: too long, server.url.".to_owned(),
            "model.messages.7.content model.secret".to_owned(),
        ]);
        let fields: Vec<String> = fields_named(&messages, &body).into_iter().collect();
        assert_eq!(fields, ["model.messages.0.content", "model.toolIds", "server.url"]);
        assert!(fields_named(&Messages::One("Couldn't Get Tool.".to_owned()), &body).is_empty());
    }
}
