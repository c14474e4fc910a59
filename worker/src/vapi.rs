//! Vapi: the tools and the assistant of a voice agent, read and changed; what they are to be, and what differs; and whether a
//! request is Vapi's.

mod account;
pub mod assistant;
pub mod authentication;
pub mod compare;
mod failure;
pub mod sync;
pub mod tool;

use std::fmt;

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::http::{BadAddress, LARGEST_LIST, LARGEST_OBJECT, Reply, address, below, exchange};
use crate::outcome::{Effect, Failure};

pub use account::{BadServerSecret, VapiAccount, server_secret};

/// Where Vapi is.
pub const BASE_URL: &str = "https://api.vapi.ai";

const PROVIDER: &str = "Vapi";
/// The most tools that Vapi gives at once.
const PAGE_SIZE: usize = 1000;
/// Nobody has more tools than fit on these.
const MOST_PAGES: usize = 20;

/// One account at Vapi.
pub struct Vapi {
    http: Client,
    base: Url,
    api_key: SecretString,
}

impl fmt::Debug for Vapi {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Vapi").finish_non_exhaustive()
    }
}

impl Vapi {
    /// The account at `base_url`, which is [`BASE_URL`] but for tests.
    pub fn new(http: Client, base_url: &str, api_key: SecretString) -> Result<Self, BadAddress> {
        Ok(Vapi { http, base: address("Vapi", base_url)?, api_key })
    }

    /// Whether the key is accepted.
    pub async fn check(&self) -> Result<(), Failure> {
        let request = self.request(Method::GET, &["tool"])?.query(&[("limit", "1")]);
        let reply = succeeded(exchange(request, PROVIDER, Effect::Read, LARGEST_OBJECT).await?, Effect::Read)?;
        reply.object::<Vec<Value>>().map(drop)
    }

    /// Every tool of the account, the newest first.
    pub async fn tools(&self) -> Result<Vec<Value>, Failure> {
        let mut tools: Vec<Value> = Vec::new();
        let mut created_before: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut request = self.request(Method::GET, &["tool"])?.query(&[("limit", PAGE_SIZE)]);
            if let Some(time) = &created_before {
                request = request.query(&[("createdAtLt", time)]);
            }
            let reply = succeeded(exchange(request, PROVIDER, Effect::Read, LARGEST_LIST).await?, Effect::Read)?;
            let page: Vec<Value> = reply.object()?;
            let is_last = page.len() < PAGE_SIZE;
            // Times in one form, so that the least text is the earliest.
            let oldest = page.iter().filter_map(|tool| tool.get("createdAt")?.as_str()).min().map(str::to_owned);
            tools.extend(page);
            if is_last {
                return Ok(tools);
            }
            created_before = oldest;
            if created_before.is_none() {
                return Err(reply.unreadable("which does not say when its tools were created"));
            }
        }
        Err(Failure::refused("Vapi lists more tools than can be looked through", None))
    }

    /// The tool of that id; `None` where there is none (404).
    pub async fn tool(&self, tool_id: &str) -> Result<Option<Value>, Failure> {
        self.get(&["tool", tool_id]).await
    }

    /// Makes a tool. There is no idempotency key: after [`Failure::Unknown`], look for it among [`Vapi::tools`].
    pub async fn create_tool(&self, tool: &Value) -> Result<Value, Failure> {
        self.write(Method::POST, &["tool"], tool).await
    }

    /// Replaces the fields that `change` has, each as a whole.
    pub async fn change_tool(&self, tool_id: &str, change: &Value) -> Result<Value, Failure> {
        self.write(Method::PATCH, &["tool", tool_id], change).await
    }

    /// The assistant of that id; `None` where there is none (404).
    pub async fn assistant(&self, assistant_id: &str) -> Result<Option<Value>, Failure> {
        self.get(&["assistant", assistant_id]).await
    }

    /// Replaces the fields that `change` has, each as a whole: `model` too.
    pub async fn change_assistant(&self, assistant_id: &str, change: &Value) -> Result<Value, Failure> {
        self.write(Method::PATCH, &["assistant", assistant_id], change).await
    }

    async fn get(&self, segments: &[&str]) -> Result<Option<Value>, Failure> {
        let request = self.request(Method::GET, segments)?;
        let reply = exchange(request, PROVIDER, Effect::Read, LARGEST_OBJECT).await?;
        match reply.status {
            StatusCode::NOT_FOUND => Ok(None),
            _ => named(&succeeded(reply, Effect::Read)?).map(Some),
        }
    }

    async fn write(&self, method: Method, segments: &[&str], body: &Value) -> Result<Value, Failure> {
        let request = self.request(method, segments)?.json(body);
        let reply = exchange(request, PROVIDER, Effect::Write, LARGEST_OBJECT).await?;
        if !reply.status.is_success() {
            return Err(failure::of_write(&reply, body));
        }
        named(&reply)
    }

    fn request(&self, method: Method, segments: &[&str]) -> Result<RequestBuilder, Failure> {
        let url = below(&self.base, segments);
        let url = url.ok_or_else(|| Failure::refused("the tool or the assistant has no usable id", None))?;
        Ok(self.http.request(method, url).bearer_auth(self.api_key.expose_secret()))
    }
}

/// The id of what Vapi has sent.
pub fn id_of(object: &Value) -> Option<&str> {
    object.get("id").and_then(Value::as_str).filter(|id| !id.is_empty())
}

fn succeeded(reply: Reply, effect: Effect) -> Result<Reply, Failure> {
    if reply.status.is_success() { Ok(reply) } else { Err(failure::failure(&reply, effect)) }
}

/// An object with an id.
fn named(reply: &Reply) -> Result<Value, Failure> {
    let object: Value = reply.object()?;
    if id_of(&object).is_none() {
        return Err(reply.unreadable("which names nothing"));
    }
    Ok(object)
}
