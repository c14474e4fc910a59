//! Signing: what is handed out (a state, a token of a channel) is believed when it comes back only if it was signed here, for
//! the same purpose.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::{Key, Keyring, hmac};

impl Keyring {
    /// The signature of `text` under the current key: 43 characters, HMAC-SHA256 in base64url without padding.
    pub fn sign(&self, purpose: &str, text: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(mac(&self.current, purpose, text).finalize().into_bytes())
    }

    /// Whether any key of the ring has signed `text` for this purpose. It takes as long for a good signature as for a bad one.
    pub fn verify(&self, purpose: &str, text: &str, signature: &str) -> bool {
        let Ok(stated) = BASE64_URL_SAFE_NO_PAD.decode(signature) else { return false };
        let is_of = |key: &Key| mac(key, purpose, text).finalize().into_bytes().as_slice().ct_eq(&stated);
        self.keys().map(is_of).fold(Choice::from(0), |one, other| one | other).into()
    }

    /// A secret text that follows from the current key, `purpose` and `text`, the same every time: what another side has to
    /// repeat, without storing it.
    pub fn derive(&self, purpose: &str, text: &str) -> String {
        self.sign(purpose, text)
    }
}

fn mac(key: &Key, purpose: &str, text: &str) -> Hmac<Sha256> {
    let mut mac = hmac(&key.derived("sign", purpose));
    mac.update(text.as_bytes());
    mac
}
