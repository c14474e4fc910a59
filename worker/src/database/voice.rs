//! Voice agents: what they say and are answered, and what they are to be.

use std::time::Duration;

use deadpool_postgres::{Object, Transaction};
use serde_json::Value;
use thiserror::Error;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{Argument, Database};
use crate::error::Error;
use crate::vapi::sync::{Agent, Registry};

/// How long a statement that has to have ended by itself may be on its way.
const GRACE: Duration = Duration::from_millis(500);

/// The two shapes in which a voice agent calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A server message of Vapi.
    Message,
    /// One tool call as it is.
    Direct,
}

impl Shape {
    // A message goes in as it came: read and written again, its numbers and escapes might be others.
    const fn sql(self) -> &'static str {
        match self {
            Shape::Message => "SELECT booking.vapi_message($1::json)",
            Shape::Direct => "SELECT booking.book_clinic_appointment($1::json)",
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum Unanswered {
    /// Nothing was changed.
    #[error(transparent)]
    Undone(Error),
    /// The database was told to keep what was changed, and has not said that it did.
    #[error("nobody knows whether it was done: {0}")]
    Unknown(Error),
}

/// Asks within a transaction that is still to be committed. The statement ends by itself at `until`.
async fn begun<'a>(
    client: &'a mut Object,
    shape: Shape,
    body: &str,
    until: Instant,
) -> Result<(Transaction<'a>, Value), Error> {
    let transaction = client.transaction().await?;
    let left = until.saturating_duration_since(Instant::now());
    if left < Duration::from_millis(1) {
        return Err(Error::Stated("no time was left to ask the database".to_owned()));
    }
    transaction.batch_execute(&format!("SET LOCAL statement_timeout = {}", left.as_millis())).await?;
    let rows = transaction.query_typed(shape.sql(), &[(&body, Type::TEXT)]).await?;
    let answer = super::first(&rows)?.try_get(0)?;
    Ok((transaction, answer))
}

/// Whether the database says that it has undone everything. A connection that breaks says nothing of the kind, whatever it says last.
fn is_undone(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|error| {
        error.parsed_severity() == Some(Severity::Error) && *error.code() != SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN
    })
}

fn undone(error: impl Into<Error>) -> Unanswered {
    Unanswered::Undone(error.into())
}

fn too_late() -> Error {
    Error::Stated("the database has not answered in time".to_owned())
}

impl Database {
    /// What is answered. The statement ends by itself at `until`, so that nothing is done that nobody waits for any more, and is
    /// waited for a little longer; `commit_until` says, once there is an answer, how long the end of the transaction is waited for.
    pub async fn answer(
        &self,
        shape: Shape,
        body: &str,
        until: Instant,
        commit_until: impl FnOnce() -> Instant,
    ) -> Result<Value, Unanswered> {
        let connected = timeout_at(until, self.pool.get()).await;
        let mut client = connected.map_err(|_| Unanswered::Undone(too_late()))?.map_err(undone)?;
        let begun = timeout_at(until.checked_add(GRACE).unwrap_or(until), begun(&mut client, shape, body, until)).await;
        let (transaction, answer) = begun.map_err(|_| Unanswered::Undone(too_late()))?.map_err(Unanswered::Undone)?;
        let trouble = match timeout_at(commit_until(), transaction.commit()).await {
            Ok(Ok(())) => return Ok(answer),
            Ok(Err(error)) if is_undone(&error) => return Err(undone(error)),
            Ok(Err(error)) => error.into(),
            Err(_) => too_late(),
        };
        // Nobody else is to wait for what this connection does not say.
        drop(Object::take(client));
        Err(Unanswered::Unknown(trouble))
    }

    /// Whose message it is; `None` where it is nobody's. `origin`: as `booking_core::voice::origin::origin_only` gives it, since the
    /// database builds all that it is sent.
    pub async fn voice_organization(&self, origin: &str) -> Result<Option<Uuid>, Error> {
        self.value("SELECT booking.voice_organization($1::json)", &[(&origin, Type::TEXT)]).await
    }

    /// Whether a booking that a message has made still waits for its calendar. `known`: what the message is known again by, as
    /// `booking_core::voice::known_again_by` gives it.
    pub async fn voice_pending(&self, known: &str) -> Result<bool, Error> {
        let pending: Option<bool> =
            self.value("SELECT booking.voice_pending($1::json)", &[(&known, Type::TEXT)]).await?;
        Ok(pending.unwrap_or(false))
    }

    /// What the booking of an appointment is answered with as it stands now.
    pub async fn booking_answer(&self, org_id: Uuid, appointment_id: Uuid) -> Result<Value, Error> {
        let sql = "SELECT booking.booking_answer($1, $2)";
        self.value(sql, &[(&org_id, Type::UUID), (&appointment_id, Type::UUID)]).await
    }

    /// What the voice agent of an organization is to be.
    pub async fn voice_agent(&self, org_id: Uuid) -> Result<Agent, Error> {
        let answer: Value = self.value("SELECT booking.voice_agent($1)", &[(&org_id, Type::UUID)]).await?;
        if answer.get("success") == Some(&Value::Bool(false)) {
            let why = answer.get("message").and_then(Value::as_str).unwrap_or("the voice agent cannot be told");
            return Err(Error::Stated(why.to_owned()));
        }
        serde_json::from_value(answer)
            .map_err(|error| Error::Stated(format!("the database tells a voice agent that is not understood: {error}")))
    }

    /// Keeps Vapi's id of a tool.
    pub async fn tool_registered(&self, org_id: Uuid, name: &str, tool_id: &str) -> Result<(), Error> {
        let sql = "SELECT booking.tool_registered($1, $2, $3)";
        let arguments: [Argument<'_>; 3] = [(&org_id, Type::UUID), (&name, Type::TEXT), (&tool_id, Type::TEXT)];
        self.rows(sql, &arguments).await.map(drop)
    }
}

/// The tools of an organization.
pub struct Tools<'a> {
    pub database: &'a Database,
    pub org_id: Uuid,
}

impl Registry for Tools<'_> {
    type Error = Error;

    async fn registered(&self, name: &str, tool_id: &str) -> Result<(), Error> {
        self.database.tool_registered(self.org_id, name, tool_id).await
    }
}
