//! Claiming messages: each comes with its text, made of the appointment as it is now, and written down before anything goes out.

use booking_core::outbox::{Fate, State, Subject, attempt, fate};
use booking_core::sms::{Kind, Marker, Size, Template, Values};
use booking_core::status::Status;
use booking_core::{Refusal, speech, zone};
use chrono::{DateTime, Duration, Utc};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::answer::NOT_CONFIGURED;
use crate::error::{Error, Result, or_raise};
use crate::instant;
use crate::organization::{as_postgres, from_postgres};
use crate::outbox::claim::{Asked, Job, WORN_OUT, claim, claim_statement, end, give_back, give_back_until};
use crate::outbox::{follow_up, messaging, undelivered};
use crate::server_zone::ServerZone;
use crate::statement::{Row, run_fresh};
use crate::table::TableIterator;

type ClaimedRow = (
    pgrx::Uuid,
    pgrx::Uuid,
    i64,
    i32,
    String,
    pgrx::Uuid,
    String,
    String,
    String,
    bool,
    TimestampWithTimeZone,
    Vec<String>,
    i32,
    Option<i64>,
);

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity)]
fn claim_messages(
    p_worker: Option<String>,
    p_limit: default!(Option<i32>, "10"),
    p_lease_seconds: default!(Option<i32>, "60"),
    p_is_dry_run: default!(Option<bool>, "false"),
) -> TableIterator<
    'static,
    (
        name!(org_id, pgrx::Uuid),
        name!(job_id, pgrx::Uuid),
        name!(lease, i64),
        name!(attempt, i32),
        name!(kind, String),
        name!(message_id, pgrx::Uuid),
        name!(to_phone, String),
        name!(body, String),
        name!(marker, String),
        name!(is_unsure, bool),
        name!(first_tried_at, TimestampWithTimeZone),
        name!(former_sids, Vec<String>),
        name!(wait_milliseconds, i32),
        name!(integration_version, Option<i64>),
    ),
> {
    let claimed = || -> Result<Vec<ClaimedRow>> {
        let asked = Asked::checked(p_worker.as_deref(), p_limit, p_lease_seconds, p_is_dry_run)?;
        Spi::connect_mut(|client| {
            let mut rows = Vec::new();
            for jobs in claim(client, CLAIM, &asked)?.chunk_by(|one, other| one.org_id == other.org_id) {
                rows.append(&mut prepare_all(client, jobs, asked.is_dry_run)?);
            }
            Ok(rows)
        })
    };
    TableIterator::new(or_raise(claimed()))
}

const CLAIM: &str = claim_statement!(kinds: "o.kind <> 'calendar'", provider: "twilio", only: "", grace: "15 seconds");

/// The messages of one organization's jobs, each with its turn.
fn prepare_all(client: &mut SpiClient<'_>, jobs: &[Job], is_dry_run: bool) -> Result<Vec<ClaimedRow>> {
    let mut rows = Vec::with_capacity(jobs.len());
    let Some(mut turns) = Turns::reserve(client, jobs)? else {
        for job in jobs {
            give_back(client, job)?;
        }
        return Ok(rows);
    };
    for job in jobs {
        if job.is_worn_out() {
            end(client, job, State::Discarded, Some((WORN_OUT, None)))?;
            continue;
        }
        if !can_be_written(client, job)? {
            give_back(client, job)?;
            continue;
        }
        let message = match job.follow_up_id() {
            Some(id) => follow_up::prepare(client, job, id, is_dry_run)?,
            None => prepare(client, job, is_dry_run)?,
        };
        if let Some(message) = message {
            rows.push(message.into_row(job, turns.next(), turns.version));
        }
    }
    Ok(rows)
}

/// A message that is ready to go out.
pub struct Message {
    id: Uuid,
    to_phone: String,
    body: String,
    /// Whether an attempt was begun and nobody has said how it ended: it may have gone out.
    is_unsure: bool,
    tried: Tried,
}

/// What is known of earlier attempts.
struct Tried {
    first_at: TimestampWithTimeZone,
    /// What the provider called those that it could not deliver: none of them is one of which nobody knows.
    former_sids: Vec<String>,
}

