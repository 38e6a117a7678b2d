//! State of each open connection: its peer, the number of calls it carries, and whether its client reads.
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
//! The count is by time slots, so that a reply costs a few additions and no look at the clock.
//!
//! A call costs memory as long as it lasts, however small its request and its reply are: its stream, its heads, its
//! task. So the calls of all connections are bounded, and a call lasts until the transport has sent the last of its
//! reply: the bytes of the reply hold its [`Turn`]. If there are too many, a connection with a few calls still has some
//! to spare, others are refused, and the connection that leaves the most replies unread is cut.

use super::slots::{NONE, SlotClock, SlotCounts};
use super::tls::CertificateNames;
use detente_ledger::budget::{Peer, PeerPlace};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Interval between two looks at the connections.
const BETWEEN: Duration = Duration::from_secs(1);
/// Looks without a call after which a connection may be closed in favour of others.
const IDLE_LOOKS: u64 = 10;
/// Calls in excess of the bound that connections with a few calls have together.
const SPARE: u32 = 512;
/// Number of calls, or of unread replies, up to which a connection has a few.
const FEW: u32 = 16;
/// The open connections.
#[derive(Clone, Debug)]
pub(super) struct Links {
    all: Arc<Mutex<HashMap<u64, Weak<ConnectionLink>>>>,
    clock: Arc<SlotClock>,
    /// Number of looks at the connections so far.
    looks: Arc<AtomicU64>,
    times: ReplyTimes,
    calls: CallCount,
    /// Maximum number of calls.
    most: u32,
    /// Connections that were cut and not reported yet.
    cut: Arc<AtomicU32>,
}

/// Times after which the connection of a reply is cut, since the reply has not been sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReplyTimes {
    /// Time that its client may leave it unread.
    pub(super) unread: Duration,
    /// The same while others are refused for the memory that it holds.
    pub(super) stalled: Duration,
}

/// The number of calls that all connections carry at the moment.
#[derive(Clone, Debug, Default)]
pub(super) struct CallCount(Arc<AtomicU32>);

impl CallCount {
    /// Returns a count of its own, of the given calls.
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
pub(super) struct ConnectionLink {
    /// The peer at the other end.
    pub(super) peer: Peer,
    /// Cuts it.
    pub(super) cut: CancellationToken,
    /// The names in the certificate that the client showed, if it showed one.
    pub(super) certificate: OnceLock<CertificateNames>,
    calls: AtomicU32,
    /// Replies of which a piece waits to be sent.
    unread: AtomicU32,
    idle_since: AtomicU64,
    /// Replies of which a piece waits, by the slot in which it was handed over.
    handed: SlotCounts,
    /// Those with a deadline, by the slot after it.
    due: SlotCounts,
    links: Links,
    _place: PeerPlace,
}

impl Links {
    /// Returns the state of no connections, which may carry up to `most` calls together.
    pub(super) fn new(most: usize, times: ReplyTimes) -> Self {
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        let clock = Arc::new(SlotClock::new(times.unread, times.stalled));
        let (all, looks, calls, cut) = Default::default();
        Self { all, clock, looks, times, calls, most, cut }
    }

    /// Adds a connection.
    pub(super) fn open(&self, peer: Peer, cut: CancellationToken, place: PeerPlace) -> Arc<ConnectionLink> {
        let link = Arc::new(ConnectionLink {
            peer,
            cut,
            certificate: OnceLock::new(),
            calls: AtomicU32::new(0),
            unread: AtomicU32::new(0),
            idle_since: AtomicU64::new(self.looks.load(Ordering::Relaxed)),
            handed: SlotCounts::default(),
            due: SlotCounts::default(),
            links: self.clone(),
            _place: place,
        });
        self.all.lock().insert(peer.connection, Arc::downgrade(&link));
        link
    }

