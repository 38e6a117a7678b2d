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
        return Err(format!(
            "`{label}` is no encoding; for example utf-8, windows-1252, iso-8859-6, utf-16le, gb18030"
        ));
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
    let decoding =
        CharacterReader { input: whole, decoder: Some(decoder), raw: Window::default(), decoded: Window::default() };
    Ok(Ok(Box::new(decoding)))
}

struct CharacterReader<'r> {
    input: Box<dyn Read + 'r>,
    /// None once the last character has been decoded.
    decoder: Option<Decoder>,
    raw: Window,
    decoded: Window,
}

/// Bytes of which some are done with.
#[derive(Default)]
struct Window {
    bytes: Vec<u8>,
    from: usize,
    to: usize,
}

impl Window {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.from..self.to).unwrap_or_default()
    }

    /// All of its room, when everything is done with.
    fn room(&mut self) -> &mut [u8] {
        self.bytes.resize(CHUNK, 0);
        (self.from, self.to) = (0, 0);
        &mut self.bytes
    }
}

impl CharacterReader<'_> {
    /// Decodes until there is something, or nothing more to come.
    fn fill(&mut self) -> io::Result<()> {
        while let Some(decoder) = self.decoder.as_mut().filter(|_| self.decoded.rest().is_empty()) {
            if self.raw.rest().is_empty() {
                self.raw.to = self.input.read(self.raw.room())?;
            }
            let last = self.raw.rest().is_empty();
            let (result, read, written, _) = decoder.decode_to_utf8(self.raw.rest(), self.decoded.room(), last);
            self.raw.from += read;
            self.decoded.to = written;
            if last && result == CoderResult::InputEmpty {
                self.decoder = None;
            }
        }
        Ok(())
    }
}

impl Read for CharacterReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        let count = self.decoded.rest().read(buffer)?;
        self.decoded.from += count;
        Ok(count)
    }
}
