//! Claims and events as flat rows: named columns of plain types, the same in every file, for tools that know tables.
//!
//! ```text
//!   columns.rs   what a column is, and which ones a table has
//!   claim.rs     the columns of a claim        event.rs   those of an event        row.rs   what a row is made of
//!   sheet.rs     a file of rows: CSV, Parquet or JSON, written as it comes
//! ```
//!
//! A column is a name, a type and a function from a row to a cell. Everything else follows from that list: the header
//! of a CSV file, the schema of a Parquet file, and `docs/EXPORT.md`, which a test holds equal to it. No field is lost:
//! values that fit no cell (words by language, parties with their roles, citations, ...) are in a column of type
//! [`ColumnKind::Json`], in the canonical JSON of their message. The part of them that is most often wanted is in a
//! column of plain text.
//!
//! Reasons: `docs/design/tables.md`.

mod claim;
mod columns;
mod event;
mod row;
pub mod sheet;

pub use columns::{Cell, Column, ColumnKind, Heading, Table, claim_columns, columns, describe_columns, in_language};
pub use row::{OutputRow, RowCoordinates, instant};
