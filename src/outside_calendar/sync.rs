//! Reading outside calendars: which is read next, from where, and how it ended.

use booking_core::limits;
use booking_core::outbox::attempt::pause;
use chrono::{DateTime, Duration, Utc};
use pgrx::JsonB;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::{Error, Result, or_raise};
use crate::instant;
use crate::organization::as_postgres;
use crate::outbox::claim::Asked;
use crate::server_zone::ServerZone;
use crate::setup::{invalid, required, required_id};
use crate::statement::run_fresh;
use crate::table::TableIterator;

/// What a first reading covers: from yesterday, for what is going on, to as far as most people book.
const DAYS_BACK: i64 = 1;
const DAYS_AHEAD: i64 = 400;

type ClaimedRow = (
    pgrx::Uuid,
    String,
    i64,
    Option<String>,
    Option<TimestampWithTimeZone>,
    Option<TimestampWithTimeZone>,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<TimestampWithTimeZone>,
);

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity)]
fn claim_syncs(
    p_worker: Option<String>,
    p_limit: default!(Option<i32>, "1"),
    p_lease_seconds: default!(Option<i32>, "120"),
) -> TableIterator<
    'static,
    (
        name!(org_id, pgrx::Uuid),
        name!(calendar_id, String),
        name!(lease, i64),
        name!(sync_token, Option<String>),
        name!(time_min, Option<TimestampWithTimeZone>),
        name!(time_max, Option<TimestampWithTimeZone>),
        name!(integration_version, Option<i64>),
        name!(channel_id, Option<String>),
        name!(channel_resource_id, Option<String>),
        name!(channel_expires_at, Option<TimestampWithTimeZone>),
    ),
> {
    let claimed = || -> Result<Vec<ClaimedRow>> {
        let asked = Asked::checked(p_worker.as_deref(), Some(p_limit.unwrap_or(1)), p_lease_seconds, None)?;
        Spi::connect_mut(|client| claim(client, &asked))
    };
    TableIterator::new(or_raise(claimed()))
}

/// Once a week a calendar is read from the beginning: then days come into view that were too far ahead before. One whose lease
/// cannot rise any more is left out, so that a claim does not fail for everybody.
///
/// $1 the clock, $2 how many, $3 end of the lease, $4 courier.
const CLAIM: &str = "
    UPDATE booking.calendars AS c
    SET lease = c.lease + 1, leased_by = $4, leased_until = $3, claimed_at = $1, next_sync_at = $3,
        sync_token = CASE WHEN c.full_sync_at > $1 - interval '7 days' THEN c.sync_token END,
        is_whole = c.sync_token IS NULL OR COALESCE(c.full_sync_at <= $1 - interval '7 days', true)
    FROM (
        SELECT d.org_id, d.calendar_id, i.version
        FROM booking.calendars AS d
        JOIN booking.organizations AS g ON g.org_id = d.org_id
        JOIN booking.integrations AS i ON i.org_id = d.org_id AND i.provider = 'google' AND i.connected
        WHERE d.is_used AND d.next_sync_at <= $1 AND (d.leased_until IS NULL OR d.leased_until <= $1)
          AND d.lease < 4611686018427387904
          AND g.settings @> '{\"calendar\": {\"on\": true}}' AND NOT g.settings @> '{\"paused\": true}'
        ORDER BY d.next_sync_at
        LIMIT $2
        FOR UPDATE OF d SKIP LOCKED
    ) AS due
    WHERE c.org_id = due.org_id AND c.calendar_id = due.calendar_id
    RETURNING c.org_id, c.calendar_id, c.lease, c.sync_token, due.version, c.channel_id, c.channel_resource_id,
        c.channel_expires_at";

fn claim(client: &mut SpiClient<'_>, asked: &Asked) -> Result<Vec<ClaimedRow>> {
    let clock = instant::clock_now();
    let arguments = [
        instant::to_postgres(clock)?.into(),
        asked.limit.into(),
        instant::to_postgres(asked.until(clock))?.into(),
        asked.worker.as_str().into(),
    ];
    let mut rows = Vec::new();
    for row in run_fresh(client, CLAIM, &arguments)? {
        let sync_token: Option<String> = row.get(4)?;
        let (from, to) = window(clock);
        let bound = |moment| sync_token.is_none().then(|| instant::to_postgres(moment)).transpose();
        rows.push((
            row.get(1)?.ok_or_else(|| Error::missing("organization"))?,
            row.get(2)?.ok_or_else(|| Error::missing("calendar"))?,
            row.get(3)?.ok_or_else(|| Error::missing("lease"))?,
            sync_token.clone(),
            bound(from)?,
            bound(to)?,
            row.get(5)?,
            row.get(6)?,
            row.get(7)?,
            row.get(8)?,
        ));
    }
    Ok(rows)
}

