//! Normalization as SQL functions. The rules are in `booking_core`; what they refuse is an error here (22023, with a hint).

use booking_core::date::DateOrder;
use booking_core::{appointment_time, booking_data, email, name, phone, speech, zone};
use chrono::NaiveDateTime;
use pgrx::Json;
use pgrx::prelude::*;
use serde_json::Value;

use crate::error::{Error, Result, or_raise};
use crate::instant;
use crate::raw_json::JsonText;
use crate::server_zone::ServerZone;

#[pg_extern(immutable, strict, parallel_safe)]
fn normalize_phone(p_phone: &str, p_region: default!(&str, "'US'")) -> String {
    or_raise(phone::normalize_phone(p_phone, p_region).map(phone::E164::into_string).map_err(Error::from))
}

#[pg_extern(immutable, strict, parallel_safe)]
fn normalize_name(p_name: &str) -> String {
    or_raise(name::normalize_name(p_name).map_err(Error::from))
}

#[pg_extern(immutable, strict, parallel_safe)]
fn normalize_email(p_email: &str) -> String {
    or_raise(email::normalize_email(p_email).map_err(Error::from))
}

#[pg_extern(stable, strict, parallel_safe)]
fn normalize_booking_time(
    p_date: &str,
    p_time: &str,
    p_timezone: default!(&str, "'UTC'"),
    p_now: default!(TimestampWithTimeZone, "pg_catalog.now()"),
) -> TimestampWithTimeZone {
    let settled = || -> Result<TimestampWithTimeZone> {
        let zone = ServerZone::named(p_timezone)?;
        let now = instant::from_postgres(p_now)?;
        let order = DateOrder::for_timezone(p_timezone);
        let time = appointment_time::from_text(p_date, p_time, &zone, order, now)?;
        Ok(instant::to_postgres(time.starts_at)?)
    };
    or_raise(settled())
}

#[pg_extern(stable, strict, parallel_safe)]
fn normalize_booking_data(
    p_data: JsonText,
    p_timezone: default!(&str, "'UTC'"),
    p_region: default!(&str, "'US'"),
    p_now: default!(TimestampWithTimeZone, "pg_catalog.now()"),
) -> Json {
    let clean = || -> Result<Json> {
        let zone = ServerZone::named(p_timezone)?;
        let region = crate::organization::known_region(p_region)?;
        let now = instant::from_postgres(p_now)?;
        let request = booking_data::parse_object(&p_data.0)?;
        Ok(Json(Value::Object(booking_data::normalize(request, &zone, &region, now)?)))
    };
    or_raise(clean())
}

#[pg_extern(stable, strict, parallel_safe)]
fn format_slots(
    p_slots: Vec<Option<TimestampWithTimeZone>>,
    p_timezone: &str,
    p_now: default!(TimestampWithTimeZone, "pg_catalog.now()"),
) -> String {
    let said = || -> Result<String> {
        let zone = ServerZone::named(p_timezone)?;
        let today = zone::local_date(&zone, instant::from_postgres(p_now)?);
        let mut slots: Vec<NaiveDateTime> = Vec::new();
        for slot in p_slots.into_iter().flatten() {
            slots.push(zone::local_time(&zone, instant::from_postgres(slot)?));
        }
        Ok(speech::format_slots(&slots, today))
    };
    or_raise(said())
}
