//! A tool call counts once: asked again under the same id in the same phone call, it is answered again and not done again.

use booking_core::voice::arguments::Arguments;
use booking_core::voice::{Tool, ToolCall};
use booking_core::{Code, limits};
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::book::idempotency::{self, Fingerprint, Key};
use crate::book::lock::Locks;
use crate::error::Result;
use crate::voice::{Context, answered};

/// What has come of a tool call.
#[derive(Default)]
pub struct Done {
    /// What is said.
    pub result: String,
    pub appointment_id: Option<Uuid>,
    pub contact_id: Option<Uuid>,
    /// Whether anything was changed.
    pub has_changed: bool,
    /// Whether the booking waits for its calendar, so that another answer is to come.
    pub is_held: bool,
}

impl Done {
    pub fn saying(result: impl Into<String>) -> Self {
        Done { result: result.into(), ..Done::default() }
    }

    /// What came of a change to an appointment, from the answer of the function that makes it.
    pub fn of(answer: &Value) -> Self {
        let id = |key: &str| answer.get(key)?.as_str()?.parse().ok();
        Done {
            result: answer.get("message").and_then(Value::as_str).unwrap_or_default().to_owned(),
            appointment_id: id("appointmentId"),
            contact_id: id("contactId"),
            has_changed: answer.get("success") == Some(&Value::Bool(true)),
            is_held: answer.get("status").and_then(Value::as_str) == Some("held"),
        }
    }

    fn to_kept(&self) -> Value {
        let id = |id: Option<Uuid>| id.map(|id| id.to_string());
        json!({"message": self.result, "appointmentId": id(self.appointment_id), "contactId": id(self.contact_id),
            "success": true, "status": self.is_held.then_some("held")})
    }
}

/// Does what a tool call asks for, unless that was done already; then what came of it is said again, and of a booking that
/// waited for its calendar, what has become of it.
pub fn once(
    client: &mut SpiClient<'_>,
    context: &Context<'_>,
    tool: Tool,
    call: &ToolCall,
    work: impl FnOnce(&mut SpiClient<'_>, &Arguments) -> Result<Done>,
) -> Result<Done> {
    let stated = call.arguments.clone()?;
    let arguments = Arguments::read(tool, &stated)?;
    let key = if tool.changes_something() { key(context.call_id.as_deref(), call)? } else { None };
    let Some(key) = key else { return work(client, &arguments) };
    let org_id = context.organization.id;
    if let Some(kept) = idempotency::replay(client, Some(org_id), Some(&key))? {
        return again(client, org_id, &kept);
    }
    let mut locks = Locks::new(org_id);
    locks.idempotency(Some(&key));
    locks.take(client)?;
    if let Some(kept) = idempotency::replay(client, Some(org_id), Some(&key))? {
        return again(client, org_id, &kept);
    }
    let done = work(client, &arguments)?;
    if done.has_changed {
        idempotency::keep(client, org_id, &key, &done.to_kept())?;
    }
    Ok(done)
}

fn again(client: &mut SpiClient<'_>, org_id: Uuid, kept: &Value) -> Result<Done> {
    let done = Done { has_changed: false, ..Done::of(kept) };
    match done.appointment_id.filter(|_| done.is_held) {
        Some(id) => {
            let now = Done::of(&answered::as_it_stands(client, org_id, id)?);
            Ok(Done { result: now.result, ..done })
        }
        None => Ok(done),
    }
}

/// The key of a tool call: its id and that of the phone call. Without both, nobody can tell one from another.
pub fn key(call_id: Option<&str>, call: &ToolCall) -> std::result::Result<Option<Key>, booking_core::Refusal> {
    let id = match &call.id {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => return Ok(None),
    };
    let Some(call_id) = call_id else { return Ok(None) };
    let text = format!("vapi {call_id} {id}");
    // Whatever an id looks like, it is one.
    let text = match limits::label("key", &text, Code::InvalidRequest) {
        Ok(text) => text,
        Err(_) => format!(
            "vapi {:032x}",
            Fingerprint::empty().field(Some(call_id.as_bytes())).field(Some(id.as_bytes())).value()
        ),
    };
    let named = Fingerprint::empty().field(Some(call.name.as_bytes()));
    let stated = call.arguments.as_ref().ok().and_then(|arguments| serde_json::to_string(arguments).ok());
    Key::of(Some(&text), named.field(stated.as_deref().map(str::as_bytes)))
}
