//! The tools as they are registered with Vapi: what a model is told of each, and what it fills in.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::voice::tool::Tool;

/// The body that registers `tool` for an organization, without the server that it is called at. The organization travels as a
/// static parameter, which a model neither sees nor fills in.
pub fn definition(tool: Tool, org_id: Uuid) -> Value {
    let properties = properties(tool);
    json!({
        "type": "function",
        "async": false,
        "function": {
            "name": tool.as_str(),
            "description": description(tool),
            "strict": false,
            "parameters": {"type": "object", "properties": properties, "required": required(tool)},
        },
        "parameters": [
            {"key": "org_id", "value": org_id.to_string()},
            {"key": "caller_number", "value": "{{ customer.number }}"},
            {"key": "call_id", "value": "{{ call.id }}"},
        ],
        "messages": [
            {"type": "request-start", "content": "One moment, please.", "blocking": false},
            {"type": "request-response-delayed", "content": "Still checking, thank you for waiting.", "timingMilliseconds": 4000},
            {"type": "request-failed", "content": "I could not reach the calendar."},
        ],
    })
}

const fn description(tool: Tool) -> &'static str {
    match tool {
        Tool::Book => {
            "Books an appointment. Call it only after the person has said what it is for, the day and the time. It is booked only when the answer says so; otherwise offer the times in the answer."
        }
        Tool::CheckAvailability => {
            "Says which times are free: on a day, at a time of a day, or, without either, the next ones. Offer only times that it has given."
        }
        Tool::Reschedule => {
            "Moves an appointment of the person to a new date and time. The old time is kept if the new one cannot be had."
        }
        Tool::Cancel => "Cancels an appointment of the person. Ask whether they are sure before you call it.",
        Tool::Find => "Says which appointments the person has.",
        Tool::LeaveMessage => "Passes a message on to the team, who will call back.",
        Tool::RequestTransfer => "Lets the team know that the person wants to speak to somebody.",
    }
}

fn properties(tool: Tool) -> Value {
    let date =
        text("The day as the person said it, as tomorrow, next Tuesday or 2026-03-20. Never a day that has passed.");
    let time = text("The time of day as the person said it, as 2:30 PM.");
    let phone = text("Only where the person names another number than the one they call from.");
    let service = text("What the appointment is for.");
    let name = text("First and last name of the person that the appointment is for.");
    let whose = text("Where several people share the number: whose appointment is meant.");
    let what_for = text("Where the person has several appointments at one time: what the one that is meant is for.");
    let which =
        |of: &str| text(&format!("Where the person has several appointments: the {of} of the one that is meant."));
    match tool {
        Tool::Book => json!({
            "patientName": name, "patientPhone": phone,
            "patientEmail": text("Only where the person gives one."),
            "serviceType": service, "appointmentDate": date, "appointmentTime": time,
        }),
        Tool::CheckAvailability => json!({"appointmentDate": date, "appointmentTime": time, "serviceType": service}),
        Tool::Reschedule => json!({
            "newDate": date, "newTime": time, "patientName": whose, "patientPhone": phone,
            "currentDate": which("day"), "currentTime": which("time"), "serviceType": what_for,
        }),
        Tool::Cancel => json!({
            "patientName": whose, "patientPhone": phone,
            "currentDate": which("day"), "currentTime": which("time"), "serviceType": what_for,
            "reason": text("Why, if the person says so."),
        }),
        Tool::Find => json!({"patientPhone": phone}),
        Tool::LeaveMessage => json!({
            "message": text("What the team is to know, in the person's words."), "patientName": name, "patientPhone": phone,
            "callbackDate": text("The day on which the person wants to be called back, if they say one."),
            "callbackTime": text("The time at which the person wants to be called back, if they say one."),
        }),
        Tool::RequestTransfer => {
            json!({"reason": text("What it is about, if the person says so."), "patientName": name, "patientPhone": phone})
        }
    }
}

const fn required(tool: Tool) -> &'static [&'static str] {
    match tool {
        Tool::Book => &["patientName", "serviceType", "appointmentDate", "appointmentTime"],
        Tool::Reschedule => &["newDate", "newTime"],
        Tool::LeaveMessage => &["message"],
        Tool::CheckAvailability | Tool::Cancel | Tool::Find | Tool::RequestTransfer => &[],
    }
}

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::arguments::Arguments;

    #[test]
    fn every_tool_has_a_definition_that_vapi_takes() {
        let org = Uuid::nil();
        for tool in Tool::ALL {
            let definition = definition(tool, org);
            let function = &definition["function"];
            let name = function["name"].as_str().unwrap();
            assert!(name.len() <= 64 && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase()), "{name}");
            let parameters = function["parameters"].as_object().unwrap();
            for required in parameters["required"].as_array().unwrap() {
                assert!(parameters["properties"].get(required.as_str().unwrap()).is_some(), "{name} {required}");
            }
            assert!(parameters["properties"].get("org_id").is_none());
            assert_eq!(definition["parameters"][0], json!({"key": "org_id", "value": org.to_string()}));
        }
    }

    #[test]
    fn what_a_definition_asks_for_is_read() {
        for tool in Tool::ALL {
            let definition = definition(tool, Uuid::nil());
            for (name, _) in definition["function"]["parameters"]["properties"].as_object().unwrap() {
                let value = if name == "patientName" { "Ann" } else { "noon" };
                let stated = json!({name: value});
                let read = Arguments::read(tool, stated.as_object().unwrap()).unwrap();
                assert_ne!(read, Arguments::default(), "{} {name}", tool.as_str());
            }
        }
    }
}
