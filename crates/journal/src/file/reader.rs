//! The readers' side: what is durable, where frames are, and reading them with file handles of its own.
//!
//! The writer publishes a head after its fsync; a read captures it and never looks beyond it, so it meets only whole
//! appends and needs no lock while it goes. StretchPlaces of frames are remembered now and then, to start in the middle of a
//! large segment without walking it from its beginning.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;

use super::disk::Disk;
use super::frame::{FileFrame, Header};
use super::frames::{FrameError, Frames};
use super::places::StretchPlaces;
use super::segment::{self, HEADER_LEN, Segment};
use super::sequence::Sequence;
use super::stretch;
use crate::record::{self, StoredRecord};
use crate::{Chunk, Chunks, Fault, Head, NotInPlace, ReadError, Reader, Record, Waiting};
use detente_domain::position::Position;

/// The distance between remembered places, in bytes.
const HINT_EVERY: u64 = 1 << 20;

/// The durable part of the log at one moment.
#[derive(Clone)]
pub(super) struct DurableEnd {
    /// The durable head.
    pub(super) head: Head,
    /// First positions of all segments, in order.
    pub(super) firsts: Arc<Vec<Position>>,
    /// The durable length of the last one.
    pub(super) end: u64,
}

/// The state that the writer and all readers share.
pub(super) struct SharedLog {
    dir: PathBuf,
    disk: Arc<dyn Disk>,
    published: Mutex<DurableEnd>,
    hints: Mutex<BTreeMap<Position, u64>>,
    places: StretchPlaces,
    /// The segments that were opened last to read stretches, with the lengths of those that are closed.
    opened: Mutex<Vec<(Segment, Option<u64>)>>,
}

impl SharedLog {
    pub(super) fn new(dir: PathBuf, disk: Arc<dyn Disk>, published: DurableEnd) -> Self {
        Self {
            dir,
            disk,
            published: Mutex::new(published),
            hints: Mutex::default(),
            places: StretchPlaces::default(),
            opened: Mutex::default(),
        }
    }

    /// Publishes what has just become durable.
    pub(super) fn publish(&self, head: Head, end: u64) {
        let mut published = self.published.lock();
        (published.head, published.end) = (head, end);
    }

    /// Publishes a new, empty segment.
    pub(super) fn publish_segment(&self, first: Position) {
        let mut published = self.published.lock();
        Arc::make_mut(&mut published.firsts).push(first);
        published.end = HEADER_LEN;
    }

    /// Remembers where the frame that starts with a position is, unless a place shortly before it is known.
    pub(super) fn remember(&self, segment: Position, first: Position, offset: u64) {
        let mut hints = self.hints.lock();
        let known = hints.range(segment..=first).next_back().map_or(HEADER_LEN, |(_, offset)| *offset);
        if offset >= known.saturating_add(HINT_EVERY) {
            hints.insert(first, offset);
        }
    }

    /// Remembers a frame met while reading, if it is one in a mebibyte: the others take no lock.
    fn notice(&self, segment: Position, header: &Header, offset: u64) {
        if offset / HINT_EVERY != offset.saturating_add(header.frame_len()) / HINT_EVERY {
            self.remember(segment, header.first, offset);
        }
    }

    /// Notes where records begin, the first of them at an offset.
    pub(super) fn note_places(&self, first: Position, records: &[Record], offset: u64) {
        let mut offset = offset;
        for (position, record) in (first.0..).map(Position).zip(records) {
            self.places.note(position, offset);
            offset = offset.saturating_add(record::record_len(record) as u64);
        }
    }

