//! The names of a file's columns, and the rows that the lines of a delimited file become.

use super::csv::{BadLine, DelimitedCell, DelimitedReader, DelimitedRecord};
use super::row::{FileName, Row, RowResult};
use super::shape::RowShape;
use super::{Take, broken_file, refused_file};
use crate::fault::{BadFile, BadMapping, RowFault};
use crate::mapping::FileSpec;
use crate::to_nfc;
use std::collections::BTreeSet;
use std::io::BufRead;
use std::ops::Deref;
use std::sync::Arc;

/// The names of the columns of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    names: Vec<String>,
    /// True if a row may have other columns, as rows of JSON may.
    pub open: bool,
}

impl Deref for Columns {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.names
    }
}

impl Columns {
    /// Columns of which there may be more.
    pub(super) fn open(names: Vec<String>) -> Self {
        Self { names, open: true }
    }

    /// Columns of which there are no more.
    pub(super) const fn of_names(names: Vec<String>) -> Self {
        Self { names, open: false }
    }

    /// Other columns, of which there may be more if there may be more of these.
    pub(super) const fn like(&self, names: Vec<String>) -> Self {
        Self { names, open: self.open }
    }

    fn from_header(names: Vec<String>, file: &FileName) -> Result<Self, BadFile> {
        let mut sorted: Vec<&String> = names.iter().filter(|name| !name.is_empty()).collect();
        sorted.sort();
        let twice = sorted.windows(2).find_map(|pair| match pair {
            [one, other] if one == other => Some(one.as_str()),
            _ => None,
        });
        match twice {
            Some(name) => Err(refused_file(file, format!("two columns are called `{name}`"))),
            None => Ok(Self { names, open: false }),
        }
    }
}

/// All members that the objects of a file, or of several, had.
#[derive(Debug, Default)]
pub struct Members {
    names: BTreeSet<String>,
    open: bool,
}

impl Members {
    /// Takes in those of some rows.
    pub fn add(&mut self, columns: &Columns) {
        self.open |= columns.open;
        self.names.extend(columns.iter().filter(|name| !self.names.contains(*name)).cloned().collect::<Vec<_>>());
    }

    /// The columns for all members, to which no more can be added; none if there was no row.
    pub fn into_columns(self) -> Option<Columns> {
        let names = self.names.into_iter().collect::<Vec<_>>();
        (!names.is_empty()).then_some(Columns { names, open: false })
    }
}

/// Returns the name of a column, by the rules of a mapping.
pub(super) fn column_name(name: &str, spec: &FileSpec) -> String {
    let name = to_nfc(name.trim());
    let name = if spec.lower_case { name.to_lowercase() } else { name.into_owned() };
    spec.rename.get(&name).cloned().unwrap_or(name)
}

/// Returns the text of a cell, by the rules of a mapping.
pub(super) fn cell_text<'t>(text: &'t str, spec: &FileSpec) -> &'t str {
    let text = if spec.trim { text.trim() } else { text };
    let compared = to_nfc(text);
    if spec.null.iter().any(|null| *null == *compared) { "" } else { text }
}

/// Reads the rows of a delimited file.
pub(super) fn read_delimited(
    file: &Arc<FileName>,
    input: impl BufRead,
    delimiter: u8,
    spec: &FileSpec,
    take: Take<'_>,
) -> Result<(), BadFile> {
    let failed = |cause: std::io::Error| broken_file(file.display_path(), &cause);
    let quote = quote(delimiter, spec)?;
    let mut lines = DelimitedReader::new(input, delimiter, quote).map_err(failed)?;
    lines.skip(spec.skip_lines).map_err(failed)?;
    if spec.header {
        lines.take_separator(spec.delimiter.is_none()).map_err(failed)?;
    }
    let mut record = DelimitedRecord::default();
    let names = if spec.header {
        header(&mut lines, &mut record, file, spec)?
    } else if spec.columns.is_empty() {
        return Err(
            BadMapping::at("source.columns", "say what the columns are called, where there is no header").into()
        );
    } else {
        spec.columns.clone()
    };
    let table = ColumnTable::new(names, file, spec)?;
    let mut shape = RowShape::new(spec)?;
    let mut number = 0;
    while let Some(next) = lines.next(&mut record).map_err(failed)? {
        number += 1;
        let read = next.map_err(|bad| bad_line(file, record.line, bad)).and_then(|()| table.row(&record, file, number));
        let read = read.map_or_else(|bad| bad, RowResult::Row);
        shape.give(&table.columns, read, take).map_err(|what| refused_file(file, what))?;
    }
    Ok(())
}

fn quote(delimiter: u8, spec: &FileSpec) -> Result<Option<u8>, BadMapping> {
    match spec.quote.as_deref().map(str::as_bytes) {
        None if delimiter == b'\t' => Ok(None),
        None => Ok(Some(b'"')),
        Some([]) => Ok(None),
        Some([quote]) => Ok(Some(*quote)),
        Some(_) => Err(BadMapping::at("source.quote", "must be one ASCII character, or empty")),
    }
}

