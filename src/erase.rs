//! Forgetting: one person, or everybody that an organization has booked.

use booking_core::calendar::Span;
use booking_core::phone::normalize_phone;
use booking_core::refusal::quoted;
use booking_core::status::Status;
use booking_core::{Code, Refusal};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer;
use crate::book::lock::{self, Locks};
use crate::error::{Error, Result};
use crate::event;
use crate::follow_up;
use crate::instant;
use crate::organization::{Asked, Organization, as_postgres, from_postgres, org_not_found};
use crate::outbox;
use crate::outside_calendar;
use crate::statement::run_fresh;
use crate::tenant;
use crate::voice;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn erase_contact(p_org_id: Option<pgrx::Uuid>, p_phone: Option<String>) -> pgrx::Json {
    answer::for_program(Spi::connect_mut(|client| erase(client, p_org_id, p_phone.as_deref())))
}

fn erase(client: &mut SpiClient<'_>, org_id: Option<pgrx::Uuid>, phone: Option<&str>) -> Result<Value> {
    let organization = Organization::read(client, Asked { org_id: org_id.map(from_postgres), ..Asked::default() })?;
    let stated = phone.ok_or_else(|| Refusal::new(Code::InvalidPhone, "no phone was given", "pass the phone"))?;
    let phone = normalize_phone(stated, &organization.default_region)?;
    let not_found = || {
        let message = format!("nobody with the phone {} has booked in this organization", phone.as_str());
        Refusal::new(Code::ContactNotFound, message, "pass the phone that the bookings were made with")
    };
    let Some(contact) = find(client, organization.id, phone.as_str())? else {
        // Whoever has never booked may have called, and left a message.
        return match forget_caller(client, &organization, phone.as_str())? {
            0 => Err(not_found().into()),
            _ => Ok(json!({"success": true, "appointments": 0, "cancelled": 0})),
        };
    };
    // Appointments, slots, follow-ups, jobs, messages: in the order in which everybody locks them.
    for id in appointments_of(client, organization.id, contact)? {
        lock::appointment(client, organization.id, id)?;
    }
    let mut locks = Locks::new(organization.id);
    locks.contact(&phone);
    for (resource_id, blocked) in occupied(client, organization.id, contact)? {
        locks.slots([resource_id], blocked);
    }
    locks.take(client)?;
    // Somebody else may have erased it while this waited.
    if find(client, organization.id, phone.as_str())? != Some(contact) {
        return Err(not_found().into());
    }
    run_fresh(client, LOCK_ROWS, &[as_postgres(organization.id).into(), as_postgres(contact).into()])?;
    if organization.has_outbox {
        voice::forget(client, organization.id, Some(contact), phone.as_str())?;
        follow_up::forget(client, organization.id, phone.as_str(), Some(contact))?;
        outbox::forget(client, organization.id, contact, phone.as_str())?;
        outside_calendar::remove(client, organization.id, Some(contact))?;
    }
    let (appointments, cancelled) = erase_all(client, &organization, contact)?;
    Ok(json!({"success": true, "appointments": appointments, "cancelled": cancelled}))
}

/// Forgets the calls of somebody who is no contact and what is to be done for them, and says how much that was. The library also
/// serves the release before it, which has neither.
fn forget_caller(client: &mut SpiClient<'_>, organization: &Organization, phone: &str) -> Result<usize> {
    if !organization.has_outbox {
        return Ok(0);
    }
    let calls = voice::forget(client, organization.id, None, phone)?;
    Ok(calls.saturating_add(follow_up::forget(client, organization.id, phone, None)?))
}

/// $1 org_id, $2 phone.
const FIND: &str = "
    SELECT c.id FROM booking.contacts AS c WHERE c.org_id = $1 AND c.phone = $2";

fn find(client: &mut SpiClient<'_>, org_id: Uuid, phone: &str) -> Result<Option<Uuid>> {
    let found = run_fresh(client, FIND, &[as_postgres(org_id).into(), phone.into()])?;
    let row = found.into_iter().next();
    Ok(row.map(|row| row.get::<pgrx::Uuid>(1)).transpose()?.flatten().map(from_postgres))
}

/// $1 org_id, $2 contact. In one order.
const LOCK_ROWS: &str = "
    SELECT a.id FROM booking.appointments AS a WHERE a.org_id = $1 AND a.contact_id = $2 ORDER BY a.id FOR NO KEY UPDATE";

