//! Local time and instants. The offsets come from whoever owns the time zone database (in the extension: the server's own);
//! what to do where a local time happens twice or not at all is decided here, once.

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

/// A time zone: how far local time is ahead of UTC at an instant.
pub trait Zone {
    /// Seconds east of UTC in force at `instant`.
    fn offset_seconds_at(&self, instant: DateTime<Utc>) -> i32;
}

/// No zone changes its offset twice within this time on either side of an instant.
const AROUND_A_CHANGE: Duration = Duration::hours(25);

/// The wall-clock time at `instant`.
pub fn local_time(zone: &impl Zone, instant: DateTime<Utc>) -> NaiveDateTime {
    let offset = TimeDelta::seconds(i64::from(zone.offset_seconds_at(instant)));
    instant.naive_utc().checked_add_signed(offset).unwrap_or(instant.naive_utc())
}

/// The calendar day at `instant`.
pub fn local_date(zone: &impl Zone, instant: DateTime<Utc>) -> NaiveDate {
    local_time(zone, instant).date()
}

/// Every instant at which a clock on the wall shows `local`, earliest first: one on most days, two in the hour that autumn
/// repeats, none in the hour that spring leaves out.
pub fn instants(zone: &impl Zone, local: NaiveDateTime) -> Vec<DateTime<Utc>> {
    let (before, after) = offsets_around(zone, local);
    let mut found = Vec::with_capacity(2);
    for offset in [before, after] {
        if let Some(instant) = at_offset(local, offset)
            && zone.offset_seconds_at(instant) == offset
            && !found.contains(&instant)
        {
            found.push(instant);
        }
    }
    found.sort_unstable();
    found
}

/// The one instant that `local` stands for: the earlier of two; where there is none, the offset from before the gap
/// counts, as RFC 5545 says (02:30 becomes 03:30). `None` only outside the years that can be represented.
pub fn instant(zone: &impl Zone, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    let (before, after) = offsets_around(zone, local);
    if before == after {
        return at_offset(local, before);
    }
    match instants(zone, local).first() {
        Some(instant) => Some(*instant),
        None => at_offset(local, before),
    }
}

/// The midnight that begins `date`, where the offset is the same from well before the day until well after it: then every
/// time of that day is one instant, counted from this one.
pub fn start_of_plain_day(zone: &impl Zone, date: NaiveDate) -> Option<DateTime<Utc>> {
    let midnight = date.and_time(NaiveTime::MIN);
    let (before, early) = offsets_around(zone, midnight);
    let (late, after) = offsets_around(zone, date.succ_opt()?.and_time(NaiveTime::MIN));
    if before == early && before == late && before == after { at_offset(midnight, before) } else { None }
}

fn offsets_around(zone: &impl Zone, local: NaiveDateTime) -> (i32, i32) {
    let as_utc = local.and_utc();
    let day_before = as_utc.checked_sub_signed(AROUND_A_CHANGE).unwrap_or(as_utc);
    let day_after = as_utc.checked_add_signed(AROUND_A_CHANGE).unwrap_or(as_utc);
    (zone.offset_seconds_at(day_before), zone.offset_seconds_at(day_after))
}

fn at_offset(local: NaiveDateTime, offset: i32) -> Option<DateTime<Utc>> {
    local.checked_sub_signed(TimeDelta::seconds(i64::from(offset))).map(|utc| utc.and_utc())
}

/// Whether `name` has the form of an IANA zone name: letters, digits, `_`, `-`, `+` and single slashes. It keeps out what
/// the server would also accept as a zone but nobody means: POSIX rules (`XYZ+3`), abbreviations and paths.
pub fn is_zone_name(name: &str) -> bool {
    let well_formed = name.len() <= 64
        && name.split('/').all(|part| {
            part.starts_with(|c: char| c.is_ascii_alphabetic())
                && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+'))
        });
    let has_digit = name.contains(|c: char| c.is_ascii_digit());
    let with_digits = name.starts_with("Etc/GMT")
        || matches!(name, "EST5EDT" | "CST6CDT" | "MST7MDT" | "PST8PDT" | "GMT0" | "GMT+0" | "GMT-0");
    well_formed && (!has_digit || with_digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_zone::{TestZone, at, wall};

    #[test]
    fn an_ordinary_local_time_is_one_instant() {
        let zone = TestZone::named("America/New_York");
        assert_eq!(instants(&zone, wall("2026-11-24 14:30")), vec![at("2026-11-24 19:30")]);
    }

    #[test]
    fn the_repeated_hour_of_autumn_is_the_earlier_instant() {
        let zone = TestZone::named("America/New_York");
        let twice = wall("2026-11-01 01:30");
        assert_eq!(instants(&zone, twice), vec![at("2026-11-01 05:30"), at("2026-11-01 06:30")]);
        assert_eq!(instant(&zone, twice), Some(at("2026-11-01 05:30")));
    }

    #[test]
    fn the_missing_hour_of_spring_counts_from_before_the_gap() {
        let zone = TestZone::named("America/New_York");
        let missing = wall("2026-03-08 02:30");
        assert!(instants(&zone, missing).is_empty());
        let moved = instant(&zone, missing).unwrap();
        assert_eq!(local_time(&zone, moved), wall("2026-03-08 03:30"));
    }

    #[test]
    fn a_half_hour_change_repeats_only_half_an_hour() {
        let zone = TestZone::named("Australia/Lord_Howe");
        assert_eq!(instants(&zone, wall("2026-04-05 01:45")).len(), 2);
        assert_eq!(instants(&zone, wall("2026-04-05 01:15")).len(), 1);
        assert!(instants(&zone, wall("2026-10-04 02:15")).is_empty());
    }

    #[test]
    fn apia_has_no_thirtieth_of_december_2011() {
        let zone = TestZone::named("Pacific/Apia");
        assert!(instants(&zone, wall("2011-12-30 12:00")).is_empty());
        assert_eq!(instants(&zone, wall("2011-12-31 12:00")).len(), 1);
        assert_eq!(instants(&zone, wall("2011-12-29 12:00")).len(), 1);
    }

    #[test]
    fn local_time_and_back_agree_in_every_zone_through_a_whole_year() {
        for name in ["Europe/London", "Australia/Sydney", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns"] {
            let zone = TestZone::named(name);
            let mut moment = at("2026-01-01 00:00");
            while moment < at("2027-01-01 00:00") {
                assert!(instants(&zone, local_time(&zone, moment)).contains(&moment), "{name} {moment}");
                moment += Duration::minutes(15);
            }
        }
    }

    #[test]
    fn posix_rules_and_paths_are_not_zone_names() {
        for good in [
            "UTC",
            "America/New_York",
            "America/Argentina/Buenos_Aires",
            "Etc/GMT+5",
            "EST5EDT",
            "America/Port-au-Prince",
        ] {
            assert!(is_zone_name(good), "{good}");
        }
        for bad in [
            "",
            "XYZ+3",
            "EST5",
            "America/Nowhere3",
            "../etc/passwd",
            "/UTC",
            "America//New_York",
            "New York",
            "<+03>-3",
        ] {
            assert!(!is_zone_name(bad), "{bad}");
        }
    }
}
