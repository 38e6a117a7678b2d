//! CSV and TSV as RFC 4180 has them, and as they are found: lines that end in LF, CRLF or CR, quotes in the middle of a cell.
//!
//! No crate does this: a row has to come with its line and with its bytes as they stood, and a quote that is never
//! closed must cost its line, not the rest of the file. So if a quoted cell is malformed, only its first line is given
//! up, and reading continues with the next.
//!
//! ```text
//!   Start --quote--> Quoted --quote--> Closed --quote--> Quoted      (a doubled quote)
//!     |                                  |
//!     +--other--> Plain                  +--delimiter, end--> Start
//! ```

use std::io::{self, BufRead, Read as _};
use std::ops::Range;

/// A line that cannot be read, with a description of the fault.
#[derive(Debug)]
pub(super) struct BadLine {
    pub(super) what: String,
    pub(super) raw: Vec<u8>,
}

/// A record: its bytes, and where its cells are in them.
#[derive(Debug, Default)]
pub(super) struct DelimitedRecord {
    /// The line it begins in.
    pub(super) line: u64,
    /// Its bytes, without the end of the line.
    pub(super) raw: Vec<u8>,
    /// Its cells.
    pub(super) cells: Vec<DelimitedCell>,
}

/// The place of a cell.
#[derive(Debug)]
pub(super) struct DelimitedCell {
    /// Its bytes, without the quotes around it.
    pub(super) place: Range<usize>,
    /// True if it has doubled quotes.
    pub(super) doubled: bool,
}

/// Reads records.
pub(super) struct DelimitedReader<R> {
    lines: Lines<R>,
    delimiter: u8,
    quote: Option<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ParserState {
    Start,
    Plain,
    Quoted,
    Closed,
}

enum FieldOutcome {
    Whole,
    Unclosed,
    Wrong(String),
}

impl<R: BufRead> DelimitedReader<R> {
    pub(super) fn new(input: R, delimiter: u8, quote: Option<u8>) -> io::Result<Self> {
        Ok(Self { lines: Lines::new(input)?, delimiter, quote })
    }

    /// Passes over lines.
    pub(super) fn skip(&mut self, lines: usize) -> io::Result<()> {
        for _ in 0..lines {
            if let Some(end) = self.lines.end_from(0)? {
                self.lines.consume(end.next);
            }
        }
        Ok(())
    }

    /// Passes over a first line `sep=;`, as spreadsheets write it. If `obeyed` is true, it sets the delimiter.
    pub(super) fn take_separator(&mut self, obeyed: bool) -> io::Result<()> {
        let Some(first) = self.lines.end_from(0)? else { return Ok(()) };
        let line = self.lines.bytes(first.content).trim_ascii_end();
        let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
        let Some([separator]) = line.strip_prefix(b"sep=").or_else(|| line.strip_prefix(b"SEP=")) else {
            return Ok(());
        };
        if obeyed && separator.is_ascii() {
            self.delimiter = *separator;
        }
        self.lines.consume(first.next);
        Ok(())
    }

    /// The next record; none at the end. Empty lines are passed over.
    pub(super) fn next(&mut self, record: &mut DelimitedRecord) -> io::Result<Option<Result<(), BadLine>>> {
        loop {
            let Some(first) = self.lines.end_from(0)? else { return Ok(None) };
            record.line = self.lines.line;
            if first.too_long {
                return Ok(Some(Err(self.give_up(first, "it is longer than 4 MiB".to_owned()))));
            }
            if first.content == 0 {
                self.lines.consume(first.next);
                continue;
            }
            return self.record(record, first).map(Some);
        }
    }

    fn record(&mut self, record: &mut DelimitedRecord, first: RecordEnd) -> io::Result<Result<(), BadLine>> {
        record.cells.clear();
        let mut parse = Parse { state: ParserState::Start, at: 0, start: 0, doubled: false };
        let mut end = first;
        loop {
            let bytes = self.lines.bytes(end.content);
            match parse.line(bytes, self.delimiter, self.quote, &mut record.cells) {
                FieldOutcome::Whole => {
                    record.raw.clear();
                    record.raw.extend_from_slice(bytes);
                    self.lines.consume(end.next);
                    return Ok(Ok(()));
                }
                FieldOutcome::Wrong(what) => return Ok(Err(self.give_up(first, what))),
                FieldOutcome::Unclosed => {}
            }
            let unclosed = "a quote is opened and not closed: close it, or double it where it is meant as it is";
            match self.lines.end_from(end.next)? {
                Some(more) if !more.too_long && more.next <= super::MAX_ROW_BYTES => end = more,
                _ => return Ok(Err(self.give_up(first, unclosed.to_owned()))),
            }
        }
    }