fn header<R: BufRead>(
    lines: &mut DelimitedReader<R>,
    record: &mut DelimitedRecord,
    file: &FileName,
    spec: &FileSpec,
) -> Result<Vec<String>, BadFile> {
    let next = lines.next(record).map_err(|cause| broken_file(file.display_path(), &cause))?;
    let bad = |what: &str| refused_file(file, format!("line {}: {what}", record.line));
    match next {
        None => Err(refused_file(file, "it is empty: there is no line with the names of the columns".to_owned())),
        Some(Err(line)) => Err(bad(&line.what)),
        Some(Ok(())) => {
            let name = |cell: &DelimitedCell| {
                let bytes = record.raw.get(cell.place.clone()).unwrap_or_default();
                std::str::from_utf8(bytes).map(|name| column_name(&unquote(name, cell, b'"'), spec))
            };
            let names = record.cells.iter().map(name).collect::<Result<Vec<_>, _>>();
            names.map_err(|_| bad("the names of the columns are not of the encoding"))
        }
    }
}

fn unquote(text: &str, cell: &DelimitedCell, quote: u8) -> String {
    let quote = char::from(quote).to_string();
    if cell.doubled { text.replace(&quote.repeat(2), &quote) } else { text.to_owned() }
}

fn bad_line(file: &Arc<FileName>, line: u64, bad: BadLine) -> RowResult {
    RowResult::Bad { file: Arc::clone(file), line, faults: vec![RowFault::row(bad.what)], raw: bad.raw }
}

/// The expected form of the rows of a file.
struct ColumnTable<'s> {
    spec: &'s FileSpec,
    columns: Arc<Columns>,
    quote: u8,
    decoded: bool,
}

impl<'s> ColumnTable<'s> {
    fn new(names: Vec<String>, file: &FileName, spec: &'s FileSpec) -> Result<Self, BadFile> {
        let columns = Arc::new(Columns::from_header(names, file)?);
        let quote = spec.quote.as_deref().and_then(|quote| quote.bytes().next()).unwrap_or(b'"');
        let decoded = !spec.encoding.eq_ignore_ascii_case("utf-8");
        Ok(Self { spec, columns, quote, decoded })
    }

    fn row(&self, record: &DelimitedRecord, file: &Arc<FileName>, number: u64) -> Result<Row, RowResult> {
        let refuse = |fault: RowFault| {
            let raw = record.raw.clone();
            RowResult::Bad { file: Arc::clone(file), line: record.line, faults: vec![fault], raw }
        };
        let (found, expected) = (record.cells.len(), self.columns.len());
        let pads = |cell: &DelimitedCell| self.is_empty(record, cell);
        // A spreadsheet pads rows where a column was cleared: cells beyond the header that say nothing are no cells.
        let padded = record.cells.iter().skip(expected).all(pads);
        let nothing = found < expected && record.cells.iter().all(pads);
        if (found < expected && !nothing) || !padded {
            return Err(refuse(RowFault::row(format!("has {}, the header has {expected}", cell_count(found)))));
        }
        let text = match String::from_utf8(record.raw.clone()) {
            Ok(text) if self.decoded && text.contains(char::REPLACEMENT_CHARACTER) => {
                let at = text.find(char::REPLACEMENT_CHARACTER).unwrap_or_default();
                let what = format!("has bytes that are not {}", self.spec.encoding);
                return Err(refuse(RowFault::column(self.column_at(record, at), what)));
            }
            Ok(text) => text,
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let byte = record.raw.get(at).copied().unwrap_or_default();
                let what =
                    format!("byte 0x{byte:02x} is not UTF-8: say the `encoding` in [source], for example windows-1252");
                return Err(refuse(RowFault::column(self.column_at(record, at), what)));
            }
        };
        let mut row = Row::new(file, number, record.line, text, record.cells.len());
        for cell in record.cells.iter().take(expected) {
            self.push(&mut row, cell);
        }
        Ok(row)
    }

    fn push(&self, row: &mut Row, cell: &DelimitedCell) {
        let text = row.raw().get(cell.place.clone()).unwrap_or_default();
        if cell.doubled {
            let meant = unquote(text, cell, self.quote);
            row.push_text(cell_text(&meant, self.spec));
            return;
        }
        let kept = cell_text(text, self.spec);
        if !matches!(to_nfc(kept), std::borrow::Cow::Borrowed(_)) {
            let kept = kept.to_owned();
            row.push_text(&kept);
            return;
        }
        // The value is a piece of the text: its start follows from the length of the white space dropped before it.
        let dropped = if kept.is_empty() { 0 } else { text.len() - text.trim_start().len() };
        let start = cell.place.start + if self.spec.trim { dropped } else { 0 };
        row.push(start..start + kept.len());
    }

    fn is_empty(&self, record: &DelimitedRecord, cell: &DelimitedCell) -> bool {
        let bytes = record.raw.get(cell.place.clone()).unwrap_or_default();
        std::str::from_utf8(bytes).is_ok_and(|text| cell_text(text, self.spec).is_empty())
    }

    fn column_at(&self, record: &DelimitedRecord, at: usize) -> String {
        let cell = record.cells.iter().position(|cell| at < cell.place.end.max(cell.place.start + 1));
        cell.and_then(|cell| self.columns.get(cell)).cloned().unwrap_or_default()
    }
}

fn cell_count(cells: usize) -> String {
    if cells == 1 { "1 cell".to_owned() } else { format!("{cells} cells") }
}
