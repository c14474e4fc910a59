//! Holding a slot for somebody who is still thinking: an appointment of nobody, for a while.

use booking_core::status::Status;
use booking_core::{Code, Refusal, speech};
use chrono::{DateTime, Duration, Utc};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer;
use crate::book::lock::Locks;
use crate::book::place::{Plan, Wanted};
use crate::book::record::{self, Appointment};
use crate::book::request::{When, service_type, stated_service};
use crate::error::Result;
use crate::event::Source;
use crate::instant;
use crate::organization::{Asked, Organization, from_postgres};
use booking_core::booking_data::iso_utc;

/// The longest hold, in seconds: a day.
const LONGEST_HOLD_SECONDS: i32 = 24 * 60 * 60;

/// What a hold lasts when nobody says how long, in seconds.
const USUAL_HOLD_SECONDS: i32 = 300;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn hold_slot(
    p_org_id: Option<pgrx::Uuid>,
    p_service_type: Option<String>,
    p_scheduled_at: Option<TimestampWithTimeZone>,
    p_duration_minutes: default!(Option<i32>, "NULL"),
    p_resource_id: default!(Option<pgrx::Uuid>, "NULL"),
    p_ttl_seconds: default!(Option<i32>, "300"),
) -> pgrx::Json {
    let request = HoldRequest {
        org_id: p_org_id.map(from_postgres),
        service_type: p_service_type,
        when: When::At(p_scheduled_at),
        duration_minutes: p_duration_minutes,
        resource_id: p_resource_id.map(from_postgres),
        seconds: p_ttl_seconds.unwrap_or(USUAL_HOLD_SECONDS),
    };
    answer::for_program(Spi::connect_mut(|client| hold(client, request)))
}

struct HoldRequest {
    org_id: Option<Uuid>,
    service_type: Option<String>,
    when: When,
    duration_minutes: Option<i32>,
    resource_id: Option<Uuid>,
    seconds: i32,
}

fn hold(client: &mut SpiClient<'_>, request: HoldRequest) -> Result<Value> {
    let asked = Asked {
        org_id: request.org_id,
        resource_id: request.resource_id,
        service: stated_service(request.service_type.as_deref()),
    };
    let mut organization = Organization::read(client, asked)?;
    let service_type = service_type(&request.service_type, &organization)?;
    let lasting = lasting(request.seconds)?;
    organization.rules = organization.rules.lasting(request.duration_minutes)?;
    let plan = Plan::new(&organization, instant::transaction_now());
    let wanted = match plan.want(client, &request.when)? {
        Ok(wanted) => wanted,
        Err(refused) => return plan.offer(client, refused),
    };
    let mut locks = Locks::new(organization.id);
    wanted.lock_slots(&organization, &mut locks);
    locks.take(client)?;
    let free = match plan.seats(client, &wanted)? {
        Ok(free) => free,
        Err(refused) => return plan.offer(client, refused),
    };
    plan.end_expired(client, &free.expired)?;
    for seat in free.seats {
        // It lasts from when it is there, not from when somebody began to wait for the slot.
        let expires_at = instant::clock_now() + lasting;
        let hold = Appointment {
            id: Uuid::now_v7(),
            seat,
            slot: wanted.slot,
            service_type: &service_type,
            metadata: "{}",
            status: Status::Held,
            expires_at: Some(expires_at),
            contact: None,
            source: Source::Program,
        };
        let mut answer = held(&plan, &wanted, &hold, expires_at, request.seconds);
        if record::write(client, &organization, &hold, None, &[], &mut answer)?.is_some() {
            return Ok(answer);
        }
    }
    plan.offer(client, plan.taken_after_all(&wanted))
}

fn held(plan: &Plan<'_>, wanted: &Wanted, hold: &Appointment<'_>, expires_at: DateTime<Utc>, seconds: i32) -> Value {
    let moment = answer::spoken(plan.organization, wanted.slot.time.start, wanted.time.corrected, plan.now);
    json!({
        "success": true,
        "holdId": hold.id.to_string(),
        "resourceId": hold.seat.resource_id.to_string(),
        "status": hold.status.as_str(),
        "scheduledAt": iso_utc(wanted.slot.time.start),
        "endsAt": iso_utc(wanted.slot.time.end),
        "expiresAt": iso_utc(expires_at),
        "timezone": plan.organization.timezone,
        "dateCorrected": wanted.time.corrected,
        "message": speech::held(&moment, seconds),
    })
}

fn lasting(seconds: i32) -> std::result::Result<Duration, Refusal> {
    if (1..=LONGEST_HOLD_SECONDS).contains(&seconds) {
        return Ok(Duration::seconds(i64::from(seconds)));
    }
    Err(Refusal::new(
        Code::InvalidRequest,
        format!("a hold of {seconds} seconds is not between 1 and {LONGEST_HOLD_SECONDS}"),
        "leave p_ttl_seconds out for five minutes",
    ))
}
