//! Google: consent and tokens (OAuth 2.0), and the calendars of whoever consented.

mod calendar;
mod channel;
mod event;
mod failure;
mod list;
mod oauth;
mod tokens;

use std::fmt;

use reqwest::Client;
use secrecy::SecretString;
use url::Url;

use crate::http::{BadAddress, address};

pub use calendar::{Calendar, Inserted, Patched};
pub use channel::Channel;
pub use event::Event;
pub use list::{ListFailure, Listing, Page, Since};
pub use oauth::{SCOPES, pkce_challenge};
pub use tokens::{TokenSecret, Tokens};

const PROVIDER: &str = "Google";

/// Where Google is. Each address can be another one, for tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoogleEndpoints {
    /// Gives tokens.
    pub token: String,
    /// The page on which somebody consents.
    pub authorize: String,
    pub revoke: String,
    /// What the paths of the Calendar API are added to.
    pub calendar: String,
}

impl Default for GoogleEndpoints {
    fn default() -> Self {
        GoogleEndpoints {
            token: "https://oauth2.googleapis.com/token".to_owned(),
            authorize: "https://accounts.google.com/o/oauth2/v2/auth".to_owned(),
            revoke: "https://oauth2.googleapis.com/revoke".to_owned(),
            calendar: "https://www.googleapis.com/calendar/v3".to_owned(),
        }
    }
}

/// The OAuth client that the operator has registered at Google.
#[derive(Debug, Clone)]
pub struct GoogleClient {
    pub client_id: String,
    pub client_secret: SecretString,
}

/// Google, as the operator's OAuth client sees it.
#[derive(Clone)]
pub struct Google {
    http: Client,
    token: Url,
    authorize: Url,
    revoke: Url,
    calendar: Url,
    client: GoogleClient,
}

impl fmt::Debug for Google {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Google").field("client", &self.client).finish_non_exhaustive()
    }
}

impl Google {
    pub fn new(http: Client, endpoints: &GoogleEndpoints, client: GoogleClient) -> Result<Self, BadAddress> {
        Ok(Google {
            http,
            token: address("Google's tokens", &endpoints.token)?,
            authorize: address("Google's consent", &endpoints.authorize)?,
            revoke: address("Google's revocation", &endpoints.revoke)?,
            calendar: address("Google Calendar", &endpoints.calendar)?,
            client,
        })
    }

    /// The calendars that an access token opens.
    pub fn calendar(&self, access_token: &SecretString) -> Calendar {
        Calendar::new(self.http.clone(), self.calendar.clone(), access_token.clone())
    }
}
