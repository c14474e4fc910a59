//! What is taken and what is free: spans of time, the seats of a resource and the grid of times on offer.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};
use uuid::Uuid;

use crate::limits;
use crate::zone::{self, Zone};

/// A half-open span of time, `[start, end)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
}

impl Span {
    /// The span of `minutes` from `start`; `None` where it would leave the years that can be represented.
    pub fn lasting(start: DateTime<Utc>, minutes: i32) -> Option<Span> {
        let end = start.checked_add_signed(Duration::minutes(i64::from(minutes)))?;
        Some(Span { start, end })
    }

    pub fn overlaps(&self, other: &Span) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// The busy time of one resource within the window that was read, seat by seat.
#[derive(Debug, Clone)]
pub struct ResourceCalendar {
    pub resource_id: Uuid,
    /// Element n holds the busy spans of seat n + 1, sorted by start and not overlapping (the constraint sees to it).
    seats: Vec<Vec<Span>>,
}

impl ResourceCalendar {
    /// The calendar of a resource with seats 1 to `capacity`, of which `taken` are. A seat beyond the capacity (the resource has
    /// been made smaller since) takes nothing from the seats that are left.
    pub fn new(resource_id: Uuid, capacity: i32, taken: impl IntoIterator<Item = (i32, Span)>) -> Self {
        let mut seats = vec![Vec::new(); usize::try_from(capacity).unwrap_or(0)];
        for (seat, span) in taken {
            let index = usize::try_from(seat.saturating_sub(1)).ok();
            if let Some(busy) = index.and_then(|index| seats.get_mut(index)) {
                busy.push(span);
            }
        }
        seats.iter_mut().for_each(|busy| busy.sort_unstable_by_key(|span| span.start));
        ResourceCalendar { resource_id, seats }
    }

    /// The seats, counted from 1, on which nothing overlaps `span`, lowest first.
    pub fn free_seats(&self, span: Span) -> impl Iterator<Item = i32> + '_ {
        (1..).zip(&self.seats).filter(move |(_, busy)| is_free(busy, span)).map(|(seat, _)| seat)
    }

    pub fn is_free(&self, span: Span) -> bool {
        self.seats.iter().any(|busy| is_free(busy, span))
    }

    /// How many appointments overlap `span`, over all seats.
    pub fn load(&self, span: Span) -> usize {
        self.seats.iter().flatten().filter(|busy| busy.overlaps(&span)).count()
    }
}

fn is_free(busy: &[Span], span: Span) -> bool {
    let first_after = busy.partition_point(|other| other.end <= span.start);
    busy.get(first_after).is_none_or(|next| next.start >= span.end)
}

/// The times on offer that start within `window`: a grid of `step_minutes` anchored at each local midnight, from `now` to as
/// far ahead as can be booked, in order. It is a grid of wall-clock times: a time that spring leaves out is left out, a time
/// that autumn repeats appears twice.
pub fn grid(zone: &impl Zone, window: Span, step_minutes: u32, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let start = window.start.max(now);
    let end = window.end.min(limits::latest_start(now));
    let last_day = zone::local_date(zone, end);
    let days = zone::local_date(zone, start).iter_days().take_while(|date| *date <= last_day && start < end);
    let times = days.flat_map(|date| grid_of_day(zone, date, step_minutes));
    times.filter(|time| start <= *time && *time < end).collect()
}

const MINUTES_PER_DAY: u32 = 24 * 60;

