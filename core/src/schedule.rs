//! One resource as a booking sees it: when it is open, what has been taken, and which days are full.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::calendar::{ResourceCalendar, Span};
use crate::grid;
use crate::hours::OpenTime;
use crate::refusal::{Code, Refusal};
use crate::service::{Anchor, Rules, Slot};
use crate::zone::{self, Zone};

/// A resource's time within the stretch that was read.
#[derive(Debug, Clone)]
pub struct Schedule {
    pub calendar: ResourceCalendar,
    pub open: Rc<OpenTime>,
    pub limits: DailyLimits,
}

/// How many appointments of a service a resource still takes on each local day.
#[derive(Debug, Clone, Default)]
pub struct DailyLimits {
    /// `None`: as many as fit.
    limit: Option<i32>,
    /// The places in the limit, from 1, that are taken.
    taken: BTreeMap<NaiveDate, BTreeSet<i32>>,
}

impl DailyLimits {
    pub fn new(limit: Option<i32>) -> Self {
        DailyLimits { limit, taken: BTreeMap::new() }
    }

    pub fn take(&mut self, day: NaiveDate, place: i32) {
        self.taken.entry(day).or_default().insert(place);
    }

    /// The place in the limit of `day` that the next appointment gets: the lowest that nobody has. `None` when the day is
    /// full.
    pub fn next_place(&self, day: NaiveDate) -> DayPlace {
        let Some(limit) = self.limit else { return DayPlace::Unlimited };
        let taken = self.taken.get(&day);
        // A limit that was lowered counts also what was booked above it.
        if taken.is_some_and(|taken| taken.len() >= usize::try_from(limit).unwrap_or(0)) {
            return DayPlace::Full;
        }
        let free = (1..=limit).find(|place| !taken.is_some_and(|taken| taken.contains(place)));
        free.map_or(DayPlace::Full, |place| DayPlace::Place(day, place))
    }
}

/// The place of an appointment in the daily limit of its service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayPlace {
    Unlimited,
    Place(NaiveDate, i32),
    Full,
}

/// A seat that an appointment can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    pub resource_id: Uuid,
    pub number: i32,
    /// The place in the daily limit that goes with it.
    pub day_place: Option<(NaiveDate, i32)>,
}

/// Why a resource cannot take an appointment; the later ones came closer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    OutsideHours,
    DayFull,
    Taken,
}

impl Schedule {
    /// Whether an appointment can be had here, and if not, why.
    pub fn check(&self, slot: Slot, zone: &impl Zone) -> Result<(), Trouble> {
        if !self.open.holds(slot.time) {
            return Err(Trouble::OutsideHours);
        }
        if self.day_place(slot, zone) == DayPlace::Full {
            return Err(Trouble::DayFull);
        }
        if self.calendar.is_free(slot.blocked) { Ok(()) } else { Err(Trouble::Taken) }
    }

    fn day_place(&self, slot: Slot, zone: &impl Zone) -> DayPlace {
        match self.limits.limit {
            Some(_) => self.limits.next_place(zone::local_date(zone, slot.time.start)),
            None => DayPlace::Unlimited,
        }
    }

    /// Takes a seat in this schedule, as an appointment that is about to be written will.
    pub fn take(&mut self, seat: Seat, blocked: Span) {
        if seat.resource_id == self.calendar.resource_id {
            self.calendar.take(seat.number, blocked);
            if let Some((day, place)) = seat.day_place {
                self.limits.take(day, place);
            }
        }
    }

    fn seats(&self, slot: Slot, zone: &impl Zone) -> impl Iterator<Item = Seat> + '_ {
        let day_place = match self.day_place(slot, zone) {
            DayPlace::Place(day, place) => Some((day, place)),
            DayPlace::Unlimited | DayPlace::Full => None,
        };
        let resource_id = self.calendar.resource_id;
        self.calendar.free_seats(slot.blocked).map(move |number| Seat { resource_id, number, day_place })
    }
}

