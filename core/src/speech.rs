//! What is read aloud: times, days, lists of choices and the sentences around them. Short, one line, in the clinic's local
//! time, without ids or technical words.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime};

use crate::refusal::Code;
use crate::status::Status;

/// A time of day as it is said: `2:30 PM`.
pub fn time_of_day(time: NaiveTime) -> String {
    time.format("%-I:%M %p").to_string()
}

/// A day as it is said: `today`, `tomorrow`, `on Tuesday, November 24`, with the year where it is not this one.
pub fn day(date: NaiveDate, today: NaiveDate) -> String {
    if date == today {
        "today".to_owned()
    } else if today.checked_add_days(Days::new(1)) == Some(date) {
        "tomorrow".to_owned()
    } else if date.year() == today.year() {
        date.format("on %A, %B %-d").to_string()
    } else {
        full_day(date)
    }
}

/// A day with everything said: `on Saturday, March 20, 2027`.
pub fn full_day(date: NaiveDate) -> String {
    date.format("on %A, %B %-d, %Y").to_string()
}

/// Free times as a spoken choice: `2:30 PM, 3:00 PM, or 3:30 PM`. Times of one day are said without it; times of
/// several days each with their own.
pub fn format_slots(slots: &[NaiveDateTime], today: NaiveDate) -> String {
    match single_day(slots) {
        Some(_) => times(slots),
        None => choice(&slots.iter().map(|slot| moment(*slot, today, false)).collect::<Vec<_>>()),
    }
}

/// The same for someone who asked for a time on `asked`: the day is left out only where it is that one.
fn format_offers(slots: &[NaiveDateTime], asked: NaiveDate, today: NaiveDate) -> String {
    match single_day(slots) {
        Some(date) if date != asked => format!("{} at {}", day(date, today), times(slots)),
        _ => format_slots(slots, today),
    }
}

fn times(slots: &[NaiveDateTime]) -> String {
    choice(&slots.iter().map(|slot| time_of_day(slot.time())).collect::<Vec<_>>())
}

fn single_day(slots: &[NaiveDateTime]) -> Option<NaiveDate> {
    let first = slots.first()?.date();
    slots.iter().all(|slot| slot.date() == first).then_some(first)
}

/// `a`, `a or b`, `a, b, or c`.
pub fn choice(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first, second] => format!("{first} or {second}"),
        [before @ .., last] => format!("{}, or {last}", before.join(", ")),
    }
}

/// When an appointment is, as it is said: `tomorrow at 2:30 PM`. A date that was corrected is said in full.
pub fn moment(slot: NaiveDateTime, today: NaiveDate, corrected: bool) -> String {
    let day = if corrected { full_day(slot.date()) } else { day(slot.date(), today) };
    format!("{day} at {}", time_of_day(slot.time()))
}

/// What a booked caller hears, with the moment as [`moment`] says it.
pub fn confirmation(name: &str, moment: &str) -> String {
    format!("Appointment confirmed for {name} {moment}.")
}

/// What a caller hears whose appointment is `status`: confirmed, or held until it is in the calendar.
pub fn booked(status: Status, name: &str, moment: &str) -> String {
    match status {
        Status::Held => {
            format!("I have reserved the appointment for {name} {moment}. It will be confirmed in a moment.")
        }
        _ => confirmation(name, moment),
    }
}

/// What the caller of a booked series hears.
pub fn series_confirmation(name: &str, moments: &[String]) -> String {
    match moments {
        [first, .., last] => {
            format!("{} appointments confirmed for {name}: the first {first}, the last {last}.", moments.len())
        }
        _ => confirmation(name, moments.first().map_or("", String::as_str)),
    }
}

/// What a caller hears who is still thinking.
pub fn held(moment: &str, seconds: i32) -> String {
    let (number, unit) = if seconds % 60 == 0 { (seconds / 60, "minute") } else { (seconds, "second") };
    let plural = if number == 1 { "" } else { "s" };
    format!("I am holding the appointment {moment} for you for {number} {unit}{plural}.")
}

