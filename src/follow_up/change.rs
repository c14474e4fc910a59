//! Changing a follow-up: who takes care of it, by when, and that it is done. Its reminder follows.

use booking_core::follow_up::{State, check_due};
use booking_core::phone::{E164, normalize_phone};
use booking_core::{Code, limits};
use chrono::{DateTime, Utc};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::json;
use uuid::Uuid;

use crate::error::{Error, Result, or_raise};
use crate::event;
use crate::instant;
use crate::organization::{as_postgres, from_postgres};
use crate::outbox;
use crate::setup::required_id;
use crate::statement::run_fresh;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn change_follow_up(
    p_org_id: Option<pgrx::Uuid>,
    p_follow_up_id: Option<pgrx::Uuid>,
    p_state: default!(Option<String>, "NULL"),
    p_due_at: default!(Option<TimestampWithTimeZone>, "NULL"),
    p_owner: default!(Option<String>, "NULL"),
    p_owner_phone: default!(Option<String>, "NULL"),
) -> bool {
    let changed = || -> Result<bool> {
        let org_id = required_id(p_org_id, "p_org_id")?;
        let id = required_id(p_follow_up_id, "p_follow_up_id")?;
        let due_at = p_due_at.map(instant::from_postgres).transpose()?;
        due_at.map(check_due).transpose()?;
        let wanted = Wanted {
            state: p_state.as_deref().map(State::parse).transpose()?,
            due_at,
            owner: p_owner.map(|owner| limits::label("name", &owner, Code::InvalidName)).transpose()?,
            owner_phone: p_owner_phone,
        };
        Spi::connect_mut(|client| change(client, org_id, id, &wanted))
    };
    or_raise(changed())
}

/// What is to be another; `None` stays.
struct Wanted {
    state: Option<State>,
    due_at: Option<DateTime<Utc>>,
    owner: Option<String>,
    /// As it was stated.
    owner_phone: Option<String>,
}

/// The follow-up before its jobs: whoever closes, forgets and reminds locks in this order.
///
/// $1 org_id, $2 follow-up.
const LOCK: &str = "
    SELECT f.state, f.due_at, f.owner_phone, f.appointment_id, g.default_region, g.settings ->> 'messages'
    FROM booking.follow_ups AS f
    JOIN booking.organizations AS g ON g.org_id = f.org_id
    WHERE f.org_id = $1 AND f.id = $2
    FOR NO KEY UPDATE OF f";

/// $1 org_id, $2 follow-up, $3 state, $4 due, $5 owner or NULL, $6 owner's phone, $7 the clock.
const CHANGE: &str = "
    UPDATE booking.follow_ups AS f
    SET state = $3, due_at = $4, owner = COALESCE($5, f.owner), owner_phone = $6,
        closed_at = CASE WHEN $3 <> 'open' THEN COALESCE(f.closed_at, $7) END
    WHERE f.org_id = $1 AND f.id = $2";

/// Whether there was such a follow-up.
fn change(client: &mut SpiClient<'_>, org_id: Uuid, id: Uuid, wanted: &Wanted) -> Result<bool> {
    let of = [as_postgres(org_id).into(), as_postgres(id).into()];
    let Some(row) = run_fresh(client, LOCK, &of)?.next() else { return Ok(false) };
    let text = |column| -> Result<String> { row.get(column)?.ok_or_else(|| Error::missing("text")) };
    let was = State::parse(&text(1)?)?;
    let was_due = instant::from_postgres(row.get(2)?.ok_or_else(|| Error::missing("time"))?)?;
    let had_phone = row.get::<String>(3)?;
    let (state, due_at) = (wanted.state.unwrap_or(was), wanted.due_at.unwrap_or(was_due));
    let region = text(5)?;
    let stated = wanted.owner_phone.as_deref().map(|phone| normalize_phone(phone, &region)).transpose()?;
    let phone = stated.map(E164::into_string).or_else(|| had_phone.clone());
    let arguments = [
        as_postgres(org_id).into(),
        as_postgres(id).into(),
        state.as_str().into(),
        instant::to_postgres(due_at)?.into(),
        wanted.owner.as_deref().into(),
        phone.as_deref().into(),
        instant::to_postgres(instant::clock_now())?.into(),
    ];
    run_fresh(client, CHANGE, &arguments)?;
    let is_as_before = (was, was_due, &had_phone) == (state, due_at, &phone);
    let is_messaging = row.get::<String>(6)?.as_deref().and_then(outbox::messaging).is_some();
    match state {
        State::Open if is_as_before => (),
        State::Open if is_messaging && phone.is_some() => outbox::follow_up::remind(client, org_id, id, due_at)?,
        _ => outbox::follow_up::withdraw(client, org_id, id)?,
    }
    if was == State::Open && state != State::Open {
        let detail = json!({"followUpId": id.to_string(), "state": state.as_str()});
        let appointment_id = row.get::<pgrx::Uuid>(4)?.map(from_postgres);
        event::record(client, org_id, event::Kind::FollowUpClosed, appointment_id, &detail)?;
    }
    Ok(true)
}
