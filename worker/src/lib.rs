//! `booking-worker`: it carries what is due out of the database to Twilio and Google Calendar, and their news back, and answers
//! voice agents in time. It decides nothing: texts, events, times and what follows come out of the functions of the database.
//!
//! No `Debug` or `Display` of this crate shows a secret or a patient.

// The providers. Nothing there knows of the database.
pub mod google;
pub mod http;
pub mod keys;
pub mod outcome;
pub mod secret;
pub mod twilio;
pub mod vapi;

// The database.
pub mod accounts;
pub mod database;
pub mod integration;

// The program.
pub mod command;
pub mod config;
pub mod context;
pub mod error;
pub mod logs;
pub mod progress;
pub mod server;
pub mod work;

pub use http::{BadAddress, http_client};
pub use outcome::Failure;
