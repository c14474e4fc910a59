//! What the role of a caller may do, as the database says; asked anew after a while.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::database::Database;
use crate::error::Error;

/// A role and a function.
type Pair = (String, &'static str);

/// What is known of roles.
#[derive(Debug)]
pub struct Rights {
    /// How long an answer is.
    good_for: Duration,
    /// Whether the one may call the other, and since when that is known.
    known: Mutex<HashMap<Pair, (Instant, bool)>>,
}

impl Rights {
    pub fn new(good_for: Duration) -> Self {
        Rights { good_for, known: Mutex::default() }
    }

    /// Whether `role` may call `function`, named with its schema and the types of its arguments, as `booking.health()`. False where
    /// either of the two does not exist.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub async fn allows(&self, database: &Database, role: &str, function: &'static str) -> Result<bool, Error> {
        match self.known(&(role.to_owned(), function)) {
            Some(is_allowed) => Ok(is_allowed),
            None => self.asked(database, role, function).await,
        }
    }

    /// The same as of now, whatever is known.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub async fn asked(&self, database: &Database, role: &str, function: &'static str) -> Result<bool, Error> {
        let is_allowed = database.may_execute(role, function).await?;
        self.note((role.to_owned(), function), is_allowed);
        Ok(is_allowed)
    }

    fn known(&self, key: &Pair) -> Option<bool> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).filter(|(since, _)| since.elapsed() < self.good_for).map(|(_, is_allowed)| *is_allowed)
    }

    fn note(&self, key: Pair, is_allowed: bool) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Nothing is kept that is not good any more.
        known.retain(|_, (since, _)| since.elapsed() < self.good_for);
        known.insert(key, (Instant::now(), is_allowed));
    }
}
