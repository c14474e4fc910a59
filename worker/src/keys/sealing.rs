//! Sealing: AES-256-GCM with a random nonce. Who has the database but no key reads nothing, and cannot move what is sealed to
//! another place unnoticed.

use std::fmt;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use secrecy::SecretSlice;

use super::{Key, KeyError, Keyring, random};

const NONCE_BYTES: usize = 12;

/// A sealed secret, as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The master key it was sealed under.
    pub key_id: String,
    /// 12 bytes, never used twice.
    pub nonce: Vec<u8>,
    /// As long as the secret, and 16 bytes of authentication.
    pub ciphertext: Vec<u8>,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sealed")
            .field("key_id", &self.key_id)
            .field("bytes", &self.ciphertext.len())
            .finish_non_exhaustive()
    }
}

impl Keyring {
    /// Seals a secret for the place that `context` names, such as `org 01998f…: twilio`: it opens there and nowhere else.
    /// Nonces are random, which is safe for four thousand million secrets under one key.
    ///
    /// # Panics
    ///
    /// When the system has no random bytes.
    pub fn seal(&self, plaintext: &[u8], context: &str) -> Sealed {
        let nonce: [u8; NONCE_BYTES] = random();
        let associated = associated_data(&self.current.id, context);
        let ciphertext = cipher(&self.current)
            .encrypt(&Nonce::from(nonce), Payload { msg: plaintext, aad: &associated })
            .expect("a secret is shorter than 64 GiB");
        Sealed { key_id: self.current.id.clone(), nonce: nonce.to_vec(), ciphertext }
    }

    /// Opens what was sealed for `context`, under whichever key of the ring.
    pub fn open(&self, sealed: &Sealed, context: &str) -> Result<SecretSlice<u8>, KeyError> {
        let key = self.by_id(&sealed.key_id).ok_or_else(|| KeyError::Missing { key_id: sealed.key_id.clone() })?;
        let not_authentic = || KeyError::NotAuthentic { key_id: key.id.clone() };
        let nonce: [u8; NONCE_BYTES] = sealed.nonce.as_slice().try_into().map_err(|_| not_authentic())?;
        let payload = Payload { msg: &sealed.ciphertext, aad: &associated_data(&key.id, context) };
        let plaintext = cipher(key).decrypt(&Nonce::from(nonce), payload).map_err(|_| not_authentic())?;
        Ok(SecretSlice::from(plaintext))
    }

    /// Whether it was sealed under the current key; if not, it is to be sealed anew before the older key goes.
    pub fn is_current(&self, sealed: &Sealed) -> bool {
        sealed.key_id == self.current.id
    }
}

fn cipher(key: &Key) -> Aes256Gcm {
    Aes256Gcm::new(&(*key.derived("seal", "")).into())
}

/// An id has no zero byte in it, so no two pairs make the same text.
fn associated_data(key_id: &str, context: &str) -> Vec<u8> {
    format!("{key_id}\0{context}").into_bytes()
}
