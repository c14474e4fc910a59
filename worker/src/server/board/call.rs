//! What the page asks the database: some functions, by name, for the organization of who asks. They answer as PostgREST would.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use metrics::counter;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::timeout;
use tokio_postgres::error::{DbError, SqlState};
use tracing::{info, warn};

use super::functions::{FUNCTIONS, Function};
use crate::database::board::{self, OnBehalf};
use crate::error::Error;
use crate::server::Served;
use crate::server::body::InTime;
use crate::server::token::Caller;

/// How long a call waits for those of its organization that are under way.
const PATIENCE: Duration = Duration::from_secs(10);
/// What the page sends beside the arguments of a function that changes an appointment: the appointment as it is shown there.
const SEEN: &str = "p_seen";
/// What is said where it is not so any more.
const CHANGED: &str = "It has been changed meanwhile: look again.";

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Seen {
    starts_at: String,
    resource_id: String,
    status: String,
}

/// What was sent: arguments by name, as text.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    arguments: Vec<(String, Option<String>)>,
    seen: Option<Seen>,
}

/// The functions that who asks may call.
pub async fn allowed(State(served): State<Arc<Served>>, caller: Caller) -> Response {
    let mut functions = Vec::new();
    for function in FUNCTIONS {
        match may(&served, &caller, function).await {
            Ok(true) => functions.push(function.name()),
            Ok(false) => (),
            Err(error) => return refused(&error),
        }
    }
    let answer = json!({"functions": functions, "role": caller.role, "expiresAt": caller.expires_at});
    ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

/// Calls a function with the arguments of the body, a JSON object.
pub async fn call(
    State(served): State<Arc<Served>>,
    caller: Caller,
    Path(name): Path<String>,
    InTime(body): InTime<Bytes>,
) -> Response {
    let Some(function) = Function::named(&name) else {
        return sentence(StatusCode::NOT_FOUND, "the board calls no function of this name");
    };
    let began = Instant::now();
    let response = match may(&served, &caller, function).await {
        Ok(true) => answered(&served, &caller, function, &body).await,
        Ok(false) => {
            let message = format!("role {} may not call {}", caller.role, function.name());
            sentence(StatusCode::FORBIDDEN, &message)
        }
        Err(error) => refused(&error),
    };
    let (status, milliseconds) = (response.status(), u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
    info!(org_id = %caller.org_id, function = function.name(), status = status.as_u16(), milliseconds, "board has called");
    counter!("booking_worker_board_calls_total", "function" => function.name(), "status" => status.as_str().to_owned())
        .increment(1);
    response
}

async fn may(served: &Served, caller: &Caller, function: &'static Function) -> Result<bool, Error> {
    served.rights.allows(&served.context.board, &caller.role, function.signature).await
}

async fn answered(served: &Served, caller: &Caller, function: &Function, body: &[u8]) -> Response {
    let asked = match asked(body) {
        Ok(asked) => asked,
        Err(why) => return sentence(StatusCode::BAD_REQUEST, why),
    };
    let names = asked.arguments.iter().map(|(name, _)| name.as_str());
    let (sql, seen) = match function.sql(names).and_then(|sql| Ok((sql, seen(function, &asked)?))) {
        Ok(stated) => stated,
        Err(name) => {
            let message = format!("{} has no argument {name:?}", function.name());
            return sentence(StatusCode::NOT_FOUND, &message);
        }
    };
    let Ok(Some(_turn)) = timeout(PATIENCE, served.board_calls.turn(caller.org_id)).await else {
        return sentence(
            StatusCode::SERVICE_UNAVAILABLE,
            "the calls before this one are not answered yet: please try again",
        );
    };
    let values: Vec<Option<&str>> = asked.arguments.iter().map(|(_, value)| value.as_deref()).collect();
    let who = OnBehalf { org_id: caller.org_id, role: &caller.role, user: caller.user.as_deref() };
    match served.context.board.called(&sql, who, &values, seen).await {
        Ok(answer) => {
            let described = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
            (described, answer.unwrap_or_else(changed_meanwhile)).into_response()
        }
        Err(error) => refused(&error),
    }
}

/// As a function says no.
fn changed_meanwhile() -> String {
    json!({"success": false, "error": "changed_meanwhile", "message": CHANGED}).to_string()
}

/// The appointment as it was seen, where that was sent; or the argument that the function does not have.
fn seen<'a>(function: &Function, asked: &'a Asked) -> Result<Option<board::Seen<'a>>, &'a str> {
    let Some(Seen { starts_at, resource_id, status }) = &asked.seen else { return Ok(None) };
    let name = function.appointment().ok_or(SEEN)?;
    let named = asked.arguments.iter().find(|(stated, _)| stated == name);
    let appointment = named.and_then(|(_, value)| value.as_deref());
    Ok(Some(board::Seen { appointment, starts_at, resource: resource_id, status }))
}

/// What a body states; an organization is not heard of.
fn asked(body: &[u8]) -> Result<Asked, &'static str> {
    let mut stated: Map<String, Value> = match body.is_empty() {
        true => Map::new(),
        false => serde_json::from_slice(body).map_err(|_| "the body is not a JSON object of arguments")?,
    };
    let seen = stated.remove(SEEN).map(serde_json::from_value::<Option<Seen>>).transpose();
    let seen = seen.map_err(|_| "p_seen has not startsAt, resourceId and status, each as text")?.flatten();
    let stated = stated.into_iter().filter(|(name, _)| name != "p_org_id");
    let arguments = stated.map(|(name, value)| {
        let text = match value {
            Value::Null => None,
            Value::String(text) => Some(text),
            Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
            Value::Array(_) | Value::Object(_) => return Err("an argument is neither text nor a number nor null"),
        };
        Ok((name, text))
    });
    Ok(Asked { arguments: arguments.collect::<Result<_, _>>()?, seen })
}

