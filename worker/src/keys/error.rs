//! What can be wrong with keys and with what was sealed under them. Ids and places are named, contents never.

use std::io::ErrorKind;
use std::path::PathBuf;

use thiserror::Error;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    #[error("there is no master key: name a key file or set the environment variable")]
    NoSource,
    #[error("there are two sources of master keys: name a key file or set the environment variable, not both")]
    TwoSources,
    #[error("there is no key among the master keys: write one line, ID BASE64")]
    Empty,
    /// The line itself is not repeated: it may hold a key.
    #[error("line {number} of the master keys {trouble}: write ID BASE64, with 32 bytes in base64")]
    Line { number: usize, trouble: &'static str },
    #[error("the id of a key is 1 to 64 letters, digits, dots, dashes and underscores")]
    Id,
    #[error("the file {} cannot be read: {kind}", path.display())]
    Unreadable { path: PathBuf, kind: ErrorKind },
    #[error("the file {} is larger than 64 KiB", path.display())]
    TooLarge { path: PathBuf },
    #[error("the file {0} can be read by others (mode {mode:o}): chmod 600 {0}", path.display())]
    OpenToOthers { path: PathBuf, mode: u32 },
    #[error("the master key {key_id:?} is missing: put its line back below the current one")]
    Missing { key_id: String },
    /// It was changed, moved to another place, or sealed under another key of the same id.
    #[error("what was sealed under the master key {key_id:?} is not what was sealed for this place")]
    NotAuthentic { key_id: String },
}
