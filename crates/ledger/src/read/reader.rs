//! The reader of the record: what is durable, the cuts that reach it, and word of more.
//!
//! All that a question, a follower and the writer need alike. It knows neither the queue nor the journal's writing side.

use crate::clock::Clock;
use crate::read::cut::ResolvedCut;
use crate::read::horizon::Horizon;
use crate::store::{AppendNo, Store};
use detente_journal::{LedgerId, Reader};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::watch;
use uuid::Uuid;

/// The reader of one ledger's record.
pub(crate) struct RecordReader {
    pub(crate) ledger_id: LedgerId,
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) journal: Arc<dyn Reader>,
    pub(crate) horizon: Horizon,
    /// Number of durable appends: no cut goes further.
    published: AtomicU32,
    /// Word of more durable appends.
    pub(crate) changes: watch::Sender<Publication>,
}

/// The last publication, in numbers of appends.
#[derive(Clone, Copy, Debug)]
pub struct Publication {
    /// Number of durable appends before.
    pub(crate) before: AppendNo,
    /// Number of durable appends.
    pub(crate) appends: AppendNo,
}

impl RecordReader {
    /// A reader of a store whose appends are all durable.
    pub(crate) fn new(
        ledger_id: LedgerId,
        store: Arc<Store>,
        clock: Arc<dyn Clock>,
        journal: Arc<dyn Reader>,
        horizon: Horizon,
    ) -> Self {
        let appends = store.view().index.appends.last_number();
        Self {
            ledger_id,
            store,
            clock,
            journal,
            horizon,
            published: AtomicU32::new(appends.get()),
            changes: watch::Sender::new(Publication { before: appends, appends }),
        }
    }

    /// The cut at the head.
    pub(crate) fn head(&self) -> ResolvedCut {
        self.after_append(&self.store.view().index, self.last_published())
    }

    /// Returns true if an append was recorded under a request id.
    pub(crate) fn holds_request(&self, id: Uuid) -> bool {
        let view = self.store.view();
        view.requests.get(id).is_some_and(|(append, _)| append <= self.last_published())
    }

    /// The last durable append.
    pub(crate) fn last_published(&self) -> AppendNo {
        AppendNo::new(self.published.load(Ordering::Acquire))
    }

    /// A receiver of each publication. A reader may have seen the appends already.
    pub(crate) fn published_changes(&self) -> watch::Receiver<Publication> {
        self.changes.subscribe()
    }

    /// Lets cuts reach an append, and says so to followers.
    pub(crate) fn publish(&self, appends: AppendNo) {
        let before = AppendNo::new(self.published.swap(appends.get(), Ordering::AcqRel));
        if before != appends {
            self.changes.send_replace(Publication { before, appends });
        }
    }
}
