//! The outbox: which messages follow from a change to an appointment, and what becomes of each. A job is written in the
//! transaction of the change; a courier claims it, sends it, and reports.

use chrono::{DateTime, Duration, Utc};

use crate::sms::Kind;
use crate::status::Status;

pub mod attempt;
pub mod codes;
pub mod delivery;
pub mod messaging;

pub use attempt::{Failed, Outcome};
pub use codes::{code_in_words, why_undelivered};
pub use delivery::Delivery;
pub use messaging::Messaging;

/// The states of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Waiting for its time.
    Available,
    /// Claimed by a courier, until its lease ends.
    Running,
    /// It failed, and will be tried again.
    Retryable,
    Succeeded,
    /// Given up: a dead letter, kept with its errors until somebody requeues or purges it.
    Discarded,
    /// Withdrawn before it went out.
    Cancelled,
}

use State::{Available, Cancelled, Discarded, Retryable, Running, Succeeded};

impl State {
    pub const ALL: [State; 6] = [Available, Running, Retryable, Succeeded, Discarded, Cancelled];

    pub const fn as_str(self) -> &'static str {
        match self {
            Available => "available",
            Running => "running",
            Retryable => "retryable",
            Succeeded => "succeeded",
            Discarded => "discarded",
            Cancelled => "cancelled",
        }
    }
}

/// The state machine of a job: every change there is. A claim may make two at once: what it takes and finds to be done, given up or not
/// true any more, it ends in the same transaction. `tests/python/test_job_states.py` sees each of them made, and no other.
pub const CHANGES: [(State, State); 14] = [
    (Available, Running),
    // Withdrawn.
    (Available, Cancelled),
    // The lease has ended, and somebody else has claimed it.
    (Running, Running),
    // Somebody held what it needed.
    (Running, Available),
    (Running, Succeeded),
    (Running, Retryable),
    (Running, Discarded),
    // It was not true any more, or another job has come to do what it was for.
    (Running, Cancelled),
    (Retryable, Running),
    (Retryable, Cancelled),
    // The provider could not deliver what it had taken.
    (Succeeded, Retryable),
    (Succeeded, Discarded),
    // Requeued.
    (Discarded, Available),
    (Cancelled, Available),
];

/// A job that is about to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewJob {
    pub kind: Kind,
    /// Not before.
    pub run_at: DateTime<Utc>,
    /// Not after: nobody wants to be told of an appointment that has begun.
    pub deadline: DateTime<Utc>,
}

/// What is said at once about an appointment that starts at `start`.
pub fn at_once(kind: Kind, start: DateTime<Utc>, now: DateTime<Utc>) -> NewJob {
    NewJob { kind, run_at: now, deadline: start }
}

/// The reminders of an appointment that are still to come.
pub fn reminders(messaging: &Messaging, start: DateTime<Utc>, now: DateTime<Utc>) -> Vec<NewJob> {
    let at = |minutes: &i32| start.checked_sub_signed(Duration::minutes(i64::from(*minutes)));
    let times = messaging.reminder_minutes.iter().filter_map(at).filter(|time| *time > now);
    times.map(|run_at| NewJob { kind: Kind::Reminder, run_at, deadline: start }).collect()
}

/// What a job is about, as it is when the job is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    pub status: Status,
    pub start: DateTime<Utc>,
    /// Whether there is anybody to send it to.
    pub has_contact: bool,
}

