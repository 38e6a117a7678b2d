//! Code tables: rows that one looks up by a key.

use super::fault::BadMapping;
use super::mapping::{FileSpec, TableSpec};
use super::source::{self, Opened};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

/// A row of a code table.
pub(crate) type TableRow = Box<[Box<str>]>;

/// A code table, in memory.
#[derive(Debug)]
pub(crate) struct Table {
    /// What it is called in the mapping.
    pub(crate) name: String,
    /// The names of its columns.
    pub(crate) columns: Vec<String>,
    /// The column that one looks up by.
    key: usize,
    rows: HashMap<Box<str>, Vec<TableRow>>,
}

/// The tables of a mapping.
pub(crate) type Tables = BTreeMap<String, Table>;

impl Table {
    /// Reads a table. `beside` is where its file is looked for; `instead` a file that takes its place.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(
        name: &str,
        spec: &TableSpec,
        beside: &Path,
        instead: Option<&Path>,
    ) -> Result<Self, BadMapping> {
        let at = format!("tables.{name}");
        match (&spec.file, &spec.rows, instead) {
            (_, _, Some(path)) => Self::of_file(name, spec, path),
            (Some(file), None, None) => Self::of_file(name, spec, &beside.join(file)),
            (None, Some(rows), None) => Ok(Self::of_rows(name, rows)),
            (Some(_), Some(_), None) => Err(BadMapping::at(at, "has both `file` and `rows`: one is enough")),
            (None, None, None) => {
                Err(BadMapping::at(at, format!("has no `file` and no `rows`: give its file by --table {name}=FILE")))
            }
        }
    }

    fn of_rows(name: &str, rows: &BTreeMap<String, BTreeMap<String, String>>) -> Self {
        let columns: BTreeSet<&String> = rows.values().flat_map(BTreeMap::keys).collect();
        let mut names = vec!["key".to_owned()];
        names.extend(columns.iter().map(|name| (*name).clone()));
        let cells = |key: &String, row: &BTreeMap<String, String>| -> TableRow {
            let rest = columns.iter().map(|name| row.get(*name).map(String::as_str).unwrap_or_default());
            std::iter::once(key.as_str()).chain(rest).map(Box::from).collect()
        };
        let rows = rows.iter().map(|(key, row)| (key.as_str().into(), vec![cells(key, row)])).collect();
        Self { name: name.to_owned(), columns: names, key: 0, rows }
    }

    fn of_file(name: &str, spec: &TableSpec, path: &Path) -> Result<Self, BadMapping> {
        let shown = path.display().to_string();
        let refuse = |what: String| BadMapping::at(format!("tables.{name}: {shown}"), what);
        let mut null = spec.null.clone();
        null.push(String::new());
        let mut file = FileSpec {
            delimiter: spec.delimiter,
            rename: spec.rename.clone(),
            lower_case: spec.lower_case,
            null,
            ..FileSpec::default()
        };
        if let Some(encoding) = &spec.encoding {
            file.encoding.clone_from(encoding);
        }
        let mut opened = Opened::open(path).map_err(|error| refuse(error.to_string()))?;
        let mut read: Option<Self> = None;
        source::read(&mut opened, &file, &mut |columns, row| {
            let table = read.get_or_insert_with(|| Self {
                name: name.to_owned(),
                key: columns.iter().position(|column| *column == spec.key).unwrap_or(usize::MAX),
                columns: columns.to_vec(),
                rows: HashMap::new(),
            });
            table.take(&row, spec.many)
        })
        .map_err(|error| refuse(error.to_string()))?;
        let table = read.ok_or_else(|| refuse("has no rows".to_owned()))?;
        if table.key == usize::MAX {
            return Err(refuse(format!("has no column `{}`; it has: {}", spec.key, table.columns.join(", "))));
        }
        Ok(table)
    }

    fn take(&mut self, row: &source::Read, many: bool) -> Result<(), String> {
        let row = match row {
            source::Read::Row(row) => row,
            source::Read::Bad { line, faults, .. } => {
                let what = faults.first().map(ToString::to_string).unwrap_or_default();
                return Err(format!("line {line}: {what}"));
            }
        };
        if self.key == usize::MAX {
            return Ok(());
        }
        let key = row.cell(self.key);
        if key.is_empty() {
            return Ok(());
        }
        let cells: TableRow = (0..self.columns.len()).map(|at| row.cell(at).into()).collect();
        let rows = self.rows.entry(key.into()).or_default();
        if many || rows.is_empty() {
            rows.push(cells);
        } else if !rows.contains(&cells) {
            return Err(format!("line {}: `{key}` is there already, with another row; say `many = true`", row.line));
        }
        Ok(())
    }

    /// The first row with a key.
    pub(crate) fn get(&self, key: &str) -> Option<&TableRow> {
        self.rows.get(key)?.first()
    }

    /// All rows with a key.
    pub(crate) fn all(&self, key: &str) -> &[TableRow] {
        self.rows.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// The place of a column.
    ///
    /// # Errors
    /// There is none; and which there are.
    pub(crate) fn column(&self, name: &str) -> Result<usize, String> {
        self.columns.iter().position(|column| column == name).ok_or_else(|| {
            format!("the table {} has no column `{name}`; it has: {}", self.name, self.columns.join(", "))
        })
    }

    /// The column that is taken where none is named: the first that is not the key.
    pub(crate) fn first_value(&self) -> usize {
        usize::from(self.key == 0)
    }

    /// All that it says, for telling whether it is the same table.
    pub(crate) fn digest_into(&self, digest: &mut impl FnMut(&[u8])) {
        let mut keys: Vec<&Box<str>> = self.rows.keys().collect();
        keys.sort_unstable();
        self.columns.iter().for_each(|column| digest(column.as_bytes()));
        for cell in keys.into_iter().flat_map(|key| self.all(key)).flatten() {
            digest(&(cell.len() as u64).to_le_bytes());
            digest(cell.as_bytes());
        }
    }
}
