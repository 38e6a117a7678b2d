//! State of each open connection: its peer, the number of calls it carries, and if its client reads.
//!
//! ```text
//!   call comes ──> Link::begin ──> the reply is handed to the transport piece by piece ──> Turn is dropped
//!                                  a piece that is not asked for after: the client does not read
//! ```
//!
//! A client that leaves a reply unread holds the memory of it and a place among the streams. The transport asks for the next
//! piece only when there is room for it, so a piece that has been handed over and is the last for long is one that is not
//! read. [`Links::watch`] cuts such a connection: HTTP/2 gives no way to give up one reply of a client that answers pings.
//! A stream that waits for news is not unread: the transport has asked, and there is nothing to hand over.
//!
//! The count is by time slots, so that a reply costs a few additions and no clock is asked.

use crate::budget::{Peer, Place};
use http_body::{Frame, SizeHint};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;

/// The slots of the time that is looked back on.
const SLOTS: usize = 16;
/// Slots after which a reply counts as unread.
const UNREAD_SLOTS: u64 = 8;
/// Interval between two looks at the connections.
const BETWEEN: Duration = Duration::from_secs(1);
/// Looks without a call after which a connection may be closed in favour of others.
const IDLE_LOOKS: u64 = 10;

/// The open connections.
#[derive(Clone, Debug, Default)]
pub(super) struct Links {
    all: Arc<Mutex<HashMap<u64, Weak<Link>>>>,
    clock: Arc<Ticks>,
    calls: CallCount,
}

#[derive(Debug, Default)]
struct Ticks {
    looks: AtomicU64,
    slot: AtomicU64,
}

/// The number of calls that all connections carry at the moment.
#[derive(Clone, Debug, Default)]
pub(super) struct CallCount(Arc<AtomicU32>);

impl CallCount {
    /// A count of its own, of so many calls.
    #[cfg(test)]
    pub(super) fn of(calls: u32) -> Self {
        Self(Arc::new(AtomicU32::new(calls)))
    }

    /// Returns true if several calls are carried.
    pub(super) fn is_several(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 1
    }
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Link {
    /// The peer at the other end.
    pub(super) peer: Peer,
    /// Cuts it.
    pub(super) cut: CancellationToken,
    calls: AtomicU32,
    idle_since: AtomicU64,
    handed: [AtomicU32; SLOTS],
    clock: Arc<Ticks>,
    links: Links,
    _place: Place,
}

impl Links {
    /// Adds a connection.
    pub(super) fn open(&self, peer: Peer, cut: CancellationToken, place: Place) -> Arc<Link> {
        let link = Arc::new(Link {
            peer,
            cut,
            calls: AtomicU32::new(0),
            idle_since: AtomicU64::new(self.clock.looks.load(Ordering::Relaxed)),
            handed: Default::default(),
            clock: Arc::clone(&self.clock),
            links: self.clone(),
            _place: place,
        });
        self.all.lock().insert(peer.connection, Arc::downgrade(&link));
        link
    }

    /// Cuts the connection that has been without a call for longest, if one has been for a while; says whether.
    pub(super) fn cut_idle(&self) -> bool {
        let now = self.clock.looks.load(Ordering::Relaxed);
        let all: Vec<Arc<Link>> = self.all.lock().values().filter_map(Weak::upgrade).collect();
        let idle = all.iter().filter(|link| !link.cut.is_cancelled() && link.calls.load(Ordering::Relaxed) == 0);
        let longest = idle.min_by_key(|link| link.idle_since.load(Ordering::Relaxed));
        let found = longest.filter(|link| now.saturating_sub(link.idle_since.load(Ordering::Relaxed)) >= IDLE_LOOKS);
        found.inspect(|link| link.cut.cancel()).is_some()
    }

    /// Cuts connections on which a reply has not been read for so long; `told` is called for each.
    pub(super) async fn watch(&self, unread: Duration, told: impl Fn()) -> Infallible {
        let looks_a_slot = u64::try_from(unread.as_millis() / BETWEEN.as_millis()).unwrap_or(u64::MAX) / UNREAD_SLOTS;
        let between = if looks_a_slot == 0 { unread / 8 } else { BETWEEN };
        loop {
            tokio::time::sleep(between).await;
            let looks = self.clock.looks.fetch_add(1, Ordering::Relaxed) + 1;
            if looks.is_multiple_of(looks_a_slot.max(1)) {
                let slot = self.clock.slot.fetch_add(1, Ordering::Relaxed) + 1;
                self.cut_unread(slot, unread, &told);
            }
        }
    }

    fn cut_unread(&self, slot: u64, unread: Duration, told: &impl Fn()) {
        let Some(last) = slot.checked_sub(UNREAD_SLOTS) else { return };
        let all: Vec<Arc<Link>> = self.all.lock().values().filter_map(Weak::upgrade).collect();
        for link in all.iter().filter(|link| !link.cut.is_cancelled() && link.has_handed_at(last)) {
            tracing::info!(peer = %link.peer.address, ?unread, "closing a connection whose client leaves a reply unread");
            told();
            link.cut.cancel();
        }
    }
}

impl Link {
    /// A call comes.
    pub(super) fn begin(self: &Arc<Self>) -> Turn {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.links.calls.0.fetch_add(1, Ordering::Relaxed);
        Turn { link: Arc::clone(self), handed: None }
    }

    /// Returns the count of all connections.
    pub(super) fn all_calls(&self) -> CallCount {
        self.links.calls.clone()
    }

    fn handed(&self, slot: u64) -> Option<&AtomicU32> {
        self.handed.get(usize::try_from(slot).unwrap_or(0) % SLOTS)
    }

    fn has_handed_at(&self, slot: u64) -> bool {
        self.handed(slot).is_some_and(|count| count.load(Ordering::Relaxed) > 0)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.links.all.lock().remove(&self.peer.connection);
    }
}

/// A call on a connection.
#[derive(Debug)]
pub(super) struct Turn {
    link: Arc<Link>,
    /// The slot in which the last piece was handed over; none while the transport asks for the next.
    handed: Option<u64>,
}

impl Turn {
    fn set(&mut self, handed: Option<u64>) {
        if self.handed == handed {
            return;
        }
        if let Some(count) = self.handed.and_then(|slot| self.link.handed(slot)) {
            count.fetch_sub(1, Ordering::Relaxed);
        }
        if let Some(count) = handed.and_then(|slot| self.link.handed(slot)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.handed = handed;
    }

    fn hand_over(&mut self) {
        self.set(Some(self.link.clock.slot.load(Ordering::Relaxed)));
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.set(None);
        self.link.links.calls.0.fetch_sub(1, Ordering::Relaxed);
        if self.link.calls.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.link.idle_since.store(self.link.clock.looks.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }
}

/// A reply, watched while it is handed over.
#[derive(Debug)]
pub(super) struct Reply {
    body: Body,
    turn: Option<Turn>,
}

impl Reply {
    /// A reply to a call of a connection; within the process there is none.
    pub(super) fn new(body: Body, mut turn: Option<Turn>) -> Self {
        // Its head waits for the client already.
        turn.iter_mut().for_each(Turn::hand_over);
        Self { body, turn }
    }
}

impl http_body::Body for Reply {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Some(turn) = &mut self.turn {
            match &polled {
                Poll::Ready(Some(_)) => turn.hand_over(),
                Poll::Ready(None) | Poll::Pending => turn.set(None),
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
