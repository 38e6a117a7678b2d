//! The persisted twins of the journal's types, as `proto/detente/journal/v1/record.proto` describes them.
//!
//! Reading decodes a [`RecordFrame`] message whose records share the frame's buffer. Writing encodes straight from the
//! journal's own types, without building messages: it runs for every event.
//!
//! A record has a checksum of its own, over its position, salt and event, so that it can be read without its frame. A
//! record whose event was erased keeps its commitment and its length: every offset stays what it was.

use std::sync::Arc;

use prost::Message;
use prost::bytes::Bytes;
use prost::encoding::{WireType, decode_varint, encode_key, encode_varint, encoded_len_varint, key_len};
use uuid::Uuid;

use super::{AppendHeader, Record, RequestMark, Salt, chain};
use detente_domain::position::{Position, RecordedAt};

const HEADER: u32 = 1;
const RECORDS: u32 = 2;
const SALT: u32 = 1;
const EVENT: u32 = 2;
const CHECK_KEY: u8 = 0x1D;
const CHECK_LEN: usize = 5;

/// The payload of one frame.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RecordFrame {
    #[prost(message, optional, tag = "1")]
    header: Option<HeaderMessage>,
    #[prost(message, repeated, tag = "2")]
    records: Vec<RecordMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct HeaderMessage {
    #[prost(uint64, tag = "1")]
    first: u64,
    #[prost(uint64, tag = "2")]
    count: u64,
    #[prost(sfixed64, tag = "3")]
    recorded_at: i64,
    #[prost(string, tag = "4")]
    recorded_by: String,
    #[prost(message, optional, tag = "5")]
    request: Option<RequestMessage>,
    #[prost(bool, tag = "6")]
    backfilled: bool,
}

#[derive(Clone, PartialEq, Message)]
struct RequestMessage {
    #[prost(bytes = "bytes", tag = "1")]
    id: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    fingerprint: Bytes,
    #[prost(bytes = "bytes", optional, tag = "3")]
    salt: Option<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
struct RecordMessage {
    #[prost(bytes = "bytes", tag = "1")]
    salt: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    event: Bytes,
    #[prost(fixed32, tag = "3")]
    check: u32,
    #[prost(bytes = "bytes", optional, tag = "4")]
    commitment: Option<Bytes>,
    #[prost(bytes = "bytes", tag = "5")]
    padding: Bytes,
}

/// A record as it stands in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoredRecord {
    /// With its event.
    Whole(Record),
    /// The commitment that an erased event leaves.
    Erased([u8; 32]),
}

impl StoredRecord {
    /// The commitment of its event.
    pub(crate) fn commitment(&self) -> [u8; 32] {
        match self {
            Self::Whole(record) => chain::commitment(&record.salt, &record.event),
            Self::Erased(commitment) => *commitment,
        }
    }
}

/// Decodes a frame's payload; `None` if it is not one. The records share its buffer. `floor` is
/// that of its append, which the frame states.
pub(crate) fn decode(payload: Bytes, floor: RecordedAt) -> Option<(Arc<AppendHeader>, Vec<StoredRecord>)> {
    let frame = RecordFrame::decode(payload).ok()?;
    let header = frame.header?.into_header(floor)?;
    let records = frame.records.into_iter().map(RecordMessage::into_record).collect::<Option<Vec<_>>>()?;
    Some((Arc::new(header), records))
}

/// The event of the record at a position, from the field of a frame as [`put_record`] writes it; `None` if it is not one,
/// was erased, or its checksum is not that of this position.
pub(crate) fn event_in(position: Position, field: &[u8]) -> Option<&[u8]> {
    let (body, after) = take_field(RECORDS, field)?;
    let (salt, rest) = take_field(SALT, body)?;
    let (event, rest) = take_field(EVENT, rest)?;
    let (key, stated) = rest.split_first_chunk()?;
    let salt = Salt(salt.try_into().ok()?);
    let is_sound = *key == [CHECK_KEY] && after.is_empty() && stated == check(position, &salt, event).to_le_bytes();
    is_sound.then_some(event)
}

