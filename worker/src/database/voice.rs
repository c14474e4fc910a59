//! Voice agents: what they say and are answered, and what they are to be.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{Argument, Database};
use crate::error::Error;
use crate::vapi::sync::{Agent, Registry};

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

impl Database {
    /// What is answered. The statement ends by itself at `until`, so that nothing is done that nobody waits for any more.
    pub async fn answer(&self, shape: Shape, body: &str, until: Instant) -> Result<Value, Error> {
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await?;
        let left = until.saturating_duration_since(Instant::now());
        if left < Duration::from_millis(1) {
            return Err(Error::Stated("no time was left to ask the database".to_owned()));
        }
        transaction.batch_execute(&format!("SET LOCAL statement_timeout = {}", left.as_millis())).await?;
        let rows = transaction.query_typed(shape.sql(), &[(&body, Type::TEXT)]).await?;
        let answer = super::first(&rows)?.try_get(0)?;
        transaction.commit().await?;
        Ok(answer)
    }

    /// Whose message it is; `None` where it is nobody's. `origin`: as `booking_core::voice::origin::origin_only` gives it, since the
    /// database builds all that it is sent.
    pub async fn voice_organization(&self, origin: &str) -> Result<Option<Uuid>, Error> {
        self.value("SELECT booking.voice_organization($1::json)", &[(&origin, Type::TEXT)]).await
    }

    /// Whether a booking that this message has made still waits for its calendar.
    pub async fn voice_pending(&self, body: &str) -> Result<bool, Error> {
        let pending: Option<bool> =
            self.value("SELECT booking.voice_pending($1::json)", &[(&body, Type::TEXT)]).await?;
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
