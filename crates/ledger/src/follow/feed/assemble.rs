//! Puts a frame together: as many whole appends as fit, out of the blocks that hold them.
//!
//! ```text
//!   appends   ├──── 7 ────┤├─ 8 ─┤├──────── 9 ────────┤        a frame ends where an append ends,
//!   frame     ├──────────────────┤                             as soon as it has SOFT bytes and before it has HARD;
//!                                                              an append of more than HARD bytes is cut
//! ```

use super::events::{Events, Stretch};
use crate::store::{AppendNo, Appends, Block, nth_of, number_of};
use detente_domain::position::Position;
use std::sync::Arc;

/// A frame that has this number of bytes ends with the append that it is in.
pub(super) const SOFT: usize = 256 << 10;
/// A frame has no more bytes than this, one event of more aside.
const HARD: usize = 1 << 20;

/// The outcome of an assembly.
#[derive(Debug)]
pub(super) enum FrameAssembly {
    /// A frame: the events, their number among those offered, and the position up to which it is complete.
    Frame { events: Events, taken: usize, through: Position },
    /// The append at the end continues after the scanned positions.
    Unfinished,
    /// This block is needed and not at hand.
    Absent(usize),
}

/// Puts a frame together out of the events at these positions, which are those wanted of everything up to `scanned`.
pub(super) fn assemble(
    positions: impl Iterator<Item = Position>,
    scanned: Position,
    appends: &Appends,
    mut block_at: impl FnMut(usize) -> Option<Arc<Block>>,
) -> FrameAssembly {
    let mut frame = FrameDraft::default();
    let mut append = Append { number: AppendNo::NONE, last: Position::START };
    let mut at_hand: Option<(usize, Arc<Block>)> = None;
    for position in positions {
        if position > append.last {
            if frame.end_append(append.last) >= SOFT {
                return frame.whole(FrameAssembly::Unfinished);
            }
            append = append.holding(position, appends);
        }
        let number = number_of(position);
        if at_hand.as_ref().is_none_or(|(at, _)| *at != number) {
            let Some(block) = block_at(number) else { return frame.whole(FrameAssembly::Absent(number)) };
            at_hand = Some((number, block));
        }
        let Some((_, block)) = &at_hand else { return FrameAssembly::Absent(number) };
        let (nth, bytes) = (nth_of(position), block.frames(nth_of(position), nth_of(position) + 1).len());
        if frame.bytes + bytes > HARD && frame.taken > 0 {
            return if frame.whole.is_some() { frame.whole(FrameAssembly::Unfinished) } else { frame.cut() };
        }
        frame.add(block, nth, bytes, position);
    }
    if append.last > scanned {
        return frame.whole(FrameAssembly::Unfinished);
    }
    frame.end_append(scanned);
    frame.whole(FrameAssembly::Unfinished)
}

/// The append that is being put in.
#[derive(Clone, Copy)]
struct Append {
    number: AppendNo,
    last: Position,
}

impl Append {
    /// The append that holds a later position; most often the next one.
    fn holding(self, position: Position, appends: &Appends) -> Self {
        let next = self.number.next();
        let is_next = self.number > AppendNo::NONE && appends.last(next) >= position;
        let number = if is_next { next } else { appends.holding(position) };
        Self { number, last: appends.last(number) }
    }
}

/// A frame in the making.
#[derive(Default)]
struct FrameDraft {
    stretches: Vec<Stretch>,
    bytes: usize,
    taken: usize,
    last: Position,
    /// The frame as it was at the end of the last whole append.
    whole: Option<Whole>,
}

#[derive(Clone, Copy)]
struct Whole {
    stretches: usize,
    /// The end of the last stretch.
    until: usize,
    bytes: usize,
    taken: usize,
    through: Position,
}

impl FrameDraft {
    fn add(&mut self, block: &Arc<Block>, nth: usize, bytes: usize, position: Position) {
        match self.stretches.last_mut() {
            Some(last) if last.until == nth && Arc::ptr_eq(&last.block, block) => last.until = nth + 1,
            _ => self.stretches.push(Stretch { block: Arc::clone(block), from: nth, until: nth + 1 }),
        }
        self.bytes += bytes;
        self.taken += 1;
        self.last = position;
    }

    /// Notes that everything up to a position is in; returns how many bytes that is.
    fn end_append(&mut self, through: Position) -> usize {
        if let Some(last) = self.stretches.last() {
            let (stretches, until) = (self.stretches.len(), last.until);
            self.whole = Some(Whole { stretches, until, bytes: self.bytes, taken: self.taken, through });
        }
        self.bytes
    }

    /// The frame up to where the last append in it ended; if none did, what is instead.
    fn whole(mut self, instead: FrameAssembly) -> FrameAssembly {
        let Some(whole) = self.whole else { return instead };
        self.stretches.truncate(whole.stretches);
        if let Some(last) = self.stretches.last_mut() {
            last.until = whole.until;
        }
        let events = Events::new(self.stretches, whole.taken as u64, whole.bytes);
        FrameAssembly::Frame { events, taken: whole.taken, through: whole.through }
    }

    /// The frame as it is, in the middle of an append.
    fn cut(self) -> FrameAssembly {
        let events = Events::new(self.stretches, self.taken as u64, self.bytes);
        FrameAssembly::Frame { events, taken: self.taken, through: self.last }
    }
}
