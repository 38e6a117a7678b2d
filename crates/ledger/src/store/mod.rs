//! The event log in sled, with its index; read by everything, rebuilt from the journal at will.
//!
//! ```text
//!             ┌────────── View (memory) ──────────┐
//! writer ───> │ blocks: encoded events, 16 each   │ ───> readers
//!             │ index:  claims, facets, intervals │
//!             └──────┬───────────────────▲────────┘
//!                    │ saver, behind     │ an event that is not in memory: from its place in the journal, else from sled
//!                    ▼                   │
//!             sled: log, rows, terms ────┴───── journal ───> replay, when sled is missing, behind or damaged
//! ```
//!
//! Invariants. Sled never holds an event that the journal was not given before. It may lag and may be deleted: a start
//! loads what it has and replays the rest, and after a clean stop it finds the index in one file (`checkpoint`). It may be
//! ahead after a crash, by the beginning of a long append that never ended: a start cuts that off, as it does in the
//! journal. Values read from it are checked (a checksum over number and value), and a miss is answered from the journal.
//! After an unclean stop every block is checked against the hash chain too. Only `verify` can find a value that is whole
//! but wrong: it would have to be written so.
//!
//! Reasons: `docs/design/store.md`.

mod admission;
mod block;
mod blocks;
mod checkpoint;
mod db;
mod entry;
mod footing;
mod index;
mod open;
mod packing;
mod parts;
mod saver;
mod sections;
mod shared;
mod stored_value;
mod verify;
mod view;

pub(crate) use block::{Block, SPAN, first_of, nth_of, number_of, take_frame};
pub(crate) use entry::Action;
pub(crate) use index::{
    AppendNo, Appends, ClaimNo, CompiledFilter, Content, ContentNo, DisputeCounts, DisputeRow, EvaluatedFilter,
    FoundRevision, Index, ListPage, Misfit, Registry, RegistryRevision, Revision, StateQuestion, Term,
};
pub use open::{Progress, StoreOpenError};
pub(crate) use saver::Saver;
pub use verify::StoreReport;
pub(crate) use verify::verify;
pub(crate) use view::{IncomingEvent, IndexedLog, View};

use admission::Admission;
use db::{Db, Unusable};
use detente_domain::position::Position;
use detente_journal::{NotInPlace, Obstacle, Reader, Waiting};
use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::ops::{Deref, RangeInclusive};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

/// The steps that a call takes when it fetches an event that is not in memory.
const STEPS_TO_FETCH: u32 = 32;

/// An event that was not in memory.
pub(crate) enum FetchedEvent {
    /// Its block.
    Block(Arc<Block>),
    /// A block of it alone.
    Alone(Block),
}

/// The log and its index.
pub(crate) struct Store {
    view: RwLock<View>,
    /// The newest snapshot, while a question uses it.
    snapshot: Mutex<Weak<IndexedLog>>,
    /// Sled; locked for writing only to drop it or to open it anew.
    db: RwLock<Option<Db>>,
    journal: Arc<dyn Reader>,
    admission: Admission,
    /// The last position that the journal holds durably.
    durable: AtomicU64,
    /// The last position that was handed to the journal, where a long append is on its way: sled may have it before the
    /// append ends.
    handed_over: AtomicU64,
    /// The last position that sled has.
    saved: AtomicU64,
    /// True if there is no sled, or an error was found in it: it is not used any more then, and checked or rebuilt at
    /// the next start.
    suspect: AtomicBool,
    /// Set while the journal cannot be read.
    unreadable: AtomicBool,
}

/// The view that a question reads: the current one, which the writer then waits for, or a snapshot that nobody waits for.
pub(crate) enum QuestionView<'s> {
    /// The view, for a question that is known to be brief.
    Shared(RwLockReadGuard<'s, View>),
    /// A snapshot.
    Snapshot(Arc<IndexedLog>),
}

