//! Writing a booking: the appointment, its contact and its idempotency key in one statement, and a second one only where a
//! writer without our lock made the contact at the same moment.

use pgrx::spi::SpiClient;
use serde_json::Value;
use uuid::Uuid;

use crate::answer::Booked;
use crate::book::idempotency::Key;
use crate::book::request::Wish;
use crate::error::{Error, Result};
use crate::instant;
use crate::organization::{Organization, as_postgres, from_postgres};
use crate::statement::run_fresh;

/// The contact that a booking belongs to, as it will stand after it.
pub struct Contact {
    pub id: Uuid,
    email: String,
    /// Nothing to write where the booking brings neither a new person nor a new name or address.
    changed: bool,
}

/// $1 org_id, $2 phone.
const FIND_CONTACT: &str = "
    SELECT c.id, c.name, c.email FROM booking.contacts AS c WHERE c.org_id = $1 AND c.phone = $2";

impl Contact {
    /// The contact with this phone, or a new one. The lock on (organization, phone) keeps the answer true until the end of
    /// the transaction.
    pub fn find(client: &mut SpiClient<'_>, organization: &Organization, wish: &Wish) -> Result<Self> {
        let arguments = [as_postgres(organization.id).into(), wish.phone.as_str().into()];
        let found = run_fresh(client, FIND_CONTACT, &arguments)?;
        if found.is_empty() {
            let email = wish.email.clone().unwrap_or_else(|| placeholder_email(wish));
            return Ok(Contact { id: Uuid::now_v7(), email, changed: true });
        }
        let (id, name, email) = found.first().get_three::<pgrx::Uuid, String, String>()?;
        let id = id.map(from_postgres).ok_or_else(|| Error::missing("contact"))?;
        let known = email.unwrap_or_default();
        // A caller who leaves the address out does not take back the one that is known.
        let email = wish.email.clone().unwrap_or_else(|| known.clone());
        let changed = name.as_deref() != Some(wish.name.as_str()) || email != known;
        Ok(Contact { id, email, changed })
    }
}

/// The address of someone who has none: never mailed, since the domain cannot exist.
fn placeholder_email(wish: &Wish) -> String {
    format!("{}@no-email.invalid", wish.phone.as_str().trim_start_matches('+'))
}

/// The appointment comes first and everything else hangs off the row it returns, so that a slot taken behind our back leaves
/// no trace. A key that another transaction used since our snapshot (above READ COMMITTED) ends in a serialization failure
/// instead of a broken constraint: whoever runs it again gets that key's answer.
///
/// $1 org_id, $2 id, $3 resource, $4 seat, $5 contact, $6 name, $7 service, $8 start, $9 end, $10 metadata, $11 phone,
/// $12 email, $13 whether the contact changes, $14 idempotency key or NULL, $15 fingerprint, $16 answer.
const WRITE: &str = "
    WITH appointment AS (
        INSERT INTO booking.appointments
            (org_id, id, resource_id, seat, contact_id, patient_name, service_type, starts_at, ends_at, blocked, metadata)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, pg_catalog.tstzrange($8, $9, '[)'), $10::pg_catalog.jsonb)
        ON CONFLICT DO NOTHING
        RETURNING org_id, contact_id, created_at
    ), contact AS (
        INSERT INTO booking.contacts (org_id, id, phone, name, email, created_at, updated_at)
        SELECT a.org_id, a.contact_id, $11, $6, $12, a.created_at, a.created_at FROM appointment AS a WHERE $13
        ON CONFLICT (org_id, phone) DO UPDATE
            SET name = excluded.name, email = excluded.email, updated_at = excluded.updated_at
        RETURNING id
    ), idempotency AS (
        INSERT INTO booking.idempotency_keys (org_id, key, fingerprint, response, created_at)
        SELECT a.org_id, $14, $15, $16, a.created_at FROM appointment AS a WHERE $14 IS NOT NULL
        ON CONFLICT DO NOTHING
    )
    SELECT contact.id FROM appointment LEFT JOIN contact ON true";

/// Ties a booking to the contact that somebody who does not take our lock made for the same phone at the same moment.
/// $1 org_id, $2 appointment, $3 contact, $4 idempotency key or NULL, $5 answer.
const ADOPT_CONTACT: &str = "
    WITH appointment AS (
        UPDATE booking.appointments AS a SET contact_id = $3 WHERE a.org_id = $1 AND a.id = $2
    )
    UPDATE booking.idempotency_keys AS i SET response = $5 WHERE i.org_id = $1 AND i.key = $4";

pub struct Appointment<'a> {
    pub booked: &'a Booked,
    pub seat: i32,
    pub wish: &'a Wish,
    pub contact: &'a Contact,
}

/// Writes the booking together with the answer to it, and gives that answer back. `None` when the slot is taken after all.
pub fn write(
    client: &mut SpiClient<'_>,
    organization: &Organization,
    appointment: &Appointment<'_>,
    key: Option<&Key>,
    mut answer: Value,
) -> Result<Option<Value>> {
    let Appointment { booked, seat, wish, contact } = appointment;
    let arguments = [
        as_postgres(organization.id).into(),
        as_postgres(booked.appointment_id).into(),
        as_postgres(booked.resource_id).into(),
        (*seat).into(),
        as_postgres(booked.contact_id).into(),
        wish.name.as_str().into(),
        wish.service_type.as_str().into(),
        instant::to_postgres(booked.starts_at)?.into(),
        instant::to_postgres(booked.ends_at)?.into(),
        wish.metadata.as_str().into(),
        wish.phone.as_str().into(),
        contact.email.as_str().into(),
        contact.changed.into(),
        key.map(Key::text).into(),
        key.map(Key::fingerprint).into(),
        key.map(|_| answer.to_string()).into(),
    ];
    let written = run_fresh(client, WRITE, &arguments)?;
    if written.is_empty() {
        return Ok(None);
    }
    let contact_id = written.first().get_one::<pgrx::Uuid>()?.map(from_postgres);
    if let Some(other) = contact_id.filter(|id| *id != booked.contact_id) {
        answer["contactId"] = other.to_string().into();
        let arguments = [
            as_postgres(organization.id).into(),
            as_postgres(booked.appointment_id).into(),
            as_postgres(other).into(),
            key.map(Key::text).into(),
            answer.to_string().into(),
        ];
        run_fresh(client, ADOPT_CONTACT, &arguments)?;
    }
    Ok(Some(answer))
}