fn window(clock: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    let day = clock.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    let from = day.checked_sub_signed(Duration::days(DAYS_BACK)).unwrap_or(day);
    (from, day.checked_add_signed(Duration::days(DAYS_AHEAD)).unwrap_or(day))
}

/// A calendar that a courier reads.
pub struct Leased {
    pub org_id: Uuid,
    pub calendar_id: String,
    pub lease: i64,
}

impl Leased {
    pub fn stated(org_id: Option<pgrx::Uuid>, calendar_id: Option<&str>, lease: Option<i64>) -> Result<Self> {
        Ok(Leased {
            org_id: required_id(org_id, "p_org_id")?,
            calendar_id: required(calendar_id, "p_calendar_id")?.to_owned(),
            lease: lease.ok_or_else(|| invalid("p_lease is NULL", "pass the lease that claim_syncs returned"))?,
        })
    }

    /// Keeps it for another while, and says in which zone its organization is; `None` where somebody else reads it.
    pub fn keep(&self, client: &mut SpiClient<'_>) -> Result<Option<ServerZone>> {
        let arguments = [as_postgres(self.org_id).into(), self.calendar_id.as_str().into(), self.lease.into()];
        let Some(row) = run_fresh(client, KEEP, &arguments)?.next() else { return Ok(None) };
        let timezone: String = row.get(1)?.ok_or_else(|| Error::missing("timezone"))?;
        Ok(Some(ServerZone::named(&timezone)?))
    }
}

/// $1 org_id, $2 calendar, $3 lease.
const KEEP: &str = "
    UPDATE booking.calendars AS c
    SET leased_until = GREATEST(c.leased_until, pg_catalog.clock_timestamp() + interval '60 seconds')
    FROM booking.organizations AS g
    WHERE c.org_id = $1 AND c.calendar_id = $2 AND c.lease = $3 AND c.leased_until IS NOT NULL AND g.org_id = $1
    RETURNING g.timezone";

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn finish_sync(
    p_org_id: Option<pgrx::Uuid>,
    p_calendar_id: Option<String>,
    p_lease: Option<i64>,
    p_sync_token: Option<String>,
) -> Option<JsonB> {
    let finished = || -> Result<Option<JsonB>> {
        let leased = Leased::stated(p_org_id, p_calendar_id.as_deref(), p_lease)?;
        let token = required(p_sync_token.as_deref(), "p_sync_token")?;
        Spi::connect_mut(|client| finish(client, &leased, token))
    };
    or_raise(finished())
}

/// $1 org_id, $2 calendar, $3 lease.
const LOCK_DONE: &str = "
    SELECT c.is_whole, c.claimed_at FROM booking.calendars AS c
    WHERE c.org_id = $1 AND c.calendar_id = $2 AND c.lease = $3 AND c.leased_until IS NOT NULL
    FOR UPDATE";

/// Of a whole reading: events of ours that were there before it began, are within what it covers, and did not come up. Whoever
/// reads has to ask for each: it may have been deleted, or moved away, or be in another calendar of that name.
///
/// $1 org_id, $2 calendar, $3 lease, $4 when it began, $5 and $6 what it covers.
const MISSED: &str = "
    SELECT e.event_id FROM booking.calendar_events AS e
    WHERE e.org_id = $1 AND e.calendar_id = $2 AND e.state = 'present' AND e.seen IS DISTINCT FROM $3
      AND e.updated_at < $4 AND e.ends_at > $5 AND e.starts_at < $6";

/// Of a whole reading: what others had there and it has not seen is not there any more.
///
/// $1 org_id, $2 calendar, $3 lease.
const FORGET: &str = "
    DELETE FROM booking.busy_blocks AS b
    WHERE b.org_id = $1 AND b.calendar_id = $2 AND b.seen IS DISTINCT FROM $3";

/// What was told of meanwhile is read at once; otherwise in a quarter of an hour where the calendar tells of changes, and in two
/// minutes where it does not.
///
/// $1 org_id, $2 calendar, $3 token, $4 the clock.
const FINISH: &str = "
    UPDATE booking.calendars AS c
    SET sync_token = $3, synced_at = $4, attempts = 0, problem = NULL, leased_until = NULL,
        full_sync_at = CASE WHEN c.is_whole THEN c.claimed_at ELSE c.full_sync_at END,
        next_sync_at = CASE WHEN c.next_sync_at <= $4 THEN $4
            WHEN c.channel_expires_at > $4 THEN $4 + interval '15 minutes' ELSE $4 + interval '2 minutes' END
    WHERE c.org_id = $1 AND c.calendar_id = $2";

