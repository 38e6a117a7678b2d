//! How single values look in proto3 JSON: large numbers are strings, so are instants and what is no number.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost_types::Timestamp;
use serde::Serialize;
use std::fmt::Display;
use std::io::Write as _;

/// A text.
pub(super) fn quoted(text: &str, json: &mut Vec<u8>) {
    let is_special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    let bytes = text.as_bytes();
    // Most texts have nothing to escape; a look at all bytes without a way out is one at many bytes at once.
    if !bytes.iter().fold(false, |any, byte| any | is_special(*byte)) {
        return plain(text, json);
    }
    json.push(b'"');
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate().filter(|(_, byte)| is_special(**byte)) {
        json.extend_from_slice(bytes.get(from..at).unwrap_or_default());
        from = at + 1;
        escaped(*byte, json);
    }
    json.extend_from_slice(bytes.get(from..).unwrap_or_default());
    json.push(b'"');
}

fn escaped(byte: u8, json: &mut Vec<u8>) {
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            shown(json, format_args!("\\u{byte:04x}"));
            return;
        }
    };
    json.extend_from_slice(&[b'\\', short]);
}

/// A text that has nothing in it to escape.
pub(super) fn plain(text: &str, json: &mut Vec<u8>) {
    json.push(b'"');
    json.extend_from_slice(text.as_bytes());
    json.push(b'"');
}

/// A number.
pub(super) fn number(number: impl Display, json: &mut Vec<u8>) {
    shown(json, number);
}

/// A number that may be too large for a double.
pub(super) fn large(number: impl Display, json: &mut Vec<u8>) {
    json.push(b'"');
    shown(json, number);
    json.push(b'"');
}

/// A number with a fraction; what is no number has a name.
pub(super) fn float<F: Into<f64> + Serialize + Copy>(number: F, json: &mut Vec<u8>) {
    match number.into() {
        wide if wide.is_nan() => plain("NaN", json),
        f64::INFINITY => plain("Infinity", json),
        f64::NEG_INFINITY => plain("-Infinity", json),
        // A finite number has a form in JSON, and writing to memory does not fail.
        _ => drop(serde_json::to_writer(json, &number)),
    }
}

/// Bytes.
pub(super) fn base64(bytes: &[u8], json: &mut Vec<u8>) {
    plain(&STANDARD.encode(bytes), json);
}

/// An instant, with as many digits as it needs in threes.
pub(super) fn instant(at: &Timestamp, json: &mut Vec<u8>) {
    json.push(b'"');
    shown(json, at);
    json.push(b'"');
}

fn shown(json: &mut Vec<u8>, what: impl Display) {
    // Writing to memory does not fail.
    let _ = write!(json, "{what}");
}
