//! What the board asks.

use serde_json::json;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::{Database, first};
use crate::error::Error;

/// Somebody looks at the page and waits.
const LIMIT: &str = "SET LOCAL statement_timeout = '8s'; SET LOCAL lock_timeout = '5s'";
/// Whom the history is to name.
const ACTING: &str = "SELECT pg_catalog.set_config('request.jwt.claims', $1, true)";

/// For whom a function is called.
#[derive(Debug, Clone, Copy)]
pub struct OnBehalf<'a> {
    pub org_id: Uuid,
    pub role: &'a str,
    /// The subject of the token.
    pub user: Option<&'a str>,
}

impl Database {
    /// The JSON that a statement answers with, for the organization as $1 and `values` from $2 on, as text.
    ///
    /// # Errors
    ///
    /// When the database refuses, does not answer, or takes longer than eight seconds.
    pub async fn called(&self, sql: &str, who: OnBehalf<'_>, values: &[Option<&str>]) -> Result<String, Error> {
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute(LIMIT).await?;
        let claims = json!({"role": who.role, "sub": who.user}).to_string();
        transaction.query_typed(ACTING, &[(&claims, Type::TEXT)]).await?;
        let organization: (&(dyn ToSql + Sync), Type) = (&who.org_id, Type::UUID);
        let values = values.iter().map(|value| (value as &(dyn ToSql + Sync), Type::TEXT));
        let arguments: Vec<_> = std::iter::once(organization).chain(values).collect();
        let rows = transaction.query_typed(sql, &arguments).await?;
        // A function that returns NULL has nothing to say.
        let answer: Option<String> = first(&rows)?.try_get(0)?;
        transaction.commit().await?;
        Ok(answer.unwrap_or_else(|| "null".to_owned()))
    }
}
