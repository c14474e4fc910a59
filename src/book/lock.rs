//! The locks of a booking: all of them in one statement, in one order.
//!
//! One key per resource and UTC day that the blocked time touches (a key of the day it starts on alone would let 23:30 to
//! 00:30 and 00:00 meet), one for the contact, one for the idempotency key. They are held to the end of the transaction.
//! Since every call takes its keys sorted, two bookings never deadlock. What changes an appointment takes the lock of that
//! appointment before them; a call has one at the most, so that closes no circle either.

use std::hash::Hasher;

use booking_core::calendar::Span;
use booking_core::phone::E164;
use pgrx::spi::SpiClient;
use siphasher::sip::SipHasher24;
use uuid::Uuid;

use crate::book::idempotency::Key;
use crate::error::{Error, Result};
use crate::organization::as_postgres;
use crate::statement::run_fresh;

/// $1 org_id, $2 the keys, sorted. Reading the organization's row with it puts the lock where the row lives.
const TAKE: &str = "
    SELECT pg_catalog.pg_advisory_xact_lock(slot.key)
    FROM booking.organizations AS o, pg_catalog.unnest($2) AS slot (key)
    WHERE o.org_id = $1
    ORDER BY slot.key";

/// The server's lock table holds some 20,000 locks for all sessions together; one call may take this many.
const MOST_LOCKS: usize = 2_000;

/// Our own seed keeps our 64-bit keys apart from those of other applications in the same database.
const SEED: (u64, u64) = (0x7067_5f62_6f6f_6b69, 0x6e67_5f6c_6f63_6b73);

/// The locks that a call needs, to be taken together.
pub struct Locks {
    org_id: Uuid,
    keys: Vec<i64>,
}

impl Locks {
    pub fn new(org_id: Uuid) -> Self {
        Locks { org_id, keys: Vec::new() }
    }

    /// Every UTC day that `span` touches, of each resource.
    pub fn slots(&mut self, resource_ids: impl IntoIterator<Item = Uuid>, span: Span) {
        for resource_id in resource_ids {
            self.keys.extend(days(span).map(|day| slot_key(self.org_id, resource_id, day)));
        }
    }

    pub fn contact(&mut self, phone: &E164) {
        self.keys.push(hash(b"contact", self.org_id, phone.as_str().as_bytes()));
    }

    pub fn idempotency(&mut self, key: Option<&Key>) {
        self.keys.extend(key.map(|key| hash(b"idempotency", self.org_id, key.text().as_bytes())));
    }

    /// Takes them, waiting for whoever holds one.
    #[inline(never)] // make bench counts what it costs
    pub fn take(mut self, client: &mut SpiClient<'_>) -> Result<()> {
        self.keys.sort_unstable();
        self.keys.dedup();
        if self.keys.len() > MOST_LOCKS {
            return Err(Error::TooMuch {
                message: format!("{} locks are more than the {MOST_LOCKS} that one call may take", self.keys.len()),
                hint: "pass p_resource_id, or fewer times".to_owned(),
            });
        }
        run_fresh(client, TAKE, &[as_postgres(self.org_id).into(), self.keys.into()])?;
        Ok(())
    }
}

/// Takes the lock of one appointment, before any other: whoever changes an appointment must know what it is before they
/// know which slots to lock. Whether the organization exists.
pub fn appointment(client: &mut SpiClient<'_>, org_id: Uuid, id: Uuid) -> Result<bool> {
    one(client, org_id, hash(b"appointment", org_id, id.as_bytes()))
}

/// Takes the lock of the organization's opening hours: of two who set them at once, the second replaces what the first set.
pub fn hours(client: &mut SpiClient<'_>, org_id: Uuid) -> Result<bool> {
    one(client, org_id, hash(b"hours", org_id, b""))
}

fn one(client: &mut SpiClient<'_>, org_id: Uuid, key: i64) -> Result<bool> {
    Ok(!run_fresh(client, TAKE, &[as_postgres(org_id).into(), vec![key].into()])?.is_empty())
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
