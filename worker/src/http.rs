//! One HTTP exchange with a provider: sent once, read within limits, and told in our own words when it fails. What the
//! libraries say about a failure names the address, and addresses hold phone numbers.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::time::{Duration, SystemTime};

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use thiserror::Error;
use url::Url;

use crate::outcome::{Effect, Failure, retry_after_seconds};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a whole exchange may take, unless something else is asked for.
pub const USUAL_TIMEOUT: Duration = Duration::from_secs(20);

/// The largest replies that are read, in bytes.
pub(crate) const LARGEST_OBJECT: usize = 1024 * 1024;
pub(crate) const LARGEST_LIST: usize = 20 * 1024 * 1024;

/// The client that all providers share: TLS by rustls with the certificates that the machine trusts, 5 seconds to connect and
/// `timeout` for everything. It follows no redirect, since that would carry credentials elsewhere, and takes no proxy from the
/// environment.
pub fn http_client(timeout: Duration) -> reqwest::Result<Client> {
    Client::builder()
        .connect_timeout(CONNECT_TIMEOUT.min(timeout))
        .timeout(timeout)
        .redirect(Policy::none())
        .no_proxy()
        .user_agent(concat!("booking-worker/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// An address of a provider that cannot be used. It is not repeated: it may hold credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the address of {what} is not an http or https address without credentials, query and fragment")]
pub struct BadAddress {
    pub what: &'static str,
}

/// The address `text` of `what`, to which paths can be added.
pub(crate) fn address(what: &'static str, text: &str) -> Result<Url, BadAddress> {
    let url = Url::parse(text).map_err(|_| BadAddress { what })?;
    let is_plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.has_host();
    if is_plain && matches!(url.scheme(), "http" | "https") { Ok(url) } else { Err(BadAddress { what }) }
}

/// `base` with `segments` added to its path, each of them encoded. `None` for a segment that would be lost or lead elsewhere.
pub(crate) fn below(base: &Url, segments: &[&str]) -> Option<Url> {
    if segments.iter().any(|segment| matches!(*segment, "" | "." | "..")) {
        return None;
    }
    let mut url = base.clone();
    url.path_segments_mut().ok()?.pop_if_empty().extend(segments);
    Some(url)
}

/// A reply, read as far as it could be.
pub(crate) struct Reply {
    pub status: StatusCode,
    pub retry_after_seconds: Option<i32>,
    body: Result<Vec<u8>, Broken>,
    provider: &'static str,
    effect: Effect,
}

/// Why a reply was not read to its end.
enum Broken {
    TooLarge,
    Cut(String),
}

/// Sends a request and reads the reply, of at most `limit` bytes.
pub(crate) async fn exchange(
    request: RequestBuilder,
    provider: &'static str,
    effect: Effect,
    limit: usize,
) -> Result<Reply, Failure> {
    let response = request.send().await.map_err(|error| unsent(provider, effect, &error))?;
    let status = response.status();
    let retry_after_seconds = retry_after_seconds(response.headers(), SystemTime::now());
    let body = read(response, limit).await;
    Ok(Reply { status, retry_after_seconds, body, provider, effect })
}

impl Reply {
    /// The HTTP status, where the provider gave no code of its own.
    pub fn status_code(&self) -> Option<String> {
        Some(self.status.as_str().to_owned())
    }

    /// What a successful reply says. If that cannot be read, the request may have been carried out all the same.
    pub fn object<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let bytes = match &self.body {
            Ok(bytes) => bytes,
            Err(Broken::TooLarge) => return Err(self.unreadable("which is too large")),
            Err(Broken::Cut(how)) => return Err(self.unreadable(&format!("and then {how}"))),
        };
        serde_json::from_slice(bytes).map_err(|_| self.unreadable("which is not what was expected"))
    }

    /// The failure of a reply that says too little.
    pub fn unreadable(&self, why: &str) -> Failure {
        let error = format!("{} sent a reply (HTTP {}), {why}", self.provider, self.status.as_str());
        self.effect.unsure(error, self.status_code(), self.retry_after_seconds)
    }

    /// What a reply about an error says, as far as it can be understood.
    pub fn error_object<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(self.body.as_ref().ok()?).ok()
    }
}

async fn read(mut response: Response, limit: usize) -> Result<Vec<u8>, Broken> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Broken::Cut(in_words(&error)))? {
        if chunk.len() > limit.saturating_sub(bytes.len()) {
            return Err(Broken::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// What became of a request that has no reply: nothing, if there was no connection.
fn unsent(provider: &str, effect: Effect, error: &reqwest::Error) -> Failure {
    if error.is_builder() {
        return Failure::refused(format!("the request to {provider} could not be built"), None);
    }
    if error.is_connect() {
        return Failure::not_done(format!("{provider} could not be reached: {}", in_words(error)), None, None);
    }
    effect.unsure(format!("{provider} did not answer: {}", in_words(error)), None, None)
}

fn in_words(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it took too long".to_owned();
    }
    if error.is_dns() {
        return "its name could not be resolved".to_owned();
    }
    let kind = kind(error).map(|kind| match kind {
        ErrorKind::ConnectionRefused => "the connection was refused",
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => "the connection was reset",
        ErrorKind::UnexpectedEof => "the connection was closed",
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "there is no way to it",
        // rustls says so of a certificate that is not trusted, and of a reply that is no TLS.
        ErrorKind::InvalidData | ErrorKind::InvalidInput => "no secure connection could be made",
        _ => "the connection failed",
    });
    kind.unwrap_or("the connection broke").to_owned()
}

/// Of the innermost I/O error: the outer ones wrap it without a kind of their own.
fn kind(error: &reqwest::Error) -> Option<ErrorKind> {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let outer = causes.filter_map(|cause| cause.downcast_ref::<io::Error>()).last()?;
    // What an I/O error wraps is not its source.
    let wrapped = std::iter::successors(Some(outer), |error| error.get_ref()?.downcast_ref::<io::Error>());
    wrapped.last().map(io::Error::kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_added_segment_by_segment_and_encoded() {
        let base = address("calendar", "https://example.com/calendar/v3/").unwrap();
        let url = below(&base, &["calendars", "a/b?c#d%2f é@example.com", "events"]).unwrap();
        assert_eq!(
            url.as_str(),
            "https://example.com/calendar/v3/calendars/a%2Fb%3Fc%23d%252f%20%C3%A9@example.com/events"
        );
    }

    #[test]
    fn a_segment_that_would_be_lost_is_no_segment() {
        let base = address("calendar", "https://example.com/v3").unwrap();
        for segment in ["", ".", ".."] {
            assert_eq!(below(&base, &["calendars", segment]), None, "{segment:?}");
        }
        assert_eq!(below(&base, &["%2e%2e"]).unwrap().as_str(), "https://example.com/v3/%252e%252e");
    }

    #[test]
    fn an_address_is_http_and_holds_no_credentials() {
        for text in
            ["", "example.com", "ftp://example.com", "https://me:secret@example.com", "https://example.com/?a=b"]
        {
            let error = address("twilio", text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret"), "{text}");
        }
        assert!(address("twilio", "http://127.0.0.1:4101").is_ok());
    }
}
