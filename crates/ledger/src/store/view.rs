//! The view that readers look at: the index and the blocks, into which the one writer puts one event after the other.
//!
//! An append becomes visible when its last event is in; the ledger decides if it may be *shown*, and lets no cut go past
//! the durable head. Blocks that sled does not have yet wait in [`View::unsaved`].

use super::blocks::Blocks;
use super::index::{AppendRow, Index, Misfit, Requests};
use super::stored_value::{StoredAppend, StoredBlock, StoredRows, retry_salt_of};
use crate::wire::event::registry_bytes;
use detente_domain::event::Change;
use detente_domain::position::Position;
use detente_journal::{AppendHeader, Link, Salt, chain};
use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// The index and the blocks: all that a question reads. Copies share what they have in common.
#[derive(Clone)]
pub(crate) struct IndexedLog {
    /// The index.
    pub(crate) index: Index,
    /// The blocks in memory.
    pub(crate) blocks: Blocks,
}

/// The index and the blocks as the writer has them, with what sled does not have yet.
pub(crate) struct View {
    log: IndexedLog,
    /// The requests that made appends.
    pub(crate) requests: Requests,
    /// Full blocks that sled does not have yet, in order, and the number of the first.
    unsaved: VecDeque<Arc<UnsavedBlock>>,
    first_unsaved: usize,
    /// The parts of the open block that go to sled with it.
    open: UnsavedBlock,
    /// The link after the last event.
    link: Link,
    /// The link that the next event extends: that of the last event, or of the append that was begun after it.
    extended: Link,
    /// False for a view that is never recorded.
    is_chained: bool,
    /// The number of terms that the entries taken in need. The dictionary may have more: sled may have had it for rows
    /// it lost.
    terms: u64,
}

/// The parts of a block that go to sled besides its events.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnsavedBlock {
    pub(super) link_before: [u8; 32],
    pub(super) link_after: [u8; 32],
    pub(super) salts: Vec<u8>,
    pub(super) appends: Vec<StoredAppend>,
    pub(super) rows: StoredRows,
}

/// One event on its way in.
pub(crate) struct IncomingEvent<'e> {
    /// The change it records.
    pub(crate) change: &'e Change,
    /// The name under which it was recorded.
    pub(crate) recorded_by: &'e str,
    /// The encoded event.
    pub(crate) event: &'e [u8],
    /// Its salt.
    pub(crate) salt: Salt,
}

impl Deref for View {
    type Target = IndexedLog;

    fn deref(&self) -> &IndexedLog {
        &self.log
    }
}

impl DerefMut for View {
    fn deref_mut(&mut self) -> &mut IndexedLog {
        &mut self.log
    }
}

impl IndexedLog {
    /// The last position taken in.
    pub(crate) fn head(&self) -> Position {
        self.blocks.head()
    }
}

