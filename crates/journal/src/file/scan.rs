//! Reads the log from a place to its end, and tells a torn end from damage.
//!
//! ```text
//!   ...| frame | frame |mark| frame | fra          bad, above the mark, nothing after it was synced over it: torn
//!   ...| frame | fr##e |mark| frame |              bad, at or below the mark: damage
//!   ...|mark| fr##e | frame (synced >= it) |       bad, but a later frame saw it durable: damage
//!   ...|mark| fr##e | frame (synced <  it) |       bad, and the later frame was in the same group: torn
//! ```
//!
//! The last case is why frames state what was synced: frames of one group reach the disk in any order.

use super::OpenError;
use super::frame::{self, FileFrame};
use super::frames::{FrameError, Frames};
use super::log::{Log, LogPart};
use super::mark::{HeadMark, MarkReading};
use super::segment::{HEADER_LEN, Segment};
use super::sequence::{Depth, Sequence};
use crate::{Damage, Fault, Fence, Head};
use detente_domain::position::Position;

const PIECE: u64 = 1 << 20;

/// The end of the whole appends that were found, in the last segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail {
    /// The head there.
    pub(super) head: Head,
    /// The offset of the last frame, if the segment has one.
    pub(super) frame: Option<u64>,
    /// The offset of the next frame.
    pub(super) end: u64,
    /// The fence there.
    pub(super) fence: Fence,
}

/// The number of events and appends that were read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    /// The events of whole appends.
    pub(super) events: u64,
    /// The whole appends.
    pub(super) appends: u64,
}

/// A scan under way.
pub(super) struct Scan<'a> {
    log: &'a Log,
    mark: Option<HeadMark>,
    durable: Position,
    sequence: Sequence,
    tail: Tail,
    counts: Counts,
    bytes: u64,
    progress: &'a mut dyn FnMut(u64),
}

impl<'a> Scan<'a> {
    /// Scans everything, hashing each record again. Reports progress in bytes.
    pub(super) fn all(
        log: &'a Log,
        found: MarkReading,
        depth: Depth,
        progress: &'a mut dyn FnMut(u64),
    ) -> Result<(Tail, Counts), OpenError> {
        let start = Tail { head: Head::GENESIS, frame: None, end: HEADER_LEN, fence: Fence::OPEN };
        Self::new(log, found, start, depth, progress).run(0)
    }

    /// Scans from the mark, which must agree with the log.
    pub(super) fn from_mark(log: &'a Log, mark: HeadMark) -> Result<(Tail, Counts), OpenError> {
        let (index, fence) = locate(log, &mark)?;
        let start = Tail { head: mark.head, frame: mark.frame, end: mark.end, fence };
        let mut ignore = |_| ();
        Scan::new(log, MarkReading::Mark(mark), start, Depth::Hashes, &mut ignore).run(index)
    }

    fn new(log: &'a Log, found: MarkReading, tail: Tail, depth: Depth, progress: &'a mut dyn FnMut(u64)) -> Self {
        let mark = match found {
            MarkReading::Mark(mark) => Some(mark),
            MarkReading::Unreadable | MarkReading::Missing => None,
        };
        let durable = log.durable_by_names().max(mark.map_or(Position::START, |mark| mark.head.position));
        let sequence = Sequence::after(tail.head, tail.fence, depth);
        Self { log, mark, durable, sequence, tail, counts: Counts::default(), bytes: 0, progress }
    }

    fn run(mut self, start: usize) -> Result<(Tail, Counts), OpenError> {
        let last = self.log.parts.len().saturating_sub(1);
        for (index, part) in self.log.parts.iter().enumerate().skip(start) {
            if index > start {
                self.enter(&part.segment)?;
            }
            self.part(part, index == last)?;
        }
        match self.log.parts.last() {
            Some(part) if self.tail.head.position < self.durable => {
                let fault = Fault::MarkAhead(self.durable);
                Err(fault.at(self.tail.head.position.next(), part.segment.name(), self.tail.end).into())
            }
            _ => Ok((self.tail, self.counts)),
        }
    }

    fn enter(&mut self, segment: &Segment) -> Result<(), Damage> {
        if segment.header.before != self.tail.head || segment.header.fence != self.tail.fence {
            return Err(Fault::SegmentOrder.at(segment.header.first(), segment.name(), 0));
        }
        self.tail = Tail { frame: None, end: HEADER_LEN, ..self.tail };
        Ok(())
    }

    fn part(&mut self, part: &LogPart, is_last: bool) -> Result<(), OpenError> {
        let segment = &part.segment;
        let mut frames = Frames::new(segment, self.tail.end, part.len);
        loop {
            let offset = frames.offset();
            match frames.next() {
                Ok(None) => break,
                Ok(Some(frame)) => self.take(segment, &frame, frames.start_of(&frame))?,
                Err(FrameError::Io(error)) => return Err(error.into()),
                Err(FrameError::Bad(fault)) if is_last && fault.may_be_torn() => {
                    self.check_torn(part, offset, fault)?;
                    break;
                }
                Err(FrameError::Bad(fault)) => {
                    return Err(self.damage(segment, offset, fault).into());
                }
            }
        }
        if self.sequence.is_whole() || is_last {
            return Ok(());
        }
        Err(self.damage(segment, part.len, Fault::BrokenRun).into())
    }

