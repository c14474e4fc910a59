//! New secrets for old: refreshed access, another key. Who works with a secret that is not the latest changes nothing.

use booking_core::integration::Provider;
use booking_core::{Code, limits};
use pgrx::datum::DatumWithOid;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::json;
use uuid::Uuid;

use crate::error::{Result, or_raise};
use crate::event;
use crate::organization::as_postgres;
use crate::outbox::claim::in_range;
use crate::setup::{invalid, missing, required, required_id};
use crate::statement::run_fresh;

/// A secret as the courier sealed it.
pub struct Sealed {
    key_id: String,
    nonce: Vec<u8>,
    ciphertext: Vec<u8>,
}

impl Sealed {
    pub fn stated(key_id: Option<&str>, nonce: Option<Vec<u8>>, ciphertext: Option<Vec<u8>>) -> Result<Self> {
        let nonce = nonce.ok_or_else(|| missing("p_nonce"))?;
        let ciphertext = ciphertext.ok_or_else(|| missing("p_ciphertext"))?;
        if nonce.len() != 12 {
            let message = format!("p_nonce has {} bytes", nonce.len());
            return Err(invalid(message, "pass the 12 bytes that AES-256-GCM was given").into());
        }
        if !(16..=65_536).contains(&ciphertext.len()) {
            let message = format!("p_ciphertext has {} bytes, which is not 16 to 65536", ciphertext.len());
            return Err(invalid(message, "pass the sealed secret with its tag").into());
        }
        let key_id = limits::label("key id", required(key_id, "p_key_id")?, Code::InvalidRequest)?;
        Ok(Sealed { key_id, nonce, ciphertext })
    }

    pub fn arguments(&self) -> [DatumWithOid<'_>; 3] {
        [self.key_id.as_str().into(), self.nonce.as_slice().into(), self.ciphertext.as_slice().into()]
    }
}

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::too_many_arguments)]
fn replace_secret(
    p_org_id: Option<pgrx::Uuid>,
    p_provider: Option<String>,
    p_version: Option<i64>,
    p_key_id: Option<String>,
    p_nonce: Option<Vec<u8>>,
    p_ciphertext: Option<Vec<u8>>,
    p_expires_at: default!(Option<TimestampWithTimeZone>, "NULL"),
) -> Option<i64> {
    let replaced = || -> Result<Option<i64>> {
        let known = Known::stated(p_org_id, p_provider.as_deref(), p_version)?;
        let sealed = Sealed::stated(p_key_id.as_deref(), p_nonce, p_ciphertext)?;
        Spi::connect_mut(|client| {
            let arguments: Vec<DatumWithOid<'_>> =
                known.arguments().into_iter().chain(sealed.arguments()).chain([p_expires_at.into()]).collect();
            let replaced = run_fresh(client, REPLACE, &arguments)?.next();
            Ok(replaced.map(|row| row.get(1)).transpose()?.flatten())
        })
    };
    or_raise(replaced())
}

/// $1 org_id, $2 provider, $3 the version it follows, $4 key, $5 nonce, $6 ciphertext, $7 expiry or NULL for the one it has.
const REPLACE: &str = "
    UPDATE booking.integrations AS i
    SET key_id = $4, nonce = $5, ciphertext = $6, version = i.version + 1, expires_at = COALESCE($7, i.expires_at),
        refreshing_until = NULL, updated_at = pg_catalog.clock_timestamp()
    WHERE i.org_id = $1 AND i.provider = $2 AND i.version = $3 AND i.ciphertext IS NOT NULL
    RETURNING i.version";

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn begin_refresh(
    p_org_id: Option<pgrx::Uuid>,
    p_provider: Option<String>,
    p_version: Option<i64>,
    p_seconds: default!(Option<i32>, "30"),
) -> bool {
    let begun = || -> Result<bool> {
        let known = Known::stated(p_org_id, p_provider.as_deref(), p_version)?;
        let seconds = in_range("p_seconds", p_seconds.unwrap_or(30), LONGEST_REFRESH_SECONDS)?;
        Spi::connect_mut(|client| {
            let arguments: Vec<DatumWithOid<'_>> =
                known.arguments().into_iter().chain([f64::from(seconds).into()]).collect();
            Ok(!run_fresh(client, BEGIN, &arguments)?.is_empty())
        })
    };
    or_raise(begun())
}

