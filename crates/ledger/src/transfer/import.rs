//! Brings in an export, byte for byte: the file is read twice, once to check all of it, once to record it. A ledger that
//! holds the beginning of it already gets the rest.

use super::line::{self, AppendLine, EndLine, Line, READABLE};
use super::{TransferError, TransferSummary};
use crate::wire::event::read_event;
use crate::wire::json;
use detente_journal::{Append, AppendHeader, Journal, Link, Record, chain};
use detente_proto::v1;
use prost::Message as _;
use std::io::BufRead;

/// The number of bytes of waiting events at which they are recorded together.
const GROUP_BYTES: usize = 4 << 20;

/// Checks an export from its first line to its last: that every event can be read and that the hash chain leads to where
/// the last line says.
///
/// # Errors
/// The first line that is wrong.
pub fn check(lines: &mut dyn BufRead) -> Result<TransferSummary, TransferError> {
    let mut carried = TransferSummary::default();
    ImportReading::new(lines).each_append(|append| {
        carried.appends += 1;
        carried.events += append.header.count;
        Ok(())
    })?;
    Ok(carried)
}

/// Records an export in a journal that is empty or holds the beginning of it.
///
/// # Errors
/// The first line that is wrong; that the journal holds something else; that it cannot be written.
pub fn import(
    lines: &mut dyn BufRead,
    journal: &mut dyn Journal,
    progress: &dyn Fn(u64),
) -> Result<TransferSummary, TransferError> {
    let start = journal.head();
    let mut carried = TransferSummary::default();
    let mut group: Vec<Append> = Vec::new();
    let mut waiting = 0;
    let mut reached_start = start.position.0 == 0;
    let mut flush = |group: &mut Vec<Append>| {
        let written = journal.append(group).map_err(|error| TransferError::Write(error.to_string()));
        group.clear();
        written
    };
    ImportReading::new(lines).each_append(|append| {
        carried.appends += 1;
        let last = append.header.last();
        if last <= start.position {
            carried.known += 1;
            if last == start.position {
                reached_start = append.link == start.link;
            }
            return Ok(());
        }
        if !reached_start {
            return Err(TransferError::OtherHistory);
        }
        carried.events += append.header.count;
        waiting += append.records.iter().map(|record| record.event.len()).sum::<usize>();
        group.push(append);
        if waiting >= GROUP_BYTES {
            waiting = 0;
            flush(&mut group)?;
            progress(last.0);
        }
        Ok(())
    })?;
    if !reached_start {
        return Err(TransferError::OtherHistory);
    }
    flush(&mut group)?;
    Ok(carried)
}

/// The lines of an export, one after the other.
struct ImportReading<'l> {
    lines: &'l mut dyn BufRead,
    number: u64,
    link: Link,
    open: Option<(AppendHeader, Vec<Record>)>,
    last: u64,
}

impl<'l> ImportReading<'l> {
    fn new(lines: &'l mut dyn BufRead) -> Self {
        Self { lines, number: 0, link: Link::GENESIS, open: None, last: 0 }
    }

    fn each_append(mut self, mut found: impl FnMut(Append) -> Result<(), TransferError>) -> Result<(), TransferError> {
        match self.next()? {
            Some(Line::Header { form, .. }) if READABLE.contains(&form) => {}
            Some(Line::Header { form, .. }) => return Err(self.wrong(format!("unknown form of export {form}"))),
            _ => return Err(self.wrong("expected the header of an export".to_owned())),
        }
        loop {
            match self.next()? {
                Some(Line::Append { append }) => self.begin(append)?,
                Some(Line::Event { salt, event }) => {
                    if let Some(append) = self.add(&salt, event)? {
                        found(append)?;
                    }
                }
                Some(Line::End { end }) => return self.finish(&end),
                Some(Line::Header { .. }) => return Err(self.wrong("a second header".to_owned())),
                None => return Err(self.wrong("the export is cut off: its last line is missing".to_owned())),
            }
        }
    }

    fn next(&mut self) -> Result<Option<Line>, TransferError> {
        let mut text = String::new();
        self.number += 1;
        if self.lines.read_line(&mut text)? == 0 {
            return Ok(None);
        }
        serde_json::from_str(&text).map(Some).map_err(|error| self.wrong(error.to_string()))
    }

    fn begin(&mut self, append: AppendLine) -> Result<(), TransferError> {
        let header = append.header().map_err(|what| self.wrong(what))?;
        if self.open.is_some() {
            return Err(self.wrong("the append before has fewer events than it counts".to_owned()));
        }
        if header.first.0 != self.last + 1 || header.count == 0 {
            return Err(self.wrong(format!("expected an append that begins at position {}", self.last + 1)));
        }
        self.open = Some((header, Vec::new()));
        Ok(())
    }

    fn add(&mut self, salt: &str, event: serde_json::Value) -> Result<Option<Append>, TransferError> {
        let salt = line::salt(salt).ok_or_else(|| self.wrong("salt: expected 32 hex digits".to_owned()))?;
        let event: v1::Event = json::read(event).map_err(|error| self.wrong(error.to_string()))?;
        let bytes = event.encode_to_vec();
        let (position, ..) = read_event(event).map_err(|error| self.wrong(error.to_string()))?;
        self.last += 1;
        if position.0 != self.last {
            return Err(self.wrong(format!("expected the event at position {}", self.last)));
        }
        let Some((header, mut records)) = self.open.take() else {
            return Err(self.wrong("an event outside an append".to_owned()));
        };
        records.push(Record { salt, event: bytes.into() });
        if (records.len() as u64) < header.count {
            self.open = Some((header, records));
            return Ok(None);
        }
        self.link = chain::seal(self.link, &header, &records);
        Ok(Some(Append { header, records, link: self.link }))
    }

    fn finish(&self, end: &EndLine) -> Result<(), TransferError> {
        if self.open.is_some() || end.position != self.last {
            return Err(self.wrong(format!("the export ends at position {}, not {}", self.last, end.position)));
        }
        if line::link(&end.link) != Some(self.link) {
            return Err(self.wrong("the hash chain does not lead here: something was altered on the way".to_owned()));
        }
        Ok(())
    }

    fn wrong(&self, what: String) -> TransferError {
        TransferError::Line { line: self.number, what }
    }
}
