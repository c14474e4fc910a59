//! The times on offer: a grid of wall-clock times, from local midnight or from each opening.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};

use crate::calendar::Span;
use crate::hours::{MINUTES_PER_DAY, Window, wall_clock};
use crate::zone::{self, Zone};

/// The times that start within `stretch` on a grid of `step_minutes` from each local midnight, in order. It is a grid of
/// wall-clock times: one that spring leaves out is left out, one that autumn repeats appears twice.
pub fn from_midnight(zone: &impl Zone, stretch: Span, step_minutes: i32) -> Vec<DateTime<Utc>> {
    let last_day = zone::local_date(zone, stretch.end);
    let days = zone::local_date(zone, stretch.start).iter_days();
    let days = days.take_while(|date| *date <= last_day && stretch.start < stretch.end);
    days.flat_map(|date| of_day(zone, date, step_minutes, stretch)).collect()
}

/// The same from the beginning of each of `windows` to its end.
pub fn from_openings(
    zone: &impl Zone,
    stretch: Span,
    step_minutes: i32,
    windows: &[(NaiveDate, Window)],
) -> Vec<DateTime<Utc>> {
    let mut times: Vec<DateTime<Utc>> = windows
        .iter()
        .flat_map(|(date, window)| steps(window.opens, window.closes, step_minutes).map(|minute| (*date, minute)))
        .filter_map(|(date, minute)| wall_clock(date, minute))
        .flat_map(|local| zone::instants(zone, local))
        .filter(|time| stretch.contains(*time))
        .collect();
    times.sort_unstable();
    times.dedup();
    times
}

fn steps(from: i32, to: i32, step_minutes: i32) -> impl Iterator<Item = i32> {
    (from..to).step_by(usize::try_from(step_minutes).unwrap_or(1).max(1))
}

/// Those of `date` within `stretch`.
fn of_day(zone: &impl Zone, date: NaiveDate, step_minutes: i32, stretch: Span) -> Vec<DateTime<Utc>> {
    let is_within = |time: &DateTime<Utc>| stretch.contains(*time);
    // Most days have one offset, and every time of theirs is one instant: no need to ask the zone for each, nor for all.
    if let Some(midnight) = zone::start_of_plain_day(zone, date) {
        let minute = |time: DateTime<Utc>| time.signed_duration_since(midnight).num_minutes();
        let minute = |time| i32::try_from(minute(time).clamp(0, i64::from(MINUTES_PER_DAY))).unwrap_or(0);
        let (from, to) = (minute(stretch.start), minute(stretch.end).saturating_add(1).min(MINUTES_PER_DAY));
        let from = from.saturating_sub(from.checked_rem(step_minutes).unwrap_or(0));
        let times = steps(from, to, step_minutes)
            .filter_map(|minute| midnight.checked_add_signed(Duration::minutes(i64::from(minute))));
        return times.filter(is_within).collect();
    }
    let times = steps(0, MINUTES_PER_DAY, step_minutes).filter_map(|minute| wall_clock(date, minute));
    let mut starts: Vec<DateTime<Utc>> = times.flat_map(|time| zone::instants(zone, time)).filter(is_within).collect();
    starts.sort_unstable();
    starts
}

