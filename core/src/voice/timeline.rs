//! The history of a contact in sentences: short, one line each, with days and times said in full.

use chrono::NaiveDateTime;

use crate::follow_up;
use crate::speech::time_of_day;

/// Something that happened to a contact. Times are local.
#[derive(Debug, Clone, Copy)]
pub enum Entry<'a> {
    /// Booked for this time, or only reserved until the calendar has it.
    Booked {
        service: &'a str,
        time: NaiveDateTime,
        is_held: bool,
    },
    /// The times are `None` where nobody has kept them.
    Moved {
        service: &'a str,
        times: Option<(NaiveDateTime, NaiveDateTime)>,
    },
    Cancelled {
        service: &'a str,
        time: NaiveDateTime,
        reason: Option<&'a str>,
    },
    /// A text message to the contact; no body where the person was erased.
    MessageSent {
        status: &'a str,
        body: Option<&'a str>,
    },
    MessageReceived {
        body: Option<&'a str>,
    },
    /// `ended_reason` is the provider's word for it.
    Call {
        seconds: Option<i64>,
        ended_reason: Option<&'a str>,
        summary: Option<&'a str>,
    },
    FollowUp {
        kind: follow_up::Kind,
        note: &'a str,
    },
    FollowUpClosed {
        state: follow_up::State,
        note: &'a str,
    },
    /// Whatever else is on record of an appointment.
    Event {
        kind: &'a str,
    },
}

impl Entry<'_> {
    /// The sentence.
    pub fn summary(&self) -> String {
        match *self {
            Entry::Booked { service, time, is_held: false } => format!("Booked {service} for {}.", moment(time)),
            Entry::Booked { service, time, is_held: true } => {
                format!("Reserved {service} for {}, until it is in the calendar.", moment(time))
            }
            Entry::Moved { service, times: Some((from, to)) } => {
                format!("Moved {service} from {} to {}.", moment(from), moment(to))
            }
            Entry::Moved { service, times: None } => format!("Moved {service}."),
            Entry::Cancelled { service, time, reason } => {
                with_text(&format!("Cancelled {service} of {}", moment(time)), reason)
            }
            Entry::MessageSent { status, body } => with_text(message_sent(status), body),
            Entry::MessageReceived { body } => with_text("Wrote a message", body),
            Entry::Call { seconds, ended_reason, summary } => call(seconds, ended_reason, summary),
            Entry::FollowUp { kind, note } => with_text(left(kind), Some(note)),
            Entry::FollowUpClosed { state, note } => with_text(closed(state), Some(note)),
            Entry::Event { kind } => event(kind),
        }
    }
}

/// A moment with everything said: `Tuesday, November 24, 2026 at 2:30 PM`.
fn moment(time: NaiveDateTime) -> String {
    format!("{} at {}", time.format("%A, %B %-d, %Y"), time_of_day(time.time()))
}

/// The longest text that a summary repeats, in characters.
const LONGEST_TEXT: usize = 200;

/// What happened, with what was said: `Wrote a message: See you.`
fn with_text(what: &str, text: Option<&str>) -> String {
    let text = text.map(one_line).filter(|text| !text.is_empty());
    match text {
        Some(text) if text.ends_with(['.', '!', '?']) => format!("{what}: {text}"),
        Some(text) => format!("{what}: {text}."),
        None => format!("{what}."),
    }
}

/// The text as one readable line, shortened.
fn one_line(text: &str) -> String {
    let readable = |c: char| if c.is_control() { ' ' } else { c };
    let line: String = text.chars().take(4 * LONGEST_TEXT).map(readable).collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().nth(LONGEST_TEXT).is_none() {
        return line;
    }
    let kept: String = line.chars().take(LONGEST_TEXT).collect();
    format!("{}...", kept.trim_end())
}

fn message_sent(status: &str) -> &'static str {
    match status {
        "delivered" => "Got a message",
        "failed" => "Did not get a message",
        "uncertain" => "May have got a message",
        "dry_run" => "Would have got a message, in a trial",
        _ => "Was sent a message",
    }
}

