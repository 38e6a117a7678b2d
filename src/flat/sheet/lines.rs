//! A JSON object a line, with the names of the columns; what is JSON already stands in it as it is.

use super::{Said, Sheet, day_text, instant_text};
use crate::flat::{Cell, Column, Kind};
use serde_json::{Map, Value};
use std::io::{self, Write};

/// A file of JSON lines.
pub(super) struct Lines<W: Write> {
    columns: Vec<Column>,
    out: W,
}

impl<W: Write> Lines<W> {
    pub(super) const fn begin(columns: Vec<Column>, out: W) -> Self {
        Self { columns, out }
    }
}

impl<W: Write> Sheet for Lines<W> {
    fn row(&mut self, cells: Vec<Cell>) -> io::Result<()> {
        let mut object = Map::new();
        for (column, cell) in self.columns.iter().zip(cells) {
            let value = match cell {
                Cell::Empty => continue,
                Cell::Text(text) if column.kind == Kind::Json => serde_json::from_str(&text)?,
                Cell::Text(text) if column.kind == Kind::Ids => text.split(';').collect(),
                Cell::Text(text) => Value::from(text),
                Cell::Integer(number) => Value::from(number),
                Cell::Flag(flag) => Value::from(flag),
                Cell::Instant(micros) => Value::from(instant_text(micros)),
                Cell::Day(day) => Value::from(day_text(day)),
            };
            object.insert(column.name.to_string(), value);
        }
        serde_json::to_writer(&mut self.out, &object)?;
        self.out.write_all(b"\n")
    }

    fn finish(mut self: Box<Self>, _: &[Said]) -> io::Result<()> {
        self.out.flush()
    }
}
