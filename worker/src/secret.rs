//! Credentials as JSON, which is what gets sealed.

use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use thiserror::Error;
use zeroize::Zeroizing;

/// Credentials that are not what they should be. What they are is not said: parsers repeat what they stumble over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the credentials are not in the form that they should be in")]
pub struct NotCredentials;

/// The JSON of credentials, to be sealed. It is wiped when it is dropped.
pub fn to_json(credentials: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, NotCredentials> {
    serde_json::to_vec(credentials).map(Zeroizing::new).map_err(|_| NotCredentials)
}

/// Credentials from the JSON that was opened.
pub fn from_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, NotCredentials> {
    serde_json::from_slice(json).map_err(|_| NotCredentials)
}

/// For fields that are to be sealed: secrecy does not write secrets unless it is told to, field by field.
pub(crate) fn exposed<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

pub(crate) fn exposed_if_any<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(ExposeSecret::expose_secret).serialize(serializer)
}