/// `Call of 3 minutes 5 seconds, the caller hung up: wants a cleaning.`
fn call(seconds: Option<i64>, ended_reason: Option<&str>, summary: Option<&str>) -> String {
    let mut what = match seconds.filter(|seconds| *seconds > 0) {
        Some(seconds) => format!("Call of {}", length(seconds)),
        None => "Call".to_owned(),
    };
    if let Some(why) = ended_reason.map(ended).filter(|why| !why.is_empty()) {
        what.push_str(", ");
        what.push_str(&why);
    }
    with_text(&what, summary)
}

/// `3 minutes 5 seconds`.
fn length(seconds: i64) -> String {
    let counted = |number: i64, unit: &str| format!("{number} {unit}{}", if number == 1 { "" } else { "s" });
    let parts = [(seconds / 60, "minute"), (seconds % 60, "second")];
    let said: Vec<String> =
        parts.into_iter().filter(|(number, _)| *number > 0).map(|(number, unit)| counted(number, unit)).collect();
    said.join(" ")
}

/// Why a call ended. Providers have hundreds of words for it: the usual ones are translated, the others are shown.
fn ended(reason: &str) -> String {
    let said = match reason {
        "customer-ended-call" | "hangup" => "the caller hung up",
        "assistant-forwarded-call" => "it was put through",
        "silence-timed-out" => "nobody spoke any more",
        "customer-did-not-answer" => "nobody answered",
        "customer-busy" => "the line was busy",
        "exceeded-max-duration" => "it was as long as a call may be",
        "voicemail" => "an answering machine took it",
        "manually-canceled" => "it was called off",
        _ if reason.starts_with("assistant-ended-call") || reason.starts_with("assistant-said-end-call-phrase") => {
            "the assistant ended it"
        }
        _ if ["error", "fault", "failed"].iter().any(|word| reason.contains(word)) => "it broke off by an error",
        _ => return one_line(&reason.replace(['-', '_', '.'], " ")),
    };
    said.to_owned()
}

fn left(kind: follow_up::Kind) -> &'static str {
    match kind {
        follow_up::Kind::Task => "To do",
        follow_up::Kind::Message => "Left a message",
        follow_up::Kind::Transfer => "Wanted to speak to somebody",
    }
}

fn closed(state: follow_up::State) -> &'static str {
    match state {
        follow_up::State::Done => "Done",
        _ => "Not to do any more",
    }
}

fn event(kind: &str) -> String {
    let said = match kind {
        "verified" => "The calendar has confirmed the booking.",
        "verification_failed" => "The calendar has not confirmed the booking.",
        "event_moved" => "Somebody has moved the event in the calendar.",
        "event_deleted" => "Somebody has deleted the event in the calendar.",
        "event_restored" => "An event that somebody had deleted is in the calendar again.",
        "patient_cancelled" => "Cancelled by a text message.",
        "patient_confirmed" => "Confirmed by a text message.",
        "patient_opted_out" => "Wants no more text messages.",
        "patient_opted_in" => "Wants text messages again.",
        _ => return capitalized(&one_line(&kind.replace('_', " "))),
    };
    said.to_owned()
}

