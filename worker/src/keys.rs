//! Master keys and what they do: they seal credentials before they are stored, and sign what comes back from outside.
//!
//! A ring has one key per line, `ID BASE64`, the current one first. Older keys stay as long as something is sealed under
//! them. No master key is used itself: for sealing, and for each purpose of signing, another key is derived from it.

mod error;
mod sealing;
mod signing;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

pub use error::KeyError;
pub use sealing::Sealed;

/// The length of a master key and of every derived one, in bytes.
const KEY_BYTES: usize = 32;
const LONGEST_ID: usize = 64;
/// The largest key file that is read, in bytes: some hundred keys.
const LARGEST_FILE: u64 = 64 * 1024;

type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

/// The master keys, the current one first. `Debug` shows their ids only; their bytes are wiped when the ring is dropped.
pub struct Keyring {
    current: Key,
    older: Vec<Key>,
}

struct Key {
    id: String,
    bytes: KeyBytes,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.keys().map(|key| key.id.as_str()).collect();
        formatter.debug_struct("Keyring").field("ids", &ids).finish_non_exhaustive()
    }
}

impl Keyring {
    /// The keys of `text`: lines `ID BASE64`, where `ID` is 1 to 64 of `A-Z a-z 0-9 _ . -`, each once, and `BASE64` stands
    /// for 32 bytes. Blank lines and those that begin with `#` do not count. The first key is the current one.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut keys: Vec<Key> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let key = Key::parse(line).map_err(|trouble| KeyError::Line { number, trouble })?;
            if keys.iter().any(|other| other.id == key.id) {
                return Err(KeyError::Line { number, trouble: "has an id that an earlier line has" });
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let current = keys.next().ok_or(KeyError::Empty)?;
        Ok(Keyring { current, older: keys.collect() })
    }

    /// The keys of a file or those of an environment variable: exactly one of the two has to be there. Nobody but the owner
    /// of the file may be able to read it.
    pub fn load(file: Option<&Path>, environment: Option<&str>) -> Result<Self, KeyError> {
        match (file, environment) {
            (Some(path), None) => Self::parse(&read_private(path)?),
            (None, Some(text)) => Self::parse(text),
            (Some(_), Some(_)) => Err(KeyError::TwoSources),
            (None, None) => Err(KeyError::NoSource),
        }
    }

    /// A line with a new random key, without a line break: what an operator puts on top of the file.
    ///
    /// # Panics
    ///
    /// When the system has no random bytes.
    pub fn generate_line(id: &str) -> Result<String, KeyError> {
        if !is_id(id) {
            return Err(KeyError::Id);
        }
        let bytes: KeyBytes = Zeroizing::new(random());
        Ok(format!("{id} {}", BASE64_STANDARD.encode(*bytes)))
    }

    /// The id of the key that seals and signs.
    pub fn current_id(&self) -> &str {
        &self.current.id
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.older)
    }

    fn by_id(&self, id: &str) -> Option<&Key> {
        self.keys().find(|key| key.id == id)
    }
}

impl Key {
    fn parse(line: &str) -> Result<Self, &'static str> {
        let (id, encoded) = line.split_once(char::is_whitespace).ok_or("is not an id and a key")?;
        if !is_id(id) {
            return Err("has an id that is not 1 to 64 letters, digits, dots, dashes and underscores");
        }
        let decoded =
            Zeroizing::new(BASE64_STANDARD.decode(encoded.trim()).map_err(|_| "has a key that is not base64")?);
        let bytes = decoded.as_slice().try_into().map_err(|_| "has a key that is not 32 bytes long")?;
        Ok(Key { id: id.to_owned(), bytes: Zeroizing::new(bytes) })
    }

    /// Another key for each use and purpose. A use has no zero byte in it, so no two pairs make the same text.
    fn derived(&self, usage: &str, purpose: &str) -> KeyBytes {
        let mut mac = hmac(&self.bytes);
        for part in [b"booking-worker\0", usage.as_bytes(), b"\0", purpose.as_bytes()] {
            mac.update(part);
        }
        Zeroizing::new(mac.finalize().into_bytes().into())
    }
}

fn hmac(key: &KeyBytes) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key.as_slice()).expect("HMAC takes keys of every length")
}

/// There is nothing sensible to do without random bytes, and no kernel that has started runs out of them.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    bytes
}

fn is_id(id: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(is_allowed)
}

/// A file that nobody but its owner can read. The mode is asked of the open file, so that what is checked is what is read.
pub(crate) fn read_private(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let unreadable = |error: std::io::Error| KeyError::Unreadable { path: path.to_owned(), kind: error.kind() };
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::OpenToOthers { path: path.to_owned(), mode });
    }
    let mut text = Zeroizing::new(String::new());
    file.take(LARGEST_FILE + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > LARGEST_FILE {
        return Err(KeyError::TooLarge { path: path.to_owned() });
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
