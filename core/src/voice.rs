//! Voice agents: what Vapi sends, read without ever failing as a whole, and what is said back.

mod again;
pub mod arguments;
pub mod definition;
pub mod envelope;
mod halves;
pub mod origin;
mod places;
pub mod prompt;
pub mod report;
pub mod said;
pub mod timeline;
pub mod tool;
mod unavailable;

pub use again::{can_be_asked_again, known_again_by};
pub use envelope::{Envelope, Kind, ToolCall};
pub use tool::Tool;
pub use unavailable::{unavailable, unavailable_direct, unknown, unknown_direct};
