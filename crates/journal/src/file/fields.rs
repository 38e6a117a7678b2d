//! Fixed binary fields, big-endian, one after the other: what all headers of the journal are made of.

use crate::{Fence, Link};
use detente_domain::position::{Position, RecordedAt};

/// Takes fields off the front of some bytes. `None` when they run out.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl Fields<'_> {
    pub(super) fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.bytes().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.bytes().map(u64::from_be_bytes)
    }

    pub(super) fn position(&mut self) -> Option<Position> {
        self.u64().map(Position)
    }

    pub(super) fn recorded_at(&mut self) -> Option<RecordedAt> {
        self.bytes().map(i64::from_be_bytes).map(RecordedAt)
    }

    pub(super) fn fence(&mut self) -> Option<Fence> {
        Some(Fence { floor: self.recorded_at()?, epoch: self.u32()? })
    }

    pub(super) fn link(&mut self) -> Option<Link> {
        self.bytes().map(Link)
    }
}

/// Appends a fence.
pub(super) fn put_fence(fence: &Fence, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&fence.floor.0.to_be_bytes());
    bytes.extend_from_slice(&fence.epoch.to_be_bytes());
}

/// The bytes before a trailing CRC32C, if it is theirs. The seed makes the same bytes sound only where they belong.
pub(super) fn strip_checksum(seed: u32, bytes: &[u8]) -> Option<&[u8]> {
    let (body, crc) = bytes.split_last_chunk()?;
    (crc32c::crc32c_append(seed, body) == u32::from_be_bytes(*crc)).then_some(body)
}

/// Appends the CRC32C of everything in `bytes` from `start` on.
pub(super) fn seal(seed: u32, bytes: &mut Vec<u8>, start: usize) {
    let crc = crc32c::crc32c_append(seed, bytes.get(start..).unwrap_or_default());
    bytes.extend_from_slice(&crc.to_be_bytes());
}
