//! The hash chain: one link per event, each covering the link before it and a salted commitment of the event.
//!
//! ```text
//! commitment(event) = SHA-256("detente:event:v1" | salt (16) | event)
//! opened(append)    = SHA-256("detente:opens:v1" | link before (32) | first u64 | count u64 | recorded_at i64
//!                             | backfilled u8 | 0 or 1 | request id (16) | fingerprint (16) if 1
//!                             | length of recorded_by u64 | recorded_by in UTF-8)
//! link(event)       = SHA-256("detente:chain:v1" | link before, or opened(append) for its first event (32)
//!                             | commitment (32))
//! ```
//!
//! entry(event)      = commitment (32) | link (32)
//!
//! Integers are big-endian, the link before the first event is 32 zero bytes. SHA-256, because every client has it in
//! its standard library. The commitment stands for the event: an event and its salt can be erased, and the chain still
//! verifies with the commitment kept. The ledger id is left out, so that a faithful copy has the same links.

use sha2::{Digest, Sha256};

use super::{AppendHeader, Link, Record, RequestMark, Salt};

const EVENT: &[u8; 16] = b"detente:event:v1";
const OPENS: &[u8; 16] = b"detente:opens:v1";
const CHAIN: &[u8; 16] = b"detente:chain:v1";

/// The salted commitment of an event.
#[must_use]
pub fn commitment(salt: &Salt, event: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(EVENT).chain_update(salt.0).chain_update(event).finalize().into()
}

/// Folds an append's header into the chain: what its first event is linked to.
#[must_use]
pub fn open_append(prev: Link, header: &AppendHeader) -> Link {
    let mut hash = Sha256::new()
        .chain_update(OPENS)
        .chain_update(prev.0)
        .chain_update(header.first.0.to_be_bytes())
        .chain_update(header.count.to_be_bytes())
        .chain_update(header.recorded_at.0.to_be_bytes())
        .chain_update([u8::from(header.backfilled)]);
    fold_request(&mut hash, header.request.as_ref());
    hash.update((header.recorded_by.len() as u64).to_be_bytes());
    hash.update(header.recorded_by.as_bytes());
    Link(hash.finalize().into())
}

fn fold_request(hash: &mut Sha256, request: Option<&RequestMark>) {
    hash.update([u8::from(request.is_some())]);
    if let Some(request) = request {
        hash.update(request.id.as_bytes());
        hash.update(request.fingerprint);
    }
}

/// The link of an event, after the link before it.
#[must_use]
pub fn extend(prev: Link, commitment: [u8; 32]) -> Link {
    Link(Sha256::new().chain_update(CHAIN).chain_update(prev.0).chain_update(commitment).finalize().into())
}

/// The 64 bytes that stand for an event where its words must not be seen: its commitment, and the link after it.
#[must_use]
pub fn entry(commitment: [u8; 32], link: Link) -> [u8; 64] {
    let mut entry = [0; 64];
    let (before, after) = entry.split_at_mut(32);
    before.copy_from_slice(&commitment);
    after.copy_from_slice(&link.0);
    entry
}

/// The entries of records, in order, with the link before the first of them.
pub fn entries(prev: Link, records: &[Record]) -> impl Iterator<Item = [u8; 64]> {
    records.iter().scan(prev, |link, record| {
        let commitment = commitment(&record.salt, &record.event);
        *link = extend(*link, commitment);
        Some(entry(commitment, *link))
    })
}

/// The link after some records.
#[must_use]
pub fn extend_all(prev: Link, records: &[Record]) -> Link {
    records.iter().fold(prev, |link, record| extend(link, commitment(&record.salt, &record.event)))
}

