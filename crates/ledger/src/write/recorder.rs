//! The state of recording: what the writer, the committer and those who ask after their health have in common.

use crate::metrics::Metrics;
use crate::read::reader::RecordReader;
use crate::store::Saver;
use crate::write::clock_guard::ClockGuard;
use crate::write::hindrance::Surroundings;
use crate::write::writing::WriteTimer;
use detente_domain::position::Position;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::watch;

/// The state of recording in one ledger.
pub(crate) struct Recorder {
    pub(crate) record: Arc<RecordReader>,
    pub(crate) clock_guard: ClockGuard,
    pub(crate) surroundings: Surroundings,
    /// The reason nothing is recorded any more, once that is so.
    pub(crate) failed: watch::Sender<Option<String>>,
    pub(crate) saver: Saver,
    pub(crate) metrics: Metrics,
    pub(crate) writing: WriteTimer,
    /// The position up to which the journal's head mark has been synced.
    pub(crate) checkpointed: AtomicU64,
}

impl Recorder {
    /// A recorder that has recorded nothing yet.
    pub(crate) fn new(
        record: Arc<RecordReader>,
        clock_guard: ClockGuard,
        surroundings: Surroundings,
        saver: Saver,
    ) -> Self {
        Self {
            record,
            clock_guard,
            surroundings,
            failed: watch::Sender::new(None),
            saver,
            metrics: Metrics::default(),
            writing: WriteTimer::default(),
            checkpointed: AtomicU64::new(Position::START.0),
        }
    }

    /// Waits while sled lags by more than a number of blocks, which bounds the memory that they take.
    pub(crate) fn hold_back_while_sled_lags(&self, most: usize) {
        const PAUSE: Duration = Duration::from_millis(1);
        while self.record.store.is_saving() && self.record.store.view().unsaved_len() > most {
            self.saver.wake();
            std::thread::sleep(PAUSE);
        }
    }
}