/// The template is that in the organization's language, or else in English. Of an earlier attempt: what is known of its message.
///
/// $1 org_id, $2 appointment, $3 kind, $4 job.
const READ: &str = "
    SELECT a.status, a.starts_at, a.service_type, a.patient_name, c.phone, g.name, g.timezone, g.settings ->> 'messages',
        (SELECT t.body FROM booking.message_templates AS t
        WHERE t.org_id = $1 AND t.kind = $3 AND t.language IN (g.settings -> 'messages' ->> 'language', 'en')
        ORDER BY t.language = 'en'
        LIMIT 1),
        m.status, m.provider_sid, m.id,
        EXISTS (SELECT FROM booking.opt_outs AS n WHERE n.org_id = $1 AND n.phone = c.phone),
        EXISTS (
            SELECT FROM booking.integrations AS i
            WHERE i.org_id = $1 AND i.provider = 'twilio' AND i.ciphertext IS NOT NULL),
        CASE m.status WHEN 'uncertain' THEN m.updated_at END
    FROM booking.organizations AS g
    LEFT JOIN booking.messages AS m ON m.org_id = g.org_id AND m.job_id = $4
    LEFT JOIN booking.appointments AS a ON a.org_id = g.org_id AND a.id = $2
    LEFT JOIN booking.contacts AS c ON c.org_id = a.org_id AND c.id = a.contact_id
    WHERE g.org_id = $1";

/// The message of a job; `None` for one that is not to be sent, which is finished by that.
fn prepare(client: &mut SpiClient<'_>, job: &Job, is_dry_run: bool) -> Result<Option<Message>> {
    let kind = Kind::parse(&job.kind)?;
    let arguments = [
        as_postgres(job.org_id).into(),
        as_postgres(job.subject_id).into(),
        kind.as_str().into(),
        as_postgres(job.id).into(),
    ];
    let row = run_fresh(client, READ, &arguments)?.first()?;
    if row.get::<String>(11)?.is_some() {
        return already_out(client, job).map(|()| None);
    }
    if let Some(shows_at) = shows_later(&row, 15)? {
        return give_back_until(client, job, shows_at).map(|()| None);
    }
    let message_id = row.get::<pgrx::Uuid>(12)?.map(from_postgres);
    let (status, start) = (row.get::<String>(1)?, row.get::<TimestampWithTimeZone>(2)?);
    let phone = row.get::<String>(5)?;
    let subject = match status.zip(start) {
        Some((status, start)) => Some(Subject {
            status: Status::parse(&status)?,
            start: instant::from_postgres(start)?,
            has_contact: phone.is_some(),
        }),
        None => None,
    };
    let is_on = row.get::<String>(8)?.as_deref().and_then(messaging).is_some();
    let is_unwanted = row.get::<bool>(13)?.unwrap_or(false);
    let has_account = row.get::<bool>(14)?.unwrap_or(false) || is_dry_run;
    let decided = match fate(kind, job.deadline, subject, instant::clock_now()) {
        _ if !is_on => Fate::Withdraw("messages are off"),
        Fate::Send if !has_account => {
            return end(client, job, State::Discarded, Some((NO_ACCOUNT, Some(NOT_CONFIGURED)))).map(|()| None);
        }
        Fate::Send if is_unwanted => Fate::GiveUp("the patient has opted out of messages (STOP)"),
        fate => fate,
    };
    match (decided, subject, phone) {
        (Fate::Send, Some(subject), Some(to_phone)) => {
            let id = message_id.unwrap_or_else(Uuid::now_v7);
            match text(kind, &row, subject.start)? {
                Ok(text) => Message::write_down(client, job, id, to_phone, &text, row.get(10)?).map(Some),
                // What is wrong with one organization must not keep the others from their messages.
                Err(refusal) => end(client, job, State::Discarded, Some((&refusal.message, None))).map(|()| None),
            }
        }
        (Fate::GiveUp(why), ..) => end(client, job, State::Discarded, Some((why, None))).map(|()| None),
        (Fate::Withdraw(why), ..) => end(client, job, State::Cancelled, Some((why, None))).map(|()| None),
        (Fate::Send, ..) => Err(Error::missing("appointment")),
    }
}

