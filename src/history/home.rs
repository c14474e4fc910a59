//! Which server this is, as far as it matters to what the ids of transactions mean.

use booking_core::history::Home;
use pgrx::pg_sys;
use pgrx::spi::SpiClient;

use crate::error::Result;
use crate::statement::run_fresh;

/// A crash takes the statistics with it, and nothing but a crash or whoever resets them does. What was not on disk at a crash has
/// given its ids back: a transaction that a snapshot took for one that was over may be another one now.
const RECOVERED_AT: &str = "
    SELECT (pg_catalog.date_part('epoch', a.stats_reset) * 1000000)::bigint FROM pg_catalog.pg_stat_archiver AS a";

pub fn here(client: &mut SpiClient<'_>) -> Result<Home> {
    let recovered_at = run_fresh(client, RECOVERED_AT, &[])?.first()?.get::<i64>(1)?;
    // SAFETY: both read what this process was started with.
    let (system, database) = unsafe { (pg_sys::GetSystemIdentifier(), pg_sys::MyDatabaseId.to_u32()) };
    Ok(Home { system, database, timeline: timeline(), recovered_at: recovered_at.unwrap_or(0) })
}

/// The timeline that this server writes, or that it follows.
fn timeline() -> u32 {
    // SAFETY: both read shared memory, which is there as long as the server is.
    unsafe {
        if pg_sys::RecoveryInProgress() {
            let mut timeline: pg_sys::TimeLineID = 0;
            pg_sys::GetXLogReplayRecPtr(&mut timeline);
            return timeline;
        }
        written_timeline()
    }
}

#[cfg(not(feature = "pg14"))]
unsafe fn written_timeline() -> u32 {
    // SAFETY: the server is not in recovery.
    unsafe { pg_sys::GetWALInsertionTimeLine() }
}

#[cfg(feature = "pg14")]
unsafe fn written_timeline() -> u32 {
    // SAFETY: a variable of this process, set by the question whether the server is in recovery.
    unsafe { pg_sys::ThisTimeLineID }
}
