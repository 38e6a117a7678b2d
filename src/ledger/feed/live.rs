//! The newest of the log, put together once for everybody who is there already: one task while anybody follows.
//!
//! It is what the writer wakes, so that the writer wakes one task and not one for each follower.

use super::assemble::SOFT;
use super::events::Events;
use super::reading::{Reading, Step};
use crate::domain::position::Position;
use crate::ledger::Shared;
use crate::store::AppendNo;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

/// So many groups of appends are kept. Whoever is further behind reads larger pieces from the log.
const KEPT: usize = 32;

/// The newest of the log. The task that keeps it so ends with the last one who follows.
pub(super) struct Live {
    recent: Mutex<VecDeque<Recent>>,
    head: watch::Sender<Head>,
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

/// What was published at once.
struct Recent {
    after: Position,
    through: Position,
    events: Events,
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
        let changes = shared.published_changes();
        let last = shared.head().position();
        let head = watch::Sender::new(Head { last, newest_after: last });
        let live = Arc::new(Self { recent: Mutex::default(), head, _task: ended.clone().drop_guard() });
        *known = Arc::downgrade(&live);
        tokio::spawn(keep(Arc::clone(shared), Arc::downgrade(&live), changes, ended));
        live
    }

    /// The head, each time it moves.
    pub(super) fn head(&self) -> watch::Receiver<Head> {
        self.head.subscribe()
    }

    /// What was published at once right after a position, if it is among the last, and up to where that goes.
    pub(super) fn right_after(&self, position: Position) -> Option<(Events, Position)> {
        let recent = self.recent.lock();
        let at = recent.binary_search_by_key(&position, |recent| recent.after).ok()?;
        recent.get(at).map(|recent| (recent.events.clone(), recent.through))
    }

    /// Takes in what has been published.
    fn take_in(&self, shared: &Shared) {
        let after = self.head.borrow().last;
        let through = shared.head().position();
        if through <= after {
            return;
        }
        let read = Reading::after(after, None).step(shared, through);
        let mut recent = self.recent.lock();
        // A group that makes no one frame is read from the log.
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
        self.head.send_replace(Head { last: through, newest_after: after });
    }
}

async fn keep(shared: Arc<Shared>, live: Weak<Live>, mut changes: watch::Receiver<AppendNo>, ended: CancellationToken) {
    while let Some(Ok(())) = ended.run_until_cancelled(changes.changed()).await {
        let Some(live) = live.upgrade() else { return };
        live.take_in(&shared);
    }
}
