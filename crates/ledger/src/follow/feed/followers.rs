//! The followers of the log and the place of each: counted when metrics are collected, without stopping any of them.

use detente_domain::position::Position;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The followers of the log of a ledger.
#[derive(Debug, Default)]
pub(super) struct Followers {
    places: Mutex<HashMap<u64, Arc<AtomicU64>>>,
    next: AtomicU64,
}

/// The place of one follower, until it is dropped.
#[derive(Debug)]
pub(super) struct FollowerPlace {
    id: u64,
    at: Arc<AtomicU64>,
    of: Arc<Followers>,
}

impl Followers {
    /// Adds a follower, at a position.
    pub(super) fn join(self: &Arc<Self>, at: Position) -> FollowerPlace {
        let (id, at) = (self.next.fetch_add(1, Ordering::Relaxed), Arc::new(AtomicU64::new(at.0)));
        self.places.lock().insert(id, Arc::clone(&at));
        FollowerPlace { id, at, of: Arc::clone(self) }
    }

    /// The number of followers, and the place of the last one.
    pub(super) fn standing(&self) -> (u64, Option<Position>) {
        let places = self.places.lock();
        let last = places.values().map(|at| at.load(Ordering::Relaxed)).min();
        (places.len() as u64, last.map(Position))
    }
}

impl FollowerPlace {
    /// Says that everything up to a position has been looked at.
    pub(super) fn set(&self, at: Position) {
        self.at.store(at.0, Ordering::Relaxed);
    }
}

impl Drop for FollowerPlace {
    fn drop(&mut self) {
        self.of.places.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_follower_counts_until_it_leaves() {
        let followers = Arc::new(Followers::default());
        assert_eq!(followers.standing(), (0, None));
        let (slow, fast) = (followers.join(Position(3)), followers.join(Position(0)));
        fast.set(Position(9));
        assert_eq!(followers.standing(), (2, Some(Position(3))));
        drop(slow);
        assert_eq!(followers.standing(), (1, Some(Position(9))));
    }
}