/// The seats that an appointment can have, in the order in which they are to be tried: on the least loaded resource of the
/// local day first, then on the one that has been idle longest, then by id; within a resource the lowest seat first. Where
/// there is none, why: what stands in the way on the resource that came closest.
pub fn seats(schedules: &[Schedule], slot: Slot, zone: &impl Zone) -> Result<Vec<Seat>, Trouble> {
    let mut trouble = Trouble::OutsideHours;
    let mut able: Vec<&Schedule> = Vec::with_capacity(schedules.len());
    for schedule in schedules {
        match schedule.check(slot, zone) {
            Ok(()) => able.push(schedule),
            Err(found) => trouble = trouble.max(found),
        }
    }
    if able.is_empty() {
        return Err(trouble);
    }
    if able.len() > 1 {
        let day = grid::day_span(zone, zone::local_date(zone, slot.time.start)).unwrap_or(slot.time);
        able.sort_by_cached_key(|schedule| {
            let calendar = &schedule.calendar;
            (calendar.load(day), calendar.idle_since(slot.blocked.start, day), calendar.resource_id)
        });
    }
    Ok(able.into_iter().flat_map(|schedule| schedule.seats(slot, zone)).collect())
}

/// The span that must be read to choose among several resources: the day is compared, not only the slot.
pub fn stretch_to_choose(slot: Slot, zone: &impl Zone) -> Span {
    let day = grid::day_span(zone, zone::local_date(zone, slot.time.start));
    day.map_or(slot.blocked, |day| day.hull(slot.blocked))
}

/// The times within `stretch` at which an appointment can start on each of `schedules`, with the resource, in order of time
/// and resource.
pub fn free_starts(
    schedules: &[Schedule],
    rules: &Rules,
    zone: &impl Zone,
    stretch: Span,
    now: DateTime<Utc>,
) -> Vec<(DateTime<Utc>, Uuid)> {
    let stretch = rules.bookable(zone, stretch, now);
    let mut free = Vec::new();
    // Most resources have the hours of the house, and their grid: one after the other.
    let mut by_hours: Vec<&Schedule> = schedules.iter().collect();
    by_hours.sort_by_key(|schedule| Rc::as_ptr(&schedule.open));
    let mut grid: Option<(&Rc<OpenTime>, Vec<Slot>)> = None;
    for schedule in by_hours {
        let slots = match &grid {
            Some((open, slots)) if Rc::ptr_eq(open, &schedule.open) => slots,
            _ => &grid.insert((&schedule.open, slots_on_grid(&schedule.open, rules, zone, stretch))).1,
        };
        let able = slots.iter().filter(|slot| schedule.check(**slot, zone).is_ok());
        free.extend(able.map(|slot| (slot.time.start, schedule.calendar.resource_id)));
    }
    if schedules.len() > 1 {
        free.sort_unstable();
    }
    free
}

/// The slots of the grid that start within `stretch` while it is open, in order.
fn slots_on_grid(open: &OpenTime, rules: &Rules, zone: &impl Zone, stretch: Span) -> Vec<Slot> {
    let step = rules.slot_step_minutes;
    let starts = match rules.slot_anchor {
        Anchor::Midnight => open.during(stretch).flat_map(|part| grid::from_midnight(zone, part, step)).collect(),
        Anchor::Opening => grid::from_openings(zone, stretch, step, open.windows()),
    };
    starts.into_iter().filter_map(|start| rules.slot(start)).collect()
}

/// The refusal of a time that no resource can take.
pub fn refusal(trouble: Trouble, start: DateTime<Utc>, rules: &Rules, zone: &impl Zone) -> Refusal {
    let local = zone::local_time(zone, start);
    let (code, message) = match trouble {
        Trouble::Taken => (Code::SlotUnavailable, format!("{} is taken", local.format("%Y-%m-%d %H:%M"))),
        Trouble::OutsideHours => {
            let minutes = rules.duration_minutes;
            let message = format!("{} for {minutes} minutes is outside opening hours", local.format("%Y-%m-%d %H:%M"));
            (Code::OutsideHours, message)
        }
        Trouble::DayFull => {
            let limit = rules.daily_limit.unwrap_or(0);
            let message = format!("{} already has the {limit} appointments of its daily limit", local.date());
            (Code::DailyLimitReached, message)
        }
    };
    Refusal::new(code, message, "choose one of the alternatives")
}

#[cfg(test)]
mod tests;
