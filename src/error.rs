//! The one error of this crate, and how it leaves: a refusal as JSON where the caller can act on it, everything else as an SQL
//! error with a fitting SQLSTATE.

use booking_core::Refusal;
use booking_core::appointment_time::TimeRefusal;
use pgrx::pg_sys::panic::{ErrorReport, ErrorReportable};
use pgrx::prelude::*;

#[derive(Debug)]
pub enum Error {
    /// The caller's input or the calendar stands in the way.
    Refused(Refusal),
    /// A limit of the server would be passed (54000).
    TooMuch { message: String, hint: String },
    /// Something of that name is there already (23505).
    Exists { message: String, hint: String },
    /// A writer who takes no locks was first, when a part of the work was done (23P01).
    ChangedMeanwhile,
    /// The server failed; a fault of ours or of the schema (XX000).
    Server(String),
}

pub type Result<T> = std::result::Result<T, Error>;

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Error::Refused(refusal)
    }
}

impl From<TimeRefusal> for Error {
    fn from(refused: TimeRefusal) -> Self {
        Error::Refused(refused.refusal)
    }
}

impl Error {
    /// A value that the schema promises and a statement did not bring.
    pub fn missing(what: &str) -> Self {
        Error::Server(format!("a statement returned no {what}"))
    }

    /// The error as Postgres reports it: refused input is 22023, invalid_parameter_value.
    fn report(self) -> ErrorReport {
        match self {
            Error::Refused(refusal) => {
                let code = PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE;
                ErrorReport::new(code, refusal.message, "pg_booking").set_hint(refusal.hint)
            }
            Error::TooMuch { message, hint } => {
                ErrorReport::new(PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED, message, "pg_booking").set_hint(hint)
            }
            Error::Exists { message, hint } => {
                ErrorReport::new(PgSqlErrorCode::ERRCODE_UNIQUE_VIOLATION, message, "pg_booking").set_hint(hint)
            }
            Error::ChangedMeanwhile => {
                let message = "another writer changed this part of the calendar at the same moment";
                let code = PgSqlErrorCode::ERRCODE_EXCLUSION_VIOLATION;
                ErrorReport::new(code, message, "pg_booking").set_hint("run the transaction again")
            }
            Error::Server(message) => ErrorReport::new(PgSqlErrorCode::ERRCODE_INTERNAL_ERROR, message, "pg_booking"),
        }
    }
}

/// The value, or the error raised in Postgres.
pub fn or_raise<T>(result: Result<T>) -> T {
    result.map_err(Error::report).unwrap_or_report()
}
