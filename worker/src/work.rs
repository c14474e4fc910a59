//! The work: each kind of job is claimed and carried out by a loop of its own, as many at once as it may.

pub mod events;
pub mod lease;
pub mod messages;
pub mod syncs;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info};

use crate::error::Error;

/// What a kind of job is.
pub trait Kind: Send + Sync + 'static {
    type Job: Send + 'static;
    const NAME: &'static str;

    fn claim(&self, limit: i32) -> impl Future<Output = Result<Vec<Self::Job>, Error>> + Send;
    /// Carries a job out and reports it. Whatever happens, the lease ends by itself.
    fn carry_out(&self, job: Self::Job) -> impl Future<Output = ()> + Send;
}

/// How a loop goes.
#[derive(Clone)]
pub struct Pace {
    /// Jobs at once.
    pub concurrency: usize,
    /// The wait when there was nothing to do.
    pub poll: Duration,
    pub stop: CancellationToken,
    /// Whether it ends when there is nothing to do.
    pub until_idle: bool,
}

/// The longest wait while the database cannot be used.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Claims and carries out until it is told to stop, and then waits for what is under way. Returns how many jobs it had.
pub async fn run<K: Kind>(kind: Arc<K>, pace: Pace) -> usize {
    let permits = Arc::new(Semaphore::new(pace.concurrency));
    let tracker = TaskTracker::new();
    let mut trouble = Trouble::default();
    let mut done: usize = 0;
    while !pace.stop.is_cancelled() {
        let Some(free) = free(&permits, &pace).await else { break };
        match kind.claim(i32::try_from(free.min(MOST_CLAIMED)).unwrap_or(1)).await {
            Ok(jobs) => {
                trouble.is_over::<K>();
                let claimed = jobs.len();
                done = done.saturating_add(claimed);
                for job in jobs {
                    start(&kind, job, &permits, &tracker).await;
                }
                if claimed > 0 && claimed >= free.min(MOST_CLAIMED) {
                    continue;
                }
                if claimed == 0 && pace.until_idle && permits.available_permits() == pace.concurrency {
                    break;
                }
                wait(pace.poll, &pace).await;
            }
            Err(error) => {
                let pause = trouble.of::<K>(&error);
                wait(pause, &pace).await;
            }
        }
    }
    tracker.close();
    tracker.wait().await;
    done
}

/// The most jobs of one claim: those of a slow one wait for it.
const MOST_CLAIMED: usize = 20;

/// How many more jobs can be carried out, once it is one at least; `None` when it is time to stop.
async fn free(permits: &Semaphore, pace: &Pace) -> Option<usize> {
    tokio::select! {
        permit = permits.acquire() => drop(permit.ok()?),
        () = pace.stop.cancelled() => return None,
    }
    Some(permits.available_permits().max(1))
}

async fn start<K: Kind>(kind: &Arc<K>, job: K::Job, permits: &Arc<Semaphore>, tracker: &TaskTracker) {
    let Ok(permit) = permits.clone().acquire_owned().await else { return };
    let kind = kind.clone();
    tracker.spawn(async move {
        kind.carry_out(job).await;
        drop(permit);
    });
}

async fn wait(pause: Duration, pace: &Pace) {
    tokio::select! {
        () = sleep(pause) => (),
        () = pace.stop.cancelled() => (),
    }
}

/// Trouble with the database is told once, and when it is over.
#[derive(Default)]
struct Trouble {
    times: u32,
}

impl Trouble {
    fn of<K: Kind>(&mut self, error: &Error) -> Duration {
        if self.times == 0 {
            error!(kind = K::NAME, %error, "cannot claim; trying again");
        }
        self.times = self.times.saturating_add(1);
        let pause = Duration::from_millis(200).saturating_mul(1_u32.checked_shl(self.times.min(10)).unwrap_or(1));
        pause.min(LONGEST_WAIT)
    }

    fn is_over<K: Kind>(&mut self) {
        if self.times > 0 {
            info!(kind = K::NAME, "the database is back");
            self.times = 0;
        }
    }
}
