//! Opening: from whatever a crash left behind to a log that ends with a whole append, all of it on stable storage.
//!
//! 1. The manifest, the lock, the chain of segments, the frame at the mark: any doubt refuses.
//! 2. Everything after the mark is scanned and hashed.
//! 3. The torn part is copied to a file of its own, then cut.
//! 4. The bytes found above the mark are written again and synced. If an fsync failed and the machine stayed up, the
//!    page cache shows bytes that the disk never got, and no fsync would bring them there.
//! 5. The mark is written and synced.

use std::fmt;
use std::io;
use std::path::Path;

use super::OpenError;
use super::disk::Disk;
use super::log::{Log, Stub};
use super::manifest::Manifest;
use super::mark::{HeadMark, MarkFile, MarkReading};
use super::scan::{Counts, Scan, Tail};
use super::segment::{self, Segment};
use super::sequence::Depth;
use crate::Head;
use detente_domain::position::Position;

const PIECE: u64 = 1 << 20;
/// The bytes of a torn tail that are kept aside, at most.
const KEPT_AT_MOST: u64 = 16 << 20;

/// The findings and the actions of opening a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// The head, now durable.
    pub head: Head,
    /// The state in which the head mark was found.
    pub mark: MarkState,
    /// The number of whole appends after the place from which scanning began.
    pub appends_scanned: u64,
    /// The tail that was cut, if any.
    pub torn: Option<TornTail>,
}

/// The state in which the head mark was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkState {
    /// Scanning began at this position.
    Used(Position),
    /// No slot of it was sound: everything was scanned. Acknowledged events may be missing at the end, if they were
    /// lost together with the mark.
    Unreadable,
    /// It was not there: everything was scanned. As above; and somebody removed it, since no crash does.
    Missing,
}

/// The end of a segment that was never acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The segment's file.
    pub file: String,
    /// The offset at which the tail was cut.
    pub offset: u64,
    /// The number of bytes that were cut.
    pub bytes: u64,
    /// The file in which (the first 16 MiB of) them are kept. None if there were none.
    pub kept_in: Option<String>,
}

impl fmt::Display for TornTail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of {} from byte {} on were never acknowledged", self.bytes, self.file, self.offset)?;
        self.kept_in.iter().try_for_each(|name| write!(f, ", kept in {name}"))
    }
}

impl MarkState {
    pub(super) const fn of(found: MarkReading) -> Self {
        match found {
            MarkReading::Mark(mark) => Self::Used(mark.head.position),
            MarkReading::Unreadable => Self::Unreadable,
            MarkReading::Missing => Self::Missing,
        }
    }
}

/// A log ready to be continued.
pub(super) struct RecoveredLog {
    /// First positions of all segments.
    pub(super) firsts: Vec<Position>,
    /// The last one.
    pub(super) segment: Segment,
    /// The length of its file: zeros may follow its end.
    pub(super) len: u64,
    /// Its end.
    pub(super) tail: Tail,
    /// The file HEAD, with a mark for that end, synced.
    pub(super) marks: MarkFile,
    /// The report for the operator.
    pub(super) recovery: Recovery,
}

/// Recovers the log of a directory that is locked.
pub(super) fn recover(dir: &Path, disk: &dyn Disk, manifest: &Manifest) -> Result<RecoveredLog, OpenError> {
    let found = MarkFile::find(dir, disk)?;
    let log = Log::open(dir, disk, manifest)?;
    let (tail, counts) = scan(&log, found)?;
    let part = log.parts.last().ok_or(OpenError::NoSegments)?;
    let torn = match log.stub {
        Some(stub) => Some(remove_stub(dir, disk, stub)?),
        None if log.torn_after(tail.end)? > 0 => Some(cut(dir, disk, &part.segment, tail.end, part.len)?),
        None => None,
    };
    let len = if torn.is_some() { tail.end } else { part.len };
    let firsts = log.parts.iter().map(|part| part.segment.header.first()).collect();
    let segment = part.segment.clone();
    settle(dir, disk, &segment, found, tail.end)?;
    let marks = renew_mark(dir, disk, &segment, &tail)?;
    let recovery = Recovery { head: tail.head, mark: MarkState::of(found), appends_scanned: counts.appends, torn };
    Ok(RecoveredLog { firsts, segment, len, tail, marks, recovery })
}