/// The content of a length-delimited field at the front of some bytes, and the bytes after it.
fn take_field(tag: u32, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (key, mut rest) = bytes.split_first()?;
    if u32::from(*key) != tag << 3 | WireType::LengthDelimited as u32 {
        return None;
    }
    let len = decode_varint(&mut rest).ok()?;
    rest.split_at_checked(usize::try_from(len).ok()?)
}

impl HeaderMessage {
    fn of(header: &AppendHeader) -> Self {
        Self {
            first: header.first.0,
            count: header.count,
            recorded_at: header.recorded_at.0,
            recorded_by: header.recorded_by.clone(),
            request: header.request.as_ref().map(RequestMessage::of),
            backfilled: header.backfilled,
        }
    }

    fn into_header(self, floor: RecordedAt) -> Option<AppendHeader> {
        let request = match self.request {
            Some(request) => Some(request.into_mark()?),
            None => None,
        };
        Some(AppendHeader {
            first: Position(self.first),
            count: self.count,
            recorded_at: RecordedAt(self.recorded_at),
            recorded_by: self.recorded_by,
            request,
            backfilled: self.backfilled,
            floor,
        })
    }
}

impl RequestMessage {
    fn of(mark: &RequestMark) -> Self {
        Self {
            id: Bytes::copy_from_slice(mark.id.as_bytes()),
            fingerprint: Bytes::copy_from_slice(&mark.fingerprint),
            salt: mark.salt.map(|salt| Bytes::copy_from_slice(&salt.0)),
        }
    }

    fn into_mark(self) -> Option<RequestMark> {
        let id = Uuid::from_slice(&self.id).ok()?;
        let salt = match self.salt {
            Some(salt) => Some(Salt(salt.as_ref().try_into().ok()?)),
            None => None,
        };
        Some(RequestMark { id, fingerprint: self.fingerprint.as_ref().try_into().ok()?, salt })
    }
}

impl RecordMessage {
    fn into_record(self) -> Option<StoredRecord> {
        Some(match self.commitment {
            Some(commitment) => StoredRecord::Erased(commitment.as_ref().try_into().ok()?),
            None => StoredRecord::Whole(Record { salt: Salt(self.salt.as_ref().try_into().ok()?), event: self.event }),
        })
    }
}

/// An append's header, encoded once for all its frames.
pub(crate) struct EncodedHeader(Vec<u8>);

impl EncodedHeader {
    /// Encodes it, as the first field of a frame.
    pub(crate) fn of(header: &AppendHeader) -> Self {
        let mut bytes = Vec::new();
        prost::encoding::message::encode(HEADER, &HeaderMessage::of(header), &mut bytes);
        Self(bytes)
    }

    /// The bytes of a frame that it takes.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Writes it.
    pub(crate) fn put(&self, payload: &mut Vec<u8>) {
        payload.extend_from_slice(&self.0);
    }
}

/// The bytes of a frame that a record takes.
pub(crate) fn record_len(record: &Record) -> usize {
    delimited_len(RECORDS, body_len(record))
}

/// Writes the record at a position as a field of a frame.
pub(crate) fn put_record(position: Position, record: &Record, payload: &mut Vec<u8>) {
    put_prefix(RECORDS, body_len(record), payload);
    put_bytes(SALT, &record.salt.0, payload);
    put_bytes(EVENT, &record.event, payload);
    put_check(check(position, &record.salt, &record.event), payload);
}

/// The bytes of the message of a record, without the field's key and length before it.
pub(crate) fn body_len(record: &Record) -> usize {
    delimited_len(SALT, record.salt.0.len()) + delimited_len(EVENT, record.event.len()) + CHECK_LEN
}

fn put_check(check: u32, payload: &mut Vec<u8>) {
    payload.push(CHECK_KEY);
    payload.extend_from_slice(&check.to_le_bytes());
}

/// The checksum of a record: the same bytes at another position have another one.
fn check(position: Position, salt: &Salt, event: &[u8]) -> u32 {
    let seed = crc32c::crc32c(&position.0.to_be_bytes());
    crc32c::crc32c_append(crc32c::crc32c_append(seed, &salt.0), event)
}

fn delimited_len(tag: u32, len: usize) -> usize {
    key_len(tag) + encoded_len_varint(len as u64) + len
}

fn put_prefix(tag: u32, len: usize, payload: &mut Vec<u8>) {
    encode_key(tag, WireType::LengthDelimited, payload);
    encode_varint(len as u64, payload);
}

