//! Whose message it is: what its operator has put into it, or else the assistant or the number that an organization has named
//! as its own.

use booking_core::phone::normalize_phone;
use booking_core::voice::Envelope;
use booking_core::voice::origin::{no_org_id, stated_org_id};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::{Error, Result, or_raise};
use crate::organization::{as_postgres, from_postgres};
use crate::raw_json::JsonText;
use crate::statement::run_fresh;

/// The organization of a message; refused where it is nobody's.
pub fn organization(client: &mut SpiClient<'_>, envelope: &Envelope) -> Result<Uuid> {
    if let Some(org_id) = stated_org_id(&envelope.body)? {
        return Ok(org_id);
    }
    let assistant = envelope.assistant_id();
    if let Some(assistant) = &assistant
        && let Some(org_id) = only_one(client, BY_ASSISTANT, assistant)?
    {
        return Ok(org_id);
    }
    let called = envelope.called().and_then(|number| normalize_phone(&number, "US").ok());
    let found = called.map(|number| only_one(client, BY_NUMBER, number.as_str())).transpose()?;
    found.flatten().ok_or_else(|| no_org_id().into())
}

/// $1 assistant.
const BY_ASSISTANT: &str = "
    SELECT v.org_id FROM booking.voice_agents AS v WHERE v.assistant_id = $1 LIMIT 2";

/// $1 number.
const BY_NUMBER: &str = "
    SELECT v.org_id FROM booking.voice_agents AS v WHERE v.phone_number = $1 LIMIT 2";

/// The organization that has it. What two have is neither's.
fn only_one(client: &mut SpiClient<'_>, sql: &'static str, what: &str) -> Result<Option<Uuid>> {
    let found: Vec<Option<pgrx::Uuid>> =
        run_fresh(client, sql, &[what.into()])?.map(|row| row.get(1)).collect::<Result<_>>()?;
    Ok(match found.as_slice() {
        [Some(org_id)] => Some(from_postgres(*org_id)),
        _ => None,
    })
}

#[pg_extern(sql = r#"
CREATE FUNCTION booking.voice_organization(p_message json) RETURNS uuid
    STABLE STRICT LANGUAGE c SET search_path TO pg_catalog, pg_temp
    AS '@MODULE_PATHNAME@', '@FUNCTION_NAME@';"#)]
fn voice_organization(body: JsonText) -> Option<pgrx::Uuid> {
    let envelope = Envelope::read(&body.0).ok()?;
    or_raise(Spi::connect_mut(|client| match organization(client, &envelope) {
        Ok(org_id) => Ok(Some(as_postgres(org_id))),
        Err(Error::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }))
}