    /// Cuts the connection that has been without a call for longest, if one has been for a while; says whether.
    pub(super) fn cut_idle(&self) -> bool {
        let now = self.looks.load(Ordering::Relaxed);
        let all: Vec<Arc<ConnectionLink>> = self.all.lock().values().filter_map(Weak::upgrade).collect();
        let idle = all.iter().filter(|link| !link.cut.is_cancelled() && link.calls.load(Ordering::Relaxed) == 0);
        let longest = idle.min_by_key(|link| link.idle_since.load(Ordering::Relaxed));
        let found = longest.filter(|link| now.saturating_sub(link.idle_since.load(Ordering::Relaxed)) >= IDLE_LOOKS);
        found.inspect(|link| link.cut.cancel()).is_some()
    }

    /// Cuts connections on which a reply has not been sent in its time. `refused` is the number of those who found no memory so
    /// far; `told` is called for each cut.
    pub(super) async fn watch(&self, refused: impl Fn() -> u64, told: impl Fn()) -> Infallible {
        let between = self.clock.length.min(BETWEEN);
        let looks_a_slot = u64::try_from(self.clock.length.as_nanos() / between.as_nanos().max(1)).unwrap_or(u64::MAX);
        let mut refused_before = refused();
        loop {
            tokio::time::sleep(between).await;
            (0..self.cut.swap(0, Ordering::Relaxed)).for_each(|_| told());
            let looks = self.looks.fetch_add(1, Ordering::Relaxed) + 1;
            if looks.is_multiple_of(looks_a_slot.max(1)) {
                let refused_now = refused();
                self.cut_unsent(refused_now > std::mem::replace(&mut refused_before, refused_now), &told);
            }
        }
    }

    /// Decides if one more call is answered, given the number of calls on all connections and on its own.
    fn admit(&self, all: u32, own: u32) -> bool {
        if all <= self.most {
            return true;
        }
        let spare = self.most.saturating_add(SPARE);
        self.cut_heaviest(all, if all > spare.saturating_add(SPARE) { 1 } else { FEW });
        own <= FEW && all <= spare
    }

    /// Cuts the connection with the most unread replies, at least `least`, if there are too many calls without those of
    /// connections that are cut already.
    fn cut_heaviest(&self, calls: u32, least: u32) {
        let all: Vec<Arc<ConnectionLink>> = self.all.lock().values().filter_map(Weak::upgrade).collect();
        let (ending, open): (Vec<_>, Vec<_>) = all.iter().partition(|link| link.cut.is_cancelled());
        let ending = ending.iter().map(|link| link.calls.load(Ordering::Relaxed)).fold(0, u32::saturating_add);
        if calls.saturating_sub(ending) <= self.most {
            return;
        }
        let unread = |link: &ConnectionLink| link.unread.load(Ordering::Relaxed);
        let heaviest = open.into_iter().max_by_key(|link| unread(link)).filter(|link| unread(link) >= least);
        if let Some(link) = heaviest {
            let (peer, replies) = (link.peer.address, unread(link));
            tracing::info!(%peer, replies, calls, "closing a connection that leaves replies unread, for there are too many calls");
            self.cut.fetch_add(1, Ordering::Relaxed);
            link.cut.cancel();
        }
    }

    /// Goes on to the next slot, and cuts connections with a reply that should have been sent before it.
    fn cut_unsent(&self, is_refusing: bool, told: &impl Fn()) {
        let slot = self.clock.advance();
        let unread = self.clock.count(self.times.unread);
        let patience = if is_refusing { self.clock.count(self.times.stalled).min(unread) } else { unread };
        let Some(last) = slot.checked_sub(patience.saturating_add(1)) else { return self.cut_late(slot, told) };
        let first = slot.saturating_sub(unread.saturating_add(1));
        self.cut_where(|link| link.handed.any(first..=last), "a reply has been left unread", told);
        self.cut_late(slot, told);
    }

