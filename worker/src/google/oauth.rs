//! OAuth 2.0: asks for consent, and gets, renews and gives back tokens.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::failure::of_tokens;
use super::{Google, PROVIDER, Tokens};
use crate::http::{LARGEST_OBJECT, exchange};
use crate::outcome::{Effect, Failure};

/// What consent is asked for: to write events, and to read calendars and when they are busy.
pub const SCOPES: [&str; 2] =
    ["https://www.googleapis.com/auth/calendar.events", "https://www.googleapis.com/auth/calendar.readonly"];

/// The longest that a token is believed to live, in seconds: a day. Google's live an hour.
const LONGEST_LIFE_SECONDS: i64 = 24 * 60 * 60;

/// The challenge (S256) for a PKCE verifier of 43 to 128 characters.
pub fn pkce_challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

#[derive(Deserialize)]
struct TokenReply {
    access_token: SecretString,
    expires_in: i64,
    refresh_token: Option<SecretString>,
    scope: Option<String>,
}

impl Google {
    /// The page on which somebody consents. It leads back to `redirect_uri` with `state` and a code, or an error. It asks each
    /// time (`prompt=consent`): only then does the code bring a refresh token.
    pub fn consent_url(&self, state: &str, redirect_uri: &str, code_challenge: &str) -> String {
        let mut url = self.authorize.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", &SCOPES.join(" "))
            .append_pair("state", state)
            .append_pair("code_challenge", code_challenge)
            .append_pair("code_challenge_method", "S256")
            .append_pair("access_type", "offline")
            .append_pair("prompt", "consent");
        url.into()
    }

    /// The tokens for a code, which counts once: after [`Failure::Unknown`] consent has to be asked for again.
    pub async fn exchange(&self, code: &str, redirect_uri: &str, verifier: &str) -> Result<Tokens, Failure> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        self.tokens(&form, Effect::Write).await
    }

    /// A new access token. The refresh token is the old one where Google gives no other. `invalid_grant`, which is
    /// [`Failure::Unauthorized`], says that the consent has ended.
    pub async fn refresh(&self, refresh_token: &SecretString) -> Result<Tokens, Failure> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose_secret())];
        // One token more does no harm, so a time-out leaves no doubt to settle.
        let tokens = self.tokens(&form, Effect::Read).await?;
        Ok(Tokens { refresh_token: tokens.refresh_token.or_else(|| Some(refresh_token.clone())), ..tokens })
    }

    /// Ends a consent, by its refresh token or an access token. One that has ended already is no failure.
    pub async fn revoke(&self, token: &SecretString) -> Result<(), Failure> {
        let request = self.http.post(self.revoke.clone()).form(&[("token", token.expose_secret())]);
        let reply = exchange(request, PROVIDER, Effect::Write, LARGEST_OBJECT).await?;
        if reply.status.is_success() {
            return Ok(());
        }
        match of_tokens(&reply, Effect::Write) {
            Failure::Refused { code: Some(code), .. } if code == "invalid_token" => Ok(()),
            failure => Err(failure),
        }
    }

    async fn tokens(&self, form: &[(&str, &str)], effect: Effect) -> Result<Tokens, Failure> {
        let client = [
            ("client_id", self.client.client_id.as_str()),
            ("client_secret", self.client.client_secret.expose_secret()),
        ];
        let asked_at = Utc::now();
        let request = self.http.post(self.token.clone()).form(&[form, &client].concat());
        let reply = exchange(request, PROVIDER, effect, LARGEST_OBJECT).await?;
        if !reply.status.is_success() {
            return Err(of_tokens(&reply, effect));
        }
        let TokenReply { access_token, expires_in, refresh_token, scope } = reply.object()?;
        if access_token.expose_secret().is_empty() {
            return Err(reply.unreadable("which has no token"));
        }
        let refresh_token = refresh_token.filter(|token| !token.expose_secret().is_empty());
        let expires_at = end(asked_at, expires_in);
        Ok(Tokens { access_token, refresh_token, expires_at, scope: scope.unwrap_or_default() })
    }
}

/// Counted from before the request, so that the token never ends earlier than we believe.
fn end(asked_at: DateTime<Utc>, expires_in: i64) -> DateTime<Utc> {
    let life = TimeDelta::seconds(expires_in.clamp(0, LONGEST_LIFE_SECONDS));
    asked_at.checked_add_signed(life).unwrap_or(asked_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636() {
        let challenge = pkce_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn the_life_of_a_token_is_not_believed_without_limit() {
        let asked_at = "2026-11-20T12:00:00Z".parse().unwrap();
        let life = |seconds| end(asked_at, seconds).signed_duration_since(asked_at).num_seconds();
        assert_eq!((life(3599), life(-1), life(i64::MAX), life(i64::MIN)), (3599, 0, 86_400, 0));
    }
}
