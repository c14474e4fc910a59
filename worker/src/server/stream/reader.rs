//! A connection from its beginning to its last word.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::stream::{BoxStream, StreamExt};
use metrics::{counter, gauge};
use tokio::time::{Instant, Interval, MissedTickBehavior, Sleep, interval_at, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::feed::feed;
use super::permits::Permit;
use super::{Begin, Streams, Told};
use crate::server::slots::Slot;
use crate::server::token::Caller;

/// What is told, in order. It may be asked anew at any time: nothing is lost.
pub struct Reader {
    feed: BoxStream<'static, Told>,
    stop: CancellationToken,
    permit: Arc<Permit>,
    expiry: Pin<Box<Sleep>>,
    heartbeats: Interval,
    is_over: bool,
    _counted: Counted,
    _slot: Slot,
    _open: TaskTrackerToken,
}

impl Reader {
    pub fn new(streams: &Arc<Streams>, caller: &Caller, begin: Begin, slot: Slot, transport: &'static str) -> Self {
        let first = Instant::now().checked_add(streams.heartbeat).unwrap_or_else(Instant::now);
        let mut heartbeats = interval_at(first, streams.heartbeat);
        heartbeats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Reader {
            feed: feed(streams.clone(), caller.org_id, begin),
            stop: streams.stop.clone(),
            permit: streams.permits.of(&caller.role),
            expiry: Box::pin(sleep(caller.time_left())),
            heartbeats,
            is_over: false,
            _counted: Counted::new(transport),
            _slot: slot,
            _open: streams.open.token(),
        }
    }

    /// What is told next; `None` after the last word.
    pub async fn next(&mut self) -> Option<Told> {
        if self.is_over {
            return None;
        }
        let told = tokio::select! {
            biased;
            () = self.stop.cancelled() => Told::Closing,
            () = &mut self.expiry => Told::Expired,
            () = self.permit.taken_away.cancelled() => Told::Forbidden,
            told = self.feed.next() => told.unwrap_or(Told::Closing),
            _ = self.heartbeats.tick() => Told::Heartbeat,
        };
        match told {
            Told::Slow | Told::Expired | Told::Forbidden | Told::Closing => self.is_over = true,
            Told::Event(_) => counter!("booking_stream_events_total").increment(1),
            Told::Position(_) | Told::Reset(_) | Told::Heartbeat => (),
        }
        Some(told)
    }
}

/// One open connection, in the metrics, for as long as this lasts.
struct Counted(&'static str);

impl Counted {
    fn new(transport: &'static str) -> Self {
        gauge!("booking_streams_open", "transport" => transport).increment(1);
        Counted(transport)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        gauge!("booking_streams_open", "transport" => self.0).decrement(1);
    }
}
