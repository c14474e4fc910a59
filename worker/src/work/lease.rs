//! The time that a job is ours, by a clock that goes on while this process does not.

use std::time::{Duration, Instant};

use tokio::time::sleep;
use tracing::warn;

use crate::database::Database;
use crate::database::messages::Claimed;
use crate::error::Error;
use crate::outcome::Failure;

/// A lease, from a moment before it was asked for: it ends here no later than in the database.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    began: Instant,
    end: Instant,
}

impl Lease {
    pub fn beginning(now: Instant, seconds: u64) -> Self {
        Lease { began: now, end: now.checked_add(Duration::from_secs(seconds)).unwrap_or(now) }
    }

    /// Waits until so much time has passed since its beginning, or it is over.
    pub async fn wait(&self, since_beginning: Duration) {
        sleep(since_beginning.saturating_sub(self.began.elapsed()).min(self.left())).await;
    }

    pub fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Refuses to begin what might end after it: then somebody else would do it at the same time.
    pub fn must_last(&self, needed: Duration) -> Result<(), Failure> {
        if self.left() > needed { Ok(()) } else { Err(not_done("there was too little time left to begin")) }
    }

    /// Refuses what is not ours any more, whatever this machine's clock has missed, or might not be to its end. The time is looked
    /// at last: the database may have been slow to answer.
    pub async fn must_be_ours(&self, database: &Database, job: &Claimed, needed: Duration) -> Result<(), Failure> {
        match database.is_ours(job).await {
            Ok(true) => self.must_last(needed),
            Ok(false) => Err(not_done("somebody else has the job now")),
            Err(error) => Err(not_done(error.to_string())),
        }
    }

    /// Reports until the database has heard it, or the lease is over: then somebody else finds out.
    pub async fn report<T, F>(&self, what: &str, report: impl Fn() -> F) -> Option<T>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut pause = Duration::from_millis(100);
        loop {
            match report().await {
                Ok(answer) => return Some(answer),
                Err(error) if self.left() > pause => {
                    warn!(what, %error, "cannot report; trying again");
                    sleep(pause).await;
                    pause = pause.saturating_mul(2).min(Duration::from_secs(3));
                }
                Err(error) => {
                    warn!(what, %error, "cannot report: another worker will find out what became of it");
                    return None;
                }
            }
        }
    }
}

fn not_done(error: impl Into<String>) -> Failure {
    Failure::NotDone { error: error.into(), code: None, retry_after_seconds: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_begun_that_may_end_after_the_lease() {
        let lease = Lease::beginning(Instant::now(), 60);
        assert!(lease.must_last(Duration::from_secs(30)).is_ok());
        assert!(lease.must_last(Duration::from_secs(61)).is_err());
        let over = Lease::beginning(Instant::now(), 0);
        assert!(over.must_last(Duration::ZERO).is_err());
    }
}
