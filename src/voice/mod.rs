//! Voice agents. One entry takes whatever Vapi sends and gives back what it wants: tool calls are answered in words that can be
//! read aloud, what is told of calls is kept.

pub mod agent;
mod answered;
mod call;
mod choose;
mod once;
mod origin;
mod tools;

use booking_core::voice::said::{NOBODYS, NOT_READ, SAID_TWICE, TOO_MANY, UNAVAILABLE, UNKNOWN_TOOL};
use booking_core::voice::{Envelope, Kind, Tool, ToolCall};
use booking_core::{Code, Refusal, limits, speech};
use pgrx::Json;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::{Error, Result, or_raise};
use crate::organization::{Asked, Organization};
use crate::raw_json::JsonText;
use once::{Done, once};

pub use call::{clean, forget, purge};

// One unnamed parameter, so that PostgREST hands over the whole body of a request as it was posted.
#[pg_extern(sql = r#"
CREATE FUNCTION booking.vapi_message(json) RETURNS json
    STRICT LANGUAGE c SET search_path TO pg_catalog, pg_temp
    AS '@MODULE_PATHNAME@', '@FUNCTION_NAME@';"#)]
fn vapi_message(body: JsonText) -> Json {
    Json(match Envelope::read(&body.0) {
        Ok(envelope) => or_raise(Spi::connect_mut(|client| answer(client, &envelope))),
        Err(_) => json!({"results": [], "error": UNAVAILABLE}),
    })
}

/// What is said back to a message. Whatever is in it, there is an answer.
fn answer(client: &mut SpiClient<'_>, envelope: &Envelope) -> Result<Value> {
    let org_id = match origin::organization(client, envelope) {
        Ok(org_id) => org_id,
        Err(Error::Refused(refusal)) => return Ok(nobodys(envelope, &refusal)),
        Err(error) => return Err(error),
    };
    match &envelope.kind {
        Kind::ToolCalls => {
            let calls = envelope.tool_calls();
            let said = tool_calls(client, org_id, envelope, &calls)?;
            let results = calls.iter().zip(said);
            Ok(json!({"results": results.map(|(call, said)| result(call, &said)).collect::<Vec<_>>()}))
        }
        Kind::FunctionCall => {
            let said = tool_calls(client, org_id, envelope, &[envelope.function_call()])?;
            Ok(json!({"result": said.first().map(|said| aloud(said))}))
        }
        Kind::StatusUpdate | Kind::EndOfCallReport => call::told(client, org_id, envelope).map(|()| json!({})),
        Kind::AssistantRequest => agent::assistant(client, org_id),
        Kind::Other(kind) => call::keep(client, org_id, envelope, kind).map(|()| json!({})),
    }
}

/// The longest answer, in characters: nobody listens to more.
const LONGEST_ANSWER: usize = 2_000;

/// What is said, as it can be read aloud.
fn aloud(said: &str) -> String {
    limits::one_line(said, LONGEST_ANSWER)
}

fn result(call: &ToolCall, said: &str) -> Value {
    json!({"name": call.name, "toolCallId": call.id, "result": aloud(said)})
}

/// What is said where nobody knows whose message it is.
fn nobodys(envelope: &Envelope, refusal: &Refusal) -> Value {
    match envelope.kind {
        Kind::ToolCalls => {
            let calls = envelope.tool_calls();
            json!({"results": calls.iter().map(|call| result(call, NOBODYS)).collect::<Vec<_>>()})
        }
        Kind::FunctionCall => json!({"result": NOBODYS}),
        Kind::AssistantRequest => json!({"error": NOBODYS}),
        // Nobody hears this one: for whoever has set it up.
        _ => json!({"error": refusal.message, "hint": refusal.hint}),
    }
}

/// A call of a tool, with what is known of the phone call that it is made in.
pub struct Context<'a> {
    pub organization: &'a Organization,
    /// The number that the person calls from, as it came.
    pub caller: Option<String>,
    pub call_id: Option<String>,
}

/// The most tool calls of one message that are carried out.
const MOST_AT_ONCE: usize = 20;

/// Answers tool calls, one after the other, and notes in the call what has come of them.
fn tool_calls(
    client: &mut SpiClient<'_>,
    org_id: Uuid,
    envelope: &Envelope,
    calls: &[ToolCall],
) -> Result<Vec<String>> {
    let organization = match Organization::read(client, Asked { org_id: Some(org_id), ..Asked::default() }) {
        Ok(organization) => organization,
        Err(Error::Refused(_)) => return Ok(calls.iter().map(|_| NOBODYS.to_owned()).collect()),
        Err(error) => return Err(error),
    };
    let context = Context { organization: &organization, caller: envelope.caller(), call_id: envelope.call_id() };
    let mut said = Vec::with_capacity(calls.len());
    let mut about = call::About::default();
    for (position, call) in calls.iter().enumerate() {
        if position >= MOST_AT_ONCE {
            said.push(TOO_MANY.to_owned());
            continue;
        }
        let done = tool_call(client, &context, call)?;
        about.add(&done);
        said.push(done.result);
    }
    call::touch(client, &context, envelope, &about)?;
    Ok(said)
}

/// Answers one tool call. What stands in its way is said, not raised.
fn tool_call(client: &mut SpiClient<'_>, context: &Context<'_>, call: &ToolCall) -> Result<Done> {
    let Some(tool) = Tool::named(&call.name) else { return Ok(Done::saying(UNKNOWN_TOOL)) };
    match once(client, context, tool, call, |client, arguments| tools::run(client, context, tool, arguments)) {
        Err(Error::Refused(refusal)) => Ok(Done::saying(match refusal.code {
            Code::IdempotencyConflict => SAID_TWICE,
            Code::InvalidRequest => NOT_READ,
            code => speech::please_repeat(code),
        })),
        done => done,
    }
}
