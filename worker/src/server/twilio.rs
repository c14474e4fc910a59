//! What Twilio tells: how far a message has come, and what patients write. Only what it has signed is believed.

use std::sync::Arc;

use axum::extract::{FromRequest, Path, RawForm, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use metrics::counter;
use serde_json::Value;
use tracing::{info, warn};
use uuid::Uuid;

use super::body::InTime;
use super::{Served, forbidden, unavailable};
use crate::database::messages::Received;
use crate::twilio::{signature, told, twiml};

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

/// What has come to an address of this organization, if Twilio has signed it with the secret of the organization; else what is
/// answered.
async fn signed(
    served: &Arc<Served>,
    kind: &'static str,
    org_id: Uuid,
    request: Request,
) -> Result<Parameters, Box<Response>> {
    let forged = || {
        counter!("booking_worker_callbacks_total", "kind" => kind, "outcome" => "forged").increment(1);
        Box::new(forbidden())
    };
    // Nothing is read, and nobody is asked, for whoever does not even try to prove who they are.
    let header = request.headers().get("x-twilio-signature").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let url = request.uri().path_and_query().and_then(|path| served.context.options.public(path.as_str()));
    let (header, url) = header.zip(url).ok_or_else(forged)?;
    let InTime(RawForm(body)) = InTime::from_request(request, served).await.map_err(Box::new)?;
    let token = served.context.accounts.twilio_token(&served.context.callbacks, org_id).await;
    let token = token.map_err(|error| Box::new(unavailable(&error)))?.ok_or_else(forged)?;
    let parameters: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
    // As it has come, or as Twilio was told it: whether what it is to do is signed, it does not say.
    let is_signed = |url: &str| signature::is_valid(&token, url, &parameters, &header);
    match is_signed(&url) || is_signed(&told(&url)) {
        true => Ok(Parameters(parameters)),
        false => Err(forged()),
    }
}

/// A status of a message, which may come before the answer to its sending, twice, or in any order.
pub async fn status(
    State(served): State<Arc<Served>>,
    Path((org_id, message_id)): Path<(Uuid, Uuid)>,
    request: Request,
) -> Response {
    let parameters = match signed(&served, "status", org_id, request).await {
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
pub async fn inbound(State(served): State<Arc<Served>>, Path(org_id): Path<Uuid>, request: Request) -> Response {
    let parameters = match signed(&served, "inbound", org_id, request).await {
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
