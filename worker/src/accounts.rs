//! Accounts, opened: the secret of an account is unsealed once for each of its versions, and Google's access is refreshed by one
//! worker at a time.

mod voice;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use reqwest::Client;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tracing::{info, warn};
use uuid::Uuid;

use crate::config::Options;
use crate::database::Database;
use crate::database::integrations::Integration;
use crate::error::Error;
use crate::google::{Calendar, Google, TokenSecret};
use crate::integration::Provider;
use crate::keys::Keyring;
use crate::outcome::Failure;
use crate::secret::{from_json, to_json};
use crate::twilio::{Twilio, TwilioAccount};

pub use voice::Voice;

/// How long one worker has for a refresh at least, before another may try; and how much longer than the provider has.
const REFRESH_AT_LEAST: Duration = Duration::from_secs(30);
const REFRESH_BESIDE: Duration = Duration::from_secs(10);
/// How much less than that others wait for it, and how often they look.
const REFRESH_LESS: Duration = Duration::from_secs(5);
const REFRESH_POLL: Duration = Duration::from_millis(150);
/// How often it is noted that an account works.
const NOTED_EVERY: Duration = Duration::from_secs(60);

pub struct Accounts {
    database: Database,
    keys: Option<Arc<Keyring>>,
    google: Option<Google>,
    http: Client,
    twilio_url: String,
    vapi_url: String,
    /// How long a refresh may take.
    refresh_within: Duration,
    senders: Mutex<HashMap<Uuid, Arc<Sender>>>,
    voices: Mutex<HashMap<Uuid, Arc<Voice>>>,
    noted: Mutex<HashMap<(Uuid, Provider), Instant>>,
}

/// An account of Twilio, ready to send.
pub struct Sender {
    pub version: i64,
    pub twilio: Twilio,
    pub account: TwilioAccount,
}

/// A calendar account, with access.
pub struct Access {
    pub version: i64,
    pub calendar: Calendar,
}

impl Accounts {
    pub fn new(
        database: Database,
        keys: Option<Arc<Keyring>>,
        google: Option<Google>,
        http: Client,
        options: &Options,
    ) -> Self {
        let (twilio_url, vapi_url) = (options.twilio_url.clone(), options.vapi_url.clone());
        let (senders, voices, noted) = (Mutex::default(), Mutex::default(), Mutex::default());
        let refresh_within = options.http_timeout().saturating_add(REFRESH_BESIDE).max(REFRESH_AT_LEAST);
        Accounts { database, keys, google, http, twilio_url, vapi_url, refresh_within, senders, voices, noted }
    }

    /// The account that messages of an organization are sent with. `version`: the one that is wanted, if it is known already.
    pub async fn sender(&self, org_id: Uuid, version: Option<i64>) -> Result<Arc<Sender>, Failure> {
        let known = self.senders.lock().unwrap_or_else(PoisonError::into_inner).get(&org_id).cloned();
        if let Some(sender) = known.filter(|sender| Some(sender.version) == version) {
            return Ok(sender);
        }
        let integration = self.connected(org_id, Provider::Twilio).await?;
        let account: TwilioAccount = self.open(&integration).map_err(own_trouble)?;
        let twilio = Twilio::new(self.http.clone(), &self.twilio_url, account.clone())
            .map_err(|error| not_done(error.to_string()))?;
        let sender = Arc::new(Sender { version: integration.version, twilio, account });
        self.senders.lock().unwrap_or_else(PoisonError::into_inner).insert(org_id, sender.clone());
        Ok(sender)
    }

    /// What Twilio signs with for an organization, also while its account is not accepted; `None` where it has none.
    /// `database`: the connections to ask by.
    pub async fn twilio_token(&self, database: &Database, org_id: Uuid) -> Result<Option<SecretString>, Error> {
        let Some(integration) = database.integration(org_id, Provider::Twilio).await? else { return Ok(None) };
        let known = self.senders.lock().unwrap_or_else(PoisonError::into_inner).get(&org_id).cloned();
        if let Some(sender) = known.filter(|sender| sender.version == integration.version) {
            return Ok(Some(sender.account.auth_token.clone()));
        }
        if integration.sealed.is_none() {
            return Ok(None);
        }
        Ok(Some(self.open::<TwilioAccount>(&integration)?.auth_token))
    }

