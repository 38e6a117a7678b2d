//! The newest of the log, put together once for everybody who waits for it: one task while anybody follows.
//!
//! It is what the writer wakes, so that the writer wakes one task and not one for each follower; and it sleeps while nobody
//! waits for news, so that followers who do not read cost the writer nothing.

use super::assemble::SOFT;
use super::events::Events;
use super::reading::{Reading, Step};
use crate::domain::position::Position;
use crate::ledger::{Published, Shared};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use tokio::sync::{Notify, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

/// So many groups of appends are kept. Whoever is further behind reads larger pieces from the log.
const KEPT: usize = 32;

/// The newest of the log. The task that keeps it so ends with the last one who follows.
pub(super) struct Live {
    recent: Mutex<VecDeque<Recent>>,
    /// Up to where the log has been taken in.
    taken_in: watch::Sender<Position>,
    /// That somebody waits for what comes next.
    wanted: Arc<Notify>,
    _task: DropGuard,
}

/// How far the log goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// The last position.
    pub(super) last: Position,
    /// After which the group was published that it is in.
    pub(super) newest_after: Position,
}

/// What was taken in at once.
struct Recent {
    after: Position,
    through: Position,
    events: Events,
}

/// One who waits for news.
pub(super) struct Waiter {
    taken_in: watch::Receiver<Position>,
    wanted: Arc<Notify>,
}

impl Live {
    /// That of a ledger; begins to keep it where nobody follows yet.
    pub(super) fn join(shared: &Arc<Shared>) -> Arc<Self> {
        let mut known = shared.feed.live.lock();
        if let Some(live) = known.upgrade() {
            return live;
        }
        let ended = CancellationToken::new();
        // What is published from here on is told; what was before is in the head.
        let mut changes = shared.published_changes();
        let last = shared.feed_head(*changes.borrow_and_update()).last;
        let wanted = Arc::new(Notify::new());
        let live = Arc::new(Self {
            recent: Mutex::default(),
            taken_in: watch::Sender::new(last),
            wanted: Arc::clone(&wanted),
            _task: ended.clone().drop_guard(),
        });
        *known = Arc::downgrade(&live);
        let keeping = keep(Arc::clone(shared), Arc::downgrade(&live), changes, wanted);
        tokio::spawn(async move { ended.run_until_cancelled(keeping).await });
        live
    }

    /// One more who will wait for news.
    pub(super) fn waiter(&self) -> Waiter {
        Waiter { taken_in: self.taken_in.subscribe(), wanted: Arc::clone(&self.wanted) }
    }

    /// What was taken in at once right after a position, if it is among the last, and up to where that goes.
    pub(super) fn right_after(&self, position: Position) -> Option<(Events, Position)> {
        let recent = self.recent.lock();
        let at = recent.binary_search_by_key(&position, |recent| recent.after).ok()?;
        recent.get(at).map(|recent| (recent.events.clone(), recent.through))
    }

    /// Takes in what has been published, up to a position; says whether there was anything.
    fn take_in(&self, shared: &Shared, through: Position) -> bool {
        let after = *self.taken_in.borrow();
        if through <= after {
            return false;
        }
        let read = Reading::after(after, None).step(shared, through);
        let mut recent = self.recent.lock();
        // What makes no one frame is read from the log.
        if let Step::Events(events) = read
            && events.count() == through.0 - after.0
            && events.byte_len() <= SOFT
        {
            recent.push_back(Recent { after, through, events });
        } else {
            recent.clear();
        }
        if recent.len() > KEPT {
            recent.pop_front();
        }
        drop(recent);
        self.taken_in.send_replace(through);
        true
    }
}

impl Waiter {
    /// Says that everything up to the head that is looked at next is known.
    pub(super) fn look(&mut self) {
        self.taken_in.mark_unchanged();
    }

    /// Waits until there is more than at the last look; false when there will be nothing.
    pub(super) async fn news(&mut self) -> bool {
        self.wanted.notify_one();
        self.taken_in.changed().await.is_ok()
    }
}

impl Shared {
    /// How far the log goes for those who follow it.
    pub(super) fn feed_head(&self, Published { before, appends }: Published) -> Head {
        let index = &self.store.view().index;
        Head { last: index.appends.last(appends), newest_after: index.appends.last(before) }
    }
}

/// Takes in the next of what is published, each time that it is waited for.
async fn keep(shared: Arc<Shared>, live: Weak<Live>, mut changes: watch::Receiver<Published>, wanted: Arc<Notify>) {
    loop {
        wanted.notified().await;
        loop {
            if changes.changed().await.is_err() {
                return;
            }
            let through = shared.feed_head(*changes.borrow_and_update()).last;
            let Some(live) = live.upgrade() else { return };
            if live.take_in(&shared, through) {
                break;
            }
        }
    }
}
