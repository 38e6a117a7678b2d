//! A row: the text it was read from, and where in it its cells are.

use crate::fault::RowFault;
use crate::to_nfc;
use std::ops::Range;
use std::sync::Arc;

/// The name of a file, as it is shown and as `{@file}` says it.
#[derive(Debug, PartialEq, Eq)]
pub struct FileName {
    shown: String,
    name: String,
}

impl FileName {
    /// A file called so.
    pub(super) fn of(shown: &str) -> Self {
        let last = shown.rsplit('/').next().unwrap_or(shown);
        let plain = super::unpack::plain_name(last);
        let name = plain.rsplit_once('.').map_or(plain, |(name, _)| name).to_owned();
        Self { shown: shown.to_owned(), name: to_nfc(&name).into_owned() }
    }

    /// With its path, for people.
    pub fn display_path(&self) -> &str {
        &self.shown
    }

    /// The name without path and extensions.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A row, or what could not be read as one.
#[derive(Debug)]
pub enum RowResult {
    /// A row.
    Row(Row),
    /// A row that cannot be read.
    Bad {
        /// The file that it is in.
        file: Arc<FileName>,
        /// The line that it begins in, or the number of the array's element.
        line: u64,
        /// Its faults.
        faults: Vec<RowFault>,
        /// Its bytes as they stood.
        raw: Vec<u8>,
    },
}

/// A row. Its cells are pieces of its text: of what was read, or of what was put behind it where a cell is not written as
/// it is meant (doubled quotes, escapes in JSON).
#[derive(Debug, Clone)]
pub struct Row {
    /// The file that it is in.
    pub file: Arc<FileName>,
    /// Its number, from 1, without the header.
    pub number: u64,
    /// In which line it begins; of a JSON array which element it is.
    pub line: u64,
    text: String,
    raw: usize,
    cells: Vec<Range<u32>>,
}

impl Row {
    /// A row without cells yet; `text` is what it was read from.
    pub(super) fn new(file: &Arc<FileName>, number: u64, line: u64, text: String, cells: usize) -> Self {
        let raw = text.len();
        Self { file: Arc::clone(file), number, line, text, raw, cells: Vec::with_capacity(cells) }
    }

    /// The text of a cell; empty where there is none.
    pub fn cell(&self, at: usize) -> &str {
        let place = self.cells.get(at).cloned().unwrap_or(0..0);
        self.text.get(place.start as usize..place.end as usize).unwrap_or_default()
    }

    /// The text that it was read from.
    pub fn raw(&self) -> &str {
        self.text.get(..self.raw).unwrap_or_default()
    }

    /// Adds a cell that is a piece of what was read.
    pub(super) fn push(&mut self, place: Range<usize>) {
        // A row is at most a few megabytes.
        let at = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.cells.push(at(place.start)..at(place.end));
    }

    /// Adds a cell that is not written there as it is meant. Texts are kept in NFC: two spellings of one text are one.
    pub(super) fn push_text(&mut self, text: &str) {
        let start = self.text.len();
        self.text.push_str(&to_nfc(text));
        self.push(start..self.text.len());
    }

    /// Puts a text into a cell, adding empty ones before it.
    pub(super) fn set(&mut self, at: usize, text: &str) {
        while self.cells.len() <= at {
            self.cells.push(0..0);
        }
        let start = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.text.push_str(&to_nfc(text));
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        if let Some(cell) = self.cells.get_mut(at) {
            *cell = start..end;
        }
    }

    /// Returns true if every cell is empty.
    pub(super) fn says_nothing(&self) -> bool {
        self.cells.iter().all(Range::is_empty)
    }

    /// The row that has these cells of it, an empty one for none.
    pub(super) fn pick(&self, cells: impl Iterator<Item = Option<usize>>) -> Self {
        let place = |at: Option<usize>| at.and_then(|at| self.cells.get(at).cloned()).unwrap_or(0..0);
        let cells = cells.map(place).collect();
        Self { file: Arc::clone(&self.file), text: self.text.clone(), cells, ..*self }
    }

    /// Adds a cell of the row that this one was picked from.
    pub(super) fn push_cell_of(&mut self, other: &Self, at: usize) {
        self.cells.push(other.cells.get(at).cloned().unwrap_or(0..0));
    }
}