    /// Notes where the records of a frame begin that was read at an offset.
    fn note_frame(&self, frame: &FileFrame, offset: u64) {
        let lens = frame.records.iter().map(|record| match record {
            StoredRecord::Whole(record) => Some(record::record_len(record) as u64),
            StoredRecord::Erased(_) => None,
        });
        let Some(lens) = lens.collect::<Option<Vec<_>>>() else { return };
        let end = offset.saturating_add(frame.header.frame_len());
        let mut at = end.saturating_sub(lens.iter().sum());
        for (position, len) in (frame.header.first.0..).map(Position).zip(lens) {
            self.places.note(position, at);
            at = at.saturating_add(len);
        }
    }

    /// The place of a stretch, if it is known.
    pub(super) fn place(&self, stretch: usize) -> Option<u64> {
        self.places.get(stretch)
    }

    /// A segment by its index, with the end of its frames; none where it cannot be opened. Few are kept open.
    pub(super) fn segment(&self, durable: &DurableEnd, index: usize) -> Option<(Segment, u64)> {
        let first = *durable.firsts.get(index)?;
        let is_last = index + 1 == durable.firsts.len();
        let mut opened = self.opened.lock();
        let found = opened.iter().position(|(segment, _)| segment.header.first() == first);
        let at = match found {
            Some(at) => at,
            None => {
                let segment = Segment::open(&self.dir, &*self.disk, first).ok()?.ok()?;
                if opened.len() >= MOST_OPEN {
                    opened.remove(0);
                }
                opened.push((segment, None));
                opened.len() - 1
            }
        };
        let (segment, len) = opened.get_mut(at)?;
        if is_last {
            return Some((segment.clone(), durable.end));
        }
        // A closed segment ends with its last frame.
        let end = match *len {
            Some(len) => len,
            None => *len.insert(segment.file.len().ok()?),
        };
        Some((segment.clone(), end))
    }

    /// The best known place in a segment from which to look for a position.
    fn recall(&self, segment: Position, position: Position) -> u64 {
        self.hints.lock().range(segment..=position).next_back().map_or(HEADER_LEN, |(_, offset)| *offset)
    }
}

impl Reader for SharedLog {
    fn head(&self) -> Head {
        self.published.lock().head
    }

    fn read(&self, from: Position) -> Result<Chunks<'_>, ReadError> {
        let from = from.max(Position(1));
        let snapshot = self.published.lock().clone();
        let head = snapshot.head.position;
        if from > head.next() {
            return Err(ReadError::BeyondHead { from, head });
        }
        if from > head {
            return Ok(Box::new(std::iter::empty()));
        }
        let index = snapshot.firsts.partition_point(|first| *first <= from).saturating_sub(1);
        let mut cursor = SegmentCursor { shared: self, snapshot, index, from, at: None, sequence: None };
        cursor.seek()?;
        Ok(Box::new(SegmentReading(Some(cursor))))
    }

    fn read_in_place(
        &self,
        positions: RangeInclusive<Position>,
        waiting: Waiting,
        found: &mut dyn FnMut(&[u8]),
    ) -> Result<(), NotInPlace> {
        let durable = self.published.lock().clone();
        stretch::read(self, &durable, &positions, waiting, found)
    }

    fn place_of(&self, stretch: usize) -> Option<u64> {
        self.place(stretch)
    }

    fn learn_place(&self, stretch: usize, place: u64) {
        self.places.set(stretch, place);
    }
}

/// The number of segments that are kept open to read stretches.
const MOST_OPEN: usize = 16;

/// A read under way; empty after its end or an error.
struct SegmentReading<'a>(Option<SegmentCursor<'a>>);

impl Iterator for SegmentReading<'_> {
    type Item = Result<Chunk, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.0.as_mut()?.next().transpose();
        if !matches!(next, Some(Ok(_))) {
            self.0 = None;
        }
        next
    }
}

struct SegmentCursor<'a> {
    shared: &'a SharedLog,
    snapshot: DurableEnd,
    index: usize,
    from: Position,
    at: Option<(Segment, Frames)>,
    sequence: Option<Sequence>,
}

