//! A frame: a fixed header, and a payload of records. The unit that is checked, read and kept in memory.
//!
//! ```text
//!  0 magic         4   "DTNF"
//!  4 payload       4   length in bytes
//!  8 first         8   position of the frame's first record
//! 16 count         4   how many records
//! 20 flags         4   1 begins an append, 2 ends one, 4 voids the run before it that has no end
//! 24 synced        8   the position that was durable when this was written
//! 32 recorded_at   8
//! 40 floor         8   nothing later is recorded at or before this instant
//! 48 epoch         4   how often the right to write has passed to another node
//! 52 payload CRC   4
//! 56 link before  32   after the record before the frame
//! 88 link after   32   after the frame's last record
//! 120 header CRC   4   seeded with the segment's nonce
//! 124 payload ...
//! ```

use std::ops::Range;
use std::sync::Arc;

use super::fields::{self, Fields};
use super::reader::SharedLog;
use crate::record::{self, EncodedHeader, StoredRecord};
use crate::{AppendHeader, Bytes, Chunk, Fault, Fence, Head, Link, Record};
use detente_domain::position::{Position, RecordedAt};

/// The bytes that every frame starts with.
pub(super) const MAGIC: &[u8; 4] = b"DTNF";
/// The length of a frame's header.
pub(super) const HEADER_LEN: usize = 4 + 4 + 8 + 4 + 4 + 8 + 8 + 8 + 4 + 4 + 32 + 32 + 4;

const BEGINS: u32 = 1;
const ENDS: u32 = 2;
const VOIDS: u32 = 4;

/// A frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Length of the payload.
    pub(super) payload_len: u32,
    /// Position of the first record.
    pub(super) first: Position,
    /// Number of records.
    pub(super) count: u32,
    /// True if the append begins with this frame.
    pub(super) begins: bool,
    /// True if the append ends with this frame.
    pub(super) ends: bool,
    /// True if the frames before it, from the last beginning of an append on, were abandoned and do not count.
    pub(super) voids: bool,
    /// The position that was durable as the frame was written.
    pub(super) synced: Position,
    /// The recorded time of the append.
    pub(super) recorded_at: RecordedAt,
    /// The conditions on what follows.
    pub(super) fence: Fence,
    /// The checksum of the payload.
    pub(super) payload_crc: u32,
    /// The link before.
    pub(super) before: Link,
    /// The link after.
    pub(super) after: Link,
}

impl Header {
    /// The position of its last record.
    pub(super) fn last(&self) -> Position {
        self.first.plus(u64::from(self.count).saturating_sub(1))
    }

    /// The length of the whole frame.
    pub(super) const fn frame_len(&self) -> u64 {
        HEADER_LEN as u64 + self.payload_len as u64
    }

    /// The head after it.
    pub(super) fn head(&self) -> Head {
        Head { position: self.last(), recorded_at: self.recorded_at, link: self.after }
    }

    /// Appends it to a buffer.
    pub(super) fn put(&self, nonce: u32, buffer: &mut Vec<u8>) {
        let start = buffer.len();
        let flag = |set: bool, flag: u32| if set { flag } else { 0 };
        let flags = flag(self.begins, BEGINS) | flag(self.ends, ENDS) | flag(self.voids, VOIDS);
        buffer.extend_from_slice(MAGIC);
        buffer.extend_from_slice(&self.payload_len.to_be_bytes());
        buffer.extend_from_slice(&self.first.0.to_be_bytes());
        buffer.extend_from_slice(&self.count.to_be_bytes());
        buffer.extend_from_slice(&flags.to_be_bytes());
        buffer.extend_from_slice(&self.synced.0.to_be_bytes());
        buffer.extend_from_slice(&self.recorded_at.0.to_be_bytes());
        fields::put_fence(&self.fence, buffer);
        buffer.extend_from_slice(&self.payload_crc.to_be_bytes());
        buffer.extend_from_slice(&self.before.0);
        buffer.extend_from_slice(&self.after.0);
        fields::seal(nonce, buffer, start);
    }

    /// The header these bytes are, if they are a sound one.
    pub(super) fn decode(nonce: u32, bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(fields::strip_checksum(nonce, bytes)?);
        if fields.bytes()? != *MAGIC {
            return None;
        }
        let (payload_len, first, count, flags) = (fields.u32()?, fields.position()?, fields.u32()?, fields.u32()?);
        let (synced, recorded_at, fence) = (fields.position()?, fields.recorded_at()?, fields.fence()?);
        let (payload_crc, before, after) = (fields.u32()?, fields.link()?, fields.link()?);
        let (begins, ends, voids) = (flags & BEGINS != 0, flags & ENDS != 0, flags & VOIDS != 0);
        let known = flags & !(BEGINS | ENDS | VOIDS) == 0 && (begins || !voids) && count > 0;
        known.then_some(Self {
            payload_len,
            first,
            count,
            begins,
            ends,
            voids,
            synced,
            recorded_at,
            fence,
            payload_crc,
            before,
            after,
        })
    }
}

/// A whole frame, its payload checked and decoded.
#[derive(Clone, Debug)]
pub(super) struct FileFrame {
    /// As it stands in the file.
    pub(super) header: Header,
    /// The append it belongs to.
    pub(super) append: Arc<AppendHeader>,
    /// Its records.
    pub(super) records: Vec<StoredRecord>,
}

