//! What Twilio tells: how far a message has come, and what patients write. Only what it has signed is believed.

use std::sync::Arc;

use axum::extract::{Path, RawForm, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use metrics::counter;
use secrecy::SecretString;
use serde_json::Value;
use tracing::{info, warn};
use uuid::Uuid;

use super::{Served, forbidden, unavailable};
use crate::database::messages::Received;
use crate::twilio::{signature, twiml};

/// The words of a callback, by name.
struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }
}

/// What has come, as it came.
struct Call<'a> {
    kind: &'static str,
    org_id: Uuid,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    body: &'a [u8],
}

impl Call<'_> {
    /// The parameters, if Twilio has signed them with the secret of this organization; else what is answered.
    async fn signed(&self, served: &Served) -> Result<Parameters, Box<Response>> {
        let token = served.context.accounts.twilio_token(self.org_id).await;
        let token = token.map_err(|error| Box::new(unavailable(&error)))?;
        token.and_then(|token| self.signed_with(served, &token)).ok_or_else(|| {
            counter!("booking_worker_callbacks_total", "kind" => self.kind, "outcome" => "forged").increment(1);
            Box::new(forbidden())
        })
    }

    fn signed_with(&self, served: &Served, token: &SecretString) -> Option<Parameters> {
        let header = self.headers.get("x-twilio-signature")?.to_str().ok()?;
        let url = served.context.options.public(self.uri.path_and_query()?.as_str())?;
        let parameters: Vec<(String, String)> = url::form_urlencoded::parse(self.body).into_owned().collect();
        signature::is_valid(token, &url, &parameters, header).then_some(Parameters(parameters))
    }
}

/// A status of a message, which may come before the answer to its sending, twice, or in any order.
pub async fn status(
    State(served): State<Arc<Served>>,
    Path((org_id, message_id)): Path<(Uuid, Uuid)>,
    uri: Uri,
    headers: HeaderMap,
    RawForm(body): RawForm,
) -> Response {
    let call = Call { kind: "status", org_id, uri: &uri, headers: &headers, body: &body };
    let parameters = match call.signed(&served).await {
        Ok(parameters) => parameters,
        Err(answer) => return *answer,
    };
    let Some((sid, status)) = parameters.get("MessageSid").zip(parameters.get("MessageStatus")) else {
        return (StatusCode::BAD_REQUEST, "MessageSid and MessageStatus are missing\n").into_response();
    };
    let code = parameters.get("ErrorCode");
    match served.context.database.message_status(org_id, message_id, sid, status, code).await {
        Ok(is_news) => {
            info!(%org_id, sid, status, code, is_news, "status of a message");
            counter!("booking_worker_callbacks_total", "kind" => "status", "outcome" => if is_news { "news" } else { "known" }).increment(1);
            StatusCode::NO_CONTENT.into_response()
        }
        // A word that is not known: to be told of it again would not help.
        Err(error) if error.sql_state().is_some_and(|state| state.code() == "22023") => {
            warn!(%org_id, sid, %error, "status of a message not understood");
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => unavailable(&error),
    }
}

/// A message from a patient.
pub async fn inbound(
    State(served): State<Arc<Served>>,
    Path(org_id): Path<Uuid>,
    uri: Uri,
    headers: HeaderMap,
    RawForm(body): RawForm,
) -> Response {
    let call = Call { kind: "inbound", org_id, uri: &uri, headers: &headers, body: &body };
    let parameters = match call.signed(&served).await {
        Ok(parameters) => parameters,
        Err(answer) => return *answer,
    };
    let sid = parameters.get("MessageSid").or_else(|| parameters.get("SmsSid"));
    let Some(((sid, from), to)) = sid.zip(parameters.get("From")).zip(parameters.get("To")) else {
        return (StatusCode::BAD_REQUEST, "MessageSid, From and To are missing\n").into_response();
    };
    let body = parameters.get("Body").unwrap_or_default();
    let received = Received { from, to, body, sid, opt_out_type: parameters.get("OptOutType") };
    match served.context.database.receive_message(org_id, &received).await {
        Ok(answer) => {
            let action = answer.get("action").and_then(Value::as_str).unwrap_or("none").to_owned();
            info!(%org_id, sid, action, "message of a patient");
            counter!("booking_worker_callbacks_total", "kind" => "inbound", "outcome" => action).increment(1);
            let reply = answer.get("reply").and_then(Value::as_str);
            ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], twiml(reply)).into_response()
        }
        Err(error) => unavailable(&error),
    }
}