/// What is to be done with a job that has been claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Send,
    /// What it would say is not true any more.
    Withdraw(&'static str),
    /// It has missed its time.
    GiveUp(&'static str),
}

/// What is to be done with a job of this kind and deadline; `None` for an appointment that is not there any more.
pub fn fate(kind: Kind, deadline: DateTime<Utc>, subject: Option<Subject>, now: DateTime<Utc>) -> Fate {
    let Some(Subject { status, start, has_contact: true }) = subject else {
        return Fate::Withdraw("there is nobody to send it to");
    };
    match (kind, status) {
        (Kind::Cancelled, Status::Cancelled) | (_, Status::Pending | Status::Confirmed) if start != deadline => {
            Fate::Withdraw("the appointment has another time now")
        }
        (Kind::Cancelled, Status::Cancelled) => in_time(deadline, now),
        (Kind::Cancelled, _) => Fate::Withdraw("the appointment is not cancelled"),
        (_, Status::Pending | Status::Confirmed) => in_time(deadline, now),
        _ => Fate::Withdraw("the appointment does not stand any more"),
    }
}

/// Whether there is time left for it.
pub(crate) fn in_time(deadline: DateTime<Utc>, now: DateTime<Utc>) -> Fate {
    if now < deadline { Fate::Send } else { Fate::GiveUp("its time has passed") }
}

/// The deadline of bringing an event into line: the end of its appointment, and never less than a day from now, since a calendar
/// that shows what is not so is wrong afterwards too.
pub fn event_deadline(end: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    end.max(now.checked_add_signed(Duration::days(1)).unwrap_or(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_zone::at;

    #[test]
    fn only_reminders_that_are_still_to_come_are_written() {
        let messaging = Messaging { language: "en".to_owned(), reminder_minutes: vec![1440, 120] };
        let (start, now) = (at("2026-11-24 14:00"), at("2026-11-23 15:00"));
        let reminder = NewJob { kind: Kind::Reminder, run_at: at("2026-11-24 12:00"), deadline: start };
        assert_eq!(reminders(&messaging, start, now), vec![reminder]);
        assert_eq!(reminders(&messaging, start, at("2026-11-24 12:00")), vec![]);
        assert_eq!(at_once(Kind::Moved, start, now), NewJob { kind: Kind::Moved, run_at: now, deadline: start });
    }

    #[test]
    fn an_event_may_be_brought_into_line_for_a_day_at_least() {
        let now = at("2026-11-23 15:00");
        assert_eq!(event_deadline(at("2026-11-26 15:00"), now), at("2026-11-26 15:00"));
        assert_eq!(event_deadline(at("2026-11-20 15:00"), now), at("2026-11-24 15:00"));
    }

    #[test]
    fn a_job_is_sent_only_while_it_is_true_and_in_time() {
        let (start, now) = (at("2026-11-24 14:00"), at("2026-11-23 15:00"));
        let subject = |status| Some(Subject { status, start, has_contact: true });
        let standing = subject(Status::Confirmed);
        assert_eq!(fate(Kind::Confirmation, start, standing, now), Fate::Send);
        assert_eq!(fate(Kind::Reminder, start, subject(Status::Pending), now), Fate::Send);
        assert_eq!(fate(Kind::Cancelled, start, subject(Status::Cancelled), now), Fate::Send);
        assert!(matches!(fate(Kind::Reminder, start, standing, start), Fate::GiveUp(_)));
        assert!(matches!(fate(Kind::Cancelled, start, standing, now), Fate::Withdraw(_)));
        assert!(matches!(fate(Kind::Confirmation, start, None, now), Fate::Withdraw(_)));
        assert!(matches!(fate(Kind::Confirmation, at("2026-11-25 14:00"), standing, now), Fate::Withdraw(_)));
        let erased = Some(Subject { status: Status::Confirmed, start, has_contact: false });
        assert!(matches!(fate(Kind::Moved, start, erased, now), Fate::Withdraw(_)));
        for status in [Status::Cancelled, Status::Completed, Status::NoShow, Status::Held] {
            assert!(matches!(fate(Kind::Reminder, start, subject(status), now), Fate::Withdraw(_)), "{status:?}");
        }
    }

    #[test]
    fn a_final_state_is_left_only_by_a_requeue_or_because_it_was_not_delivered() {
        for (from, to) in CHANGES {
            match from {
                Discarded | Cancelled => assert_eq!(to, Available, "{from:?}"),
                Succeeded => assert!(matches!(to, Retryable | Discarded)),
                _ => (),
            }
        }
    }
}