impl Deref for QuestionView<'_> {
    type Target = IndexedLog;

    #[inline]
    fn deref(&self) -> &IndexedLog {
        match self {
            Self::Shared(view) => view,
            Self::Snapshot(snapshot) => snapshot,
        }
    }
}

impl Store {
    /// The view for the question on this thread: the current one if its call is brief, else a snapshot.
    pub(crate) fn question_view(&self) -> QuestionView<'_> {
        if crate::budget::is_brief() {
            QuestionView::Shared(self.view())
        } else {
            QuestionView::Snapshot(self.snapshot())
        }
    }

    /// A snapshot of the view with everything that is durable. Questions that run at the same time share one.
    pub(crate) fn snapshot(&self) -> Arc<IndexedLog> {
        let durable = Position(self.durable.load(Ordering::Acquire));
        let mut newest = self.snapshot.lock();
        let has_all = |snapshot: &Arc<IndexedLog>| {
            let appends = &snapshot.index.appends;
            appends.last(appends.last_number()) >= durable
        };
        if let Some(snapshot) = newest.upgrade().filter(has_all) {
            return snapshot;
        }
        let snapshot = Arc::new((**self.view.read()).clone());
        *newest = Arc::downgrade(&snapshot);
        snapshot
    }

    /// The view, for reading.
    pub(crate) fn view(&self) -> RwLockReadGuard<'_, View> {
        self.view.read()
    }

    /// The view, for the one writer.
    pub(crate) fn view_mut(&self) -> RwLockWriteGuard<'_, View> {
        self.view.write()
    }

    /// Notes that the journal holds everything up to a position durably: sled may have it now.
    pub(crate) fn set_durable(&self, position: Position) {
        self.durable.store(position.0, Ordering::Release);
    }

    /// Notes that the journal has been given everything up to a position, durably or not, of an append that goes on.
    pub(crate) fn set_handed_over(&self, position: Position) {
        self.handed_over.store(position.0, Ordering::Release);
    }

    /// The last position that sled has.
    pub(crate) fn saved_position(&self) -> Position {
        Position(self.saved.load(Ordering::Acquire))
    }

    /// Returns true if sled is in use: there is one, and no error was found in it.
    pub(crate) fn is_saving(&self) -> bool {
        !self.suspect.load(Ordering::Acquire)
    }

    /// An event whose block is not in memory: with its block if memory has room or it is asked for again, alone from its
    /// place in the journal otherwise. A brief call gets it only if no disk has to be waited for.
    ///
    /// # Errors
    /// If it can be read nowhere.
    pub(crate) fn fetch(&self, position: Position, has_room: bool) -> Result<FetchedEvent, detente_journal::ReadError> {
        crate::budget::steps(STEPS_TO_FETCH);
        let number = number_of(position);
        let is_kept = self.admission.admits(number) || has_room;
        let block = is_kept.then(|| first_of(number)..=first_of(number).plus(SPAN - 1));
        // Another event of its block may be damaged.
        for positions in block.into_iter().chain([position..=position]) {
            if let Ok(fetched) = self.fetch_in_place(&positions) {
                return Ok(fetched);
            }
        }
        self.load(number).map(FetchedEvent::Block)
    }

    fn fetch_in_place(&self, positions: &RangeInclusive<Position>) -> Result<FetchedEvent, NotInPlace> {
        let read = |waiting| {
            let mut block = Block::default();
            self.journal.read_in_place(positions.clone(), waiting, &mut |event| block.push(event))?;
            block.settle();
            Ok(if block.is_full() { FetchedEvent::Block(Arc::new(block)) } else { FetchedEvent::Alone(block) })
        };
        match read(Waiting::Never) {
            Err(NotInPlace::WouldWait) => {
                crate::budget::leave_brief();
                read(Waiting::AsLong)
            }
            fetched => fetched,
        }
    }

    /// A block that is not in memory: from sled, or from the journal if sled cannot give it whole.
    ///
    /// # Errors
    /// If the journal cannot be read either.
    pub(crate) fn load(&self, number: usize) -> Result<Arc<Block>, detente_journal::ReadError> {
        crate::budget::leave_brief();
        let from_sled = if self.is_saving() { self.db.read().as_ref().map(|db| db.block(number)) } else { None };
        let block = match from_sled {
            Some(Ok(block)) => block,
            Some(Err(error)) => {
                self.suspect(&error);
                self.block_of_journal(number)?
            }
            None => self.block_of_journal(number)?,
        };
        Ok(Arc::new(block))
    }

    /// A block from the journal. The log tells when it begins to be unreadable and when it is readable again.
    fn block_of_journal(&self, number: usize) -> Result<Block, detente_journal::ReadError> {
        let read = self.journal_block(number);
        match &read {
            Err(error) if !self.unreadable.swap(true, Ordering::AcqRel) => {
                let advice = error.obstacle().map_or("`detente verify` names every damaged place", Obstacle::advice);
                tracing::error!(%error, advice, "questions that need older events are refused");
            }
            Ok(_) if self.unreadable.swap(false, Ordering::AcqRel) => tracing::warn!("the journal is read again"),
            _ => {}
        }
        read
    }

    /// Keeps blocks that were loaded, as far as the cache has room.
    pub(crate) fn adopt(&self, blocks: impl IntoIterator<Item = (usize, Arc<Block>)>) {
        const AT_ONCE: usize = 64;
        let mut blocks = blocks.into_iter().peekable();
        while blocks.peek().is_some() {
            // A cache is no reason to wait, or to have others wait.
            let Some(mut view) = self.view.try_write() else { return };
            blocks.by_ref().take(AT_ONCE).for_each(|(number, block)| view.blocks.adopt(number, block));
        }
    }

    /// The view, for changes that can wait: nobody waits behind this.
    fn view_mut_when_free(&self) -> RwLockWriteGuard<'_, View> {
        const BETWEEN: std::time::Duration = std::time::Duration::from_micros(200);
        loop {
            if let Some(view) = self.view.try_write() {
                return view;
            }
            std::thread::sleep(BETWEEN);
        }
    }

    /// Brings blocks before `cold` into memory, the newest first, while there is room; `cold` is 0 once that is done. So a
    /// ledger that was started is soon as fast as it was before it stopped.
    fn warm(&self, cold: &mut usize) {
        const AT_ONCE: usize = 64;
        let from = cold.saturating_sub(AT_ONCE);
        let until = std::mem::take(cold);
        let view = self.view.read();
        if !self.is_saving() || !view.blocks.has_room() {
            return;
        }
        if (from..until).all(|number| view.blocks.shared_block(number).is_some()) {
            *cold = from;
            return;
        }
        drop(view);
        let read = self.db.read().as_ref().map(|db| db.blocks(from..until));
        match read {
            Some(Ok(blocks)) => {
                self.adopt(blocks.into_iter().map(|(number, block)| (number, Arc::new(block))));
                *cold = from;
            }
            Some(Err(error)) => self.suspect(&error),
            None => {}
        }
    }

    fn journal_block(&self, number: usize) -> Result<Block, detente_journal::ReadError> {
        let mut block = Block::default();
        for chunk in self.journal.read(first_of(number))? {
            for record in chunk?.records {
                block.push(&record.event);
                if block.is_full() {
                    return Ok(block);
                }
            }
        }
        Ok(block)
    }

    fn suspect(&self, error: &Unusable) {
        if error.io().and_then(Obstacle::of).is_some_and(Obstacle::is_passing) {
            return;
        }
        if !self.suspect.swap(true, Ordering::AcqRel) {
            let is_refused = error.io().and_then(Obstacle::of).is_some();
            if is_refused {
                tracing::error!(%error, "sled cannot be used; answering from the journal until the next start");
            } else {
                tracing::error!(%error, "sled is damaged; answering from the journal, and rebuilding it at the next start");
            }
        }
    }
}