/// Ends a job whose message the provider has told of, so that it has gone out, although the courier that sent it never said so.
pub fn already_out(client: &mut SpiClient<'_>, job: &Job) -> Result<()> {
    end(client, job, State::Succeeded, None)?;
    undelivered::follow(client, job.org_id, job.id)
}

/// When it shows whether an attempt that ended without a word has gone out, where that is still to come; `ended`: the column that
/// says when it ended. Somebody may have asked for the job before.
pub fn shows_later(row: &Row<'_>, ended: i32) -> Result<Option<DateTime<Utc>>> {
    let ended = row.get::<TimestampWithTimeZone>(ended)?.map(instant::from_postgres).transpose()?;
    Ok(ended.map(attempt::shows_at).filter(|shows_at| instant::clock_now() < *shows_at))
}

pub const NO_ACCOUNT: &str = "no account to send messages with is connected";

/// The words of a message, from what READ has brought; refused where the template or the zone is not what it was when it was
/// set.
fn text(kind: Kind, row: &Row<'_>, start: DateTime<Utc>) -> Result<std::result::Result<String, Refusal>> {
    let word = |column| -> Result<String> { Ok(row.get(column)?.unwrap_or_default()) };
    let (name, organization, service, timezone) = (word(4)?, word(6)?, word(3)?, word(7)?);
    let own = row.get::<String>(9)?;
    let render = || {
        let zone = ServerZone::named(&timezone)?;
        let template = Template::parse(own.as_deref().unwrap_or(kind.usual()))?;
        let local = zone::local_time(&zone, start);
        Ok(template.render(&Values {
            name: &name,
            organization: &organization,
            service: &service,
            when: &speech::moment(local, zone::local_date(&zone, instant::clock_now()), false),
            date: &local.format("%Y-%m-%d").to_string(),
            time: &local.format("%H:%M").to_string(),
        }))
    };
    Ok(render())
}

/// $1 org_id, $2 job.
const LOCK: &str = "
    SELECT m.id FROM booking.messages AS m WHERE m.org_id = $1 AND m.job_id = $2 FOR UPDATE SKIP LOCKED";

/// $1 org_id, $2 job.
const IS_THERE: &str = "
    SELECT m.id FROM booking.messages AS m WHERE m.org_id = $1 AND m.job_id = $2";

/// Whether nobody holds the message of an earlier attempt at this moment. What is read of it after that stays so.
fn can_be_written(client: &mut SpiClient<'_>, job: &Job) -> Result<bool> {
    let of = [as_postgres(job.org_id).into(), as_postgres(job.id).into()];
    Ok(!run_fresh(client, LOCK, &of)?.is_empty() || run_fresh(client, IS_THERE, &of)?.is_empty())
}

/// $1 org_id, $2 id, $3 job, $4 appointment or NULL, $5 phone, $6 body, $7 segments, $8 the clock, $9 follow-up or NULL.
const WRITE_DOWN: &str = "
    INSERT INTO booking.messages AS m
        (org_id, id, job_id, appointment_id, follow_up_id, to_phone, body, segments, status, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $9, $5, $6, $7, 'sending', $8, $8)
    ON CONFLICT (org_id, job_id) DO UPDATE
        SET to_phone = excluded.to_phone, body = excluded.body, segments = excluded.segments, status = excluded.status,
            error_code = NULL, updated_at = excluded.updated_at
    RETURNING m.created_at, m.former_sids";

