//! The status of the ledger: its head, its clock, its health, and how far it is.

use crate::Ledger;
use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::read::cut::ResolvedCut;
use crate::read::horizon::SettledRecord;
use crate::read::reader::Publication;
use crate::write::clock_guard::ClockFault;
use crate::write::hindrance::Outlook;
use detente_domain::position::Position;
use detente_journal::{LedgerId, Reader};
use std::time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

impl Ledger {
    /// The id of this ledger.
    #[must_use]
    pub fn ledger_id(&self) -> LedgerId {
        self.record.ledger_id
    }

    /// The cut at the head.
    #[must_use]
    pub fn head(&self) -> ResolvedCut {
        self.record.head()
    }

    /// The last position that sled has. It may lag; answers do not.
    #[must_use]
    pub fn store_position(&self) -> Position {
        self.record.store.saved_position()
    }

    /// The ledger's clock.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.record.clock
    }

    /// The journal, for reading what is durable.
    #[must_use]
    pub fn journal(&self) -> &dyn Reader {
        &*self.record.journal
    }

    /// Number of recorded appends.
    #[must_use]
    pub fn append_count(&self) -> u32 {
        self.record.last_published().get()
    }

    /// Returns true if an append was recorded under a request id.
    #[must_use]
    pub fn holds_request(&self, id: Uuid) -> bool {
        self.record.holds_request(id)
    }

    /// A receiver of each publication of durable appends. A reader may have seen the appends already.
    #[must_use]
    pub fn published_changes(&self) -> watch::Receiver<Publication> {
        self.record.published_changes()
    }

    /// Waits until everything that was recorded by now is visible, and sees to it that nothing is recorded at or before
    /// now any more.
    pub async fn settle_now(&self) -> SettledRecord {
        self.record.settle_now().await
    }

    /// Wakes the tasks that wait for the clock, after it has been set by hand.
    pub fn clock_was_set(&self) {
        self.record.clock_was_set();
    }

    /// Duration of the write to the journal that is under way; none where nothing is being written.
    #[must_use]
    pub fn writing_for(&self) -> Option<Duration> {
        self.recorder.writing.elapsed()
    }

    /// The measurements of recording.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.recorder.metrics
    }

    /// A receiver of the reason why nothing is recorded any more, once that is so. The process should then end.
    #[must_use]
    pub fn failure_changes(&self) -> watch::Receiver<Option<String>> {
        self.recorder.failed.subscribe()
    }

    /// Looks at the disk and the clock. May wait for the disk.
    pub fn look_around(&self) -> Outlook {
        self.recorder.look_around()
    }

    /// Result of the last look.
    #[must_use]
    pub fn outlook(&self) -> Outlook {
        self.recorder.outlook()
    }

    /// Returns true if the ledger was opened for questions only.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.recorder.is_read_only()
    }

    /// Distance of the clock behind the last record.
    #[must_use]
    pub fn clock_behind(&self) -> Duration {
        self.recorder.clock_behind()
    }

    /// The reason the clock is not believed, if it is not.
    #[must_use]
    pub fn clock_fault(&self) -> Option<ClockFault> {
        self.recorder.clock_fault()
    }

    /// Number of followers of the log, and the number of events that the last of them is behind the head.
    #[must_use]
    pub fn followers(&self) -> (u64, u64) {
        self.feed.standing()
    }
}
