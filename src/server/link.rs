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
//!
//! A call costs memory as long as it lasts, however small its request and its reply are: its stream, its heads, its task. So
//! the calls of all connections are bounded, and a call lasts until the transport has sent the last of its reply: the bytes
//! of the reply hold its [`Turn`]. Where there are too many, a connection with a few calls still has some to spare, others
//! are refused, and the connection that leaves the most replies unread is cut.

use detente_ledger::budget::{Peer, Place};
use http_body::{Body as _, Frame, SizeHint};
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
use tonic::codegen::http::{HeaderMap, HeaderValue, Response};

/// The slots of the time that is looked back on.
const SLOTS: usize = 16;
/// Slots after which a reply counts as unread.
const UNREAD_SLOTS: u64 = 8;
/// Interval between two looks at the connections.
const BETWEEN: Duration = Duration::from_secs(1);
/// Looks without a call after which a connection may be closed in favour of others.
const IDLE_LOOKS: u64 = 10;
/// Calls in excess of the bound that connections with a few calls have together.
const SPARE: u32 = 512;
/// Number of calls, or of unread replies, up to which a connection has a few.
const FEW: u32 = 16;
/// The slot of a turn of which no piece waits to be sent.
const NONE: u64 = u64::MAX;

/// The open connections.
#[derive(Clone, Debug)]
pub(super) struct Links {
    all: Arc<Mutex<HashMap<u64, Weak<Link>>>>,
    clock: Arc<Ticks>,
    calls: CallCount,
    /// Maximum number of calls.
    most: u32,
    /// Connections that were cut and that nobody was told of yet.
    cut: Arc<AtomicU32>,
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
    /// Replies of which a piece waits to be sent.
    unread: AtomicU32,
    idle_since: AtomicU64,
    handed: [AtomicU32; SLOTS],
    clock: Arc<Ticks>,
    links: Links,
    _place: Place,
}

impl Links {
    /// No connections yet, which may carry so many calls together.
    pub(super) fn new(most: usize) -> Self {
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        Self { all: Arc::default(), clock: Arc::default(), calls: CallCount::default(), most, cut: Arc::default() }
    }

