//! Twilio: sends a message, finds out whether it was sent, checks an account, and believes only what Twilio has signed.

mod account;
mod failure;
mod find;
pub mod signature;
mod twiml;

use std::fmt;

use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use crate::http::{BadAddress, LARGEST_LIST, LARGEST_OBJECT, Reply, address, below, exchange};
use crate::outcome::{Effect, Failure};

pub use account::{Sender, TwilioAccount};
pub use twiml::twiml;

/// Where Twilio is.
pub const BASE_URL: &str = "https://api.twilio.com";

/// What Twilio is asked to do where nobody answers it, or with a status of 5xx: to come again up to five times, which it does within
/// 15 seconds. It stands behind an address and is not sent with it.
const RETRIES: &str = "#rc=5&rp=5xx,ct";

const PROVIDER: &str = "Twilio";

/// An address of ours as Twilio is told it.
pub fn told(address: &str) -> String {
    format!("{address}{RETRIES}")
}

/// One account at Twilio.
pub struct Twilio {
    http: Client,
    base: Url,
    account: TwilioAccount,
}

/// A message that Twilio has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// `SM` or `MM` and 32 hexadecimal digits.
    pub sid: String,
    /// `accepted`, `queued`, and so on up to `delivered` or `failed`.
    pub status: String,
}

impl fmt::Debug for Twilio {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Twilio").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Twilio {
    /// The account at `base_url`, which is [`BASE_URL`] but for tests.
    pub fn new(http: Client, base_url: &str, account: TwilioAccount) -> Result<Self, BadAddress> {
        Ok(Twilio { http, base: address("Twilio", base_url)?, account })
    }

    /// Sends `body` to the number `to` (E.164). Twilio reports to `status_callback` how far the message gets, perhaps before
    /// this returns. There is no idempotency key: after [`Failure::Unknown`], ask [`Twilio::find`] before sending again.
    pub async fn send(&self, to: &str, body: &str, status_callback: Option<&str>) -> Result<Sent, Failure> {
        let mut form = vec![("To", to), self.account.sender.parameter(), ("Body", body)];
        form.extend(status_callback.map(|url| ("StatusCallback", url)));
        let request = self.authenticated(self.http.post(self.below_account(&["Messages.json"])?)).form(&form);
        let reply = succeeded(exchange(request, PROVIDER, Effect::Write, LARGEST_OBJECT).await?, Effect::Write)?;
        let Created { sid, status } = reply.object()?;
        if !is_message_sid(&sid) {
            return Err(reply.unreadable("which names no message"));
        }
        Ok(Sent { sid, status: status.unwrap_or_default() })
    }

    /// Whether the account is active and its credentials are accepted. Most API keys may not read the account: it is read by
    /// the auth token, and the key tried on the list of messages.
    pub async fn check(&self) -> Result<(), Failure> {
        let request = self.http.get(self.account_url(".json")?);
        let (sid, token) = (&self.account.account_sid, self.account.auth_token.expose_secret());
        let reply = exchange(request.basic_auth(sid, Some(token)), PROVIDER, Effect::Read, LARGEST_OBJECT).await?;
        let Account { status } = succeeded(reply, Effect::Read)?.object()?;
        match status.as_str() {
            "active" => {}
            "suspended" => return Err(Failure::unauthorized("the Twilio account is suspended", Some(status))),
            "closed" => return Err(Failure::unauthorized("the Twilio account is closed", Some(status))),
            _ => return Err(Failure::refused("the Twilio account is not active", None)),
        }
        if self.account.api_key().is_some() {
            let request = self.http.get(self.below_account(&["Messages.json"])?).query(&[("PageSize", "1")]);
            let reply = exchange(self.authenticated(request), PROVIDER, Effect::Read, LARGEST_LIST).await?;
            succeeded(reply, Effect::Read)?;
        }
        Ok(())
    }

    fn authenticated(&self, request: RequestBuilder) -> RequestBuilder {
        let of_account = || (self.account.account_sid.as_str(), &self.account.auth_token);
        let (user, password): (&str, &SecretString) = self.account.api_key().unwrap_or_else(of_account);
        request.basic_auth(user, Some(password.expose_secret()))
    }

    fn account_url(&self, ending: &str) -> Result<Url, Failure> {
        self.below(&[&format!("{}{ending}", self.account.account_sid)])
    }

    fn below_account(&self, segments: &[&str]) -> Result<Url, Failure> {
        self.below(&[&[self.account.account_sid.as_str()], segments].concat())
    }

    fn below(&self, segments: &[&str]) -> Result<Url, Failure> {
        let segments = [&["2010-04-01", "Accounts"], segments].concat();
        below(&self.base, &segments).ok_or_else(|| Failure::refused("the Twilio account has no usable sid", None))
    }
}

#[derive(Deserialize)]
struct Created {
    sid: String,
    status: Option<String>,
}

#[derive(Deserialize)]
struct Account {
    status: String,
}

fn succeeded(reply: Reply, effect: Effect) -> Result<Reply, Failure> {
    if reply.status.is_success() { Ok(reply) } else { Err(failure::failure(&reply, effect)) }
}

/// `^(SM|MM)[0-9a-f]{32}$`
fn is_message_sid(sid: &str) -> bool {
    let digits = sid.strip_prefix("SM").or_else(|| sid.strip_prefix("MM"));
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(is_digit))
}
