//! Reminders of follow-ups: a job for when one is due, and the message to whoever takes care of it, made of the follow-up as it
//! is when the job is claimed.

use booking_core::follow_up::reminder::{self, Subject};
use booking_core::outbox::{Fate, State};
use chrono::{DateTime, Utc};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::answer::NOT_CONFIGURED;
use crate::error::{Error, Result};
use crate::instant;
use crate::organization::{as_postgres, from_postgres};
use crate::outbox::claim::{FOLLOW_UP, Job, end, give_back_until};
use crate::outbox::message::{Message, NO_ACCOUNT, already_out, shows_later};
use crate::outbox::messaging;
use crate::statement::{Row, run_fresh};

/// $1 org_id, $2 id, $3 kind, $4 follow-up, $5 when, $6 deadline.
const REMIND: &str = "
    INSERT INTO booking.outbox (org_id, id, kind, follow_up_id, run_at, deadline) VALUES ($1, $2, $3, $4, $5, $6)";

/// Has somebody reminded of a follow-up when it is due, in place of what was to remind of it before; of what was due long ago,
/// nobody is.
pub fn remind(client: &mut SpiClient<'_>, org_id: Uuid, id: Uuid, due_at: DateTime<Utc>) -> Result<()> {
    withdraw(client, org_id, id)?;
    let deadline = reminder::deadline(due_at);
    if deadline <= instant::clock_now() {
        return Ok(());
    }
    let arguments = [
        as_postgres(org_id).into(),
        as_postgres(Uuid::now_v7()).into(),
        FOLLOW_UP.into(),
        as_postgres(id).into(),
        instant::to_postgres(due_at)?.into(),
        instant::to_postgres(deadline)?.into(),
    ];
    run_fresh(client, REMIND, &arguments)?;
    Ok(())
}

/// $1 org_id, $2 follow-up, $3 the clock. What a courier has claimed is out of reach.
const WITHDRAW: &str = "
    UPDATE booking.outbox AS o SET state = 'cancelled', finished_at = $3
    WHERE o.org_id = $1 AND o.follow_up_id = $2 AND o.state IN ('available', 'retryable')";

/// Withdraws the reminder that has not gone out.
pub fn withdraw(client: &mut SpiClient<'_>, org_id: Uuid, id: Uuid) -> Result<()> {
    let clock = instant::to_postgres(instant::clock_now())?;
    run_fresh(client, WITHDRAW, &[as_postgres(org_id).into(), as_postgres(id).into(), clock.into()])?;
    Ok(())
}

/// Of an earlier attempt: what is known of its message.
///
/// $1 org_id, $2 follow-up, $3 job.
const READ: &str = "
    SELECT f.state, f.due_at, f.note, COALESCE(f.name, c.name), COALESCE(f.phone, c.phone), f.owner_phone, g.name,
        g.settings ->> 'messages', m.status, m.provider_sid, m.id, m.to_phone,
        EXISTS (SELECT FROM booking.opt_outs AS n WHERE n.org_id = $1 AND n.phone = f.owner_phone),
        EXISTS (
            SELECT FROM booking.integrations AS i
            WHERE i.org_id = $1 AND i.provider = 'twilio' AND i.ciphertext IS NOT NULL),
        CASE m.status WHEN 'uncertain' THEN m.updated_at END
    FROM booking.organizations AS g
    LEFT JOIN booking.messages AS m ON m.org_id = g.org_id AND m.job_id = $3
    LEFT JOIN booking.follow_ups AS f ON f.org_id = g.org_id AND f.id = $2
    LEFT JOIN booking.contacts AS c ON c.org_id = f.org_id AND c.id = f.contact_id
    WHERE g.org_id = $1";

