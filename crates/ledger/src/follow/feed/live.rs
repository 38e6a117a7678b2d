//! The newest of the log, put together once for all followers that wait for it: one task while there are followers.
//!
//! The writer wakes this task and not one for each follower. It sleeps while nobody waits for news, so that followers who
//! do not read cost the writer nothing.

use super::Feed;
use super::assemble::SOFT;
use super::events::Events;
use super::reading::{FeedReading, FeedStep};
use crate::read::reader::{Publication, RecordReader};
use detente_domain::position::Position;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use tokio::sync::{Notify, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The number of groups of appends that are kept. A follower that is further behind reads larger pieces from the log.
const KEPT: usize = 32;

/// The newest of the log. Its task ends with the last follower.
pub(super) struct Live {
    recent: Mutex<VecDeque<RecentAppends>>,
    /// The position up to which the log has been taken in.
    head: watch::Sender<FeedHead>,
    /// Notified when somebody waits for the next events.
    wanted: Arc<Notify>,
    _task: DropGuard,
}

/// The head of the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct FeedHead {
    /// The last position.
    pub(super) last: Position,
    /// The last position before the group of appends that was published last.
    pub(super) newest_after: Position,
}

/// The appends that were taken in at once.
struct RecentAppends {
    after: Position,
    through: Position,
    events: Events,
}

impl Live {
    /// The one of a ledger; starts its task if nobody follows yet.
    pub(super) fn join(feed: &Arc<Feed>) -> Arc<Self> {
        let mut known = feed.live.lock();
        if let Some(live) = known.upgrade() {
            return live;
        }
        let ended = CancellationToken::new();
        // The receiver announces all that is published from here on; the head has all that was before.
        let mut changes = feed.record.published_changes();
        let head = feed.record.feed_head(*changes.borrow_and_update());
        let wanted = Arc::new(Notify::new());
        let live = Arc::new(Self {
            recent: Mutex::default(),
            head: watch::Sender::new(head),
            wanted: Arc::clone(&wanted),
            _task: ended.clone().drop_guard(),
        });
        *known = Arc::downgrade(&live);
        let keeping = keep(Arc::clone(feed), Arc::downgrade(&live), changes, wanted);
        tokio::spawn(async move { ended.run_until_cancelled(keeping).await });
        live
    }

    /// A receiver of the head, which changes each time that it moves. It moves by itself only while somebody
    /// [wants](Self::want) it to.
    pub(super) fn head(&self) -> watch::Receiver<FeedHead> {
        self.head.subscribe()
    }

    /// Sees to it that the head moves when something is published.
    pub(super) fn want(&self) {
        self.wanted.notify_one();
    }

    /// The events that were taken in at once right after a position, if they are among the last, and the position of
    /// the last one.
    pub(super) fn right_after(&self, position: Position) -> Option<(Events, Position)> {
        let recent = self.recent.lock();
        let at = recent.binary_search_by_key(&position, |recent| recent.after).ok()?;
        recent.get(at).map(|recent| (recent.events.clone(), recent.through))
    }

    /// Takes in newly published appends, for all followers. Returns true if there were any.
    pub(super) fn catch_up(&self, record: &RecordReader) -> bool {
        let published = *record.changes.borrow();
        let mut recent = self.recent.lock();
        let (after, head) = (self.head.borrow().last, record.feed_head(published));
        if head.last <= after {
            return false;
        }
        // Appends that do not fit into one frame are read from the log.
        if let FeedStep::Events(events) = FeedReading::after(after, None).step(record, head.last)
            && events.count() == head.last.0 - after.0
            && events.byte_len() <= SOFT
        {
            recent.push_back(RecentAppends { after, through: head.last, events });
        } else {
            recent.clear();
        }
        if recent.len() > KEPT {
            recent.pop_front();
        }
        self.head.send_replace(head);
        true
    }
}

impl RecordReader {
    fn feed_head(&self, Publication { before, appends }: Publication) -> FeedHead {
        let index = &self.store.view().index;
        FeedHead { last: index.appends.last(appends), newest_after: index.appends.last(before) }
    }
}

/// Takes in the next of what is published, each time that it is wanted.
async fn keep(feed: Arc<Feed>, live: Weak<Live>, mut changes: watch::Receiver<Publication>, wanted: Arc<Notify>) {
    loop {
        wanted.notified().await;
        loop {
            if changes.changed().await.is_err() {
                return;
            }
            let Some(live) = live.upgrade() else { return };
            if live.catch_up(&feed.record) {
                break;
            }
        }
    }
}
