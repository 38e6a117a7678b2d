//! The names that a template can use, and the places at which their values are found for each row.
//!
//! A mapping is compiled once for the columns that a file has; after that a name is a [`NameSlot`], a place to look in. Names
//! shadow one another, the nearer the stronger: the columns of a joined row or a table, `{key}`, derived columns, the
//! columns of the file.

use super::source::{Columns, Row};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

/// The place of a name's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameSlot {
    /// A cell of the row.
    Cell(usize),
    /// A derived column.
    Derived(usize),
    /// A row of a code table.
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
pub struct Scope {
    names: HashMap<String, NameSlot>,
    /// True if an unknown name is a column that rows need not have.
    open: bool,
    /// The names that were looked for.
    used: Arc<Mutex<BTreeSet<String>>>,
}

impl Scope {
    /// The names in a file with these columns; `optional` ones need not be there.
    pub fn of_columns(columns: &Columns, optional: &[String]) -> Self {
        let mut names: HashMap<String, NameSlot> =
            optional.iter().map(|name| (name.clone(), NameSlot::Nothing)).collect();
        names.extend(columns.iter().enumerate().map(|(at, name)| (name.clone(), NameSlot::Cell(at))));
        names.insert("@row".to_owned(), NameSlot::RowNumber);
        names.insert("@file".to_owned(), NameSlot::File);
        names.insert("@release".to_owned(), NameSlot::Release);
        Self { names, open: columns.open, used: Arc::default() }
    }

    /// These names, and a derived column.
    pub fn derive(&mut self, name: &str, at: usize) {
        self.names.insert(name.to_owned(), NameSlot::Derived(at));
    }

    /// These names, and the columns of a code table.
    pub fn with_table(&self, columns: &[String]) -> Self {
        let mut scope = self.clone();
        scope.names.extend(columns.iter().enumerate().map(|(at, name)| (name.clone(), NameSlot::Table(at))));
        scope
    }

    /// Returns the names for making a party or source of a key: the key, and the columns of its table.
    pub fn of_key(table: Option<&[String]>, fields: &[String]) -> Self {
        let mut scope = Self::default();
        scope.names.insert("@release".to_owned(), NameSlot::Release);
        let mut scope = scope.with_table(table.unwrap_or_default());
        scope.names.insert("key".to_owned(), NameSlot::Key);
        fields.iter().enumerate().for_each(|(at, name)| scope.derive(name, at));
        scope
    }

    /// These names, and any other that rows need not have.
    pub fn into_open(self) -> Self {
        Self { open: true, ..self }
    }

    /// These names, and one more that stands for what is at hand.
    pub fn with_item(&self) -> Self {
        let mut scope = self.clone();
        scope.names.insert("@item".to_owned(), NameSlot::Key);
        scope
    }

    /// The columns of a file that nothing was looked for in.
    pub fn unused_columns(&self, columns: &Columns) -> UnusedColumns {
        let Ok(used) = self.used.lock() else { return UnusedColumns::default() };
        // A list that is one cell stands for its items, unless they are objects or lists.
        let as_list = |name: &str| {
            let (before, _) = name.rsplit_once('.').filter(|(_, item)| is_number(item))?;
            used.get(&format!("{before}.*"))
        };
        let is_unused = |name: &&String| {
            let is_extra = name.is_empty() || name.starts_with('@') || name.ends_with(".*");
            !is_extra && !used.contains(*name) && !used.contains(&format!("{name}.*")) && as_list(name).is_none()
        };
        let unused: Vec<String> = columns.iter().filter(is_unused).cloned().collect();
        let lists: BTreeSet<String> = used.iter().filter_map(|name| list_of(name)).collect();
        let cells: Vec<&str> = used.iter().filter_map(|name| name.strip_suffix('*')).collect();
        let is_item = |name: &&String| {
            list_of(name).is_some_and(|list| lists.contains(&list)) || cells.iter().any(|list| name.starts_with(list))
        };
        let items = unused.iter().filter(is_item).cloned().collect();
        UnusedColumns { columns: unused, items }
    }

