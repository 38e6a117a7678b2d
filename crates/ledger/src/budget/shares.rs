//! Shares of what many peers use at once, so that none of them takes all of it.
//!
//! ```text
//!   0 ............................ whole - kept ................ whole
//!   anybody                        only who holds less than a share
//! ```
//!
//! A share is a part of the whole, and as much of the whole is kept for peers that hold less than a share. While there is
//! plenty nobody is refused: a peer above its share is refused only where others would be left with nothing. So one peer
//! that is alone, such as a proxy in front of everybody, has three quarters of the whole where a share is a quarter.
//!
//! A peer holds what its connection holds, and what its address holds. Of what is kept, half is for addresses that hold
//! less than a share, whatever connections they come on. That holds for addresses of this machine too: a proxy on it that
//! brings all clients from one has seven eighths of the whole, and all of it where there are no shares.

use super::peer::Peer;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;

/// The share of the whole that is a peer's, in percent, unless it is set.
pub const DEFAULT_PERCENT: u8 = 25;

/// The number of places in all, and the number that is one share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    whole: usize,
    share: usize,
    kept: usize,
}

/// The reason that no place is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPlace {
    /// The whole is used up.
    Full,
    /// The peer holds its share, and what is left is kept for others.
    OverShare,
}

/// The numbers of places held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldPlaces {
    /// By all.
    pub all: usize,
    /// By the connection that wants more.
    pub connection: usize,
    /// By the address that wants more.
    pub address: usize,
}

impl Share {
    /// A share of a whole, in percent. With 100 there is no share: first come, first served.
    #[must_use]
    pub fn of(whole: usize, percent: u8) -> Self {
        if percent >= 100 {
            return Self { whole, share: whole, kept: 0 };
        }
        let part = whole.saturating_mul(usize::from(percent)) / 100;
        Self { whole, share: part.max(1), kept: part }
    }

    /// Decides if a peer may hold one more.
    ///
    /// # Errors
    /// If it may not.
    pub fn admit(&self, peer: Option<Peer>, held: HeldPlaces) -> Result<(), NoPlace> {
        let free = self.whole.saturating_sub(held.all);
        if free == 0 {
            return Err(NoPlace::Full);
        }
        if peer.is_none() {
            return Ok(());
        }
        let is_over = |held: usize, kept: usize| held >= self.share && free <= kept;
        let by_address = is_over(held.address, self.kept / 2);
        if is_over(held.connection, self.kept) || by_address { Err(NoPlace::OverShare) } else { Ok(()) }
    }
}

/// Places that peers take and give back: streams, connections, questions at once.
#[derive(Clone, Debug)]
pub struct PeerShares {
    share: Share,
    places: Arc<Mutex<Places>>,
}

#[derive(Debug, Default)]
struct Places {
    all: usize,
    connections: HashMap<u64, usize>,
    addresses: HashMap<IpAddr, usize>,
}

/// A place, held until it is dropped.
#[derive(Debug)]
pub struct PeerPlace {
    peer: Option<Peer>,
    places: Arc<Mutex<Places>>,
}

impl PeerShares {
    /// Shares of `whole` places, of which a peer can have a percentage.
    #[must_use]
    pub fn new(whole: usize, percent: u8) -> Self {
        Self { share: Share::of(whole, percent), places: Arc::default() }
    }

    /// Takes a place for a peer. Without a peer only the whole is looked at.
    ///
    /// # Errors
    /// If there is none for this peer.
    pub fn try_enter(&self, peer: Option<Peer>) -> Result<PeerPlace, NoPlace> {
        let mut places = self.places.lock();
        self.share.admit(peer, places.count_for(peer))?;
        places.all += 1;
        if let Some(peer) = peer {
            *places.connections.entry(peer.connection).or_default() += 1;
            *places.addresses.entry(peer.address).or_default() += 1;
        }
        Ok(PeerPlace { peer, places: Arc::clone(&self.places) })
    }

    /// Number of places held, and number of places in all.
    #[must_use]
    pub fn standing(&self) -> (usize, usize) {
        (self.places.lock().all, self.share.whole)
    }
}

impl Places {
    fn count_for(&self, peer: Option<Peer>) -> HeldPlaces {
        let connection = peer.and_then(|peer| self.connections.get(&peer.connection)).copied().unwrap_or_default();
        let address = peer.and_then(|peer| self.addresses.get(&peer.address)).copied().unwrap_or_default();
        HeldPlaces { all: self.all, connection, address }
    }
}

impl Drop for PeerPlace {
    fn drop(&mut self) {
        let mut places = self.places.lock();
        places.all = places.all.saturating_sub(1);
        if let Some(peer) = self.peer {
            give_back(&mut places.connections, peer.connection);
            give_back(&mut places.addresses, peer.address);
        }
    }
}

fn give_back<K: Eq + Hash>(held: &mut HashMap<K, usize>, key: K) {
    if let Some(count) = held.get_mut(&key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            held.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str, connection: u64) -> Option<Peer> {
        Some(Peer::new(address.parse().unwrap(), connection))
    }

    fn fill(shares: &PeerShares, peer: Option<Peer>) -> Vec<PeerPlace> {
        std::iter::from_fn(|| shares.try_enter(peer).ok()).collect()
    }

    #[test]
    fn one_connection_leaves_a_quarter_to_others_and_half_of_that_to_other_connections_of_its_address() {
        let shares = PeerShares::new(256, 25);
        let greedy = fill(&shares, peer("127.0.0.1", 1));
        assert_eq!(greedy.len(), 192);
        assert_eq!(shares.try_enter(peer("127.0.0.1", 1)).unwrap_err(), NoPlace::OverShare);
        let other = fill(&shares, peer("127.0.0.1", 2));
        assert_eq!(other.len(), 32, "what is kept is there for whoever holds less than a share");
        assert_eq!(shares.try_enter(peer("127.0.0.1", 3)).unwrap_err(), NoPlace::OverShare);
        let elsewhere = fill(&shares, peer("127.0.0.2", 3));
        assert_eq!(elsewhere.len(), 32, "and the rest for another address, of this machine too");
        assert_eq!(shares.try_enter(peer("127.0.0.3", 4)).unwrap_err(), NoPlace::Full);
        drop((greedy, other, elsewhere));
        assert_eq!(shares.standing(), (0, 256));
        assert!(shares.places.lock().connections.is_empty() && shares.places.lock().addresses.is_empty());
    }

    #[test]
    fn one_address_with_many_connections_leaves_an_eighth_to_other_addresses() {
        let shares = PeerShares::new(256, 25);
        let greedy: Vec<_> = (0..300).filter_map(|nth| shares.try_enter(peer("192.0.2.1", nth)).ok()).collect();
        assert_eq!(greedy.len(), 224);
        assert_eq!(fill(&shares, peer("192.0.2.2", 999)).len(), 32);
    }

    #[test]
    fn whoever_is_alone_is_not_held_to_a_share_and_small_wholes_are_not_divided() {
        for (whole, percent, taken) in [(16, 25, 12), (16, 100, 16), (4, 25, 3), (3, 25, 3), (1, 25, 1), (0, 25, 0)] {
            assert_eq!(fill(&PeerShares::new(whole, percent), peer("127.0.0.1", 1)).len(), taken, "{whole} {percent}");
        }
        assert_eq!(fill(&PeerShares::new(16, 25), None).len(), 16, "the process itself has no share");
    }
}
