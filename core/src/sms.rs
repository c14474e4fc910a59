//! Text messages: how long one is to a phone network, the templates that an organization writes, and what patients answer.

pub mod encoding;
pub mod marker;
pub mod reply;
pub mod template;

pub use encoding::{Encoding, Size};
pub use marker::Marker;
pub use reply::Reply;
pub use template::{Kind, Template, Values};
