//! An account at Vapi that remembers what it was sent, and adds fields of its own.

use std::sync::{Arc, Mutex};

use booking_worker::vapi::Vapi;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::client;

pub const API_KEY: &str = "the-api-key";

/// What there is, and how it was changed.
#[derive(Default)]
pub struct Kept {
    pub tools: Vec<Value>,
    pub assistant: Value,
    /// What was written, as `PATCH /tool/tool-1`.
    pub writes: Vec<String>,
    /// Whether what is sent for the assistant is taken and not kept.
    pub is_forgetful: bool,
}

#[derive(Clone)]
struct Replies(Arc<Mutex<Kept>>);

pub struct VapiAccount {
    pub server: MockServer,
    kept: Arc<Mutex<Kept>>,
}

impl VapiAccount {
    pub async fn start(kept: Kept) -> Self {
        let server = MockServer::start().await;
        let kept = Arc::new(Mutex::new(kept));
        Mock::given(any()).respond_with(Replies(kept.clone())).mount(&server).await;
        VapiAccount { server, kept }
    }

    pub fn client(&self) -> Vapi {
        Vapi::new(client(), &self.server.uri(), SecretString::from(API_KEY)).unwrap()
    }

    pub fn with<T>(&self, look: impl FnOnce(&mut Kept) -> T) -> T {
        look(&mut self.kept.lock().unwrap())
    }

    /// What was written since this was asked last.
    pub fn writes(&self) -> Vec<String> {
        self.with(|kept| std::mem::take(&mut kept.writes))
    }
}

impl Respond for Replies {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        if request.headers.get("authorization").is_none_or(|value| value != &format!("Bearer {API_KEY}")) {
            return refused(401, "Invalid Key. Hot tip, you may be using the public key.");
        }
        let mut kept = self.0.lock().unwrap();
        let path = request.url.path().to_owned();
        if request.method != Method::GET {
            kept.writes.push(format!("{} {path}", request.method));
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["tool"]) => kept.list(request),
            ("POST", ["tool"]) => kept.create(body),
            ("GET", ["tool", id]) => found(kept.tool(id)),
            ("PATCH", ["tool", _]) if body.get("type").is_some() => refused(400, "property type should not exist"),
            ("PATCH", ["tool", id]) => changed(kept.tool(id), &body),
            ("GET", ["assistant", id]) => found(kept.assistant(id)),
            ("PATCH", ["assistant", id]) if kept.is_forgetful => found(kept.assistant(id)),
            ("PATCH", ["assistant", id]) => changed(kept.assistant(id), &body),
            _ => refused(404, "Cannot find it"),
        }
    }
}

impl Kept {
    fn tool(&mut self, id: &str) -> Option<&mut Value> {
        self.tools.iter_mut().find(|tool| tool["id"] == id)
    }

    fn assistant(&mut self, id: &str) -> Option<&mut Value> {
        Some(&mut self.assistant).filter(|assistant| assistant["id"] == id)
    }

    /// The newest first, as many as were asked for and before when.
    fn list(&self, request: &Request) -> ResponseTemplate {
        let query = |name: &str| request.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value);
        let before = query("createdAtLt").map(|time| time.into_owned()).unwrap_or("z".to_owned());
        let limit = query("limit").map_or(100, |limit| limit.parse().unwrap());
        let is_before = |tool: &&Value| tool["createdAt"].as_str().unwrap() < before.as_str();
        let tools: Vec<&Value> = self.tools.iter().rev().filter(is_before).take(limit).collect();
        ResponseTemplate::new(200).set_body_json(tools)
    }

    fn create(&mut self, body: Value) -> ResponseTemplate {
        let number = self.tools.len() + 1;
        let mut tool = body;
        tool["id"] = format!("tool-{number}").into();
        tool["orgId"] = "o1".into();
        tool["createdAt"] = created_at(number).into();
        tool["function"]["parameters"]["additionalProperties"] = false.into();
        self.tools.push(tool.clone());
        ResponseTemplate::new(201).set_body_json(tool)
    }
}

pub fn created_at(number: usize) -> String {
    format!("2026-11-20T12:00:00.{number:06}Z")
}

fn found(object: Option<&mut Value>) -> ResponseTemplate {
    match object {
        Some(object) => ResponseTemplate::new(200).set_body_json(object),
        None => refused(404, "Couldn't get it"),
    }
}

/// Each field is replaced as a whole.
fn changed(object: Option<&mut Value>, body: &Value) -> ResponseTemplate {
    let Some(object) = object else { return found(None) };
    let fields: Map<String, Value> = body.as_object().unwrap().clone();
    object.as_object_mut().unwrap().extend(fields);
    object["updatedAt"] = "2026-11-20T13:00:00Z".into();
    found(Some(object))
}

pub fn refused(status: u16, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({"message": [message], "error": "No", "statusCode": status}))
}