impl FileFrame {
    /// The frame of a sound header and its payload.
    pub(super) fn decode(header: Header, payload: &[u8]) -> Result<Self, Fault> {
        if crc32c::crc32c(payload) != header.payload_crc {
            return Err(Fault::Payload);
        }
        let (append, records) =
            record::decode(Bytes::copy_from_slice(payload), header.fence.floor).ok_or(Fault::Content)?;
        let frame = Self { header, append, records };
        frame.is_coherent().then_some(frame).ok_or(Fault::Content)
    }

    /// Returns true if payload and header agree.
    fn is_coherent(&self) -> bool {
        let Self { header, append, records } = self;
        records.len() as u64 == u64::from(header.count)
            && append.count > 0
            && append.recorded_at == header.recorded_at
            && append.first <= header.first
            && header.last() <= append.last()
            && header.begins == (append.first == header.first)
            && header.ends == (append.last() == header.last())
    }

    /// The chunk readers get, or the position of the first record of it that was erased.
    pub(super) fn into_chunk(self) -> Result<Chunk, Position> {
        let Self { header, append, records: stored } = self;
        let mut records = Vec::with_capacity(stored.len());
        for record in stored {
            match record {
                StoredRecord::Whole(record) => records.push(record),
                StoredRecord::Erased(_) => return Err(header.first.plus(records.len() as u64)),
            }
        }
        Ok(Chunk { header: append, first: header.first, records, link: header.after, last: header.ends })
    }
}

/// A part of an append that is to become a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FrameCut {
    /// The range of the append's records that the frame holds.
    pub(super) records: Range<usize>,
    /// The link before them.
    pub(super) before: Link,
    /// The link after them.
    pub(super) after: Link,
}

/// Turns cuts into bytes, reusing one payload buffer.
#[derive(Default)]
pub(super) struct Encoder {
    payload: Vec<u8>,
}

impl Encoder {
    /// Appends the frame of a cut to a buffer.
    pub(super) fn put(&mut self, frame: &FrameSource<'_>, cut: &FrameCut, buffer: &mut Vec<u8>) {
        let records = frame.records.get(cut.records.clone()).unwrap_or_default();
        self.payload.clear();
        frame.encoded.put(&mut self.payload);
        let first = frame.append.first.plus(cut.records.start as u64);
        let positions = (first.0..).map(Position);
        positions.zip(records).for_each(|(at, record)| record::put_record(at, record, &mut self.payload));
        self.header(frame, cut).put(frame.nonce, buffer);
        buffer.extend_from_slice(&self.payload);
    }

    /// Notes where records of the frame at an offset begin.
    pub(super) fn note_places(&self, frame: &FrameSource<'_>, cut: &FrameCut, offset: u64, log: &SharedLog) {
        let records = frame.records.get(cut.records.clone()).unwrap_or_default();
        let first = frame.append.first.plus(cut.records.start as u64);
        log.note_places(first, records, offset + (HEADER_LEN + frame.encoded.len()) as u64);
    }

    fn header(&self, frame: &FrameSource<'_>, cut: &FrameCut) -> Header {
        Header {
            payload_len: u32::try_from(self.payload.len()).unwrap_or(u32::MAX),
            first: frame.append.first.plus(cut.records.start as u64),
            count: u32::try_from(cut.records.len()).unwrap_or(u32::MAX),
            begins: cut.records.start == 0,
            ends: cut.records.end == frame.records.len(),
            voids: frame.voids && cut.records.start == 0,
            synced: frame.synced,
            recorded_at: frame.append.recorded_at,
            fence: frame.fence,
            payload_crc: crc32c::crc32c(&self.payload),
            before: cut.before,
            after: cut.after,
        }
    }
}

/// The parts that a frame is made from.
pub(super) struct FrameSource<'a> {
    /// The append's header.
    pub(super) append: &'a AppendHeader,
    /// The same, encoded.
    pub(super) encoded: &'a EncodedHeader,
    /// All its records.
    pub(super) records: &'a [Record],
    /// The position that is durable now.
    pub(super) synced: Position,
    /// The fence after the append.
    pub(super) fence: Fence,
    /// True if a run without an end lies before it.
    pub(super) voids: bool,
    /// The nonce of the segment.
    pub(super) nonce: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            payload_len: 5,
            first: Position(7),
            count: 2,
            begins: true,
            ends: false,
            voids: true,
            synced: Position(6),
            recorded_at: RecordedAt(-1),
            fence: Fence { epoch: 3, floor: RecordedAt(-2) },
            payload_crc: 9,
            before: Link([1; 32]),
            after: Link([2; 32]),
        }
    }

    #[test]
    fn a_header_has_its_length_and_is_read_back() {
        let mut bytes = Vec::new();
        header().put(42, &mut bytes);
        assert_eq!(bytes.len(), HEADER_LEN);
        assert_eq!(Header::decode(42, &bytes), Some(header()));
    }

    #[test]
    fn a_header_of_another_segment_is_not_sound() {
        let mut bytes = Vec::new();
        header().put(42, &mut bytes);
        assert_eq!(Header::decode(43, &bytes), None);
    }
}