    fn take(&mut self, segment: &Segment, frame: &FileFrame, offset: u64) -> Result<(), Damage> {
        self.sequence.take(frame).map_err(|fault| self.damage(segment, offset, fault))?;
        self.bytes += frame.header.frame_len();
        (self.progress)(self.bytes);
        if frame.header.ends {
            self.close(segment, frame, offset)?;
        }
        Ok(())
    }

    fn close(&mut self, segment: &Segment, frame: &FileFrame, offset: u64) -> Result<(), Damage> {
        let before = self.tail.head.position;
        let end = offset + frame.header.frame_len();
        self.tail = Tail { head: self.sequence.head(), frame: Some(offset), end, fence: self.sequence.fence() };
        self.counts.appends += 1;
        self.counts.events += frame.append.count;
        match self.mark {
            Some(mark) if before < mark.head.position && !self.agrees(&mark, segment) => {
                let fault = Fault::MarkDisagrees(mark.head.position);
                Err(self.damage(segment, offset, fault))
            }
            _ => Ok(()),
        }
    }

    /// Returns true if the mark can be reached from here, or is here.
    fn agrees(&self, mark: &HeadMark, segment: &Segment) -> bool {
        let here = mark.frame.is_none() || (mark.segment == segment.header.first() && mark.end == self.tail.end);
        self.tail.head.position < mark.head.position || (self.tail.head == mark.head && here)
    }

    /// A bad frame in the last segment: fine if it is torn, damage if it was ever durable.
    fn check_torn(&self, part: &LogPart, offset: u64, fault: Fault) -> Result<(), OpenError> {
        let position = self.sequence.head().position.next();
        if position <= self.durable {
            return Err(self.damage(&part.segment, offset, fault).into());
        }
        if seen_synced(part, offset + 1, position)? {
            return Err(self.damage(&part.segment, offset, Fault::OnceSynced(position)).into());
        }
        Ok(())
    }

    fn damage(&self, segment: &Segment, offset: u64, fault: Fault) -> Damage {
        fault.at(self.sequence.head().position.next(), segment.name(), offset)
    }
}

/// The index of the segment a mark is in, and the fence there, if the log is there as the mark says.
fn locate(log: &Log, mark: &HeadMark) -> Result<(usize, Fence), OpenError> {
    let position = mark.head.position;
    let ahead = |file: String, offset| Fault::MarkAhead(position).at(position, file, offset);
    let index = log.parts.iter().position(|part| part.segment.header.first() == mark.segment);
    let Some((index, part)) = index.and_then(|index| Some((index, log.parts.get(index)?))) else {
        return Err(ahead(super::segment::name(mark.segment), 0).into());
    };
    let segment = &part.segment;
    if part.len < mark.end {
        return Err(ahead(segment.name(), part.len).into());
    }
    match stands_at(segment, mark) {
        Ok(Some(fence)) => Ok((index, fence)),
        Ok(None) => Err(Fault::MarkDisagrees(position).at(position, segment.name(), mark.end).into()),
        Err(FrameError::Bad(fault)) => Err(fault.at(position, segment.name(), mark.frame.unwrap_or(0)).into()),
        Err(FrameError::Io(error)) => Err(error.into()),
    }
}

/// The fence at a mark, if the segment stands as the mark says.
fn stands_at(segment: &Segment, mark: &HeadMark) -> Result<Option<Fence>, FrameError> {
    let Some(offset) = mark.frame else {
        let is_here = segment.header.before == mark.head && mark.end == HEADER_LEN;
        return Ok(is_here.then_some(segment.header.fence));
    };
    let mut frames = Frames::new(segment, offset, mark.end);
    let frame = frames.next()?.filter(|frame| frame.header.head() == mark.head && frame.header.ends);
    Ok(frame.filter(|_| frames.offset() == mark.end).map(|frame| frame.header.fence))
}

/// Returns true if a frame after an offset states that a position was durable before the frame was written.
fn seen_synced(part: &LogPart, mut offset: u64, position: Position) -> Result<bool, OpenError> {
    let overlap = frame::HEADER_LEN as u64 - 1;
    while offset + overlap < part.len {
        let len = (part.len - offset).min(PIECE + overlap);
        let mut bytes = vec![0; usize::try_from(len).unwrap_or_default()];
        part.segment.file.read_at(&mut bytes, offset)?;
        let nonce = part.segment.header.nonce;
        let headers = bytes.windows(frame::HEADER_LEN).filter(|bytes| bytes.starts_with(frame::MAGIC));
        let mut headers = headers.filter_map(|bytes| frame::Header::decode(nonce, bytes));
        if headers.any(|header| header.synced >= position) {
            return Ok(true);
        }
        offset += PIECE;
    }
    Ok(false)
}
