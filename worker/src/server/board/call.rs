//! What the page asks the database: some functions, by name, for the organization of who asks. They answer as PostgREST would.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use metrics::counter;
use serde_json::{Map, Value, json};
use tokio::time::timeout;
use tokio_postgres::error::{DbError, SqlState};
use tracing::{info, warn};

use super::functions::{FUNCTIONS, Function};
use crate::database::board::OnBehalf;
use crate::error::Error;
use crate::server::Served;
use crate::server::body::InTime;
use crate::server::token::Caller;

/// How long a call waits for those of its organization that are under way.
const PATIENCE: Duration = Duration::from_secs(10);

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
    let arguments = match arguments(body) {
        Ok(arguments) => arguments,
        Err(why) => return sentence(StatusCode::BAD_REQUEST, why),
    };
    let sql = match function.sql(arguments.iter().map(|(name, _)| name.as_str())) {
        Ok(sql) => sql,
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
    let values: Vec<Option<&str>> = arguments.iter().map(|(_, value)| value.as_deref()).collect();
    let who = OnBehalf { org_id: caller.org_id, role: &caller.role, user: caller.user.as_deref() };
    match served.context.board.called(&sql, who, &values).await {
        Ok(answer) => {
            let described = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
            (described, answer).into_response()
        }
        Err(error) => refused(&error),
    }
}

/// The arguments by name, as text; an organization is not heard of.
fn arguments(body: &[u8]) -> Result<Vec<(String, Option<String>)>, &'static str> {
    let stated: Map<String, Value> = match body.is_empty() {
        true => Map::new(),
        false => serde_json::from_slice(body).map_err(|_| "the body is not a JSON object of arguments")?,
    };
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
    arguments.collect()
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
        assert_eq!(arguments(stated).unwrap(), expected);
        assert_eq!(arguments(b"").unwrap(), []);
    }

    #[test]
    fn what_is_no_object_of_plain_values_is_refused() {
        for body in ["[]", "x", "7", r#"{"p_days": [7]}"#, r#"{"p_days": {}}"#, "\u{0}"] {
            assert!(arguments(body.as_bytes()).is_err(), "{body}");
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