    /// Adds a connection.
    pub(super) fn open(&self, peer: Peer, cut: CancellationToken, place: Place) -> Arc<Link> {
        let link = Arc::new(Link {
            peer,
            cut,
            calls: AtomicU32::new(0),
            unread: AtomicU32::new(0),
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
            (0..self.cut.swap(0, Ordering::Relaxed)).for_each(|_| told());
            let looks = self.clock.looks.fetch_add(1, Ordering::Relaxed) + 1;
            if looks.is_multiple_of(looks_a_slot.max(1)) {
                let slot = self.clock.slot.fetch_add(1, Ordering::Relaxed) + 1;
                self.cut_unread(slot, unread, &told);
            }
        }
    }

    /// Decides if one more call is answered: the last of so many on all connections, and of so many on its own.
    fn admit(&self, all: u32, own: u32) -> bool {
        if all <= self.most {
            return true;
        }
        let spare = self.most.saturating_add(SPARE);
        self.cut_heaviest(all, if all > spare.saturating_add(SPARE) { 1 } else { FEW });
        own <= FEW && all <= spare
    }

    /// Cuts the connection with the most unread replies, at least so many, where there are too many calls without those of
    /// connections that are cut already.
    fn cut_heaviest(&self, calls: u32, least: u32) {
        let all: Vec<Arc<Link>> = self.all.lock().values().filter_map(Weak::upgrade).collect();
        let (ending, open): (Vec<_>, Vec<_>) = all.iter().partition(|link| link.cut.is_cancelled());
        let ending = ending.iter().map(|link| link.calls.load(Ordering::Relaxed)).fold(0, u32::saturating_add);
        if calls.saturating_sub(ending) <= self.most {
            return;
        }
        let unread = |link: &Link| link.unread.load(Ordering::Relaxed);
        let heaviest = open.into_iter().max_by_key(|link| unread(link)).filter(|link| unread(link) >= least);
        if let Some(link) = heaviest {
            let (peer, replies) = (link.peer.address, unread(link));
            tracing::info!(%peer, replies, calls, "closing a connection that leaves replies unread, for there are too many calls");
            self.cut.fetch_add(1, Ordering::Relaxed);
            link.cut.cancel();
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
    pub(super) fn begin(self: &Arc<Self>) -> Arc<Turn> {
        let own = self.calls.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let all = self.links.calls.0.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let is_admitted = self.links.admit(all, own);
        Arc::new(Turn { link: Arc::clone(self), handed: AtomicU64::new(NONE), is_admitted })
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

/// A call on a connection, until the last of its reply has been sent.
#[derive(Debug)]
pub(super) struct Turn {
    link: Arc<Link>,
    /// The slot in which the last piece was handed over; [`NONE`] while the transport asks for the next.
    handed: AtomicU64,
    /// False if there are too many calls for it.
    pub(super) is_admitted: bool,
}

impl Turn {
    fn set(&self, handed: u64) {
        let before = self.handed.swap(handed, Ordering::Relaxed);
        if before == handed {
            return;
        }
        let link = &self.link;
        if before != NONE {
            link.unread.fetch_sub(1, Ordering::Relaxed);
            link.handed(before).map(|count| count.fetch_sub(1, Ordering::Relaxed));
        }
        if handed != NONE {
            link.unread.fetch_add(1, Ordering::Relaxed);
            link.handed(handed).map(|count| count.fetch_add(1, Ordering::Relaxed));
        }
    }

    fn hand_over(&self) {
        self.set(self.link.clock.slot.load(Ordering::Relaxed));
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.set(NONE);
        self.link.links.calls.0.fetch_sub(1, Ordering::Relaxed);
        if self.link.calls.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.link.idle_since.store(self.link.clock.looks.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }
}

/// Bytes that hold the turn of their call.
struct TurnBytes<B> {
    bytes: B,
    _turn: Arc<Turn>,
}

impl<B: AsRef<[u8]>> AsRef<[u8]> for TurnBytes<B> {
    fn as_ref(&self) -> &[u8] {
        self.bytes.as_ref()
    }
}

fn holding(bytes: impl AsRef<[u8]> + Send + 'static, turn: &Arc<Turn>) -> Bytes {
    Bytes::from_owner(TurnBytes { bytes, _turn: Arc::clone(turn) })
}

/// Has the head of a reply without a body hold the turn of its call.
fn hold_by_head(headers: &mut HeaderMap, turn: &Arc<Turn>) {
    let Some(value) = headers.values_mut().next() else { return };
    let held = holding(value.as_bytes().to_vec(), turn);
    if let Ok(mut held) = HeaderValue::from_maybe_shared(held) {
        // The table of a connection's compressed headers would keep it otherwise.
        held.set_sensitive(true);
        *value = held;
    }
}

/// A reply, watched while it is handed over.
#[derive(Debug)]
pub(super) struct Reply {
    body: Body,
    turn: Option<Arc<Turn>>,
}

impl Reply {
    /// A reply to a call of a connection; within the process there is none.
    pub(super) fn to(turn: Option<Arc<Turn>>, reply: Response<Body>) -> Response<Self> {
        let (mut head, body) = reply.into_parts();
        if let Some(turn) = &turn {
            // Its head waits for the client already.
            turn.hand_over();
            if body.is_end_stream() {
                hold_by_head(&mut head.headers, turn);
            }
        }
        Response::from_parts(head, Self { body, turn })
    }
}

impl http_body::Body for Reply {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let Some(turn) = &self.turn else { return polled };
        match polled {
            Poll::Ready(Some(Ok(frame))) => {
                turn.hand_over();
                // The last data hold the turn: trailers go out right behind them.
                Poll::Ready(Some(Ok(frame.map_data(|bytes| holding(bytes, turn)))))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error))),
            Poll::Pending => {
                turn.set(NONE);
                Poll::Pending
            }
            Poll::Ready(None) => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_ledger::budget::PeerShares;
    use http_body_util::BodyExt as _;

    fn open(links: &Links, connection: u64) -> Arc<Link> {
        let peer = Peer::new("127.0.0.1".parse().unwrap(), connection);
        let place = PeerShares::new(100, 100).try_enter(Some(peer)).unwrap();
        links.open(peer, CancellationToken::new(), place)
    }

    fn reply(link: &Arc<Link>, body: &'static str) -> Response<Reply> {
        let mut reply = Response::new(Body::empty());
        reply.headers_mut().insert("content-type", HeaderValue::from_static("text/plain"));
        let body =
            if body.is_empty() { Body::empty() } else { Body::new(http_body_util::Full::new(Bytes::from(body))) };
        Reply::to(Some(link.begin()), reply.map(|_| body))
    }

    #[tokio::test]
    async fn a_call_lasts_until_the_last_of_its_reply_is_dropped() {
        let links = Links::new(10);
        let link = open(&links, 1);
        let calls = || (link.calls.load(Ordering::Relaxed), link.unread.load(Ordering::Relaxed));
        let mut whole = reply(&link, "words").into_body();
        let bytes = whole.frame().await.unwrap().unwrap().into_data().unwrap();
        drop(whole);
        assert_eq!((bytes.as_ref(), calls()), (&b"words"[..], (1, 1)), "the transport has it, and has not sent it");
        drop(bytes);
        assert_eq!(calls(), (0, 0));
        let (head, body) = reply(&link, "").into_parts();
        drop(body);
        assert_eq!((&head.headers["content-type"], calls()), (&HeaderValue::from_static("text/plain"), (1, 1)));
        drop(head);
        assert_eq!(calls(), (0, 0));
    }

    #[test]
    fn the_connection_that_leaves_most_unread_makes_room_and_those_with_few_calls_are_answered() {
        let links = Links::new(100);
        let (greedy, other) = (open(&links, 1), open(&links, 2));
        let unread: Vec<_> = (0..100).map(|_| reply(&greedy, "words")).collect();
        assert!(!greedy.cut.is_cancelled() && unread.len() == 100);
        let answered = other.begin();
        assert!(answered.is_admitted && greedy.cut.is_cancelled(), "one of its few calls");
        assert!(!greedy.begin().is_admitted, "one of many");
        assert!(!other.cut.is_cancelled());
        drop(unread);
        assert!((0..50).all(|_| open(&links, 3).begin().is_admitted));
    }

    #[test]
    fn calls_that_wait_for_no_reader_are_refused_and_cut_nobody() {
        let links = Links::new(100);
        let (busy, other) = (open(&links, 1), open(&links, 2));
        let working: Vec<_> = (0..150).map(|_| busy.begin()).collect();
        assert_eq!(working.iter().filter(|turn| turn.is_admitted).count(), 100);
        assert!(other.begin().is_admitted && !busy.cut.is_cancelled());
    }
}
