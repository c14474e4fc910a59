//! What one connection is told, in order: what has happened since its position, page by page as fast as it reads, and then what the
//! hub tells. Between the two there is no gap, and nothing comes twice.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::stream::{BoxStream, StreamExt, unfold};
use tokio::sync::oneshot;
use tokio::time::sleep;
use uuid::Uuid;

use super::audience::Queue;
use super::hub::{Admitted, Join};
use super::trouble::Trouble;
use super::{Begin, Streams, Told};
use crate::database::history::Page;

/// How much is read at once.
const PAGE: i32 = 100;
/// And how much of it are positions at most, in bytes: each event has one, as long as the one it is read from.
const MOST_POSITIONS: usize = 256 * 1024;

/// Everything that is told, up to the end of the worker. What was begun goes on when it is asked again: nothing is lost between two
/// readings of the stream.
pub fn feed(streams: Arc<Streams>, org_id: Uuid, begin: Begin) -> BoxStream<'static, Told> {
    let stage = match begin {
        Begin::Now => Stage::Apart { after: After::Now },
        Begin::Start => Stage::Behind { after: None },
        Begin::After(position) => Stage::Behind { after: Some(position.into()) },
    };
    let feed = Feed { streams, org_id, ready: VecDeque::new(), stage };
    unfold(feed, |mut feed| async move { Some((feed.next().await?, feed)) }).boxed()
}

struct Feed {
    streams: Arc<Streams>,
    org_id: Uuid,
    /// What was read and not told yet.
    ready: VecDeque<Told>,
    stage: Stage,
}

/// How near a connection is to what happens now.
enum Stage {
    /// It reads what has happened. `None`: from the oldest.
    Behind {
        after: Option<Arc<str>>,
    },
    /// It has read all that there was, and waits to be let in.
    Apart {
        after: After,
    },
    /// It is let in, and reads what has happened until then; what happens from then on waits in the queue.
    Between {
        after: Arc<str>,
        until: Arc<str>,
        queue: Queue,
    },
    /// It is told by the hub.
    Live {
        queue: Queue,
    },
    Over,
}

enum After {
    Now,
    Position(Arc<str>),
}

impl Feed {
    async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some(told) = self.ready.pop_front() {
                return Some(told);
            }
            self.stage = match std::mem::replace(&mut self.stage, Stage::Over) {
                Stage::Behind { after } => self.catch_up(after).await,
                Stage::Apart { after } => self.join(after).await,
                Stage::Between { after, until, queue } => self.close_up(after, until, queue).await,
                Stage::Live { mut queue } => {
                    // A queue that has ended was too full.
                    self.ready.push_back(match queue.recv().await {
                        Some(told) => told,
                        None => Told::Slow,
                    });
                    Stage::Live { queue }
                }
                Stage::Over => return None,
            };
        }
    }

    /// One page more. While there is another, nothing is queued for this connection, so that it may be as slow as it is.
    async fn catch_up(&mut self, after: Option<Arc<str>>) -> Stage {
        let page = self.read(after.as_deref(), None).await;
        let has_more = page.has_more;
        let after = self.take(page);
        if has_more {
            return Stage::Behind { after: Some(after) };
        }
        Stage::Apart { after: After::Position(after) }
    }

    async fn join(&mut self, after: After) -> Stage {
        let (admitted, admission) = oneshot::channel();
        let join = Join { org_id: self.org_id, admitted };
        if self.streams.joins.send(join).await.is_err() {
            return Stage::Over;
        }
        let Ok(Admitted { position, queue }) = admission.await else { return Stage::Over };
        match after {
            After::Now => {
                self.ready.push_back(Told::Position(position));
                Stage::Live { queue }
            }
            After::Position(after) => Stage::Between { after, until: position, queue },
        }
    }

    async fn close_up(&mut self, after: Arc<str>, until: Arc<str>, queue: Queue) -> Stage {
        let page = self.read(Some(&after), Some(&until)).await;
        let has_more = page.has_more;
        let after = self.take(page);
        if has_more {
            return Stage::Between { after, until, queue };
        }
        Stage::Live { queue }
    }

    /// What is to be told of a page, and where it ends.
    fn take(&mut self, page: Page) -> Arc<str> {
        let position: Arc<str> = page.position.into();
        if page.is_reset {
            self.ready.push_back(Told::Reset(position.clone()));
        }
        self.ready.extend(page.events.into_iter().map(|event| Told::Event(Arc::new(event))));
        position
    }

    /// A page, as soon as the database gives it. Few read at once, whatever the number of connections.
    async fn read(&self, after: Option<&str>, until: Option<&str>) -> Page {
        let mut trouble = Trouble::default();
        loop {
            let read = async {
                let _turn = self.streams.turns.acquire().await;
                self.streams.database.read_events_of(&[self.org_id], after, until, page(after)).await
            };
            match read.await {
                Ok(page) => return page,
                // The hub says so in the log, for all.
                Err(_) => sleep(trouble.pause()).await,
            }
        }
    }
}

/// How many events are read at once from a position.
fn page(after: Option<&str>) -> i32 {
    let most = MOST_POSITIONS.checked_div(after.map_or(0, str::len)).unwrap_or(MOST_POSITIONS);
    i32::try_from(most).unwrap_or(PAGE).clamp(1, PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_a_position_the_fewer_events_are_read_from_it() {
        let page = |bytes| page(Some(&"1".repeat(bytes)));
        assert_eq!(super::page(None), PAGE);
        assert_eq!([0, 120, 4096, 64 * 1024, 1024 * 1024].map(page), [PAGE, PAGE, 64, 4, 1]);
    }
}
