//! Looking at encoded messages without decoding them.

use bytes::Bytes;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

/// How many length-delimited fields with this number stand at the top of a message.
pub fn count_field(message: &Bytes, field: u32) -> u64 {
    let mut rest: &[u8] = message;
    let mut found = 0;
    while let Ok((tag, wire_type)) = decode_key(&mut rest) {
        found += u64::from(tag == field);
        let skipped = match wire_type {
            WireType::LengthDelimited => skip_bytes(&mut rest),
            other => skip_field(other, tag, &mut rest, DecodeContext::default()).is_ok(),
        };
        if !skipped {
            break;
        }
    }
    found
}

fn skip_bytes(rest: &mut &[u8]) -> bool {
    let length = decode_varint(rest).ok().and_then(|length| usize::try_from(length).ok());
    match length.and_then(|length| rest.get(length..)) {
        Some(after) => {
            *rest = after;
            true
        }
        None => false,
    }
}
