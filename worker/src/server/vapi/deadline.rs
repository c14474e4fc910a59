//! How the time is spent in which somebody waits on the phone.

use std::time::Duration;

use tokio::time::Instant;

/// How long before the end a statement has to have ended by itself.
const MARGIN: Duration = Duration::from_secs(1);

/// Vapi gives up asking who is to take a call after 7.5 seconds, whatever its server is given for other messages.
const LONGEST_ASSISTANT_REQUEST: Duration = Duration::from_secs(7);

/// When the answer has to be there.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(pub Instant);

impl Deadline {
    pub fn after(patience: Duration) -> Self {
        let now = Instant::now();
        Deadline(now.checked_add(patience).unwrap_or(now))
    }

    /// For a message of this type, which began to come at `began`, before anything was known of it.
    pub fn of_type(self, stated: Option<&str>, began: Instant) -> Self {
        match stated {
            Some("assistant-request") => {
                Deadline(began.checked_add(LONGEST_ASSISTANT_REQUEST).map_or(self.0, |longest| longest.min(self.0)))
            }
            _ => self,
        }
    }

    /// When a statement that changes something has to have ended; `None` when it is too late to begin one.
    pub fn of_statements(self) -> Option<Instant> {
        self.0.checked_sub(MARGIN).filter(|until| *until > Instant::now())
    }

    /// Until when the end of a transaction is waited for. Where it can be asked once more what has become of it, there is time for that.
    pub fn of_commit(self, can_ask_again: bool) -> Instant {
        let now = Instant::now();
        let half = self.0.saturating_duration_since(now) / 2;
        if can_ask_again && half > MARGIN { now.checked_add(half).unwrap_or(self.0) } else { self.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_statement_begins_in_the_last_second() {
        assert!(Deadline::after(Duration::from_secs(60)).of_statements().is_some());
        assert!(Deadline::after(Duration::from_millis(900)).of_statements().is_none());
        assert!(Deadline::after(Duration::ZERO).of_statements().is_none());
    }

    #[test]
    fn who_is_to_take_a_call_is_said_before_vapi_gives_up() {
        let began = Instant::now();
        let [long, short] = [12, 3].map(|seconds| Deadline(began + Duration::from_secs(seconds)));
        assert_eq!(long.of_type(Some("assistant-request"), began).0, began + Duration::from_secs(7));
        assert_eq!(short.of_type(Some("assistant-request"), began).0, short.0);
        for other in [Some("tool-calls"), None] {
            assert_eq!(long.of_type(other, began).0, long.0);
        }
    }

    #[test]
    fn a_commit_leaves_time_to_ask_again_if_there_is_enough_and_any_use() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let until = deadline.of_commit(true);
        assert!(until < deadline.0 && Deadline(until).of_statements().is_some());
        assert_eq!(deadline.of_commit(false), deadline.0);
        let short = Deadline::after(Duration::from_millis(1900));
        assert_eq!(short.of_commit(true), short.0);
    }
}
