//! The file HEAD: the position up to which the log was durable, so that a torn write can be told from damage.
//!
//! Two slots of one sector each, 4096 bytes apart, written in turn: while one is being written the other one stands.
//! The sound slot with the higher sequence counts. A mark is written after the fsync of the group it tells of, so it is
//! never ahead of a log that keeps its promises. It is itself synced only when the writer is idle, at shutdown, and at
//! open: losing the last ones makes the next open scan more, nothing else. After a crash without a power cut they are
//! all there.
//!
//! The head of a journal is *not* read from here: it always comes from the log.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::disk::{Disk, DiskFile};
use super::fields::{self, Fields};
use crate::Head;
use detente_domain::position::Position;

/// The name of the file.
pub(super) const NAME: &str = "HEAD";

const MAGIC: &[u8; 8] = b"DTNMARK1";
const SLOT_LEN: usize = 8 + 8 + 8 + 8 + 32 + 8 + 8 + 8 + 4;
const SLOT_GAP: u64 = 4096;

/// A place in the log up to which everything was durable. It ends an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HeadMark {
    /// The head there.
    pub(super) head: Head,
    /// The first position of the segment it is in.
    pub(super) segment: Position,
    /// The offset of the frame that ends there; none if the segment had no frame yet.
    pub(super) frame: Option<u64>,
    /// The offset of the next frame.
    pub(super) end: u64,
}

/// The result of reading the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MarkReading {
    /// The newest sound mark.
    Mark(HeadMark),
    /// A file without a sound slot.
    Unreadable,
    /// No file.
    Missing,
}

impl HeadMark {
    fn encode(&self, sequence: u64) -> Vec<u8> {
        let mut slot = Vec::with_capacity(SLOT_LEN);
        slot.extend_from_slice(MAGIC);
        slot.extend_from_slice(&sequence.to_be_bytes());
        slot.extend_from_slice(&self.head.position.0.to_be_bytes());
        slot.extend_from_slice(&self.head.recorded_at.0.to_be_bytes());
        slot.extend_from_slice(&self.head.link.0);
        slot.extend_from_slice(&self.segment.0.to_be_bytes());
        slot.extend_from_slice(&self.frame.unwrap_or(0).to_be_bytes());
        slot.extend_from_slice(&self.end.to_be_bytes());
        fields::seal(0, &mut slot, 0);
        slot
    }

    fn decode(slot: &[u8]) -> Option<(u64, Self)> {
        let mut fields = Fields(fields::strip_checksum(0, slot)?);
        if fields.bytes()? != *MAGIC {
            return None;
        }
        let sequence = fields.u64()?;
        let (position, recorded_at, link) = (fields.position()?, fields.recorded_at()?, fields.link()?);
        let (segment, frame, end) = (fields.position()?, fields.u64()?, fields.u64()?);
        let head = Head { position, recorded_at, link };
        Some((sequence, Self { head, segment, frame: (frame != 0).then_some(frame), end }))
    }
}

/// The file, with the sequence of the slot written last.
pub(super) struct MarkFile {
    file: Arc<dyn DiskFile>,
    sequence: u64,
}

impl MarkFile {
    /// Reads the newest sound mark of a directory.
    pub(super) fn find(dir: &Path, disk: &dyn Disk) -> io::Result<MarkReading> {
        Ok(match open(dir, disk)? {
            None => MarkReading::Missing,
            Some(file) => newest(&*file)?.map_or(MarkReading::Unreadable, |(_, mark)| MarkReading::Mark(mark)),
        })
    }

    /// Opens the file of a directory for writing, creating it if it is missing.
    pub(super) fn open(dir: &Path, disk: &dyn Disk) -> io::Result<Self> {
        let file = match open(dir, disk)? {
            Some(file) => file,
            None => disk.create(&dir.join(NAME))?,
        };
        let sequence = newest(&*file)?.map_or(0, |(sequence, _)| sequence);
        Ok(Self { file, sequence })
    }

    /// Writes a mark over the older slot. Not durable until synced.
    pub(super) fn write(&mut self, mark: &HeadMark) -> io::Result<()> {
        let sequence = self.sequence.wrapping_add(1);
        self.file.write_at(&mark.encode(sequence), offset(sequence))?;
        self.sequence = sequence;
        Ok(())
    }

    /// Makes the last mark written durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }
}

fn open(dir: &Path, disk: &dyn Disk) -> io::Result<Option<Arc<dyn DiskFile>>> {
    match disk.open(&dir.join(NAME)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

const fn offset(sequence: u64) -> u64 {
    (sequence % 2) * SLOT_GAP
}

fn newest(file: &dyn DiskFile) -> io::Result<Option<(u64, HeadMark)>> {
    let (even, odd) = (slot(file, 0)?, slot(file, 1)?);
    Ok(even.into_iter().chain(odd).max_by_key(|(sequence, _)| *sequence))
}

/// The mark in a slot. A slot with a sequence that belongs into the other slot is not sound.
fn slot(file: &dyn DiskFile, index: u64) -> io::Result<Option<(u64, HeadMark)>> {
    let mut bytes = [0; SLOT_LEN];
    match file.read_at(&mut bytes, offset(index)) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
        Ok(()) => Ok(HeadMark::decode(&bytes).filter(|(sequence, _)| sequence % 2 == index)),
    }
}
