//! Turns: what two are not to do at once for one organization.

use deadpool_postgres::{ClientWrapper, Object};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::Database;
use crate::error::Error;

/// How long a lock is waited for, since another run may just be ending.
const LIMIT: &str = "SET lock_timeout = '2s'";
const TAKE: &str =
    "SELECT pg_catalog.pg_advisory_lock(pg_catalog.hashtextextended('booking-worker vapi sync ' || $1, 0))";

/// That nobody else brings the voice agent of an organization into line: a lock of a session of its own. It ends with this, or with
/// the process.
pub struct Turn {
    _session: ClientWrapper,
}

impl Database {
    /// `None` where somebody else is at it.
    pub async fn turn(&self, org_id: Uuid) -> Result<Option<Turn>, Error> {
        // Out of the pool: whoever got the session next would have the lock too.
        let session = Object::take(self.pool.get().await?);
        session.batch_execute(LIMIT).await?;
        match session.query_typed(TAKE, &[(&org_id.to_string(), Type::TEXT)]).await {
            Ok(_) => Ok(Some(Turn { _session: session })),
            Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
