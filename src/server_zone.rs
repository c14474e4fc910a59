//! Time zones from the server's own database, so that the extension and SQL never disagree about an offset.

use std::cell::Cell;
use std::ffi::CString;
use std::ptr::NonNull;

use booking_core::refusal::quoted;
use booking_core::zone::{Zone, is_zone_name};
use booking_core::{Code, Refusal};
use chrono::{DateTime, Utc};
use pgrx::pg_sys;

/// A zone of the server. The server keeps every zone it has read for the life of the process.
pub struct ServerZone {
    zone: NonNull<pg_sys::pg_tz>,
    /// Stretches of time whose offset is known, in seconds of the Unix epoch: a calendar is asked for many instants of the same
    /// season, and at a change for those on both sides of it.
    known: Cell<[Season; 2]>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Season {
    from: i64,
    until: i64,
    offset_seconds: i32,
}

impl ServerZone {
    /// The zone called `name`; an unknown name is refused.
    pub fn named(name: &str) -> Result<Self, Refusal> {
        Self::find(name).map(|zone| ServerZone { zone, known: Cell::default() }).ok_or_else(|| {
            Refusal::new(
                Code::InvalidTimezone,
                format!("time zone {} does not exist", quoted(name)),
                "pass an IANA name, as America/New_York; they are listed in pg_timezone_names",
            )
        })
    }

    fn find(name: &str) -> Option<NonNull<pg_sys::pg_tz>> {
        if !is_zone_name(name) {
            return None;
        }
        let name = CString::new(name).ok()?;
        // SAFETY: a NUL-terminated name of the form of a zone; the answer is NULL or a pointer that stays valid.
        let zone = NonNull::new(unsafe { pg_sys::pg_tzset(name.as_ptr()) })?;
        // SAFETY: as above. Zones that count leap seconds are not acceptable to the server either.
        unsafe { pg_sys::pg_tz_acceptable(zone.as_ptr()) }.then_some(zone)
    }
}

impl ServerZone {
    fn ask(&self, moment: pg_sys::pg_time_t) -> i32 {
        // SAFETY: both pointers are valid; the answer points to a static of the server and is read at once, NULL for
        // instants it cannot express.
        unsafe { pg_sys::pg_localtime(&moment, self.zone.as_ptr()).as_ref() }
            .and_then(|local| i32::try_from(local.tm_gmtoff).ok())
            .unwrap_or(0)
    }

    /// When the offset may change next: not before it is what it was at `moment`. `None` where it never does, or does right then.
    fn next_change(&self, moment: pg_sys::pg_time_t) -> Option<pg_sys::pg_time_t> {
        let (mut before, mut after, mut change) = (0, 0, 0);
        let (mut is_summer_before, mut is_summer_after) = (0, 0);
        // SAFETY: all pointers are valid for the call. Only the time of the change is used: the offset that comes with it is not
        // the one in force at a change, nor before the first.
        let found = unsafe {
            pg_sys::pg_next_dst_boundary(
                &moment,
                &mut before,
                &mut is_summer_before,
                &mut change,
                &mut after,
                &mut is_summer_after,
                self.zone.as_ptr(),
            )
        };
        (found == 1 && change > moment).then_some(change)
    }
}

impl Zone for ServerZone {
    fn offset_seconds_at(&self, instant: DateTime<Utc>) -> i32 {
        let moment = instant.timestamp();
        let [first, second] = self.known.get();
        if let Some(season) = [first, second].iter().find(|season| (season.from..season.until).contains(&moment)) {
            return season.offset_seconds;
        }
        let offset_seconds = self.ask(moment);
        if let Some(until) = self.next_change(moment) {
            let season = Season { from: moment, until, offset_seconds };
            // One that ends then is the later part of this one.
            self.known.set([season, if first.until == until { second } else { first }]);
        }
        offset_seconds
    }
}
