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
mod status;
pub mod store;
pub mod transfer;
pub mod verify;
pub mod wire;
pub mod write;

use crate::follow::cursors::Cursors;
use crate::follow::feed::Feed;
use crate::query::kept_answers::KeptAnswers;
pub use crate::read::horizon::SettledRecord;
pub use crate::read::reader::Publication;
use crate::read::reader::RecordReader;
use crate::write::queue::WorkQueue;
use crate::write::recorder::Recorder;
use crate::write::stage::Stages;
use parking_lot::Mutex;
use std::sync::Arc;
use std::thread::JoinHandle;

/// A ledger, open for recording and asking. It owns the parts of the wings; each of its methods uses those it needs.
pub struct Ledger {
    /// The record, which every wing reads.
    record: Arc<RecordReader>,
    /// The writing wing, and its queue and thread.
    recorder: Arc<Recorder>,
    stages: Stages,
    queue: Arc<WorkQueue>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Long answers that questions return to for their later pages.
    kept_answers: KeptAnswers,
    /// The following wing.
    feed: Arc<Feed>,
    cursors: Cursors,
}

impl Ledger {
    /// Records what is waiting, brings sled up to date, and ends. Appends that come later are refused; questions are
    /// answered as before.
    pub fn close(&self) {
        self.queue.close();
        let writer = self.writer.lock().take();
        if writer.is_some_and(|writer| writer.join().is_err()) {
            tracing::error!("the writer panicked");
        }
        self.recorder.note_clock();
        self.recorder.saver.stop();
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.close();
    }
}
