//! What the providers and the operator reach: callbacks, the consent to a calendar, and how the worker is.

mod board;
mod body;
pub mod connections;
mod google;
mod operator;
pub mod rights;
pub mod slots;
pub mod stream;
pub mod token;
mod twilio;
mod vapi;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Semaphore;
use tracing::error;

use crate::context::Context;
use crate::database::system::FUNCTIONS;
use crate::error::Error;
use operator::Readiness;
use rights::Rights;
use slots::Slots;
use stream::Streams;

pub use google::start_link;

/// The functions of the database that this worker calls: for itself, and for the board.
pub fn functions() -> Vec<&'static str> {
    FUNCTIONS.iter().copied().chain(board::function_names()).collect()
}

/// No callback is longer, in bytes.
const LARGEST_BODY: usize = 256 * 1024;
/// But for those of voice agents: at the end of a call they tell all that was said.
const LARGEST_CALL: usize = 8 * 1024 * 1024;

pub struct Served {
    pub context: Arc<Context>,
    pub metrics: PrometheusHandle,
    /// When the database was last asked for them.
    pub asked_at: Mutex<Option<Instant>>,
    /// Whether it could work when it was last looked at.
    pub ready: tokio::sync::Mutex<Option<Readiness>>,
    /// How long a voice agent waits at most.
    pub answer_within: Duration,
    /// How long the body of a request may take to come.
    pub request_within: Duration,
    /// How many at once the database is asked about whose calls they are. Anybody can make it be asked, so that this is fewer than
    /// there are connections for calls.
    pub lookups: Semaphore,
    /// What the roles of callers may do.
    pub rights: Arc<Rights>,
    /// How many calls of the board are under way at once, in all and of each organization.
    pub board_calls: Slots,
    /// Those who follow the history.
    pub streams: Arc<Streams>,
}

pub fn routes(served: Arc<Served>) -> Router {
    let calls = Router::new()
        .route("/vapi", post(vapi::message))
        .route("/api/vapi/tools/bookClinicAppointment", post(vapi::direct))
        .layer(DefaultBodyLimit::max(LARGEST_CALL));
    Router::new()
        .route("/healthz", get(operator::healthz))
        .route("/readyz", get(operator::readyz))
        .route("/metrics", get(operator::metrics))
        .route("/twilio/{org_id}/status/{message_id}", post(twilio::status))
        .route("/twilio/{org_id}/inbound", post(twilio::inbound))
        .route("/google/connect", get(google::connect))
        .route("/google/callback", get(google::callback))
        .route("/google/{org_id}/notify", post(google::notify))
        .route("/events", get(stream::events))
        .route("/ws", get(stream::ws))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .merge(calls)
        .merge(board::routes())
        .with_state(served)
}

/// Trouble of ours: who has called is told to come again, and nothing else.
fn unavailable(error: &Error) -> Response {
    error!(%error, "cannot answer");
    (StatusCode::SERVICE_UNAVAILABLE, "please try again\n").into_response()
}

/// Who has called is not whom they say they are, or there is no such place. Which of the two is not said.
fn forbidden() -> Response {
    (StatusCode::FORBIDDEN, "the signature is not valid\n").into_response()
}
