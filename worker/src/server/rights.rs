//! What the role of a caller may do, as the database says; asked once a minute.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::database::Database;
use crate::error::Error;

/// How long an answer is good for.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// A role and a function.
type Pair = (String, &'static str);

/// What is known of roles.
#[derive(Debug, Default)]
pub struct Rights {
    /// Whether the one may call the other, and since when that is known.
    known: Mutex<HashMap<Pair, (Instant, bool)>>,
}

impl Rights {
    /// Whether `role` may call `function`, named with its schema and the types of its arguments, as `booking.health()`. False where
    /// either of the two does not exist.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub async fn allows(&self, database: &Database, role: &str, function: &'static str) -> Result<bool, Error> {
        let key = (role.to_owned(), function);
        if let Some(is_allowed) = self.known(&key) {
            return Ok(is_allowed);
        }
        let is_allowed = database.may_execute(role, function).await?;
        self.note(key, is_allowed);
        Ok(is_allowed)
    }

    fn known(&self, key: &Pair) -> Option<bool> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).filter(|(since, _)| since.elapsed() < GOOD_FOR).map(|(_, is_allowed)| *is_allowed)
    }

    fn note(&self, key: Pair, is_allowed: bool) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Nothing is kept that is not good any more.
        known.retain(|_, (since, _)| since.elapsed() < GOOD_FOR);
        known.insert(key, (Instant::now(), is_allowed));
    }
}
