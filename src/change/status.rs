//! Saying how an appointment went: confirmed, completed, or that nobody came.

use booking_core::status::Status;
use booking_core::{Code, Refusal};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::Value;

use crate::answer::{self, Shown};
use crate::change::present::{Present, must_have_changed};
use crate::error::Result;
use crate::event::{Change, Kind, Source, change};
use crate::organization::as_postgres;
use crate::outbox;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn set_appointment_status(
    p_org_id: Option<pgrx::Uuid>,
    p_appointment_id: Option<pgrx::Uuid>,
    p_status: Option<String>,
) -> pgrx::Json {
    answer::for_program(Spi::connect_mut(|client| {
        let appointment = Present::lock(client, p_org_id, p_appointment_id)?;
        set(client, &appointment, settable(p_status.as_deref())?, Source::Program)
    }))
}

/// What has a function of its own is done by that: a hold needs somebody to confirm it for, and a cancellation has a reason.
fn settable(stated: Option<&str>) -> std::result::Result<Status, Refusal> {
    let hint = "pass confirmed, completed or no_show";
    let stated = stated.ok_or_else(|| Refusal::new(Code::InvalidRequest, "no status was given", hint))?;
    match Status::parse(stated)? {
        status @ (Status::Confirmed | Status::Completed | Status::NoShow) => Ok(status),
        Status::Cancelled => Err(not_settable(stated, "call cancel_appointment")),
        Status::Held | Status::Pending => Err(not_settable(stated, hint)),
    }
}

fn not_settable(stated: &str, hint: &str) -> Refusal {
    Refusal::new(Code::InvalidRequest, format!("status \"{stated}\" cannot be set"), hint)
}

/// $1 org_id, $2 appointment, $3 the status it has, $4 the one it gets.
const SET: Change = change!(
    "
    UPDATE booking.appointments AS a SET status = $4
    WHERE a.org_id = $1 AND a.id = $2 AND a.status = $3
    RETURNING a.org_id, a.id",
    "$5",
    "$6",
    "$7"
);

/// Marks what is locked.
pub fn set(client: &mut SpiClient<'_>, appointment: &Present, status: Status, source: Source) -> Result<Value> {
    appointment.check_not_expired()?;
    if appointment.status == Status::Held {
        return Err(not_for_holds().into());
    }
    appointment.status.check_change(status)?;
    let organization = appointment.organization(client)?;
    appointment.lock_slots(client, |_| ())?;
    let arguments = vec![
        as_postgres(appointment.org_id).into(),
        as_postgres(appointment.id).into(),
        appointment.status.as_str().into(),
        status.as_str().into(),
    ];
    let event = organization.has_outbox.then(|| {
        let mut event = appointment.event(Kind::StatusChanged, status, source);
        event.detail["from"] = appointment.status.as_str().into();
        event.detail["to"] = status.as_str().into();
        event
    });
    must_have_changed(&SET.run(client, arguments, event.as_ref())?)?;
    let message = format!("The appointment is {}.", status.in_words());
    let mut answer = Shown { status, ..appointment.shown() }.to_json(&organization, &message);
    outbox::status::show(client, &organization, appointment.id, &mut answer)?;
    Ok(answer)
}

fn not_for_holds() -> Refusal {
    Refusal::new(Code::InvalidStatus, "a hold is nobody's appointment yet", "call confirm_hold or release_hold")
}
