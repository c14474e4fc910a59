//! Writing a follow-up down, with the reminder of it, in the transaction that it comes from.

use booking_core::follow_up::{self, Kind, check_due};
use booking_core::phone::{E164, normalize_phone};
use booking_core::{Code, limits};
use chrono::{DateTime, Utc};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::json;
use uuid::Uuid;

use crate::change::present;
use crate::error::{Result, or_raise};
use crate::event;
use crate::follow_up::Desk;
use crate::instant;
use crate::organization::{as_postgres, from_postgres};
use crate::outbox;
use crate::setup::{required, required_id};
use crate::statement::run_fresh;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::too_many_arguments)]
fn create_follow_up(
    p_org_id: Option<pgrx::Uuid>,
    p_note: Option<String>,
    p_due_at: default!(Option<TimestampWithTimeZone>, "NULL"),
    p_phone: default!(Option<String>, "NULL"),
    p_name: default!(Option<String>, "NULL"),
    p_owner: default!(Option<String>, "NULL"),
    p_owner_phone: default!(Option<String>, "NULL"),
    p_appointment_id: default!(Option<pgrx::Uuid>, "NULL"),
) -> pgrx::Uuid {
    let created = || -> Result<Uuid> {
        let org_id = required_id(p_org_id, "p_org_id")?;
        let note = follow_up::stated_note(required(p_note.as_deref(), "p_note")?)?;
        let due_at = p_due_at.map(instant::from_postgres).transpose()?;
        let label = |name: Option<String>| -> Result<Option<String>> {
            Ok(name.map(|name| limits::label("name", &name, Code::InvalidName)).transpose()?)
        };
        let (name, owner) = (label(p_name)?, label(p_owner)?);
        Spi::connect_mut(|client| {
            let region = Desk::read(client, org_id)?.default_region;
            let number = |phone: Option<String>| -> Result<Option<E164>> {
                Ok(phone.map(|phone| normalize_phone(&phone, &region)).transpose()?)
            };
            let (phone, owner_phone) = (number(p_phone)?, number(p_owner_phone)?);
            let new = New {
                kind: Kind::Task,
                note: &note,
                phone: phone.as_ref(),
                name: name.as_deref(),
                due_at,
                owner: owner.as_deref(),
                owner_phone: owner_phone.as_ref(),
                call_id: None,
                appointment_id: p_appointment_id.map(from_postgres),
                contact_id: None,
            };
            Ok(create(client, org_id, &new)?.id)
        })
    };
    as_postgres(or_raise(created()))
}

/// A follow-up that is about to be written.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    pub kind: Kind,
    /// Made readable, and cut to what fits.
    pub note: &'a str,
    /// Where to reach the person that it is for.
    pub phone: Option<&'a E164>,
    /// As the person is called.
    pub name: Option<&'a str>,
    /// `None`: as the organization has set it.
    pub due_at: Option<DateTime<Utc>>,
    /// Who takes care of it. Where neither a name nor a phone is stated, both are those that the organization has set.
    pub owner: Option<&'a str>,
    pub owner_phone: Option<&'a E164>,
    /// The call that it comes from, as the provider calls it.
    pub call_id: Option<&'a str>,
    /// An appointment of the organization.
    pub appointment_id: Option<Uuid>,
    /// `None`: the contact with that phone, or else that of the appointment.
    pub contact_id: Option<Uuid>,
}

/// A follow-up that was written.
#[derive(Debug, Clone, Copy)]
pub struct Created {
    pub id: Uuid,
    #[allow(dead_code, reason = "for whoever tells a caller when somebody will be in touch")]
    pub due_at: DateTime<Utc>,
}

/// Writes a follow-up down and has whoever takes care of it reminded when it is due. Refused where the note is empty, the time
/// is not one that can be kept, or organization or appointment are not there.
pub fn create(client: &mut SpiClient<'_>, org_id: Uuid, new: &New<'_>) -> Result<Created> {
    Desk::read(client, org_id)?.write(client, new)
}

/// $1 org_id, $2 id, $3 kind, $4 note, $5 name, $6 phone, $7 contact or NULL, $8 contact of the appointment or NULL,
/// $9 appointment, $10 call, $11 owner, $12 owner's phone, $13 due.
const INSERT: &str = "
    INSERT INTO booking.follow_ups
        (org_id, id, kind, note, name, phone, contact_id, appointment_id, call_id, owner, owner_phone, due_at)
    VALUES ($1, $2, $3, $4, $5, $6,
        COALESCE($7, (SELECT c.id FROM booking.contacts AS c WHERE c.org_id = $1 AND c.phone = $6), $8),
        $9, $10, $11, $12, $13)";

/// $1 org_id, $2 appointment.
const CONTACT_OF: &str = "
    SELECT a.contact_id FROM booking.appointments AS a WHERE a.org_id = $1 AND a.id = $2";

impl Desk {
    fn write(&self, client: &mut SpiClient<'_>, new: &New<'_>) -> Result<Created> {
        let note = follow_up::note(new.note)?;
        let due_at = new.due_at.unwrap_or_else(|| self.settings.due_at(instant::transaction_now()));
        check_due(due_at)?;
        let (owner, owner_phone) = match (new.owner, new.owner_phone) {
            (None, None) => (self.settings.owner.clone(), self.settings.owner_phone.as_ref()),
            (owner, phone) => (owner.and_then(follow_up::name), phone),
        };
        let of_appointment = self.contact_of(client, new.appointment_id)?;
        let id = Uuid::now_v7();
        let arguments = [
            as_postgres(self.org_id).into(),
            as_postgres(id).into(),
            new.kind.as_str().into(),
            note.into(),
            new.name.and_then(follow_up::name).into(),
            new.phone.map(E164::as_str).into(),
            new.contact_id.map(as_postgres).into(),
            of_appointment.into(),
            new.appointment_id.map(as_postgres).into(),
            new.call_id.into(),
            owner.into(),
            owner_phone.map(E164::as_str).into(),
            instant::to_postgres(due_at)?.into(),
        ];
        run_fresh(client, INSERT, &arguments)?;
        let detail = json!({"followUpId": id.to_string(), "kind": new.kind.as_str()});
        event::record(client, self.org_id, event::Kind::FollowUpCreated, new.appointment_id, &detail)?;
        if self.is_messaging && owner_phone.is_some() {
            outbox::follow_up::remind(client, self.org_id, id, due_at)?;
        }
        Ok(Created { id, due_at })
    }

    /// Whose the appointment is, if it is stated and has not been erased; refused where there is none.
    fn contact_of(&self, client: &mut SpiClient<'_>, id: Option<Uuid>) -> Result<Option<pgrx::Uuid>> {
        let Some(id) = id else { return Ok(None) };
        let row = run_fresh(client, CONTACT_OF, &[as_postgres(self.org_id).into(), as_postgres(id).into()])?.next();
        row.ok_or_else(|| present::not_found(&id.to_string()))?.get(1)
    }
}
