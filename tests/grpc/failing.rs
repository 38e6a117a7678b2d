//! A journal and a clock that fail when they are told to.

use crate::running::ledger_id;
use detente::clock::Clock;
use detente::domain::position::RecordedAt;
use detente::journal::memory::MemoryJournal;
use detente::journal::{
    Append, AppendError, AppendHeader, CheckpointError, Head, Journal, LedgerId, Reader, Refusal, Room, Run,
};
use detente::ledger::Ledger;
use detente::ledger::open::LedgerOptions;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What is to fail.
#[derive(Clone, Default)]
pub(crate) struct Failures {
    /// Writing, half-way.
    pub(crate) write: Arc<AtomicBool>,
    /// Answering: a write does not end while this is so.
    pub(crate) stall: Arc<AtomicBool>,
    /// Finding room on the disk.
    pub(crate) room: Arc<AtomicBool>,
    /// Telling the time, with a panic.
    pub(crate) clock: Arc<AtomicBool>,
}

impl Failures {
    /// A ledger in memory that fails as told.
    pub(crate) fn ledger(&self) -> Ledger {
        let journal = FailingJournal { inner: MemoryJournal::new(ledger_id()), failures: self.clone() };
        let options = LedgerOptions { clock: Arc::new(self.clone()), ..LedgerOptions::default() };
        Ledger::start(Box::new(journal), None, &options, &|_, _| {}).unwrap()
    }
}

impl Clock for Failures {
    fn now(&self) -> RecordedAt {
        assert!(!self.clock.load(Ordering::SeqCst), "the clock has stopped");
        RecordedAt(1_753_000_000_000_000)
    }
}

struct FailingJournal {
    inner: MemoryJournal,
    failures: Failures,
}

impl Journal for FailingJournal {
    fn ledger_id(&self) -> LedgerId {
        self.inner.ledger_id()
    }

    fn head(&self) -> Head {
        self.inner.head()
    }

    fn append(&mut self, group: &[Append]) -> Result<Head, AppendError> {
        if self.failures.write.load(Ordering::SeqCst) {
            return Err(AppendError::OutcomeUnknown(io::Error::other("the disk did not answer")));
        }
        while self.failures.stall.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.inner.append(group)
    }

    fn begin(&mut self, header: &AppendHeader, bytes: u64) -> Result<Box<dyn Run + '_>, AppendError> {
        if self.failures.write.load(Ordering::SeqCst) {
            return Err(AppendError::OutcomeUnknown(io::Error::other("the disk did not answer")));
        }
        self.inner.begin(header, bytes)
    }

    fn room(&self) -> Arc<dyn Room> {
        Arc::new(FailingRoom { inner: self.inner.room(), failures: self.failures.clone() })
    }

    fn reader(&self) -> Arc<dyn Reader> {
        self.inner.reader()
    }

    fn checkpoint(&mut self) -> Result<(), CheckpointError> {
        self.inner.checkpoint()
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
        self.inner.set_aside(bytes)
    }

    fn give_back(&self, bytes: u64) {
        self.inner.give_back(bytes);
    }
}
