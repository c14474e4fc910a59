//! The database, by its documented functions only. Every statement is sent with the types of its arguments, in one round trip
//! and without a name, so that it goes through any pooler.

pub mod board;
pub mod events;
pub mod history;
pub mod integrations;
pub mod messages;
pub mod syncs;
pub mod system;
pub mod turn;
pub mod voice;

use std::str::FromStr;
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use rustls_platform_verifier::ConfigVerifierExt;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Config, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::Error;

/// What this worker and the database have to agree on, as worker_heartbeat tells it.
pub const CONTRACT: i64 = 1;
/// How long it waits for a connection.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the network may keep what was sent.
const UNHEARD: Duration = Duration::from_secs(15);
/// No statement of a worker takes long; one that does is stuck.
const LIMITS: &str = "SET statement_timeout = '30s'; SET lock_timeout = '10s'; \
    SET idle_in_transaction_session_timeout = '60s'; SET timezone = 'UTC'";

#[derive(Clone)]
pub struct Database {
    pool: Pool,
}

/// An argument and its type.
pub type Argument<'a> = (&'a (dyn ToSql + Sync), Type);

impl Database {
    /// Named as a URL or as a conninfo. Nothing is connected before it is used, and what breaks is connected anew.
    pub fn open(url: &str, connections: usize) -> Result<Self, Error> {
        let mut config = Config::from_str(url).map_err(Error::DatabaseUrl)?;
        config.application_name("booking-worker").connect_timeout(PATIENCE);
        config.keepalives_idle(Duration::from_secs(30));
        // A connection that leads nowhere any more is given up, before everybody has waited for it.
        config.tcp_user_timeout(UNHEARD);
        let tls = rustls::ClientConfig::with_platform_verifier()
            .map_err(|error| Error::Stated(format!("cannot set TLS up: {error}")))?;
        let manager = Manager::from_config(
            config,
            MakeRustlsConnect::new(tls),
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let limits = Hook::async_fn(|client, _| {
            Box::pin(async move { client.batch_execute(LIMITS).await.map_err(HookError::Backend) })
        });
        let pool = Pool::builder(manager)
            .max_size(connections)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(PATIENCE))
            .create_timeout(Some(PATIENCE))
            .post_create(limits)
            .build()
            .map_err(|error| Error::Stated(error.to_string()))?;
        Ok(Database { pool })
    }

    async fn rows(&self, sql: &str, arguments: &[Argument<'_>]) -> Result<Vec<Row>, Error> {
        let client = self.pool.get().await?;
        Ok(client.query_typed(sql, arguments).await?)
    }

    /// The one value of the one row that a function answers with.
    async fn value<T>(&self, sql: &str, arguments: &[Argument<'_>]) -> Result<T, Error>
    where
        T: for<'a> tokio_postgres::types::FromSql<'a>,
    {
        let rows = self.rows(sql, arguments).await?;
        Ok(first(&rows)?.try_get(0)?)
    }
}

fn first(rows: &[Row]) -> Result<&Row, Error> {
    rows.first().ok_or_else(|| Error::Stated("the database has returned no row".to_owned()))
}
