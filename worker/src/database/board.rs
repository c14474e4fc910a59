//! What the board asks.

use deadpool_postgres::Transaction;
use serde_json::json;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::{Database, first};
use crate::error::Error;

/// Somebody looks at the page and waits.
const LIMIT: &str = "SET LOCAL statement_timeout = '8s'; SET LOCAL lock_timeout = '5s'";
/// Whom the history is to name.
const ACTING: &str = "SELECT pg_catalog.set_config('request.jwt.claims', $1, true)";

/// Whether the appointment $2 of $1 starts at $3, on $4, with status $5; it stays so until the transaction ends.
const SEEN: &str = "SELECT booking.is_as_seen($1, $2::uuid, $3::timestamptz, $4::uuid, $5)";

/// An appointment as somebody has it before them who changes it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Which one: its id.
    pub appointment: Option<&'a str>,
    pub starts_at: &'a str,
    pub resource: &'a str,
    pub status: &'a str,
}

/// For whom a function is called.
#[derive(Debug, Clone, Copy)]
pub struct OnBehalf<'a> {
    pub org_id: Uuid,
    pub role: &'a str,
    /// The subject of the token.
    pub user: Option<&'a str>,
}

impl Database {
    /// The JSON that a statement answers with, for the organization as $1 and `values` from $2 on, as text. `None`, and nothing is
    /// done, where the appointment is not any more as it was seen.
    ///
    /// # Errors
    ///
    /// When the database refuses, does not answer, or takes longer than eight seconds.
    pub async fn called(
        &self,
        sql: &str,
        who: OnBehalf<'_>,
        values: &[Option<&str>],
        seen: Option<Seen<'_>>,
    ) -> Result<Option<String>, Error> {
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute(LIMIT).await?;
        let claims = json!({"role": who.role, "sub": who.user}).to_string();
        transaction.query_typed(ACTING, &[(&claims, Type::TEXT)]).await?;
        if let Some(seen) = seen
            && !is_as_seen(&transaction, who.org_id, seen).await?
        {
            return Ok(None);
        }
        let organization: (&(dyn ToSql + Sync), Type) = (&who.org_id, Type::UUID);
        let values = values.iter().map(|value| (value as &(dyn ToSql + Sync), Type::TEXT));
        let arguments: Vec<_> = std::iter::once(organization).chain(values).collect();
        let rows = transaction.query_typed(sql, &arguments).await?;
        // A function that returns NULL has nothing to say.
        let answer: Option<String> = first(&rows)?.try_get(0)?;
        transaction.commit().await?;
        Ok(Some(answer.unwrap_or_else(|| "null".to_owned())))
    }
}

async fn is_as_seen(transaction: &Transaction<'_>, org_id: Uuid, seen: Seen<'_>) -> Result<bool, Error> {
    let arguments: [(&(dyn ToSql + Sync), Type); 5] = [
        (&org_id, Type::UUID),
        (&seen.appointment, Type::TEXT),
        (&seen.starts_at, Type::TEXT),
        (&seen.resource, Type::TEXT),
        (&seen.status, Type::TEXT),
    ];
    Ok(first(&transaction.query_typed(SEEN, &arguments).await?)?.try_get(0)?)
}
