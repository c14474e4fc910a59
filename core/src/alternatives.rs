//! The nearest free times to one that cannot be had.

use std::cmp::Reverse;

use chrono::{DateTime, Duration, NaiveDate, Utc};

use crate::calendar::Span;
use crate::grid;
use crate::schedule::{Schedule, free_starts};
use crate::service::Rules;
use crate::zone::{self, Zone};

/// What is being looked for.
pub struct Search<'a, Z: Zone> {
    pub zone: &'a Z,
    pub rules: &'a Rules,
    /// The time that was asked for. It is never among the answers.
    pub wanted: DateTime<Utc>,
    /// Nor is this one.
    pub not_offered: Option<DateTime<Utc>>,
    pub count: usize,
    pub now: DateTime<Utc>,
}

/// Times this near are offered first.
const NEAR: Duration = Duration::hours(3);

/// How many days beside the wanted one are searched when there are not enough times on it.
pub const DAYS_AROUND: usize = 30;

/// How many days each reading brings. The wanted day, with the three hours around it, is nearly always enough; where it is full, so are
/// often the next ones, and a month is too much to read for that.
const READINGS: [usize; 3] = [1, 7, DAYS_AROUND - 7];

impl<Z: Zone> Search<'_, Z> {
    /// The nearest free times within three hours, later first of two equally near; then those of the rest of that day; then
    /// those of the days that follow, each day by nearness to the same time of day. `read` brings the schedules of every
    /// resource for a stretch of time; it is called once for the wanted day, and further only while that does not suffice.
    pub fn run<E>(&self, mut read: impl FnMut(Span) -> Result<Vec<Schedule>, E>) -> Result<Vec<DateTime<Utc>>, E> {
        let anchor = self.anchor();
        let mut near = around(anchor);
        let mut days = self.days(anchor);
        let mut found = Vec::with_capacity(self.count);
        for number in READINGS {
            let days: Vec<(Span, DateTime<Utc>)> = days.by_ref().take(number).collect();
            let parts: Vec<(Span, DateTime<Utc>)> =
                near.take().map(|near| (near, anchor)).into_iter().chain(days).collect();
            let Some(stretch) = parts.iter().map(|(part, _)| *part).reduce(Span::hull) else { break };
            let schedules = read(self.rules.reach(stretch))?;
            for (part, centre) in parts {
                if found.len() < self.count {
                    self.take_nearest(&schedules, part, centre, &mut found);
                }
            }
            if found.len() >= self.count {
                break;
            }
        }
        Ok(found)
    }

    /// Where the search starts: the wanted time or, when it is past, the same time of day today; when it is beyond the
    /// horizon, the same time of day on the last day within.
    fn anchor(&self) -> DateTime<Utc> {
        let wanted = zone::local_time(self.zone, self.wanted);
        let date = if self.wanted < self.now {
            zone::local_date(self.zone, self.now)
        } else if self.is_beyond_horizon() {
            self.rules.last_date(self.zone, self.now)
        } else {
            return self.wanted;
        };
        zone::instant(self.zone, date.and_time(wanted.time())).unwrap_or(self.now)
    }

    fn is_beyond_horizon(&self) -> bool {
        zone::local_date(self.zone, self.wanted) > self.rules.last_date(self.zone, self.now)
    }

    /// The day of `anchor` and those that are searched after it, each with the instant of the same time of day. Beyond the
    /// horizon there is nothing: from its last day the search goes back.
    fn days(&self, anchor: DateTime<Utc>) -> impl Iterator<Item = (Span, DateTime<Utc>)> {
        let local = zone::local_time(self.zone, anchor);
        let is_back = self.is_beyond_horizon();
        let step = move |date: &NaiveDate| if is_back { date.pred_opt() } else { date.succ_opt() };
        let dates = std::iter::successors(Some(local.date()), step).take(DAYS_AROUND + 1);
        let day = move |date: NaiveDate| {
            let same_time = zone::instant(self.zone, date.and_time(local.time()))?;
            let day = grid::day_span(self.zone, date)?;
            Some((day, if date == local.date() { anchor } else { same_time }))
        };
        dates.filter_map(day)
    }

    fn take_nearest(
        &self,
        schedules: &[Schedule],
        stretch: Span,
        centre: DateTime<Utc>,
        found: &mut Vec<DateTime<Utc>>,
    ) {
        let free = free_starts(schedules, self.rules, self.zone, stretch, self.now);
        let mut starts: Vec<DateTime<Utc>> = free.into_iter().map(|(start, _)| start).collect();
        starts.dedup();
        let is_another = |start: &DateTime<Utc>| *start != self.wanted && Some(*start) != self.not_offered;
        starts.retain(|start| is_another(start) && !found.contains(start));
        starts.sort_unstable_by_key(|start| (start.signed_duration_since(centre).abs(), Reverse(*start)));
        starts.truncate(self.count.saturating_sub(found.len()));
        found.append(&mut starts);
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
    use crate::calendar::{ResourceCalendar, Taken};
    use crate::hours::OpenTime;
    use crate::schedule::DailyLimits;
    use crate::test_zone::{TestZone, at};
    use std::convert::Infallible;
    use std::rc::Rc;
    use uuid::Uuid;

    fn search(zone: &TestZone, wanted: &str, now: &str, busy: &[(&str, &str)]) -> Vec<DateTime<Utc>> {
        search_by(&Rules::default(), zone, wanted, now, busy)
    }

    fn search_by(rules: &Rules, zone: &TestZone, wanted: &str, now: &str, busy: &[(&str, &str)]) -> Vec<DateTime<Utc>> {
        let search = Search { zone, rules, wanted: at(wanted), not_offered: None, count: 3, now: at(now) };
        let found = search.run(|stretch| {
            let taken = busy.iter().map(|(start, end)| (Taken::Seat(1), Span { start: at(start), end: at(end) }));
            let calendar = ResourceCalendar::new(Uuid::nil(), 1, taken);
            let open = Rc::new(OpenTime::always(zone, stretch));
            Ok::<_, Infallible>(vec![Schedule { calendar, open, limits: DailyLimits::default() }])
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

    #[test]
    fn the_rest_of_the_day_comes_before_other_days() {
        let taken = [("2026-11-24 10:00", "2026-11-25 18:00")];
        let found = search(&TestZone::named("UTC"), "2026-11-24 14:00", "2026-11-20 00:00", &taken);
        assert_eq!(found, vec![at("2026-11-24 09:00"), at("2026-11-24 08:30"), at("2026-11-24 08:00")]);
    }

    #[test]
    fn no_more_of_the_calendar_is_read_than_it_takes_to_find_three() {
        let readings = |taken: (&str, &str)| {
            let zone = TestZone::named("UTC");
            let (wanted, now) = (at("2026-11-24 14:00"), at("2026-11-20 00:00"));
            let rules = Rules::default();
            let search = Search { zone: &zone, rules: &rules, wanted, not_offered: None, count: 3, now };
            let mut read = Vec::new();
            let found = search.run(|stretch| {
                let taken = (Taken::Seat(1), Span { start: at(taken.0), end: at(taken.1) });
                let calendar = ResourceCalendar::new(Uuid::nil(), 1, [taken]);
                read.push(stretch.start.date_naive().to_string());
                let open = Rc::new(OpenTime::always(&zone, stretch));
                Ok::<_, Infallible>(vec![Schedule { calendar, open, limits: DailyLimits::default() }])
            });
            assert_eq!(found.unwrap().len(), 3, "{taken:?}");
            read
        };
        assert_eq!(readings(("2026-11-24 14:00", "2026-11-24 15:00")), ["2026-11-24"]);
        // Nothing within three hours, but the evening.
        assert_eq!(readings(("2026-11-24 10:00", "2026-11-24 19:00")), ["2026-11-24"]);
        assert_eq!(readings(("2026-11-24 00:00", "2026-11-30 12:00")), ["2026-11-24", "2026-11-25"]);
        assert_eq!(readings(("2026-11-24 00:00", "2026-12-10 12:00")), ["2026-11-24", "2026-11-25", "2026-12-02"]);
    }

    #[test]
    fn beyond_the_horizon_the_last_days_within_are_offered() {
        let rules = Rules { horizon_days: 3, ..Rules::default() };
        let zone = TestZone::named("UTC");
        let found = search_by(&rules, &zone, "2026-12-24 14:00", "2026-11-20 00:00", &[]);
        assert_eq!(found, vec![at("2026-11-23 14:00"), at("2026-11-23 14:30"), at("2026-11-23 13:30")]);
        let taken = [("2026-11-23 00:00", "2026-11-24 00:00")];
        let found = search_by(&rules, &zone, "2026-12-24 14:00", "2026-11-20 00:00", &taken);
        assert_eq!(found, vec![at("2026-11-22 14:00"), at("2026-11-22 14:30"), at("2026-11-22 13:30")]);
    }

    #[test]
    fn nothing_within_the_notice_is_offered() {
        let rules = Rules { min_notice_minutes: 24 * 60, ..Rules::default() };
        let found = search_by(&rules, &TestZone::named("UTC"), "2026-11-20 14:00", "2026-11-20 12:10", &[]);
        assert_eq!(found, vec![at("2026-11-21 14:00"), at("2026-11-21 14:30"), at("2026-11-21 13:30")]);
    }
}
