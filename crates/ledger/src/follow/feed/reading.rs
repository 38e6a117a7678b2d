//! A place in the log and what is wanted of it: gives one frame after the other, in steps that are bounded in time.
//!
//! A step looks at what is in memory only. A block that is not is loaded by the caller, on a thread that may wait; what was
//! loaded stays at hand until it is passed.

use super::assemble::{FrameAssembly, SOFT, assemble};
use super::events::Events;
use super::search::{SearchResult, search_briefly};
use crate::error::{QueryError, ReadFailure};
use crate::read::reader::RecordReader;
use crate::store::{Block, IndexedLog, SPAN, first_of, number_of};
use detente_domain::filter::Filter;
use detente_domain::position::Position;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// A place in the log.
pub(super) struct FeedReading {
    filter: Option<Arc<Filter>>,
    /// Everything that is wanted up to here has been given.
    given: Position,
    /// With a filter: everything that is wanted up to here is known ...
    scanned: Position,
    /// ... and what of it has not been given is this.
    found: VecDeque<Position>,
    loaded: BTreeMap<usize, Arc<Block>>,
}

/// The outcome of one step.
#[derive(Debug)]
pub(super) enum FeedStep {
    /// A frame of events.
    Events(Events),
    /// Nothing that is wanted, so far.
    Nothing,
    /// Finding out what is wanted next takes long.
    Search(Search),
    /// These blocks are needed and not in memory.
    Load(Vec<usize>),
}

/// A search that has to be made.
#[derive(Debug)]
pub(super) struct Search {
    /// The filter for the wanted events.
    pub(super) filter: Arc<Filter>,
    /// The positions after one, up to another.
    pub(super) span: (Position, Position),
}

impl FeedReading {
    /// From right after a position.
    pub(super) fn after(position: Position, filter: Option<Filter>) -> Self {
        Self {
            filter: filter.map(Arc::new),
            given: position,
            scanned: position,
            found: VecDeque::new(),
            loaded: BTreeMap::new(),
        }
    }

    /// Everything that is wanted up to here has been given.
    pub(super) fn position(&self) -> Position {
        if self.found.is_empty() { self.scanned } else { self.given }
    }

    /// Returns true if there is no filter.
    pub(super) const fn is_unfiltered(&self) -> bool {
        self.filter.is_none()
    }

    /// Goes on to a position; what lies before it is not wanted, or was given.
    pub(super) fn skip_to(&mut self, position: Position) {
        self.given = self.given.max(position);
        self.scanned = self.scanned.max(position);
        let passed = self.found.partition_point(|found| *found <= position);
        self.found.drain(..passed);
        self.loaded = self.loaded.split_off(&number_of(self.given.next()));
    }

    /// Reads on, up to a position that is the end of an append.
    pub(super) fn step(&mut self, record: &RecordReader, until: Position) -> FeedStep {
        let view = record.store.view();
        let assembled = match &self.filter {
            None => {
                let positions = (self.given.0 + 1..=until.0).map(Position);
                assemble(positions, until, &view.index.appends, |number| block(&view, &self.loaded, number))
            }
            Some(filter) => {
                let mut assembled = self.assemble_found(&view);
                if matches!(assembled, FrameAssembly::Unfinished) && self.scanned < until {
                    let span = (self.scanned, until);
                    let Some(found) = search_briefly(&view.index, filter, span) else {
                        return FeedStep::Search(Search { filter: Arc::clone(filter), span });
                    };
                    self.find(found);
                    assembled = self.assemble_found(&view);
                }
                assembled
            }
        };
        drop(view);
        match assembled {
            FrameAssembly::Frame { events, taken, through } => {
                self.found.drain(..taken.min(self.found.len()));
                self.skip_to(through);
                FeedStep::Events(events)
            }
            FrameAssembly::Unfinished => FeedStep::Nothing,
            FrameAssembly::Absent(number) => FeedStep::Load(self.blocks_to_load(number, until)),
        }
    }

    /// Takes in the result of a search from the last scanned position on.
    pub(super) fn find(&mut self, SearchResult { events, through }: SearchResult) {
        let given = self.given;
        self.found.extend(events.into_iter().filter(|position| *position > given));
        self.scanned = self.scanned.max(through);
    }

    fn assemble_found(&self, view: &IndexedLog) -> FrameAssembly {
        let found = self.found.iter().copied();
        assemble(found, self.scanned, &view.index.appends, |number| block(view, &self.loaded, number))
    }

    /// The blocks to load from one on: no more than may be wanted for a frame, and none that is still being filled.
    fn blocks_to_load(&self, from: usize, until: Position) -> Vec<usize> {
        const MOST: usize = 64;
        let is_full = |number: &usize| first_of(*number).plus(SPAN - 1) <= until;
        if self.is_unfiltered() {
            return (from..).take(MOST).take_while(is_full).collect();
        }
        let ahead = self.found.partition_point(|position| number_of(*position) < from);
        let mut numbers = Vec::with_capacity(MOST);
        for number in self.found.range(ahead..).map(|position| number_of(*position)).take_while(is_full) {
            if numbers.len() == MOST {
                break;
            }
            if numbers.last() != Some(&number) {
                numbers.push(number);
            }
        }
        numbers
    }

    /// Takes in blocks that were loaded.
    pub(super) fn take_in(&mut self, blocks: Vec<(usize, Arc<Block>)>) {
        self.loaded.extend(blocks);
    }
}

fn block(view: &IndexedLog, loaded: &BTreeMap<usize, Arc<Block>>, number: usize) -> Option<Arc<Block>> {
    loaded.get(&number).cloned().or_else(|| view.blocks.shared_block(number))
}

/// Loads blocks, until they make a frame or one is in memory. May wait for a disk.
pub(super) fn load(record: &RecordReader, numbers: &[usize]) -> Result<Vec<(usize, Arc<Block>)>, QueryError> {
    let mut blocks = Vec::with_capacity(numbers.len());
    let mut bytes = 0;
    for number in numbers {
        let in_memory = record.store.view().blocks.shared_block(*number).filter(|block| block.is_full());
        let block = match in_memory {
            Some(block) => block,
            None => record.store.load(*number)?,
        };
        if !block.is_full() {
            return Err(ReadFailure::Damaged(format!(
                "the events from position {} on are not whole",
                first_of(*number)
            ))
            .into());
        }
        bytes += block.memory();
        blocks.push((*number, block));
        if bytes >= SOFT {
            break;
        }
    }
    Ok(blocks)
}
