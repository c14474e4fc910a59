//! The outside half of the worker: what talks to the providers of messages and calendars, and what keeps their credentials.
//! Nothing here knows of the database. No `Debug` or `Display` of this crate shows a secret or a patient.

pub mod google;
pub mod http;
pub mod keys;
pub mod outcome;
pub mod secret;
pub mod twilio;

pub use http::{BadAddress, http_client};
pub use outcome::Failure;
