//! The locks of a booking: all of them in one statement, in one order.
//!
//! One key per resource and UTC day that the blocked time touches (a key of the day it starts on alone would let 23:30 to
//! 00:30 and 00:00 meet), one for the contact, one for the idempotency key. They are held to the end of the transaction.
//! Since every booking takes its keys sorted, two bookings never deadlock.

use std::hash::Hasher;

use booking_core::calendar::Span;
use booking_core::phone::E164;
use pgrx::spi::SpiClient;
use siphasher::sip::SipHasher24;
use uuid::Uuid;

use crate::book::idempotency::Key;
use crate::error::{Error, Result};
use crate::organization::{Organization, as_postgres};
use crate::statement::run_fresh;

/// $1 org_id, $2 the keys, sorted. Reading the organization's row with it puts the lock where the row lives.
const TAKE: &str = "
    SELECT pg_catalog.pg_advisory_xact_lock(slot.key)
    FROM booking.organizations AS o, pg_catalog.unnest($2) AS slot (key)
    WHERE o.org_id = $1
    ORDER BY slot.key";

/// The server's lock table holds some 20,000 locks for all sessions together; one booking may take this many.
const MOST_LOCKS: usize = 2_000;

/// Our own seed keeps our 64-bit keys apart from those of other applications in the same database.
const SEED: (u64, u64) = (0x7067_5f62_6f6f_6b69, 0x6e67_5f6c_6f63_6b73);

/// Takes every lock that booking `span` needs, waiting for whoever holds one.
pub fn take(
    client: &mut SpiClient<'_>,
    organization: &Organization,
    span: Span,
    phone: &E164,
    key: Option<&Key>,
) -> Result<()> {
    let mut keys: Vec<i64> = Vec::new();
    for resource in &organization.resources {
        keys.extend(days(span).map(|day| slot_key(organization.id, resource.id, day)));
    }
    if keys.len() > MOST_LOCKS {
        return Err(Error::TooMuch {
            message: format!("booking any of {} resources would take too many locks", organization.resources.len()),
            hint: "pass p_resource_id".to_owned(),
        });
    }
    keys.push(hash(b"contact", organization.id, phone.as_str().as_bytes()));
    keys.extend(key.map(|key| hash(b"idempotency", organization.id, key.text().as_bytes())));
    keys.sort_unstable();
    keys.dedup();
    run_fresh(client, TAKE, &[as_postgres(organization.id).into(), keys.into()])?;
    Ok(())
}

/// Every UTC day that the half-open span touches, counted from 1970-01-01.
fn days(span: Span) -> std::ops::RangeInclusive<i64> {
    const SECONDS: i64 = 24 * 60 * 60;
    let last_microsecond = span.end.timestamp_micros().saturating_sub(1);
    span.start.timestamp().div_euclid(SECONDS)..=last_microsecond.div_euclid(SECONDS * 1_000_000)
}

fn slot_key(org_id: Uuid, resource_id: Uuid, day: i64) -> i64 {
    let mut name = [0; 24];
    let (id, number) = name.split_at_mut(16);
    id.copy_from_slice(resource_id.as_bytes());
    number.copy_from_slice(&day.to_le_bytes());
    hash(b"slot", org_id, &name)
}

fn hash(kind: &[u8], org_id: Uuid, name: &[u8]) -> i64 {
    let mut hasher = SipHasher24::new_with_keys(SEED.0, SEED.1);
    hasher.write(kind);
    hasher.write(org_id.as_bytes());
    hasher.write(name);
    hasher.finish().cast_signed()
}
