//! Opening hours: windows of local time, week by week and date by date, and the instants they stand for.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveDateTime, NaiveTime, Utc, Weekday};

use crate::calendar::{Span, merged};
use crate::grid;
use crate::zone::{self, Zone};

mod stated;
mod stored;

pub use stated::{day_from_json, week_from_json};
pub use stored::windows_from_multirange;

pub const MINUTES_PER_DAY: i32 = 24 * 60;

/// A window of one day, in minutes after local midnight. Beyond 1440 it is the morning after: 22:00 to 02:00 is 1320 to 1560.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    pub opens: i32,
    pub closes: i32,
}

/// From midnight to midnight.
const ALL_DAY: Window = Window { opens: 0, closes: MINUTES_PER_DAY };

/// The hours of an organization or of one of its resources.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hours {
    /// The windows that start on each day of the week, Monday first. `None`: no weekly hours were set.
    week: Option<[Vec<Window>; 7]>,
    /// What replaces them on single dates.
    dates: BTreeMap<NaiveDate, Vec<Window>>,
}

impl Hours {
    /// Adds `windows` to a day of the week (0 is Monday); no window says that the week is known and the day has none.
    pub fn add_weekly(&mut self, weekday: usize, windows: impl IntoIterator<Item = Window>) {
        let week = self.week.get_or_insert_default();
        if let Some(day) = week.get_mut(weekday) {
            day.extend(windows);
        }
    }

    /// Adds `windows` to the override of `date`; no window says that there is an override, and it is closed.
    pub fn add_dated(&mut self, date: NaiveDate, windows: impl IntoIterator<Item = Window>) {
        self.dates.entry(date).or_default().extend(windows);
    }

    fn weekly(&self, weekday: Weekday) -> Option<&[Window]> {
        let week = self.week.as_ref()?;
        week.get(weekday.num_days_from_monday() as usize).map(Vec::as_slice)
    }

    fn dated(&self, date: NaiveDate) -> Option<&[Window]> {
        self.dates.get(&date).map(Vec::as_slice)
    }
}

/// The windows of a resource that start on `date`. Its own override counts before everything. An override of the
/// organization replaces the organization's hours; from a resource with weekly hours of its own it can only take, so that
/// nobody is booked on a day off because the house is open.
fn windows_on(date: NaiveDate, organization: &Hours, own: Option<&Hours>) -> Vec<Window> {
    if let Some(windows) = own.and_then(|own| own.dated(date)) {
        return windows.to_vec();
    }
    let own_week = own.and_then(|own| own.weekly(date.weekday()));
    match (own_week, organization.dated(date)) {
        (Some(windows), Some(house)) => common(windows, house),
        (Some(windows), None) | (None, Some(windows)) => windows.to_vec(),
        (None, None) => organization.weekly(date.weekday()).unwrap_or(&[ALL_DAY]).to_vec(),
    }
}

fn common(some: &[Window], others: &[Window]) -> Vec<Window> {
    let pairs = some.iter().flat_map(|one| others.iter().map(move |other| (one, other)));
    let both =
        pairs.map(|(one, other)| Window { opens: one.opens.max(other.opens), closes: one.closes.min(other.closes) });
    both.filter(|window| window.opens < window.closes).collect()
}

/// When a resource is open within a stretch of time.
#[derive(Debug, Clone, Default)]
pub struct OpenTime {
    /// Merged and sorted. `None`: always.
    spans: Option<Vec<Span>>,
    /// The windows by the day they start on.
    windows: Vec<(NaiveDate, Window)>,
}

impl OpenTime {
    /// Open always: neither the organization nor the resource has hours.
    pub fn always(zone: &impl Zone, stretch: Span) -> Self {
        let windows = dates(zone, stretch).map(|date| (date, ALL_DAY)).collect();
        OpenTime { spans: None, windows }
    }

    /// Open during the windows that touch `stretch`.
    pub fn of(zone: &impl Zone, stretch: Span, organization: &Hours, own: Option<&Hours>) -> Self {
        let mut open = OpenTime::default();
        let mut spans = Vec::new();
        for date in dates(zone, stretch) {
            // A day that the clocks left out has no hours; without this they would be read as those of the next day.
            if grid::day_span(zone, date).is_none_or(|day| day.start >= day.end) {
                continue;
            }
            for window in windows_on(date, organization, own) {
                spans.extend(instants_of(zone, date, window));
                open.windows.push((date, window));
            }
        }
        open.spans = Some(merged(spans));
        open
    }

    /// Whether one opening holds all of `span`.
    pub fn holds(&self, span: Span) -> bool {
        let Some(spans) = &self.spans else { return true };
        let next = spans.partition_point(|open| open.end < span.end);
        spans.get(next).is_some_and(|open| open.start <= span.start)
    }

    /// The parts of `stretch` in which it is open, in order.
    pub fn during(&self, stretch: Span) -> impl Iterator<Item = Span> {
        const ALWAYS: &[Span] = &[Span { start: DateTime::<Utc>::MIN_UTC, end: DateTime::<Utc>::MAX_UTC }];
        let parts = self.spans.as_deref().unwrap_or(ALWAYS).iter();
        let parts =
            parts.map(move |open| Span { start: open.start.max(stretch.start), end: open.end.min(stretch.end) });
        parts.filter(|part| part.start < part.end)
    }

    /// Each window that starts within the stretch, by the day it starts on.
    pub fn windows(&self) -> &[(NaiveDate, Window)] {
        &self.windows
    }
}

/// The local dates on which a window can start that touches `stretch`: from the evening before, which is two dates back
/// where the clocks have left a day out.
fn dates(zone: &impl Zone, stretch: Span) -> impl Iterator<Item = NaiveDate> {
    let first = zone::local_date(zone, stretch.start);
    let last = zone::local_date(zone, stretch.end);
    let first = first.checked_sub_days(Days::new(2)).unwrap_or(first);
    first.iter_days().take_while(move |date| *date <= last)
}

fn instants_of(zone: &impl Zone, date: NaiveDate, window: Window) -> Option<Span> {
    let start = instant_at(zone, date, window.opens)?;
    let end = instant_at(zone, date, window.closes)?;
    (start < end).then_some(Span { start, end })
}

fn instant_at(zone: &impl Zone, date: NaiveDate, minute: i32) -> Option<DateTime<Utc>> {
    zone::instant(zone, wall_clock(date, minute)?)
}

/// The wall-clock time `minute` minutes after the midnight that begins `date`.
pub fn wall_clock(date: NaiveDate, minute: i32) -> Option<NaiveDateTime> {
    date.and_time(NaiveTime::MIN).checked_add_signed(Duration::minutes(i64::from(minute)))
}

#[cfg(test)]
mod tests;
