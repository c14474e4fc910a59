//! Why a command could not be carried out: what is wrong, and the way out. No secret stands in any of it.

use std::path::PathBuf;

use deadpool_postgres::PoolError;
use thiserror::Error;
use tokio_postgres::error::{DbError, SqlState};

use crate::http::BadAddress;
use crate::keys::KeyError;
use crate::outcome::Failure;
use crate::secret::NotCredentials;

#[derive(Debug, Error)]
pub enum Error {
    #[error("{what}: {hint}")]
    Missing { what: &'static str, hint: &'static str },
    #[error("{0}")]
    Stated(String),
    #[error("{}: {}", .0.display(), .1)]
    File(PathBuf, std::io::ErrorKind),
    #[error("cannot read standard input: {}", .0)]
    Input(std::io::ErrorKind),
    #[error("cannot listen on {0}: {1}")]
    Listen(String, std::io::Error),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Credentials(#[from] NotCredentials),
    #[error(transparent)]
    Address(#[from] BadAddress),
    #[error("cannot set HTTP up: {0}")]
    Http(#[from] reqwest::Error),
    #[error("the provider has not agreed: {0}")]
    Provider(#[from] Failure),
    #[error("{}", described(.0))]
    Database(#[from] tokio_postgres::Error),
    #[error("the database cannot be reached: {}", pooled(.0))]
    Pool(#[from] PoolError),
    #[error("the database's name is no URL and no conninfo: {}", described(.0))]
    DatabaseUrl(tokio_postgres::Error),
}

impl Error {
    /// Whether waiting can help: the database is away, and has not refused us.
    pub fn may_pass(&self) -> bool {
        let state = self.sql_state().map_or("", SqlState::code);
        let is_refusal = state.starts_with("28") || *state == *SqlState::INVALID_CATALOG_NAME.code();
        matches!(self, Error::Pool(_)) && !is_refusal
    }

    /// What the database has answered, if it has.
    pub fn from_database(&self) -> Option<&DbError> {
        match self {
            Error::Database(error) | Error::Pool(PoolError::Backend(error)) => error.as_db_error(),
            _ => None,
        }
    }

    /// The SQLSTATE, if the database has answered with one.
    pub fn sql_state(&self) -> Option<&SqlState> {
        match self {
            Error::Database(error) | Error::Pool(PoolError::Backend(error)) => error.code(),
            _ => None,
        }
    }
}

fn pooled(error: &PoolError) -> String {
    match error {
        PoolError::Backend(error) => described(error),
        PoolError::Timeout(_) => "no connection was free in time".to_owned(),
        other => other.to_string(),
    }
}

/// What the database says, and what helps.
fn described(error: &tokio_postgres::Error) -> String {
    let Some(from_database) = error.as_db_error() else {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
        return format!("{error}{}", cause.unwrap_or_default());
    };
    let help = match *from_database.code() {
        SqlState::INSUFFICIENT_PRIVILEGE => Some("grant it: SELECT booking.grant_worker('the role of this worker')"),
        SqlState::UNDEFINED_FUNCTION | SqlState::INVALID_SCHEMA_NAME | SqlState::UNDEFINED_TABLE => {
            Some("CREATE EXTENSION pg_booking CASCADE, or ALTER EXTENSION pg_booking UPDATE")
        }
        _ => from_database.hint(),
    };
    match help {
        Some(help) => format!("{} ({help})", from_database.message()),
        None => from_database.message().to_owned(),
    }
}
