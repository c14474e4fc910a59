//! Time zones from the server's own database, so that the extension and SQL never disagree about an offset.

use std::ffi::CString;
use std::ptr::NonNull;

use booking_core::refusal::quoted;
use booking_core::zone::{Zone, is_zone_name};
use booking_core::{Code, Refusal};
use chrono::{DateTime, Utc};
use pgrx::pg_sys;

/// A zone of the server. The server keeps every zone it has read for the life of the process.
pub struct ServerZone(NonNull<pg_sys::pg_tz>);

impl ServerZone {
    /// The zone called `name`; an unknown name is refused.
    pub fn named(name: &str) -> Result<Self, Refusal> {
        Self::find(name).map(ServerZone).ok_or_else(|| {
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

impl Zone for ServerZone {
    fn offset_seconds_at(&self, instant: DateTime<Utc>) -> i32 {
        let seconds: pg_sys::pg_time_t = instant.timestamp();
        // SAFETY: both pointers are valid; the answer points to a static of the server and is read at once, NULL for
        // instants it cannot express.
        unsafe { pg_sys::pg_localtime(&seconds, self.0.as_ptr()).as_ref() }
            .and_then(|local| i32::try_from(local.tm_gmtoff).ok())
            .unwrap_or(0)
    }
}