impl View {
    /// Nothing yet; `capacity` bytes of memory for blocks.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            log: IndexedLog { index: Index::default(), blocks: Blocks::with_capacity(capacity) },
            requests: Requests::default(),
            unsaved: VecDeque::new(),
            first_unsaved: 0,
            open: UnsavedBlock::default(),
            link: Link::GENESIS,
            extended: Link::GENESIS,
            is_chained: true,
            terms: 0,
        }
    }

    /// Nothing yet, and nothing that is ever recorded: no hash chain, and memory for every block.
    pub(crate) fn without_chain() -> Self {
        Self { is_chained: false, ..Self::new(usize::MAX) }
    }

    /// The link after the last event taken in.
    pub(crate) const fn link(&self) -> Link {
        self.link
    }

    /// The number of full blocks that sled does not have yet.
    pub(crate) fn unsaved_len(&self) -> usize {
        self.unsaved.len()
    }

    /// The number of terms that the entries taken in need.
    pub(super) const fn terms_needed(&self) -> u64 {
        self.terms
    }

    /// The link after the last full block.
    pub(super) const fn link_of_full_blocks(&self) -> [u8; 32] {
        self.open.link_before
    }

    /// Begins with full blocks that sled has and an index that is loaded apart, instead of with nothing.
    pub(super) fn begin_with(&mut self, full_blocks: usize, link: [u8; 32], terms: u64) {
        (0..full_blocks).for_each(|_| self.blocks.push_absent());
        (self.first_unsaved, self.open.link_before, self.terms) = (full_blocks, link, terms);
        (self.link, self.extended) = (Link(link), Link(link));
    }

    /// Begins an append: its header goes to the block of its first event, and into the hash chain.
    pub(crate) fn begin(&mut self, header: &AppendHeader) {
        self.open.appends.push(StoredAppend::of(header));
        if self.is_chained {
            self.extended = chain::open_append(self.link, header);
        }
    }

    /// Takes in the next event: extends the hash chain, indexes the event and keeps its bytes. Everything that is recorded
    /// or was recorded before comes into the view this way.
    pub(crate) fn take_in(&mut self, incoming: &IncomingEvent<'_>) -> Result<(), Misfit> {
        let IncomingEvent { change, recorded_by, event, salt } = *incoming;
        let position = self.head().next();
        if self.is_chained {
            self.extended = chain::extend(self.extended, chain::commitment(&salt, event));
        }
        let entry = self.index.entry_of(change, recorded_by, || registry_bytes(change));
        self.index.apply(position, &entry)?;
        self.terms = self.terms.max(entry.terms());
        self.open.salts.extend_from_slice(&salt.0);
        self.open.rows.entries.push(entry);
        self.link = self.extended;
        if self.blocks.push(event) {
            self.close_block();
        }
        Ok(())
    }

    /// Ends the append whose last event was just taken in. Its row goes with the block of that event.
    pub(crate) fn end(&mut self, header: &AppendHeader) {
        let row = AppendRow {
            last: header.last().0,
            recorded_at: header.recorded_at.0,
            link: self.link.0.to_vec(),
            request_id: header.request.map_or_else(Vec::new, |request| request.id.as_bytes().to_vec()),
            fingerprint: header.request.map_or_else(Vec::new, |request| request.fingerprint.to_vec()),
            retry_salt: retry_salt_of(header),
        };
        self.take_in_append(&row);
        let with_last = if self.open.rows.entries.is_empty() { self.unsaved.back_mut() } else { None };
        with_last.map_or(&mut self.open, Arc::make_mut).rows.appends.push(row);
    }

    fn take_in_append(&mut self, row: &AppendRow) {
        self.index.appends.add(row);
        let number = self.index.appends.last_number();
        self.requests.add(number, row);
    }

    fn close_block(&mut self) {
        let next = UnsavedBlock { link_before: self.link.0, ..UnsavedBlock::default() };
        let mut closed = std::mem::replace(&mut self.open, next);
        closed.link_after = self.link.0;
        closed.rows.link_after = self.link.0.to_vec();
        closed.rows.terms = self.terms;
        self.unsaved.push_back(Arc::new(closed));
    }

    /// Full blocks that sled does not have yet, at most `limit`: the number of each and what goes with it. They stay until
    /// [`View::note_saved`]. The last full block waits until the append that ends in it is known to have ended.
    pub(crate) fn to_save(&self, limit: usize) -> Vec<(usize, Arc<UnsavedBlock>)> {
        let settled = self.unsaved.len().saturating_sub(1);
        let numbered = self.unsaved.iter().take(limit.min(settled)).enumerate();
        numbered.map(|(at, unsaved)| (self.first_unsaved + at, Arc::clone(unsaved))).collect()
    }

    /// The unfinished end: the last full block and the open one, as they are now, for when nothing else is to do.
    pub(crate) fn end_to_save(&self) -> Vec<(usize, Arc<UnsavedBlock>)> {
        let mut open = self.open.clone();
        open.link_after = self.link.0;
        open.rows.link_after = self.link.0.to_vec();
        open.rows.terms = self.terms;
        let full = self.unsaved.iter().cloned().enumerate().map(|(at, unsaved)| (self.first_unsaved + at, unsaved));
        let open_number = self.first_unsaved + self.unsaved.len();
        full.chain((!open.rows.entries.is_empty()).then_some((open_number, Arc::new(open)))).collect()
    }

    /// Notes that sled has the first `count` full blocks that it did not have.
    pub(crate) fn note_saved(&mut self, count: usize) {
        let count = count.min(self.unsaved.len());
        self.unsaved.drain(..count);
        self.first_unsaved += count;
        self.log.blocks.set_persisted(self.first_unsaved);
    }

    /// Lets go of what was to be saved, as far as the journal holds it durably: there is no sled to save it in. The blocks
    /// may then leave memory; the journal has them.
    pub(crate) fn forgo(&mut self, durable: Position) {
        let end_of = |number: usize| super::block::first_of(number + 1).before();
        let settled = self.unsaved.len().saturating_sub(1);
        let count = (0..settled).take_while(|at| end_of(self.first_unsaved + at) <= durable).count();
        self.note_saved(count);
    }

    /// The block with what goes with it, in the form sled holds.
    pub(super) fn stored_form(unsaved: &UnsavedBlock, block: &super::block::Block) -> StoredBlock {
        StoredBlock {
            link_before: unsaved.link_before.to_vec(),
            link_after: unsaved.link_after.to_vec(),
            salts: unsaved.salts.clone(),
            appends: unsaved.appends.clone(),
            frames: block.frames(0, unsaved.rows.entries.len()).to_vec(),
        }
    }

    /// Takes in a block that sled has: its rows, and its events only if it is not full, for then it is open.
    pub(super) fn restore(&mut self, number: usize, block: RestoredBlock) -> Result<(), Misfit> {
        let fits =
            |stored: &StoredBlock| stored.link_before == self.link.0 && stored.link_after == block.rows.link_after;
        if self.head() != super::block::first_of(number).before() || !block.stored.as_ref().is_none_or(fits) {
            return Err(Misfit);
        }
        let link_before = self.link.0;
        let link_after = block.rows.link_after.as_slice().try_into().map_err(|_| Misfit)?;
        let (known, known_append) = (self.index.by_position.last(), self.index.appends.last_position());
        let mut position = self.head();
        for entry in &block.rows.entries {
            position = position.next();
            if position > known {
                self.index.apply(position, entry)?;
            }
        }
        let appends = block.rows.appends.iter().filter(|row| row.last > known_append.0);
        appends.for_each(|row| self.take_in_append(row));
        (self.link, self.extended) = (Link(link_after), Link(link_after));
        self.terms = self.terms.max(block.rows.terms);
        let is_full = block.rows.entries.len() as u64 >= super::block::SPAN;
        match block.stored.filter(|_| !is_full) {
            None => {
                self.blocks.push_absent();
                self.first_unsaved = number + 1;
                self.open.link_before = link_after;
            }
            Some(stored) => {
                for event in stored.block().ok_or(Misfit)?.events() {
                    self.blocks.push(event);
                }
                self.open = UnsavedBlock {
                    link_before,
                    link_after,
                    salts: stored.salts,
                    appends: stored.appends,
                    rows: block.rows,
                };
            }
        }
        Ok(())
    }
}

/// A block as sled has it: its rows, and the stored form where it had to be looked at.
pub(super) struct RestoredBlock {
    pub(super) rows: StoredRows,
    pub(super) stored: Option<StoredBlock>,
}
