//! A journal and a clock that fail on demand.

use crate::hooked::Hooked;
use crate::running::ledger_id;
use detente_domain::position::RecordedAt;
use detente_journal::{AppendError, Journal, Refusal, Room};
use detente_ledger::Ledger;
use detente_ledger::clock::Clock;
use detente_ledger::open::LedgerOptions;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The operations that are to fail.
#[derive(Clone, Default)]
pub(crate) struct Failures {
    /// Writing, half-way.
    pub(crate) write: Arc<AtomicBool>,
    /// Answering: a write does not end while this is so.
    pub(crate) stall: Arc<AtomicBool>,
    /// Finding room on the disk.
    pub(crate) room: Arc<AtomicBool>,
    /// Finding a file descriptor for the next segment.
    pub(crate) descriptors: Arc<AtomicBool>,
    /// Writing at all: the journal was opened for reading.
    pub(crate) read_only: Arc<AtomicBool>,
    /// Telling the right time: it is a day too early.
    pub(crate) early: Arc<AtomicBool>,
    /// Telling the time, with a panic.
    pub(crate) clock: Arc<AtomicBool>,
}

impl Failures {
    /// A ledger in memory that fails as told.
    pub(crate) fn ledger(&self) -> Ledger {
        let told = self.clone();
        let journal = Hooked::new(ledger_id(), move |_| told.before_writing());
        let room = FailingRoom { inner: journal.room(), failures: self.clone() };
        let journal = journal.with_room(Arc::new(room));
        let options = LedgerOptions { clock: Arc::new(self.clone()), ..LedgerOptions::default() };
        Ledger::start(Box::new(journal), None, &options, &|_, _| {}).unwrap()
    }
}

impl Failures {
    fn before_writing(&self) -> Result<(), AppendError> {
        if self.write.load(Ordering::SeqCst) {
            return Err(AppendError::OutcomeUnknown(io::Error::other("the disk did not answer")));
        }
        while self.stall.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

impl Clock for Failures {
    fn now(&self) -> RecordedAt {
        assert!(!self.clock.load(Ordering::SeqCst), "the clock has stopped");
        let early = if self.early.load(Ordering::SeqCst) { 86_400_000_000 } else { 0 };
        RecordedAt(1_753_000_000_000_000 - early)
    }
}

struct FailingRoom {
    inner: Arc<dyn Room>,
    failures: Failures,
}

impl Room for FailingRoom {
    fn set_aside(&self, bytes: u64) -> Result<(), Refusal> {
        if self.failures.room.load(Ordering::SeqCst) {
            return Err(Refusal::DiskFull { needed: bytes, available: 0, reserve: 1 << 20 });
        }
        if self.failures.descriptors.load(Ordering::SeqCst) {
            return Err(Refusal::NoSegment(io::Error::from_raw_os_error(24)));
        }
        if self.failures.read_only.load(Ordering::SeqCst) {
            return Err(Refusal::ReadOnly);
        }
        self.inner.set_aside(bytes)
    }

    fn give_back(&self, bytes: u64) {
        self.inner.give_back(bytes);
    }
}