/// $1 org_id, $2 contact.
const APPOINTMENTS: &str = "
    SELECT a.id FROM booking.appointments AS a
    WHERE a.org_id = $1 AND a.contact_id = $2 AND a.status IN ('held', 'pending', 'confirmed')
    ORDER BY a.id";

fn appointments_of(client: &mut SpiClient<'_>, org_id: Uuid, contact: Uuid) -> Result<Vec<Uuid>> {
    let rows = run_fresh(client, APPOINTMENTS, &[as_postgres(org_id).into(), as_postgres(contact).into()])?;
    let ids: Vec<Option<pgrx::Uuid>> = rows.map(|row| row.get(1)).collect::<Result<_>>()?;
    Ok(ids.into_iter().flatten().map(from_postgres).collect())
}

/// $1 org_id, $2 contact, $3 the clock.
const OCCUPIED: &str = "
    SELECT a.resource_id, pg_catalog.lower(a.blocked), pg_catalog.upper(a.blocked)
    FROM booking.appointments AS a
    WHERE a.org_id = $1 AND a.contact_id = $2 AND a.status IN ('held', 'pending', 'confirmed') AND a.starts_at > $3";

/// The slots that are to become free: whoever waits for one gets it at the commit.
fn occupied(client: &mut SpiClient<'_>, org_id: Uuid, contact: Uuid) -> Result<Vec<(Uuid, Span)>> {
    let clock = instant::to_postgres(instant::clock_now())?;
    let mut slots = Vec::new();
    for row in run_fresh(client, OCCUPIED, &[as_postgres(org_id).into(), as_postgres(contact).into(), clock.into()])? {
        let slot = row.get::<pgrx::Uuid>(1)?.zip(row.get::<TimestampWithTimeZone>(2)?).zip(row.get(3)?);
        let ((resource_id, start), end) = slot.ok_or_else(|| Error::missing("slot"))?;
        let span = Span { start: instant::from_postgres(start)?, end: instant::from_postgres(end)? };
        slots.push((from_postgres(resource_id), span));
    }
    Ok(slots)
}

/// History keeps when and what, not who. An appointment to come has nobody to come to it any more and is cancelled. Answers
/// that were kept under an idempotency key name the patient.
///
/// $1 org_id, $2 contact, $3 the clock.
const ERASE: &str = "
    WITH erased AS (
        UPDATE booking.appointments AS a
        SET contact_id = NULL, patient_name = NULL, metadata = '{}', cancel_reason = NULL, expires_at = NULL, erased_at = $3,
            status = CASE WHEN a.status IN ('held', 'pending', 'confirmed') AND a.starts_at > $3
                THEN 'cancelled' ELSE a.status END,
            cancelled_at = CASE WHEN a.status IN ('held', 'pending', 'confirmed') AND a.starts_at > $3
                THEN $3 ELSE a.cancelled_at END
        WHERE a.org_id = $1 AND a.contact_id = $2
        RETURNING a.cancelled_at, a.id, a.resource_id, a.starts_at, a.ends_at, a.service_type
    ), keys AS (
        DELETE FROM booking.idempotency_keys AS i
        WHERE i.org_id = $1 AND (i.response::pg_catalog.jsonb ->> 'contactId')::pg_catalog.uuid = $2
    ), contact AS (
        DELETE FROM booking.contacts AS c WHERE c.org_id = $1 AND c.id = $2
    )
    SELECT erased.id, COALESCE(erased.cancelled_at = $3, false), erased.resource_id, erased.starts_at, erased.ends_at,
        erased.service_type
    FROM erased";

