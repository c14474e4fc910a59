//! The message that reminds somebody of an organization of what is due.

use chrono::{DateTime, Duration, Utc};

use crate::outbox::{Fate, in_time};
use crate::sms::{Marker, Size};

/// For how long after it was due a reminder still makes sense.
const STILL_GOOD: Duration = Duration::days(7);

/// Until when somebody may be reminded of what is due at `due_at`.
pub fn deadline(due_at: DateTime<Utc>) -> DateTime<Utc> {
    due_at.checked_add_signed(STILL_GOOD).unwrap_or(due_at)
}

/// What a reminder is about, as it is when its job is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject<'a> {
    pub is_open: bool,
    pub due_at: DateTime<Utc>,
    /// Where whoever takes care of it is reminded.
    pub phone: Option<&'a str>,
    /// Whom an earlier attempt of the job was for.
    pub tried_phone: Option<&'a str>,
}

/// What is to be done with the reminder of this deadline; `None` for a follow-up that is not there any more.
pub fn fate(deadline: DateTime<Utc>, subject: Option<Subject<'_>>, now: DateTime<Utc>) -> Fate {
    match subject {
        None => Fate::Withdraw("there is nothing to follow up"),
        Some(Subject { is_open: false, .. }) => Fate::Withdraw("the follow-up is closed"),
        Some(Subject { phone: None, .. }) => Fate::Withdraw("there is nobody to remind"),
        Some(subject) if self::deadline(subject.due_at) != deadline => {
            Fate::Withdraw("the follow-up is due at another time now")
        }
        Some(Subject { phone, tried_phone: Some(tried), .. }) if phone != Some(tried) => {
            Fate::Withdraw("somebody else takes care of it now")
        }
        Some(_) => in_time(deadline, now),
    }
}

/// The most messages that a reminder is paid for as, its mark included.
pub const MOST_SEGMENTS: usize = 3;
/// How much of the names of organization and caller a reminder holds, in characters: they leave room for the note.
const LONGEST_NAME: usize = 36;

/// The text, shortened to [`MOST_SEGMENTS`]. Name, phone and note are the caller's; what is not known is left out.
pub fn text(organization: &str, name: Option<&str>, phone: Option<&str>, note: &str) -> String {
    let caller: Vec<String> = [name.map(|name| first(name, LONGEST_NAME)), phone.map(str::to_owned)]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    let mut head = format!("Follow-up for {}: ", first(organization, LONGEST_NAME));
    if !caller.is_empty() {
        head.push_str(&caller.join(", "));
        head.push_str(": ");
    }
    let note = note.split_whitespace().collect::<Vec<_>>().join(" ");
    let mark = Marker::example();
    let fits = |kept: usize| {
        let message = mark.mark(&format!("{head}{}", first(&note, kept)));
        Size::of(&message).segments <= MOST_SEGMENTS
    };
    // A longer beginning never takes fewer parts, so that the longest one that fits is found by halving.
    let (mut fitting, mut too_long) = (0, note.chars().count());
    if fits(too_long) {
        fitting = too_long;
    }
    while too_long.saturating_sub(fitting) > 1 {
        let middle = fitting.midpoint(too_long);
        if fits(middle) {
            fitting = middle;
        } else {
            too_long = middle;
        }
    }
    format!("{head}{}", first(&note, fitting)).trim_end().to_owned()
}

/// Within the alphabet of cheap messages, unlike the one character.
const ELLIPSIS: &str = "...";

/// The text, or as much of its beginning as has room in so many characters, with dots behind it.
fn first(text: &str, most: usize) -> String {
    let text = text.trim();
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(ELLIPSIS.len())).collect();
    let dots: String = ELLIPSIS.chars().take(most).collect();
    format!("{}{dots}", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::Encoding;
    use crate::test_zone::at;

    fn subject() -> Subject<'static> {
        let due_at = at("2026-11-24 14:00");
        Subject { is_open: true, due_at, phone: Some("+14155550100"), tried_phone: None }
    }

    #[test]
    fn a_reminder_is_sent_while_it_is_open_due_and_in_time() {
        let (due, now) = (at("2026-11-24 14:00"), at("2026-11-24 14:01"));
        assert_eq!(deadline(due), at("2026-12-01 14:00"));
        assert_eq!(fate(deadline(due), Some(subject()), now), Fate::Send);
        assert!(matches!(fate(deadline(due), Some(subject()), deadline(due)), Fate::GiveUp(_)));
    }

    #[test]
    fn a_reminder_that_is_not_true_any_more_is_withdrawn() {
        let (due, now) = (at("2026-11-24 14:00"), at("2026-11-24 14:01"));
        for changed in [
            None,
            Some(Subject { is_open: false, ..subject() }),
            Some(Subject { phone: None, ..subject() }),
            Some(Subject { due_at: at("2026-11-24 15:00"), ..subject() }),
            Some(Subject { tried_phone: Some("+14155550199"), ..subject() }),
        ] {
            assert!(matches!(fate(deadline(due), changed, now), Fate::Withdraw(_)), "{changed:?}");
        }
        let again = Subject { tried_phone: Some("+14155550100"), ..subject() };
        assert_eq!(fate(deadline(due), Some(again), now), Fate::Send);
    }

    #[test]
    fn a_reminder_says_who_wants_what() {
        assert_eq!(
            text("Riverside Dental", Some("Ann Lee"), Some("+14155550123"), "Call back\nabout a  filling."),
            "Follow-up for Riverside Dental: Ann Lee, +14155550123: Call back about a filling."
        );
        assert_eq!(
            text("Riverside Dental", None, Some("+14155550123"), "Call."),
            "Follow-up for Riverside Dental: +14155550123: Call."
        );
        assert_eq!(
            text("Riverside Dental", None, None, "Order gloves."),
            "Follow-up for Riverside Dental: Order gloves."
        );
    }

    #[test]
    fn a_long_note_is_shortened_to_what_three_messages_hold() {
        let said = text("Riverside Dental", Some("Ann Lee"), None, &"x".repeat(2000));
        assert!(said.ends_with("xxx..."), "{said}");
        let sent = Marker::example().mark(&said);
        assert_eq!((sent.chars().count(), Size::of(&sent).segments), (3 * 153, 3));
    }

    #[test]
    fn three_messages_hold_any_name_and_any_note_in_any_script() {
        let long = ["x", "ż", "🙂", "€", "x ", "ab ż "].map(|text| text.repeat(1000));
        for organization in &long {
            for note in &long {
                let said = text(organization, Some(organization), Some("+123456789012345"), note);
                let size = Size::of(&Marker::example().mark(&said));
                assert!(size.segments <= MOST_SEGMENTS, "{size:?} {said}");
                assert!(said.contains("+123456789012345: "), "{said}");
            }
        }
        // Not a character is given away.
        let said = text("A", None, None, &"ż".repeat(500));
        let size = Size::of(&Marker::example().mark(&said));
        assert_eq!(
            (size.encoding, size.segments, said.chars().count()),
            (Encoding::Ucs2, 3, 3 * 67 - " Ref 000000".len())
        );
    }

    #[test]
    fn a_beginning_never_has_more_room_than_it_is_given() {
        for most in 0..8 {
            assert!(first("Mary-Jane", most).chars().count() <= most, "{most}");
        }
        assert_eq!(first("Mary-Jane", 8), "Mary-...");
        assert_eq!(first("Mary-Jane", 9), "Mary-Jane");
    }
}