fn put_bytes(tag: u32, bytes: &[u8], payload: &mut Vec<u8>) {
    put_prefix(tag, bytes.len(), payload);
    payload.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use prost_reflect::{DescriptorPool, DynamicMessage, Value};

    use super::*;

    const PROTO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/proto");

    fn header() -> AppendHeader {
        AppendHeader {
            first: Position(41),
            count: 2,
            recorded_at: RecordedAt(-5),
            recorded_by: "archivist".into(),
            request: Some(RequestMark { id: Uuid::from_u128(7), fingerprint: [3; 16], salt: Some(Salt([4; 16])) }),
            backfilled: true,
            floor: RecordedAt(-6),
        }
    }

    fn records() -> Vec<Record> {
        ["first", ""].map(|event| Record { salt: Salt([9; 16]), event: Bytes::from(event) }).to_vec()
    }

    fn encode_all() -> Vec<u8> {
        let mut payload = Vec::new();
        EncodedHeader::of(&header()).put(&mut payload);
        for (position, record) in (41..).map(Position).zip(records()) {
            let before = payload.len();
            put_record(position, &record, &mut payload);
            assert_eq!(payload.len() - before, record_len(&record));
        }
        payload
    }

    #[test]
    fn what_is_encoded_is_decoded_again() {
        let (decoded, found) = decode(encode_all().into(), RecordedAt(-6)).unwrap();
        let records: Vec<_> = records().into_iter().map(StoredRecord::Whole).collect();
        assert_eq!((decoded.as_ref(), found), (&header(), records));
    }

    #[test]
    fn a_salt_or_request_of_the_wrong_length_is_no_record() {
        let short = RecordMessage { salt: Bytes::from_static(b"short"), ..RecordMessage::default() };
        assert!(short.into_record().is_none());
        let short = RecordMessage { commitment: Some(Bytes::from_static(b"short")), ..RecordMessage::default() };
        assert!(short.into_record().is_none());
        let short = RequestMessage { id: Bytes::from_static(b"short"), ..RequestMessage::default() };
        assert!(short.into_mark().is_none());
    }

    fn field(message: &DynamicMessage, name: &str) -> Value {
        message.get_field_by_name(name).unwrap().into_owned()
    }

    #[test]
    fn the_bytes_are_those_the_proto_file_describes() {
        let files = protox::compile(["detente/journal/v1/record.proto"], [PROTO]).unwrap();
        let pool = DescriptorPool::from_file_descriptor_set(files).unwrap();
        let frame = pool.get_message_by_name("detente.journal.v1.Frame").unwrap();
        let frame = DynamicMessage::decode(frame, encode_all().as_slice()).unwrap();
        assert_eq!(frame.unknown_fields().count(), 0);

        let append = field(&frame, "header").as_message().unwrap().clone();
        assert_eq!(append.unknown_fields().count(), 0);
        assert_eq!(field(&append, "first"), Value::U64(41));
        assert_eq!(field(&append, "count"), Value::U64(2));
        assert_eq!(field(&append, "recorded_at"), Value::I64(-5));
        assert_eq!(field(&append, "recorded_by"), Value::String("archivist".into()));
        assert_eq!(field(&append, "backfilled"), Value::Bool(true));
        let request = field(&append, "request").as_message().unwrap().clone();
        assert_eq!(field(&request, "id"), Value::Bytes(7u128.to_be_bytes().to_vec().into()));
        assert_eq!(field(&request, "fingerprint"), Value::Bytes(vec![3; 16].into()));
        assert_eq!(field(&request, "salt"), Value::Bytes(vec![4; 16].into()));

        let records = field(&frame, "records").as_list().unwrap().to_vec();
        let events = records.iter().map(|r| field(r.as_message().unwrap(), "event")).collect::<Vec<_>>();
        assert_eq!(events, [Value::Bytes("first".into()), Value::Bytes("".into())]);
        assert_eq!(field(records[0].as_message().unwrap(), "salt"), Value::Bytes(vec![9; 16].into()));
        let expected = check(Position(41), &Salt([9; 16]), b"first");
        assert_eq!(field(records[0].as_message().unwrap(), "check"), Value::U32(expected));
    }
}
