//! The search of the log for the events that a filter admits.
//!
//! The few events that come next while a follower is live are searched on the thread of the follower. Longer searches (many
//! events, words of text, many merges) run in large pieces on threads of low priority, in a snapshot, one piece of each
//! follower at a time; and only while the follower is there.

use super::Feed;
use crate::budget::{CallBudget, CancelOnDrop, MemoryBudget, Peer, WorkerPool};
use crate::error::{QueryError, ReadFailure};
use crate::store::Index;
use detente_domain::filter::Filter;
use detente_domain::position::Position;
use std::sync::{Arc, OnceLock};
use tokio::sync::oneshot;

/// Events that are looked at where the follower is.
const FEW: u64 = 1024;
/// Steps for that: a fraction of a millisecond.
const BRIEF_STEPS: u64 = 4096;
/// Memory for that, in bytes.
const BRIEF_MEMORY: usize = 256 << 10;
/// Events that are searched in one piece on another thread, after which the thread reports its progress.
const PIECE: u64 = 1 << 14;

/// The result of a search.
#[derive(Debug)]
pub(super) struct SearchResult {
    /// The events that are wanted, in order.
    pub(super) events: Vec<Position>,
    /// Everything that is wanted up to here is among them.
    pub(super) through: Position,
}

/// The threads for long searches, which are started when the first one comes.
#[derive(Debug, Default)]
pub(super) struct SearchThreads(OnceLock<WorkerPool>);

/// Searches on the thread that calls; none where that would take long.
pub(super) fn search_briefly(
    index: &Index,
    filter: &Filter,
    (after, until): (Position, Position),
) -> Option<SearchResult> {
    if until.0.saturating_sub(after.0) > FEW {
        return None;
    }
    let shared = MemoryBudget::new(usize::MAX);
    let (signal, deadline) = Default::default();
    let bounds = CallBudget { signal, deadline, steps: BRIEF_STEPS, is_brief: true, memory: BRIEF_MEMORY, shared };
    bounds.run(|| search(index, filter, (after, until), FEW)).ok()
}

/// Searches the next piece on a thread of low priority, waiting for a free one in turn with the searches of other peers.
///
/// # Errors
/// If there are no threads, or the search failed by a defect.
pub(super) async fn search_piece(
    feed: &Arc<Feed>,
    filter: &Arc<Filter>,
    span: (Position, Position),
    peer: Option<Peer>,
) -> Result<SearchResult, QueryError> {
    let no_thread = || QueryError::from(ReadFailure::NoThread("the log could not be searched"));
    let pool = feed.searches.0.get_or_init(|| WorkerPool::new("search"));
    let place = pool.place(peer).await.map_err(|_| no_thread())?;
    let departure = CancelOnDrop::default();
    let bounds = CallBudget {
        signal: Some(departure.signal()),
        deadline: None,
        steps: u64::MAX,
        is_brief: false,
        memory: usize::MAX,
        shared: MemoryBudget::new(usize::MAX),
    };
    let (reply, found) = oneshot::channel();
    let (record, filter) = (Arc::clone(&feed.record), Arc::clone(filter));
    let job = move || {
        let snapshot = record.store.snapshot();
        // The follower may have left.
        drop(reply.send(bounds.run(|| search(&snapshot.index, &filter, span, PIECE))));
    };
    pool.begin(place, job).map_err(|_| no_thread())?;
    // A search is ended by its follower's leaving alone, and nobody waits for it then.
    found.await.ok().and_then(Result::ok).ok_or(QueryError::Defect)
}

fn search(index: &Index, filter: &Filter, span: (Position, Position), glance: u64) -> SearchResult {
    let mut events = Vec::new();
    let through = index.touched_in(filter, span, glance, &mut events);
    SearchResult { events, through }
}