/// The end of what is whole, from the mark on where there is one.
pub(super) fn scan(log: &Log, found: MarkReading) -> Result<(Tail, Counts), OpenError> {
    match found {
        MarkReading::Mark(mark) => Scan::from_mark(log, mark),
        MarkReading::Unreadable | MarkReading::Missing => Scan::all(log, found, Depth::Hashes, &mut |_| ()),
    }
}

fn remove_stub(dir: &Path, disk: &dyn Disk, stub: Stub) -> io::Result<TornTail> {
    let file = segment::name(stub.first);
    let kept_in = keep_aside(dir, disk, &file, 0, stub.len)?;
    disk.remove(&dir.join(&file))?;
    disk.sync_dir(dir)?;
    Ok(TornTail { file, offset: 0, bytes: stub.len, kept_in })
}

fn cut(dir: &Path, disk: &dyn Disk, segment: &Segment, offset: u64, len: u64) -> io::Result<TornTail> {
    let file = segment.name();
    let kept_in = keep_aside(dir, disk, &file, offset, len)?;
    segment.file.truncate(offset)?;
    segment.file.sync()?;
    Ok(TornTail { file, offset, bytes: len.saturating_sub(offset), kept_in })
}

/// Copies the bytes between two offsets into a new file, durably. A copy that cannot be finished is removed: a start that a
/// full disk refuses again and again leaves nothing behind.
fn keep_aside(dir: &Path, disk: &dyn Disk, name: &str, from: u64, to: u64) -> io::Result<Option<String>> {
    if from >= to {
        return Ok(None);
    }
    let taken = disk.list(dir)?;
    let mut names = (1u64..).map(|n| format!("{name}.torn-{n}")).filter(|name| !taken.contains(name));
    let Some(kept_in) = names.next() else {
        return Ok(None);
    };
    let (source, target) = (disk.open(&dir.join(name))?, disk.create(&dir.join(&kept_in))?);
    let copied = for_pieces(from, to.min(from.saturating_add(KEPT_AT_MOST)), |offset, piece| {
        source.read_at(piece, offset)?;
        target.write_at(piece, offset - from)
    });
    if let Err(error) = copied.and_then(|()| target.sync()) {
        if let Err(left) = disk.remove(&dir.join(&kept_in)) {
            tracing::warn!(file = %kept_in, error = %left, "an unfinished copy of torn bytes could not be removed");
        }
        return Err(error);
    }
    disk.sync_dir(dir)?;
    Ok(Some(kept_in))
}

/// Makes what was found above the mark durable, by writing it again.
fn settle(dir: &Path, disk: &dyn Disk, segment: &Segment, found: MarkReading, end: u64) -> io::Result<()> {
    let from = match found {
        MarkReading::Mark(mark) if mark.segment == segment.header.first() => mark.end,
        MarkReading::Mark(_) | MarkReading::Unreadable | MarkReading::Missing => 0,
    };
    if from >= end {
        return Ok(());
    }
    for_pieces(from, end, |offset, piece| {
        segment.file.read_at(piece, offset)?;
        segment.file.write_at(piece, offset)
    })?;
    segment.file.sync()?;
    disk.sync_dir(dir)
}

fn renew_mark(dir: &Path, disk: &dyn Disk, segment: &Segment, tail: &Tail) -> io::Result<MarkFile> {
    let mut marks = MarkFile::open(dir, disk)?;
    marks.write(&HeadMark { head: tail.head, segment: segment.header.first(), frame: tail.frame, end: tail.end })?;
    marks.sync()?;
    disk.sync_dir(dir)?;
    Ok(marks)
}

fn for_pieces(from: u64, to: u64, mut each: impl FnMut(u64, &mut [u8]) -> io::Result<()>) -> io::Result<()> {
    let mut offset = from;
    while offset < to {
        let len = (to - offset).min(PIECE);
        each(offset, &mut vec![0; usize::try_from(len).unwrap_or_default()])?;
        offset += len;
    }
    Ok(())
}
