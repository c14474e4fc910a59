//! Finding a place for an appointment: the time that is meant, the resources that are open, the seats that are free - or the
//! refusal with the nearest times that can be had. Booking, holding, moving and series all come through here.

use booking_core::appointment_time::{self, AppointmentTime, TimeRefusal};
use booking_core::calendar::Span;
use booking_core::schedule::{self, Schedule, Seat, Trouble};
use booking_core::service::{Rules, Slot};
use booking_core::{Code, Refusal, zone};
use chrono::{DateTime, Utc};
use pgrx::spi::SpiClient;
use serde_json::Value;
use uuid::Uuid;

use crate::answer;
use crate::book::lock::Locks;
use crate::book::request::When;
use crate::calendar::{self, ExpiredHold, OpenResource, Query, Reading};
use crate::error::{Error, Result};
use crate::instant;
use crate::look;
use crate::organization::{Organization, as_postgres, from_postgres};
use crate::outside_calendar;
use crate::statement::run_fresh;

/// What is being placed.
pub struct Plan<'a> {
    pub organization: &'a Organization,
    pub now: DateTime<Utc>,
    pub moving: Option<Moving>,
    /// What the earlier times of a series have taken.
    pub taken: Vec<(Seat, Span)>,
}

/// The appointment that is being moved. Its present place is not in its own way.
#[derive(Debug, Clone, Copy)]
pub struct Moving {
    pub id: Uuid,
    /// Its present start, where to offer it would be to offer no change.
    pub not_offered: Option<DateTime<Utc>>,
}

/// A time that is possible, before anybody has looked whether it is free.
pub struct Wanted {
    pub time: AppointmentTime,
    pub slot: Slot,
    /// The resources that are open then.
    pub resources: Vec<OpenResource>,
}

/// Where it can go.
pub struct Free {
    /// At least one, in the order in which they are to be tried.
    pub seats: Vec<Seat>,
    /// Holds that have expired and must be ended before one of the seats is taken.
    pub expired: Vec<Uuid>,
}

impl Wanted {
    /// The locks without which nobody may look whether it is free: where days are counted, all of the local day's.
    pub fn lock_slots(&self, organization: &Organization, locks: &mut Locks) {
        let span = match organization.rules.daily_limit {
            Some(_) => schedule::stretch_to_choose(self.slot, &organization.zone),
            None => self.slot.blocked,
        };
        locks.slots(self.resources.iter().map(|open| open.resource.id), span);
    }
}

impl<'a> Plan<'a> {
    pub fn new(organization: &'a Organization, now: DateTime<Utc>) -> Self {
        Plan { organization, now, moving: None, taken: Vec::new() }
    }

    fn rules(&self) -> &Rules {
        &self.organization.rules
    }

    /// The time that was stated, if an appointment can be then and somebody is open.
    pub fn want(&self, client: &mut SpiClient<'_>, when: &When) -> Result<std::result::Result<Wanted, TimeRefusal>> {
        let time = match self.settle(when) {
            Ok(time) => time,
            Err(refused) => return Ok(Err(refused)),
        };
        let Some(slot) = self.rules().slot(time.starts_at) else {
            let message = format!("{} is out of range", time.starts_at);
            return Err(Refusal::new(Code::TooFar, message, "pass a nearer date").into());
        };
        let mut resources = calendar::open_resources(client, self.organization, slot.time)?;
        resources.retain(|resource| resource.open.holds(slot.time));
        if resources.is_empty() {
            return Ok(Err(self.refusal(Trouble::OutsideHours, time.starts_at)));
        }
        Ok(Ok(Wanted { time, slot, resources }))
    }

    fn settle(&self, when: &When) -> std::result::Result<AppointmentTime, TimeRefusal> {
        let zone = &self.organization.zone;
        let time = when.settle(self.organization, self.now)?;
        appointment_time::check_not_past(time, zone, self.now)?;
        self.rules().check_start(time.starts_at, zone, self.now)?;
        Ok(time)
    }

    fn refusal(&self, trouble: Trouble, start: DateTime<Utc>) -> TimeRefusal {
        let refusal = schedule::refusal(trouble, start, self.rules(), &self.organization.zone);
        TimeRefusal { refusal, wanted: Some(start) }
    }

    /// The seats that can be had. Only under the locks is the answer worth anything.
    pub fn seats(&self, client: &mut SpiClient<'_>, wanted: &Wanted) -> Result<std::result::Result<Free, TimeRefusal>> {
        let Wanted { slot, resources, time } = wanted;
        let organization = self.organization;
        // One resource needs no comparing of days.
        let stretch =
            if resources.len() == 1 { slot.blocked } else { schedule::stretch_to_choose(*slot, &organization.zone) };
        let reading = self.read(client, resources, stretch)?;
        match schedule::seats(&reading.schedules, *slot, &organization.zone) {
            Ok(seats) => Ok(Ok(Free { seats, expired: self.in_the_way(*slot, &reading.expired) })),
            Err(trouble) => Ok(Err(self.refusal(trouble, time.starts_at))),
        }
    }

