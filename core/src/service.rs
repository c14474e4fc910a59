//! What a service asks of its appointments: length, buffers, grid, notice, horizon, daily limit.

use chrono::{DateTime, Days, Duration, NaiveDate, Utc};

use crate::appointment_time::TimeRefusal;
use crate::calendar::Span;
use crate::grid;
use crate::limits::{self, LONGEST_BUFFER_MINUTES, LONGEST_DURATION_MINUTES, LONGEST_HORIZON_DAYS};
use crate::refusal::{Code, Refusal, quoted};
use crate::zone::{self, Zone};

/// The distance between the times on offer when no service says one, in minutes.
const DEFAULT_STEP_MINUTES: i32 = 30;
/// The longest notice, in minutes: a year.
const LONGEST_NOTICE_MINUTES: i32 = 366 * 24 * 60;
/// The highest daily limit.
const HIGHEST_DAILY_LIMIT: i32 = 10_000;

/// Where the grid of the times on offer begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// At each local midnight.
    Midnight,
    /// At each opening.
    Opening,
}

impl Anchor {
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        match text {
            "midnight" => Ok(Anchor::Midnight),
            "opening" => Ok(Anchor::Opening),
            other => Err(invalid(format!("slot anchor {} is not known", quoted(other)), "pass midnight or opening")),
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Anchor::Midnight => "midnight",
            Anchor::Opening => "opening",
        }
    }
}

/// The rules of a service, or of an appointment that belongs to none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    pub duration_minutes: i32,
    pub buffer_before_minutes: i32,
    pub buffer_after_minutes: i32,
    pub slot_step_minutes: i32,
    pub slot_anchor: Anchor,
    pub min_notice_minutes: i32,
    pub horizon_days: i32,
    /// Appointments of the service on one resource and local day.
    pub daily_limit: Option<i32>,
}

impl Default for Rules {
    /// An appointment of no known service.
    fn default() -> Self {
        Rules {
            duration_minutes: limits::DEFAULT_DURATION_MINUTES,
            buffer_before_minutes: 0,
            buffer_after_minutes: 0,
            slot_step_minutes: DEFAULT_STEP_MINUTES,
            slot_anchor: Anchor::Midnight,
            min_notice_minutes: 0,
            horizon_days: LONGEST_HORIZON_DAYS,
            daily_limit: None,
        }
    }
}

/// The time of an appointment, and the time it keeps others from: with its buffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    pub time: Span,
    pub blocked: Span,
}

impl Rules {
    /// The rules as they may be stored; what no service can have is refused.
    pub fn checked(self) -> Result<Self, Refusal> {
        limits::duration_minutes(Some(self.duration_minutes), LONGEST_DURATION_MINUTES)?;
        let minutes = "pass whole minutes";
        in_range("a buffer before of", self.buffer_before_minutes, 0, LONGEST_BUFFER_MINUTES, minutes)?;
        in_range("a buffer after of", self.buffer_after_minutes, 0, LONGEST_BUFFER_MINUTES, minutes)?;
        in_range("a slot step of", self.slot_step_minutes, 1, LONGEST_DURATION_MINUTES, minutes)?;
        in_range("a minimum notice of", self.min_notice_minutes, 0, LONGEST_NOTICE_MINUTES, minutes)?;
        in_range("a horizon of", self.horizon_days, 0, LONGEST_HORIZON_DAYS, "pass whole days")?;
        if let Some(limit) = self.daily_limit {
            in_range("a daily limit of", limit, 1, HIGHEST_DAILY_LIMIT, "pass NULL for no limit")?;
        }
        Ok(self)
    }

    /// These rules for an appointment of the stated length, where there is one.
    pub fn lasting(mut self, stated: Option<i32>) -> Result<Self, Refusal> {
        self.duration_minutes = limits::duration_minutes(stated, self.duration_minutes)?;
        Ok(self)
    }

    /// The slot that starts at `start`; `None` beyond the years that can be represented.
    pub fn slot(&self, start: DateTime<Utc>) -> Option<Slot> {
        let time = Span::lasting(start, self.duration_minutes)?;
        let blocked = time.widened(self.buffer_before_minutes, self.buffer_after_minutes)?;
        Some(Slot { time, blocked })
    }

    /// What an appointment that starts within `starts` can touch.
    pub fn reach(&self, starts: Span) -> Span {
        let last = Span::lasting(starts.end, self.duration_minutes).unwrap_or(starts);
        starts.hull(last).widened(self.buffer_before_minutes, self.buffer_after_minutes).unwrap_or(starts)
    }

    /// The first instant at which an appointment can start.
    pub fn earliest(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now.checked_add_signed(Duration::minutes(i64::from(self.min_notice_minutes))).unwrap_or(now)
    }

    /// The last local date on which an appointment can start.
    pub fn last_date(&self, zone: &impl Zone, now: DateTime<Utc>) -> NaiveDate {
        let today = zone::local_date(zone, now);
        let days = u64::try_from(self.horizon_days).unwrap_or(0);
        today.checked_add_days(Days::new(days)).unwrap_or(today)
    }

