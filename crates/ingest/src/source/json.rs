//! JSON: an array of objects, or an object a line. A member is a cell named by its path: `{actor.name}`, `{codes.0}`; a list of
//! texts or numbers is one cell too, `{codes.*}`.
//!
//! The members are not known before the last row, so columns are added as they come, and a member that a row lacks is
//! empty. Numbers are taken as they are written, with a comma where the mapping says that numbers have one.

use super::columns::{Columns, cell_text, column_name};
use super::row::{FileName, Row, RowResult};
use super::shape::RowShape;
use super::{LIST_SEPARATOR, MAX_ROW_BYTES, Take, broken_file, refused_file};
use crate::fault::{BadFile, RowFault};
use crate::mapping::FileSpec;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io::{self, BufRead, Read as _};
use std::rc::Rc;
use std::sync::Arc;

/// A row that says nothing.
const NOTHING: &[u8] = b"null";
/// The most levels of objects in one another.
const MAX_DEPTH: usize = 16;

/// Reads an object a line.
pub(super) fn lines(
    file: &Arc<FileName>,
    mut input: impl BufRead,
    spec: &FileSpec,
    take: Take<'_>,
) -> Result<(), BadFile> {
    let (mut names, mut shape) = (ColumnNames::new(spec), RowShape::new(spec)?);
    let (mut line, mut number) = (0, 0);
    loop {
        let mut raw = Vec::new();
        let most = MAX_ROW_BYTES as u64 + 1;
        let count = input
            .by_ref()
            .take(most)
            .read_until(b'\n', &mut raw)
            .map_err(|cause| broken_file(file.display_path(), &cause))?;
        if count == 0 {
            return Ok(());
        }
        line += 1;
        if count as u64 == most && raw.last() != Some(&b'\n') {
            return Err(refused_file(file, format!("line {line} is longer than 4 MiB")));
        }
        raw.truncate(raw.trim_ascii_end().len());
        if raw.is_empty() || raw.trim_ascii_start() == NOTHING {
            continue;
        }
        number += 1;
        let read = names.row(file, number, line, raw);
        shape.give(&names.columns(), read, take).map_err(|what| refused_file(file, what))?;
    }
}

/// Reads the objects of an array.
pub(super) fn array(file: &Arc<FileName>, input: impl BufRead, spec: &FileSpec, take: Take<'_>) -> Result<(), BadFile> {
    let (mut names, mut shape) = (ColumnNames::new(spec), RowShape::new(spec)?);
    let mut number = 0;
    let lines = Rc::new(Cell::new(1));
    let input = LineCounter { inner: input, lines: Rc::clone(&lines) };
    let mut each = |raw: &RawValue| {
        let bytes = raw.get().as_bytes();
        if bytes == NOTHING {
            return Ok(());
        }
        number += 1;
        let within = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        let read = names.row(file, number, lines.get().saturating_sub(within), bytes.to_vec());
        shape.give(&names.columns(), read, take)
    };
    let path: Vec<&str> = spec.records.split('/').skip(1).collect();
    let mut reader = serde_json::Deserializer::from_reader(input);
    let read = Records { path: &path, each: &mut each }.deserialize(&mut reader).and_then(|()| reader.end());
    read.map_err(|error| match error.classify() {
        serde_json::error::Category::Io => broken_file(file.display_path(), &io::Error::from(error)),
        serde_json::error::Category::Eof => {
            let what = format!("it breaks off at line {}: {error}", error.line());
            refused_file(file, what)
        }
        _ => refused_file(file, error.to_string()),
    })
}

/// Counts the lines that are read. The parser reads a byte at a time and never one too many.
struct LineCounter<R> {
    inner: R,
    lines: Rc<Cell<u64>>,
}

impl<R: io::Read> io::Read for LineCounter<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let lines = buffer.iter().take(count).filter(|byte| **byte == b'\n').count() as u64;
        self.lines.set(self.lines.get() + lines);
        Ok(count)
    }
}

/// The columns so far.
struct ColumnNames<'s> {
    spec: &'s FileSpec,
    places: HashMap<String, usize>,
    names: Vec<String>,
    shared: Option<Arc<Columns>>,
}

impl<'s> ColumnNames<'s> {
    fn new(spec: &'s FileSpec) -> Self {
        Self { spec, places: HashMap::new(), names: Vec::new(), shared: None }
    }

    fn columns(&mut self) -> Arc<Columns> {
        let names = &self.names;
        Arc::clone(self.shared.get_or_insert_with(|| Arc::new(Columns::open(names.clone()))))
    }

    fn row(&mut self, file: &Arc<FileName>, number: u64, line: u64, raw: Vec<u8>) -> RowResult {
        let text = match String::from_utf8(raw) {
            Ok(text) => text,
            Err(error) => {
                let fault = RowFault::row(format!("is not UTF-8 from byte {}", error.utf8_error().valid_up_to() + 1));
                return RowResult::Bad { file: Arc::clone(file), line, faults: vec![fault], raw: error.into_bytes() };
            }
        };
        let mut row = Row::new(file, number, line, text.clone(), self.names.len());
        match self.object("", &text, &mut row, 0) {
            Ok(()) => RowResult::Row(row),
            Err(what) => {
                let raw = text.into_bytes();
                RowResult::Bad { file: Arc::clone(file), line, faults: vec![RowFault::row(what)], raw }
            }
        }
    }