/// The message of a job that reminds of a follow-up; `None` for one that is not to be sent, which is finished by that.
pub fn prepare(client: &mut SpiClient<'_>, job: &Job, id: Uuid, is_dry_run: bool) -> Result<Option<Message>> {
    let arguments = [as_postgres(job.org_id).into(), as_postgres(id).into(), as_postgres(job.id).into()];
    let row = run_fresh(client, READ, &arguments)?.first()?;
    if row.get::<String>(10)?.is_some() {
        return already_out(client, job).map(|()| None);
    }
    if let Some(shows_at) = shows_later(&row, 15)? {
        return give_back_until(client, job, shows_at).map(|()| None);
    }
    let message_id = row.get::<pgrx::Uuid>(11)?.map(from_postgres);
    let phone = row.get::<String>(6)?;
    let has_account = row.get::<bool>(14)?.unwrap_or(false) || is_dry_run;
    match (decide(job, &row, phone.as_deref())?, phone) {
        (Fate::Send, _) if !has_account => {
            end(client, job, State::Discarded, Some((NO_ACCOUNT, Some(NOT_CONFIGURED)))).map(|()| None)
        }
        (Fate::Send, Some(phone)) => {
            let id = message_id.unwrap_or_else(Uuid::now_v7);
            Message::write_down(client, job, id, phone, &text(&row)?, row.get(9)?).map(Some)
        }
        (Fate::GiveUp(why), _) => end(client, job, State::Discarded, Some((why, None))).map(|()| None),
        (Fate::Withdraw(why), _) => end(client, job, State::Cancelled, Some((why, None))).map(|()| None),
        (Fate::Send, None) => Err(Error::missing("phone")),
    }
}

/// What is to be done with a job, from what READ has brought.
fn decide(job: &Job, row: &Row<'_>, phone: Option<&str>) -> Result<Fate> {
    let tried_phone = row.get::<String>(12)?;
    let subject = match row.get::<String>(1)?.zip(row.get::<TimestampWithTimeZone>(2)?) {
        Some((state, due_at)) => Some(Subject {
            is_open: state == "open",
            due_at: instant::from_postgres(due_at)?,
            phone,
            tried_phone: tried_phone.as_deref(),
        }),
        None => None,
    };
    let is_on = row.get::<String>(8)?.as_deref().and_then(messaging).is_some();
    let is_unwanted = row.get::<bool>(13)?.unwrap_or(false);
    Ok(match reminder::fate(job.deadline, subject, instant::clock_now()) {
        _ if !is_on => Fate::Withdraw("messages are off"),
        Fate::Send if is_unwanted => Fate::GiveUp("whoever takes care of it has opted out of messages (STOP)"),
        fate => fate,
    })
}

fn text(row: &Row<'_>) -> Result<String> {
    let word = |column| -> Result<String> { Ok(row.get(column)?.unwrap_or_default()) };
    let (name, phone) = (row.get::<String>(4)?, row.get::<String>(5)?);
    Ok(reminder::text(&word(7)?, name.as_deref(), phone.as_deref(), &word(3)?))
}

/// $1 org_id, $2 follow-ups, $3 the clock. What is claimed waits for the claim, so that its message is there afterwards.
const WITHDRAW_ALL: &str = "
    UPDATE booking.outbox AS o
    SET state = CASE WHEN o.state = 'running' THEN o.state ELSE 'cancelled' END,
        finished_at = CASE WHEN o.state = 'running' THEN o.finished_at ELSE $3 END
    WHERE o.org_id = $1 AND o.follow_up_id = ANY ($2) AND o.state IN ('available', 'retryable', 'running')";

/// $1 org_id, $2 follow-ups. To whom it went was somebody of the organization.
const FORGET_TEXTS: &str = "
    UPDATE booking.messages AS m SET body = NULL WHERE m.org_id = $1 AND m.follow_up_id = ANY ($2)";

/// $1 org_id, $2 follow-ups. A provider may have repeated the text. After the messages, as their provider locks the two.
const FORGET_ERRORS: &str = "
    UPDATE booking.outbox AS o SET last_error = NULL, errors = '[]'
    WHERE o.org_id = $1 AND o.follow_up_id = ANY ($2) AND o.errors <> '[]'";

/// Withdraws what is to remind of these follow-ups, which are not there any more, and forgets what was sent of them.
pub fn forget(client: &mut SpiClient<'_>, org_id: Uuid, ids: &[pgrx::Uuid]) -> Result<()> {
    let clock = instant::to_postgres(instant::clock_now())?;
    run_fresh(client, WITHDRAW_ALL, &[as_postgres(org_id).into(), ids.to_vec().into(), clock.into()])?;
    run_fresh(client, FORGET_TEXTS, &[as_postgres(org_id).into(), ids.to_vec().into()])?;
    run_fresh(client, FORGET_ERRORS, &[as_postgres(org_id).into(), ids.to_vec().into()])?;
    Ok(())
}
