//! The segments of a directory, as a chain: each header must name the segment before it and that one's length.
//!
//! This much is checked on every open, whatever the head mark says, without reading a frame.

use std::io;
use std::path::Path;

use super::OpenError;
use super::disk::{Disk, DiskFile};
use super::manifest::Manifest;
use super::segment::{self, HEADER_LEN, Previous, Segment};
use crate::{Fault, Head};
use detente_domain::position::Position;

const PIECE: u64 = 1 << 20;

/// A segment with the length its file has.
pub(super) struct LogPart {
    /// The segment.
    pub(super) segment: Segment,
    /// The length of its file.
    pub(super) len: u64,
}

/// A last segment whose creation was interrupted: no sound header, and nothing after it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stub {
    /// The first position, by its name.
    pub(super) first: Position,
    /// The length of its file.
    pub(super) len: u64,
}

/// All segments, in order; at least one.
pub(super) struct Log {
    /// Those with a header.
    pub(super) parts: Vec<LogPart>,
    /// The rest of one more segment, if its creation was interrupted.
    pub(super) stub: Option<Stub>,
}

impl Log {
    /// Opens the segments and checks that they are a chain.
    pub(super) fn open(dir: &Path, disk: &dyn Disk, manifest: &Manifest) -> Result<Self, OpenError> {
        let mut log = Self { parts: Vec::new(), stub: None };
        let firsts = names(dir, disk)?;
        for (index, first) in firsts.iter().enumerate() {
            let may_be_stub = index > 0 && index + 1 == firsts.len();
            log.add(dir, disk, *first, may_be_stub)?;
        }
        let mut previous = None;
        for part in &log.parts {
            check(manifest, previous, part)?;
            previous = Some(part);
        }
        if log.parts.is_empty() { Err(OpenError::NoSegments) } else { Ok(log) }
    }

    fn add(&mut self, dir: &Path, disk: &dyn Disk, first: Position, may_be_stub: bool) -> Result<(), OpenError> {
        let len = disk.open(&dir.join(segment::name(first)))?.len()?;
        match Segment::open(dir, disk, first)? {
            Ok(segment) => self.parts.push(LogPart { segment, len }),
            Err(Fault::SegmentHeader) if may_be_stub && len <= HEADER_LEN => self.stub = Some(Stub { first, len }),
            Err(fault) => return Err(fault.at(first, segment::name(first), 0).into()),
        }
        Ok(())
    }

    /// The position up to which segments prove, by being there, that everything was durable.
    pub(super) fn durable_by_names(&self) -> Position {
        let last = self.parts.last().map(|part| part.segment.header.before.position);
        let stub = self.stub.map(|stub| Position(stub.first.0.saturating_sub(1)));
        last.max(stub).unwrap_or_default()
    }

    /// The bytes of the last segment beyond an offset.
    pub(super) fn beyond(&self, end: u64) -> u64 {
        self.parts.last().map_or(0, |part| part.len.saturating_sub(end))
    }

    /// The bytes of the last segment beyond the end of its last append that were never acknowledged: all of them, or none
    /// if they are the zeros that are kept for what comes next.
    pub(super) fn torn_after(&self, end: u64) -> io::Result<u64> {
        let Some(part) = self.parts.last() else { return Ok(0) };
        Ok(if is_zero(&*part.segment.file, end, part.len)? { 0 } else { self.beyond(end) })
    }

    /// Returns the number of bytes in all segments.
    pub(super) fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.len).sum()
    }
}

/// Returns true if a file has nothing but zeros between two offsets.
fn is_zero(file: &dyn DiskFile, from: u64, to: u64) -> io::Result<bool> {
    let mut offset = from;
    while offset < to {
        let len = (to - offset).min(PIECE);
        let mut bytes = vec![0; usize::try_from(len).unwrap_or_default()];
        file.read_at(&mut bytes, offset)?;
        if bytes.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        offset += len;
    }
    Ok(true)
}

/// The first positions of the segments, in order.
fn names(dir: &Path, disk: &dyn Disk) -> Result<Vec<Position>, OpenError> {
    let mut firsts = Vec::new();
    for name in disk.list(dir)? {
        match segment::parse_name(&name) {
            None => {}
            Some(Some(first)) => firsts.push(first),
            Some(None) => return Err(Fault::SegmentIdentity.at(Position::START, name, 0).into()),
        }
    }
    firsts.sort_unstable();
    Ok(firsts)
}

fn check(manifest: &Manifest, previous: Option<&LogPart>, part: &LogPart) -> Result<(), OpenError> {
    let header = &part.segment.header;
    let damaged = |fault: Fault| fault.at(header.first(), part.segment.name(), 0).into();
    if header.ledger_id != manifest.ledger_id {
        return Err(damaged(Fault::SegmentIdentity));
    }
    let Some(previous) = previous else {
        let is_first = header.before == Head::GENESIS && header.previous == Previous::default();
        return if is_first { Ok(()) } else { Err(damaged(Fault::SegmentOrder)) };
    };
    if header.previous.first != previous.segment.header.first() {
        return Err(damaged(Fault::SegmentOrder));
    }
    if header.previous.len != previous.len {
        let place = previous.segment.header.first();
        return Err(Fault::SegmentLength.at(place, previous.segment.name(), previous.len).into());
    }
    Ok(())
}
