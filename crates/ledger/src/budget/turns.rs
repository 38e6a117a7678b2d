//! Turns: places for long work that peers have one after the other, however many of them one peer asks for.
//!
//! ```text
//!   a connection's line ──> its address's line ──> the places
//!    as many as places       as many as places
//! ```
//!
//! Of what waits for a place, a connection and an address each have as many as there are places; the rest waits behind
//! them, in its own line. So a peer waits for what is being worked on and for a few of each other peer, not for all that
//! another peer has asked for. Within a line, first come is first served.

use super::peer::Peer;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// Places that peers have in turn.
#[derive(Debug)]
pub(super) struct PeerTurns {
    places: Arc<Semaphore>,
    /// Number of those of a line that may wait for what is next.
    turns: usize,
    lines: Mutex<HashMap<Line, Arc<Semaphore>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Line {
    Connection(u64),
    Address(IpAddr),
}

impl PeerTurns {
    /// Turns for these places, all of which are free.
    pub(super) fn new(places: Arc<Semaphore>) -> Self {
        let turns = places.available_permits().max(1);
        Self { places, turns, lines: Mutex::default() }
    }

    /// Waits for a place. Without a peer it waits behind nothing but what waits for a place.
    ///
    /// # Errors
    /// If there are no places any more.
    pub(super) async fn place(&self, peer: Option<Peer>) -> Result<OwnedSemaphorePermit, AcquireError> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let Some(peer) = peer else { return Arc::clone(&self.places).acquire_owned().await };
        let _first_of_connection = self.line(Line::Connection(peer.connection)).acquire_owned().await?;
        let _first_of_address = self.line(Line::Address(peer.address)).acquire_owned().await?;
        Arc::clone(&self.places).acquire_owned().await
    }

    /// A line; those in which nobody waits any more are forgotten.
    fn line(&self, line: Line) -> Arc<Semaphore> {
        let mut lines = self.lines.lock();
        // A question that waits in a line, or has its turn, holds the line.
        lines.retain(|_, waiting| Arc::strong_count(waiting) > 1);
        Arc::clone(lines.entry(line).or_insert_with(|| Arc::new(Semaphore::new(self.turns))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use tokio::task::{JoinSet, yield_now};

    fn peer(address: &str, connection: u64) -> Option<Peer> {
        Some(Peer::new(address.parse().unwrap(), connection))
    }

    /// Asks for a place for each of these peers, in this order, and returns the order in which they had it.
    async fn order(places: usize, peers: Vec<Option<Peer>>) -> Vec<Option<Peer>> {
        let turns = Arc::new(PeerTurns::new(Arc::new(Semaphore::new(places))));
        let mut held: VecDeque<_> = VecDeque::new();
        for _ in 0..places {
            held.push_back(turns.place(None).await.unwrap());
        }
        let (reply, mut had) = tokio::sync::mpsc::unbounded_channel();
        let mut waiting = JoinSet::new();
        for peer in peers {
            let (turns, reply) = (Arc::clone(&turns), reply.clone());
            waiting.spawn(async move { reply.send((peer, turns.place(peer).await.unwrap())).unwrap() });
            yield_now().await;
        }
        drop(reply);
        let mut order = Vec::new();
        while let Some(place) = held.pop_front() {
            drop(place);
            if let Some((peer, place)) = had.recv().await {
                order.push(peer);
                held.push_back(place);
            }
        }
        waiting.join_all().await;
        turns.line(Line::Connection(u64::MAX));
        assert_eq!(turns.lines.lock().len(), 1, "lines in which nobody waits are forgotten");
        order
    }

    #[tokio::test]
    async fn a_connection_that_asks_a_hundred_times_has_few_places_before_another_connection_has_one() {
        let greedy = peer("127.0.0.1", 1);
        for (other, most) in [(peer("127.0.0.1", 2), 4), (peer("127.0.0.2", 2), 2)] {
            let mut peers = vec![greedy; 100];
            peers.push(other);
            let order = order(2, peers).await;
            assert_eq!(order.len(), 101, "each has its place in the end");
            let before = order.iter().position(|one| *one == other).unwrap();
            assert!(before <= most, "{before} before {other:?}");
        }
    }

    #[tokio::test]
    async fn an_address_that_asks_on_a_hundred_connections_has_few_places_before_another_address_has_one() {
        let other = peer("127.0.0.2", 1_000);
        let mut peers: Vec<_> = (1..=100).map(|connection| peer("127.0.0.1", connection)).collect();
        peers.push(other);
        let order = order(2, peers).await;
        assert_eq!(order.iter().position(|one| *one == other), Some(2));
        assert!(order.iter().take(2).chain(order.iter().skip(3)).map(|one| one.unwrap().connection).is_sorted());
    }

    #[tokio::test]
    async fn where_there_are_no_places_any_more_nobody_waits_for_one() {
        let places = Arc::new(Semaphore::new(1));
        let turns = PeerTurns::new(Arc::clone(&places));
        let held = turns.place(peer("127.0.0.1", 1)).await.unwrap();
        places.close();
        assert!(turns.place(peer("127.0.0.1", 1)).await.is_err());
        drop(held);
    }
}
