//! Code tables: rows that one looks up by a key.

use super::fault::BadMapping;
use super::mapping::{FileSpec, TableSpec};
use super::scope::{RowScope, Scope};
use super::source::{self, SourceFiles};
use super::template::Template;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

/// A row of a code table.
pub type TableRow = Box<[Box<str>]>;

/// A code table, in memory.
#[derive(Debug)]
pub struct CodeTable {
    /// The name of the table in the mapping.
    pub name: String,
    /// The names of its columns.
    pub columns: Vec<String>,
    key: CodeKey,
    rows: HashMap<Box<str>, Vec<TableRow>>,
    /// True if a mapping may name a column that no row has: members of JSON are optional.
    pub open: bool,
    /// The row that answers for several.
    merged: HashMap<Box<str>, TableRow>,
}

/// The key by which rows are looked up.
#[derive(Debug)]
enum CodeKey {
    /// A column.
    Column(usize),
    /// A text made of several.
    Template(Template),
}

impl CodeKey {
    /// Reads `key`: the name of a column, or a template where it has braces.
    fn read(spec: &str, columns: &[String]) -> Result<Self, String> {
        if spec.contains('{') {
            let scope = Scope::of_key(Some(columns), &[]);
            return Template::compile(spec, &scope).map(Self::Template).map_err(|what| format!("key: {what}"));
        }
        let unknown = || format!("has no column `{spec}`; it has: {}", columns.join(", "));
        columns.iter().position(|column| column == spec).map(Self::Column).ok_or_else(unknown)
    }

    fn of<'r>(&'r self, cells: &'r TableRow) -> Cow<'r, str> {
        match self {
            Self::Column(at) => Cow::Borrowed(cells.get(*at).map(AsRef::as_ref).unwrap_or_default()),
            Self::Template(template) => template.render(&RowScope::key("", cells, "")),
        }
    }
}

/// The tables of a mapping.
pub type Tables = BTreeMap<String, CodeTable>;

impl CodeTable {
    /// Reads a table. Its file is looked for in the folder `beside`, unless the file `instead` takes its place.
    ///
    /// # Errors
    /// Returns the first fault.
    pub fn read(name: &str, spec: &TableSpec, beside: &Path, instead: Option<&Path>) -> Result<Self, BadMapping> {
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
        Self {
            name: name.to_owned(),
            columns: names,
            key: CodeKey::Column(0),
            rows,
            open: false,
            merged: HashMap::new(),
        }
    }

    fn of_file(name: &str, spec: &TableSpec, path: &Path) -> Result<Self, BadMapping> {
        let shown = path.display().to_string();
        let refuse = |what: String| BadMapping::at(format!("tables.{name}: {shown}"), what);
        let mut null = spec.null.clone();
        null.push(String::new());
        let mut file = FileSpec {
            format: spec.format.clone(),
            delimiter: spec.delimiter,
            header: spec.header,
            columns: spec.columns.clone(),
            rename: spec.rename.clone(),
            lower_case: spec.lower_case,
            null,
            records: spec.records.clone(),
            split: spec.split.clone(),
            ..FileSpec::default()
        };
        if let Some(encoding) = &spec.encoding {
            file.encoding.clone_from(encoding);
        }
        let mut opened = SourceFiles::open(path).map_err(|error| refuse(error.to_string()))?;
        let mut read: Option<Self> = None;
        source::read(&mut opened, &file, &mut |columns, row| {
            let table = match &mut read {
                Some(table) => table,
                none => none.insert(Self {
                    name: name.to_owned(),
                    key: CodeKey::read(&spec.key, columns)?,
                    columns: columns.to_vec(),
                    rows: HashMap::new(),
                    open: columns.open,
                    merged: HashMap::new(),
                }),
            };
            table.grow(columns);
            table.take(&row, columns, spec.many)
        })
        .map_err(|error| refuse(error.to_string()))?;
        let mut table = read.ok_or_else(|| refuse("has no rows".to_owned()))?;
        table.merge();
        Ok(table)
    }

