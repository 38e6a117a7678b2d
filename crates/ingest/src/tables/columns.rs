//! The type of a column, and the columns of each table.

use super::row::OutputRow;
use super::{claim, event};
use std::borrow::Cow;
use std::fmt::Write as _;

/// The kind of rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// The claims of a state, each with its certainty.
    State,
    /// Claims, whatever their valid time.
    Claims,
    /// The events of the log.
    Events,
}

/// The type of a column. Any cell may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text, UTF-8.
    Text,
    /// A member of a closed vocabulary, in lower_snake.
    Word,
    /// Ids, joined by `;`, which no id contains.
    Ids,
    /// A list of messages in proto3 JSON.
    Json,
    /// A whole number of 64 bits.
    Integer,
    /// A number with a fraction.
    Number,
    /// True or false.
    Flag,
    /// An instant of recorded time, in microseconds, UTC.
    Instant,
    /// A day of the proleptic Gregorian calendar.
    Day,
}

impl ColumnKind {
    /// Its name, and how it is written in each form of file.
    const fn words(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Word => "word",
            Self::Ids => "ids",
            Self::Json => "json",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Flag => "flag",
            Self::Instant => "instant",
            Self::Day => "day",
        }
    }
}

/// The value of a column in a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Text, words, ids or JSON.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Number(f64),
    /// True or false.
    Flag(bool),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Instant(i64),
    /// Days since 1970-01-01.
    Day(i32),
}

impl Cell {
    /// A text; an empty one is nothing, as in the messages.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }

    /// Ids, joined.
    pub fn ids<'i>(ids: impl IntoIterator<Item = &'i str>) -> Self {
        Self::text(ids.into_iter().collect::<Vec<_>>().join(";"))
    }

    /// A number that the messages give as unsigned; positions never reach 2^63.
    #[must_use]
    pub fn number(number: u64) -> Self {
        i64::try_from(number).map_or(Self::Empty, Self::Integer)
    }

    /// A number that counts from 1: 0 is nothing.
    pub(super) fn ordinal(number: u64) -> Self {
        if number == 0 { Self::Empty } else { Self::number(number) }
    }
}

/// The head of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Its type.
    pub kind: ColumnKind,
}

/// The way in which a cell is found in a row.
#[derive(Clone, Debug)]
pub(super) enum Of {
    /// A function of the row.
    Row(fn(&OutputRow<'_>) -> Cell),
    /// The words of the claim in a language.
    Words(String),
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Its type.
    pub kind: ColumnKind,
    /// A description of it, in one line.
    pub about: Cow<'static, str>,
    of: Of,
}

/// A column of a fixed name.
pub(super) const fn column(
    name: &'static str,
    kind: ColumnKind,
    about: &'static str,
    of: fn(&OutputRow<'_>) -> Cell,
) -> Column {
    Column { name: Cow::Borrowed(name), kind, about: Cow::Borrowed(about), of: Of::Row(of) }
}

impl Column {
    /// Its head.
    #[must_use]
    pub fn heading(&self) -> Heading {
        Heading { name: self.name.clone(), kind: self.kind }
    }

    /// The cell of a row.
    #[must_use]
    pub fn cell(&self, row: &OutputRow<'_>) -> Cell {
        match &self.of {
            Of::Row(of) => of(row),
            Of::Words(lang) => row.words(lang).map_or(Cell::Empty, Cell::text),
        }
    }

    /// The words in a language: `text_en`, `text_zh_hant`.
    fn of_language(lang: &str) -> Self {
        Self {
            name: in_language("text", lang).into(),
            kind: ColumnKind::Text,
            about: format!("The proposition in words, in the language `{lang}`.").into(),
            of: Of::Words(lang.to_owned()),
        }
    }
}

/// The name of a column of words in a language.
#[must_use]
pub fn in_language(name: &str, lang: &str) -> String {
    format!("{name}_{}", lang.to_lowercase().replace('-', "_"))
}

/// The columns of a table, with one for the words in each of these languages (BCP 47 tags).
#[must_use]
pub fn columns(table: Table, languages: &[String]) -> Vec<Column> {
    let (at_a_date, at_a_cut) = claim::ASKED;
    match table {
        Table::State => {
            let asked = at_a_date.into_iter().chain(at_a_cut);
            claim::FOUND.into_iter().chain(claim_columns(languages)).chain(asked).collect()
        }
        Table::Claims => claim_columns(languages).into_iter().chain(at_a_cut).collect(),
        Table::Events => event::HAPPENED.into_iter().chain([claim::ID]).chain(content(languages)).collect(),
    }
}

/// The columns of a claim, without the coordinates of the question.
#[must_use]
pub fn claim_columns(languages: &[String]) -> Vec<Column> {
    let before = [claim::ID].into_iter().chain(claim::RECORDED);
    before.chain(content(languages)).chain(claim::CONTESTED).collect()
}

/// The columns of what a claim says.
fn content(languages: &[String]) -> Vec<Column> {
    let mut columns = Vec::new();
    for column in claim::CONTENT {
        if column.name == "texts" {
            columns.extend(languages.iter().map(|lang| Column::of_language(lang)));
        }
        columns.push(column);
    }
    columns
}

/// The columns of a table as a table in Markdown.
#[must_use]
pub fn describe_columns(table: Table, languages: &[String]) -> String {
    let mut text = String::from("| column | type | what it says |\n|---|---|---|\n");
    for Column { name, kind, about, .. } in columns(table, languages) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| `{name}` | {} | {about} |", kind.words());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const TABLES: [Table; 3] = [Table::State, Table::Claims, Table::Events];

    #[test]
    fn no_two_columns_of_a_table_have_one_name() {
        let languages = ["en".to_owned(), "zh-Hant".to_owned()];
        for table in TABLES {
            let columns = columns(table, &languages);
            let names: HashSet<_> = columns.iter().map(|column| column.name.clone()).collect();
            assert_eq!(names.len(), columns.len(), "{table:?}");
            assert!(names.contains("text_zh_hant"));
        }
    }

    #[test]
    fn the_documentation_lists_every_column_as_it_is() {
        let documented = include_str!("../../../../docs/EXPORT.md");
        for table in TABLES {
            let described = describe_columns(table, &["en".to_owned()]);
            assert!(documented.contains(&described), "docs/EXPORT.md should have, of {table:?}:\n{described}");
        }
    }
}
