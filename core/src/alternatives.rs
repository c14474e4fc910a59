//! The nearest free times to one that cannot be had.

use std::cmp::Reverse;

use chrono::{DateTime, Duration, Utc};

use crate::calendar::{ResourceCalendar, Span, day_span, grid};
use crate::zone::{self, Zone};

/// What is being looked for.
pub struct Search<'a, Z: Zone> {
    pub zone: &'a Z,
    /// The time that was asked for. It is never among the answers.
    pub wanted: DateTime<Utc>,
    pub duration_minutes: i32,
    pub step_minutes: u32,
    pub count: usize,
    pub now: DateTime<Utc>,
}

/// Times this near are offered first.
const NEAR: Duration = Duration::hours(3);

/// How many days after the wanted one are searched when there are not enough times near it.
pub const DAYS_AHEAD: i64 = 30;

impl<Z: Zone> Search<'_, Z> {
    /// The nearest free times within three hours, later first of two equally near; then those of the days that follow, each
    /// day by nearness to the same time of day. `read` brings the busy time of every resource within a span; it is called
    /// once, and a second time only if the first three hours did not suffice.
    pub fn run<E>(
        &self,
        mut read: impl FnMut(Span) -> Result<Vec<ResourceCalendar>, E>,
    ) -> Result<Vec<DateTime<Utc>>, E> {
        let anchor = self.anchor();
        let mut found = Vec::with_capacity(self.count);
        if let Some(window) = around(anchor) {
            let calendars = read(self.with_duration(window))?;
            self.take_nearest(&calendars, window, anchor, &mut found);
        }
        if found.len() < self.count {
            self.take_from_following_days(anchor, &mut read, &mut found)?;
        }
        Ok(found)
    }

    /// Where the search starts: the wanted time or, when that is past, the same time of day today.
    fn anchor(&self) -> DateTime<Utc> {
        if self.wanted >= self.now {
            return self.wanted;
        }
        let today = zone::local_date(self.zone, self.now);
        let time_of_day = zone::local_time(self.zone, self.wanted).time();
        zone::instant(self.zone, today.and_time(time_of_day)).unwrap_or(self.now)
    }

    fn take_from_following_days<E>(
        &self,
        anchor: DateTime<Utc>,
        read: &mut impl FnMut(Span) -> Result<Vec<ResourceCalendar>, E>,
        found: &mut Vec<DateTime<Utc>>,
    ) -> Result<(), E> {
        let anchor_local = zone::local_time(self.zone, anchor);
        let days: Vec<(Span, DateTime<Utc>)> = anchor_local
            .date()
            .iter_days()
            .skip(1)
            .take(DAYS_AHEAD as usize)
            .filter_map(|date| {
                let same_time = zone::instant(self.zone, date.and_time(anchor_local.time()))?;
                Some((day_span(self.zone, date)?, same_time))
            })
            .collect();
        let (Some((first, _)), Some((last, _))) = (days.first(), days.last()) else { return Ok(()) };
        let calendars = read(self.with_duration(Span { start: first.start, end: last.end }))?;
        for (day, same_time) in days {
            self.take_nearest(&calendars, day, same_time, found);
            if found.len() >= self.count {
                break;
            }
        }
        Ok(())
    }

    fn take_nearest(
        &self,
        calendars: &[ResourceCalendar],
        window: Span,
        centre: DateTime<Utc>,
        found: &mut Vec<DateTime<Utc>>,
    ) {
        let is_free = |start: DateTime<Utc>| {
            Span::lasting(start, self.duration_minutes)
                .is_some_and(|span| calendars.iter().any(|calendar| calendar.is_free(span)))
        };
        let mut free: Vec<DateTime<Utc>> = grid(self.zone, window, self.step_minutes, self.now)
            .into_iter()
            .filter(|start| *start != self.wanted && !found.contains(start) && is_free(*start))
            .collect();
        free.sort_unstable_by_key(|start| (start.signed_duration_since(centre).abs(), Reverse(*start)));
        free.truncate(self.count.saturating_sub(found.len()));
        found.append(&mut free);
    }

    /// The busy time that matters for starts within `window` reaches one duration past its end.
    fn with_duration(&self, window: Span) -> Span {
        let end = window.end + Duration::minutes(i64::from(self.duration_minutes));
        Span { start: window.start, end }
    }
}

/// Three hours either way, both ends included.
fn around(anchor: DateTime<Utc>) -> Option<Span> {
    let start = anchor.checked_sub_signed(NEAR)?;
    let end = anchor.checked_add_signed(NEAR + Duration::microseconds(1))?;
    Some(Span { start, end })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_zone::{TestZone, at};
    use std::convert::Infallible;
    use uuid::Uuid;

    fn search(zone: &TestZone, wanted: &str, now: &str, busy: &[(&str, &str)]) -> Vec<DateTime<Utc>> {
        let search =
            Search { zone, wanted: at(wanted), duration_minutes: 60, step_minutes: 30, count: 3, now: at(now) };
        let found = search.run(|_| {
            let taken = busy.iter().map(|(start, end)| (1, Span { start: at(start), end: at(end) }));
            let calendar = ResourceCalendar::new(Uuid::nil(), 1, taken);
            Ok::<_, Infallible>(vec![calendar])
        });
        found.unwrap()
    }

    #[test]
    fn the_three_nearest_are_offered_and_the_later_of_two_equals_first() {
        let taken = [("2026-11-24 14:00", "2026-11-24 15:00")];
        let found = search(&TestZone::named("UTC"), "2026-11-24 14:00", "2026-11-20 00:00", &taken);
        assert_eq!(found, vec![at("2026-11-24 15:00"), at("2026-11-24 13:00"), at("2026-11-24 15:30")]);
    }

    #[test]
    fn a_full_day_leads_to_the_same_time_of_the_next_days() {
        let taken = [("2026-11-24 00:00", "2026-11-25 00:00")];
        let found = search(&TestZone::named("UTC"), "2026-11-24 14:00", "2026-11-20 00:00", &taken);
        assert_eq!(found, vec![at("2026-11-25 14:00"), at("2026-11-25 14:30"), at("2026-11-25 13:30")]);
    }

    #[test]
    fn nothing_in_the_past_is_offered() {
        let found = search(&TestZone::named("UTC"), "2026-11-24 14:00", "2026-11-24 14:10", &[]);
        assert_eq!(found, vec![at("2026-11-24 14:30"), at("2026-11-24 15:00"), at("2026-11-24 15:30")]);
    }

    #[test]
    fn a_wanted_time_long_past_is_answered_from_today() {
        let found = search(&TestZone::named("UTC"), "2026-11-10 14:00", "2026-11-24 09:00", &[]);
        assert_eq!(found, vec![at("2026-11-24 14:00"), at("2026-11-24 14:30"), at("2026-11-24 13:30")]);
    }
}
