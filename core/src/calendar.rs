//! What is taken and what is free: spans of time and the seats of a resource.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

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

    /// The span from `before` minutes before this one to `after` minutes after it.
    pub fn widened(self, before: i32, after: i32) -> Option<Span> {
        let start = self.start.checked_sub_signed(Duration::minutes(i64::from(before)))?;
        let end = self.end.checked_add_signed(Duration::minutes(i64::from(after)))?;
        Some(Span { start, end })
    }

    pub fn overlaps(&self, other: &Span) -> bool {
        self.start < other.end && other.start < self.end
    }

    pub fn contains(&self, instant: DateTime<Utc>) -> bool {
        self.start <= instant && instant < self.end
    }

    /// The least span that holds both.
    pub fn hull(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// What takes the time of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// An appointment or a hold, on one seat.
    Seat(i32),
    /// An entry of an outside calendar: the whole resource is away.
    Whole,
}

/// The busy time of one resource within the window that was read.
#[derive(Debug, Clone)]
pub struct ResourceCalendar {
    pub resource_id: Uuid,
    /// Element n holds the busy spans of seat n + 1, sorted by start and not overlapping (the constraint sees to it).
    seats: Vec<Vec<Span>>,
    /// The same of the seats beyond the capacity: the resource has been made smaller since they were booked.
    beyond: BTreeMap<i32, Vec<Span>>,
    /// When the resource is away, sorted by start and not touching.
    away: Vec<Span>,
}

impl ResourceCalendar {
    /// The calendar of a resource with seats 1 to `capacity`.
    pub fn new(resource_id: Uuid, capacity: i32, taken: impl IntoIterator<Item = (Taken, Span)>) -> Self {
        let seats = vec![Vec::new(); usize::try_from(capacity).unwrap_or(0)];
        let mut calendar = ResourceCalendar { resource_id, seats, beyond: BTreeMap::new(), away: Vec::new() };
        for (what, span) in taken {
            match what {
                Taken::Seat(seat) => calendar.line(seat).push(span),
                Taken::Whole => calendar.away.push(span),
            }
        }
        let lines = calendar.seats.iter_mut().chain(calendar.beyond.values_mut());
        lines.for_each(|busy| busy.sort_unstable_by_key(|span| span.start));
        calendar.away = merged(calendar.away);
        calendar
    }

    /// Takes `seat` for `span` in this calendar, as a booking that is about to be written will.
    pub fn take(&mut self, seat: i32, span: Span) {
        let busy = self.line(seat);
        let position = busy.partition_point(|other| other.start <= span.start);
        busy.insert(position, span);
    }

    /// The seats, counted from 1, on which nothing overlaps `span`, lowest first. Each seat beyond the capacity that is taken
    /// then keeps one of them empty: no more come than there is room for.
    pub fn free_seats(&self, span: Span) -> impl Iterator<Item = i32> + '_ {
        let seats = if is_free(&self.away, span) { self.seats.as_slice() } else { &[] };
        let free = move || (1..).zip(seats).filter(move |(_, busy)| is_free(busy, span)).map(|(seat, _)| seat);
        let beyond = self.beyond.values().filter(|busy| !is_free(busy, span)).count();
        let room = if beyond == 0 { seats.len() } else { free().count().saturating_sub(beyond) };
        free().take(room)
    }

    pub fn is_free(&self, span: Span) -> bool {
        self.free_seats(span).next().is_some()
    }

    /// How many appointments overlap `span`, over all seats.
    pub fn load(&self, span: Span) -> usize {
        self.appointments().filter(|busy| busy.overlaps(&span)).count()
    }

    /// When the last appointment within `day` ended that was over by `moment`; `None` if there was none.
    pub fn idle_since(&self, moment: DateTime<Utc>, day: Span) -> Option<DateTime<Utc>> {
        let over = self.appointments().filter(|busy| busy.overlaps(&day) && busy.end <= moment);
        over.map(|busy| busy.end).max()
    }

    fn appointments(&self) -> impl Iterator<Item = &Span> {
        self.seats.iter().chain(self.beyond.values()).flatten()
    }

    fn line(&mut self, seat: i32) -> &mut Vec<Span> {
        let position = seat.checked_sub(1).and_then(|position| usize::try_from(position).ok());
        match position.and_then(|position| self.seats.get_mut(position)) {
            Some(line) => line,
            None => self.beyond.entry(seat).or_default(),
        }
    }
}

fn is_free(busy: &[Span], span: Span) -> bool {
    let first_after = busy.partition_point(|other| other.end <= span.start);
    busy.get(first_after).is_none_or(|next| next.start >= span.end)
}

