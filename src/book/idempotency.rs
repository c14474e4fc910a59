//! Idempotency keys: the same key with the same request gets the first answer again, with another request a refusal. Only
//! bookings are kept; a refused request left nothing behind and may be tried again under its key.

use std::hash::Hasher;

use booking_core::{Code, Refusal, limits};
use pgrx::spi::SpiClient;
use serde_json::Value;
use siphasher::sip128::{Hasher128, SipHasher24};

use crate::book::request::{Request, When};
use crate::error::{Error, Result};
use crate::organization::{Organization, as_postgres};
use crate::statement::run_fresh;

pub struct Key {
    text: String,
    fingerprint: [u8; 16],
}

impl Key {
    /// The key of `request`, if it has one, with the fingerprint of everything else in it.
    pub fn of(request: &Request) -> std::result::Result<Option<Self>, Refusal> {
        let Some(text) = &request.idempotency_key else { return Ok(None) };
        let text = limits::label("idempotency key", text, Code::InvalidRequest)?;
        Ok(Some(Key { text, fingerprint: fingerprint(request) }))
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn fingerprint(&self) -> &[u8] {
        &self.fingerprint
    }
}

/// The request as it was stated, field by field: a time in words must not become another request when a day has passed.
fn fingerprint(request: &Request) -> [u8; 16] {
    let mut hasher = SipHasher24::new();
    let mut field = |value: Option<&[u8]>| {
        hasher.write_u8(u8::from(value.is_some()));
        hasher.write_u64(value.map_or(0, <[u8]>::len) as u64);
        hasher.write(value.unwrap_or_default());
    };
    let texts = [&request.patient_name, &request.patient_email, &request.patient_phone, &request.service_type];
    texts.into_iter().for_each(|text| field(text.as_ref().map(String::as_bytes)));
    match &request.when {
        When::At(timestamp) => field(timestamp.map(|at| i64::from(at).to_le_bytes()).as_ref().map(<[u8; 8]>::as_slice)),
        When::Words(stated) => {
            field(stated.date.as_ref().map(String::as_bytes));
            field(stated.time.as_ref().map(String::as_bytes));
        }
    }
    field(request.duration_minutes.map(i32::to_le_bytes).as_ref().map(<[u8; 4]>::as_slice));
    field(request.resource_id.as_ref().map(|id| id.as_bytes().as_slice()));
    // No metadata and empty metadata are the same request.
    field(Some(request.metadata.as_deref().unwrap_or("{}").as_bytes()));
    hasher.finish128().as_bytes()
}

/// $1 org_id, $2 key.
const FIND: &str = "
    SELECT i.fingerprint, i.response FROM booking.idempotency_keys AS i WHERE i.org_id = $1 AND i.key = $2";

/// The first answer given under the key, marked as replayed; `None` if there was none.
pub fn replay(client: &mut SpiClient<'_>, organization: &Organization, key: Option<&Key>) -> Result<Option<Value>> {
    let Some(key) = key else { return Ok(None) };
    let found = run_fresh(client, FIND, &[as_postgres(organization.id).into(), key.text().into()])?;
    if found.is_empty() {
        return Ok(None);
    }
    let (fingerprint, response) = found.first().get_two::<Vec<u8>, String>()?;
    if fingerprint.as_deref() != Some(key.fingerprint()) {
        return Err(Refusal::new(
            Code::IdempotencyConflict,
            format!("idempotency key {} was used for another request", booking_core::refusal::quoted(key.text())),
            "use a new key for a new request",
        )
        .into());
    }
    let response = response.ok_or_else(|| Error::missing("response"))?;
    let mut answer: Value = serde_json::from_str(&response)
        .map_err(|error| Error::Server(format!("a kept answer is not JSON: {error}")))?;
    if let Some(object) = answer.as_object_mut() {
        object.insert("replayed".to_owned(), Value::Bool(true));
    }
    Ok(Some(answer))
}
