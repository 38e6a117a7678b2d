//! The form of single values in proto3 JSON: large numbers are strings, so are instants and numbers that are not
//! finite.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost_types::Timestamp;
use serde::Serialize;
use std::fmt::Display;
use std::io::Write as _;

/// A text.
pub(super) fn quote(text: &str, json: &mut Vec<u8>) {
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
        escape(*byte, json);
    }
    json.extend_from_slice(bytes.get(from..).unwrap_or_default());
    json.push(b'"');
}

fn escape(byte: u8, json: &mut Vec<u8>) {
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            display(json, format_args!("\\u{byte:04x}"));
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
pub(super) fn number(number: impl itoa::Integer, json: &mut Vec<u8>) {
    json.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// A number that may be too large for a double.
pub(super) fn large(number: impl itoa::Integer, json: &mut Vec<u8>) {
    plain(itoa::Buffer::new().format(number), json);
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

/// The day that was written last, since the next one is often the same: its number, and its date up to the `T`.
#[derive(Debug, Default)]
pub(super) struct DayText(Option<(i64, String)>);

/// An instant, with as many digits as it needs in threes.
pub(super) fn instant(at: &Timestamp, last: &mut DayText, json: &mut Vec<u8>) {
    const DAY: i64 = 86_400;
    let (day, second) = (at.seconds.div_euclid(DAY), at.seconds.rem_euclid(DAY));
    let Ok(nanos @ 0..1_000_000_000) = u32::try_from(at.nanos) else {
        return plain(&at.to_string(), json);
    };
    let date = match last.0.take() {
        Some((known, date)) if known == day => date,
        _ => {
            let mut whole = Timestamp { seconds: at.seconds.saturating_sub(second), nanos: 0 }.to_string();
            whole.truncate(whole.find('T').map_or(0, |at| at + 1));
            whole
        }
    };
    json.push(b'"');
    json.extend_from_slice(date.as_bytes());
    for (value, behind) in [(second / 3600, b':'), (second / 60 % 60, b':'), (second % 60, b'.')] {
        json.extend([digit(value / 10), digit(value), behind]);
    }
    match nanos {
        // A number without a fraction has no point.
        0 => drop(json.pop()),
        _ if nanos % 1_000_000 == 0 => digits(nanos / 1_000_000, 3, json),
        _ if nanos % 1_000 == 0 => digits(nanos / 1_000, 6, json),
        _ => digits(nanos, 9, json),
    }
    json.extend_from_slice(b"Z\"");
    last.0 = Some((day, date));
}

/// Writes the given number of digits, with zeros before it.
fn digits(number: u32, count: u32, json: &mut Vec<u8>) {
    json.extend((0..count).rev().map(|place| digit(i64::from(number / 10_u32.pow(place)))));
}

/// The last digit of a number.
fn digit(number: i64) -> u8 {
    b'0' + u8::try_from(number % 10).unwrap_or_default()
}

fn display(json: &mut Vec<u8>, what: impl Display) {
    // Writing to memory does not fail.
    let _ = write!(json, "{what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_as_prost_writes_it_whatever_day_came_before() {
        let mut last = DayText::default();
        for seconds in
            [0, 86_399, 86_400, 86_401, -1, -86_400, -86_401, 4_102_444_800, -62_135_596_800, 253_402_300_799]
        {
            for nanos in [0, 7, 1_000, 5_000_000, 999_999_999, -1, 1_000_000_000] {
                let (at, mut json) = (Timestamp { seconds, nanos }, Vec::new());
                instant(&at, &mut last, &mut json);
                assert_eq!(String::from_utf8(json).unwrap(), format!("\"{at}\""));
            }
        }
        for seconds in [i64::MIN, i64::MAX] {
            instant(&Timestamp { seconds, nanos: 0 }, &mut last, &mut Vec::new());
        }
    }
}
