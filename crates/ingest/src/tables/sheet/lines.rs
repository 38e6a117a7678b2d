//! A JSON object a line, with the names of the columns in their order; what is JSON already stands in it as it is.

use super::{Sheet, SheetProperty, day_text, instant_text};
use crate::tables::{Cell, ColumnKind, Heading};
use serde_json::Value;
use std::io::{self, Write};

/// Whole numbers below it are exact in a double, which is what many readers of JSON make of a number.
const EXACT: u64 = 1 << 53;

/// A file of JSON lines.
pub(super) struct Lines<W: Write> {
    headings: Vec<Heading>,
    with_nulls: bool,
    out: W,
}

impl<W: Write> Lines<W> {
    pub(super) const fn begin(headings: Vec<Heading>, with_nulls: bool, out: W) -> Self {
        Self { headings, with_nulls, out }
    }
}

impl<W: Write> Sheet for Lines<W> {
    fn row(&mut self, cells: Vec<Cell>) -> io::Result<()> {
        let mut before = "{";
        for (heading, cell) in self.headings.iter().zip(cells) {
            let value = match value(heading.kind, cell)? {
                Value::Null if !self.with_nulls => continue,
                value => value,
            };
            self.out.write_all(before.as_bytes())?;
            serde_json::to_writer(&mut self.out, &*heading.name)?;
            self.out.write_all(b":")?;
            serde_json::to_writer(&mut self.out, &value)?;
            before = ",";
        }
        self.out.write_all(if before == "{" { b"{}\n" } else { b"}\n" })
    }

    fn finish(mut self: Box<Self>, _: &[SheetProperty]) -> io::Result<()> {
        self.out.flush()
    }
}

fn value(kind: ColumnKind, cell: Cell) -> io::Result<Value> {
    Ok(match cell {
        Cell::Empty => Value::Null,
        Cell::Text(text) if kind == ColumnKind::Json => serde_json::from_str(&text)?,
        Cell::Text(text) if kind == ColumnKind::Ids => text.split(';').collect(),
        Cell::Text(text) => Value::from(text),
        Cell::Integer(number) if number.unsigned_abs() < EXACT => Value::from(number),
        Cell::Integer(number) => Value::from(number.to_string()),
        Cell::Number(number) => Value::from(number),
        Cell::Flag(flag) => Value::from(flag),
        Cell::Instant(micros) => Value::from(instant_text(micros)),
        Cell::Day(day) => Value::from(day_text(day)),
    })
}