/// What a caller hears whose appointment has a new time.
pub fn moved(name: &str, moment: &str) -> String {
    format!("The appointment for {name} is now {moment}.")
}

/// What a caller hears whose appointment is given up.
pub fn cancelled(moment: &str) -> String {
    format!("The appointment {moment} is cancelled.")
}

/// What the caller of a series hears of which some times cannot be had.
pub fn series_refusal(failed: usize, asked: usize) -> String {
    format!(
        "{failed} of the {asked} times cannot be booked, so I have booked none of them. Shall I look at other times?"
    )
}

/// What a caller hears whose time cannot be had: why, and what is free instead.
pub fn offer(code: Code, slots: &[NaiveDateTime], asked: NaiveDate, today: NaiveDate) -> String {
    let why = why(code);
    if slots.is_empty() {
        return format!("{why} I checked the calendar and found nothing free near it. Would another day work for you?");
    }
    let choices = format_offers(slots, asked, today);
    format!("{why} I checked the calendar and I do have {choices} available. Would any of those work for you?")
}

/// Why a time cannot be had.
pub fn why(code: Code) -> &'static str {
    match code {
        Code::SlotUnavailable => "That slot is no longer available.",
        Code::DateInPast => "That time has already passed.",
        Code::OutsideHours => "We are not open at that time.",
        Code::TooSoon => "That is too soon for us.",
        Code::TooFar => "That is further ahead than I can book.",
        Code::DailyLimitReached => "We are fully booked for that on that day.",
        _ => "That time is not possible.",
    }
}

/// How many times of a day are said before "and more".
const TIMES_SAID: usize = 3;

/// What a caller hears who asked what is free on `date`.
pub fn availability(date: NaiveDate, slots: &[NaiveDateTime], today: NaiveDate, corrected: bool) -> String {
    let day = if corrected { full_day(date) } else { day(date, today) };
    match slots.get(..TIMES_SAID) {
        _ if slots.is_empty() => format!("I have nothing free {day}. Would another day work for you?"),
        Some(first) if slots.len() > TIMES_SAID => {
            let said = first.iter().map(|slot| time_of_day(slot.time())).collect::<Vec<_>>().join(", ");
            format!("I have {said}, and {} more times {day}. What time would you like?", slots.len() - TIMES_SAID)
        }
        _ => format!("I have {} available {day}. Which would you like?", times(slots)),
    }
}