    /// Access to the calendars of an organization, good for some time. `refused`: the version whose access was refused although
    /// it should not have been.
    pub async fn access(&self, org_id: Uuid, refused: Option<i64>) -> Result<Access, Failure> {
        let google = self.google.as_ref().ok_or_else(|| not_done("there is no OAuth client of Google"))?;
        let began = Instant::now();
        loop {
            let integration = self.connected(org_id, Provider::Google).await?;
            let secret: TokenSecret = self.open(&integration).map_err(own_trouble)?;
            let is_refused = refused == Some(integration.version);
            if !is_refused && !secret.needs_refresh(Utc::now()) {
                return Ok(access(google, &integration, &secret));
            }
            let is_ours = self.database.begin_refresh(&integration, self.refresh_within).await;
            if is_ours.map_err(own_trouble)? {
                let secret = self.refresh(google, &integration, &secret).await?;
                let version = integration.version.saturating_add(1);
                return Ok(Access { version, calendar: google.calendar(&secret.access_token) });
            }
            // Somebody else refreshes it. What is still good for a while serves meanwhile.
            if !is_refused && secret.expires_at.signed_duration_since(Utc::now()).num_seconds() > 60 {
                return Ok(access(google, &integration, &secret));
            }
            if began.elapsed() > self.refresh_within.saturating_sub(REFRESH_LESS) {
                return Err(not_done("another worker has not finished refreshing the access"));
            }
            tokio::time::sleep(REFRESH_POLL).await;
        }
    }

    async fn refresh(
        &self,
        google: &Google,
        integration: &Integration,
        old: &TokenSecret,
    ) -> Result<TokenSecret, Failure> {
        let org_id = integration.org_id;
        let mut tokens = match google.refresh(&old.refresh_token).await {
            Ok(tokens) => tokens,
            Err(failure) => {
                self.note(org_id, Provider::Google, integration.version, Some(&failure)).await;
                return Err(failure);
            }
        };
        // Google sends no new refresh token: the old one stays good.
        tokens.refresh_token.get_or_insert_with(|| old.refresh_token.clone());
        let secret = TokenSecret::from_tokens(tokens).ok_or_else(|| not_done("the provider has sent no token"))?;
        let stored = self.store(integration, &secret, Some(secret.expires_at)).await.map_err(own_trouble)?;
        if stored.is_none() {
            return Err(not_done("the account was connected anew meanwhile"));
        }
        info!(%org_id, "access to the calendar refreshed");
        Ok(secret)
    }

    /// The version that the secret has now; `None` where there is a later one.
    async fn store(
        &self,
        integration: &Integration,
        secret: &impl serde::Serialize,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<Option<i64>, Error> {
        let context = Integration::context(integration.org_id, &integration.provider);
        let sealed = self.keys()?.seal(&to_json(secret)?, &context);
        self.database.replace_secret(integration, &sealed, expires_at).await
    }

    /// The secret of an account.
    pub fn open<T: DeserializeOwned>(&self, integration: &Integration) -> Result<T, Error> {
        let sealed = integration.sealed.as_ref().ok_or_else(|| Error::Stated("the account is disconnected".into()))?;
        let context = Integration::context(integration.org_id, &integration.provider);
        let opened = self.keys()?.open(sealed, &context)?;
        Ok(from_json(opened.expose_secret())?)
    }

    fn keys(&self) -> Result<&Keyring, Error> {
        self.keys.as_deref().ok_or(Error::Missing {
            what: "there are no keys to open accounts with",
            hint: "pass --keys-file, or set BOOKING_KEYS",
        })
    }

    async fn connected(&self, org_id: Uuid, provider: Provider) -> Result<Integration, Failure> {
        let found = self.database.integration(org_id, provider).await.map_err(own_trouble)?;
        match found {
            Some(integration) if integration.connected => Ok(integration),
            _ => Err(not_done(format!("no account of {provider} is connected: booking-worker connect {provider}"))),
        }
    }

    /// Notes that the account was used: that it works, now and then; that it is not accepted any more, at once.
    pub async fn note(&self, org_id: Uuid, provider: Provider, version: i64, failure: Option<&Failure>) {
        if !self.is_time_to_note(org_id, provider, failure.is_some()) {
            return;
        }
        let is_lost = matches!(failure, Some(Failure::Unauthorized { .. }));
        let problem = failure.map(|failure| match failure {
            Failure::Unauthorized { error, .. } => format!("{error}; connect the account again"),
            other => other.error().to_owned(),
        });
        if is_lost {
            warn!(%org_id, %provider, problem, "the account is not accepted any more");
        }
        let checked = self.database.integration_checked(org_id, provider, version, problem.as_deref(), is_lost).await;
        if let Err(error) = checked {
            warn!(%org_id, %provider, %error, "cannot note the state of the account");
        }
    }

    /// Trouble at once, and that it is over too; that all is well, now and then.
    fn is_time_to_note(&self, org_id: Uuid, provider: Provider, is_trouble: bool) -> bool {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        if is_trouble {
            noted.remove(&(org_id, provider));
            return true;
        }
        let is_known = noted.get(&(org_id, provider)).is_some_and(|last| last.elapsed() < NOTED_EVERY);
        if !is_known {
            noted.insert((org_id, provider), Instant::now());
        }
        !is_known
    }
}

fn access(google: &Google, integration: &Integration, secret: &TokenSecret) -> Access {
    Access { version: integration.version, calendar: google.calendar(&secret.access_token) }
}

fn not_done(error: impl Into<String>) -> Failure {
    Failure::NotDone { error: error.into(), code: None, retry_after_seconds: None }
}

/// Trouble of this worker or of the database: nothing was sent.
fn own_trouble(error: Error) -> Failure {
    not_done(error.to_string())
}
