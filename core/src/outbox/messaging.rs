//! How an organization sends messages.

use crate::refusal::{Code, Refusal};
use crate::sms::template;

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
    /// Where nobody has said anything: in English, with reminders a day and two hours before.
    pub fn usual() -> Self {
        Messaging { language: template::USUAL_LANGUAGE.to_owned(), reminder_minutes: vec![24 * 60, 2 * 60] }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reminders_are_sorted_and_each_once() {
        let messaging = Messaging::checked("EN", vec![120, 1440, 120]);
        assert_eq!(messaging, Ok(Messaging { language: "en".to_owned(), reminder_minutes: vec![1440, 120] }));
        assert!(Messaging::checked("english", vec![]).is_err());
        for wrong in [vec![0], vec![-5], vec![EARLIEST_REMINDER_MINUTES + 1], (1..=6).collect(), vec![i32::MIN]] {
            assert!(Messaging::checked("en", wrong.clone()).is_err(), "{wrong:?}");
        }
    }
}
