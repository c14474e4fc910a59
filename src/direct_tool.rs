//! The direct tool shape of a voice agent: one tool call in, its id and its result out.

use booking_core::direct_tool::{DirectCall, read_request};
use pgrx::Json;
use pgrx::prelude::*;
use serde_json::json;

use crate::answer;
use crate::book::{Patient, Request, When, book};
use crate::error::Error;
use crate::event::Source;
use crate::raw_json::JsonText;

/// What a voice agent's appointment is for when it does not say.
const UNSAID_SERVICE: &str = "appointment";

// One unnamed parameter, so that PostgREST hands over the whole body of a request as it was posted.
#[pg_extern(sql = r#"
CREATE FUNCTION booking.book_clinic_appointment(json) RETURNS json
    STRICT LANGUAGE c SET search_path TO pg_catalog, pg_temp
    AS '@MODULE_PATHNAME@', '@FUNCTION_NAME@';"#)]
fn book_clinic_appointment(body: JsonText) -> Json {
    let (tool_call_id, call) = read_request(&body.0);
    let result = call.map_err(Error::from).and_then(|call| Spi::connect_mut(|client| book(client, request(call))));
    Json(json!({"toolCallId": tool_call_id, "result": answer::for_voice(result).0}))
}

fn request(call: DirectCall) -> Request {
    let DirectCall { org_id, booking } = call;
    Request {
        org_id: Some(org_id),
        patient: Patient { name: booking.name.clone(), email: booking.email.clone(), phone: booking.phone.clone() },
        service_type: booking.service.clone().or_else(|| Some(UNSAID_SERVICE.to_owned())),
        duration_minutes: booking.duration_minutes,
        when: When::Words(booking),
        resource_id: None,
        idempotency_key: None,
        metadata: None,
        source: Source::VoiceAgent,
    }
}
