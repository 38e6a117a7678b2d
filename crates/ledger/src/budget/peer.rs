//! The peer that a call comes from: its address and its connection, known to all that runs for the call.
//!
//! The server knows both when a connection is accepted. Code that runs for a call asks [`Peer::current`], in whichever
//! protocol the call came, so that no function between hands the peer on. A thread or a task that is started for a call
//! knows no peer: its starter takes the peer along if one is needed.

use std::net::{IpAddr, Ipv6Addr};
use std::task::{Context, Poll};

tokio::task_local! {
    static CURRENT: Peer;
}

/// An address and a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer {
    /// The address. For IPv6, the /64 network, since a client with one of its addresses has all of them.
    pub address: IpAddr,
    /// The number of the connection, which no other connection of this run has.
    pub connection: u64,
}

impl Peer {
    /// The peer at the other end of a connection.
    #[must_use]
    pub fn new(address: IpAddr, connection: u64) -> Self {
        Self { address: network(address.to_canonical()), connection }
    }

    /// The peer of the call that is being answered; none outside of a call, and within the process.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|peer| *peer).ok()
    }

    /// Polls the answer to a call of this peer.
    pub fn poll<F: Future + Unpin>(self, answer: &mut F, context: &mut Context<'_>) -> Poll<F::Output> {
        CURRENT.sync_scope(self, || std::pin::Pin::new(answer).poll(context))
    }

    /// Runs what belongs to a call of this peer.
    pub fn scope<T>(self, run: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, run)
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) if !address.is_loopback() => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_are_one_peer_and_a_mapped_address_is_the_one_it_maps() {
        let address = |text: &str| Peer::new(text.parse().unwrap(), 1).address;
        assert_eq!(address("2001:db8:1:2:3::4"), address("2001:db8:1:2:ffff::"));
        assert_ne!(address("2001:db8:1:2::"), address("2001:db8:1:3::"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
        assert_ne!(address("192.0.2.1"), address("192.0.2.2"));
    }

    #[test]
    fn the_peer_is_known_within_its_call_alone() {
        let peer = Peer::new("192.0.2.1".parse().unwrap(), 7);
        assert_eq!(peer.scope(Peer::current), Some(peer));
        assert_eq!(Peer::current(), None);
    }
}
