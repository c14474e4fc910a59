//! Who a request comes from, by its JSON Web Token: signed with the secret that PostgREST has too, so that whoever is signed in there
//! is signed in here.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use metrics::counter;
use serde::Deserialize;
use serde_json::{Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use super::Served;
use crate::error::Error;

/// A shorter secret can be guessed from one token, in bytes (RFC 7518, 3.2).
const SHORTEST_SECRET: usize = 32;
/// How far the clocks of who signs and of this machine may be apart, in seconds.
const LEEWAY: u16 = 30;
/// The word before a token in the protocols of a WebSocket, which is answered with it.
pub const PROTOCOL: &str = "bearer";
/// Where a token may stand in the address, which others may see: browsers can send no header to these.
const IN_ADDRESS: [&str; 2] = ["/events", "/ws"];
/// The longest name of a role in PostgreSQL, in bytes.
const LONGEST_ROLE: usize = 63;

/// Who calls, as a signed token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The only organization that the caller has anything to do with.
    pub org_id: Uuid,
    /// The role of the database whose rights the caller has.
    pub role: String,
    /// Who of those who have it, if the token says so.
    pub user: Option<String>,
    /// From then on the token is not believed any more: its `exp` and the leeway of clocks.
    pub expires_at: DateTime<Utc>,
}

/// Why there is no [`Caller`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// This worker has no secret, so that nobody can sign in.
    NoSuchPlace,
    /// No token, or none that is believed. Which of the two, and why, is not said.
    Unauthorized,
}

/// What reads and signs tokens. No `Debug`: it holds the secret.
pub struct Tokens {
    signing: EncodingKey,
    reading: DecodingKey,
    validation: Validation,
    audience: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    org_id: Uuid,
    role: String,
    sub: Option<Value>,
    // A number of seconds, which may have a fraction.
    exp: f64,
}

impl Tokens {
    /// Tokens that are signed with HS256 and this secret; with an audience, only those that are for it.
    ///
    /// # Errors
    ///
    /// When the secret has fewer than 32 bytes.
    pub fn new(secret: &str, audience: Option<&str>) -> Result<Self, Error> {
        if secret.len() < SHORTEST_SECRET {
            return Err(Error::Stated(format!(
                "the secret of the tokens has {} bytes and needs {SHORTEST_SECRET} at least: \
                 make one with openssl rand -hex 32, and give PostgREST the same",
                secret.len()
            )));
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY.into();
        validation.validate_nbf = true;
        validation.validate_aud = audience.is_some();
        if let Some(audience) = audience {
            validation.set_audience(&[audience]);
            validation.set_required_spec_claims(&["exp", "aud"]);
        }
        Ok(Tokens {
            signing: EncodingKey::from_secret(secret.as_bytes()),
            reading: DecodingKey::from_secret(secret.as_bytes()),
            validation,
            audience: audience.map(str::to_owned),
        })
    }

    /// Who a token says that its bearer is; `None` where it is not to be believed.
    pub fn caller(&self, token: &str) -> Option<Caller> {
        let read = decode::<Claims>(token, &self.reading, &self.validation).ok()?;
        // Whoever signs may say that more has to be understood than is understood here (RFC 7515, 4.1.11).
        if read.header.crit.is_some() {
            return None;
        }
        let Claims { org_id, role, sub, exp } = read.claims;
        let user = sub.as_ref().and_then(Value::as_str).map(str::to_owned);
        let is_role = (1..=LONGEST_ROLE).contains(&role.len()) && !role.contains('\0');
        is_role.then(|| Caller { org_id, role, user, expires_at: believed_until(exp) })
    }

    /// A token for `role` in an organization, from now until `until`.
    ///
    /// # Errors
    ///
    /// When it cannot be signed.
    pub fn sign(&self, org_id: Uuid, role: &str, until: DateTime<Utc>) -> Result<String, Error> {
        let mut claims = json!({
            "org_id": org_id, "role": role, "iat": Utc::now().timestamp(), "exp": until.timestamp(),
        });
        if let (Value::Object(claims), Some(audience)) = (&mut claims, &self.audience) {
            claims.insert("aud".to_owned(), audience.as_str().into());
        }
        encode(&Header::new(Algorithm::HS256), &claims, &self.signing)
            .map_err(|error| Error::Stated(format!("cannot sign a token: {error}")))
    }
}

/// The end of a token with this `exp`, in seconds since 1970.
fn believed_until(exp: f64) -> DateTime<Utc> {
    // Saturates, and what is beyond the calendar never ends.
    let seconds = exp as i64;
    DateTime::from_timestamp(seconds.saturating_add(LEEWAY.into()), 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

impl Caller {
    /// How long the token is believed still; nothing, where it is not any more.
    pub fn time_left(&self) -> std::time::Duration {
        (self.expires_at - Utc::now()).max(TimeDelta::zero()).to_std().unwrap_or_default()
    }
}

impl FromRequestParts<Arc<Served>> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, served: &Arc<Served>) -> Result<Self, Refused> {
        let tokens = served.context.tokens.as_ref().ok_or(Refused::NoSuchPlace)?;
        let query = parts.uri.query().filter(|_| IN_ADDRESS.contains(&parts.uri.path()));
        let token = stated(&parts.headers, query);
        token.and_then(|token| tokens.caller(&token)).ok_or(Refused::Unauthorized)
    }
}

/// The token of a request: in its header, or where browsers cannot send one, in the address or among the protocols.
fn stated(headers: &HeaderMap, query: Option<&str>) -> Option<String> {
    in_header(headers).or_else(|| in_query(query?)).or_else(|| in_protocols(headers))
}

fn in_header(headers: &HeaderMap) -> Option<String> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

fn in_query(query: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "access_token").map(|(_, token)| token.into_owned())
}

fn in_protocols(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|line| line.to_str().ok());
    let mut protocols = lines.flat_map(|line| line.split(',')).map(str::trim);
    protocols.find(|protocol| *protocol == PROTOCOL)?;
    protocols.next().map(str::to_owned)
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        if self == Refused::NoSuchPlace {
            return StatusCode::NOT_FOUND.into_response();
        }
        counter!("booking_worker_tokens_refused_total").increment(1);
        let what_to_do = json!({"error":
            "sign in: send a JSON Web Token that is signed with HS256 and this worker's secret, has org_id, role and exp, and has not \
             expired, as Authorization: Bearer TOKEN; for /events and /ws also as ?access_token=TOKEN, or as the WebSocket protocols \
             bearer and TOKEN"});
        let challenge = [(header::WWW_AUTHENTICATE, r#"Bearer error="invalid_token""#)];
        (StatusCode::UNAUTHORIZED, challenge, Json(what_to_do)).into_response()
    }
}
