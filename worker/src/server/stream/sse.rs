//! Server-Sent Events, as the HTML standard has them: a browser that loses the connection comes again by itself, and says where it was.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt, unfold};

use super::reader::Reader;
use super::{Asked, Told, open};
use crate::server::Served;
use crate::server::token::Caller;

/// How long a browser waits before it comes again.
const RETRY: Duration = Duration::from_secs(2);
/// Nothing is kept on the way, and nothing is held back until there is more of it.
const HEADERS: [(HeaderName, &str); 2] =
    [(header::CACHE_CONTROL, "no-store"), (HeaderName::from_static("x-accel-buffering"), "no")];

/// `GET /events`.
pub async fn events(
    State(served): State<Arc<Served>>,
    caller: Caller,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    match open(&served, &caller, asked.begin(&headers), "sse").await {
        Ok(reader) => (HEADERS, Sse::new(written(reader))).into_response(),
        Err(not_opened) => not_opened.into_response(),
    }
}

fn written(reader: Reader) -> impl Stream<Item = Result<Event, Infallible>> {
    let told = unfold(reader, |mut reader| async move { Some((event(&reader.next().await?), reader)) });
    stream::iter([Event::default().retry(RETRY)]).chain(told).map(Ok)
}

fn event(told: &Told) -> Event {
    // Browsers do not tell of an event without data.
    let named = |kind: &str| Event::default().event(kind).data("{}");
    match told {
        Told::Event(event) => Event::default().id(&event.position).event(&event.kind).data(&event.json),
        Told::Position(position) => Event::default().id(position),
        Told::Reset(position) => named("reset").id(position),
        Told::Heartbeat => Event::default().comment("heartbeat"),
        Told::Slow => named("slow"),
        Told::Expired => named("expired"),
        Told::Forbidden => named("forbidden"),
        Told::Closing => named("closing"),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use uuid::Uuid;

    use super::*;
    use crate::database::history;

    #[tokio::test]
    async fn what_is_told_is_written_as_browsers_read_it() {
        let happened = history::Event {
            org_id: Uuid::nil(),
            kind: "moved".to_owned(),
            position: "1.2.3".to_owned(),
            json: r#"{"kind":"moved","detail":{"a":"\n"}}"#.to_owned(),
        };
        let told = [
            Told::Position("p0".into()),
            Told::Event(Arc::new(happened)),
            Told::Reset("p9".into()),
            Told::Heartbeat,
            Told::Slow,
        ];
        let events: Vec<Result<Event, Infallible>> = told.iter().map(event).map(Ok).collect();
        let body = Sse::new(stream::iter(events)).into_response().into_body();
        let written = String::from_utf8(to_bytes(body, 10_000).await.unwrap().to_vec()).unwrap();
        let blocks: Vec<&str> = written.split_terminator("\n\n").collect();
        assert_eq!(
            blocks,
            [
                "id: p0",
                "id: 1.2.3\nevent: moved\ndata: {\"kind\":\"moved\",\"detail\":{\"a\":\"\\n\"}}",
                "event: reset\ndata: {}\nid: p9",
                ": heartbeat",
                "event: slow\ndata: {}",
            ]
        );
    }
}