    fn object(&mut self, path: &str, text: &str, row: &mut Row, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!("`{path}` lies more than {MAX_DEPTH} deep"));
        }
        let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).map_err(|error| {
            let where_ = if path.is_empty() { String::new() } else { format!("`{path}`: ") };
            format!("{where_}is no JSON object: {error}")
        })?;
        for (name, value) in members {
            let path = if path.is_empty() { name } else { format!("{path}.{name}") };
            self.member(&path, value.get(), row, depth)?;
        }
        Ok(())
    }

    fn member(&mut self, path: &str, text: &str, row: &mut Row, depth: usize) -> Result<(), String> {
        match text.bytes().next() {
            Some(b'{') => self.object(path, text, row, depth + 1),
            Some(b'[') => {
                let elements: Vec<Box<RawValue>> =
                    serde_json::from_str(text).map_err(|error| format!("`{path}`: {error}"))?;
                if let Some(list) = self.list(&elements) {
                    self.cell(&format!("{path}.*"), &list, row);
                }
                elements.iter().enumerate().try_for_each(|(at, element)| {
                    if depth > MAX_DEPTH {
                        return Err(format!("`{path}` lies more than {MAX_DEPTH} deep"));
                    }
                    self.member(&format!("{path}.{at}"), element.get(), row, depth + 1)
                })
            }
            Some(b'"') => {
                let text: String = serde_json::from_str(text).map_err(|error| format!("`{path}`: {error}"))?;
                self.scalar(path, cell_text(&text, self.spec), row);
                Ok(())
            }
            Some(b'n') | None => {
                self.cell(path, "", row);
                Ok(())
            }
            Some(_) => {
                self.scalar(path, cell_text(&written_number(text, self.spec), self.spec), row);
                Ok(())
            }
        }
    }

    /// The items of a list in one text; none where it is empty or one of them is an object or a list.
    fn list(&self, elements: &[Box<RawValue>]) -> Option<String> {
        let mut list = String::new();
        for (at, element) in elements.iter().enumerate() {
            let text = element.get();
            let item = match text.bytes().next()? {
                b'{' | b'[' => return None,
                b'"' => serde_json::from_str(text).ok()?,
                b'n' => String::new(),
                _ => written_number(text, self.spec).into_owned(),
            };
            if at > 0 {
                list.push(LIST_SEPARATOR);
            }
            list.push_str(&cell_text(&item, self.spec).replace(LIST_SEPARATOR, " "));
        }
        (!elements.is_empty()).then_some(list)
    }

    /// Puts a text or number into its cell, and into that of the list which other rows have in its place.
    fn scalar(&mut self, path: &str, text: &str, row: &mut Row) {
        self.cell(path, text, row);
        let list = format!("{path}.*");
        if self.places.contains_key(&column_name(&list, self.spec)) {
            self.cell(&list, text, row);
        }
    }

    fn cell(&mut self, path: &str, text: &str, row: &mut Row) {
        let name = column_name(path, self.spec);
        let at = match self.places.get(&name) {
            Some(at) => *at,
            None => {
                self.shared = None;
                self.names.push(name.clone());
                self.places.insert(name, self.names.len() - 1);
                self.names.len() - 1
            }
        };
        row.set(at, text);
    }
}

/// A number as the mapping has numbers: JSON writes a point, whatever the texts beside it have.
fn written_number<'t>(text: &'t str, spec: &FileSpec) -> Cow<'t, str> {
    match spec.decimal {
        Some(',') => Cow::Owned(text.replace('.', ",")),
        _ => Cow::Borrowed(text),
    }
}

/// Walks to an array and through it, one element in memory at a time.
struct Records<'p, 'e> {
    path: &'p [&'p str],
    each: &'e mut dyn FnMut(&RawValue) -> Result<(), String>,
}

impl<'de> DeserializeSeed<'de> for Records<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.path.is_empty() { deserializer.deserialize_seq(self) } else { deserializer.deserialize_map(self) }
    }
}

impl<'de> Visitor<'de> for Records<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.first() {
            None => f.write_str("an array of objects (say `format = \"jsonl\"` for an object a line)"),
            Some(name) => write!(f, "an object with `{name}`"),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element::<Box<RawValue>>()? {
            (self.each)(&element).map_err(A::Error::custom)?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { path, each } = self;
        let Some((first, rest)) = path.split_first() else { return Ok(()) };
        let mut found = false;
        while let Some(name) = members.next_key::<String>()? {
            if name == *first {
                members.next_value_seed(Records { path: rest, each: &mut *each })?;
                found = true;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        if found { Ok(()) } else { Err(A::Error::custom(format!("there is no `{first}`"))) }
    }
}
