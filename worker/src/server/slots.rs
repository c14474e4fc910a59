//! Room for what lasts: so much in all, and less of each organization, so that none takes the room of all others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

pub struct Slots {
    all: Arc<Semaphore>,
    each: usize,
    /// Of those organizations that have any.
    of: Mutex<HashMap<Uuid, Weak<Semaphore>>>,
}

/// The room of one, until it is dropped.
#[derive(Debug)]
pub struct Slot {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Slots {
    /// Room for `all`, and for `each` of one organization.
    pub fn new(all: usize, each: usize) -> Self {
        Slots { all: Arc::new(Semaphore::new(all)), each, of: Mutex::default() }
    }

    /// Room for one more of an organization, where there is any.
    pub fn take(&self, org_id: Uuid) -> Option<Slot> {
        let own = self.of(org_id).try_acquire_owned().ok()?;
        let all = self.all.clone().try_acquire_owned().ok()?;
        Some(Slot { _own: own, _all: all })
    }

    /// The same, when there is some.
    pub async fn turn(&self, org_id: Uuid) -> Option<Slot> {
        let own = self.of(org_id).acquire_owned().await.ok()?;
        let all = self.all.clone().acquire_owned().await.ok()?;
        Some(Slot { _own: own, _all: all })
    }

    fn of(&self, org_id: Uuid) -> Arc<Semaphore> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = of.get(&org_id).and_then(Weak::upgrade) {
            return own;
        }
        // Whose have all ended is forgotten.
        of.retain(|_, own| own.strong_count() > 0);
        let own = Arc::new(Semaphore::new(self.each));
        of.insert(org_id, Arc::downgrade(&own));
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_organization_leaves_room_for_another() {
        let slots = Slots::new(3, 2);
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let taken = [slots.take(one), slots.take(one)].map(Option::unwrap);
        assert!(slots.take(one).is_none());
        let last = slots.take(other).unwrap();
        assert!(slots.take(other).is_none());
        drop(taken);
        assert!(slots.take(one).is_some());
        drop(last);
        assert!(slots.take(other).is_some());
        assert_eq!(slots.of.lock().unwrap().len(), 1);
    }
}
