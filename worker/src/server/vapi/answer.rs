//! What a voice agent is answered, in time: what the database says, or that it cannot be said. A booking that waits for its
//! calendar is waited for, as long as the caller can wait.

use std::time::Duration;

use booking_core::voice::{
    can_be_asked_again, known_again_by, unavailable, unavailable_direct, unknown, unknown_direct,
};
use serde_json::Value;
use tokio::time::{sleep, timeout_at};
use tokio_postgres::error::SqlState;
use tracing::{error, warn};
use uuid::Uuid;

use super::Deadline;
use crate::database::Database;
use crate::database::voice::{Shape, Unanswered};
use crate::error::Error;

/// How often it is asked whether the calendar has agreed.
const POLL: Duration = Duration::from_millis(200);

pub struct Answered {
    pub body: Value,
    /// A word for the log and for metrics.
    pub outcome: &'static str,
}

impl Answered {
    /// That nothing can be done at the moment, in words that can be spoken.
    pub fn unavailable(shape: Shape, text: &str) -> Self {
        let body = match shape {
            Shape::Message => unavailable(text),
            Shape::Direct => unavailable_direct(text),
        };
        Answered { body, outcome: "unavailable" }
    }

    /// That it may have been done, or may not.
    fn unsure(shape: Shape, text: &str) -> Self {
        let body = match shape {
            Shape::Message => unknown(text),
            Shape::Direct => unknown_direct(text),
        };
        Answered { body, outcome: "unsure" }
    }
}

/// The answer to what this organization's voice agent says.
pub async fn answered(database: &Database, org_id: Uuid, shape: Shape, text: &str, deadline: Deadline) -> Answered {
    let first = match asked(database, shape, text, deadline).await {
        Ok(answer) => answer,
        Err(error) => {
            error!(%org_id, %error, "a voice agent cannot be answered");
            return match error {
                Unanswered::Undone(_) => Answered::unavailable(shape, text),
                Unanswered::Unknown(_) => Answered::unsure(shape, text),
            };
        }
    };
    match timeout_at(deadline.0, settled(database, org_id, shape, text, &first, deadline)).await {
        Ok(Ok(None)) => Answered { body: first, outcome: "answered" },
        Ok(Ok(Some(body))) => Answered { body, outcome: "settled" },
        // It is booked, and waits: that is true whatever became of the question.
        Err(_) => Answered { body: first, outcome: "held" },
        Ok(Err(error)) => {
            warn!(%org_id, %error, "cannot tell whether the calendar has agreed");
            Answered { body: first, outcome: "held" }
        }
    }
}

/// Asks the database, and once more if it was only in the way of others, or if it has not said whether it was done.
async fn asked(database: &Database, shape: Shape, text: &str, deadline: Deadline) -> Result<Value, Unanswered> {
    let mut is_again = false;
    // What was heard of an earlier attempt that may have been carried out.
    let mut unheard: Option<Error> = None;
    loop {
        let answer = match deadline.of_statements() {
            Some(until) => {
                let can_ask_again = || unheard.is_none() && shape == Shape::Message && can_be_asked_again(text);
                database.answer(shape, text, until, || deadline.of_commit(can_ask_again())).await
            }
            None => Err(Unanswered::Undone(Error::Stated("no time was left to ask the database".to_owned()))),
        };
        match (answer, unheard.take()) {
            (Ok(answer), _) => return Ok(answer),
            (Err(Unanswered::Undone(error)), None) if !is_again && was_in_the_way(&error) => is_again = true,
            (Err(Unanswered::Undone(error)), None) => return Err(Unanswered::Undone(error)),
            (Err(Unanswered::Unknown(error)), None) if shape == Shape::Message && can_be_asked_again(text) => {
                warn!(%error, "asking the database again");
                unheard = Some(error);
            }
            (Err(Unanswered::Unknown(error)), None) | (Err(_), Some(error)) => return Err(Unanswered::Unknown(error)),
        }
    }
}

/// Whether others were quicker, or all waited for each other.
fn was_in_the_way(error: &Error) -> bool {
    let states = [SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE, SqlState::EXCLUSION_VIOLATION];
    error.sql_state().is_some_and(|state| states.contains(state))
}

/// The answer once no calendar is waited for any more; `None` where none was.
async fn settled(
    database: &Database,
    org_id: Uuid,
    shape: Shape,
    text: &str,
    first: &Value,
    deadline: Deadline,
) -> Result<Option<Value>, Unanswered> {
    match shape {
        Shape::Message => settled_message(database, text, first, deadline).await,
        Shape::Direct => settled_booking(database, org_id, first).await.map_err(Unanswered::Undone),
    }
}

async fn settled_message(
    database: &Database,
    text: &str,
    first: &Value,
    deadline: Deadline,
) -> Result<Option<Value>, Unanswered> {
    // Only tool calls have results, and only they book.
    let of_tools = first.get("results").and_then(|_| known_again_by(text));
    let Some(known) = of_tools.map(|known| known.to_string()) else { return Ok(None) };
    let is_pending = async || database.voice_pending(&known).await.map_err(Unanswered::Undone);
    if !is_pending().await? {
        return Ok(None);
    }
    loop {
        sleep(POLL).await;
        if !is_pending().await? {
            return asked(database, Shape::Message, text, deadline).await.map(Some);
        }
    }
}

async fn settled_booking(database: &Database, org_id: Uuid, first: &Value) -> Result<Option<Value>, Error> {
    let Some(appointment_id) = held(first.get("result")) else { return Ok(None) };
    loop {
        sleep(POLL).await;
        let result = database.booking_answer(org_id, appointment_id).await?;
        if !is_held(&result) {
            return Ok(Some(with_result(first, result)));
        }
    }
}

/// The appointment of a result that waits for its calendar.
fn held(result: Option<&Value>) -> Option<Uuid> {
    let result = result.filter(|result| is_held(result))?;
    Uuid::try_parse(result.get("appointmentId")?.as_str()?).ok()
}

fn is_held(result: &Value) -> bool {
    result.get("status").and_then(Value::as_str) == Some("held")
}

fn with_result(answer: &Value, result: Value) -> Value {
    let mut answer = answer.clone();
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("result".to_owned(), result);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_result_is_waited_for_if_it_is_held_and_says_of_which_appointment() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert_eq!(
            held(Some(&json!({"status": "held", "appointmentId": id}))).map(|id| id.to_string()).as_deref(),
            Some(id)
        );
        for result in [
            json!({"status": "confirmed", "appointmentId": id}),
            json!({"status": "held"}),
            json!({"status": "held", "appointmentId": "x"}),
            json!(null),
        ] {
            assert_eq!(held(Some(&result)), None, "{result}");
        }
        assert_eq!(held(None), None);
    }

    #[test]
    fn a_later_result_takes_the_place_of_the_first_and_nothing_else_changes() {
        let first = json!({"toolCallId": "call_1", "result": {"status": "held", "message": "Wait."}});
        let later = with_result(&first, json!({"status": "confirmed"}));
        assert_eq!(later, json!({"toolCallId": "call_1", "result": {"status": "confirmed"}}));
    }
}
