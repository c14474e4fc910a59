//! What the worker is told: by flags, else by the environment, else by a file, else what is usual. Secrets never by flags, which
//! everybody on the machine can read.

mod file;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::google::{GoogleClient, GoogleEndpoints};
use crate::integration::Provider;
use crate::keys::{Keyring, read_private};
use crate::logs::LogFormat;
use crate::server::token::Tokens;
use crate::{twilio, vapi};

#[derive(Debug, Parser)]
#[command(
    name = "booking-worker",
    version,
    about = "Carries messages and calendar events out of the database, and their news back",
    max_term_width = 100
)]
pub struct Cli {
    #[command(flatten)]
    pub options: Options,
    #[command(subcommand)]
    pub command: Do,
}

#[derive(Debug, Subcommand)]
pub enum Do {
    /// Work: send what is due, keep calendars in line, and listen to the providers
    Run(RunOptions),
    /// Say what is missing: the database, its rights and version, the keys, and every account
    Check {
        /// Only the accounts of this organization
        #[arg(long, value_name = "ID")]
        org: Option<Uuid>,
    },
    /// Connect an account of an organization; secrets come from standard input or the environment
    Connect(Connect),
    /// Forget the secret of an account
    Disconnect {
        provider: Provider,
        #[arg(long, value_name = "ID")]
        org: Uuid,
    },
    /// The keys that seal the accounts
    #[command(subcommand)]
    Keys(Keys),
    /// The tools and the assistant of a voice agent at Vapi
    #[command(subcommand)]
    Vapi(Vapi),
    /// Print a token for the board and the stream of events, signed with the secret
    Token(NewToken),
    /// Have dead letters done again
    Requeue {
        #[arg(long, value_name = "ID")]
        org: Uuid,
        /// Only this job; without it, every one that was given up and still has time
        #[arg(long, value_name = "ID")]
        job: Option<Uuid>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Print a new key, as a line for the top of the key file
    Generate {
        /// What it is called, as 2026-11
        id: String,
    },
    /// Seal every account anew under the first key
    Rotate,
}

#[derive(Debug, Subcommand)]
pub enum Vapi {
    /// Create and change tools and the assistant until they are as the database says, and print what differed
    Sync(VapiSync),
    /// Say what is missing for calls to be answered
    Doctor {
        #[arg(long, value_name = "ID")]
        org: Uuid,
        /// Where Vapi is to call, if sync was told so too
        #[arg(long, value_name = "URL")]
        server_url: Option<String>,
        /// Write nothing, which it never does: for whoever passes it to sync too
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, Args)]
pub struct VapiSync {
    #[arg(long, value_name = "ID")]
    pub org: Uuid,
    /// Print what differs and write nothing anywhere; exit with status 3 if something does
    #[arg(long)]
    pub dry_run: bool,
    /// Where Vapi is to call; without it, what set_voice_agent was given, or else this worker's /vapi below --public-url
    #[arg(long, value_name = "URL")]
    pub server_url: Option<String>,
}

#[derive(Debug, Args)]
pub struct NewToken {
    /// Whose appointments its bearer sees and changes
    #[arg(long, value_name = "ID")]
    pub org: Uuid,
    /// The role of the database whose functions its bearer may call
    #[arg(long, value_name = "ROLE", default_value = "authenticated")]
    pub role: String,
    /// How long it is good for
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=8784))]
    pub hours: u32,
}

