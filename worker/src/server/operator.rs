//! How the worker is: for a supervisor, a balancer and a monitor.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use metrics::gauge;
use tokio::time::timeout;

use super::{Served, functions};
use crate::error::Error;

/// How often the database is asked at most.
const ASKED_EVERY: Duration = Duration::from_secs(5);
/// How long it is believed that it can work, or cannot.
const READY_FOR: Duration = Duration::from_secs(1);
/// How long the database has to answer a monitor.
const PATIENCE: Duration = Duration::from_secs(5);

/// It runs.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether it can work, when that was seen.
pub struct Readiness {
    seen_at: Instant,
    trouble: Option<&'static str>,
}

/// It can work: the database answers, and lets it.
pub async fn readyz(State(served): State<Arc<Served>>) -> Response {
    // However many ask, one of them at a time asks the database, and not often.
    let mut known = served.ready.lock().await;
    let trouble = match &*known {
        Some(readiness) if readiness.seen_at.elapsed() < READY_FOR => readiness.trouble,
        _ => {
            let trouble = trouble(&served).await;
            *known = Some(Readiness { seen_at: Instant::now(), trouble });
            trouble
        }
    };
    match trouble {
        None => "ready\n".into_response(),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, why).into_response(),
    }
}

/// What keeps it from working.
async fn trouble(served: &Served) -> Option<&'static str> {
    let database = &served.context.database;
    let looked = async {
        if database.standing().await?.schema_version.is_none() {
            return Ok(Some("the database has no pg_booking\n"));
        }
        let missing = database.not_callable(&functions()).await?;
        Ok::<_, Error>((!missing.is_empty()).then_some("the database does not let this worker do all of its work\n"))
    };
    match timeout(PATIENCE, looked).await {
        Ok(Ok(trouble)) => trouble,
        Ok(Err(_)) | Err(_) => Some("the database does not answer\n"),
    }
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
