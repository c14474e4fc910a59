//! The same over a WebSocket. What a client sends is read, so that its pings and its farewell are heard, and means nothing.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::time::timeout;

use super::reader::Reader;
use super::{Asked, Told, open};
use crate::server::Served;
use crate::server::token::{Caller, PROTOCOL};

/// The most that a client may say at once, in bytes.
const LARGEST_MESSAGE: usize = 4 * 1024;
/// What is read at once, for each connection, in bytes.
const READ_BUFFER: usize = 4 * 1024;
/// How long a client may take to take what it is told.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a client may take to say goodbye.
const FAREWELL: Duration = Duration::from_secs(2);

/// RFC 6455, 7.4.1.
const GOING_AWAY: u16 = 1001;
const TOO_LARGE: u16 = 1009;
/// Of our own, named after what HTTP would say.
const EXPIRED: u16 = 4401;
const FORBIDDEN: u16 = 4403;
const SLOW: u16 = 4408;

/// `GET /ws`.
pub async fn ws(
    State(served): State<Arc<Served>>,
    caller: Caller,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let reader = match open(&served, &caller, asked.begin(&headers), "ws").await {
        Ok(reader) => reader,
        Err(not_opened) => return not_opened.into_response(),
    };
    upgrade
        .protocols([PROTOCOL])
        .max_message_size(LARGEST_MESSAGE)
        .max_frame_size(LARGEST_MESSAGE)
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .on_upgrade(|socket| tell(socket, reader))
}

/// Tells until there is a last word, or nobody listens.
async fn tell(mut socket: WebSocket, mut reader: Reader) {
    loop {
        let message = tokio::select! {
            told = reader.next() => told.map_or_else(|| closing(GOING_AWAY, ""), |told| message(&told)),
            heard = socket.recv() => match heard {
                Some(Ok(Message::Close(_))) | None => return,
                Some(Ok(_)) => continue,
                Some(Err(_)) => closing(TOO_LARGE, "nothing is to be said here, and nothing that long"),
            },
        };
        let is_last = matches!(message, Message::Close(_));
        if !matches!(timeout(PATIENCE, socket.send(message)).await, Ok(Ok(()))) {
            return;
        }
        if is_last {
            // Ended at once, with something of the client's unread, the last word could be lost.
            let _ = timeout(FAREWELL, async { while let Some(Ok(_)) = socket.recv().await {} }).await;
            return;
        }
    }
}

fn message(told: &Told) -> Message {
    let moved = |kind: &str, position: &str| {
        Message::text(json!({"position": position, "kind": kind, "event": null}).to_string())
    };
    match told {
        Told::Event(event) => {
            let (position, kind) = (json!(event.position), json!(event.kind));
            Message::text(format!(r#"{{"position":{position},"kind":{kind},"event":{}}}"#, event.json))
        }
        Told::Position(position) => moved("position", position),
        Told::Reset(position) => moved("reset", position),
        Told::Heartbeat => Message::Ping(Default::default()),
        Told::Slow => closing(SLOW, "too slow: come again with the last position"),
        Told::Expired => closing(EXPIRED, "the token has expired"),
        Told::Forbidden => closing(FORBIDDEN, "the role of the token may not read the history any more"),
        Told::Closing => closing(GOING_AWAY, "this worker ends: come again with the last position"),
    }
}

fn closing(code: u16, reason: &'static str) -> Message {
    Message::Close(Some(CloseFrame { code, reason: reason.into() }))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::database::history::Event;

    fn text(told: &Told) -> String {
        message(told).into_text().unwrap().to_string()
    }

    #[test]
    fn what_is_told_is_one_object_to_a_frame() {
        let event = Event {
            org_id: Uuid::nil(),
            kind: "moved".to_owned(),
            position: "1.2".to_owned(),
            json: r#"{"kind":"moved"}"#.to_owned(),
        };
        assert_eq!(
            text(&Told::Event(Arc::new(event))),
            r#"{"position":"1.2","kind":"moved","event":{"kind":"moved"}}"#
        );
        assert_eq!(text(&Told::Reset("p".into())), r#"{"position":"p","kind":"reset","event":null}"#);
        assert_eq!(text(&Told::Position("p".into())), r#"{"position":"p","kind":"position","event":null}"#);
    }

    #[test]
    fn the_end_has_a_code_that_says_why() {
        let codes = [(Told::Expired, 4401), (Told::Forbidden, 4403), (Told::Slow, 4408), (Told::Closing, 1001)];
        for (told, code) in codes {
            let Message::Close(Some(frame)) = message(&told) else { panic!("{told:?} does not close") };
            assert_eq!(frame.code, code);
            // A longer one does not fit into its frame.
            assert!(frame.reason.len() <= 123);
        }
        assert!(matches!(message(&Told::Heartbeat), Message::Ping(_)));
    }
}