/// The same time in as few spans as possible, sorted: what overlaps or touches becomes one.
pub fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable_by_key(|span| span.start);
    let mut out: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match out.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => out.push(span),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_zone::at;

    fn span(start: &str, end: &str) -> Span {
        Span { start: at(start), end: at(end) }
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
        let calendar = ResourceCalendar::new(Uuid::nil(), 3, [(Taken::Seat(3), nine), (Taken::Seat(1), nine)]);
        assert_eq!(calendar.free_seats(wanted).collect::<Vec<_>>(), vec![2]);
        let mut full = ResourceCalendar::new(Uuid::nil(), 3, [(Taken::Seat(1), nine), (Taken::Seat(3), nine)]);
        full.take(2, wanted);
        assert!(!full.is_free(wanted));
        assert_eq!(full.load(wanted), 3);
    }

    #[test]
    fn a_resource_that_was_made_smaller_takes_no_more_than_it_has_room_for() {
        let nine = span("2026-11-24 09:00", "2026-11-24 10:00");
        let ten = span("2026-11-24 10:00", "2026-11-24 11:00");
        let taken = [(Taken::Seat(2), nine), (Taken::Seat(5), nine), (Taken::Seat(5), ten)];
        let calendar = ResourceCalendar::new(Uuid::nil(), 3, taken);
        assert_eq!(calendar.free_seats(nine).collect::<Vec<_>>(), vec![1]);
        assert_eq!(calendar.free_seats(ten).collect::<Vec<_>>(), vec![1, 2]);
        assert_eq!(calendar.load(nine), 2);
        let smaller = ResourceCalendar::new(Uuid::nil(), 1, taken);
        assert!(!smaller.is_free(nine));
        assert!(smaller.is_free(span("2026-11-24 11:00", "2026-11-24 12:00")));
    }

    #[test]
    fn no_number_of_a_seat_is_too_strange() {
        let nine = span("2026-11-24 09:00", "2026-11-24 10:00");
        let taken = [i32::MAX, 0, i32::MIN].map(|seat| (Taken::Seat(seat), nine));
        assert_eq!(ResourceCalendar::new(Uuid::nil(), 4, taken).free_seats(nine).collect::<Vec<_>>(), vec![1]);
    }

    #[test]
    fn spans_may_come_in_any_order() {
        let taken = [("2026-11-24 12:00", "2026-11-24 13:00"), ("2026-11-24 09:00", "2026-11-24 10:00")]
            .map(|(start, end)| (Taken::Seat(1), span(start, end)));
        let calendar = ResourceCalendar::new(Uuid::nil(), 1, taken);
        assert!(!calendar.is_free(span("2026-11-24 09:30", "2026-11-24 11:00")));
        assert!(calendar.is_free(span("2026-11-24 10:00", "2026-11-24 12:00")));
    }

    #[test]
    fn time_away_takes_every_seat_and_may_overlap_itself() {
        let away = [("2026-11-24 09:00", "2026-11-24 12:00"), ("2026-11-24 10:00", "2026-11-24 11:00")]
            .map(|(start, end)| (Taken::Whole, span(start, end)));
        let calendar = ResourceCalendar::new(Uuid::nil(), 12, away);
        assert!(!calendar.is_free(span("2026-11-24 11:30", "2026-11-24 12:30")));
        assert!(calendar.is_free(span("2026-11-24 12:00", "2026-11-24 13:00")));
        assert_eq!(calendar.load(span("2026-11-24 00:00", "2026-11-25 00:00")), 0);
    }

    #[test]
    fn a_resource_is_idle_since_the_last_appointment_of_the_day_that_is_over() {
        let taken = [("2026-11-24 09:00", "2026-11-24 10:00"), ("2026-11-24 11:00", "2026-11-24 12:00")]
            .map(|(start, end)| (Taken::Seat(1), span(start, end)));
        let calendar = ResourceCalendar::new(Uuid::nil(), 1, taken);
        let day = span("2026-11-24 00:00", "2026-11-25 00:00");
        assert_eq!(calendar.idle_since(at("2026-11-24 11:30"), day), Some(at("2026-11-24 10:00")));
        assert_eq!(calendar.idle_since(at("2026-11-24 12:00"), day), Some(at("2026-11-24 12:00")));
        assert_eq!(calendar.idle_since(at("2026-11-24 09:30"), day), None);
    }

    #[test]
    fn spans_that_touch_become_one() {
        let nine = span("2026-11-24 09:00", "2026-11-24 10:00");
        let ten = span("2026-11-24 10:00", "2026-11-24 11:00");
        let noon = span("2026-11-24 12:00", "2026-11-24 13:00");
        assert_eq!(merged(vec![noon, ten, nine]), vec![span("2026-11-24 09:00", "2026-11-24 11:00"), noon]);
    }
}
