//! What every part of the running worker shares.

use std::sync::Arc;

use reqwest::Client;

use crate::accounts::Accounts;
use crate::config::{Options, RunOptions};
use crate::database::Database;
use crate::database::messages::Claims;
use crate::error::Error;
use crate::google::Google;
use crate::http::http_client;
use crate::keys::Keyring;
use crate::server::stream::CONNECTIONS_OF_STREAMS;
use crate::server::token::Tokens;

/// How many connections voice agents have of their own. None is made before it is used.
pub const CONNECTIONS_OF_CALLS: usize = 8;

/// How many connections Twilio's callers are looked up by. Anybody can make them be: those of the couriers are not for that.
const CONNECTIONS_OF_CALLBACKS: usize = 2;

/// How many connections the board has of its own.
pub const CONNECTIONS_OF_BOARD: usize = 4;

pub struct Context {
    pub options: Options,
    pub database: Database,
    /// The same, by connections that no courier holds: somebody waits on the phone.
    pub calls: Database,
    /// The same, to look up with whose secret a callback would have to be signed.
    pub callbacks: Database,
    /// The same, for whoever follows the history: however many they are, nobody else waits for them.
    pub streams: Database,
    /// The same, for those who look at the board.
    pub board: Database,
    pub accounts: Accounts,
    pub google: Option<Google>,
    pub keys: Option<Arc<Keyring>>,
    /// What tells who signs in; `None` where nobody can.
    pub tokens: Option<Tokens>,
    pub http: Client,
}

impl Context {
    /// `connections`: how many the database is used by at once.
    pub fn open(options: Options, connections: usize) -> Result<Self, Error> {
        let database = Database::open(options.database_url()?, connections)?;
        let calls = Database::open(options.database_url()?, CONNECTIONS_OF_CALLS)?;
        let callbacks = Database::open(options.database_url()?, CONNECTIONS_OF_CALLBACKS)?;
        let streams = Database::open(options.database_url()?, CONNECTIONS_OF_STREAMS)?;
        let board = Database::open(options.database_url()?, CONNECTIONS_OF_BOARD)?;
        let http = http_client(options.http_timeout())?;
        let keys = options.keys()?.map(Arc::new);
        let tokens = options.tokens()?;
        let google = match options.google_client()? {
            Some(client) => Some(Google::new(http.clone(), &options.google_endpoints(), client)?),
            None => None,
        };
        let accounts = Accounts::new(database.clone(), keys.clone(), google.clone(), http.clone(), &options);
        Ok(Context { options, database, calls, callbacks, streams, board, accounts, google, keys, tokens, http })
    }

    pub fn keys(&self) -> Result<&Keyring, Error> {
        self.keys.as_deref().ok_or(Error::Missing {
            what: "there are no keys",
            hint: "pass --keys-file: booking-worker keys generate ID > FILE makes one",
        })
    }

    pub fn google(&self) -> Result<&Google, Error> {
        self.google.as_ref().ok_or(Error::Missing {
            what: "there is no OAuth client of Google",
            hint: "pass --google-client-id, and its secret in BOOKING_GOOGLE_CLIENT_SECRET",
        })
    }
}

/// What this worker calls itself: unlike any other, also on the same machine.
pub fn worker_name(stated: Option<&str>) -> String {
    if let Some(name) = stated {
        return name.to_owned();
    }
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let machine: String = machine.trim().chars().filter(|c| c.is_ascii_graphic()).take(100).collect();
    format!("{machine}:{}:{}", std::process::id(), uuid::Uuid::new_v4().simple())
}

impl RunOptions {
    pub fn claims(&self, worker: &str) -> Claims {
        Claims {
            worker: worker.to_owned(),
            lease_seconds: i32::try_from(self.lease_seconds).unwrap_or(i32::MAX),
            is_dry_run: self.dry_run,
        }
    }
}
