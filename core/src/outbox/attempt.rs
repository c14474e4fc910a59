//! What follows from an attempt that failed: another one, after a pause, or none.

use chrono::{DateTime, Duration, Utc};

use crate::outbox::State;
use crate::refusal::{Code, Refusal, quoted};

/// What a courier knows of an attempt that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Certainly not carried out, and it may be tried again.
    NotDone,
    /// It may have been carried out: nobody has said.
    Unknown,
    /// The other side will not do it, however often it is asked.
    Refused,
    /// The other side does not take the credentials (any more). The job waits for new ones.
    Unauthorized,
}

impl Outcome {
    pub const ALL: [Outcome; 4] = [Outcome::NotDone, Outcome::Unknown, Outcome::Refused, Outcome::Unauthorized];

    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::NotDone => "not_done",
            Outcome::Unknown => "unknown",
            Outcome::Refused => "refused",
            Outcome::Unauthorized => "unauthorized",
        }
    }

    pub fn parse(text: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Outcome::as_str).join(", ");
            let message = format!("outcome {} is not known", quoted(text));
            Refusal::new(Code::InvalidRequest, message, format!("pass one of {known}"))
        })
    }
}

/// An attempt that failed.
#[derive(Debug, Clone, Copy)]
pub struct Failed {
    /// Which attempt of the job, from 1.
    pub attempt: i32,
    pub outcome: Outcome,
    /// What the other side asked for (Retry-After), in seconds.
    pub retry_after_seconds: Option<i32>,
    /// When the job has to be done.
    pub deadline: DateTime<Utc>,
}

impl Failed {
    /// The state that the job gets, and when it is tried again. `chance` is from 0 to 1.
    pub fn next(self, now: DateTime<Utc>, chance: f64) -> (State, Option<DateTime<Utc>>) {
        let asked = match self.outcome {
            Outcome::Unknown => Some(self.retry_after_seconds.unwrap_or(0).max(SECONDS_TO_SHOW)),
            _ => self.retry_after_seconds,
        };
        let again = now.checked_add_signed(pause(self.attempt, asked, chance));
        match again {
            Some(again)
                if self.outcome != Outcome::Refused && self.attempt < MOST_ATTEMPTS && again < self.deadline =>
            {
                (State::Retryable, Some(again))
            }
            _ => (State::Discarded, None),
        }
    }
}

/// What may have been carried out shows at the other side after so many seconds: before that, to look for it proves nothing.
const SECONDS_TO_SHOW: i32 = 15;

/// From when on an attempt that ended at `ended`, without a word, shows at the other side if it was carried out.
pub fn shows_at(ended: DateTime<Utc>) -> DateTime<Utc> {
    ended.checked_add_signed(Duration::seconds(i64::from(SECONDS_TO_SHOW))).unwrap_or(ended)
}

/// How often a job is tried before it is given up: about a day of somebody else's outage.
pub const MOST_ATTEMPTS: i32 = 100;
/// The first pause, and the longest, in seconds.
const FIRST_PAUSE_SECONDS: i64 = 5;
const LONGEST_PAUSE_SECONDS: i64 = 30 * 60;
/// The longest pause that somebody else may ask for, in seconds: a day.
pub const LONGEST_RETRY_AFTER_SECONDS: i32 = 24 * 60 * 60;

/// How long to wait after attempt number `attempt` has failed: twice as long each time, up to half an hour, of which a random
/// share is taken, so that those who failed together do not come back together. `chance` is from 0 to 1. What the other side
/// asked for (Retry-After) is kept in any case.
pub fn pause(attempt: i32, retry_after_seconds: Option<i32>, chance: f64) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1).clamp(0, 20)).unwrap_or(0);
    let longest = FIRST_PAUSE_SECONDS.saturating_mul(1_i64 << doublings).min(LONGEST_PAUSE_SECONDS);
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    let jittered = (longest as f64 * 1000.0 * chance.clamp(0.0, 1.0)) as i64;
    let asked = i64::from(retry_after_seconds.unwrap_or(0).clamp(0, LONGEST_RETRY_AFTER_SECONDS));
    Duration::milliseconds(jittered).max(Duration::seconds(asked))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_zone::at;

    #[test]
    fn pauses_double_up_to_half_an_hour_and_a_share_of_each_is_taken() {
        let whole = |attempt| pause(attempt, None, 1.0).num_seconds();
        assert_eq!([1, 2, 3, 9, 10, 11, i32::MAX].map(whole), [5, 10, 20, 1280, 1800, 1800, 1800]);
        assert_eq!(pause(2, None, 0.25), Duration::milliseconds(2500));
        assert_eq!(pause(0, None, 0.0), Duration::zero());
        assert_eq!(pause(i32::MIN, None, 7.0), Duration::seconds(5));
        assert_eq!(pause(1, None, f64::NAN), Duration::zero());
    }

    #[test]
    fn what_the_other_side_asks_for_is_kept_up_to_a_day() {
        assert_eq!(pause(1, Some(60), 1.0), Duration::seconds(60));
        assert_eq!(pause(4, Some(1), 1.0), Duration::seconds(40));
        assert_eq!(pause(1, Some(i32::MAX), 1.0), Duration::days(1));
        assert_eq!(pause(1, Some(-3), 0.0), Duration::zero());
    }

    #[test]
    fn a_failed_attempt_is_followed_by_another_while_that_can_help_and_there_is_time() {
        let (now, deadline) = (at("2026-11-24 12:00"), at("2026-11-24 14:00"));
        let failed = Failed { attempt: 1, outcome: Outcome::NotDone, retry_after_seconds: None, deadline };
        assert_eq!(failed.next(now, 1.0), (State::Retryable, now.checked_add_signed(Duration::seconds(5))));
        let unknown = Failed { outcome: Outcome::Unknown, ..failed };
        assert_eq!(unknown.next(now, 0.0), (State::Retryable, now.checked_add_signed(Duration::seconds(15))));
        assert_eq!(Failed { outcome: Outcome::Unauthorized, ..failed }.next(now, 1.0).0, State::Retryable);
        for given_up in [
            Failed { outcome: Outcome::Refused, ..failed },
            Failed { attempt: MOST_ATTEMPTS, ..failed },
            Failed { retry_after_seconds: Some(7200), ..failed },
            Failed { deadline: now, ..failed },
        ] {
            assert_eq!(given_up.next(now, 1.0), (State::Discarded, None), "{given_up:?}");
        }
    }

    #[test]
    fn what_ended_without_a_word_is_tried_again_once_it_shows() {
        let (now, deadline) = (at("2026-11-24 12:00"), at("2026-11-24 14:00"));
        let unknown = Failed { attempt: 1, outcome: Outcome::Unknown, retry_after_seconds: None, deadline };
        assert_eq!(unknown.next(now, 0.0).1, Some(shows_at(now)));
        assert_eq!(shows_at(DateTime::<Utc>::MAX_UTC), DateTime::<Utc>::MAX_UTC);
    }

    #[test]
    fn an_outcome_is_read_by_its_name() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Ok(outcome));
        }
        assert!(Outcome::parse("Unknown").is_err());
    }
}