/// Erases, and says of how many appointments, and how many of these were still to come.
fn erase_all(client: &mut SpiClient<'_>, organization: &Organization, contact: Uuid) -> Result<(usize, usize)> {
    let clock = instant::to_postgres(instant::clock_now())?;
    let arguments = [as_postgres(organization.id).into(), as_postgres(contact).into(), clock.into()];
    let (mut appointments, mut cancelled) = (0_usize, Vec::new());
    for row in run_fresh(client, ERASE, &arguments)? {
        appointments = appointments.saturating_add(1);
        if row.get::<bool>(2)? != Some(true) {
            continue;
        }
        let missing = || Error::missing("appointment");
        let (id, resource_id) = row.get(1)?.zip(row.get(3)?).ok_or_else(missing)?;
        let (start, end) = row.get(4)?.zip(row.get(5)?).ok_or_else(missing)?;
        let time = Span { start: instant::from_postgres(start)?, end: instant::from_postgres(end)? };
        let service_type: String = row.get(6)?.ok_or_else(missing)?;
        let mut detail = event::of_appointment(event::Source::Erasure, time, from_postgres(resource_id), &service_type);
        detail["status"] = Status::Cancelled.as_str().into();
        cancelled.push((from_postgres(id), detail));
    }
    if organization.has_outbox {
        for (id, detail) in &cancelled {
            event::record(client, organization.id, event::Kind::Cancelled, Some(*id), detail)?;
        }
        let detail = json!({"appointments": appointments, "cancelled": cancelled.len(), "by": tenant::role()});
        event::record(client, organization.id, event::Kind::ContactErased, None, &detail)?;
    }
    Ok((appointments, cancelled.len()))
}

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn clean_organization(p_org_id: Option<pgrx::Uuid>, p_confirm: Option<String>) -> pgrx::Json {
    answer::for_program(Spi::connect_mut(|client| clean(client, p_org_id, p_confirm.as_deref())))
}

/// $1 org_id.
const NAME: &str = "
    SELECT o.name FROM booking.organizations AS o WHERE o.org_id = $1";

/// Its resources, services, hours and busy blocks stay. $1 org_id.
const CLEAN: &str = "
    WITH appointments AS (
        DELETE FROM booking.appointments AS a WHERE a.org_id = $1 RETURNING 1
    ), contacts AS (
        DELETE FROM booking.contacts AS c WHERE c.org_id = $1 RETURNING 1
    ), keys AS (
        DELETE FROM booking.idempotency_keys AS i WHERE i.org_id = $1 RETURNING 1
    )
    SELECT (SELECT pg_catalog.count(*) FROM appointments), (SELECT pg_catalog.count(*) FROM contacts),
        (SELECT pg_catalog.count(*) FROM keys)";

/// $1 org_id. Appointments before jobs, as everybody locks them.
const LOCK_ALL: &str = "
    SELECT a.id FROM booking.appointments AS a WHERE a.org_id = $1 ORDER BY a.id FOR UPDATE";

fn clean(client: &mut SpiClient<'_>, org_id: Option<pgrx::Uuid>, confirm: Option<&str>) -> Result<Value> {
    let org_id = org_id.ok_or_else(|| org_not_found("NULL"))?;
    let found = run_fresh(client, NAME, &[org_id.into()])?;
    if found.is_empty() {
        return Err(org_not_found(&from_postgres(org_id).to_string()).into());
    }
    let name = found.first()?.get::<String>(1)?.ok_or_else(|| Error::missing("name"))?;
    if confirm != Some(name.as_str()) {
        let message = format!("p_confirm {} is not the name of the organization", quoted(confirm.unwrap_or_default()));
        let hint = "pass the name as it stands in booking.organizations: this deletes every booking and contact";
        return Err(Refusal::new(Code::InvalidRequest, message, hint).into());
    }
    run_fresh(client, LOCK_ALL, &[org_id.into()])?;
    let has_history = outbox::exists(client)?;
    if has_history {
        follow_up::clean(client, from_postgres(org_id))?;
        outbox::clean(client, from_postgres(org_id))?;
        outside_calendar::remove(client, from_postgres(org_id), None)?;
        voice::clean(client, from_postgres(org_id))?;
    }
    let cleaned = run_fresh(client, CLEAN, &[org_id.into()])?.first()?;
    let counts = (cleaned.get::<i64>(1)?, cleaned.get::<i64>(2)?, cleaned.get::<i64>(3)?);
    let (Some(appointments), Some(contacts), Some(keys)) = counts else { return Err(Error::missing("count")) };
    if has_history {
        let detail = json!({"appointments": appointments, "contacts": contacts, "by": tenant::role()});
        event::record(client, from_postgres(org_id), event::Kind::OrganizationCleaned, None, &detail)?;
    }
    Ok(json!({"success": true, "appointments": appointments, "contacts": contacts, "idempotencyKeys": keys}))
}