/// The link after a whole append.
#[must_use]
pub fn seal(prev: Link, header: &AppendHeader, records: &[Record]) -> Link {
    extend_all(open_append(prev, header), records)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::Bytes;
    use detente_domain::position::{Position, RecordedAt};

    fn header() -> AppendHeader {
        AppendHeader {
            first: Position(1),
            count: 1,
            recorded_at: RecordedAt(1_753_920_000_000_000),
            recorded_by: "archivist".into(),
            request: Some(RequestMark { id: Uuid::from_u128(7), fingerprint: [3; 16], salt: None }),
            backfilled: false,
            floor: RecordedAt::MIN,
        }
    }

    fn record() -> Record {
        Record { salt: Salt([9; 16]), event: Bytes::from_static(b"event") }
    }

    #[test]
    fn the_commitment_is_the_documented_bytes() {
        let mut bytes = b"detente:event:v1".to_vec();
        bytes.extend([9; 16]);
        bytes.extend(b"event");
        let expected: [u8; 32] = Sha256::digest(&bytes).into();
        assert_eq!(commitment(&Salt([9; 16]), b"event"), expected);
    }

    #[test]
    fn the_opening_is_the_documented_bytes() {
        let mut bytes = b"detente:opens:v1".to_vec();
        bytes.extend([0; 32]);
        bytes.extend(1u64.to_be_bytes());
        bytes.extend(1u64.to_be_bytes());
        bytes.extend(1_753_920_000_000_000i64.to_be_bytes());
        bytes.extend([0, 1]);
        bytes.extend(7u128.to_be_bytes());
        bytes.extend([3; 16]);
        bytes.extend(9u64.to_be_bytes());
        bytes.extend(b"archivist");
        assert_eq!(open_append(Link::GENESIS, &header()).0, <[u8; 32]>::from(Sha256::digest(&bytes)));
    }

    /// This value is for ever: bases that clients hold are prefixes of it.
    #[test]
    fn the_link_of_a_known_history_never_changes() {
        let link = seal(Link::GENESIS, &header(), &[record()]);
        assert_eq!(link.to_string(), "1993898b2888f78e074393109159d8965905d98a5e8d12721c051f8d96a1d355");
    }

    #[test]
    fn every_field_of_the_header_changes_the_link() {
        let changes: [fn(&mut AppendHeader); 7] = [
            |h| h.first = Position(2),
            |h| h.count = 2,
            |h| h.recorded_at = RecordedAt(0),
            |h| h.recorded_by.push('x'),
            |h| h.request = None,
            |h| h.request = Some(RequestMark { id: Uuid::from_u128(7), fingerprint: [4; 16], salt: None }),
            |h| h.backfilled = true,
        ];
        let plain = open_append(Link::GENESIS, &header());
        for change in changes {
            let mut changed = header();
            change(&mut changed);
            assert_ne!(open_append(Link::GENESIS, &changed), plain, "{changed:?}");
        }
    }

    #[test]
    fn neither_the_salt_of_a_retry_nor_the_floor_changes_the_link() {
        let mut changed = header();
        changed.floor = RecordedAt(5);
        changed.request.as_mut().unwrap().salt = Some(Salt([8; 16]));
        assert_eq!(open_append(Link::GENESIS, &changed), open_append(Link::GENESIS, &header()));
    }

    #[test]
    fn the_entries_of_records_are_their_commitments_and_links() {
        let records = [record(), Record { salt: Salt([5; 16]), event: Bytes::from_static(b"another") }];
        let entries: Vec<_> = entries(Link([1; 32]), &records).collect();
        let first = extend(Link([1; 32]), commitment(&records[0].salt, b"event"));
        assert_eq!(entries[0], entry(commitment(&records[0].salt, b"event"), first));
        assert_eq!(entries[1][32..], extend_all(Link([1; 32]), &records).0);
    }

    #[test]
    fn salt_event_and_predecessor_change_the_link() {
        let link = extend(Link::GENESIS, commitment(&Salt([9; 16]), b"event"));
        assert_ne!(extend(Link([1; 32]), commitment(&Salt([9; 16]), b"event")), link);
        assert_ne!(extend(Link::GENESIS, commitment(&Salt([8; 16]), b"event")), link);
        assert_ne!(extend(Link::GENESIS, commitment(&Salt([9; 16]), b"Event")), link);
    }
}
