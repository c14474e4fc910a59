//! The instant of an appointment: from the date and time a caller said, or from an instant a program passed, always
//! through the one rule for dates that have passed.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use crate::date::{self, DateOrder, SettledDate, StatedDate};
use crate::limits;
use crate::refusal::{Code, Refusal};
use crate::time;
use crate::zone::{self, Zone};

/// When an appointment is to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppointmentTime {
    pub starts_at: DateTime<Utc>,
    /// The year that was said had passed and was replaced; the answer must say so.
    pub corrected: bool,
}

/// A time that was refused, and the instant it stood for where there was one: the nearest free times to it can be offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeRefusal {
    pub refusal: Refusal,
    pub wanted: Option<DateTime<Utc>>,
}

impl From<Refusal> for TimeRefusal {
    fn from(refusal: Refusal) -> Self {
        TimeRefusal { refusal, wanted: None }
    }
}

/// The appointment time that a date and a time in words stand for on the walls of `zone`.
pub fn from_text(
    date_text: &str,
    time_text: &str,
    zone: &impl Zone,
    order: DateOrder,
    now: DateTime<Utc>,
) -> Result<AppointmentTime, TimeRefusal> {
    let today = zone::local_date(zone, now);
    let stated = date::parse_date(date_text, today, order)?;
    let time = time::parse_time(time_text)?;
    settle(stated, time, zone, now)
}

/// The appointment time that the instant `stated` stands for: itself, or the same month, day and wall-clock time of a later
/// year when it has passed.
pub fn from_instant(
    stated: DateTime<Utc>,
    zone: &impl Zone,
    now: DateTime<Utc>,
) -> Result<AppointmentTime, TimeRefusal> {
    limits::check_years(stated, now)?;
    if stated >= now {
        return Ok(AppointmentTime { starts_at: stated, corrected: false });
    }
    let local = zone::local_time(zone, stated);
    settle(StatedDate::Full(local.date()), local.time(), zone, now)
}

/// The free day that availability is asked for: today or later, by the same rule.
pub fn day_from_text(
    date_text: &str,
    zone: &impl Zone,
    order: DateOrder,
    now: DateTime<Utc>,
) -> Result<SettledDate, Refusal> {
    let today = zone::local_date(zone, now);
    let settled = date::settle_date(date::parse_date(date_text, today, order)?, today)?;
    let midnight = instant_on(zone, settled.date, NaiveTime::MIN)?;
    limits::check_years(midnight, now)?;
    Ok(settled)
}

fn settle(
    stated: StatedDate,
    time: NaiveTime,
    zone: &impl Zone,
    now: DateTime<Utc>,
) -> Result<AppointmentTime, TimeRefusal> {
    let today = zone::local_date(zone, now);
    let settled = date::settle_date(stated, today)
        .map_err(|refusal| TimeRefusal { wanted: past_instant(&refusal, stated, today, time, zone), refusal })?;
    let starts_at = instant_on(zone, settled.date, time)?;
    limits::check_years(starts_at, now)?;
    Ok(AppointmentTime { starts_at, corrected: settled.corrected })
}

/// Refuses an appointment that would start before `now`.
pub fn check_not_past(time: AppointmentTime, zone: &impl Zone, now: DateTime<Utc>) -> Result<(), TimeRefusal> {
    if time.starts_at >= now {
        return Ok(());
    }
    let local = zone::local_time(zone, time.starts_at).format("%Y-%m-%d %H:%M");
    let refusal = Refusal::new(Code::DateInPast, format!("{local} has passed"), "pass a time that is still to come");
    Err(TimeRefusal { refusal, wanted: Some(time.starts_at) })
}

fn past_instant(
    refusal: &Refusal,
    stated: StatedDate,
    today: NaiveDate,
    time: NaiveTime,
    zone: &impl Zone,
) -> Option<DateTime<Utc>> {
    if refusal.code != Code::DateInPast {
        return None;
    }
    let date = match stated {
        StatedDate::Full(date) => date,
        // Only its time of day matters: the search for a past time starts from today.
        StatedDate::MonthDay { .. } => today.pred_opt()?,
    };
    zone::instant(zone, date.and_time(time))
}

fn instant_on(zone: &impl Zone, date: NaiveDate, time: NaiveTime) -> Result<DateTime<Utc>, Refusal> {
    zone::instant(zone, date.and_time(time)).ok_or_else(|| {
        Refusal::new(Code::InvalidDate, format!("the date {date} is out of range"), "pass a date of this century")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_zone::{TestZone, at};

    fn new_york() -> TestZone {
        TestZone::named("America/New_York")
    }

    #[test]
    fn words_become_an_instant_of_the_local_clock() {
        let now = at("2026-11-20 12:00");
        let found = from_text("tomorrow", "2:30 p.m.", &new_york(), DateOrder::MonthFirst, now).unwrap();
        assert_eq!(found, AppointmentTime { starts_at: at("2026-11-21 19:30"), corrected: false });
    }

    #[test]
    fn an_invented_year_keeps_month_day_and_wall_clock_over_a_change_of_offset() {
        let now = at("2026-11-20 12:00");
        // 14:30 in New York in July is 18:30 UTC in every year; in January 19:30.
        let july = from_instant(at("2024-07-20 18:30"), &new_york(), now).unwrap();
        assert_eq!(july, AppointmentTime { starts_at: at("2027-07-20 18:30"), corrected: true });
        let december = from_instant(at("2023-12-25 19:30"), &new_york(), now).unwrap();
        assert_eq!(december, AppointmentTime { starts_at: at("2026-12-25 19:30"), corrected: true });
    }

    #[test]
    fn a_date_lately_passed_is_refused_and_says_what_was_wanted() {
        let now = at("2026-11-20 12:00");
        let refused = from_instant(at("2026-11-10 19:30"), &new_york(), now).unwrap_err();
        assert_eq!(refused.refusal.code, Code::DateInPast);
        assert_eq!(refused.wanted, Some(at("2026-11-10 19:30")));
    }

    #[test]
    fn earlier_today_is_past() {
        let now = at("2026-11-20 20:00");
        let time = from_instant(at("2026-11-20 19:30"), &new_york(), now).unwrap();
        let refused = check_not_past(time, &new_york(), now).unwrap_err();
        assert_eq!((refused.refusal.code, refused.wanted), (Code::DateInPast, Some(time.starts_at)));
    }

    #[test]
    fn the_twenty_ninth_of_february_is_not_moved_to_another_day() {
        let refused = from_instant(at("2024-02-29 15:00"), &new_york(), at("2026-11-20 12:00")).unwrap_err();
        assert_eq!(refused.refusal.code, Code::InvalidDate);
    }
}
