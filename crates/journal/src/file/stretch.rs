//! Records of a stretch, read from its place: one read of the disk in most cases, each record accepted by its own checksum.
//!
//! ```text
//!   | frame: header | append header | record | record | record | frame: header | append header | record | ...
//!                                            ^ place
//! ```
//!
//! A stretch may go over frames and segments, and over a run that was voided. Nothing is answered from bytes that are not as
//! they should be: reading the frames from their beginning then says what is wrong.

use std::ops::RangeInclusive;

use prost::encoding::decode_varint;

use super::frame::{self, Header};
use super::frames::Frames;
use super::reader::{DurableEnd, SharedLog};
use super::segment::{HEADER_LEN, Segment};
use crate::record;
use crate::{NotInPlace, STRETCH, Waiting};
use detente_domain::position::Position;

/// The bytes that are read at first: a stretch of records of a few hundred bytes.
const AT_FIRST: usize = 8 << 10;
/// A stretch that takes more bytes than this is read in another way.
const AT_MOST: usize = 32 << 20;
/// The first byte of a record in a frame.
const RECORD: u8 = 0x12;

/// Reads the durable records of positions within one stretch, and hands the event of each to `found`.
pub(super) fn read(
    log: &SharedLog,
    durable: &DurableEnd,
    positions: &RangeInclusive<Position>,
    waiting: Waiting,
    found: &mut dyn FnMut(&[u8]),
) -> Result<(), NotInPlace> {
    let (first, last) = (*positions.start(), *positions.end());
    let stretch = first.0.checked_sub(1).ok_or(NotInPlace::Impossible)? / STRETCH;
    if first > last || last > durable.head.position {
        return Err(NotInPlace::Impossible);
    }
    let offset = usize::try_from(stretch).ok().and_then(|stretch| log.place(stretch)).ok_or(NotInPlace::Impossible)?;
    let mut walk = RecordWalk::begin(log, durable, Position(stretch * STRETCH + 1), offset, waiting)?;
    while walk.next <= last {
        walk.take(first, found)?;
    }
    Ok(())
}

/// A walk from record to record.
struct RecordWalk<'l> {
    log: &'l SharedLog,
    durable: &'l DurableEnd,
    waiting: Waiting,
    index: usize,
    segment: Segment,
    /// The end of the segment's frames.
    end: u64,
    /// The position of the next record.
    next: Position,
    window: Vec<u8>,
    window_at: u64,
    offset: u64,
}

impl<'l> RecordWalk<'l> {
    fn begin(
        log: &'l SharedLog,
        durable: &'l DurableEnd,
        next: Position,
        offset: u64,
        waiting: Waiting,
    ) -> Result<Self, NotInPlace> {
        let index = durable.firsts.partition_point(|first| *first <= next).saturating_sub(1);
        let (segment, end) = log.segment(durable, index).ok_or(NotInPlace::Impossible)?;
        let (window, window_at) = (Vec::new(), offset);
        Ok(Self { log, durable, waiting, index, segment, end, next, window, window_at, offset })
    }

    /// Takes what stands at the offset: a record, or the beginning of a frame. Records before the first that is asked for
    /// are passed over.
    fn take(&mut self, first: Position, found: &mut dyn FnMut(&[u8])) -> Result<(), NotInPlace> {
        if self.offset >= self.end {
            return self.enter_next_segment();
        }
        if self.bytes(1)?.first() == Some(&RECORD) { self.take_record(first, found) } else { self.enter_frame() }
    }

    fn take_record(&mut self, first: Position, found: &mut dyn FnMut(&[u8])) -> Result<(), NotInPlace> {
        let len = self.field_len()?;
        let next = self.next;
        if next >= first {
            found(record::event_in(next, self.bytes(len)?).ok_or(NotInPlace::Impossible)?);
        }
        self.offset += len as u64;
        self.next = next.next();
        Ok(())
    }

    /// Passes over the header of a frame and that of its append, and over a run that was voided before it.
    fn enter_frame(&mut self) -> Result<(), NotInPlace> {
        let nonce = self.segment.header.nonce;
        let mut header = Header::decode(nonce, self.bytes(frame::HEADER_LEN)?).ok_or(NotInPlace::Impossible)?;
        if header.begins && !header.ends {
            if self.waiting == Waiting::Never {
                return Err(NotInPlace::WouldWait);
            }
            let mut frames = Frames::new(&self.segment, self.offset, self.end);
            header = frames.peek().ok().flatten().ok_or(NotInPlace::Impossible)?;
            self.offset = frames.offset();
        }
        if header.first != self.next {
            return Err(NotInPlace::Impossible);
        }
        self.offset += frame::HEADER_LEN as u64;
        self.offset += self.field_len()? as u64;
        Ok(())
    }

    fn enter_next_segment(&mut self) -> Result<(), NotInPlace> {
        self.index += 1;
        let (segment, end) = self.log.segment(self.durable, self.index).ok_or(NotInPlace::Impossible)?;
        (self.segment, self.end, self.offset) = (segment, end, HEADER_LEN);
        self.window.clear();
        Ok(())
    }

    /// The length of the field at the offset: its key, its length and so many bytes.
    fn field_len(&mut self) -> Result<usize, NotInPlace> {
        const LONGEST: u64 = 1 + 10;
        let available = self.end.saturating_sub(self.offset).min(LONGEST);
        let bytes = self.bytes(usize::try_from(available).unwrap_or_default())?;
        let mut rest = bytes.get(1..).unwrap_or_default();
        let before = rest.len();
        let len = decode_varint(&mut rest).map_err(|_| NotInPlace::Impossible)?;
        let len = usize::try_from(len).ok().filter(|len| *len <= AT_MOST).ok_or(NotInPlace::Impossible)?;
        Ok(1 + before - rest.len() + len)
    }

    /// The bytes at the offset, through the window.
    fn bytes(&mut self, len: usize) -> Result<&[u8], NotInPlace> {
        let start = usize::try_from(self.offset.wrapping_sub(self.window_at)).unwrap_or(usize::MAX);
        if start.checked_add(len).is_none_or(|end| end > self.window.len()) {
            self.fill(len)?;
        }
        let start = usize::try_from(self.offset - self.window_at).unwrap_or(usize::MAX);
        self.window.get(start..start.saturating_add(len)).ok_or(NotInPlace::Impossible)
    }

    fn fill(&mut self, len: usize) -> Result<(), NotInPlace> {
        let available = usize::try_from(self.end.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        if len > available || len > AT_MOST {
            return Err(NotInPlace::Impossible);
        }
        self.window.resize(available.min(len.max(AT_FIRST)), 0);
        self.window_at = self.offset;
        match self.waiting {
            Waiting::AsLong => self.segment.file.read_at(&mut self.window, self.offset)?,
            Waiting::Never => {
                if !self.segment.file.read_cached(&mut self.window, self.offset)? {
                    self.window.clear();
                    return Err(NotInPlace::WouldWait);
                }
            }
        }
        Ok(())
    }
}
