//! The history as it happens, one organization to a connection: as Server-Sent Events, or over a WebSocket.
//!
//! One hub reads for all connections. Each of them has a feed, which reads what it has missed and then listens to the hub, and a
//! reader, which ends it in time: also when its role may not follow any more.

mod audience;
mod feed;
mod hub;
mod permits;
mod reader;
mod sse;
mod trouble;
mod ws;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Served;
use super::rights::Rights;
use super::slots::Slots;
use super::token::Caller;
use crate::config::RunOptions;
use crate::database::Database;
use crate::database::history::Event;
use crate::error::Error;
use hub::{Hub, Join};
use permits::Permits;
use reader::Reader;

pub use sse::events;
pub use ws::ws;

/// The function whose rights are those of following the history.
const READ_EVENTS: &str = "booking.read_events(uuid,text,integer)";
/// How many connections read at once what they have missed.
const TURNS: usize = 4;
/// How many connections to the database all streams have together: the turns, the hub, and who asks for rights.
pub const CONNECTIONS_OF_STREAMS: usize = TURNS + 2;
/// When to come again, if there is no room, in seconds.
const RETRY_AFTER: &str = "5";
/// No position is longer, in bytes.
const LONGEST_POSITION: usize = 64 * 1024;

/// What a connection is told.
#[derive(Debug, Clone)]
pub enum Told {
    Event(Arc<Event>),
    /// Everything up to here has been told.
    Position(Arc<str>),
    /// What has happened cannot be told from where the connection was: all is to be read anew, from here on.
    Reset(Arc<str>),
    /// Nothing has happened, and the connection is there.
    Heartbeat,
    /// The last word: it did not keep up.
    Slow,
    /// The last word: the token has expired.
    Expired,
    /// The last word: the role may not follow the history any more.
    Forbidden,
    /// The last word: this worker ends.
    Closing,
}

/// From where on a connection wants to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begin {
    Now,
    /// From the oldest that is kept.
    Start,
    After(String),
}

/// What all connections share.
pub struct Streams {
    database: Database,
    /// What the roles of callers may do.
    pub rights: Arc<Rights>,
    permits: Permits,
    joins: mpsc::Sender<Join>,
    slots: Slots,
    turns: Semaphore,
    heartbeat: Duration,
    stop: CancellationToken,
    open: TaskTracker,
}

/// What is asked for in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    last_event_id: Option<String>,
    from: Option<From>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum From {
    Now,
    Start,
}

/// Why nothing is streamed.
pub enum NotOpened {
    Forbidden,
    Full,
    Unavailable(Error),
}

impl Streams {
    /// With the hub, which runs until `stop`.
    pub fn start(database: Database, run: &RunOptions, stop: CancellationToken) -> Arc<Self> {
        let (joins, joining) = mpsc::channel(64);
        let heartbeat = Duration::from_secs(run.heartbeat_seconds);
        let hub = Hub {
            database: database.clone(),
            joins: joining,
            poll: Duration::from_millis(run.poll_ms),
            mark_every: heartbeat,
            stop: stop.clone(),
        };
        tokio::spawn(hub.run());
        let good_for = Duration::from_secs(run.rights_seconds);
        let streams = Arc::new(Streams {
            database,
            rights: Arc::new(Rights::new(good_for)),
            permits: Permits::default(),
            joins,
            slots: Slots::new(run.max_streams.into(), run.max_streams_each.into()),
            turns: Semaphore::new(TURNS),
            heartbeat,
            stop,
            open: TaskTracker::new(),
        });
        tokio::spawn(permits::watch(streams.clone(), good_for));
        streams
    }

    /// Returns when every connection has been told that this worker ends.
    pub async fn closed(&self) {
        self.open.close();
        self.open.wait().await;
    }
}

/// What a caller is told, if that may be.
async fn open(served: &Served, caller: &Caller, begin: Begin, transport: &'static str) -> Result<Reader, NotOpened> {
    let streams = &served.streams;
    match streams.rights.allows(&streams.database, &caller.role, READ_EVENTS).await {
        Ok(true) => (),
        Ok(false) => return Err(NotOpened::Forbidden),
        Err(error) => return Err(NotOpened::Unavailable(error)),
    }
    let slot = streams.slots.take(caller.org_id).ok_or(NotOpened::Full)?;
    Ok(Reader::new(streams, caller, begin, slot, transport))
}

impl Asked {
    /// Where to begin. A browser that comes again states its last position in a header, while its address stays as it was.
    fn begin(self, headers: &HeaderMap) -> Begin {
        let in_header =
            headers.get("last-event-id").map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let stated = in_header.or(self.last_event_id).filter(|position| !position.is_empty());
        match (stated, self.from) {
            (Some(position), _) => Begin::After(asked_of_the_database(position)),
            (None, Some(From::Start)) => Begin::Start,
            (None, Some(From::Now) | None) => Begin::Now,
        }
    }
}

/// What is no position is the database's to say; but for what could not even be sent to it.
fn asked_of_the_database(position: String) -> String {
    if position.len() > LONGEST_POSITION || position.contains(char::is_control) {
        return "no position".to_owned();
    }
    position
}

impl IntoResponse for NotOpened {
    fn into_response(self) -> Response {
        match self {
            NotOpened::Forbidden => {
                let why = "the role of this token may not read the history: SELECT booking.grant_member('the role')";
                (StatusCode::FORBIDDEN, Json(json!({"error": why}))).into_response()
            }
            NotOpened::Full => {
                let why = "there are as many streams as this worker may have, or this organization: come again, or ask for a larger \
                     --max-streams or --max-streams-each";
                let again = [(header::RETRY_AFTER, RETRY_AFTER)];
                (StatusCode::SERVICE_UNAVAILABLE, again, Json(json!({"error": why}))).into_response()
            }
            NotOpened::Unavailable(error) => {
                ([(header::RETRY_AFTER, RETRY_AFTER)], super::unavailable(&error)).into_response()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(query: &str, header: Option<&[u8]>) -> Begin {
        let uri = format!("/events?{query}").parse().unwrap();
        let axum::extract::Query(asked) = axum::extract::Query::<Asked>::try_from_uri(&uri).unwrap();
        let value = header.map(|value| ("last-event-id".parse().unwrap(), value.try_into().unwrap()));
        asked.begin(&HeaderMap::from_iter(value))
    }

    fn after(position: &str) -> Begin {
        Begin::After(position.to_owned())
    }

    #[test]
    fn a_stream_begins_where_it_is_said_and_a_browser_that_comes_again_is_believed_more_than_its_address() {
        assert_eq!(begin("", None), Begin::Now);
        assert_eq!(begin("from=now", None), Begin::Now);
        assert_eq!(begin("from=start", None), Begin::Start);
        assert_eq!(begin("last_event_id=p1&from=start", None), after("p1"));
        assert_eq!(begin("last_event_id=p1", Some(b"p2")), after("p2"));
        assert_eq!(begin("last_event_id=", Some(b"")), Begin::Now);
    }

    #[test]
    fn what_the_database_could_not_take_is_no_position() {
        let no_position = after("no position");
        assert_eq!(begin("last_event_id=a%00b", None), no_position);
        assert_eq!(begin("", Some(b"a\tb")), no_position);
        assert_eq!(begin("", Some(&[b'1'; LONGEST_POSITION + 1])), no_position);
        assert_eq!(begin("", Some(b"\xff")), after("\u{fffd}"));
        assert_eq!(begin("last_event_id='%3B--", None), after("';--"));
    }
}
