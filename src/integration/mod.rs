//! The outside accounts of an organization. The database keeps their secrets sealed and cannot open them.

mod secret;

use booking_core::integration::{Provider, settings_of};
use pgrx::datum::DatumWithOid;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::{Error, Result, or_raise};
use crate::event;
use crate::integration::secret::Sealed;
use crate::organization::{as_postgres, org_not_found};
use crate::outbox;
use crate::outside_calendar;
use crate::raw_json::JsonbText;
use crate::setup::{required, required_id};
use crate::statement::run_fresh;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn connect_integration(
    p_org_id: Option<pgrx::Uuid>,
    p_provider: Option<String>,
    p_key_id: Option<String>,
    p_nonce: Option<Vec<u8>>,
    p_ciphertext: Option<Vec<u8>>,
    p_settings: default!(Option<JsonbText>, "NULL"),
    p_expires_at: default!(Option<TimestampWithTimeZone>, "NULL"),
) -> i64 {
    let connected = || -> Result<i64> {
        let org_id = required_id(p_org_id, "p_org_id")?;
        let provider = Provider::parse(required(p_provider.as_deref(), "p_provider")?)?;
        let sealed = Sealed::stated(p_key_id.as_deref(), p_nonce, p_ciphertext)?;
        let settings = p_settings.as_ref().map(|settings| settings_of(provider, &settings.0)).transpose()?;
        Spi::connect_mut(|client| {
            let settings = settings.map(|settings| settings.to_string());
            let arguments: Vec<DatumWithOid<'_>> = [as_postgres(org_id).into(), provider.as_str().into()]
                .into_iter()
                .chain(sealed.arguments())
                .chain([settings.into(), p_expires_at.into()])
                .collect();
            let row = run_fresh(client, CONNECT, &arguments)?.next();
            let row = row.ok_or_else(|| org_not_found(&org_id.to_string()))?;
            switch(client, org_id, provider, true)?;
            hurry(client, org_id, provider)?;
            event::record(client, org_id, event::Kind::IntegrationConnected, None, &about(provider))?;
            row.get(1)?.ok_or_else(|| Error::missing("version"))
        })
    };
    or_raise(connected())
}

/// $1 org_id, $2 provider, $3 key, $4 nonce, $5 ciphertext, $6 settings or NULL for those it has, $7 expiry or NULL.
const CONNECT: &str = "
    INSERT INTO booking.integrations AS i
        (org_id, provider, connected, last_checked_at, key_id, nonce, ciphertext, settings, expires_at)
    SELECT o.org_id, $2, true, pg_catalog.now(), $3, $4, $5, COALESCE($6::pg_catalog.jsonb, '{}'), $7
    FROM booking.organizations AS o
    WHERE o.org_id = $1
    ON CONFLICT (org_id, provider) DO UPDATE
        SET connected = true, last_checked_at = excluded.last_checked_at, problem = NULL, key_id = excluded.key_id,
            nonce = excluded.nonce, ciphertext = excluded.ciphertext, version = i.version + 1,
            settings = CASE WHEN $6 IS NULL THEN i.settings ELSE excluded.settings END,
            expires_at = excluded.expires_at, refreshing_until = NULL, next_send_at = NULL,
            updated_at = excluded.updated_at
    RETURNING i.version";

/// Other pauses are kept: somebody has asked for them, or what may have gone out does not show before.
///
/// $1 org_id, $2 whether events, or else messages.
const HURRY: &str = "
    UPDATE booking.outbox AS o SET run_at = pg_catalog.now()
    WHERE o.org_id = $1 AND o.state = 'retryable' AND o.run_at > pg_catalog.now() AND (o.kind = 'calendar') = $2
      AND o.errors -> -1 ->> 'outcome' = 'unauthorized'";

/// What has waited for this account to be accepted waits no longer.
fn hurry(client: &mut SpiClient<'_>, org_id: Uuid, provider: Provider) -> Result<()> {
    let is_for_events = match provider {
        Provider::Twilio => false,
        Provider::Google => true,
        Provider::Vapi => return Ok(()),
    };
    run_fresh(client, HURRY, &[as_postgres(org_id).into(), is_for_events.into()])?;
    Ok(())
}

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn disconnect_integration(p_org_id: Option<pgrx::Uuid>, p_provider: Option<String>) -> bool {
    let disconnected = || -> Result<bool> {
        let org_id = required_id(p_org_id, "p_org_id")?;
        let provider = Provider::parse(required(p_provider.as_deref(), "p_provider")?)?;
        Spi::connect_mut(|client| {
            let arguments = [as_postgres(org_id).into(), provider.as_str().into()];
            if run_fresh(client, DISCONNECT, &arguments)?.is_empty() {
                return Ok(false);
            }
            switch(client, org_id, provider, false)?;
            event::record(client, org_id, event::Kind::IntegrationDisconnected, None, &about(provider))?;
            Ok(true)
        })
    };
    or_raise(disconnected())
}

/// $1 org_id, $2 provider. The secret is gone; what is not secret stays for the next time.
const DISCONNECT: &str = "
    UPDATE booking.integrations AS i
    SET connected = false, problem = 'disconnected', key_id = NULL, nonce = NULL, ciphertext = NULL, version = i.version + 1,
        expires_at = NULL, refreshing_until = NULL, next_send_at = NULL, updated_at = pg_catalog.now()
    WHERE i.org_id = $1 AND i.provider = $2 AND i.ciphertext IS NOT NULL
    RETURNING i.version";

/// What is done by an account is done while there is one.
fn switch(client: &mut SpiClient<'_>, org_id: Uuid, provider: Provider, is_on: bool) -> Result<()> {
    match provider {
        Provider::Twilio => outbox::manage::switch(client, org_id, is_on),
        Provider::Google => outside_calendar::switch(client, org_id, is_on),
        Provider::Vapi => Ok(()),
    }
}

fn about(provider: Provider) -> Value {
    json!({"provider": provider.as_str()})
}
