//! How the worker is: for a supervisor, a balancer and a monitor.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use metrics::gauge;
use serde_json::Value;
use tokio::time::timeout;

use super::Served;

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
    if let Ok(Ok(health)) = timeout(PATIENCE, served.context.database.health()).await {
        let outbox = |key: &str| health.get("outbox")?.get(key).and_then(Value::as_f64);
        gauge!("booking_outbox_due").set(outbox("due").unwrap_or(0.0));
        gauge!("booking_outbox_oldest_seconds").set(outbox("oldestSeconds").unwrap_or(0.0));
        gauge!("booking_outbox_discarded").set(outbox("discarded").unwrap_or(0.0));
        let lost = health.get("integrations").and_then(|integrations| integrations.get("lost")).and_then(Value::as_f64);
        gauge!("booking_integrations_lost").set(lost.unwrap_or(0.0));
    }
    served.metrics.render()
}