impl Message {
    /// The message of a job with this text. An attempt is on record before the first byte of it goes out: `status` is what an
    /// earlier one left there.
    pub fn write_down(
        client: &mut SpiClient<'_>,
        job: &Job,
        id: Uuid,
        to_phone: String,
        text: &str,
        status: Option<String>,
    ) -> Result<Self> {
        let body = Marker::of(id).mark(text);
        let arguments = [
            as_postgres(job.org_id).into(),
            as_postgres(id).into(),
            as_postgres(job.id).into(),
            job.appointment_id().map(as_postgres).into(),
            to_phone.as_str().into(),
            body.as_str().into(),
            i32::try_from(Size::of(&body).segments).unwrap_or(i32::MAX).into(),
            instant::to_postgres(instant::clock_now())?.into(),
            job.follow_up_id().map(as_postgres).into(),
        ];
        let written = run_fresh(client, WRITE_DOWN, &arguments)?.first()?;
        let former_sids: Vec<Option<String>> = written.get(2)?.unwrap_or_default();
        let tried = Tried {
            first_at: written.get(1)?.ok_or_else(|| Error::missing("message"))?,
            former_sids: former_sids.into_iter().flatten().collect(),
        };
        let is_unsure = matches!(status.as_deref(), Some("sending" | "uncertain"));
        Ok(Message { id, to_phone, body, is_unsure, tried })
    }

    fn into_row(self, job: &Job, wait: Duration, version: Option<i64>) -> ClaimedRow {
        let marker = Marker::of(self.id).as_str().to_owned();
        (
            as_postgres(job.org_id),
            as_postgres(job.id),
            job.lease,
            job.attempt,
            job.kind.clone(),
            as_postgres(self.id),
            self.to_phone,
            self.body,
            marker,
            self.is_unsure,
            self.tried.first_at,
            self.tried.former_sids,
            i32::try_from(wait.num_milliseconds()).unwrap_or(0).max(0),
            version,
        )
    }
}

/// When the next messages of a sender may go out, from now.
struct Turns {
    next: Duration,
    step: Duration,
    version: Option<i64>,
}

/// A moment that is far away counts as one in an hour: no row may keep a claim from being written.
///
/// $1 org_id, $2 the clock, $3 how many messages.
const RESERVE: &str = "
    UPDATE booking.integrations AS i
    SET next_send_at = LEAST(GREATEST(i.next_send_at, $2), $2 + interval '1 hour')
        + $3 * (interval '1 second' / COALESCE((i.settings ->> 'per_second')::float8, 1))
    FROM (
        SELECT f.org_id FROM booking.integrations AS f
        WHERE f.org_id = $1 AND f.provider = 'twilio' AND f.ciphertext IS NOT NULL
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS free
    WHERE i.org_id = free.org_id AND i.provider = 'twilio'
    RETURNING i.version, i.next_send_at, (1000 / COALESCE((i.settings ->> 'per_second')::float8, 1))::bigint";

/// $1 org_id.
const HAS_ACCOUNT: &str = "
    SELECT i.version FROM booking.integrations AS i
    WHERE i.org_id = $1 AND i.provider = 'twilio' AND i.ciphertext IS NOT NULL";

impl Turns {
    /// Turns for as many messages, so that no sender sends faster than it may, however many couriers there are; `None` where
    /// somebody holds the account at this moment.
    fn reserve(client: &mut SpiClient<'_>, jobs: &[Job]) -> Result<Option<Self>> {
        let org_id = jobs.first().map(|job| job.org_id).unwrap_or_default();
        let clock = instant::clock_now();
        let count = i32::try_from(jobs.len()).unwrap_or(i32::MAX);
        let arguments = [as_postgres(org_id).into(), instant::to_postgres(clock)?.into(), count.into()];
        let Some(row) = run_fresh(client, RESERVE, &arguments)?.next() else {
            let is_held = !run_fresh(client, HAS_ACCOUNT, &[as_postgres(org_id).into()])?.is_empty();
            let at_once = Turns { next: Duration::zero(), step: Duration::zero(), version: None };
            return Ok((!is_held).then_some(at_once));
        };
        let end = instant::from_postgres(row.get(2)?.ok_or_else(|| Error::missing("turn"))?)?;
        let step = Duration::milliseconds(row.get::<i64>(3)?.unwrap_or(0));
        let all = step.checked_mul(count).unwrap_or(step);
        let next = end.signed_duration_since(clock).checked_sub(&all).unwrap_or_else(Duration::zero);
        Ok(Some(Turns { next, step, version: row.get(1)? }))
    }

    fn next(&mut self) -> Duration {
        let turn = self.next;
        self.next = turn.checked_add(&self.step).unwrap_or(turn);
        turn
    }
}