#[derive(Debug, Args)]
pub struct Connect {
    /// Whose account it is. Vapi: the private API key is the first line, or BOOKING_VAPI_API_KEY; the server secret, of 16
    /// characters or more, is the second, or BOOKING_VAPI_SERVER_SECRET
    pub provider: Provider,
    #[arg(long, value_name = "ID")]
    pub org: Uuid,
    /// Twilio: the account, AC...
    #[arg(long, value_name = "SID", required_if_eq("provider", "twilio"))]
    pub account_sid: Option<String>,
    /// Twilio: the number that messages come from, in E.164
    #[arg(long, value_name = "NUMBER", conflicts_with = "messaging_service")]
    pub from: Option<String>,
    /// Twilio: the messaging service that they come from, MG...
    #[arg(long, value_name = "SID")]
    pub messaging_service: Option<String>,
    /// Twilio: an API key, SK..., if one is used; its secret is the second line, or BOOKING_TWILIO_API_KEY_SECRET
    #[arg(long, value_name = "SID")]
    pub api_key_sid: Option<String>,
    /// Twilio: how many messages the sender may send in a second: 1 for a local number, 3 for a toll-free one
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0)]
    pub per_second: f64,
    /// Do not try the credentials
    #[arg(long)]
    pub no_check: bool,
}