    fn cut_late(&self, slot: u64, told: &impl Fn()) {
        self.cut_where(
            |link| link.due.any(slot..=slot),
            "a reply is still unread after the deadline of its call",
            told,
        );
    }

    fn cut_where(&self, is_unsent: impl Fn(&ConnectionLink) -> bool, why: &str, told: &impl Fn()) {
        let all: Vec<Arc<ConnectionLink>> = self.all.lock().values().filter_map(Weak::upgrade).collect();
        for link in all.iter().filter(|link| !link.cut.is_cancelled() && is_unsent(link)) {
            tracing::info!(peer = %link.peer.address, why, "closing a connection");
            told();
            link.cut.cancel();
        }
    }
}

impl ConnectionLink {
    /// A call comes, whose client waits for so long if it says so.
    pub(super) fn begin(self: &Arc<Self>, timeout: Option<Duration>) -> Arc<Turn> {
        let own = self.calls.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let all = self.links.calls.0.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let is_admitted = self.links.admit(all, own);
        let due = timeout.and_then(|timeout| self.links.clock.after(timeout)).unwrap_or(NONE);
        let (handed, due_counted) = (AtomicU64::new(NONE), AtomicU64::new(NONE));
        Arc::new(Turn { link: Arc::clone(self), handed, due, due_counted, is_admitted })
    }

    /// Returns the count of all connections.
    pub(super) fn all_calls(&self) -> CallCount {
        self.links.calls.clone()
    }
}

impl Drop for ConnectionLink {
    fn drop(&mut self) {
        self.links.all.lock().remove(&self.peer.connection);
    }
}

/// A call on a connection, until the last of its reply has been sent.
#[derive(Debug)]
pub(super) struct Turn {
    link: Arc<ConnectionLink>,
    /// The slot in which the last piece was handed over; [`NONE`] while the transport asks for the next.
    handed: AtomicU64,
    /// The slot by which all of its reply must have been sent; [`NONE`] without a deadline.
    due: u64,
    /// The slot in which that is counted.
    due_counted: AtomicU64,
    /// False if there are too many calls for it.
    pub(super) is_admitted: bool,
}

impl Turn {
    /// Only the reply sets it, and the end of the turn.
    fn set(&self, handed: u64) {
        let before = self.handed.swap(handed, Ordering::Relaxed);
        if before == handed {
            return;
        }
        let link = &self.link;
        if before != NONE {
            link.unread.fetch_sub(1, Ordering::Relaxed);
            link.handed.remove(before);
        }
        if handed != NONE {
            link.unread.fetch_add(1, Ordering::Relaxed);
            link.handed.add(handed);
        }
        if self.due != NONE {
            self.set_due(if handed == NONE { NONE } else { self.due.max(handed + 1) });
        }
    }

    fn set_due(&self, due: u64) {
        let before = self.due_counted.swap(due, Ordering::Relaxed);
        if before != due {
            let counted = |slot| (slot != NONE).then_some(slot);
            counted(before).into_iter().for_each(|slot| self.link.due.remove(slot));
            counted(due).into_iter().for_each(|slot| self.link.due.add(slot));
        }
    }

    /// A piece of the reply is handed to the transport.
    pub(super) fn hand_over(&self) {
        self.set(self.link.links.clock.now());
    }

