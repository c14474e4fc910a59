//! How the worker is: for a supervisor, a balancer and a monitor.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use metrics::gauge;
use tokio::time::timeout;

use super::Served;

/// How often the database is asked at most.
const ASKED_EVERY: Duration = Duration::from_secs(5);
/// How long the database has to answer a monitor.
const PATIENCE: Duration = Duration::from_secs(5);

/// It runs.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// It can work: the database answers, and lets it.
pub async fn readyz(State(served): State<Arc<Served>>) -> Response {
    match timeout(PATIENCE, served.context.database.standing()).await {
        Ok(Ok(standing)) if standing.schema_version.is_some() => "ready\n".into_response(),
        Ok(Ok(_)) => not_ready("the database has no pg_booking\n"),
        Ok(Err(_)) | Err(_) => not_ready("the database does not answer\n"),
    }
}

fn not_ready(why: &'static str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
}

/// What it has done, and what waits in the outbox.
pub async fn metrics(State(served): State<Arc<Served>>) -> String {
    // Whoever asks oftener is told what was known: this is no way to keep the database busy.
    let is_time = {
        let mut asked = served.asked_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = asked.is_none_or(|at| at.elapsed() > ASKED_EVERY);
        if is_time {
            *asked = Some(Instant::now());
        }
        is_time
    };
    if is_time && let Ok(Ok(depth)) = timeout(PATIENCE, served.context.database.depth()).await {
        gauge!("booking_outbox_due").set(depth.due);
        gauge!("booking_outbox_oldest_seconds").set(depth.oldest_seconds);
        gauge!("booking_integrations_lost").set(depth.lost);
    }
    served.metrics.render()
}
