//! Accounts, with their secrets sealed.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{Argument, Database};
use crate::error::Error;
use crate::integration::Provider;
use crate::keys::Sealed;

/// An account as the database has it.
#[derive(Clone)]
pub struct Integration {
    pub org_id: Uuid,
    pub provider: String,
    pub connected: bool,
    pub version: i64,
    /// `None` once it was disconnected.
    pub sealed: Option<Sealed>,
    pub problem: Option<String>,
}

const COLUMNS: &str = "SELECT i.org_id, i.provider, i.connected, i.version, i.key_id, i.nonce, i.ciphertext, i.problem
    FROM booking.integrations AS i";

impl Integration {
    fn read(row: &Row) -> Result<Self, tokio_postgres::Error> {
        let key_id: Option<String> = row.try_get("key_id")?;
        let nonce: Option<Vec<u8>> = row.try_get("nonce")?;
        let ciphertext: Option<Vec<u8>> = row.try_get("ciphertext")?;
        let sealed = key_id.zip(nonce).zip(ciphertext);
        Ok(Integration {
            org_id: row.try_get("org_id")?,
            provider: row.try_get("provider")?,
            connected: row.try_get("connected")?,
            version: row.try_get("version")?,
            sealed: sealed.map(|((key_id, nonce), ciphertext)| Sealed { key_id, nonce, ciphertext }),
            problem: row.try_get("problem")?,
        })
    }

    /// What a secret is sealed for: moved to another row, it does not open.
    pub fn context(org_id: Uuid, provider: &str) -> String {
        format!("{org_id}/{provider}")
    }
}

impl Database {
    pub async fn integration(&self, org_id: Uuid, provider: Provider) -> Result<Option<Integration>, Error> {
        let sql = format!("{COLUMNS} WHERE i.org_id = $1 AND i.provider = $2");
        let rows = self.rows(&sql, &[(&org_id, Type::UUID), (&provider.as_str(), Type::TEXT)]).await?;
        Ok(rows.first().map(Integration::read).transpose()?)
    }

    /// Every account that has a secret, of one organization or of all.
    pub async fn integrations(&self, org_id: Option<Uuid>) -> Result<Vec<Integration>, Error> {
        let sql = format!(
            "{COLUMNS} WHERE i.ciphertext IS NOT NULL AND ($1::uuid IS NULL OR i.org_id = $1) ORDER BY i.org_id, i.provider"
        );
        let rows = self.rows(&sql, &[(&org_id, Type::UUID)]).await?;
        Ok(rows.iter().map(Integration::read).collect::<Result<_, _>>()?)
    }

    pub async fn connect_integration(
        &self,
        org_id: Uuid,
        provider: Provider,
        sealed: &Sealed,
        settings: Option<&Value>,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<i64, Error> {
        let sql = "SELECT booking.connect_integration($1, $2, $3, $4, $5, $6, $7)";
        let arguments: [Argument<'_>; 7] = [
            (&org_id, Type::UUID),
            (&provider.as_str(), Type::TEXT),
            (&sealed.key_id, Type::TEXT),
            (&sealed.nonce, Type::BYTEA),
            (&sealed.ciphertext, Type::BYTEA),
            (&settings, Type::JSONB),
            (&expires_at, Type::TIMESTAMPTZ),
        ];
        self.value(sql, &arguments).await
    }

    pub async fn disconnect_integration(&self, org_id: Uuid, provider: Provider) -> Result<bool, Error> {
        let sql = "SELECT booking.disconnect_integration($1, $2)";
        self.value(sql, &[(&org_id, Type::UUID), (&provider.as_str(), Type::TEXT)]).await
    }

    /// The version that it has now; `None` where somebody else has stored a later one.
    pub async fn replace_secret(
        &self,
        integration: &Integration,
        sealed: &Sealed,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<Option<i64>, Error> {
        let sql = "SELECT booking.replace_secret($1, $2, $3, $4, $5, $6, $7)";
        let arguments: [Argument<'_>; 7] = [
            (&integration.org_id, Type::UUID),
            (&integration.provider, Type::TEXT),
            (&integration.version, Type::INT8),
            (&sealed.key_id, Type::TEXT),
            (&sealed.nonce, Type::BYTEA),
            (&sealed.ciphertext, Type::BYTEA),
            (&expires_at, Type::TIMESTAMPTZ),
        ];
        self.value(sql, &arguments).await
    }

    /// Whether this worker is the one that refreshes it, for so long.
    pub async fn begin_refresh(&self, integration: &Integration, lasts: Duration) -> Result<bool, Error> {
        let seconds = i32::try_from(lasts.as_secs()).unwrap_or(i32::MAX);
        let sql = "SELECT booking.begin_refresh($1, $2, $3, $4)";
        let arguments: [Argument<'_>; 4] = [
            (&integration.org_id, Type::UUID),
            (&integration.provider, Type::TEXT),
            (&integration.version, Type::INT8),
            (&seconds, Type::INT4),
        ];
        self.value(sql, &arguments).await
    }

    /// `problem` of `None`: it works.
    pub async fn integration_checked(
        &self,
        org_id: Uuid,
        provider: Provider,
        version: i64,
        problem: Option<&str>,
        is_lost: bool,
    ) -> Result<bool, Error> {
        let sql = "SELECT booking.integration_checked($1, $2, $3, $4, $5)";
        let arguments: [Argument<'_>; 5] = [
            (&org_id, Type::UUID),
            (&provider.as_str(), Type::TEXT),
            (&version, Type::INT8),
            (&problem, Type::TEXT),
            (&is_lost, Type::BOOL),
        ];
        self.value(sql, &arguments).await
    }
}