    /// The transport waits for the next piece.
    pub(super) fn wait(&self) {
        self.set(NONE);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.set(NONE);
        self.link.links.calls.0.fetch_sub(1, Ordering::Relaxed);
        if self.link.calls.fetch_sub(1, Ordering::Relaxed) == 1 {
            let looks = self.link.links.looks.load(Ordering::Relaxed);
            self.link.idle_since.store(looks, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::reply::Reply;
    use super::*;
    use detente_ledger::budget::PeerShares;
    use http_body_util::BodyExt as _;
    use tonic::body::Body;
    use tonic::codegen::Bytes;
    use tonic::codegen::http::{HeaderValue, Response};

    fn links(most: usize) -> Links {
        Links::new(most, ReplyTimes { unread: Duration::from_secs(600), stalled: Duration::from_secs(60) })
    }

    fn open(links: &Links, connection: u64) -> Arc<ConnectionLink> {
        let peer = Peer::new("127.0.0.1".parse().unwrap(), connection);
        let place = PeerShares::new(100, 100).try_enter(Some(peer)).unwrap();
        links.open(peer, CancellationToken::new(), place)
    }

    fn reply(link: &Arc<ConnectionLink>, body: &'static str) -> Response<Reply> {
        let mut reply = Response::new(Body::empty());
        reply.headers_mut().insert("content-type", HeaderValue::from_static("text/plain"));
        let body =
            if body.is_empty() { Body::empty() } else { Body::new(http_body_util::Full::new(Bytes::from(body))) };
        Reply::to(Some(link.begin(None)), reply.map(|_| body))
    }

    #[tokio::test]
    async fn a_call_lasts_until_the_last_of_its_reply_is_dropped() {
        let links = links(10);
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
        let links = links(100);
        let (greedy, other) = (open(&links, 1), open(&links, 2));
        let unread: Vec<_> = (0..100).map(|_| reply(&greedy, "words")).collect();
        assert!(!greedy.cut.is_cancelled() && unread.len() == 100);
        let answered = other.begin(None);
        assert!(answered.is_admitted && greedy.cut.is_cancelled(), "one of its few calls");
        assert!(!greedy.begin(None).is_admitted, "one of many");
        assert!(!other.cut.is_cancelled());
        drop(unread);
        assert!((0..50).all(|_| open(&links, 3).begin(None).is_admitted));
    }

    #[test]
    fn calls_that_wait_for_no_reader_are_refused_and_cut_nobody() {
        let links = links(100);
        let (busy, other) = (open(&links, 1), open(&links, 2));
        let working: Vec<_> = (0..150).map(|_| busy.begin(None)).collect();
        assert_eq!(working.iter().filter(|turn| turn.is_admitted).count(), 100);
        assert!(other.begin(None).is_admitted && !busy.cut.is_cancelled());
    }

    /// The number of slots after which a connection is cut with a reply of which a piece waits.
    fn slots_until_cut(timeout: Option<Duration>, is_refusing: bool) -> u64 {
        let links = links(100);
        let (silent, waiting) = (open(&links, 1), open(&links, 2));
        let turns = [silent.begin(timeout), waiting.begin(timeout)];
        turns.iter().for_each(|turn| turn.hand_over());
        turns[1].wait();
        while !silent.cut.is_cancelled() {
            links.cut_unsent(is_refusing, &|| {});
        }
        assert!(!waiting.cut.is_cancelled(), "the transport waits for the next piece");
        links.clock.now()
    }

    #[test]
    fn a_connection_is_cut_when_a_piece_of_a_reply_has_waited_for_too_long() {
        let minute = Duration::from_secs(60);
        assert_eq!([slots_until_cut(None, false), slots_until_cut(None, true)], [151, 16], "of four seconds");
        assert_eq!([slots_until_cut(Some(minute / 60), false), slots_until_cut(Some(minute), false)], [3, 18]);
        assert_eq!(slots_until_cut(Some(minute * 60), false), 151);
    }

    #[test]
    fn a_piece_that_is_read_has_the_next_one_begin_a_time_of_its_own_and_its_deadline_stays() {
        let links = links(100);
        let (link, late) = (open(&links, 1), open(&links, 2));
        let (turn, late_turn) = (link.begin(None), late.begin(Some(Duration::from_secs(1))));
        for _ in 0..300 {
            turn.hand_over();
            links.cut_unsent(true, &|| {});
        }
        assert!(!link.cut.is_cancelled());
        late_turn.hand_over();
        links.cut_unsent(false, &|| {});
        assert!(late.cut.is_cancelled(), "what is handed over after the deadline has one slot more");
    }
}
