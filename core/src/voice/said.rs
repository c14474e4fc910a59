//! What a voice agent is given to say, beyond the sentences of booking: short, one line, without ids or technical words.

use chrono::{NaiveDate, NaiveDateTime};

use crate::refusal::Code;
use crate::speech::{choice, day, format_slots, moment, please_repeat, time_of_day};

/// Where nobody can look at the calendar at the moment.
pub const UNAVAILABLE: &str =
    "I am sorry, I cannot reach the calendar right now, so nothing was changed. Please try again in a moment.";

/// Where the message was of no organization, or of one that is not there.
pub const NOBODYS: &str = "I am sorry, I cannot reach the calendar of this clinic at the moment.";

/// Where a tool call came again under the id of another one.
pub const SAID_TWICE: &str =
    "Nothing was changed: this request came before with other details. Please ask for it again as a new request.";

/// Where a tool call cannot be read.
pub const NOT_READ: &str = "I did not get all the details. Could you tell me again what you would like?";

/// For the tool calls of a message beyond those that are carried out.
pub const TOO_MANY: &str = "That was too much at once, and this part was not done. Please ask for it again.";

/// For a tool that there is not.
pub const UNKNOWN_TOOL: &str =
    "I cannot do that. I can check free times, book, move, cancel or look up an appointment, and take a message.";

/// What is missing, as it is asked for: "I still need the name and the phone number."
pub fn still_need(missing: &[&str]) -> String {
    let things: Vec<String> = missing.iter().map(|thing| format!("the {thing}")).collect();
    let listed = match things.as_slice() {
        [] => "a little more".to_owned(),
        [only] => only.clone(),
        [first, second] => format!("{first} and {second}"),
        [before @ .., last] => format!("{}, and {last}", before.join(", ")),
    };
    format!("I still need {listed}.")
}

/// An appointment of the person on the phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub start: NaiveDateTime,
    pub service: String,
    pub name: String,
    /// Whether it waits for the calendar, and is not one before that has said so.
    pub is_held: bool,
}

impl Known {
    /// Whether it is that of the person who was named, if only by a part of the name.
    pub fn is_of(&self, name: &str) -> bool {
        is_part(name, &self.name)
    }

    /// Whether it is for the service that was named, if only by a part of its name, or by more than that.
    pub fn is_for(&self, service: &str) -> bool {
        is_part(service, &self.service) || is_part(&self.service, service)
    }
}

/// Whether each word of the one is in the other.
fn is_part(part: &str, whole: &str) -> bool {
    let words = |text: &str| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
    let whole = words(whole);
    words(part).iter().all(|word| whole.contains(word))
}

/// Of what waits for the calendar.
pub const NOT_CONFIRMED_YET: &str = "That appointment is not confirmed yet. Please try again in a moment.";

/// How many appointments or services are said before "and more".
const SAID: usize = 3;

/// What somebody hears who asks what they have booked.
pub fn found(appointments: &[Known], today: NaiveDate) -> String {
    match appointments {
        [] => NO_APPOINTMENT.to_owned(),
        [Known { start, service, name, is_held: true }] => {
            let when = moment(*start, today, false);
            format!("An appointment for {service} {when} is reserved for {name}, and not confirmed yet.")
        }
        [Known { start, service, name, .. }] => {
            format!("{name} has an appointment for {service} {}.", moment(*start, today, false))
        }
        several => format!("I see {} appointments: {}.", several.len(), list(several, today)),
    }
}

/// Where nothing is booked under the number.
pub const NO_APPOINTMENT: &str = "I find no upcoming appointment under that phone number.";

/// What somebody hears who has several and has not said which.
pub fn which(appointments: &[Known], today: NaiveDate) -> String {
    format!("I see {} appointments: {}. Which one do you mean?", appointments.len(), list(appointments, today))
}

/// What somebody hears who has named an appointment that they do not have.
pub fn not_that_one(appointments: &[Known], today: NaiveDate) -> String {
    let what = if appointments.len() == 1 { "one" } else { "these" };
    format!("I do not find that appointment. I see {what}: {}. Which one do you mean?", list(appointments, today))
}

fn list(appointments: &[Known], today: NaiveDate) -> String {
    let mut said: Vec<String> = appointments
        .iter()
        .take(SAID)
        .map(|Known { start, service, name, is_held }| {
            let yet = if *is_held { ", not confirmed yet" } else { "" };
            format!("{service} for {name} {}{yet}", moment(*start, today, false))
        })
        .collect();
    let more = appointments.len().saturating_sub(SAID);
    if more > 0 {
        said.push(format!("and {more} more"));
    }
    said.join("; ")
}

/// What somebody hears who books what they have booked already.
pub fn booked_already(name: &str, start: NaiveDateTime, today: NaiveDate) -> String {
    format!("{name} already has this appointment {}. It is booked.", moment(start, today, false))
}

/// What somebody hears who asks for a time that is free.
pub fn is_free(start: NaiveDateTime, today: NaiveDate, corrected: bool) -> String {
    let date = if corrected { crate::speech::full_day(start.date()) } else { day(start.date(), today) };
    format!("{} {date} is free. Shall I book it?", time_of_day(start.time()))
}