/// The span of the local calendar day `date`: from the first instant at which clocks show it to the first of the next.
pub fn day_span(zone: &impl Zone, date: NaiveDate) -> Option<Span> {
    let start = zone::instant(zone, date.and_time(NaiveTime::MIN))?;
    let end = zone::instant(zone, date.succ_opt()?.and_time(NaiveTime::MIN))?;
    Some(Span { start, end })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_zone::{TestZone, at};

    fn span(start: &str, end: &str) -> Span {
        Span { start: at(start), end: at(end) }
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn whole_day(zone: &TestZone, day: &str, step_minutes: i32) -> Vec<DateTime<Utc>> {
        let day = date(day);
        of_day(zone, day, step_minutes, Span { start: at("2000-01-01 00:00"), end: at("2100-01-01 00:00") })
    }

    #[test]
    fn a_day_of_half_hours_has_forty_eight_times_and_change_days_two_less_or_more() {
        let zone = TestZone::named("America/New_York");
        assert_eq!(whole_day(&zone, "2026-11-24", 30).len(), 48);
        assert_eq!(whole_day(&zone, "2026-03-08", 30).len(), 46);
        assert_eq!(whole_day(&zone, "2026-11-01", 30).len(), 50);
    }

    #[test]
    fn the_grid_follows_the_clock_on_the_wall_after_a_half_hour_change() {
        let zone = TestZone::named("Australia/Lord_Howe");
        let starts = whole_day(&zone, "2026-10-04", 60);
        assert!(starts.iter().all(|start| zone::local_time(&zone, *start).time().to_string().ends_with(":00:00")));
        assert_eq!(starts.len(), 23);
    }

    #[test]
    fn a_skipped_day_has_no_times() {
        assert!(whole_day(&TestZone::named("Pacific/Apia"), "2011-12-30", 30).is_empty());
    }

    #[test]
    fn the_short_way_through_a_plain_day_gives_the_same_times() {
        for name in ["America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia", "Asia/Kathmandu"] {
            let zone = TestZone::named(name);
            for date in date("2026-01-01").iter_days().take(366) {
                let times = (0..48).map(|half| date.and_time(NaiveTime::MIN) + chrono::Duration::minutes(30 * half));
                let mut long_way: Vec<_> = times.flat_map(|time| zone::instants(&zone, time)).collect();
                long_way.sort_unstable();
                assert_eq!(whole_day(&zone, &date.to_string(), 30), long_way, "{name} {date}");
                // And the same part of them, whatever that begins and ends with.
                for (from, until) in
                    [(0, 1), (447, 448), (540, 1020), (541, 1019), (-90, 2000), (1439, 1440), (1500, 90)]
                {
                    let midnight = date.and_time(NaiveTime::MIN).and_utc();
                    let at = |minute| midnight + Duration::minutes(minute) + Duration::microseconds(minute % 3);
                    let part = Span { start: at(from), end: at(until) };
                    let of_part: Vec<_> = long_way.iter().copied().filter(|time| part.contains(*time)).collect();
                    assert_eq!(of_day(&zone, date, 30, part), of_part, "{name} {date} {from} {until}");
                }
            }
        }
    }

    #[test]
    fn only_times_within_the_stretch_are_given() {
        let zone = TestZone::named("UTC");
        let times = from_midnight(&zone, span("2026-11-24 08:45", "2026-11-24 10:00"), 30);
        assert_eq!(times, vec![at("2026-11-24 09:00"), at("2026-11-24 09:30")]);
        assert!(from_midnight(&zone, span("2026-11-24 10:00", "2026-11-24 10:00"), 30).is_empty());
        assert!(from_midnight(&zone, span("2026-11-24 10:00", "2026-11-24 08:00"), 30).is_empty());
    }

    #[test]
    fn a_grid_from_the_opening_starts_anew_after_each_break() {
        let zone = TestZone::named("America/New_York");
        let day = date("2026-11-24");
        let windows = [(day, Window { opens: 545, closes: 605 }), (day, Window { opens: 790, closes: 840 })];
        let times = from_openings(&zone, span("2026-11-24 00:00", "2026-11-25 00:00"), 30, &windows);
        let expected = ["2026-11-24 14:05", "2026-11-24 14:35", "2026-11-24 18:10", "2026-11-24 18:40"];
        assert_eq!(times, expected.map(at).to_vec());
    }

    #[test]
    fn a_grid_from_a_night_opening_follows_the_clock_through_a_change() {
        let zone = TestZone::named("America/New_York");
        // 23:00 to 04:00 in the night in which 01:00 to 02:00 comes twice: seven hours on the clock's face, six of them real.
        let windows = [(date("2026-10-31"), Window { opens: 1380, closes: 1680 })];
        let times = from_openings(&zone, span("2026-10-31 00:00", "2026-11-02 00:00"), 60, &windows);
        let local: Vec<_> = times.iter().map(|time| zone::local_time(&zone, *time).format("%H").to_string()).collect();
        assert_eq!(local, ["23", "00", "01", "01", "02", "03"]);
    }
}
