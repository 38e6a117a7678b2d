//! Making a claim's message out of an event's bytes, without decoding either.
//!
//! Protobuf messages are concatenations of fields, and joining two of them merges them. An event's fields 2 to 6 (revision,
//! recorded_at, recorded_by, position, note) have the numbers they have in a claim, and an assertion or revision holds the
//! claim's content as a message of its own. So the bytes of a claim in some revision are: the header of the event that
//! made the revision, the content of the event that holds the words, and what is output only. A test holds this against
//! decoding and encoding.

use prost::bytes::Buf;
use prost::encoding::{WireType, decode_key, decode_varint, encode_key, encode_varint};

/// The parts of an event that a claim is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpliceParts<'e> {
    /// Fields 2 to 6, as they stand in the bytes.
    pub header: &'e [u8],
    /// The content, where the event asserts or revises a claim.
    pub claim: &'e [u8],
}

const LAST_HEADER_FIELD: u32 = 6;
const CLAIM_ASSERTED: u32 = 10;
const CLAIM_REVISED: u32 = 11;

/// Finds the parts. None if the bytes are no event.
#[must_use]
pub fn parts(event: &[u8]) -> Option<SpliceParts<'_>> {
    let mut rest = event;
    let mut found = SpliceParts::default();
    while rest.has_remaining() {
        let at = event.len() - rest.len();
        let (field, wire_type) = decode_key(&mut rest).ok()?;
        if field > LAST_HEADER_FIELD && found.header.is_empty() {
            found.header = event.get(..at)?;
        }
        let value = take_value(&mut rest, wire_type)?;
        match field {
            CLAIM_ASSERTED => found.claim = field_of(value, 1)?,
            CLAIM_REVISED => found.claim = field_of(value, 2)?,
            _ => {}
        }
    }
    Some(found)
}

fn field_of(message: &[u8], wanted: u32) -> Option<&[u8]> {
    let mut rest = message;
    while rest.has_remaining() {
        let (field, wire_type) = decode_key(&mut rest).ok()?;
        let value = take_value(&mut rest, wire_type)?;
        if field == wanted {
            return Some(value);
        }
    }
    None
}

/// Takes the value of a field off the front: what a length-delimited one holds, nothing of the others.
pub(super) fn take_value<'b>(rest: &mut &'b [u8], wire_type: WireType) -> Option<&'b [u8]> {
    match wire_type {
        WireType::Varint => decode_varint(rest).ok().map(|_| &[][..]),
        WireType::LengthDelimited => {
            let length = usize::try_from(decode_varint(rest).ok()?).ok()?;
            let (value, after) = rest.split_at_checked(length)?;
            *rest = after;
            Some(value)
        }
        WireType::SixtyFourBit => rest.split_at_checked(8).map(|(_, after)| *rest = after).map(|()| &[][..]),
        WireType::ThirtyTwoBit => rest.split_at_checked(4).map(|(_, after)| *rest = after).map(|()| &[][..]),
        WireType::StartGroup | WireType::EndGroup => None,
    }
}

/// Writes a length-delimited field.
pub fn put_field(out: &mut Vec<u8>, field: u32, value: &[u8]) {
    encode_key(field, WireType::LengthDelimited, out);
    encode_varint(value.len() as u64, out);
    out.extend_from_slice(value);
}

/// Writes the key and length of a field whose value of `length` bytes follows.
pub fn put_field_head(out: &mut Vec<u8>, field: u32, length: usize) {
    encode_key(field, WireType::LengthDelimited, out);
    encode_varint(length as u64, out);
}

/// Writes a varint field, unless it is 0.
pub fn put_number(out: &mut Vec<u8>, field: u32, number: u64) {
    if number != 0 {
        encode_key(field, WireType::Varint, out);
        encode_varint(number, out);
    }
}