#[derive(Debug, Args)]
pub struct Options {
    /// A TOML file of options, as database_url = "..."
    #[arg(long, env = "BOOKING_WORKER_CONFIG", value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// The database, as a URL or as a list of keyword=value; a socket directory is a host
    #[arg(long, env = "BOOKING_DATABASE_URL", hide_env_values = true, value_name = "URL_OR_CONNINFO", global = true)]
    pub database_url: Option<SecretString>,
    /// The file of keys that seal the accounts, for nobody else to read; or the keys themselves in BOOKING_KEYS
    #[arg(long, env = "BOOKING_KEYS_FILE", value_name = "FILE", global = true)]
    pub keys_file: Option<PathBuf>,
    /// The address that Twilio, Google and Vapi reach this worker at
    #[arg(long, env = "BOOKING_PUBLIC_URL", value_name = "URL", global = true)]
    pub public_url: Option<Url>,
    /// The OAuth client of Google's console; its secret is in the file below or in BOOKING_GOOGLE_CLIENT_SECRET
    #[arg(long, env = "BOOKING_GOOGLE_CLIENT_ID", value_name = "ID", global = true)]
    pub google_client_id: Option<String>,
    #[arg(long, env = "BOOKING_GOOGLE_CLIENT_SECRET_FILE", value_name = "FILE", global = true)]
    pub google_client_secret_file: Option<PathBuf>,
    /// The file of the secret that tokens are signed with, the same as PostgREST's; or the secret itself in BOOKING_JWT_SECRET.
    /// With it, /events and /ws tell the history as it happens, and /board shows the calendar
    #[arg(long, env = "BOOKING_JWT_SECRET_FILE", value_name = "FILE", global = true)]
    pub jwt_secret_file: Option<PathBuf>,
    /// Whom tokens have to be for, as their claim "aud" says
    #[arg(long, env = "BOOKING_JWT_AUDIENCE", value_name = "NAME", global = true)]
    pub jwt_audience: Option<String>,
    #[arg(long, env = "BOOKING_LOG_FORMAT", value_name = "FORMAT", default_value = "text", global = true)]
    pub log_format: LogFormat,
    /// How long a provider may take to answer, in seconds
    #[arg(long, env = "BOOKING_HTTP_TIMEOUT_SECONDS", value_name = "SECONDS", default_value_t = 15,
        value_parser = clap::value_parser!(u64).range(1..=60), global = true)]
    pub http_timeout_seconds: u64,
    #[arg(long, env = "BOOKING_TWILIO_URL", default_value = twilio::BASE_URL, hide = true, global = true)]
    pub twilio_url: String,
    #[arg(long, env = "BOOKING_VAPI_URL", default_value = vapi::BASE_URL, hide = true, global = true)]
    pub vapi_url: String,
    #[arg(long, env = "BOOKING_GOOGLE_AUTHORIZE_URL", hide = true, global = true)]
    pub google_authorize_url: Option<String>,
    #[arg(long, env = "BOOKING_GOOGLE_TOKEN_URL", hide = true, global = true)]
    pub google_token_url: Option<String>,
    #[arg(long, env = "BOOKING_GOOGLE_REVOKE_URL", hide = true, global = true)]
    pub google_revoke_url: Option<String>,
    #[arg(long, env = "BOOKING_GOOGLE_CALENDAR_URL", hide = true, global = true)]
    pub google_calendar_url: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub struct RunOptions {
    /// Send nothing: do the jobs of organizations without accounts, and write them to the log
    #[arg(long, env = "BOOKING_DRY_RUN")]
    pub dry_run: bool,
    /// What this worker calls itself; usually the machine and the process
    #[arg(long, env = "BOOKING_WORKER_NAME", value_name = "NAME")]
    pub name: Option<String>,
    /// Where it listens; port 0 takes any that is free
    #[arg(long, env = "BOOKING_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8477")]
    pub listen: String,
    /// How many jobs of each kind it does at once
    #[arg(long, env = "BOOKING_CONCURRENCY", value_name = "NUMBER", default_value_t = 16,
        value_parser = clap::value_parser!(u16).range(1..=100))]
    pub concurrency: u16,
    /// How long it waits when there was nothing to do, in milliseconds
    #[arg(long, env = "BOOKING_POLL_MS", value_name = "MS", default_value_t = 400,
        value_parser = clap::value_parser!(u64).range(10..=60_000))]
    pub poll_ms: u64,
    /// How long a job is its own, in seconds; more than twice what a provider may take
    #[arg(long, env = "BOOKING_LEASE_SECONDS", value_name = "SECONDS", default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(2..=3600))]
    pub lease_seconds: u64,
    /// How long it finishes what it has begun, when it is told to end, in seconds
    #[arg(long, env = "BOOKING_DRAIN_SECONDS", value_name = "SECONDS", default_value_t = 25,
        value_parser = clap::value_parser!(u64).range(0..=600))]
    pub drain_seconds: u64,
    /// How long a voice agent waits for its answer at most, in seconds; less than the 20 that Vapi itself waits. Calls have 8
    /// connections to the database of their own, beside the 4 to 12 (as --concurrency) for jobs
    #[arg(long, env = "BOOKING_ANSWER_SECONDS", value_name = "SECONDS", default_value_t = 12,
        value_parser = clap::value_parser!(u64).range(2..=19))]
    pub answer_seconds: u64,
    /// How many may follow the history at once, at /events and /ws; above it, they are told to come again
    #[arg(long, env = "BOOKING_MAX_STREAMS", value_name = "NUMBER", default_value_t = 2000,
        value_parser = clap::value_parser!(u16).range(1..))]
    pub max_streams: u16,
    /// And how many of one organization, so that none keeps out all others
    #[arg(long, env = "BOOKING_MAX_STREAMS_EACH", value_name = "NUMBER", default_value_t = 1000,
        value_parser = clap::value_parser!(u16).range(1..))]
    pub max_streams_each: u16,
    /// How long a request may take to come, its head and then its body, in seconds; a connection that stays open may be as long
    /// without one. A proxy in front should give up a connection that it keeps before that
    #[arg(long, env = "BOOKING_REQUEST_SECONDS", value_name = "SECONDS", default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(1..=600))]
    pub request_seconds: u64,
    /// How often those who follow the history hear that the connection is there, in seconds
    #[arg(long, env = "BOOKING_HEARTBEAT_SECONDS", value_name = "SECONDS", default_value_t = 15,
        value_parser = clap::value_parser!(u64).range(1..=60))]
    pub heartbeat_seconds: u64,
    /// For how long it is known what the role of a token may do, at /events, /ws and /board, in seconds
    #[arg(long, env = "BOOKING_RIGHTS_SECONDS", value_name = "SECONDS", default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub rights_seconds: u64,
    /// Exit when nothing is left to do
    #[arg(long)]
    pub until_idle: bool,
}

