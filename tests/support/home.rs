//! Ledgers to try things on, in memory and in files, with a clock that stands where it is put.

use super::make::{batch, registrations, tick};
use detente_domain::command::{Batch, Command};
use detente_domain::position::RecordedAt;
use detente_domain::rejection::Rejection;
use detente_journal::file::Options;
use detente_journal::{LedgerId, RequestKey};
use detente_ledger::Ledger;
use detente_ledger::clock::ManualClock;
use detente_ledger::error::AppendError;
use detente_ledger::open::{LedgerOptions, store_dir};
use detente_ledger::write::append::{AppendReceipt, AppendRequest};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use uuid::Uuid;

/// The ledger of the tests.
pub(crate) const LEDGER: LedgerId = LedgerId(Uuid::from_u128(0x0198_c0de));

/// A ledger with its clock and, where it has one, its directory. Salts are public, so that one history has one basis
/// wherever it is kept.
pub(crate) struct Home {
    pub(crate) ledger: Ledger,
    pub(crate) clock: Arc<ManualClock>,
    dir: Option<TempDir>,
    cache_bytes: usize,
}

/// The options of all tests, on a clock.
pub(crate) fn options(clock: &Arc<ManualClock>, cache_bytes: usize) -> LedgerOptions {
    let journal = Options { segment_bytes: 64 << 10, reserve_bytes: 0, ..Options::default() };
    LedgerOptions {
        clock: Arc::clone(clock) as _,
        cache_bytes,
        journal,
        public_salts: true,
        ..LedgerOptions::default()
    }
}

/// Opens what is in a directory.
pub(crate) fn open(dir: &Path, clock: &Arc<ManualClock>, cache_bytes: usize) -> Ledger {
    Ledger::open(dir, &options(clock, cache_bytes), &|_, _| {}).unwrap().0
}

impl Home {
    /// In memory, nothing recorded.
    pub(crate) fn in_memory() -> Self {
        let clock = Arc::new(ManualClock::at(tick(0)));
        let ledger = Ledger::in_memory(LEDGER, &options(&clock, 1 << 20)).unwrap();
        Self { ledger, clock, dir: None, cache_bytes: 1 << 20 }
    }

    /// Returns a home in files, with nothing recorded, and the given bytes for blocks in memory.
    pub(crate) fn in_files(cache_bytes: usize) -> Self {
        let clock = Arc::new(ManualClock::at(tick(0)));
        let dir = TempDir::new().unwrap();
        let ledger = Ledger::create(dir.path(), LEDGER, &options(&clock, cache_bytes)).unwrap();
        Self { ledger, clock, dir: Some(dir), cache_bytes }
    }

    /// The parties and sources of the tests are registered at [`tick`] 0.
    pub(crate) fn with_registrations(self) -> Self {
        self.record(registrations());
        self
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.as_ref().unwrap().path().to_owned()
    }

    /// Closes the ledger, lets something happen to sled, and opens it again.
    pub(crate) fn reopened_after(self, happens: impl FnOnce(&Path)) -> Self {
        let Self { ledger, clock, dir, cache_bytes } = self;
        ledger.close();
        drop(ledger);
        let data = dir.as_ref().unwrap().path();
        happens(&store_dir(data));
        let ledger = open(data, &clock, cache_bytes);
        Self { ledger, clock, dir, cache_bytes }
    }

    /// Sets the clock.
    pub(crate) fn at(&self, now: RecordedAt) -> &Self {
        self.clock.set(now);
        self
    }

    /// Records, by the clock.
    pub(crate) fn record(&self, commands: impl IntoIterator<Item = Command>) -> AppendReceipt {
        self.try_record(request(batch(commands))).unwrap()
    }

    /// Records, by the clock; or not.
    pub(crate) fn try_record(&self, request: AppendRequest) -> Result<AppendReceipt, AppendError> {
        block_on(self.ledger.append(request))
    }

    /// Returns the reason why a batch is not recorded.
    pub(crate) fn refusal(&self, batch: Batch) -> Rejection {
        match self.try_record(request(batch)) {
            Err(AppendError::Rejected(rejection)) => rejection,
            other => panic!("{other:?}"),
        }
    }
}

/// A request without a name.
pub(crate) fn request(batch: Batch) -> AppendRequest {
    AppendRequest { request: None, recorded_by: "archivist".into(), batch, validate_only: false }
}

/// A request with a name; `body` stands for the digest of its body.
pub(crate) fn named_request(name: u128, body: u8, batch: Batch) -> AppendRequest {
    let key = RequestKey { id: Uuid::from_u128(name), body: [body; 32], staged: false };
    AppendRequest { request: Some(key), ..request(batch) }
}

/// Waits for a future on this thread.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}
