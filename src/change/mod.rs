//! Changing an appointment that is there: moving it, cancelling it, confirming or releasing a hold, saying how it went.
//! Whoever changes one locks it first, and then its slots, so that whoever waits for a slot gets it when this commits.

pub mod cancel;
mod confirm;
pub mod present;
pub mod reschedule;
mod seen;
mod show;
pub mod status;