    fn give_up(&mut self, first: RecordEnd, what: String) -> BadLine {
        let raw = self.lines.bytes(first.content).to_vec();
        self.lines.consume(first.next);
        BadLine { what, raw }
    }
}

/// The state of reading a record; it continues if there is another line.
struct Parse {
    state: ParserState,
    at: usize,
    start: usize,
    doubled: bool,
}

impl Parse {
    /// Reads on in a record of which one more line is there.
    fn line(&mut self, bytes: &[u8], delimiter: u8, quote: Option<u8>, cells: &mut Vec<DelimitedCell>) -> FieldOutcome {
        while let Some(&byte) = bytes.get(self.at) {
            match (self.state, Some(byte) == quote) {
                (ParserState::Start, true) => {
                    self.state = ParserState::Quoted;
                    self.start = self.at + 1;
                }
                (ParserState::Quoted, true) => self.state = ParserState::Closed,
                (ParserState::Closed, true) => {
                    self.doubled = true;
                    self.state = ParserState::Quoted;
                }
                (ParserState::Quoted, false) => {}
                (ParserState::Start | ParserState::Plain, _) if byte == delimiter => self.end_cell(self.at, cells),
                (ParserState::Closed, false) if byte == delimiter => self.end_cell(self.at - 1, cells),
                (ParserState::Closed, false) => {
                    let what = "there is text behind a closing quote: double the quote where it is meant as it is";
                    return FieldOutcome::Wrong(what.to_owned());
                }
                (ParserState::Start | ParserState::Plain, _) => self.state = ParserState::Plain,
            }
            self.at += 1;
        }
        match self.state {
            ParserState::Quoted => return FieldOutcome::Unclosed,
            ParserState::Closed => self.end_cell(self.at - 1, cells),
            ParserState::Start | ParserState::Plain => self.end_cell(self.at, cells),
        }
        FieldOutcome::Whole
    }

    fn end_cell(&mut self, end: usize, cells: &mut Vec<DelimitedCell>) {
        cells.push(DelimitedCell { place: self.start..end, doubled: std::mem::take(&mut self.doubled) });
        self.state = ParserState::Start;
        self.start = self.at + 1;
    }
}

/// In how much of a file it is found out what ends a line.
const HEAD_BYTES: u64 = 64 << 10;

/// The bytes that are kept of a line that is too long.
const KEPT_BYTES: usize = 1024;

/// Lines of a stream, of which several can be looked at before they are done with.
struct Lines<R> {
    input: R,
    /// The bytes that were read and are still needed: whole lines.
    buffer: Vec<u8>,
    begin: usize,
    /// The number of the line at `begin`.
    line: u64,
    /// The byte that ends a line.
    terminator: u8,
}

/// The end of a line, in bytes from the first byte that is still needed.
#[derive(Clone, Copy)]
struct RecordEnd {
    /// The end of its content.
    content: usize,
    /// The beginning of the next line.
    next: usize,
    too_long: bool,
}

impl<R: BufRead> Lines<R> {
    fn new(mut input: R) -> io::Result<Self> {
        let mut head = Vec::new();
        input.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
        let first = head.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        // A CR that no LF follows ends the lines of files from old Macs.
        let bare =
            first.is_some_and(|at| head.get(at) == Some(&b'\r') && head.get(at + 1).is_some_and(|b| *b != b'\n'));
        let terminator = if bare { b'\r' } else { b'\n' };
        Ok(Self { input, buffer: head, begin: 0, line: 1, terminator })
    }

    fn bytes(&self, end: usize) -> &[u8] {
        self.buffer.get(self.begin..self.begin + end).unwrap_or_default()
    }

    /// Returns the end of the line that begins at `from`; none if there is none.
    fn end_from(&mut self, from: usize) -> io::Result<Option<RecordEnd>> {
        let start = self.begin + from;
        let known = self.buffer.get(start..).unwrap_or_default().iter().position(|byte| *byte == self.terminator);
        let mut too_long = false;
        let next = match known {
            Some(at) => start + at + 1,
            None => {
                let here = self.buffer.len() - start;
                let most = (super::MAX_ROW_BYTES + 1).saturating_sub(here);
                let count = self.input.by_ref().take(most as u64).read_until(self.terminator, &mut self.buffer)?;
                if here + count == 0 {
                    return Ok(None);
                }
                too_long = here + count > super::MAX_ROW_BYTES && self.buffer.last() != Some(&self.terminator);
                if too_long {
                    self.buffer.truncate(start + KEPT_BYTES);
                    self.drop_rest()?;
                }
                self.buffer.len()
            }
        };
        let mut content = next;
        if self.buffer.get(content.wrapping_sub(1)) == Some(&self.terminator) && content > start {
            content -= 1;
            if self.terminator == b'\n' && content > start && self.buffer.get(content - 1) == Some(&b'\r') {
                content -= 1;
            }
        }
        Ok(Some(RecordEnd { content: content - self.begin, next: next - self.begin, too_long }))
    }

