//! How far a message has come, as the provider tells it.

use chrono::{DateTime, Duration, Utc};

use crate::refusal::{Code, Refusal, quoted};

/// How far a message has come, as the provider tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    Queued,
    Sending,
    Sent,
    Delivered,
    Failed,
    /// It was written to a log only.
    DryRun,
}

impl Delivery {
    /// By the provider's word for it.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        match text {
            "accepted" | "scheduled" | "queued" => Ok(Delivery::Queued),
            "sending" => Ok(Delivery::Sending),
            "sent" => Ok(Delivery::Sent),
            "delivered" | "read" => Ok(Delivery::Delivered),
            "undelivered" | "failed" | "canceled" => Ok(Delivery::Failed),
            "dry_run" => Ok(Delivery::DryRun),
            _ => Err(Refusal::new(
                Code::InvalidRequest,
                format!("message status {} is not known", quoted(text)),
                "pass a status of the provider, as sent, delivered or failed",
            )),
        }
    }

    /// Whether this is news after `known`. What is told may come late, twice and in any order: only what is further on counts,
    /// and an end is an end.
    pub const fn follows(self, known: Option<Delivery>) -> bool {
        match known {
            Some(known) => self.rank() > known.rank(),
            None => true,
        }
    }

    const fn rank(self) -> i32 {
        match self {
            Delivery::Queued => 0,
            Delivery::Sending => 1,
            Delivery::Sent => 2,
            Delivery::Delivered | Delivery::Failed | Delivery::DryRun => 3,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Delivery::Queued => "queued",
            Delivery::Sending => "sending",
            Delivery::Sent => "sent",
            Delivery::Delivered => "delivered",
            Delivery::Failed => "failed",
            Delivery::DryRun => "dry_run",
        }
    }
}

/// The provider's word for a number that has opted out (STOP).
pub const OPTED_OUT: &str = "21610";

/// When a message that was not delivered is sent once more: in a while, where the phone or the queue of the network was the
/// trouble, it was not sent again for that before, and there is time.
pub fn second_try(
    error_code: Option<&str>,
    undelivered: i32,
    deadline: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    // The queue is full; the phone cannot be reached; nobody knows.
    const PASSING: [&str; 3] = ["30001", "30003", "30008"];
    let again = now.checked_add_signed(Duration::minutes(SECOND_TRY_AFTER_MINUTES))?;
    let is_passing = error_code.is_some_and(|code| PASSING.contains(&code));
    (is_passing && undelivered == 0 && again < deadline).then_some(again)
}

const SECOND_TRY_AFTER_MINUTES: i64 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_zone::at;

    #[test]
    fn what_is_further_on_counts() {
        assert!(Delivery::Delivered.follows(Some(Delivery::Sent)) && Delivery::Queued.follows(None));
        assert!(!Delivery::Sent.follows(Some(Delivery::Delivered)) && !Delivery::Sent.follows(Some(Delivery::Sent)));
        assert!(
            !Delivery::Failed.follows(Some(Delivery::Delivered))
                && !Delivery::Delivered.follows(Some(Delivery::Failed))
        );
        assert_eq!(Delivery::parse("undelivered"), Ok(Delivery::Failed));
        assert!(Delivery::parse("Delivered").is_err());
        assert_eq!(Delivery::parse("dry_run"), Ok(Delivery::DryRun));
    }

    #[test]
    fn what_a_phone_could_not_get_is_sent_once_more_and_no_oftener() {
        let (now, deadline) = (at("2026-11-24 12:00"), at("2026-11-24 14:00"));
        assert_eq!(second_try(Some("30003"), 0, deadline, now), Some(at("2026-11-24 12:10")));
        assert_eq!(second_try(Some("30003"), 1, deadline, now), None);
        assert_eq!(second_try(Some("30007"), 0, deadline, now), None);
        assert_eq!(second_try(None, 0, deadline, now), None);
        assert_eq!(second_try(Some("30001"), 0, at("2026-11-24 12:10"), now), None);
    }
}
