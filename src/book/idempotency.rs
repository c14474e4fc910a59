//! Idempotency keys: the same key with the same request gets the first answer again, with another request a refusal. Only
//! bookings are kept; a refused request left nothing behind and may be tried again under its key.

use std::hash::Hasher;

use booking_core::{Code, Refusal, limits};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::Value;
use siphasher::sip128::{Hasher128, SipHasher24};
use uuid::Uuid;

use crate::book::request::{Patient, When};
use crate::error::{Error, Result};
use crate::organization::as_postgres;
use crate::statement::run_fresh;

pub struct Key {
    text: String,
    fingerprint: [u8; 16],
}

impl Key {
    /// The key of a request, if it has one, with the fingerprint of everything else in it.
    pub fn of(text: Option<&str>, fingerprint: Fingerprint) -> std::result::Result<Option<Self>, Refusal> {
        let Some(text) = text else { return Ok(None) };
        let text = limits::label("idempotency key", text, Code::InvalidRequest)?;
        Ok(Some(Key { text, fingerprint: fingerprint.0.finish128().as_bytes() }))
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn fingerprint(&self) -> &[u8] {
        &self.fingerprint
    }
}

/// A hash of a request as it was stated, field by field: a time in words must not become another request when a day has
/// passed.
pub struct Fingerprint(SipHasher24);

impl Fingerprint {
    /// Of nothing yet.
    pub fn empty() -> Self {
        Fingerprint(SipHasher24::new())
    }

    pub fn new(patient: &Patient, service_type: Option<&str>) -> Self {
        let texts = [patient.name.as_deref(), patient.email.as_deref(), patient.phone.as_deref(), service_type];
        texts.into_iter().fold(Fingerprint::empty(), |hash, text| hash.field(text.map(str::as_bytes)))
    }

    /// The hash so far.
    pub fn value(&self) -> u128 {
        self.0.finish128().as_u128()
    }

    pub fn field(mut self, value: Option<&[u8]>) -> Self {
        self.0.write_u8(u8::from(value.is_some()));
        self.0.write_u64(value.map_or(0, <[u8]>::len) as u64);
        self.0.write(value.unwrap_or_default());
        self
    }

    pub fn time(self, timestamp: Option<TimestampWithTimeZone>) -> Self {
        self.field(timestamp.map(|at| i64::from(at).to_le_bytes()).as_ref().map(<[u8; 8]>::as_slice))
    }

    pub fn when(self, when: &When) -> Self {
        match when {
            When::At(timestamp) => self.time(*timestamp),
            When::Words(stated) => {
                let words = [&stated.date, &stated.time].map(|text| text.as_ref().map(String::as_bytes));
                words.into_iter().fold(self, Fingerprint::field)
            }
        }
    }

    pub fn duration(self, minutes: Option<i32>) -> Self {
        self.field(minutes.map(i32::to_le_bytes).as_ref().map(<[u8; 4]>::as_slice))
    }

    pub fn resource(self, id: Option<Uuid>) -> Self {
        self.field(id.as_ref().map(|id| id.as_bytes().as_slice()))
    }
}

/// $1 org_id, $2 key.
const FIND: &str = "
    SELECT i.fingerprint, i.response FROM booking.idempotency_keys AS i WHERE i.org_id = $1 AND i.key = $2";

/// The first answer given under the key, marked as replayed; `None` if there was none.
pub fn replay(client: &mut SpiClient<'_>, org_id: Option<Uuid>, key: Option<&Key>) -> Result<Option<Value>> {
    let Some((org_id, key)) = org_id.zip(key) else { return Ok(None) };
    let found = run_fresh(client, FIND, &[as_postgres(org_id).into(), key.text().into()])?;
    if found.is_empty() {
        return Ok(None);
    }
    let found = found.first()?;
    let (fingerprint, response) = (found.get::<Vec<u8>>(1)?, found.get::<String>(2)?);
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

/// $1 org_id, $2 key, $3 fingerprint, $4 answer. A key that another transaction used since the snapshot (above READ COMMITTED)
/// ends in a serialization failure.
const KEEP: &str = "
    INSERT INTO booking.idempotency_keys (org_id, key, fingerprint, response)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING";

/// Keeps the answer to what was done under the key, for whoever holds its lock.
pub fn keep(client: &mut SpiClient<'_>, org_id: Uuid, key: &Key, answer: &Value) -> Result<()> {
    let arguments =
        [as_postgres(org_id).into(), key.text().into(), key.fingerprint().into(), answer.to_string().into()];
    run_fresh(client, KEEP, &arguments)?;
    Ok(())
}
