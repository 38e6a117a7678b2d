//! Code tables: rows that one looks up by a key.

use super::fault::BadMapping;
use super::mapping::{FileSpec, TableSpec};
use super::scope::{RowScope, Scope};
use super::source::{self, SourceFiles};
use super::template::Template;
use super::version::Version;
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
    /// The value that distinguishes the versions of a row, if the rows have versions.
    version: Option<Template>,
    /// The rows of the version that counts, of each key with several rows.
    current: HashMap<Box<str>, Vec<TableRow>>,
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
        check_version(spec, &at)?;
        match (&spec.file, &spec.rows, instead) {
            (_, _, Some(path)) => Self::of_file(name, spec, &form_of(spec), path),
            (Some(file), None, None) => Self::of_file(name, spec, &form_of(spec), &beside.join(file)),
            (None, Some(rows), None) => Ok(Self::of_rows(name, rows)),
            (Some(_), Some(_), None) => Err(BadMapping::at(at, "has both `file` and `rows`: one is enough")),
            (None, None, None) => {
                Err(BadMapping::at(at, format!("has no `file` and no `rows`: give its file by --table {name}=FILE")))
            }
        }
    }

    /// Reads a table that is the imported file itself, or another file in its form. `source`: the form.
    ///
    /// # Errors
    /// Returns the first fault.
    pub fn read_itself(name: &str, spec: &TableSpec, source: &FileSpec, path: &Path) -> Result<Self, BadMapping> {
        let at = format!("tables.{name}");
        if spec.file.is_some() || spec.rows.is_some() || has_form(spec) {
            let what = "is the imported file itself, in the form that [source] says: give `key`, `many`, `split` and `version` alone";
            return Err(BadMapping::at(at, what));
        }
        check_version(spec, &at)?;
        let form = FileSpec { split: spec.split.clone(), unpivot: None, ..source.clone() };
        Self::of_file(name, spec, &form, path)
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
            version: None,
            current: HashMap::new(),
        }
    }

    fn of_file(name: &str, spec: &TableSpec, form: &FileSpec, path: &Path) -> Result<Self, BadMapping> {
        let shown = path.display().to_string();
        let refuse = |what: String| BadMapping::at(format!("tables.{name}: {shown}"), what);
        let mut opened = SourceFiles::open(path).map_err(|error| refuse(error.to_string()))?;
        let mut read: Option<Self> = None;
        source::read(&mut opened, form, &mut |columns, row| {
            let table = match &mut read {
                Some(table) => table,
                none => none.insert(Self {
                    name: name.to_owned(),
                    key: CodeKey::read(&spec.key, columns)?,
                    columns: columns.to_vec(),
                    rows: HashMap::new(),
                    open: columns.open,
                    merged: HashMap::new(),
                    version: None,
                    current: HashMap::new(),
                }),
            };
            table.grow(columns);
            // The import itself rejects a bad row of its file.
            let is_rejected = spec.itself && matches!(row, source::RowResult::Bad { .. });
            if is_rejected { Ok(()) } else { table.take(&row, columns, spec.many) }
        })
        .map_err(|error| refuse(error.to_string()))?;
        let mut table = read.ok_or_else(|| refuse("has no rows".to_owned()))?;
        if let Some(version) = &spec.version {
            let mut scope = Scope::of_key(Some(&table.columns), &[]);
            if table.open {
                scope = scope.into_open();
            }
            let version = Template::compile(version, &scope).map_err(|what| refuse(format!("version: {what}")))?;
            table.version = Some(version);
        }
        table.fill();
        table.read_until(None);
        Ok(table)
    }

    /// Takes in columns that came later: of JSON not all are known before the last row.
    fn grow(&mut self, columns: &[String]) {
        if !self.has_these_first(columns) || columns.len() > self.columns.len() {
            let more: Vec<String> = columns.iter().filter(|name| !self.columns.contains(name)).cloned().collect();
            self.columns.extend(more);
        }
    }

    /// Gives each row all columns of the table.
    fn fill(&mut self) {
        for rows in self.rows.values_mut() {
            for row in rows.iter_mut().filter(|row| row.len() < self.columns.len()) {
                let missing = self.columns.len() - row.len();
                *row = row.iter().cloned().chain(std::iter::repeat_n(Box::from(""), missing)).collect();
            }
        }
    }

    /// Of each key with several rows makes the one that answers for them, whatever their order: where they differ in a
    /// column, what sorts first and is not empty. Of rows with versions those of the last one count, or of the last up to
    /// `until`, or of the first if all are later.
    pub fn read_until(&mut self, until: Option<&Version>) {
        self.merged.clear();
        self.current.clear();
        for (key, rows) in self.rows.iter().filter(|(_, rows)| rows.len() > 1) {
            let current = match &self.version {
                None => Cow::Borrowed(rows),
                Some(version) => Cow::Owned(rows_of_version(rows, version, until)),
            };
            let cell = |at: usize| {
                let said = current.iter().filter_map(|row| row.get(at)).filter(|cell| !cell.is_empty());
                said.min().cloned().unwrap_or_default()
            };
            self.merged.insert(key.clone(), (0..self.columns.len()).map(cell).collect());
            if let Cow::Owned(rows) = current {
                self.current.insert(key.clone(), rows);
            }
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

    /// All rows with a key, of the version that counts.
    pub fn all(&self, key: &str) -> &[TableRow] {
        self.current.get(key).or_else(|| self.rows.get(key)).map(Vec::as_slice).unwrap_or_default()
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
        for cell in keys.into_iter().filter_map(|key| self.rows.get(key)).flatten().flatten() {
            digest(&(cell.len() as u64).to_le_bytes());
            digest(cell.as_bytes());
        }
    }
}

/// Checks that a table with versions may have several rows for a key.
fn check_version(spec: &TableSpec, at: &str) -> Result<(), BadMapping> {
    if spec.version.is_some() && !spec.many {
        return Err(BadMapping::at(at, "has a `version`: say `many = true`, for a key has a row for each version"));
    }
    Ok(())
}

/// The form of the file of a table.
fn form_of(spec: &TableSpec) -> FileSpec {
    let mut null = spec.null.clone();
    null.push(String::new());
    let mut form = FileSpec {
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
        form.encoding.clone_from(encoding);
    }
    form
}

/// Returns true if a table says something of the form of its file.
fn has_form(spec: &TableSpec) -> bool {
    let has_names = !spec.columns.is_empty() || !spec.rename.is_empty() || spec.lower_case || !spec.header;
    let is_read = !spec.null.is_empty() || !spec.records.is_empty() || spec.encoding.is_some();
    has_names || is_read || spec.format.is_some() || spec.delimiter.is_some()
}

/// The rows of the last version, or of the last up to `until`, or of the first if all are later. Rows whose versions cannot
/// be compared with it are passed over.
fn rows_of_version(rows: &[TableRow], version: &Template, until: Option<&Version>) -> Vec<TableRow> {
    let of = |row: &TableRow| Version::of(&version.render(&RowScope::key("", row, "")));
    let versions: BTreeSet<Version> = rows.iter().map(of).collect();
    let last = match until {
        None => versions.last(),
        Some(until) => versions.range(..=until).next_back().or(versions.first()),
    };
    rows.iter().filter(|row| last == Some(&of(row))).cloned().collect()
}