/// The longest that others wait for a refresh, in seconds.
const LONGEST_REFRESH_SECONDS: i32 = 300;

/// $1 org_id, $2 provider, $3 version, $4 seconds.
const BEGIN: &str = "
    UPDATE booking.integrations AS i
    SET refreshing_until = pg_catalog.clock_timestamp() + $4 * interval '1 second'
    WHERE i.org_id = $1 AND i.provider = $2 AND i.version = $3 AND i.connected
      AND (i.refreshing_until IS NULL OR i.refreshing_until <= pg_catalog.clock_timestamp())
    RETURNING i.version";

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn integration_checked(
    p_org_id: Option<pgrx::Uuid>,
    p_provider: Option<String>,
    p_version: Option<i64>,
    p_problem: default!(Option<String>, "NULL"),
    p_is_lost: default!(Option<bool>, "false"),
) -> bool {
    let checked = || -> Result<bool> {
        let known = Known::stated(p_org_id, p_provider.as_deref(), p_version)?;
        let problem = p_problem.as_deref().map(limits::remark);
        let is_lost = p_is_lost.unwrap_or(false);
        Spi::connect_mut(|client| check(client, &known, problem.as_deref(), is_lost))
    };
    or_raise(checked())
}

/// $1 org_id, $2 provider, $3 version, $4 problem or NULL, $5 whether it is lost. Trouble that passes leaves it connected, or
/// not, as it was.
const CHECKED: &str = "
    UPDATE booking.integrations AS i
    SET last_checked_at = pg_catalog.clock_timestamp(), problem = $4, refreshing_until = NULL,
        connected = CASE WHEN $4 IS NULL THEN true WHEN $5 THEN false ELSE i.connected END
    FROM (
        SELECT b.connected FROM booking.integrations AS b
        WHERE b.org_id = $1 AND b.provider = $2 AND b.version = $3 AND b.ciphertext IS NOT NULL
        FOR NO KEY UPDATE
    ) AS before
    WHERE i.org_id = $1 AND i.provider = $2
    RETURNING before.connected, i.connected";

fn check(client: &mut SpiClient<'_>, known: &Known, problem: Option<&str>, is_lost: bool) -> Result<bool> {
    let arguments: Vec<DatumWithOid<'_>> =
        known.arguments().into_iter().chain([problem.into(), is_lost.into()]).collect();
    let Some(row) = run_fresh(client, CHECKED, &arguments)?.next() else { return Ok(false) };
    let kind = match (row.get::<bool>(1)?, row.get::<bool>(2)?) {
        (Some(true), Some(false)) => event::Kind::IntegrationLost,
        (Some(false), Some(true)) => event::Kind::IntegrationRestored,
        _ => return Ok(true),
    };
    let detail = json!({"provider": known.provider.as_str(), "problem": problem});
    event::record(client, known.org_id, kind, None, &detail)?;
    Ok(true)
}

/// An account as the courier knows it.
struct Known {
    org_id: Uuid,
    provider: Provider,
    version: i64,
}

impl Known {
    fn stated(org_id: Option<pgrx::Uuid>, provider: Option<&str>, version: Option<i64>) -> Result<Self> {
        Ok(Known {
            org_id: required_id(org_id, "p_org_id")?,
            provider: Provider::parse(required(provider, "p_provider")?)?,
            version: version.ok_or_else(|| missing("p_version"))?,
        })
    }

    fn arguments(&self) -> [DatumWithOid<'_>; 3] {
        [as_postgres(self.org_id).into(), self.provider.as_str().into(), self.version.into()]
    }
}
