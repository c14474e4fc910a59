//! Text messages: how long one is to a phone network, and the templates that an organization writes.

pub mod encoding;
pub mod template;

pub use encoding::{Encoding, Size};
pub use template::{Kind, Template, Values};