    /// Returns the place of a name's value.
    ///
    /// # Errors
    /// Returns a message that there is no such name, with the names there are.
    pub fn find(&self, name: &str) -> Result<NameSlot, String> {
        if let Ok(mut used) = self.used.lock() {
            used.insert(name.to_owned());
        }
        let nothing = self.open && !name.is_empty() && !name.starts_with('@');
        // A text in the place of a list is a list of one, if no row has a list there.
        let single = || name.strip_suffix(".*").filter(|_| self.open).and_then(|name| self.names.get(name)).copied();
        self.names
            .get(name)
            .copied()
            .or_else(single)
            .or(nothing.then_some(NameSlot::Nothing))
            .ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &str) -> String {
        let mut known: Vec<&str> =
            self.names.keys().map(String::as_str).filter(|name| !name.starts_with('@')).collect();
        known.sort_unstable();
        let shown = known.get(..40).unwrap_or(&known);
        let more = if shown.len() < known.len() { ", ..." } else { "" };
        let hint = match known.as_slice() {
            [only] => other_delimiter(only),
            _ => String::new(),
        };
        format!("there is no column `{name}` here; there are: {}{more}{hint}", shown.join(", "))
    }
}

/// The columns of a file that nothing is made of.
#[derive(Clone, Debug, Default)]
pub struct UnusedColumns {
    /// All of them.
    pub columns: Vec<String>,
    /// Those that are items of a list of JSON of which other items are used.
    pub items: Vec<String>,
}

/// The list that a member of JSON is an item of, or a member of an item: `who.#.name`. None for any other column.
fn list_of(name: &str) -> Option<String> {
    let mut parts = name.split('.');
    let mut list = parts.next()?.to_owned();
    let mut has_item = false;
    for part in parts {
        has_item |= is_number(part);
        list.push('.');
        list.push_str(if is_number(part) { "#" } else { part });
    }
    has_item.then_some(list)
}

/// Returns true for the number of an item.
fn is_number(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// The question whether a header of one column has another delimiter.
fn other_delimiter(header: &str) -> String {
    let delimiter = [';', '\t', '|', ','].into_iter().find(|delimiter| header.contains(*delimiter));
    delimiter.map_or_else(String::new, |delimiter| {
        let written = delimiter.escape_default();
        format!("; is the delimiter `{written}`? say `delimiter = \"{written}\"` in [source]")
    })
}

/// The values that templates read: a row, and the columns derived of it so far.
#[derive(Clone, Copy, Debug)]
pub struct RowScope<'r> {
    /// The row; none where a party or source is made of a key.
    pub row: Option<&'r Row>,
    /// The derived columns.
    pub derived: &'r [String],
    /// The row of a code table.
    pub table: &'r [Box<str>],
    /// The key of a party or source.
    pub key: &'r str,
    /// The release.
    pub release: &'r str,
}

impl<'r> RowScope<'r> {
    /// A row of which nothing has been made.
    pub const fn row(row: &'r Row, derived: &'r [String], release: &'r str) -> Self {
        Self { row: Some(row), derived, table: &[], key: "", release }
    }

    /// A key, with its row in a code table.
    pub const fn key(key: &'r str, table: &'r [Box<str>], release: &'r str) -> Self {
        Self { row: None, derived: &[], table, key, release }
    }

    /// Returns the same, with the fields that a claim gives in addition to the key.
    pub const fn with_fields(self, fields: &'r [String]) -> Self {
        Self { derived: fields, ..self }
    }

    /// The same, with one item of a list.
    pub const fn item(self, item: &'r str) -> Self {
        Self { key: item, ..self }
    }

    /// The same, with a row of a code table.
    pub const fn with_table_row(self, table: &'r [Box<str>]) -> Self {
        Self { table, ..self }
    }

    /// Returns the value in a slot; empty if there is none.
    pub fn get(&self, slot: NameSlot) -> Cow<'r, str> {
        let text = match slot {
            NameSlot::Cell(at) => self.row.map(|row| row.cell(at)),
            NameSlot::Derived(at) => self.derived.get(at).map(String::as_str),
            NameSlot::Table(at) => self.table.get(at).map(AsRef::as_ref),
            NameSlot::Key => Some(self.key),
            NameSlot::Release => Some(self.release),
            NameSlot::File => self.row.map(|row| row.file.name()),
            NameSlot::Nothing => None,
            NameSlot::RowNumber => {
                return self.row.map(|row| Cow::Owned(row.number.to_string())).unwrap_or_default();
            }
        };
        Cow::Borrowed(text.unwrap_or_default())
    }
}