impl SegmentCursor<'_> {
    /// Opens the segment of the index, and goes to the frame that holds the first position asked for.
    fn seek(&mut self) -> Result<(), ReadError> {
        let first = self.first();
        self.open(self.shared.recall(first, self.from))?;
        let Some((segment, frames)) = &mut self.at else {
            return Ok(());
        };
        loop {
            let offset = frames.offset();
            match frames.peek() {
                Ok(Some(header)) if header.last() < self.from => {
                    self.shared.notice(first, &header, frames.offset());
                    frames.skip(&header);
                }
                Ok(_) => return Ok(()),
                Err(error) => return Err(place(error, self.from, segment, offset)),
            }
        }
    }

    fn next(&mut self) -> Result<Option<Chunk>, ReadError> {
        loop {
            let Some((segment, frames)) = &mut self.at else {
                return Ok(None);
            };
            let expected = self.sequence.as_ref().map_or(self.from, |sequence| sequence.head().position.next());
            let offset = frames.offset();
            let frame = frames.next().map_err(|error| place(error, expected, segment, offset))?;
            let Some(frame) = frame else {
                self.advance()?;
                continue;
            };
            let fault = follow(&mut self.sequence, &frame, self.from).err();
            if let Some(fault) = fault {
                return Err(fault.at(expected, segment.name(), offset).into());
            }
            let start = frames.start_of(&frame);
            self.shared.notice(segment.header.first(), &frame.header, start);
            self.shared.note_frame(&frame, start);
            return Ok(frame.into_chunk().map_err(ReadError::Erased)?.starting_at(self.from));
        }
    }

    /// Goes on to the next segment, or ends at the head.
    fn advance(&mut self) -> Result<(), ReadError> {
        let head = self.sequence.as_ref().map(Sequence::head);
        self.index += 1;
        if self.index < self.snapshot.firsts.len() {
            self.open(HEADER_LEN)?;
        } else {
            return self.finish(head);
        }
        match &self.at {
            Some((segment, _)) if head.is_none_or(|head| head != segment.header.before) => {
                Err(Fault::SegmentOrder.at(segment.header.first(), segment.name(), 0).into())
            }
            _ => Ok(()),
        }
    }

    fn finish(&mut self, head: Option<Head>) -> Result<(), ReadError> {
        let Some((segment, frames)) = self.at.take() else {
            return Ok(());
        };
        if head == Some(self.snapshot.head) {
            return Ok(());
        }
        let position = head.map_or(self.from, |head| head.position.next());
        Err(Fault::Short.at(position, segment.name(), frames.offset()).into())
    }

    fn open(&mut self, offset: u64) -> Result<(), ReadError> {
        let first = self.first();
        let opened = Segment::open(&self.shared.dir, &*self.shared.disk, first)?;
        let segment = opened.map_err(|fault| fault.at(first, segment::name(first), 0))?;
        let is_last = self.index + 1 == self.snapshot.firsts.len();
        let end = if is_last { self.snapshot.end } else { segment.file.len()? };
        let frames = Frames::new(&segment, offset, end);
        self.at = Some((segment, frames));
        Ok(())
    }

    fn first(&self) -> Position {
        self.snapshot.firsts.get(self.index).copied().unwrap_or_default()
    }
}

/// Takes a frame into the sequence. The first one only has to hold the position asked for.
fn follow(sequence: &mut Option<Sequence>, frame: &FileFrame, from: Position) -> Result<(), Fault> {
    let mut joined = match sequence.take() {
        Some(sequence) => sequence,
        None if frame.header.first <= from && from <= frame.header.last() => Sequence::joining(frame),
        None => return Err(Fault::OutOfPlace(frame.header.first)),
    };
    joined.take(frame)?;
    *sequence = Some(joined);
    Ok(())
}

fn place(error: FrameError, position: Position, segment: &Segment, offset: u64) -> ReadError {
    match error {
        FrameError::Bad(fault) => fault.at(position, segment.name(), offset).into(),
        FrameError::Io(error) => error.into(),
    }
}