    /// The part of `stretch` in which an appointment can start: from the end of the notice to the end of the horizon.
    pub fn bookable(&self, zone: &impl Zone, stretch: Span, now: DateTime<Utc>) -> Span {
        let last_day = grid::day_span(zone, self.last_date(zone, now));
        let end = last_day.map_or(limits::latest_start(now), |day| day.end.min(limits::latest_start(now)));
        Span { start: stretch.start.max(self.earliest(now)), end: stretch.end.min(end) }
    }

    /// Refuses a start that is to come, but too soon or too far ahead for this service.
    pub fn check_start(&self, start: DateTime<Utc>, zone: &impl Zone, now: DateTime<Utc>) -> Result<(), TimeRefusal> {
        let local = zone::local_time(zone, start);
        let refusal = if start < self.earliest(now) {
            Refusal::new(
                Code::TooSoon,
                format!(
                    "{} is sooner than {} from now",
                    local.format("%Y-%m-%d %H:%M"),
                    in_words(self.min_notice_minutes)
                ),
                "choose one of the alternatives",
            )
        } else if local.date() > self.last_date(zone, now) {
            Refusal::new(
                Code::TooFar,
                format!("{} is more than {} days ahead", local.format("%Y-%m-%d"), self.horizon_days),
                "choose one of the alternatives",
            )
        } else {
            return Ok(());
        };
        Err(TimeRefusal { refusal, wanted: Some(start) })
    }
}

/// What a service is found by: its name without regard to case.
pub fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}

fn in_words(minutes: i32) -> String {
    let (number, unit) = if minutes % 60 == 0 { (minutes / 60, "hour") } else { (minutes, "minute") };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

fn in_range(what: &str, value: i32, least: i32, most: i32, hint: &str) -> Result<(), Refusal> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(invalid(format!("{what} {value} is not between {least} and {most}"), hint))
}

fn invalid(message: String, hint: &str) -> Refusal {
    Refusal::new(Code::InvalidRequest, message, hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_zone::{TestZone, at};

    #[test]
    fn buffers_widen_what_is_blocked_and_not_the_time() {
        let rules = Rules { buffer_before_minutes: 10, buffer_after_minutes: 15, ..Rules::default() };
        let slot = rules.slot(at("2026-11-24 14:00")).unwrap();
        assert_eq!(slot.time, Span { start: at("2026-11-24 14:00"), end: at("2026-11-24 15:00") });
        assert_eq!(slot.blocked, Span { start: at("2026-11-24 13:50"), end: at("2026-11-24 15:15") });
    }

    #[test]
    fn a_start_before_the_end_of_the_notice_is_too_soon() {
        let rules = Rules { min_notice_minutes: 120, ..Rules::default() };
        let zone = TestZone::named("UTC");
        let now = at("2026-11-20 12:00");
        let refused = rules.check_start(at("2026-11-20 13:59"), &zone, now).unwrap_err();
        assert_eq!(refused.refusal.code, Code::TooSoon);
        assert_eq!(refused.refusal.message, "2026-11-20 13:59 is sooner than 2 hours from now");
        assert!(rules.check_start(at("2026-11-20 14:00"), &zone, now).is_ok());
    }

    #[test]
    fn the_horizon_ends_with_a_local_day() {
        let rules = Rules { horizon_days: 3, ..Rules::default() };
        let zone = TestZone::named("America/New_York");
        // In New York it is still the 19th.
        let now = at("2026-11-20 04:00");
        assert!(rules.check_start(at("2026-11-23 04:59"), &zone, now).is_ok());
        let refused = rules.check_start(at("2026-11-23 05:00"), &zone, now).unwrap_err();
        assert_eq!((refused.refusal.code, refused.wanted), (Code::TooFar, Some(at("2026-11-23 05:00"))));
        let all = Span { start: at("2026-11-01 00:00"), end: at("2026-12-31 00:00") };
        assert_eq!(rules.bookable(&zone, all, now), Span { start: now, end: at("2026-11-23 05:00") });
    }

    #[test]
    fn a_service_that_cannot_be_is_refused() {
        let fine = Rules::default();
        assert!(fine.clone().checked().is_ok());
        let bad = [
            Rules { duration_minutes: 0, ..fine.clone() },
            Rules { duration_minutes: 1441, ..fine.clone() },
            Rules { buffer_before_minutes: -1, ..fine.clone() },
            Rules { buffer_after_minutes: i32::MAX, ..fine.clone() },
            Rules { slot_step_minutes: 0, ..fine.clone() },
            Rules { min_notice_minutes: -1, ..fine.clone() },
            Rules { horizon_days: 3654, ..fine.clone() },
            Rules { daily_limit: Some(0), ..fine },
        ];
        for rules in bad {
            assert!(rules.clone().checked().is_err(), "{rules:?}");
        }
        assert!(Anchor::parse("noon").is_err());
        assert_eq!(Anchor::parse(Anchor::Opening.as_str()), Ok(Anchor::Opening));
    }

    #[test]
    fn names_match_without_regard_to_case() {
        assert_eq!(name_key(" ZAHNREINIGUNG Für Kinder "), name_key("Zahnreinigung FÜR Kinder"));
    }
}