fn finish(client: &mut SpiClient<'_>, leased: &Leased, token: &str) -> Result<Option<JsonB>> {
    let (org_id, calendar_id) = (as_postgres(leased.org_id), leased.calendar_id.as_str());
    let of = [org_id.into(), calendar_id.into(), leased.lease.into()];
    let Some(row) = run_fresh(client, LOCK_DONE, &of)?.next() else { return Ok(None) };
    if row.get::<bool>(1)?.unwrap_or(false) {
        let began = instant::from_postgres(row.get(2)?.ok_or_else(|| Error::missing("time"))?)?;
        let missed = missed(client, leased, began)?;
        if !missed.is_empty() {
            return Ok(Some(JsonB(json!({"ours": missed}))));
        }
        run_fresh(client, FORGET, &of)?;
    }
    let clock = instant::to_postgres(instant::clock_now())?;
    run_fresh(client, FINISH, &[org_id.into(), calendar_id.into(), token.into(), clock.into()])?;
    Ok(Some(JsonB(json!({"ours": []}))))
}

fn missed(client: &mut SpiClient<'_>, leased: &Leased, began: DateTime<Utc>) -> Result<Vec<Value>> {
    let (from, to) = window(began);
    let arguments = [
        as_postgres(leased.org_id).into(),
        leased.calendar_id.as_str().into(),
        leased.lease.into(),
        instant::to_postgres(began)?.into(),
        instant::to_postgres(from)?.into(),
        instant::to_postgres(to)?.into(),
    ];
    let rows = run_fresh(client, MISSED, &arguments)?;
    rows.map(|row| Ok(json!({"id": row.get::<String>(1)?}))).collect()
}

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn fail_sync(
    p_org_id: Option<pgrx::Uuid>,
    p_calendar_id: Option<String>,
    p_lease: Option<i64>,
    p_error: Option<String>,
    p_retry_after_seconds: default!(Option<i32>, "NULL"),
    p_is_token_gone: default!(Option<bool>, "false"),
) -> bool {
    let failed = || -> Result<bool> {
        let leased = Leased::stated(p_org_id, p_calendar_id.as_deref(), p_lease)?;
        let error = limits::remark(required(p_error.as_deref(), "p_error")?);
        let is_gone = p_is_token_gone.unwrap_or(false);
        Spi::connect_mut(|client| fail(client, &leased, &error, p_retry_after_seconds, is_gone))
    };
    or_raise(failed())
}

/// $1 org_id, $2 calendar, $3 lease.
const LOCK: &str = "
    SELECT c.attempts, pg_catalog.random() FROM booking.calendars AS c
    WHERE c.org_id = $1 AND c.calendar_id = $2 AND c.lease = $3 AND c.leased_until IS NOT NULL
    FOR UPDATE";

/// A token that the calendar does not take any more is no failure: everything is read again, at once.
///
/// $1 org_id, $2 calendar, $3 when it is tried again, $4 error, $5 whether the token is gone.
const FAIL: &str = "
    UPDATE booking.calendars AS c
    SET leased_until = NULL, next_sync_at = $3, attempts = CASE WHEN $5 THEN 0 ELSE c.attempts + 1 END,
        problem = CASE WHEN $5 THEN NULL ELSE $4 END, sync_token = CASE WHEN $5 THEN NULL ELSE c.sync_token END
    WHERE c.org_id = $1 AND c.calendar_id = $2";

fn fail(
    client: &mut SpiClient<'_>,
    leased: &Leased,
    error: &str,
    retry_after_seconds: Option<i32>,
    is_gone: bool,
) -> Result<bool> {
    let (org_id, calendar_id) = (as_postgres(leased.org_id), leased.calendar_id.as_str());
    let Some(row) = run_fresh(client, LOCK, &[org_id.into(), calendar_id.into(), leased.lease.into()])?.next() else {
        return Ok(false);
    };
    let attempts: i32 = row.get(1)?.unwrap_or(0);
    let wait = pause(attempts.saturating_add(1), retry_after_seconds, row.get(2)?.unwrap_or(1.0));
    let clock = instant::clock_now();
    let again = if is_gone { clock } else { clock.checked_add_signed(wait).unwrap_or(clock) };
    let arguments =
        [org_id.into(), calendar_id.into(), instant::to_postgres(again)?.into(), error.into(), is_gone.into()];
    run_fresh(client, FAIL, &arguments)?;
    Ok(true)
}
