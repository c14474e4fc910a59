//! The clients of the providers against servers that behave as the providers do, and as they do on bad days.

mod bad_server;
mod google_channel;
mod google_event;
mod google_failure;
mod google_list;
mod google_oauth;
mod printed;
mod proxy;
mod twilio_check;
mod twilio_find;
mod twilio_send;
mod vapi_account;
mod vapi_client;
mod vapi_sync;

use std::time::Duration;

use reqwest::Client;

/// Long enough for a slow machine; nothing waits for it to pass.
fn client() -> Client {
    booking_worker::http_client(Duration::from_secs(20)).unwrap()
}

/// For servers that never answer.
fn impatient_client() -> Client {
    booking_worker::http_client(Duration::from_millis(300)).unwrap()
}
