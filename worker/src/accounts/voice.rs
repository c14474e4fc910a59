//! Accounts at Vapi, opened: to call Vapi with, and to tell Vapi's calls from those of others.

use std::sync::{Arc, PoisonError};

use uuid::Uuid;

use super::{Accounts, own_trouble};
use crate::database::Database;
use crate::database::integrations::Integration;
use crate::error::Error;
use crate::integration::Provider;
use crate::outcome::Failure;
use crate::vapi::{Vapi, VapiAccount};

/// An account of Vapi.
pub struct Voice {
    pub version: i64,
    pub vapi: Vapi,
    pub account: VapiAccount,
}

impl Accounts {
    /// The account that the voice agents of an organization are kept in line with.
    pub async fn voice(&self, org_id: Uuid) -> Result<Arc<Voice>, Failure> {
        let integration = self.connected(org_id, Provider::Vapi).await?;
        self.open_voice(&integration).map_err(own_trouble)
    }

    /// The account whose secret Vapi proves itself with, also while its API key is not accepted; `None` where there is none.
    /// `database`: the connections to ask by.
    pub async fn caller(&self, database: &Database, org_id: Uuid) -> Result<Option<Arc<Voice>>, Error> {
        let integration = database.integration(org_id, Provider::Vapi).await?;
        match integration.filter(|integration| integration.sealed.is_some()) {
            Some(integration) => self.open_voice(&integration).map(Some),
            None => {
                self.voices.lock().unwrap_or_else(PoisonError::into_inner).remove(&org_id);
                Ok(None)
            }
        }
    }

    /// Whether the secret of any account that was opened before is the one that is asked for, while the database cannot say whose
    /// it would have to be.
    pub fn any_caller(&self, is_wanted: impl Fn(&Voice) -> bool) -> bool {
        let voices: Vec<Arc<Voice>> =
            self.voices.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        voices.iter().any(|voice| is_wanted(voice))
    }

    fn open_voice(&self, integration: &Integration) -> Result<Arc<Voice>, Error> {
        let org_id = integration.org_id;
        let known = self.voices.lock().unwrap_or_else(PoisonError::into_inner).get(&org_id).cloned();
        if let Some(voice) = known.filter(|voice| voice.version == integration.version) {
            return Ok(voice);
        }
        let account: VapiAccount = self.open(integration)?;
        let vapi = Vapi::new(self.http.clone(), &self.vapi_url, account.api_key.clone())?;
        let voice = Arc::new(Voice { version: integration.version, vapi, account });
        self.voices.lock().unwrap_or_else(PoisonError::into_inner).insert(org_id, voice.clone());
        Ok(voice)
    }
}
