//! Looking an appointment up: where it stands, and what became of its messages and its event.

use booking_core::status::Status;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::Value;

use crate::answer::{self, Shown};
use crate::change::present::Present;
use crate::error::Result;
use crate::instant;
use crate::outbox;

#[pg_extern(stable)]
#[search_path(pg_catalog, pg_temp)]
fn appointment_status(p_org_id: Option<pgrx::Uuid>, p_appointment_id: Option<pgrx::Uuid>) -> pgrx::Json {
    answer::for_program(Spi::connect_mut(|client| {
        let appointment = Present::read(client, p_org_id, p_appointment_id)?;
        show(client, &appointment)
    }))
}

fn show(client: &mut SpiClient<'_>, appointment: &Present) -> Result<Value> {
    let organization = appointment.organization(client)?;
    let status = appointment.shown_status();
    let moment = answer::spoken(&organization, appointment.time.start, false, instant::transaction_now());
    let message = format!("The appointment {moment} is {}.", status.in_words());
    let mut answer = Shown { status, ..appointment.shown() }.to_json(&organization, &message);
    outbox::status::show(client, &organization, appointment.id, &mut answer)?;
    // What waits for the calendar is told when it is confirmed.
    if status == Status::Held && appointment.contact_id.is_some() {
        organization.announce(&mut answer);
    }
    Ok(answer)
}
