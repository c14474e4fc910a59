//! By which role each connection was opened: what a role has opened ends when its right is taken away.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{READ_EVENTS, Streams};

/// What the connections of a role have in common.
#[derive(Debug)]
pub struct Permit {
    role: String,
    /// Cancelled when the role may not follow the history any more.
    pub taken_away: CancellationToken,
}

/// Those of roles that have any connection.
#[derive(Debug, Default)]
pub struct Permits {
    of: Mutex<HashMap<String, Weak<Permit>>>,
}

impl Permits {
    /// That of a role, to be held for as long as a connection is open.
    pub fn of(&self, role: &str) -> Arc<Permit> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let held = of.get(role).and_then(Weak::upgrade);
        // A role that was given the right again begins anew.
        if let Some(permit) = held.filter(|permit| !permit.taken_away.is_cancelled()) {
            return permit;
        }
        let permit = Arc::new(Permit { role: role.to_owned(), taken_away: CancellationToken::new() });
        of.insert(role.to_owned(), Arc::downgrade(&permit));
        permit
    }

    /// All that are held; the others are forgotten.
    fn held(&self) -> Vec<Arc<Permit>> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        of.retain(|_, permit| permit.strong_count() > 0);
        of.values().filter_map(Weak::upgrade).collect()
    }
}

/// Asks again and again, once for each role, until the worker ends.
pub async fn watch(streams: Arc<Streams>, every: Duration) {
    loop {
        tokio::select! {
            () = streams.stop.cancelled() => return,
            () = sleep(every) => (),
        }
        for permit in streams.permits.held() {
            // A database that does not answer has taken nothing away.
            if let Ok(false) = streams.rights.asked(&streams.database, &permit.role, READ_EVENTS).await {
                permit.taken_away.cancel();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connections_of_a_role_share_a_permit_until_it_is_taken_away_or_nobody_holds_it() {
        let permits = Permits::default();
        let (one, same, other) = (permits.of("desk"), permits.of("desk"), permits.of("office"));
        assert!(Arc::ptr_eq(&one, &same) && !Arc::ptr_eq(&one, &other));
        one.taken_away.cancel();
        assert!(same.taken_away.is_cancelled() && !other.taken_away.is_cancelled());
        let again = permits.of("desk");
        assert!(!again.taken_away.is_cancelled());
        drop((one, same, other));
        assert_eq!(permits.held().len(), 1);
        assert_eq!(permits.of.lock().unwrap().len(), 1);
    }
}