/// Reads the command line, the environment and the file.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let mut command = Cli::command();
    if let Some(path) = file::named(&arguments) {
        command = file::with_file(command, &path).map_err(|message| {
            clap::Error::raw(ErrorKind::Io, format!("{}: {message}\n", path.display())).with_cmd(&Cli::command())
        })?;
    }
    Cli::from_arg_matches(&command.try_get_matches_from(arguments)?)
}

impl Options {
    pub fn database_url(&self) -> Result<&str, Error> {
        self.database_url.as_ref().map(ExposeSecret::expose_secret).ok_or(Error::Missing {
            what: "the database is not named",
            hint: "pass --database-url, or set BOOKING_DATABASE_URL",
        })
    }

    /// The keys; `None` where none are named, which is enough for a dry run.
    pub fn keys(&self) -> Result<Option<Keyring>, Error> {
        let environment = std::env::var("BOOKING_KEYS").ok().map(SecretString::from);
        let text = environment.as_ref().map(ExposeSecret::expose_secret);
        if self.keys_file.is_none() && text.is_none() {
            return Ok(None);
        }
        Ok(Some(Keyring::load(self.keys_file.as_deref(), text)?))
    }

    /// What reads tokens; `None` where no secret is named, so that nobody can sign in.
    pub fn tokens(&self) -> Result<Option<Tokens>, Error> {
        let environment = std::env::var("BOOKING_JWT_SECRET").ok().map(Zeroizing::new);
        let secret = match (&self.jwt_secret_file, environment) {
            (None, None) => return Ok(None),
            (Some(path), None) => read_private(path)?,
            (None, Some(secret)) => secret,
            (Some(_), Some(_)) => {
                return Err(Error::Missing {
                    what: "there are two secrets of tokens",
                    hint: "pass --jwt-secret-file, or set BOOKING_JWT_SECRET, not both",
                });
            }
        };
        // Editors end a file with a line break, which nobody has signed with.
        Ok(Some(Tokens::new(secret.trim_end_matches(['\r', '\n']), self.jwt_audience.as_deref())?))
    }

    pub fn http_timeout(&self) -> Duration {
        Duration::from_secs(self.http_timeout_seconds)
    }

    /// The address of a path of this worker, as the providers know it.
    pub fn public(&self, path: &str) -> Option<String> {
        let base = self.public_url.as_ref()?.as_str().trim_end_matches('/');
        Some(format!("{base}{path}"))
    }

    pub fn google_endpoints(&self) -> GoogleEndpoints {
        let usual = GoogleEndpoints::default();
        let or = |stated: &Option<String>, usual: String| stated.clone().unwrap_or(usual);
        GoogleEndpoints {
            token: or(&self.google_token_url, usual.token),
            authorize: or(&self.google_authorize_url, usual.authorize),
            revoke: or(&self.google_revoke_url, usual.revoke),
            calendar: or(&self.google_calendar_url, usual.calendar),
        }
    }

    /// The OAuth client, if there is one.
    pub fn google_client(&self) -> Result<Option<GoogleClient>, Error> {
        let Some(client_id) = self.google_client_id.clone() else { return Ok(None) };
        let secret = match &self.google_client_secret_file {
            Some(path) => Some(read_private(path)?),
            None => std::env::var("BOOKING_GOOGLE_CLIENT_SECRET").ok().map(Zeroizing::new),
        };
        let secret = secret.ok_or(Error::Missing {
            what: "the secret of Google's OAuth client is missing",
            hint: "set BOOKING_GOOGLE_CLIENT_SECRET, or pass --google-client-secret-file",
        })?;
        Ok(Some(GoogleClient { client_id, client_secret: SecretString::from(secret.trim()) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown_with_the_options() {
        let arguments = ["booking-worker", "--database-url", "postgresql://me:hidden@db/clinic", "check"];
        let cli = parse(arguments.map(OsString::from)).unwrap();
        assert_eq!(cli.options.database_url().unwrap(), arguments[2]);
        assert!(!format!("{cli:?}").contains("hidden"));
    }
}
