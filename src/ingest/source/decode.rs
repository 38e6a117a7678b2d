//! Encodings: whatever a file is written in becomes UTF-8.
//!
//! UTF-8 is passed through, and each row is looked at by itself, so that a bad byte costs one row. Of other encodings what is
//! no character becomes U+FFFD, and the row that has one is rejected (`super::columns`).

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8};
use std::io::{self, Read};

/// The longest byte order mark.
const MARK: u64 = 3;
const CHUNK: usize = 64 << 10;

/// The stream in UTF-8. A byte order mark says more than the label.
///
/// # Errors
/// A label that there is not; within it what the system says.
pub(super) fn decode<'r>(
    mut stream: Box<dyn Read + 'r>,
    label: &str,
) -> Result<io::Result<Box<dyn Read + 'r>>, String> {
    let Some(named) = Encoding::for_label(label.as_bytes()) else {
        return Err(format!("`{label}` is no encoding; for example utf-8, windows-1252, iso-8859-6, utf-16le, gb18030"));
    };
    let mut head = Vec::new();
    if let Err(cause) = stream.by_ref().take(MARK).read_to_end(&mut head) {
        return Ok(Err(cause));
    }
    let (encoding, mark) = Encoding::for_bom(&head).unwrap_or((named, 0));
    head.drain(..mark);
    let whole = Box::new(io::Cursor::new(head).chain(stream));
    if encoding == UTF_8 {
        return Ok(Ok(whole));
    }
    let decoder = encoding.new_decoder_without_bom_handling();
    Ok(Ok(Box::new(Decoding { input: whole, decoder, raw: vec![0; CHUNK], from: 0, to: 0, ended: false })))
}

struct Decoding<'r> {
    input: Box<dyn Read + 'r>,
    decoder: Decoder,
    raw: Vec<u8>,
    from: usize,
    to: usize,
    ended: bool,
}

impl Read for Decoding<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.len() < 4 {
            // A decoder needs room for one character; who reads here has a large buffer.
            return Err(io::Error::other("the buffer is too small for a character"));
        }
        loop {
            if self.from == self.to && !self.ended {
                self.from = 0;
                self.to = self.input.read(&mut self.raw)?;
                self.ended = self.to == 0;
            }
            let raw = self.raw.get(self.from..self.to).unwrap_or_default();
            let (result, read, written, _) = self.decoder.decode_to_utf8(raw, buffer, self.ended);
            self.from += read;
            if written > 0 || (self.ended && result == CoderResult::InputEmpty) {
                return Ok(written);
            }
        }
    }
}
