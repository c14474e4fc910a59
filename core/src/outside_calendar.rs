//! The calendar that an organization keeps elsewhere: the event that an appointment has there, what others have there, and what
//! follows when somebody moves or deletes one of ours. Shapes are those of Google Calendar.

pub mod changes;
pub mod event;
pub mod settings;

pub use changes::{Busy, Told, What};
pub use event::{Details, event_id};
pub use settings::{Flow, OnChange, Settings};
