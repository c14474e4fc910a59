//! Zones for this crate's own tests, from a compiled-in time zone database.

use chrono::{DateTime, NaiveDateTime, Offset, TimeZone, Utc};

use crate::zone::Zone;

pub struct TestZone(chrono_tz::Tz);

impl TestZone {
    pub fn named(name: &str) -> Self {
        TestZone(name.parse().unwrap())
    }
}

impl Zone for TestZone {
    fn offset_seconds_at(&self, instant: DateTime<Utc>) -> i32 {
        self.0.offset_from_utc_datetime(&instant.naive_utc()).fix().local_minus_utc()
    }
}

/// A wall-clock time written `2026-11-24 14:30`.
pub fn wall(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
}

/// An instant written in UTC as `2026-11-24 14:30`.
pub fn at(text: &str) -> DateTime<Utc> {
    wall(text).and_utc()
}
