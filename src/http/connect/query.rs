//! A call in the query of an address: `?connect=v1&encoding=json&base64=1&compression=gzip&message=...`, in any order
//! and together with other parameters.

use super::Codec;
use super::protocol::compression;
use crate::grpc::inflate::Compression;
use crate::http::failure::HttpFailure;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The alphabet of addresses, padded or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A message in a query.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct QueryMessage {
    /// Its form.
    pub(super) codec: Codec,
    /// Its compression.
    pub(super) compression: Option<Compression>,
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
}

impl QueryMessage {
    /// Parses the message in a query. All faults of the query are reported at once, unknown values first.
    pub(super) fn of(query: &str) -> Result<Self, HttpFailure> {
        let mut wrong = Vec::new();
        let mut get = |name: &str| match one(query, name) {
            Ok(value) => value,
            Err(what) => {
                wrong.push((name.to_owned(), what.to_owned()));
                None
            }
        };
        let (version, encoding) = (get("connect"), get("encoding"));
        let (base64, packed, message) = (get("base64"), get("compression"), get("message"));
        let encoding = text(encoding);
        let codec = match encoding.as_deref() {
            Some("json") => Some(Codec::Json),
            Some("proto") => Some(Codec::Proto),
            Some(other) => {
                let why = format!("encoding: {other:?} is not known here; one of json, proto");
                return Err(HttpFailure::unsupported_request(StatusCode::UNSUPPORTED_MEDIA_TYPE, why));
            }
            None => None,
        };
        let compression = compression("compression", text(packed).as_deref())?;
        if version.is_some_and(|version| version != b"v1") {
            wrong.push(("connect".to_owned(), "not a version that is known here; v1, or leave it out".to_owned()));
        }
        if codec.is_none() {
            wrong.push(("encoding".to_owned(), "required: json or proto, the form of `message`".to_owned()));
        }
        let bytes = match message
            .map(|message| if base64.as_deref() == Some(b"1") { decode_base64(&message) } else { Ok(message) })
        {
            Some(Ok(bytes)) => bytes,
            Some(Err(what)) => {
                wrong.push(("message".to_owned(), what));
                Vec::new()
            }
            None => {
                wrong.push(("message".to_owned(), "required: the request, such as {} in JSON".to_owned()));
                Vec::new()
            }
        };
        match codec.filter(|_| wrong.is_empty()) {
            Some(codec) => Ok(Self { codec, compression, bytes }),
            None => Err(HttpFailure::invalid_fields(wrong)),
        }
    }
}

fn decode_base64(message: &[u8]) -> Result<Vec<u8>, String> {
    BASE64.decode(message).map_err(|error| format!("not base64 in the alphabet of addresses: {error}"))
}

fn text(value: Option<Vec<u8>>) -> Option<String> {
    value.map(|value| String::from_utf8_lossy(&value).into_owned())
}

/// The value of a name that a query has once; none where it has it not.
fn one(query: &str, name: &str) -> Result<Option<Vec<u8>>, &'static str> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut values = pairs.filter(|(key, _)| unescape(key) == name.as_bytes()).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (value, None) => Ok(value.map(unescape)),
        _ => Err("given more than once; give it once"),
    }
}

/// Decodes the bytes of a part of a query. `form_urlencoded` yields text, in which bytes that are no text would be
/// lost.
fn unescape(part: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let escaped = after.first_chunk::<2>().filter(|_| *byte == b'%').and_then(|digits| hex(*digits));
        bytes.push(match (byte, escaped) {
            (_, Some(escaped)) => {
                rest = after.get(2..).unwrap_or_default();
                escaped
            }
            (b'+', None) => b' ',
            (other, None) => *other,
        });
    }
    bytes
}

fn hex([high, low]: [u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<QueryMessage, (&'static str, u16, String)> {
        QueryMessage::of(query).map_err(|failure| (failure.0.code, failure.0.status, failure.0.message))
    }

    #[test]
    fn a_message_is_read_in_any_order_escaped_or_in_base64() {
        let json = |bytes: &[u8]| QueryMessage { codec: Codec::Json, compression: None, bytes: bytes.to_vec() };
        for (query, expected) in [
            ("encoding=json&message=%7B%7D", json(b"{}")),
            ("message={}&encoding=json&connect=v1&utm=x", json(b"{}")),
            ("message=%7B%22a%22%3A+1%7D&encoding=json", json(b"{\"a\": 1}")),
            ("message=&encoding=json", json(b"")),
            ("message=e30&encoding=json&base64=1", json(b"{}")),
            ("message=e30%3D&encoding=json&base64=1", json(b"{}")),
            ("message=e30&encoding=json&base64=0", json(b"e30")),
            ("message=%ff%zz%&encoding=json", json(b"\xff%zz%")),
        ] {
            assert_eq!(read(query), Ok(expected), "{query}");
        }
        let packed = read("compression=gzip&encoding=proto&base64=1&message=-_8").unwrap();
        assert_eq!(
            packed,
            QueryMessage { codec: Codec::Proto, compression: Some(Compression::Gzip), bytes: vec![0xfb, 0xff] }
        );
    }

    #[test]
    fn all_that_is_wrong_is_reported_at_once_and_what_is_not_known_has_its_own_status() {
        let (code, status, said) = read("").unwrap_err();
        assert_eq!((code, status), ("invalid_argument", 400));
        assert!(said.contains("encoding: required") && said.contains("message: required"), "{said}");
        for (query, says) in [
            ("message={}&message={}&encoding=json", "message: given more than once"),
            ("message={}&encoding=json&connect=v2", "connect: not a version"),
            ("message=e*&encoding=json&base64=1", "message: not base64"),
        ] {
            let (code, status, said) = read(query).unwrap_err();
            assert_eq!((code, status), ("invalid_argument", 400), "{query}");
            assert!(said.contains(says), "{query}: {said}");
        }
        let (code, status, said) = read("message={}&encoding=xml").unwrap_err();
        assert_eq!((code, status), ("unimplemented", 415), "{said}");
        let (code, status, said) = read("message={}&encoding=json&compression=br").unwrap_err();
        assert_eq!((code, status), ("unimplemented", 501), "{said}");
    }
}
