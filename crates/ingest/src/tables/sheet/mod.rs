//! A file of rows, written as they come: CSV, Parquet, or a JSON object a line.
//!
//! Memory does not grow with the file: CSV and JSON lines hold one row, Parquet holds one group of rows, which its form
//! demands.

mod csv;
mod lines;
mod parquet;

use super::{Cell, Heading};
use std::io::{self, Write};

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetForm {
    /// Comma-separated values, after RFC 4180, with a header.
    Csv {
        /// True if people open it in a spreadsheet, which must see UTF-8 and no formula.
        for_spreadsheet: bool,
    },
    /// Apache Parquet.
    Parquet,
    /// A JSON object a line.
    Lines {
        /// Set if an empty cell is written as `null`; it is left out otherwise.
        with_nulls: bool,
    },
}

/// A property that a file states of itself, if its form has room for it: name and value.
pub type SheetProperty = (&'static str, String);

/// A file of rows that is being written.
pub trait Sheet {
    /// Writes a row: a cell for each column.
    ///
    /// # Errors
    /// If it cannot be written.
    fn row(&mut self, cells: Vec<Cell>) -> io::Result<()>;

    /// Writes the rest, and the properties of the file. Without this the file is not whole.
    ///
    /// # Errors
    /// If it cannot be written.
    fn finish(self: Box<Self>, said: &[SheetProperty]) -> io::Result<()>;
}

/// Begins a file.
///
/// # Errors
/// If it cannot be written.
pub fn begin<'w>(
    form: SheetForm,
    headings: Vec<Heading>,
    out: Box<dyn Write + Send + 'w>,
) -> io::Result<Box<dyn Sheet + 'w>> {
    Ok(match form {
        SheetForm::Csv { for_spreadsheet } => Box::new(csv::CsvSheet::begin(for_spreadsheet, &headings, out)?),
        SheetForm::Parquet => Box::new(parquet::Parquet::begin(&headings, out)?),
        SheetForm::Lines { with_nulls } => Box::new(lines::Lines::begin(headings, with_nulls, out)),
    })
}

/// Continues a file that has rows already. Parquet cannot be written in pieces.
///
/// # Errors
/// If it cannot be written.
pub fn resume<'w>(
    form: SheetForm,
    headings: Vec<Heading>,
    out: Box<dyn Write + Send + 'w>,
) -> io::Result<Box<dyn Sheet + 'w>> {
    Ok(match form {
        SheetForm::Csv { for_spreadsheet } => Box::new(csv::CsvSheet::resume(for_spreadsheet, out)),
        SheetForm::Lines { with_nulls } => Box::new(lines::Lines::begin(headings, with_nulls, out)),
        SheetForm::Parquet => return Err(io::Error::new(io::ErrorKind::Unsupported, "Parquet is written at once")),
    })
}

/// A day as text: of the years 0 to 9999 as ISO 8601 has it, beyond with a sign.
fn day_text(day: i32) -> String {
    use detente_domain::moment::{Moment, SECONDS_PER_DAY};
    let (year, month, day) = Moment(i64::from(day) * SECONDS_PER_DAY).to_civil_day();
    match year {
        0..=9999 => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:+05}-{month:02}-{day:02}"),
    }
}

/// An instant as text: RFC 3339 in UTC, with microseconds where there are any.
fn instant_text(micros: i64) -> String {
    let nanos = i32::try_from(micros.rem_euclid(1_000_000)).unwrap_or(0).saturating_mul(1000);
    prost_types::Timestamp { seconds: micros.div_euclid(1_000_000), nanos }.to_string()
}
