//! The calendar as it stands: when resources are open, what has been taken, how full their days are. The reads are here, the
//! rules in `booking_core::schedule`.

mod busy;
mod day_limits;
pub mod hours;

use std::rc::Rc;

use booking_core::calendar::Span;
use booking_core::hours::OpenTime;
use booking_core::schedule::Schedule;
use chrono::NaiveDate;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::Result;
use crate::organization::{Organization, Resource, as_postgres};
pub use hours::open_resources;

/// A resource and when it is open.
#[derive(Debug, Clone)]
pub struct OpenResource {
    pub resource: Resource,
    pub open: Rc<OpenTime>,
}

/// What is to be read.
pub struct Query<'a> {
    pub organization: &'a Organization,
    /// Ordered by id.
    pub resources: &'a [OpenResource],
    pub stretch: Span,
    /// An appointment that does not count, because it is being moved.
    pub moving: Option<Uuid>,
}

impl Query<'_> {
    fn resource_ids(&self) -> Vec<pgrx::Uuid> {
        self.resources.iter().map(|open| as_postgres(open.resource.id)).collect()
    }

    fn position(&self, resource_id: Uuid) -> Option<usize> {
        self.resources.binary_search_by_key(&resource_id, |open| open.resource.id).ok()
    }
}

/// A hold that has expired and whose row still says that it occupies its seat.
#[derive(Debug, Clone, Copy)]
pub struct ExpiredHold {
    pub id: Uuid,
    pub blocked: Span,
    pub limit_day: Option<NaiveDate>,
}

pub struct Reading {
    /// In the order of the resources.
    pub schedules: Vec<Schedule>,
    /// They count as free in the schedules; whoever takes their time must first say so in their rows.
    pub expired: Vec<ExpiredHold>,
}

/// Reads what has been taken of the resources within the stretch.
#[inline(never)] // make bench counts what it costs
pub fn read(client: &mut SpiClient<'_>, query: &Query<'_>) -> Result<Reading> {
    let mut expired = Vec::new();
    let calendars = busy::read(client, query, &mut expired)?;
    let limits = day_limits::read(client, query, &mut expired)?;
    let schedules = query.resources.iter().zip(calendars).zip(limits).map(|((resource, calendar), limits)| Schedule {
        calendar,
        open: Rc::clone(&resource.open),
        limits,
    });
    Ok(Reading { schedules: schedules.collect(), expired })
}