/// What has gone wrong, with a status as PostgREST gives it.
fn refused(error: &Error) -> Response {
    let Some(from_database) = error.from_database() else {
        warn!(%error, "the board cannot be answered");
        return sentence(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer: please try again");
    };
    let code = from_database.code();
    let status = status_of(code);
    if status.is_server_error() {
        warn!(sqlstate = code.code(), "the board cannot be answered");
    }
    (status, Json(described(from_database))).into_response()
}

fn described(error: &DbError) -> Value {
    let (message, hint) = match *error.code() {
        SqlState::QUERY_CANCELED => ("the database has taken too long and has changed nothing", Some("try again")),
        SqlState::T_R_DEADLOCK_DETECTED
        | SqlState::T_R_SERIALIZATION_FAILURE
        | SqlState::EXCLUSION_VIOLATION
        | SqlState::LOCK_NOT_AVAILABLE => {
            ("somebody else was changing this at the same moment, and nothing was changed", Some("try again"))
        }
        _ => (error.message(), error.hint()),
    };
    json!({"code": error.code().code(), "message": message, "details": error.detail(), "hint": hint})
}

fn status_of(code: &SqlState) -> StatusCode {
    match code.code() {
        "42501" => StatusCode::FORBIDDEN,
        "23505" | "23503" | "23P01" | "40001" | "40P01" | "55P03" => StatusCode::CONFLICT,
        "57014" => StatusCode::GATEWAY_TIMEOUT,
        code if code.starts_with("22") || code.starts_with("23") => StatusCode::BAD_REQUEST,
        code if code.starts_with("53") || code.starts_with("57") || code.starts_with("08") => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn sentence(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"message": message}))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_texts_and_none_of_them_is_an_organization() {
        let stated = br#"{"p_org_id": "another", "p_days": 7, "p_reason": null, "p_phone": "+1415"}"#;
        let text = |text: &str| Some(text.to_owned());
        let expected = [("p_days", text("7")), ("p_reason", None), ("p_phone", text("+1415"))]
            .map(|(name, value)| (name.to_owned(), value));
        assert_eq!(asked(stated).unwrap().arguments, expected);
        assert_eq!(asked(b"").unwrap(), Asked { arguments: vec![], seen: None });
    }

    #[test]
    fn what_was_seen_is_no_argument_and_is_only_of_what_changes_an_appointment() {
        let stated = br#"{"p_appointment_id": "a", "p_seen": {"startsAt": "t", "resourceId": "r", "status": "held"}}"#;
        let asked = asked(stated).unwrap();
        assert_eq!(asked.arguments, [("p_appointment_id".to_owned(), Some("a".to_owned()))]);
        let seen_by = |name| seen(Function::named(name).unwrap(), &asked);
        let seen = seen_by("cancel_appointment").unwrap().unwrap();
        assert_eq!(
            [seen.appointment, Some(seen.starts_at), Some(seen.resource), Some(seen.status)],
            [Some("a"), Some("t"), Some("r"), Some("held")]
        );
        assert_eq!(seen_by("release_hold").unwrap().unwrap().appointment, None);
        assert_eq!(seen_by("agenda").unwrap_err(), "p_seen");
    }

    #[test]
    fn what_is_no_object_of_plain_values_is_refused() {
        let unseen = [r#"{"p_seen": 7}"#, r#"{"p_seen": {}}"#, r#"{"p_seen": {"startsAt": 7}}"#];
        for body in ["[]", "x", "7", r#"{"p_days": [7]}"#, r#"{"p_days": {}}"#, "\u{0}"].into_iter().chain(unseen) {
            assert!(asked(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn a_status_says_whose_fault_it_is() {
        let status = |code| status_of(&SqlState::from_code(code)).as_u16();
        assert_eq!(
            ["22023", "22P02", "42501", "40P01", "55P03", "57014", "53300", "XX000"].map(status),
            [400, 400, 403, 409, 409, 504, 503, 500]
        );
    }
}
