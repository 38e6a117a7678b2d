//! Reading the log in order, a bounded batch at a time.

use crate::Ledger;
use crate::error::QueryError;
use crate::read::cut::ResolvedCut;
use crate::store::{Block, IndexedLog, SPAN, first_of, nth_of, number_of};
use detente_domain::cut::Cut;
use detente_domain::filter::Filter;
use detente_domain::position::{Position, RecordedAt};
use std::sync::Arc;

/// The place at which reading begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Right after this position.
    After(Position),
    /// With the first event recorded at this instant or later.
    RecordedFrom(RecordedAt),
}

/// A reading of the log: it ends at the head that was durable when it began.
#[derive(Debug)]
pub struct EventReading {
    /// The captured head.
    pub until: ResolvedCut,
    next: Position,
    /// The positions that match, where there is a filter.
    matching: Option<std::vec::IntoIter<Position>>,
    left: u64,
}

/// A batch of events.
#[derive(Clone, Debug, Default)]
pub struct EventBatch {
    /// The events as fields 1 of a message, one after the other.
    pub frames: Vec<u8>,
    /// The number of events.
    pub count: u64,
    /// Everything up to here has been read or left out.
    pub through: Position,
    /// True if this was the last batch.
    pub done: bool,
}

impl Ledger {
    /// Begins to read. With a filter, only events about claims that match before or after them, and merges that change
    /// the parties it names; at most `limit` (0: all).
    ///
    /// # Errors
    /// If the start lies beyond the head.
    pub fn begin_reading(&self, start: Start, filter: Option<&Filter>, limit: u64) -> Result<EventReading, QueryError> {
        let view = self.record.store.question_view();
        let until = self.record.resolve(&view.index, Cut::Head)?;
        let after = match start {
            Start::After(position) => position,
            Start::RecordedFrom(instant) => {
                let before = view
                    .index
                    .appends
                    .known_at(RecordedAt(instant.0.saturating_sub(1)), self.record.visible(&view.index));
                view.index.appends.last(before)
            }
        };
        if after > until.position() {
            return Err(QueryError::CutInFuture { head: until.position(), now: self.record.now(&view.index) });
        }
        let matching = filter.map(|filter| view.index.touched_between(filter, after, until.position()).into_iter());
        let left = if limit == 0 { u64::MAX } else { limit };
        Ok(EventReading { until, next: after.next(), matching, left })
    }

    /// Reads the next batch: about `bytes` of events, whole blocks of them if there is no filter.
    ///
    /// # Errors
    /// If stored bytes are damaged.
    pub fn read_on(&self, reading: &mut EventReading, bytes: usize) -> Result<EventBatch, QueryError> {
        let mut batch = EventBatch { frames: Vec::with_capacity(bytes + bytes / 8), ..EventBatch::default() };
        let mut loaded = Vec::new();
        while batch.frames.len() < bytes && reading.left > 0 {
            let Some((first, last)) = reading.stretch() else { break };
            let number = number_of(first);
            let view = self.record.store.view();
            match block_of(&view, number, last) {
                Some(block) => batch.add(block, first, last),
                None => {
                    drop(view);
                    let block = self.record.store.load(number)?;
                    batch.add(&block, first, last);
                    loaded.push((number, Arc::clone(&block)));
                }
            }
            let read = last.0 - first.0 + 1;
            reading.left -= read;
            reading.next = last.next();
        }
        let exhausted = reading.left == 0 || reading.rest_is_empty();
        batch.done = exhausted;
        batch.through = reading.through();
        // Reading the whole log must not push out what questions need: only a filtered reading keeps what it loads.
        if reading.matching.is_some() {
            self.record.store.adopt(loaded);
        }
        Ok(batch)
    }
}

impl EventReading {
    /// The next positions to read, all of one block.
    fn stretch(&mut self) -> Option<(Position, Position)> {
        if let Some(matching) = &mut self.matching {
            let next = matching.next()?;
            return Some((next, next));
        }
        if self.next > self.until.position() {
            return None;
        }
        let block_end = first_of(number_of(self.next)).plus(SPAN - 1);
        let limit_end = self.next.plus(self.left.saturating_sub(1));
        Some((self.next, block_end.min(limit_end).min(self.until.position())))
    }

    fn rest_is_empty(&self) -> bool {
        match &self.matching {
            Some(matching) => matching.len() == 0,
            None => self.next > self.until.position(),
        }
    }

    /// Behind the last match everything else is left out; a limit stops where it is.
    fn through(&self) -> Position {
        if self.left > 0 && self.rest_is_empty() { self.until.position() } else { self.next.before() }
    }
}

impl EventBatch {
    fn add(&mut self, block: &Block, first: Position, last: Position) {
        self.frames.extend_from_slice(block.frames(nth_of(first), nth_of(last) + 1));
        self.count += last.0 - first.0 + 1;
    }
}

/// A block in memory that reaches a position.
fn block_of(view: &IndexedLog, number: usize, last: Position) -> Option<&Block> {
    view.blocks.block(number).filter(|block| block.len() > nth_of(last))
}