fn capitalized(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_zone::wall;

    #[test]
    fn days_and_times_are_said_in_full() {
        let (from, to) = (wall("2026-11-24 14:30"), wall("2027-01-05 09:00"));
        let service = "cleaning";
        assert_eq!(
            Entry::Booked { service, time: from, is_held: false }.summary(),
            "Booked cleaning for Tuesday, November 24, 2026 at 2:30 PM."
        );
        assert_eq!(
            Entry::Booked { service, time: from, is_held: true }.summary(),
            "Reserved cleaning for Tuesday, November 24, 2026 at 2:30 PM, until it is in the calendar."
        );
        assert_eq!(
            Entry::Moved { service, times: Some((from, to)) }.summary(),
            "Moved cleaning from Tuesday, November 24, 2026 at 2:30 PM to Tuesday, January 5, 2027 at 9:00 AM."
        );
        assert_eq!(Entry::Moved { service, times: None }.summary(), "Moved cleaning.");
        assert_eq!(
            Entry::Cancelled { service, time: from, reason: Some("caught a cold") }.summary(),
            "Cancelled cleaning of Tuesday, November 24, 2026 at 2:30 PM: caught a cold."
        );
        assert_eq!(
            Entry::Cancelled { service, time: from, reason: None }.summary(),
            "Cancelled cleaning of Tuesday, November 24, 2026 at 2:30 PM."
        );
    }

    #[test]
    fn messages_are_told_with_what_became_of_them() {
        let sent = |status, body| Entry::MessageSent { status, body }.summary();
        assert_eq!(sent("delivered", Some("See you.")), "Got a message: See you.");
        assert_eq!(sent("queued", Some("See you")), "Was sent a message: See you.");
        assert_eq!(sent("failed", None), "Did not get a message.");
        assert_eq!(
            Entry::MessageReceived { body: Some("Can I\ncome later?") }.summary(),
            "Wrote a message: Can I come later?"
        );
        assert_eq!(Entry::MessageReceived { body: Some(" \n") }.summary(), "Wrote a message.");
    }

    #[test]
    fn a_call_is_told_with_its_length_its_end_and_what_it_was_about() {
        let call = |seconds, ended_reason, summary| Entry::Call { seconds, ended_reason, summary }.summary();
        assert_eq!(
            call(Some(185), Some("customer-ended-call"), Some("Wants a cleaning.")),
            "Call of 3 minutes 5 seconds, the caller hung up: Wants a cleaning."
        );
        assert_eq!(
            call(Some(60), Some("assistant-ended-call-with-hangup-task"), None),
            "Call of 1 minute, the assistant ended it."
        );
        assert_eq!(
            call(Some(1), Some("pipeline-error-openai-llm-failed"), None),
            "Call of 1 second, it broke off by an error."
        );
        assert_eq!(call(Some(-5), Some("worker-shutdown"), None), "Call, worker shutdown.");
        assert_eq!(call(None, None, None), "Call.");
    }

    #[test]
    fn follow_ups_are_told_by_what_they_came_from_and_how_they_ended() {
        use follow_up::{Kind, State};
        let left = |kind| Entry::FollowUp { kind, note: "call back" }.summary();
        assert_eq!(left(Kind::Task), "To do: call back.");
        assert_eq!(left(Kind::Message), "Left a message: call back.");
        assert_eq!(left(Kind::Transfer), "Wanted to speak to somebody: call back.");
        let closed = |state| Entry::FollowUpClosed { state, note: "call back" }.summary();
        assert_eq!(
            (closed(State::Done), closed(State::Cancelled)),
            ("Done: call back.".to_owned(), "Not to do any more: call back.".to_owned())
        );
    }

    #[test]
    fn other_events_are_told_in_their_own_words() {
        assert_eq!(Entry::Event { kind: "verified" }.summary(), "The calendar has confirmed the booking.");
        assert_eq!(Entry::Event { kind: "tooth_found" }.summary(), "Tooth found.");
    }

    #[test]
    fn every_summary_is_one_short_line() {
        let long = "line\n\u{7}line ".repeat(100_000);
        for entry in [
            Entry::MessageSent { status: "sent", body: Some(&long) },
            Entry::MessageReceived { body: Some(&long) },
            Entry::Call { seconds: Some(i64::MAX), ended_reason: Some(&long), summary: Some(&long) },
            Entry::FollowUp { kind: follow_up::Kind::Task, note: &long },
            Entry::Event { kind: &long },
        ] {
            let summary = entry.summary();
            assert!(summary.chars().count() < 500 && !summary.contains(char::is_control), "{summary}");
        }
    }
}
