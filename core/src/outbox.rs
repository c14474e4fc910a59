//! The outbox: which messages follow from a change to an appointment, and what becomes of each. A job is written in the
//! transaction of the change; a courier claims it, sends it, and reports.

use chrono::{DateTime, Duration, Utc};

use crate::refusal::{Code, Refusal, quoted};
use crate::sms::{Kind, template};
use crate::status::Status;

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

/// The state machine of a job: every change there is.
pub const CHANGES: [(State, State); 12] = [
    (Available, Running),
    (Available, Cancelled),
    (Available, Discarded),
    (Running, Running),
    (Running, Succeeded),
    (Running, Retryable),
    (Running, Discarded),
    (Retryable, Running),
    (Retryable, Cancelled),
    (Retryable, Discarded),
    (Discarded, Available),
    (Cancelled, Available),
];

/// How an organization sends messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Messaging {
    /// The language of its templates.
    pub language: String,
    /// How many minutes before an appointment a reminder goes out, for each of them.
    pub reminder_minutes: Vec<i32>,
}

/// The most reminders of one appointment.
pub const MOST_REMINDERS: usize = 5;
/// The earliest reminder, in minutes before the appointment: four weeks.
pub const EARLIEST_REMINDER_MINUTES: i32 = 28 * 24 * 60;

impl Messaging {
    /// Reminders at these times; what cannot be is refused. They are kept sorted, earliest first, and each once.
    pub fn checked(language: &str, mut reminder_minutes: Vec<i32>) -> Result<Self, Refusal> {
        let language = template::language(language)?;
        reminder_minutes.sort_unstable_by(|one, other| other.cmp(one));
        reminder_minutes.dedup();
        if reminder_minutes.len() > MOST_REMINDERS {
            let message = format!("{} reminders are more than {MOST_REMINDERS}", reminder_minutes.len());
            return Err(Refusal::new(Code::InvalidRequest, message, "pass fewer times"));
        }
        match reminder_minutes.iter().find(|minutes| !(1..=EARLIEST_REMINDER_MINUTES).contains(*minutes)) {
            Some(minutes) => Err(Refusal::new(
                Code::InvalidRequest,
                format!("a reminder {minutes} minutes before is not between 1 and {EARLIEST_REMINDER_MINUTES}"),
                "pass minutes before the appointment, as 1440 for a day",
            )),
            None => Ok(Messaging { language, reminder_minutes }),
        }
    }
}

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

fn in_time(deadline: DateTime<Utc>, now: DateTime<Utc>) -> Fate {
    if now < deadline { Fate::Send } else { Fate::GiveUp("its time has passed") }
}

/// How often a job is tried before it is given up.
pub const MOST_ATTEMPTS: i32 = 12;
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

/// Whether trying a message again can help, by the provider's error code: these say that it cannot.
pub fn is_permanent(error_code: &str) -> bool {
    // To is no number, cannot be reached, is a landline or has opted out; From is wrong; blocked, unknown, filtered.
    const PERMANENT: [&str; 13] = [
        "21211", "21214", "21217", "21408", "21606", "21610", "21612", "21614", "30004", "30005", "30006", "30007",
        "30034",
    ];
    PERMANENT.contains(&error_code)
}

/// How far a message has come, as the provider tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    Queued,
    Sending,
    Sent,
    Delivered,
    Failed,
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
            Delivery::Delivered | Delivery::Failed => 3,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Delivery::Queued => "queued",
            Delivery::Sending => "sending",
            Delivery::Sent => "sent",
            Delivery::Delivered => "delivered",
            Delivery::Failed => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_zone::at;

    #[test]
    fn reminders_are_sorted_and_each_once() {
        let messaging = Messaging::checked("EN", vec![120, 1440, 120]);
        assert_eq!(messaging, Ok(Messaging { language: "en".to_owned(), reminder_minutes: vec![1440, 120] }));
        assert!(Messaging::checked("english", vec![]).is_err());
        for wrong in [vec![0], vec![-5], vec![EARLIEST_REMINDER_MINUTES + 1], (1..=6).collect(), vec![i32::MIN]] {
            assert!(Messaging::checked("en", wrong.clone()).is_err(), "{wrong:?}");
        }
    }

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
    fn a_final_state_is_left_only_by_a_requeue() {
        for (from, to) in CHANGES {
            if matches!(from, Succeeded | Discarded | Cancelled) {
                assert_eq!(to, Available, "{from:?}");
            }
        }
        assert!(CHANGES.iter().all(|(from, _)| *from != Succeeded));
    }

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
        assert!(is_permanent("21610") && !is_permanent("30003") && !is_permanent(""));
    }
}