    /// The expired holds on the time of `slot`, or in the daily limit of its day. Both lie within the locks; others are left
    /// to whoever needs their time.
    fn in_the_way(&self, slot: Slot, expired: &[ExpiredHold]) -> Vec<Uuid> {
        let day = self.rules().daily_limit.map(|_| zone::local_date(&self.organization.zone, slot.time.start));
        let is_in_the_way =
            |hold: &&ExpiredHold| hold.blocked.overlaps(&slot.blocked) || (day.is_some() && hold.limit_day == day);
        expired.iter().filter(is_in_the_way).map(|hold| hold.id).collect()
    }

    /// Ends holds that have expired, so that the constraint knows it too.
    pub fn end_expired(&self, client: &mut SpiClient<'_>, holds: &[Uuid]) -> Result<()> {
        if holds.is_empty() {
            return Ok(());
        }
        let ids: Vec<pgrx::Uuid> = holds.iter().copied().map(as_postgres).collect();
        let clock = instant::to_postgres(instant::clock_now())?;
        let events: Vec<pgrx::Uuid> = holds.iter().map(|_| as_postgres(Uuid::now_v7())).collect();
        let has_history = self.organization.has_outbox;
        let mut arguments = vec![as_postgres(self.organization.id).into(), ids.into(), clock.into()];
        arguments.extend(has_history.then(|| events.into()));
        let statement = if has_history { END_AND_RECORD } else { END_EXPIRED };
        for row in run_fresh(client, statement, &arguments)? {
            if row.get::<bool>(2)?.unwrap_or(false) {
                let (id, end) = row.get::<pgrx::Uuid>(1)?.zip(row.get(3)?).ok_or_else(|| Error::missing("hold"))?;
                let end = instant::from_postgres(end)?;
                outside_calendar::expired(client, self.organization.id, from_postgres(id), end)?;
            }
        }
        Ok(())
    }

    /// The refusal of a slot that the constraint knows to be taken although the calendar did not show it.
    pub fn taken_after_all(&self, wanted: &Wanted) -> TimeRefusal {
        self.taken_at(wanted.time.starts_at)
    }

    /// The refusal of a start that was taken.
    pub fn taken_at(&self, start: DateTime<Utc>) -> TimeRefusal {
        self.refusal(Trouble::Taken, start)
    }

    /// The answer to a time that cannot be had: why, and the nearest that can.
    pub fn offer(&self, client: &mut SpiClient<'_>, refused: TimeRefusal) -> Result<Value> {
        let TimeRefusal { refusal, wanted: Some(wanted) } = refused else { return Err(refused.into()) };
        let alternatives = self.alternatives(client, wanted)?;
        Ok(answer::offer(&refusal, self.organization, wanted, &alternatives, self.now))
    }

    /// The schedules of all the organization's resources that were asked for, as they are for this plan.
    pub fn schedules(&self, client: &mut SpiClient<'_>, stretch: Span) -> Result<Vec<Schedule>> {
        let resources = calendar::open_resources(client, self.organization, stretch)?;
        Ok(self.read(client, &resources, stretch)?.schedules)
    }

    fn read(&self, client: &mut SpiClient<'_>, resources: &[OpenResource], stretch: Span) -> Result<Reading> {
        let query =
            Query { organization: self.organization, resources, stretch, moving: self.moving.map(|moving| moving.id) };
        let mut reading = calendar::read(client, &query)?;
        for schedule in &mut reading.schedules {
            self.taken.iter().for_each(|(seat, blocked)| schedule.take(*seat, *blocked));
        }
        Ok(reading)
    }

    pub fn alternatives(&self, client: &mut SpiClient<'_>, wanted: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>> {
        look::alternatives(client, self, wanted, look::OFFERED)
    }
}

/// $1 org_id, $2 holds, $3 the clock. Whoever confirmed one in time, without our lock, keeps it.
macro_rules! end_expired {
    () => {
        "
    UPDATE booking.appointments AS a
    SET status = 'cancelled', cancelled_at = a.expires_at, cancel_reason = 'hold expired'
    WHERE a.org_id = $1 AND a.id = ANY ($2) AND a.status = 'held' AND a.expires_at <= $3
    RETURNING a.id, a.contact_id IS NOT NULL AS is_somebodys, a.ends_at, a.starts_at, a.resource_id, a.service_type"
    };
}

const END_EXPIRED: &str = end_expired!();

/// What waited for its event is recorded apart. $4 ids of the events, one for each hold.
const END_AND_RECORD: &str = concat!(
    "
    WITH ended AS (",
    end_expired!(),
    "), event AS (
        INSERT INTO booking.events (org_id, id, kind, appointment_id, detail)
        SELECT $1, n.id, 'hold_expired', e.id, pg_catalog.jsonb_build_object(
            'startsAt', pg_catalog.to_char(e.starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),
            'endsAt', pg_catalog.to_char(e.ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),
            'resourceId', e.resource_id, 'serviceType', e.service_type, 'status', 'cancelled')
        FROM ended AS e
        JOIN unnest($2, $4) AS n (hold_id, id) ON n.hold_id = e.id
        WHERE NOT e.is_somebodys
    )
    SELECT e.id, e.is_somebodys, e.ends_at FROM ended AS e"
);
