//! The share of a peer in everything shared ([`detente_ledger::budget::PeerShares`]), and the refusal of a peer that wants more.
//!
//! A stream is held by the call that opened it. A stage and a cursor stay when the call has ended and the client has gone:
//! [`Owners`] remembers their makers during this run. Things made in an earlier run have no owner, and count in
//! the whole alone.

use super::service::Service;
use super::status::CallRefusal;
use detente_domain::name::CursorId;
use detente_ledger::Ledger;
use detente_ledger::budget::{HeldPlaces, NoPlace, Peer, PeerPlace, PeerShares, Share};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use uuid::Uuid;

/// Takes a place for the call that is being answered.
pub(super) fn enter(service: &Service, places: &PeerShares, what: &'static str) -> Result<PeerPlace, CallRefusal> {
    places.try_enter(Peer::current()).map_err(|none| refusal(&service.ledger, none, what))
}

/// The refusal of one more, counted where a share is used up.
pub(super) fn refusal(ledger: &Ledger, none: NoPlace, what: &'static str) -> CallRefusal {
    if none == NoPlace::Full {
        return CallRefusal::Overloaded(what);
    }
    let why = match what {
        "streams" => "share_of_streams",
        "subscriptions" => "share_of_subscriptions",
        "stages" => "share_of_stages",
        _ => "share_of_cursors",
    };
    ledger.metrics().count_refusal(why);
    CallRefusal::OverShare(what)
}

/// Owners of the existing stages and cursors.
#[derive(Debug, Default)]
pub(super) struct Owners {
    /// Owners of stages.
    pub(super) stages: OwnerMap<Uuid>,
    /// Owners of cursors.
    pub(super) cursors: OwnerMap<CursorId>,
}

/// Owners by key, as far as they are known.
#[derive(Debug)]
pub(super) struct OwnerMap<K>(Mutex<HashMap<K, Peer>>);

impl<K> Default for OwnerMap<K> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<K: Eq + Hash + Clone> OwnerMap<K> {
    /// Makes something for a peer that may have one more. An existing thing is not counted twice.
    pub(super) fn make<T>(
        &self,
        peer: Option<Peer>,
        id: &K,
        all: &HashSet<K>,
        share: Share,
        make: impl FnOnce() -> Result<T, CallRefusal>,
        refused: impl FnOnce(NoPlace) -> CallRefusal,
    ) -> Result<T, CallRefusal> {
        let mut owners = self.0.lock();
        owners.retain(|id, _| all.contains(id));
        if all.contains(id) {
            return make();
        }
        let owned = |is_of: &dyn Fn(&Peer) -> bool| owners.values().filter(|owner| is_of(owner)).count();
        let held = peer.map_or(HeldPlaces { all: all.len(), ..HeldPlaces::default() }, |peer| HeldPlaces {
            all: all.len(),
            connection: owned(&|owner| owner.connection == peer.connection),
            address: owned(&|owner| owner.address == peer.address),
        });
        match share.admit(peer, held) {
            // The ledger has words of its own for a whole that is used up.
            Ok(()) | Err(NoPlace::Full) => {}
            Err(none) => return Err(refused(none)),
        }
        let made = make()?;
        owners.extend(peer.map(|peer| (id.clone(), peer)));
        Ok(made)
    }
}

/// The refusal of a stage or cursor, where the share of the peer is used up.
pub(super) fn share_refusal(service: &Service, what: &'static str) -> impl FnOnce(NoPlace) -> CallRefusal + use<> {
    let service = service.clone();
    move |none| refusal(&service.ledger, none, what)
}