fn grid_of_day(zone: &impl Zone, date: NaiveDate, step_minutes: u32) -> Vec<DateTime<Utc>> {
    let step = step_minutes.clamp(1, MINUTES_PER_DAY);
    let times = (0..MINUTES_PER_DAY)
        .step_by(step as usize)
        .filter_map(|minute| NaiveTime::from_hms_opt(minute / 60, minute % 60, 0))
        .map(|time| date.and_time(time));
    // Most days have one offset, and every time of theirs is one instant: no need to ask the zone for each.
    if let Some(midnight) = zone::start_of_plain_day(zone, date) {
        return times.map(|time| midnight + time.signed_duration_since(date.and_time(NaiveTime::MIN))).collect();
    }
    let mut starts: Vec<DateTime<Utc>> = times.flat_map(|time| zone::instants(zone, time)).collect();
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

    #[test]
    fn spans_that_only_touch_do_not_overlap() {
        let morning = span("2026-11-24 09:00", "2026-11-24 10:00");
        assert!(!morning.overlaps(&span("2026-11-24 10:00", "2026-11-24 11:00")));
        assert!(morning.overlaps(&span("2026-11-24 09:59", "2026-11-24 10:01")));
    }

    #[test]
    fn the_lowest_free_seat_is_named_first() {
        let nine = span("2026-11-24 09:00", "2026-11-24 10:00");
        let wanted = span("2026-11-24 09:30", "2026-11-24 10:30");
        let calendar = ResourceCalendar::new(Uuid::nil(), 3, [(3, nine), (1, nine)]);
        assert_eq!(calendar.free_seats(wanted).collect::<Vec<_>>(), vec![2]);
        let full = ResourceCalendar::new(Uuid::nil(), 3, [(1, nine), (2, wanted), (3, nine)]);
        assert!(!full.is_free(wanted));
        assert_eq!(full.load(wanted), 3);
    }

    #[test]
    fn a_seat_beyond_the_capacity_takes_nothing_away() {
        let nine = span("2026-11-24 09:00", "2026-11-24 10:00");
        let calendar = ResourceCalendar::new(Uuid::nil(), 1, [(2, nine), (0, nine), (i32::MIN, nine)]);
        assert!(calendar.is_free(nine));
    }

    #[test]
    fn spans_may_come_in_any_order() {
        let taken =
            [(1, span("2026-11-24 12:00", "2026-11-24 13:00")), (1, span("2026-11-24 09:00", "2026-11-24 10:00"))];
        let calendar = ResourceCalendar::new(Uuid::nil(), 1, taken);
        assert!(!calendar.is_free(span("2026-11-24 09:30", "2026-11-24 11:00")));
        assert!(calendar.is_free(span("2026-11-24 10:00", "2026-11-24 12:00")));
    }

    #[test]
    fn a_day_of_half_hours_has_forty_eight_times_and_change_days_two_less_or_more() {
        let zone = TestZone::named("America/New_York");
        assert_eq!(grid_of_day(&zone, date("2026-11-24"), 30).len(), 48);
        assert_eq!(grid_of_day(&zone, date("2026-03-08"), 30).len(), 46);
        assert_eq!(grid_of_day(&zone, date("2026-11-01"), 30).len(), 50);
    }

    #[test]
    fn the_grid_follows_the_clock_on_the_wall_after_a_half_hour_change() {
        let zone = TestZone::named("Australia/Lord_Howe");
        let starts = grid_of_day(&zone, date("2026-10-04"), 60);
        assert!(starts.iter().all(|start| zone::local_time(&zone, *start).time().to_string().ends_with(":00:00")));
        assert_eq!(starts.len(), 23);
    }

    #[test]
    fn a_skipped_day_has_no_times() {
        assert!(grid_of_day(&TestZone::named("Pacific/Apia"), date("2011-12-30"), 30).is_empty());
    }

    #[test]
    fn the_short_way_through_a_plain_day_gives_the_same_times() {
        for name in ["America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia", "Asia/Kathmandu"] {
            let zone = TestZone::named(name);
            for date in date("2026-01-01").iter_days().take(366) {
                let times = (0..48).map(|half| date.and_time(NaiveTime::MIN) + chrono::Duration::minutes(30 * half));
                let mut long_way: Vec<_> = times.flat_map(|time| zone::instants(&zone, time)).collect();
                long_way.sort_unstable();
                assert_eq!(grid_of_day(&zone, date, 30), long_way, "{name} {date}");
            }
        }
    }

    #[test]
    fn the_grid_leaves_out_what_is_past_or_outside_the_window_or_too_far() {
        let zone = TestZone::named("UTC");
        let window = span("2026-11-24 08:00", "2026-11-24 10:00");
        let times = grid(&zone, window, 30, at("2026-11-24 08:45"));
        assert_eq!(times, vec![at("2026-11-24 09:00"), at("2026-11-24 09:30")]);
        assert!(grid(&zone, window, 30, at("2026-11-24 10:00")).is_empty());
        assert!(grid(&zone, window, 30, at("2010-01-01 00:00")).is_empty());
    }
}
