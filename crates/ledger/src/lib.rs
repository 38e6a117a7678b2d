//! The use cases, in process: record, ask, read, verify, carry over. No word of any protocol; the command line's operator
//! verbs and the gRPC service stand on this alike.
//!
//! A [`Ledger`] has one writer thread, one that owns the journal, and any number of readers, which look at the store's view
//! up to the last durable append. Messages come out encoded, because most answers are made of bytes that were encoded when
//! they were recorded.
//!
//! ```
//! use detente_journal::LedgerId;
//! use detente_ledger::{Ledger, open::LedgerOptions};
//!
//! let ledger = Ledger::in_memory(LedgerId(uuid::Uuid::from_u128(1)), &LedgerOptions::default())?;
//! assert_eq!(ledger.head().position().0, 0, "nothing is recorded yet");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `examples/embed.rs` records a claim and asks for the state.
//!
//! | wing | contents | may change the record |
//! |---|---|---|
//! | [`mod@write`] | appends, stages, the writer and what may keep it from writing | yes |
//! | [`read`] | the record as seen at a cut: which claims match, how surely, and how they are rendered | no |
//! | [`query`] | the questions | no |
//! | [`follow`] | the feed, its cursors, and the clock of valid time | cursors alone |
//! | [`store`] | the event log in sled with its index | derived from the journal |
//! | [`wire`] | messages to domain types and back | no |
pub mod budget;
pub mod clock;
pub mod error;
pub mod follow;
pub(crate) mod home;
pub mod metrics;
pub mod open;
pub mod query;
pub mod read;
pub mod store;
pub mod transfer;
pub mod verify;
pub mod wire;
pub mod write;

use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::read::cut::ResolvedCut;
use crate::read::horizon::Horizon;
pub use crate::read::horizon::SettledRecord;
use crate::store::{AppendNo, Saver, Store};
use crate::write::append::Work;
use crate::write::clock_guard::ClockGuard;
use crate::write::hindrance::Surroundings;
use crate::write::writing::Writing;
use crossbeam_channel::Sender;
use detente_domain::position::Position;
use detente_journal::{LedgerId, Reader};
use parking_lot::Mutex;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

/// A ledger, open for recording and asking.
pub struct Ledger {
    shared: Arc<Shared>,
    queue: Mutex<Option<Sender<Work>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// What the writer and the readers have in common.
pub struct Shared {
    ledger_id: LedgerId,
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Reader>,
    /// How many appends are durable: no cut goes further.
    published: AtomicU32,
    /// Tells whoever follows the log that more is durable.
    changes: watch::Sender<Published>,
    /// What those who follow the log have in common.
    feed: follow::feed::Feed,
    cursors: follow::cursors::Cursors,
    stages: write::stage::Stages,
    answers_read: query::kept::KeptAnswers,
    horizon: Horizon,
    clock_guard: ClockGuard,
    surroundings: Surroundings,
    /// Why nothing is recorded any more, once that is so.
    failed: watch::Sender<Option<String>>,
    saver: Saver,
    metrics: Metrics,
    writing: Writing,
    /// The position up to which the journal's head mark has been synced.
    checkpointed: AtomicU64,
}

/// What was published last, in numbers of appends.
#[derive(Clone, Copy, Debug)]
pub struct Published {
    /// How many were durable before.
    before: AppendNo,
    /// How many are durable.
    appends: AppendNo,
}

impl Deref for Ledger {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl Shared {
    /// Which ledger this is.
    #[must_use]
    pub const fn ledger_id(&self) -> LedgerId {
        self.ledger_id
    }

    /// The cut at the head.
    #[must_use]
    pub fn head(&self) -> ResolvedCut {
        self.after_append(&self.store.view().index, self.published())
    }

    /// The last position that sled has. It may lag; answers do not.
    #[must_use]
    pub fn store_position(&self) -> Position {
        self.store.saved()
    }

    /// The ledger's clock.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// How long the write to the journal that is under way has taken; none where nothing is being written.
    #[must_use]
    pub fn writing_for(&self) -> Option<Duration> {
        self.writing.elapsed()
    }

    /// What is measured.
    #[must_use]
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Whether an append was recorded under a request id.
    #[must_use]
    pub fn holds_request(&self, id: Uuid) -> bool {
        let view = self.store.view();
        view.requests.get(id).is_some_and(|(append, _)| append <= self.published())
    }

    /// How many appends are recorded.
    #[must_use]
    pub fn append_count(&self) -> u32 {
        self.published().get()
    }

    /// The journal, for reading what is durable.
    #[must_use]
    pub fn journal(&self) -> &dyn Reader {
        &*self.journal
    }

    /// Tells why nothing is recorded any more, once that is so. The process should then end.
    #[must_use]
    pub fn failed(&self) -> watch::Receiver<Option<String>> {
        self.failed.subscribe()
    }

    fn published(&self) -> AppendNo {
        AppendNo::new(self.published.load(Ordering::Acquire))
    }

    /// Tells how many appends are durable, each time there are more. What it tells may be shown already.
    #[must_use]
    pub fn published_changes(&self) -> watch::Receiver<Published> {
        self.changes.subscribe()
    }

    fn publish(&self, appends: AppendNo) {
        let before = AppendNo::new(self.published.swap(appends.get(), Ordering::AcqRel));
        if before != appends {
            self.changes.send_replace(Published { before, appends });
        }
    }
}

impl Ledger {
    /// Records what is waiting, brings sled up to date, and ends. Appends that come later are refused; questions are
    /// answered as before.
    pub fn close(&self) {
        drop(self.queue.lock().take());
        let writer = self.writer.lock().take();
        if writer.is_some_and(|writer| writer.join().is_err()) {
            tracing::error!("the writer panicked");
        }
        self.note_clock();
        self.saver.stop();
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.close();
    }
}
