//! A segment: one file of frames, named by the position of its first event.
//!
//! Its header repeats what its name says and states the history before it, so that an empty segment is a head. It also
//! states where the segment before starts and how long that was: the segments are a chain of their own, and a missing,
//! swapped or shortened one is found without reading a frame. The header is durable before the first frame is written.
//!
//! The nonce seeds the checksums of the segment's frame headers. It is random and never leaves the directory, so nobody
//! can record an event whose bytes look like a frame of this segment.

use std::io;
use std::path::Path;
use std::sync::Arc;

use uuid::Uuid;

use super::disk::{Disk, DiskFile};
use super::fields::{self, Fields};
use super::manifest::JournalFormat;
use crate::{Fault, Fence, Head, LedgerId};
use detente_domain::position::Position;

const MAGIC: &[u8; 8] = b"DTNSEGMT";
const SUFFIX: &str = ".seg";
const DIGITS: usize = 20;

/// The length of a segment's header, at which its first frame starts.
pub(super) const HEADER_LEN: u64 = HEADER_BYTES as u64;
const HEADER_BYTES: usize = 8 + 4 + 16 + 8 + 8 + 32 + 8 + 4 + 8 + 8 + 4 + 4;

/// The segment before another one, as that one knows it. All zero for the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Previous {
    /// Its first position.
    pub(super) first: Position,
    /// Its final length.
    pub(super) len: u64,
}

/// The header at the start of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The ledger that the segment belongs to.
    pub(super) ledger_id: LedgerId,
    /// The history before its first event.
    pub(super) before: Head,
    /// The fence of that history.
    pub(super) fence: Fence,
    /// The segment before it.
    pub(super) previous: Previous,
    /// Seeds the checksums of its frame headers.
    pub(super) nonce: u32,
}

impl Header {
    /// The header of a segment that continues a history, with a new nonce.
    pub(super) fn new(ledger_id: LedgerId, before: Head, fence: Fence, previous: Previous) -> Self {
        Self { ledger_id, before, fence, previous, nonce: Uuid::new_v4().as_fields().0 }
    }

    /// The position of its first event.
    pub(super) const fn first(&self) -> Position {
        self.before.position.next()
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&JournalFormat::V2.number().to_be_bytes());
        bytes.extend_from_slice(self.ledger_id.0.as_bytes());
        bytes.extend_from_slice(&self.before.position.0.to_be_bytes());
        bytes.extend_from_slice(&self.before.recorded_at.0.to_be_bytes());
        bytes.extend_from_slice(&self.before.link.0);
        fields::put_fence(&self.fence, &mut bytes);
        bytes.extend_from_slice(&self.previous.first.0.to_be_bytes());
        bytes.extend_from_slice(&self.previous.len.to_be_bytes());
        bytes.extend_from_slice(&self.nonce.to_be_bytes());
        fields::seal(0, &mut bytes, 0);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(fields::strip_checksum(0, bytes)?);
        if fields.bytes()? != *MAGIC || fields.u32()? != JournalFormat::V2.number() {
            return None;
        }
        let ledger_id = LedgerId(Uuid::from_bytes(fields.bytes()?));
        let before = Head { position: fields.position()?, recorded_at: fields.recorded_at()?, link: fields.link()? };
        let fence = fields.fence()?;
        let previous = Previous { first: fields.position()?, len: fields.u64()? };
        Some(Self { ledger_id, before, fence, previous, nonce: fields.u32()? })
    }
}

/// An open segment.
#[derive(Clone)]
pub(super) struct Segment {
    /// As it stands in the file.
    pub(super) header: Header,
    /// The file, open for reading and writing.
    pub(super) file: Arc<dyn DiskFile>,
}

impl Segment {
    /// Creates a segment durably: its header is synced, then its name.
    pub(super) fn create(dir: &Path, disk: &dyn Disk, header: Header) -> io::Result<Self> {
        let segment = Self { header, file: disk.create(&dir.join(name(header.first())))? };
        segment.put_header()?;
        segment.file.sync()?;
        disk.sync_dir(dir)?;
        Ok(segment)
    }

    /// Writes its header. Not durable until synced.
    pub(super) fn put_header(&self) -> io::Result<()> {
        self.file.write_at(&self.header.encode(), 0)
    }

    /// Opens the segment of a name; the fault says if its header is not sound, or not the one the name says.
    pub(super) fn open(dir: &Path, disk: &dyn Disk, first: Position) -> io::Result<Result<Self, Fault>> {
        let file = disk.open(&dir.join(name(first)))?;
        let mut bytes = [0; HEADER_BYTES];
        if file.len()? < HEADER_LEN {
            return Ok(Err(Fault::SegmentHeader));
        }
        file.read_at(&mut bytes, 0)?;
        Ok(match Header::decode(&bytes) {
            None => Err(Fault::SegmentHeader),
            Some(header) if header.first() != first => Err(Fault::SegmentIdentity),
            Some(header) => Ok(Self { header, file }),
        })
    }

    /// Its file's name.
    pub(super) fn name(&self) -> String {
        name(self.header.first())
    }
}

/// The file name of a segment.
pub(super) fn name(first: Position) -> String {
    format!("{:0DIGITS$}{SUFFIX}", first.0)
}

/// Parses the name of a segment: none if it is not one, and no position if its digits are malformed.
pub(super) fn parse_name(name: &str) -> Option<Option<Position>> {
    let digits = name.strip_suffix(SUFFIX)?;
    let valid = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    Some(digits.parse().ok().filter(|_| valid).map(Position))
}
