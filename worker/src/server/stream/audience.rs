//! Who is to be told: the connections by organization, each with a queue that holds so much and no more.

use std::collections::HashMap;
use std::sync::Arc;

use metrics::counter;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use uuid::Uuid;

use super::Told;
use crate::database::history::Event;

/// How much a connection may be behind before it is cut off.
const QUEUE: usize = 256;

/// What a connection is told. Once it has ended, the connection was cut off.
pub type Queue = Receiver<Told>;

#[derive(Default)]
pub struct Audience {
    queues: HashMap<Uuid, Vec<Sender<Told>>>,
}

impl Audience {
    /// One more connection of an organization, which is told everything from now on.
    pub fn admit(&mut self, org_id: Uuid) -> Queue {
        let (sender, queue) = channel(QUEUE);
        self.queues.entry(org_id).or_default().push(sender);
        queue
    }

    /// The organizations that somebody follows still.
    pub fn organizations(&mut self) -> Vec<Uuid> {
        self.keep(|_, sender| !sender.is_closed());
        self.queues.keys().copied().collect()
    }

    /// Tells whoever follows the organization. Whoever is too far behind is cut off.
    pub fn tell(&mut self, event: Event) {
        let Some(senders) = self.queues.get_mut(&event.org_id) else { return };
        let told = Told::Event(Arc::new(event));
        senders.retain(|sender| is_told(sender, told.clone()));
    }

    /// Tells everybody that all is to be read anew, from this position on.
    pub fn reset(&mut self, position: &Arc<str>) {
        self.keep(|_, sender| is_told(sender, Told::Reset(position.clone())));
    }

    /// Tells everybody who is not behind how far the history has been read.
    pub fn mark(&mut self, position: &Arc<str>) {
        for sender in self.queues.values().flatten() {
            // Whoever has no room for it hears it the next time.
            let _ = sender.try_send(Told::Position(position.clone()));
        }
    }

    fn keep(&mut self, mut is_kept: impl FnMut(&Uuid, &Sender<Told>) -> bool) {
        self.queues.retain(|org_id, senders| {
            senders.retain(|sender| is_kept(org_id, sender));
            !senders.is_empty()
        });
    }
}

fn is_told(sender: &Sender<Told>, told: Told) -> bool {
    match sender.try_send(told) {
        Ok(()) => true,
        Err(TrySendError::Closed(_)) => false,
        Err(TrySendError::Full(_)) => {
            counter!("booking_streams_cut_total").increment(1);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(org_id: Uuid, position: usize) -> Event {
        Event { org_id, kind: "booked".to_owned(), position: position.to_string(), json: "{}".to_owned() }
    }

    /// The positions of the events that wait in a queue, and whether it goes on.
    fn waiting(queue: &mut Queue) -> (Vec<String>, bool) {
        let mut positions = Vec::new();
        loop {
            match queue.try_recv() {
                Ok(Told::Event(event)) => positions.push(event.position.clone()),
                Ok(other) => panic!("{other:?}"),
                Err(error) => return (positions, error == tokio::sync::mpsc::error::TryRecvError::Empty),
            }
        }
    }

    #[test]
    fn everybody_hears_of_their_own_organization_and_nobody_of_another() {
        let (mut audience, ours, theirs) = (Audience::default(), Uuid::new_v4(), Uuid::new_v4());
        let (mut one, mut two, mut other) = (audience.admit(ours), audience.admit(ours), audience.admit(theirs));
        audience.tell(event(ours, 1));
        audience.tell(event(Uuid::new_v4(), 2));
        audience.tell(event(ours, 3));
        let heard = (vec!["1".to_owned(), "3".to_owned()], true);
        assert_eq!((waiting(&mut one), waiting(&mut two)), (heard.clone(), heard));
        assert_eq!(waiting(&mut other), (Vec::new(), true));
    }

    #[test]
    fn whoever_is_too_far_behind_is_cut_off_and_nobody_else() {
        let (mut audience, org_id) = (Audience::default(), Uuid::new_v4());
        let (mut slow, mut quick) = (audience.admit(org_id), audience.admit(org_id));
        for position in 0..=QUEUE {
            audience.tell(event(org_id, position));
            assert_eq!(waiting(&mut quick).0, [position.to_string()]);
        }
        audience.tell(event(org_id, QUEUE + 1));
        let (heard, goes_on) = waiting(&mut slow);
        // Without a gap up to where it ends.
        assert_eq!(heard, (0..QUEUE).map(|position| position.to_string()).collect::<Vec<_>>());
        assert!(!goes_on);
        assert_eq!(waiting(&mut quick), (vec![(QUEUE + 1).to_string()], true));
    }

    #[test]
    fn a_mark_cuts_nobody_off() {
        let (mut audience, org_id) = (Audience::default(), Uuid::new_v4());
        let mut queue = audience.admit(org_id);
        for position in 0..QUEUE {
            audience.tell(event(org_id, position));
        }
        audience.mark(&"later".into());
        assert_eq!(waiting(&mut queue).0.len(), QUEUE);
        audience.mark(&"later".into());
        assert!(matches!(queue.try_recv(), Ok(Told::Position(position)) if &*position == "later"));
    }

    #[test]
    fn an_organization_is_read_for_as_long_as_somebody_follows_it() {
        let (mut audience, org_id) = (Audience::default(), Uuid::new_v4());
        let queue = audience.admit(org_id);
        assert_eq!(audience.organizations(), [org_id]);
        drop(queue);
        assert!(audience.organizations().is_empty());
        let mut queue = audience.admit(org_id);
        audience.reset(&"now".into());
        assert!(matches!(queue.try_recv(), Ok(Told::Reset(position)) if &*position == "now"));
    }
}