/// What somebody hears who asks when there is anything.
pub fn next_free(slots: &[NaiveDateTime], today: NaiveDate) -> String {
    match slots {
        [] => "I have found nothing free in the next days. Would a later day work for you?".to_owned(),
        [only] => format!("The next free time is {}. Would that work for you?", moment(*only, today, false)),
        slots => {
            let said = match slots.first().filter(|first| slots.iter().all(|slot| slot.date() == first.date())) {
                Some(first) => format!("{}, {}", day(first.date(), today), format_slots(slots, today)),
                None => format_slots(slots, today),
            };
            format!("The next free times are {said}. Would any of those work for you?")
        }
    }
}

/// What somebody hears whose service is not known, with those that are.
pub fn services(names: &[String]) -> String {
    match names {
        [] => please_repeat(Code::ServiceNotFound).to_owned(),
        few if few.len() <= SAID => format!("I can book {}. Which would you like?", choice(few)),
        many => {
            let said: Vec<&str> = many.iter().take(SAID).map(String::as_str).collect();
            format!("I can book {}, and more. Which would you like?", said.join(", "))
        }
    }
}

/// What somebody hears who has left a message, with the day or the moment at which they asked to be called back.
pub fn message_noted(due: Option<&str>) -> String {
    match due {
        Some(moment) => format!("I have passed your message on. Somebody will call you back {moment}."),
        None => "I have passed your message on. Somebody will call you back.".to_owned(),
    }
}

/// What somebody hears who has left a message, and asked to be called back at a time that cannot be read, or has passed.
pub const NOTED_WITHOUT_TIME: &str =
    "I have passed your message on. Somebody will call you back, but I could not note the time that you said.";

/// What somebody hears who wants to speak to a person.
pub const TRANSFER_NOTED: &str =
    "I have let the team know that you would like to speak to somebody. They will call you back.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_zone::wall;

    fn today() -> NaiveDate {
        "2026-11-20".parse().unwrap()
    }

    fn known(start: &str, name: &str) -> Known {
        Known { start: wall(start), service: "cleaning".to_owned(), name: name.to_owned(), is_held: false }
    }

    #[test]
    fn what_is_missing_is_asked_for_in_one_sentence() {
        assert_eq!(still_need(&["phone number"]), "I still need the phone number.");
        assert_eq!(still_need(&["name", "date"]), "I still need the name and the date.");
        assert_eq!(still_need(&["name", "date", "time"]), "I still need the name, the date, and the time.");
    }

    #[test]
    fn appointments_are_said_with_weekday_and_date_and_not_all_of_many() {
        let one = [known("2026-11-24 14:30", "Ann Lee")];
        assert_eq!(found(&one, today()), "Ann Lee has an appointment for cleaning on Tuesday, November 24 at 2:30 PM.");
        let many: Vec<Known> = (1..=5).map(|n| known(&format!("2026-11-2{n} 09:00"), "Ann Lee")).collect();
        assert_eq!(
            which(&many, today()),
            "I see 5 appointments: cleaning for Ann Lee tomorrow at 9:00 AM; \
             cleaning for Ann Lee on Sunday, November 22 at 9:00 AM; \
             cleaning for Ann Lee on Monday, November 23 at 9:00 AM; and 2 more. Which one do you mean?"
        );
        assert_eq!(found(&[], today()), NO_APPOINTMENT);
        let held = [Known { is_held: true, ..known("2026-11-24 14:30", "Ann Lee") }];
        assert!(found(&held, today()).ends_with("is reserved for Ann Lee, and not confirmed yet."));
        assert!(not_that_one(&one, today()).contains("I see one: cleaning for Ann Lee on Tuesday"));
    }

    #[test]
    fn a_name_is_known_by_a_part_of_it_and_not_by_another() {
        let ann = known("2026-11-24 14:30", "Ann Lee");
        assert!(ann.is_of("Ann Lee") && ann.is_of("ann") && ann.is_of("LEE"));
        assert!(!ann.is_of("Bob Lee") && !ann.is_of("An"));
    }

    #[test]
    fn a_service_is_known_by_a_part_of_its_name_and_by_more_than_it() {
        let cleaning = known("2026-11-24 14:30", "Ann Lee");
        assert!(cleaning.is_for("cleaning") && cleaning.is_for("Teeth Cleaning"));
        assert!(!cleaning.is_for("x-rays") && !cleaning.is_for("clean"));
        let deep = Known { service: "deep cleaning".to_owned(), ..cleaning };
        assert!(deep.is_for("cleaning") && !deep.is_for("quick cleaning"));
    }

    #[test]
    fn free_times_are_offered_with_their_day() {
        assert_eq!(is_free(wall("2026-11-21 14:30"), today(), false), "2:30 PM tomorrow is free. Shall I book it?");
        let slots = [wall("2026-11-24 14:30"), wall("2026-11-24 15:00")];
        assert_eq!(
            next_free(&slots, today()),
            "The next free times are on Tuesday, November 24, 2:30 PM or 3:00 PM. Would any of those work for you?"
        );
        assert!(
            next_free(&slots[..1], today()).starts_with("The next free time is on Tuesday, November 24 at 2:30 PM.")
        );
        assert!(next_free(&[], today()).starts_with("I have found nothing"));
    }

    #[test]
    fn services_are_named_three_at_most() {
        let names: Vec<String> = ["cleaning", "check-up", "whitening", "filling"].map(str::to_owned).to_vec();
        assert_eq!(services(&names[..2]), "I can book cleaning or check-up. Which would you like?");
        assert_eq!(services(&names), "I can book cleaning, check-up, whitening, and more. Which would you like?");
        assert!(services(&[]).starts_with("I did not catch"));
    }
}