/// What a caller hears whose request was not understood; the technical message goes to the program, not to the ear.
pub fn please_repeat(code: Code) -> &'static str {
    match code {
        Code::InvalidDate => "I did not understand the date. Which day would you like, with the month?",
        Code::InvalidTime => {
            "I did not understand the time. What time would you like, in the morning or the afternoon?"
        }
        Code::InvalidPhone => "I could not make out the phone number. Could you say it again, with the area code?",
        Code::InvalidName => "I did not catch the name. Could you say it again?",
        Code::InvalidEmail => "I did not catch the email address. Could you say it again?",
        Code::ServiceNotFound => "I did not catch what the appointment is for. Could you say it again?",
        Code::InvalidRequest => "I did not get all the details. Could you tell me again what you would like to book?",
        Code::InvalidDuration => "I cannot book an appointment of that length. How long should it be?",
        Code::TooFar => "That is too far ahead for me to book. Could you choose an earlier date?",
        Code::DateInPast => "That time has already passed. Which day would you like?",
        Code::SlotUnavailable => "That slot is no longer available. Would another time work for you?",
        Code::AlreadyCancelled => "That appointment is already cancelled.",
        Code::AppointmentNotFound => "I cannot find that appointment.",
        Code::HoldExpired => "That reservation has ended. Shall I look at the times again?",
        Code::InvalidStatus => "That appointment cannot be changed any more.",
        _ => "I am sorry, I cannot reach the calendar of this clinic at the moment.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_zone::wall;

    fn today() -> NaiveDate {
        "2026-11-20".parse().unwrap()
    }

    #[test]
    fn times_of_one_day_are_said_without_it() {
        let slots = [wall("2026-11-24 14:30"), wall("2026-11-24 15:00"), wall("2026-11-24 15:30")];
        assert_eq!(format_slots(&slots, today()), "2:30 PM, 3:00 PM, or 3:30 PM");
        assert_eq!(format_slots(&slots[..2], today()), "2:30 PM or 3:00 PM");
        assert_eq!(format_slots(&slots[..1], today()), "2:30 PM");
        assert_eq!(format_slots(&[], today()), "");
    }

    #[test]
    fn times_of_several_days_are_said_each_with_its_day() {
        let slots = [wall("2026-11-20 17:00"), wall("2026-11-21 00:00"), wall("2027-01-05 12:00")];
        assert_eq!(
            format_slots(&slots, today()),
            "today at 5:00 PM, tomorrow at 12:00 AM, or on Tuesday, January 5, 2027 at 12:00 PM"
        );
    }

    #[test]
    fn a_taken_slot_is_answered_with_what_is_free() {
        let slots = [wall("2026-11-24 14:30"), wall("2026-11-24 15:00"), wall("2026-11-24 15:30")];
        let asked = "2026-11-24".parse().unwrap();
        assert_eq!(
            offer(Code::SlotUnavailable, &slots, asked, today()),
            "That slot is no longer available. I checked the calendar and I do have 2:30 PM, 3:00 PM, or 3:30 PM \
             available. Would any of those work for you?"
        );
    }

    #[test]
    fn offers_of_another_day_than_the_asked_one_name_it() {
        let asked = "2026-11-23".parse().unwrap();
        let said = offer(Code::SlotUnavailable, &[wall("2026-11-24 14:30"), wall("2026-11-24 15:00")], asked, today());
        assert!(said.contains("I do have on Tuesday, November 24 at 2:30 PM or 3:00 PM available"), "{said}");
    }

    #[test]
    fn a_corrected_date_is_said_in_full() {
        let slot = wall("2026-11-21 14:30");
        assert_eq!(
            confirmation("Mary-Jane O'Neil", &moment(slot, today(), false)),
            "Appointment confirmed for Mary-Jane O'Neil tomorrow at 2:30 PM."
        );
        assert_eq!(
            confirmation("Mary-Jane O'Neil", &moment(slot, today(), true)),
            "Appointment confirmed for Mary-Jane O'Neil on Saturday, November 21, 2026 at 2:30 PM."
        );
    }

    #[test]
    fn at_most_three_times_of_a_day_are_said() {
        let date = "2026-11-24".parse().unwrap();
        let slots: Vec<_> = (9..14).map(|hour| wall(&format!("2026-11-24 {hour:02}:00"))).collect();
        assert_eq!(
            availability(date, &slots, today(), false),
            "I have 9:00 AM, 10:00 AM, 11:00 AM, and 2 more times on Tuesday, November 24. What time would you like?"
        );
        assert_eq!(
            availability(date, &slots[..2], today(), false),
            "I have 9:00 AM or 10:00 AM available on Tuesday, November 24. Which would you like?"
        );
        assert!(availability(date, &[], today(), false).starts_with("I have nothing free"));
    }

    #[test]
    fn a_series_is_said_by_its_first_and_last_time() {
        let moments = ["today at 9:00 AM".to_owned(), "tomorrow at 9:00 AM".to_owned()];
        assert_eq!(
            series_confirmation("Ann Lee", &moments),
            "2 appointments confirmed for Ann Lee: the first today at 9:00 AM, the last tomorrow at 9:00 AM."
        );
        assert_eq!(
            series_confirmation("Ann Lee", &moments[..1]),
            "Appointment confirmed for Ann Lee today at 9:00 AM."
        );
    }

    #[test]
    fn a_hold_says_for_how_long() {
        assert!(held("today at 9:00 AM", 300).ends_with("today at 9:00 AM for you for 5 minutes."));
        assert!(held("today at 9:00 AM", 60).ends_with("for 1 minute."));
        assert!(held("today at 9:00 AM", 90).ends_with("for 90 seconds."));
    }
}
