//! Where a span of time stands on the clock on the wall: in minutes after local midnight, as a day is drawn on a board.

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Utc};

use crate::calendar::Span;
use crate::hours::MINUTES_PER_DAY;
use crate::zone::{self, Zone};

/// A stretch of a day on the wall, in minutes after the midnight that begins `date`. Beyond 1440 it is the morning after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnWall {
    pub date: NaiveDate,
    pub from_minute: i32,
    pub to_minute: i32,
}

/// The span on the day that it begins on. What began within a minute has it whole.
pub fn placed(zone: &impl Zone, span: Span) -> OnWall {
    let (start, end) = on_wall(zone, span);
    let date = start.date();
    OnWall { date, from_minute: minutes(date, start, 0), to_minute: minutes(date, end, 59) }
}

/// The parts of the span on each of `dates` that it touches, none longer than its day.
pub fn day_by_day(zone: &impl Zone, span: Span, dates: &[NaiveDate]) -> Vec<OnWall> {
    let (start, end) = on_wall(zone, span);
    let within = |minute: i32| minute.clamp(0, MINUTES_PER_DAY);
    let parts = dates.iter().map(|date| OnWall {
        date: *date,
        from_minute: within(minutes(*date, start, 0)),
        to_minute: within(minutes(*date, end, 59)),
    });
    parts.filter(|part| part.from_minute < part.to_minute).collect()
}

/// An instant as ISO 8601 by the clock of its place, with how far that is ahead of UTC: `2026-11-24T14:30:00-05:00`.
pub fn iso_local(zone: &impl Zone, instant: DateTime<Utc>) -> String {
    let offset = FixedOffset::east_opt(zone.offset_seconds_at(instant));
    let local = offset.map_or_else(|| instant.fixed_offset(), |offset| instant.with_timezone(&offset));
    local.to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// What the clock shows at both ends. In autumn it may show an end that is not after the start: then the span is drawn as long
/// as it lasts.
fn on_wall(zone: &impl Zone, span: Span) -> (NaiveDateTime, NaiveDateTime) {
    let (start, end) = (zone::local_time(zone, span.start), zone::local_time(zone, span.end));
    if start < end {
        return (start, end);
    }
    let lasting = span.end.signed_duration_since(span.start).max(Duration::minutes(1));
    (start, start.checked_add_signed(lasting).unwrap_or(start))
}

/// Minutes from the midnight that begins `date`, after `rounding` seconds more.
fn minutes(date: NaiveDate, moment: NaiveDateTime, rounding: i64) -> i32 {
    let seconds = moment.signed_duration_since(date.and_time(NaiveTime::MIN)).num_seconds();
    i32::try_from(seconds.saturating_add(rounding).div_euclid(60)).unwrap_or(if seconds < 0 {
        i32::MIN
    } else {
        i32::MAX
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_zone::{TestZone, at, wall};

    fn new_york() -> TestZone {
        TestZone::named("America/New_York")
    }

    fn span(start: &str, end: &str) -> Span {
        Span { start: at(start), end: at(end) }
    }

    fn date(text: &str) -> NaiveDate {
        wall(&format!("{text} 00:00")).date()
    }

    fn on(day: &str, from_minute: i32, to_minute: i32) -> OnWall {
        OnWall { date: date(day), from_minute, to_minute }
    }

    #[test]
    fn an_appointment_stands_where_the_clock_of_its_place_shows_it() {
        let placed = placed(&new_york(), span("2026-11-24 19:30", "2026-11-24 20:15"));
        assert_eq!(placed, on("2026-11-24", 14 * 60 + 30, 15 * 60 + 15));
    }

    #[test]
    fn one_over_midnight_stands_on_its_first_day_and_ends_beyond_it() {
        let placed = placed(&new_york(), span("2026-11-25 04:30", "2026-11-25 05:30"));
        assert_eq!(placed, on("2026-11-24", 23 * 60 + 30, 24 * 60 + 30));
    }

    #[test]
    fn one_over_the_missing_hour_of_spring_reaches_over_it() {
        let placed = placed(&new_york(), span("2026-03-08 06:30", "2026-03-08 07:30"));
        assert_eq!(placed, on("2026-03-08", 90, 210));
    }

    #[test]
    fn times_after_a_change_stand_where_the_clock_shows_them() {
        let spring = placed(&new_york(), span("2026-03-08 13:00", "2026-03-08 14:00"));
        assert_eq!(spring, on("2026-03-08", 9 * 60, 10 * 60));
        let autumn = placed(&new_york(), span("2026-11-01 14:00", "2026-11-01 15:00"));
        assert_eq!(autumn, on("2026-11-01", 9 * 60, 10 * 60));
    }

    #[test]
    fn one_that_the_clock_shows_to_end_before_it_begins_is_as_long_as_it_lasts() {
        // From 1:30 to 1:00, by the clock.
        let placed = placed(&new_york(), span("2026-11-01 05:30", "2026-11-01 06:00"));
        assert_eq!(placed, on("2026-11-01", 90, 120));
    }

    #[test]
    fn an_instant_is_written_with_the_offset_of_its_day() {
        assert_eq!(iso_local(&new_york(), at("2026-11-24 19:30")), "2026-11-24T14:30:00-05:00");
        assert_eq!(iso_local(&new_york(), at("2026-07-24 18:30")), "2026-07-24T14:30:00-04:00");
        assert_eq!(iso_local(&TestZone::named("UTC"), at("2026-07-24 18:30")), "2026-07-24T18:30:00+00:00");
    }

    #[test]
    fn seconds_take_their_whole_minute() {
        let start = at("2026-11-24 19:30") + Duration::seconds(50);
        let placed = placed(&new_york(), Span { start, end: start + Duration::seconds(20) });
        assert_eq!(placed, on("2026-11-24", 14 * 60 + 30, 14 * 60 + 32));
    }

    #[test]
    fn a_long_absence_is_a_part_of_each_of_its_days() {
        let dates = ["2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"].map(date);
        let parts = day_by_day(&new_york(), span("2026-11-24 20:00", "2026-11-26 15:30"), &dates);
        assert_eq!(parts, [on("2026-11-24", 900, 1440), on("2026-11-25", 0, 1440), on("2026-11-26", 0, 630)]);
    }

    #[test]
    fn what_ends_at_midnight_takes_nothing_of_the_day_after() {
        let dates = ["2026-11-24", "2026-11-25"].map(date);
        let parts = day_by_day(&new_york(), span("2026-11-24 20:00", "2026-11-25 05:00"), &dates);
        assert_eq!(parts, [on("2026-11-24", 900, 1440)]);
    }
}
