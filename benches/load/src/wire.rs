//! Looking at encoded messages without decoding them.

use bytes::Bytes;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

/// Counts the length-delimited fields with this number at the top of a message.
pub fn count_field(message: &Bytes, field: u32) -> u64 {
    fields(message).filter(|(tag, _)| *tag == field).count() as u64
}

/// The length-delimited fields at the top of a message, with their numbers, up to where it is malformed.
pub fn fields(message: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut rest = message;
    std::iter::from_fn(move || {
        while let Ok((tag, wire_type)) = decode_key(&mut rest) {
            if wire_type == WireType::LengthDelimited {
                return Some((tag, take(&mut rest)?));
            }
            skip_field(wire_type, tag, &mut rest, DecodeContext::default()).ok()?;
        }
        None
    })
}

/// The first number with this field number at the top of a message.
pub fn number_in(message: &[u8], field: u32) -> Option<u64> {
    let mut rest = message;
    while let Ok((tag, wire_type)) = decode_key(&mut rest) {
        match wire_type {
            WireType::Varint if tag == field => return decode_varint(&mut rest).ok(),
            WireType::LengthDelimited => _ = take(&mut rest)?,
            other => skip_field(other, tag, &mut rest, DecodeContext::default()).ok()?,
        }
    }
    None
}

/// Takes a length and as many bytes from the beginning.
fn take<'m>(rest: &mut &'m [u8]) -> Option<&'m [u8]> {
    let length = usize::try_from(decode_varint(rest).ok()?).ok()?;
    let (content, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_proto::v1;
    use prost::Message as _;

    #[test]
    fn fields_and_numbers_are_found_without_decoding() {
        let event = |position| v1::Event { position, recorded_by: "x".to_owned(), revision: 3, ..Default::default() };
        let events: Vec<v1::Event> = [1, 300, 70_000].map(event).into();
        let frame = v1::subscribe_response::Frame::Events(v1::Events { events: events.clone() });
        let message = v1::SubscribeResponse { position: 70_000, frame: Some(frame) }.encode_to_vec();
        let batch = fields(&message).find(|(field, _)| *field == 3).map(|(_, batch)| batch).expect("events");
        let positions: Vec<_> = fields(batch).map(|(_, event)| number_in(event, 5)).collect();
        assert_eq!(positions, events.iter().map(|event| Some(event.position)).collect::<Vec<_>>());
        assert_eq!(count_field(&Bytes::copy_from_slice(batch), 1), 3);
        assert_eq!(number_in(&message, 9), None);
        assert_eq!(fields(&message[..message.len() - 1]).count(), 0);
    }
}
