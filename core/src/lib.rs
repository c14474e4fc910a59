//! The booking rules, in plain Rust without Postgres. The extension calls them; nothing here knows of a server, a
//! clock or a socket: "now", "today" and the time zone come in as arguments.

pub mod refusal;

// What a caller wrote or said, made clean.
pub mod booking_data;
pub mod date;
pub mod direct_tool;
pub mod email;
pub mod integration;
pub mod limits;
pub mod name;
pub mod phone;
pub mod time;

// Time: instants, open and closed, free and taken, near and later.
pub mod alternatives;
pub mod appointment_time;
pub mod calendar;
pub mod grid;
pub mod hours;
pub mod schedule;
pub mod service;
pub mod status;
pub mod wall;
pub mod zone;

// What is said back, what is sent, and what is on record.
pub mod follow_up;
pub mod history;
pub mod outbox;
pub mod outside_calendar;
pub mod sms;
pub mod speech;
pub mod voice;

pub use refusal::{Code, Refusal};

#[cfg(test)]
mod test_zone;
