//! Which names a template can use, and where what they stand for is found while a row is looked at.
//!
//! A mapping is compiled once for the columns that a file has; after that a name is a [`Slot`], a place to look in. Names
//! shadow one another, the nearer the stronger: the columns of a joined row or a table, `{key}`, derived columns, the
//! columns of the file.

use super::source::{Columns, Row};
use std::borrow::Cow;
use std::collections::HashMap;

/// Where a name is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// In a cell of the row.
    Cell(usize),
    /// In a derived column.
    Derived(usize),
    /// In a row of a code table.
    Table(usize),
    /// The key of a party or source.
    Key,
    /// The number of the row.
    RowNumber,
    /// The name of the file.
    File,
    /// The release.
    Release,
    /// Nowhere: a column that this file does not have, and need not.
    Nothing,
}

/// The names that can be used at some place of a mapping.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    names: HashMap<String, Slot>,
    /// Whether a name that is not here is a column that rows need not have.
    open: bool,
}

impl Scope {
    /// The names in a file with these columns; `optional` ones need not be there.
    pub(crate) fn of_columns(columns: &Columns, optional: &[String]) -> Self {
        let mut names: HashMap<String, Slot> = optional.iter().map(|name| (name.clone(), Slot::Nothing)).collect();
        names.extend(columns.iter().enumerate().map(|(at, name)| (name.clone(), Slot::Cell(at))));
        names.insert("@row".to_owned(), Slot::RowNumber);
        names.insert("@file".to_owned(), Slot::File);
        names.insert("@release".to_owned(), Slot::Release);
        Self { names, open: columns.open }
    }

    /// These names, and a derived column.
    pub(crate) fn derive(&mut self, name: &str, at: usize) {
        self.names.insert(name.to_owned(), Slot::Derived(at));
    }

    /// These names, and the columns of a code table.
    pub(crate) fn with_table(&self, columns: &[String]) -> Self {
        let mut scope = self.clone();
        scope.names.extend(columns.iter().enumerate().map(|(at, name)| (name.clone(), Slot::Table(at))));
        scope
    }

    /// What can be used where a party or source is made of a key: the key, and the columns of its table.
    pub(crate) fn of_key(table: Option<&[String]>) -> Self {
        let mut scope = Self::default();
        scope.names.insert("@release".to_owned(), Slot::Release);
        let mut scope = scope.with_table(table.unwrap_or_default());
        scope.names.insert("key".to_owned(), Slot::Key);
        scope
    }

    /// Where a name is found.
    ///
    /// # Errors
    /// There is no such name, and which there are.
    pub(crate) fn find(&self, name: &str) -> Result<Slot, String> {
        let nothing = self.open && !name.is_empty() && !name.starts_with('@');
        self.names.get(name).copied().or(nothing.then_some(Slot::Nothing)).ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &str) -> String {
        let mut known: Vec<&str> =
            self.names.keys().map(String::as_str).filter(|name| !name.starts_with('@')).collect();
        known.sort_unstable();
        let shown = known.get(..40).unwrap_or(&known);
        let more = if shown.len() < known.len() { ", ..." } else { "" };
        format!("there is no column `{name}` here; there are: {}{more}", shown.join(", "))
    }
}

/// What is looked at: a row, and what has been made of it so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'r> {
    /// The row; none where a party or source is made of a key.
    pub(crate) row: Option<&'r Row>,
    /// The derived columns.
    pub(crate) derived: &'r [String],
    /// The row of a code table.
    pub(crate) table: &'r [Box<str>],
    /// The key of a party or source.
    pub(crate) key: &'r str,
    /// The release.
    pub(crate) release: &'r str,
}

impl<'r> Seen<'r> {
    /// A row of which nothing has been made.
    pub(crate) const fn row(row: &'r Row, derived: &'r [String], release: &'r str) -> Self {
        Self { row: Some(row), derived, table: &[], key: "", release }
    }

    /// A key, with its row in a code table.
    pub(crate) const fn key(key: &'r str, table: &'r [Box<str>], release: &'r str) -> Self {
        Self { row: None, derived: &[], table, key, release }
    }

    /// The same, with a row of a code table.
    pub(crate) const fn joined(self, table: &'r [Box<str>]) -> Self {
        Self { table, ..self }
    }

    /// What a slot says; empty where there is nothing.
    pub(crate) fn get(&self, slot: Slot) -> Cow<'r, str> {
        let text = match slot {
            Slot::Cell(at) => self.row.map(|row| row.cell(at)),
            Slot::Derived(at) => self.derived.get(at).map(String::as_str),
            Slot::Table(at) => self.table.get(at).map(AsRef::as_ref),
            Slot::Key => Some(self.key),
            Slot::Release => Some(self.release),
            Slot::File => self.row.map(|row| row.file.name()),
            Slot::Nothing => None,
            Slot::RowNumber => {
                return self.row.map(|row| Cow::Owned(row.number.to_string())).unwrap_or_default();
            }
        };
        Cow::Borrowed(text.unwrap_or_default())
    }
}
