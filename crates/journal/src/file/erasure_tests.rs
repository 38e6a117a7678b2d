//! A record that was erased at its length, as a later version does it: the chain stays whole, and the words are not served.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use prost::encoding::{WireType, encode_key, encode_varint};
use tempfile::TempDir;
use uuid::Uuid;

use super::disk::RealDisk;
use super::frame;
use super::segment::{self, HEADER_LEN};
use super::{FileJournal, Options, verify};
use crate::record::{self, RecordFrame};
use crate::{Append, AppendHeader, Bytes, Head, Journal, LedgerId, ReadError, Record, Salt, chain};
use detente_domain::position::{Position, RecordedAt};

/// Appends an erased record that takes exactly as many bytes as the whole one.
fn put_erased(position: Position, record: &Record, payload: &mut Vec<u8>) {
    let (start, len) = (payload.len(), record::record_len(record));
    let commitment = chain::commitment(&record.salt, &record.event);
    let mut body = Vec::new();
    let check = crc32c::crc32c_append(crc32c::crc32c(&position.0.to_be_bytes()), &commitment);
    encode_key(3, WireType::ThirtyTwoBit, &mut body);
    body.extend(check.to_le_bytes());
    encode_key(4, WireType::LengthDelimited, &mut body);
    encode_varint(32, &mut body);
    body.extend(commitment);
    let prefix = len - record::body_len(record);
    let padding = len - prefix - body.len();
    encode_key(5, WireType::LengthDelimited, &mut body);
    // A varint may be longer than it need be, so that any length can be made up.
    let zeros = (1..=5).map(|width| (width, padding.checked_sub(1 + width))).find_map(|(width, zeros)| {
        let zeros = zeros?;
        (zeros < 1 << (7 * width)).then_some((width, zeros))
    });
    let (width, zeros) = zeros.expect("every event is long enough");
    for nth in 0..width {
        let more = if nth + 1 < width { 0x80 } else { 0 };
        body.push((zeros >> (7 * nth)) as u8 & 0x7F | more);
    }
    body.extend(vec![0; zeros]);
    encode_key(2, WireType::LengthDelimited, payload);
    encode_varint(body.len() as u64, payload);
    payload.extend(body);
    assert_eq!(payload.len() - start, len);
}

fn append_of(head: Head, lengths: &[usize]) -> Append {
    let records: Vec<_> =
        lengths.iter().map(|len| Record { salt: Salt([3; 16]), event: vec![7; *len].into() }).collect();
    let header = AppendHeader {
        first: head.position.next(),
        count: records.len() as u64,
        recorded_at: RecordedAt(head.position.0 as i64 + 1),
        recorded_by: "archivist".to_owned(),
        request: None,
        backfilled: false,
        floor: RecordedAt::MIN,
    };
    let link = chain::seal(head.link, &header, &records);
    Append { header, records, link }
}

/// Erases the `nth` record of the first frame of a segment, whose append is given.
fn erase(path: &Path, append: &Append, nth: usize) {
    let bytes = fs::read(path).unwrap();
    let segment = segment::Segment::open(path.parent().unwrap(), &RealDisk, Position(1)).unwrap().unwrap();
    let at = HEADER_LEN as usize;
    let header = frame::Header::decode(segment.header.nonce, &bytes[at..at + frame::HEADER_LEN]).unwrap();
    let mut payload = Vec::new();
    record::EncodedHeader::of(&append.header).put(&mut payload);
    for (index, record) in append.records.iter().enumerate() {
        let position = append.header.first.plus(index as u64);
        if index == nth {
            put_erased(position, record, &mut payload)
        } else {
            record::put_record(position, record, &mut payload)
        }
    }
    assert_eq!(payload.len(), header.payload_len as usize);
    let mut frame = Vec::new();
    frame::Header { payload_crc: crc32c::crc32c(&payload), ..header }.put(segment.header.nonce, &mut frame);
    frame.extend(payload);
    OpenOptions::new().write(true).open(path).unwrap().write_all_at(&frame, HEADER_LEN).unwrap();
}

#[test]
fn an_event_is_erased_at_its_length_and_the_chain_over_it_still_verifies() {
    for len in [16, 30, 126, 127, 128, 129, 130, 131, 144, 145, 146, 147, 300, 16_400, 16_402, 20_000] {
        let dir = TempDir::new().unwrap();
        let id = LedgerId(Uuid::from_u128(5));
        let options = Options { reserve_bytes: 0, ..Options::default() };
        let mut journal = FileJournal::create(dir.path(), id, options.clone(), Arc::new(RealDisk)).unwrap();
        let first = append_of(Head::GENESIS, &[20, len, 9]);
        let head = journal.append(std::slice::from_ref(&first)).unwrap();
        let second = append_of(head, &[40]);
        let head = journal.append(std::slice::from_ref(&second)).unwrap();
        drop(journal);
        erase(&dir.path().join(segment::name(Position(1))), &first, 1);

        let report = verify(dir.path(), &RealDisk, &mut |_, _| ()).unwrap();
        assert_eq!((report.head, report.events), (head, 4), "an event of {len} bytes");
        let (journal, recovery) = FileJournal::open(dir.path(), options, Arc::new(RealDisk)).unwrap();
        assert_eq!(recovery.torn, None);
        let reader = journal.reader();
        let read = reader.read(Position::START).unwrap().next().unwrap();
        assert!(matches!(read, Err(ReadError::Erased(Position(2)))), "{read:?}");
        let rest = reader.read(Position(4)).unwrap().next().unwrap().unwrap();
        assert_eq!(rest.records, second.records);
    }
}

#[test]
fn an_erased_record_is_decoded_to_its_commitment() {
    let append = append_of(Head::GENESIS, &[50]);
    let mut payload = Vec::new();
    record::EncodedHeader::of(&append.header).put(&mut payload);
    put_erased(Position(1), &append.records[0], &mut payload);
    let (_, records) = record::decode(Bytes::from(payload.clone()), RecordedAt::MIN).unwrap();
    assert_eq!(records[0].commitment(), chain::commitment(&append.records[0].salt, &append.records[0].event));
    assert!(!payload.windows(50).any(|bytes| bytes == [7; 50]), "no word of it is left");
    let _: RecordFrame = prost::Message::decode(payload.as_slice()).unwrap();
}
