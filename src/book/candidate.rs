//! Where an appointment could go: the free seats, in the order in which they are tried.

use booking_core::calendar::{Span, day_span};
use booking_core::zone;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::calendar;
use crate::error::Result;
use crate::organization::Organization;

#[derive(Debug, Clone, Copy)]
pub struct Candidate {
    pub resource_id: Uuid,
    pub seat: i32,
}

/// The free seats for `span`: the least loaded resource of the local day first, then by id; within a resource the lowest
/// seat first.
pub fn free_seats(client: &mut SpiClient<'_>, organization: &Organization, span: Span) -> Result<Vec<Candidate>> {
    let one_resource = organization.resources.len() == 1;
    let day = if one_resource { span } else { local_day(organization, span) };
    let window = Span { start: day.start.min(span.start), end: day.end.max(span.end) };
    let mut calendars = calendar::read(client, organization, window)?;
    // The sort is stable, so resources of equal load stay in the order of their ids.
    calendars.sort_by_key(|calendar| calendar.load(day));
    let seats = calendars.iter().flat_map(|calendar| {
        calendar.free_seats(span).map(|seat| Candidate { resource_id: calendar.resource_id, seat })
    });
    Ok(seats.collect())
}

fn local_day(organization: &Organization, span: Span) -> Span {
    day_span(&organization.zone, zone::local_date(&organization.zone, span.start)).unwrap_or(span)
}
