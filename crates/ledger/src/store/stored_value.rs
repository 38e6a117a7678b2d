//! The values in sled: blocks of the log and rows of the index, each packed and with a checksum, cut into values of at most
//! 8 KB.
//!
//! A value that is read is accepted by its checksum, which covers the number it is stored under. A stored block carries the
//! salts and append headers besides the events, so the hash chain can be computed over it too: after an unclean stop it is
//! accepted only if that leads from the link before it to the link after it.

use super::block::Block;
use super::entry::Entry;
use super::index::AppendRow;
use super::packing::{pack, unpack};
use detente_domain::position::{Position, RecordedAt};
use detente_journal::{AppendHeader, Link, RequestMark, Salt, chain};
use prost::Message;
use uuid::Uuid;

/// The largest value in sled. Larger ones would spill into files that sled never syncs.
pub(super) const MAX_VALUE: usize = 8000;

/// A block of the log.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StoredBlock {
    /// The link before its first event.
    #[prost(bytes = "vec", tag = "1")]
    pub(super) link_before: Vec<u8>,
    /// The link after its last event.
    #[prost(bytes = "vec", tag = "2")]
    pub(super) link_after: Vec<u8>,
    /// The salts, 16 bytes an event.
    #[prost(bytes = "vec", tag = "3")]
    pub(super) salts: Vec<u8>,
    /// The appends that begin in it.
    #[prost(message, repeated, tag = "4")]
    pub(super) appends: Vec<StoredAppend>,
    /// The events, framed as in a [`Block`].
    #[prost(bytes = "vec", tag = "5")]
    pub(super) frames: Vec<u8>,
}

/// The header of an append that begins in a block.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StoredAppend {
    #[prost(uint64, tag = "1")]
    first: u64,
    #[prost(uint64, tag = "2")]
    count: u64,
    #[prost(sint64, tag = "3")]
    recorded_at: i64,
    #[prost(string, tag = "4")]
    recorded_by: String,
    #[prost(bytes = "vec", tag = "5")]
    request_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "6")]
    fingerprint: Vec<u8>,
    #[prost(bool, tag = "7")]
    backfilled: bool,
    #[prost(bytes = "vec", tag = "8")]
    retry_salt: Vec<u8>,
    #[prost(sint64, tag = "9")]
    floor: i64,
}

/// The rows of the index for the events of one block.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StoredRows {
    /// One entry an event.
    #[prost(message, repeated, tag = "1")]
    pub(super) entries: Vec<Entry>,
    /// The appends that end in it.
    #[prost(message, repeated, tag = "2")]
    pub(super) appends: Vec<AppendRow>,
    /// The number of terms that must be known for these entries to make sense.
    #[prost(uint64, tag = "3")]
    pub(super) terms: u64,
    /// The link after the last event, so that a start need not look at events.
    #[prost(bytes = "vec", tag = "4")]
    pub(super) link_after: Vec<u8>,
    /// The place of the block's events in the journal, where it is known. [`seal_rows`] adds it.
    #[prost(uint64, optional, tag = "5")]
    pub(super) place: Option<u64>,
}

/// The part of [`StoredRows`] that is known only once the journal has the events.
#[derive(Clone, PartialEq, prost::Message)]
struct StoredPlace {
    #[prost(uint64, optional, tag = "5")]
    place: Option<u64>,
}

/// Terms, as kind byte and key each.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StoredTerms {
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub(super) terms: Vec<Vec<u8>>,
}

impl StoredAppend {
    pub(super) fn of(header: &AppendHeader) -> Self {
        Self {
            first: header.first.0,
            count: header.count,
            recorded_at: header.recorded_at.0,
            recorded_by: header.recorded_by.clone(),
            request_id: header.request.map_or_else(Vec::new, |request| request.id.as_bytes().to_vec()),
            fingerprint: header.request.map_or_else(Vec::new, |request| request.fingerprint.to_vec()),
            backfilled: header.backfilled,
            retry_salt: retry_salt_of(header),
            floor: header.floor.0,
        }
    }

    fn header(&self) -> AppendHeader {
        let id = Uuid::from_slice(&self.request_id).ok();
        let fingerprint = self.fingerprint.as_slice().try_into().ok();
        let salt = self.retry_salt.as_slice().try_into().ok().map(Salt);
        AppendHeader {
            first: Position(self.first),
            count: self.count,
            recorded_at: RecordedAt(self.recorded_at),
            recorded_by: self.recorded_by.clone(),
            request: id.zip(fingerprint).map(|(id, fingerprint)| RequestMark { id, fingerprint, salt }),
            backfilled: self.backfilled,
            floor: RecordedAt(self.floor),
        }
    }
}

/// The salt of the request that an append answers; empty if it has none.
pub(super) fn retry_salt_of(header: &AppendHeader) -> Vec<u8> {
    header.request.and_then(|request| request.salt).map_or_else(Vec::new, |salt| salt.0.to_vec())
}

impl StoredBlock {
    /// The number of events that it holds, by its salts.
    pub(super) fn count(&self) -> usize {
        self.salts.len() / 16
    }

    /// The events as a block, if the hash chain over them is whole; `first` is the position of the first.
    pub(super) fn check(&self, first: Position) -> Option<Block> {
        let mut link = Link(self.link_before.as_slice().try_into().ok()?);
        let block = self.block()?;
        let mut appends = self.appends.iter().peekable();
        for (nth, (salt, event)) in self.salts.chunks_exact(16).zip(block.events()).enumerate() {
            if let Some(append) = appends.next_if(|append| append.first == first.plus(nth as u64).0) {
                link = chain::open_append(link, &append.header());
            }
            link = chain::extend(link, chain::commitment(&Salt(salt.try_into().ok()?), event));
        }
        (appends.next().is_none() && link.0.as_slice() == self.link_after.as_slice()).then_some(block)
    }

    /// The events as a block, as they stand; its checksum says that they are what was written.
    pub(super) fn block(&self) -> Option<Block> {
        Block::of_frames(&self.frames).filter(|block| block.len() * 16 == self.salts.len())
    }
}

/// A message, packed, with the CRC-32C of its number and the packed bytes in front.
pub(super) fn seal(number: usize, message: &impl Message) -> Vec<u8> {
    seal_bytes(number, &message.encode_to_vec())
}

/// The rows of a block, sealed with its place in the journal.
pub(super) fn seal_rows(number: usize, rows: &StoredRows, place: Option<u64>) -> Vec<u8> {
    let mut message = rows.encode_to_vec();
    message.extend(StoredPlace { place }.encode_to_vec());
    seal_bytes(number, &message)
}

fn seal_bytes(number: usize, message: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    pack(message, &mut bytes);
    let sum = sum(number, bytes.get(4..).unwrap_or_default());
    bytes.iter_mut().zip(sum).for_each(|(to, from)| *to = from);
    bytes
}

/// The message with a number whose CRC-32C stands in front, if it is whole and was stored under that number.
pub(super) fn unseal<M: Message + Default>(number: usize, bytes: &[u8]) -> Option<M> {
    let (before, packed) = bytes.split_at_checked(4)?;
    if sum(number, packed) != *before {
        return None;
    }
    M::decode(&*unpack(packed)?).ok()
}

fn sum(number: usize, message: &[u8]) -> [u8; 4] {
    crc32c::crc32c_append(crc32c::crc32c(&(number as u64).to_le_bytes()), message).to_le_bytes()
}
