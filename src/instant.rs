//! Instants between Postgres and chrono.

use booking_core::{Code, Refusal};
use chrono::{DateTime, Datelike, Duration, NaiveDate, Utc};
use pgrx::prelude::*;

/// 2000-01-01T00:00:00Z, where Postgres counts from, in microseconds of the Unix epoch.
const POSTGRES_EPOCH_MICROSECONDS: i64 = 946_684_800_000_000;

/// The instant of a timestamptz. `infinity` and `-infinity` are refused: nothing can be booked there. So are years that chrono
/// cannot hold, which are far beyond what can be booked.
pub fn from_postgres(timestamp: TimestampWithTimeZone) -> Result<DateTime<Utc>, Refusal> {
    let microseconds: i64 = timestamp.into();
    if matches!(microseconds, i64::MIN | i64::MAX) {
        return Err(Refusal::new(Code::InvalidTime, "infinity is not a time", "pass a time with a date"));
    }
    microseconds
        .checked_add(POSTGRES_EPOCH_MICROSECONDS)
        .and_then(DateTime::from_timestamp_micros)
        .ok_or_else(|| Refusal::new(Code::TooFar, "the year is beyond 262142", "pass a nearer date"))
}

/// The timestamptz of an instant.
pub fn to_postgres(instant: DateTime<Utc>) -> Result<TimestampWithTimeZone, Refusal> {
    instant
        .timestamp_micros()
        .checked_sub(POSTGRES_EPOCH_MICROSECONDS)
        .and_then(|microseconds| TimestampWithTimeZone::try_from(microseconds).ok())
        .ok_or_else(|| Refusal::new(Code::InvalidDate, format!("{instant} is out of range"), "pass a nearer date"))
}

/// The start of the current transaction, as SQL's `now()`.
pub fn transaction_now() -> DateTime<Utc> {
    // SAFETY: reads a variable of the current transaction; there always is one in a function call.
    let microseconds = unsafe { pg_sys::GetCurrentTransactionStartTimestamp() };
    DateTime::UNIX_EPOCH + Duration::microseconds(microseconds.saturating_add(POSTGRES_EPOCH_MICROSECONDS))
}

/// The time on the server's clock now, as SQL's `clock_timestamp()`: what a hold expires by, however long the transaction
/// has been running or waiting.
pub fn clock_now() -> DateTime<Utc> {
    // SAFETY: reads the clock.
    let microseconds = unsafe { pg_sys::GetCurrentTimestamp() };
    DateTime::UNIX_EPOCH + Duration::microseconds(microseconds.saturating_add(POSTGRES_EPOCH_MICROSECONDS))
}

/// The days from 0001-01-01, the first day of chrono's count, to 1970-01-01.
const UNIX_EPOCH_DAY: i32 = 719_163;

/// A date as statements pass it: in days after 1970-01-01.
pub fn day_of_date(date: NaiveDate) -> i32 {
    date.num_days_from_ce().saturating_sub(UNIX_EPOCH_DAY)
}

/// The date that is `day` days after 1970-01-01; `None` beyond what chrono can hold.
pub fn date_of_day(day: i32) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(day.checked_add(UNIX_EPOCH_DAY)?)
}