    /// Takes in columns that came later: of JSON not all are known before the last row.
    fn grow(&mut self, columns: &[String]) {
        if !self.has_these_first(columns) || columns.len() > self.columns.len() {
            let more: Vec<String> = columns.iter().filter(|name| !self.columns.contains(name)).cloned().collect();
            self.columns.extend(more);
        }
    }

    /// Of each key with several rows makes the one that answers for them, whatever their order: where they differ in a
    /// column, what sorts first and is not empty.
    fn merge(&mut self) {
        for rows in self.rows.values_mut() {
            for row in rows.iter_mut().filter(|row| row.len() < self.columns.len()) {
                let missing = self.columns.len() - row.len();
                *row = row.iter().cloned().chain(std::iter::repeat_n(Box::from(""), missing)).collect();
            }
        }
        for (key, rows) in self.rows.iter().filter(|(_, rows)| rows.len() > 1) {
            let cell = |at: usize| {
                let said = rows.iter().filter_map(|row| row.get(at)).filter(|cell| !cell.is_empty());
                said.min().cloned().unwrap_or_default()
            };
            self.merged.insert(key.clone(), (0..self.columns.len()).map(cell).collect());
        }
    }

    /// Returns true if the first columns of the table are the columns of a row, in the same places.
    fn has_these_first(&self, columns: &[String]) -> bool {
        self.columns.get(..columns.len()).is_some_and(|first| first == columns)
    }

    fn take(&mut self, row: &source::RowResult, columns: &[String], many: bool) -> Result<(), String> {
        let row = match row {
            source::RowResult::Row(row) => row,
            source::RowResult::Bad { line, faults, .. } => {
                let what = faults.first().map(ToString::to_string).unwrap_or_default();
                return Err(format!("line {line}: {what}"));
            }
        };
        let cells: TableRow = if self.has_these_first(columns) {
            (0..self.columns.len()).map(|at| row.cell(at).into()).collect()
        } else {
            let cell = |name: &String| columns.iter().position(|known| known == name).map(|at| row.cell(at));
            self.columns.iter().map(|name| cell(name).unwrap_or_default().into()).collect()
        };
        let key = self.key.of(&cells).into_owned();
        if key.is_empty() {
            return Ok(());
        }
        let rows = self.rows.entry(key.as_str().into()).or_default();
        if many || rows.is_empty() {
            rows.push(cells);
        } else if !rows.contains(&cells) {
            return Err(format!("line {}: `{key}` is there already, with another row; say `many = true`", row.line));
        }
        Ok(())
    }

    /// The row with a key, or the one that answers for several.
    pub fn get(&self, key: &str) -> Option<&TableRow> {
        self.merged.get(key).or_else(|| self.rows.get(key)?.first())
    }

    /// All rows with a key.
    pub fn all(&self, key: &str) -> &[TableRow] {
        self.rows.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// The place of a column.
    ///
    /// # Errors
    /// There is none; and which there are.
    pub fn column(&self, name: &str) -> Result<usize, String> {
        self.columns.iter().position(|column| column == name).ok_or_else(|| {
            format!("the table {} has no column `{name}`; it has: {}", self.name, self.columns.join(", "))
        })
    }

    /// The column that is taken where none is named: the first that is not the key.
    pub fn first_value(&self) -> usize {
        usize::from(matches!(self.key, CodeKey::Column(0)))
    }

    /// All that it says, for telling whether it is the same table.
    pub fn digest_into(&self, digest: &mut impl FnMut(&[u8])) {
        let mut keys: Vec<&Box<str>> = self.rows.keys().collect();
        keys.sort_unstable();
        self.columns.iter().for_each(|column| digest(column.as_bytes()));
        for cell in keys.into_iter().flat_map(|key| self.all(key)).flatten() {
            digest(&(cell.len() as u64).to_le_bytes());
            digest(cell.as_bytes());
        }
    }
}
