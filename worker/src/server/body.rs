//! The bodies of requests.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::Served;

/// A body that has come in time. Whoever sends theirs drop by drop is not waited for.
pub struct InTime<T>(pub T);

impl<T: FromRequest<Arc<Served>>> FromRequest<Arc<Served>> for InTime<T> {
    type Rejection = Response;

    async fn from_request(request: Request, served: &Arc<Served>) -> Result<Self, Response> {
        match timeout(served.request_within, T::from_request(request, served)).await {
            Ok(Ok(body)) => Ok(InTime(body)),
            Ok(Err(rejection)) => Err(rejection.into_response()),
            Err(_) => Err(StatusCode::REQUEST_TIMEOUT.into_response()),
        }
    }
}