    /// Passes over what is left of a line that is too long to be kept.
    fn drop_rest(&mut self) -> io::Result<()> {
        loop {
            let available = self.input.fill_buf()?;
            let end = available.iter().position(|byte| *byte == self.terminator);
            let (done, count) = match end {
                Some(at) => (true, at + 1),
                None => (available.is_empty(), available.len()),
            };
            self.input.consume(count);
            if done {
                return Ok(());
            }
        }
    }

    /// Is done with everything up to a place, which ends lines.
    fn consume(&mut self, end: usize) {
        let done = self.buffer.get(self.begin..self.begin + end).unwrap_or_default();
        let lines = done.iter().filter(|byte| **byte == self.terminator).count();
        self.line += lines.max(1) as u64;
        self.begin += end;
        if self.begin >= self.buffer.len() {
            self.buffer.clear();
            self.begin = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str, quote: bool) -> Vec<(u64, Result<Vec<String>, String>)> {
        let mut delimited = DelimitedReader::new(text.as_bytes(), b',', quote.then_some(b'"')).unwrap();
        let mut record = DelimitedRecord::default();
        let mut read = Vec::new();
        while let Some(next) = delimited.next(&mut record).unwrap() {
            let text = |cell: &DelimitedCell| String::from_utf8_lossy(&record.raw[cell.place.clone()]).into_owned();
            let told = next.map(|()| record.cells.iter().map(text).collect()).map_err(|bad| bad.what);
            read.push((record.line, told));
        }
        read
    }

    fn ok(line: u64, cells: &[&str]) -> (u64, Result<Vec<String>, String>) {
        (line, Ok(cells.iter().map(|cell| (*cell).to_owned()).collect()))
    }

    #[test]
    fn lines_end_in_lf_crlf_or_cr_and_the_last_need_not_end() {
        for text in ["a,b\n1,2\n", "a,b\r\n1,2\r\n", "a,b\r1,2\r", "a,b\n1,2"] {
            assert_eq!(cells(text, true), [ok(1, &["a", "b"]), ok(2, &["1", "2"])], "{text:?}");
        }
        assert_eq!(cells("a\n\n\nb\n", true), [ok(1, &["a"]), ok(4, &["b"])]);
        assert_eq!(cells("", true), []);
        assert_eq!(cells(",\n", true), [ok(1, &["", ""])]);
    }

    #[test]
    fn a_quoted_cell_holds_delimiters_lines_and_doubled_quotes() {
        assert_eq!(cells("\"a,\nb\",c\nd,e\n", true), [ok(1, &["a,\nb", "c"]), ok(3, &["d", "e"])]);
        assert_eq!(cells("\"say \"\"x\"\"\",\"\"\n", true), [ok(1, &["say \"\"x\"\"", ""])]);
        assert_eq!(cells("5\" gun,x\n", true), [ok(1, &["5\" gun", "x"])]);
        assert_eq!(cells("\"a,b\n", false), [ok(1, &["\"a", "b"])]);
    }

    #[test]
    fn a_quote_that_is_not_closed_costs_its_line_alone() {
        let read = cells("a,\"b\nc,d\ne,f\n", true);
        assert!(read[0].1.as_ref().unwrap_err().contains("not closed"), "{read:?}");
        assert_eq!(read[1..], [ok(2, &["c", "d"]), ok(3, &["e", "f"])]);
        let read = cells("a,\"b\nc,\"d\"\ne,f\n", true);
        assert!(read[0].1.as_ref().unwrap_err().contains("behind a closing quote"), "{read:?}");
        assert_eq!(read[1..], [ok(2, &["c", "d"]), ok(3, &["e", "f"])]);
    }

    #[test]
    fn a_line_that_is_too_long_is_given_up_and_the_next_one_read() {
        let text = format!("a,b\n{},x\nc,d\n", "y".repeat(super::super::MAX_ROW_BYTES + 10));
        let read = cells(&text, true);
        assert_eq!(read[0], ok(1, &["a", "b"]));
        assert!(read[1].1.as_ref().unwrap_err().contains("longer than 4 MiB"));
        assert_eq!(read[2], ok(3, &["c", "d"]));
    }
}
