//! Somebody has changed an event of ours in the calendar: the appointment follows, or is marked, as the organization has decided.
//! Never nothing.

use booking_core::calendar::Span;
use booking_core::outside_calendar::changes::{Change, Written, is_back};
use booking_core::outside_calendar::{OnChange, Settings, Told, What};
use booking_core::status::Status;
use chrono::{DateTime, Utc};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::book::When;
use crate::change::present::Present;
use crate::change::{cancel, reschedule};
use crate::error::{Error, Result, or_raise};
use crate::event;
use crate::instant;
use crate::organization::{as_postgres, from_postgres};
use crate::outside_calendar::enqueue;
use crate::outside_calendar::sync::Leased;
use crate::raw_json::JsonbText;
use crate::setup::{invalid, missing};
use crate::statement::{Row, run_fresh};

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn calendar_event_changed(
    p_org_id: Option<pgrx::Uuid>,
    p_calendar_id: Option<String>,
    p_lease: Option<i64>,
    p_item: Option<JsonbText>,
) -> Option<String> {
    let changed = || -> Result<Option<String>> {
        let leased = Leased::stated(p_org_id, p_calendar_id.as_deref(), p_lease)?;
        let item = p_item.as_ref().ok_or_else(|| missing("p_item"))?;
        let item: Value = serde_json::from_str(&item.0)
            .map_err(|_| invalid("p_item is not JSON", "pass an item that apply_calendar_changes returned"))?;
        Spi::connect_mut(|client| Ok(follow(client, &leased, &item)?.map(str::to_owned)))
    };
    or_raise(changed())
}

/// $1 org_id, $2 event.
const APPOINTMENT: &str = "
    SELECT e.appointment_id FROM booking.calendar_events AS e WHERE e.org_id = $1 AND e.event_id = $2";

/// Only the last of an appointment's events speaks for it. What becomes of one before it is nobody's decision about the
/// appointment.
///
/// $1 org_id, $2 event, $3 calendar.
const EVENT: &str = "
    SELECT e.state, e.starts_at, e.ends_at, e.etag, e.changed_at, e.flag, g.settings ->> 'calendar',
        EXISTS (
            SELECT FROM booking.outbox AS o
            WHERE o.org_id = $1 AND o.appointment_id = e.appointment_id AND o.kind = 'calendar'
              AND o.state IN ('available', 'retryable', 'running')),
        NOT EXISTS (
            SELECT FROM booking.calendar_events AS later
            WHERE later.org_id = $1 AND later.appointment_id = e.appointment_id AND later.generation > e.generation)
    FROM booking.calendar_events AS e
    JOIN booking.organizations AS g ON g.org_id = e.org_id
    WHERE e.org_id = $1 AND e.event_id = $2 AND e.calendar_id = $3
    FOR NO KEY UPDATE OF e";

/// $1 org_id, $2 appointment.
const LOCK_ROW: &str = "
    SELECT a.id FROM booking.appointments AS a WHERE a.org_id = $1 AND a.id = $2 FOR NO KEY UPDATE";

/// What became of it: `none`, `flagged`, `followed`, `agreed`, `restored` or `removed`; `None` where somebody else reads the calendar.
fn follow(client: &mut SpiClient<'_>, leased: &Leased, item: &Value) -> Result<Option<&'static str>> {
    let Some(zone) = leased.keep(client)? else { return Ok(None) };
    let Some(told) = Told::read(item, &zone) else { return Ok(Some("none")) };
    let org_id = as_postgres(leased.org_id);
    let Some(row) = run_fresh(client, APPOINTMENT, &[org_id.into(), told.id.as_str().into()])?.next() else {
        return Ok(Some("none"));
    };
    let id: pgrx::Uuid = row.get(1)?.ok_or_else(|| Error::missing("appointment"))?;
    // The appointment before its event, as everybody locks.
    let appointment = match Present::lock(client, Some(org_id), Some(id)) {
        Err(Error::Refused(_)) => None,
        present => Some(present?),
    };
    run_fresh(client, LOCK_ROW, &[org_id.into(), id.into()])?;
    // It has come up: a whole reading has not missed it.
    run_fresh(client, SEEN, &[org_id.into(), told.id.as_str().into(), leased.lease.into()])?;
    let arguments = [org_id.into(), told.id.as_str().into(), leased.calendar_id.as_str().into()];
    let Some(row) = run_fresh(client, EVENT, &arguments)?.next() else { return Ok(Some("none")) };
    let known = Known::read(leased, from_postgres(id), &told, &row)?;
    if appointment.as_ref().is_some_and(took_place) {
        return Ok(Some("none"));
    }
    let is_last = row.get::<bool>(9)?.unwrap_or(false);
    let stands = |appointment: &&Present| is_last && matches!(appointment.status, Status::Pending | Status::Confirmed);
    let standing = appointment.as_ref().filter(stands);
    if known.is_stray(standing.is_some()) {
        return known.remove(client, appointment.as_ref()).map(Some);
    }
    standing.map_or(Ok("none"), |appointment| known.answer(client, appointment)).map(Some)
}

/// What took place stays in the calendar as it is.
fn took_place(appointment: &Present) -> bool {
    matches!(appointment.status, Status::Completed | Status::NoShow) || appointment.time.end <= instant::clock_now()
}

/// An event of ours, as it was last written.
struct Known<'a> {
    org_id: Uuid,
    appointment_id: Uuid,
    told: &'a Told,
    state: String,
    flag: Option<String>,
    written: Written,
    on_change: OnChange,
}

