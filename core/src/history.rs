//! The history of an organization, read so that nothing is missing and nothing comes twice.
//!
//! Transactions commit in another order than they begin and than their events are numbered in, so that the last id somebody has
//! read says nothing about what is still to be committed before it. A snapshot does: it says of every transaction whether it was
//! over. A [`Position`] is a snapshot of which everything was read, and, in the middle of a page, another of which a part was.

mod position;
mod snapshot;

pub use position::{Home, Position};
pub use snapshot::Snapshot;
