//! One reading of the history for all connections, however many there are.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};
use uuid::Uuid;

use super::audience::{Audience, Queue};
use super::trouble::Trouble;
use crate::database::Database;
use crate::error::Error;

/// How much is read at once.
const PAGE: i32 = 1000;
/// Whoever comes within this time is let in together.
const GATHERED: Duration = Duration::from_millis(10);

/// Somebody who wants to be told from now on.
pub struct Join {
    pub org_id: Uuid,
    pub admitted: oneshot::Sender<Admitted>,
}

/// From this position on, everything that happens comes through the queue.
pub struct Admitted {
    pub position: Arc<str>,
    pub queue: Queue,
}

pub struct Hub {
    pub database: Database,
    pub joins: mpsc::Receiver<Join>,
    /// The wait between two readings.
    pub poll: Duration,
    /// How often everybody is told how far the history has been read.
    pub mark_every: Duration,
    pub stop: CancellationToken,
}

/// How far the history has been read, and for whom.
#[derive(Default)]
struct Reading {
    audience: Audience,
    /// `None` while nobody follows.
    position: Option<Arc<str>>,
}

impl Hub {
    /// Reads until it is told to stop, and only while somebody follows.
    pub async fn run(mut self) {
        let stop = self.stop.clone();
        tokio::select! {
            () = stop.cancelled() => (),
            () = self.reads() => (),
        }
    }

    async fn reads(&mut self) {
        let mut reading = Reading::default();
        let mut waiting: Vec<Join> = Vec::new();
        let (mut trouble, mut marked) = (Trouble::default(), Instant::now());
        loop {
            if waiting.is_empty() && reading.is_alone() {
                let Some(join) = self.joins.recv().await else { return };
                waiting.push(join);
            }
            while let Ok(join) = self.joins.try_recv() {
                waiting.push(join);
            }
            // Whoever has come by now may have heard from another worker what is newer than the last reading of this one: they
            // are let in at the end of the next one.
            match reading.advance(&self.database).await {
                Ok(position) => {
                    if trouble.is_over() {
                        info!("the history can be read again");
                    }
                    reading.admit(&mut waiting, &position);
                    if marked.elapsed() >= self.mark_every {
                        reading.audience.mark(&position);
                        marked = Instant::now();
                    }
                    self.pause(&mut waiting).await;
                }
                Err(error) => {
                    if trouble.is_first() {
                        error!(%error, "cannot read the history; trying again");
                    }
                    waiting.retain(|join| !join.admitted.is_closed());
                    sleep(trouble.pause()).await;
                }
            }
        }
    }

    /// Until the next reading is due; nobody who joins waits for that.
    async fn pause(&mut self, waiting: &mut Vec<Join>) {
        tokio::select! {
            () = sleep(self.poll) => (),
            Some(join) = self.joins.recv() => {
                waiting.push(join);
                sleep(GATHERED).await;
            }
        }
    }
}

impl Reading {
    /// Whether nobody follows any more. Then nothing is kept either.
    fn is_alone(&mut self) -> bool {
        let is_alone = self.audience.organizations().is_empty();
        if is_alone {
            self.position = None;
        }
        is_alone
    }

    /// Tells what has happened since the last time, and where that ends.
    async fn advance(&mut self, database: &Database) -> Result<Arc<str>, Error> {
        let org_ids = self.audience.organizations();
        let mut position = match self.position.clone() {
            Some(position) if !org_ids.is_empty() => position,
            _ => return Ok(self.reached(database.events_position().await?.into())),
        };
        loop {
            let page = database.read_events_of(&org_ids, Some(&position), None, PAGE).await?;
            position = self.reached(page.position.into());
            if page.is_reset {
                self.audience.reset(&position);
            }
            page.events.into_iter().for_each(|event| self.audience.tell(event));
            if !page.has_more {
                return Ok(position);
            }
        }
    }

    fn reached(&mut self, position: Arc<str>) -> Arc<str> {
        self.position = Some(position.clone());
        position
    }

    fn admit(&mut self, waiting: &mut Vec<Join>, position: &Arc<str>) {
        for Join { org_id, admitted } in waiting.drain(..) {
            // Whoever has gone meanwhile takes the queue with them.
            let queue = self.audience.admit(org_id);
            let _ = admitted.send(Admitted { position: position.clone(), queue });
        }
    }
}