impl<'a> Known<'a> {
    fn read(leased: &Leased, appointment_id: Uuid, told: &'a Told, row: &Row<'_>) -> Result<Self> {
        let moment = |column| -> Result<Option<DateTime<Utc>>> {
            Ok(row.get::<TimestampWithTimeZone>(column)?.map(instant::from_postgres).transpose()?)
        };
        let (start, end) = moment(2)?.zip(moment(3)?).ok_or_else(|| Error::missing("time"))?;
        let settings = row.get::<String>(7)?.as_deref().and_then(Settings::read).unwrap_or_default();
        Ok(Known {
            org_id: leased.org_id,
            appointment_id,
            told,
            state: row.get(1)?.ok_or_else(|| Error::missing("state"))?,
            flag: row.get(6)?,
            written: Written {
                time: Span { start, end },
                etag: row.get(4)?,
                changed_at: moment(5)?,
                has_more: row.get::<bool>(8)?.unwrap_or(true),
            },
            on_change: settings.on_change,
        })
    }

    fn answer(&self, client: &mut SpiClient<'_>, appointment: &Present) -> Result<&'static str> {
        let is_known = self.state == "present" || self.flag.is_some();
        match Change::of(self.told, &self.written) {
            Change::None => self.agree(client, self.told),
            Change::Overwritten(to) => self.overwritten(client, appointment, to),
            _ if !is_known => Ok("none"),
            Change::Deleted | Change::Missing if self.flag.as_deref() == Some("deleted") => Ok("none"),
            Change::Missing => self.missing(client, appointment),
            Change::Deleted => self.deleted(client, appointment),
            Change::Moved(to) => self.moved(client, appointment, to),
        }
    }

    /// Whether it is there although it was deleted, and is not one of an appointment that it speaks for and somebody has deleted there.
    fn is_stray(&self, speaks: bool) -> bool {
        self.state == "gone" && !(speaks && self.flag.is_some()) && is_back(self.told, &self.written)
    }

    /// Nobody else would ever delete it.
    fn remove(&self, client: &mut SpiClient<'_>, appointment: Option<&Present>) -> Result<&'static str> {
        self.note(client, "unwanted", None)?;
        let end = appointment.map_or_else(instant::clock_now, |appointment| appointment.time.end);
        enqueue(client, self.org_id, self.appointment_id, end)?;
        Ok("removed")
    }

    /// Somebody has moved or deleted it while a writing of ours waits, which will have the last word, or is under way, and may
    /// have been before theirs: then another one follows. Who has moved it is to know.
    fn overwritten(&self, client: &mut SpiClient<'_>, appointment: &Present, to: Option<Span>) -> Result<&'static str> {
        if let Some(to) = to {
            self.note(client, &self.state, self.flag.as_deref())?;
            self.record_move(client, to, false, &"overwritten".into())?;
        }
        if matches!(self.state.as_str(), "wanted" | "present") {
            enqueue(client, self.org_id, self.appointment_id, appointment.time.end)?;
        }
        Ok("none")
    }

    /// The calendar does not know it, and never had it: it is another calendar of the same name. It is written there.
    fn missing(&self, client: &mut SpiClient<'_>, appointment: &Present) -> Result<&'static str> {
        self.note(client, "wanted", None)?;
        enqueue(client, self.org_id, self.appointment_id, appointment.time.end)?;
        Ok("restored")
    }

    /// Keeps what is told now as what is known, so that it is told once.
    fn note(&self, client: &mut SpiClient<'_>, state: &str, flag: Option<&str>) -> Result<()> {
        let arguments = [
            as_postgres(self.org_id).into(),
            self.told.id.as_str().into(),
            state.into(),
            flag.into(),
            self.told.etag.as_deref().into(),
            self.told.changed_at.map(instant::to_postgres).transpose()?.into(),
        ];
        run_fresh(client, NOTE, &arguments)?;
        Ok(())
    }

    /// What was flagged and is put right there agrees again.
    fn agree(&self, client: &mut SpiClient<'_>, told: &Told) -> Result<&'static str> {
        let is_as_written = matches!(&told.what, What::There(there) if there.time == self.written.time);
        let is_old = told.changed_at.zip(self.written.changed_at).is_some_and(|(told, written)| told < written);
        if self.written.has_more || self.flag.is_none() || !is_as_written || is_old {
            return Ok("none");
        }
        self.note(client, "present", None)?;
        Ok("agreed")
    }

    fn deleted(&self, client: &mut SpiClient<'_>, appointment: &Present) -> Result<&'static str> {
        let follows = self.on_change == OnChange::Follow;
        self.note(client, "gone", (!follows).then_some("deleted"))?;
        if follows {
            cancel::cancel(
                client,
                appointment,
                Some("its event was deleted in the calendar"),
                event::Source::Calendar,
            )?;
        }
        let detail = json!({"eventId": self.told.id, "followed": follows});
        event::record(client, self.org_id, event::Kind::EventDeleted, Some(self.appointment_id), &detail)?;
        Ok(if follows { "followed" } else { "flagged" })
    }

    fn moved(&self, client: &mut SpiClient<'_>, appointment: &Present, to: Span) -> Result<&'static str> {
        let refusal = match self.on_change {
            OnChange::Follow => self.follow_to(client, appointment, to)?,
            OnChange::Flag => Some(Value::Null),
        };
        let follows = refusal.is_none();
        self.note(client, "present", (!follows).then_some("moved"))?;
        self.record_move(client, to, follows, &refusal.unwrap_or_default())?;
        Ok(if follows { "followed" } else { "flagged" })
    }

    fn record_move(&self, client: &mut SpiClient<'_>, to: Span, follows: bool, error: &Value) -> Result<()> {
        let detail = json!({
            "eventId": self.told.id,
            "to": to.start.to_rfc3339(),
            "until": to.end.to_rfc3339(),
            "followed": follows,
            "error": error,
        });
        event::record(client, self.org_id, event::Kind::EventMoved, Some(self.appointment_id), &detail)
    }

    /// Why the appointment cannot have the time that the event has; `None` where it has it now.
    fn follow_to(&self, client: &mut SpiClient<'_>, appointment: &Present, to: Span) -> Result<Option<Value>> {
        let length = to.end.signed_duration_since(to.start);
        let minutes = i32::try_from(length.num_minutes()).ok().filter(|_| length.num_seconds() % 60 == 0);
        let Some(minutes) = minutes else { return Ok(Some("invalid_duration".into())) };
        // Whoever says a time that has passed may mean the next year; whoever drags an event to one does not.
        if to.start <= instant::clock_now() {
            return Ok(Some("date_in_past".into()));
        }
        let when = When::At(Some(instant::to_postgres(to.start)?));
        match reschedule::reschedule(client, appointment, &when, Some(minutes), None, event::Source::Calendar) {
            Ok(answer) if answer["success"] == true => Ok(None),
            Ok(answer) => Ok(Some(answer["error"].clone())),
            Err(Error::Refused(refusal)) => Ok(Some(refusal.code.as_str().into())),
            Err(error) => Err(error),
        }
    }
}

/// $1 org_id, $2 event, $3 lease.
const SEEN: &str = "
    UPDATE booking.calendar_events AS e SET seen = $3 WHERE e.org_id = $1 AND e.event_id = $2";

/// $1 org_id, $2 event, $3 state, $4 flag or NULL, $5 etag or NULL, $6 the provider's clock or NULL.
const NOTE: &str = "
    UPDATE booking.calendar_events AS e
    SET state = $3, flag = $4, etag = COALESCE($5, e.etag), changed_at = COALESCE($6, e.changed_at),
        updated_at = pg_catalog.clock_timestamp()
    WHERE e.org_id = $1 AND e.event_id = $2";
