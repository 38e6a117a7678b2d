//! Apache Parquet, by the low-level writer of the `parquet` crate: a group of rows is gathered column by column, and
//! written when it is large enough.
//!
//! Every column is optional and flat. Text, words, ids and JSON are strings, instants are microseconds in UTC, days are
//! dates; compressed with Zstandard. The metadata of the file says which ledger and cut it is from.

use super::{Sheet, SheetProperty};
use crate::tables::{Cell, ColumnKind, Heading};
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};
use std::io::{self, Write};
use std::sync::Arc;

/// The most rows of a group. A group also ends at [`GROUP_BYTES`] of text.
const GROUP_ROWS: usize = 65_536;
const GROUP_BYTES: usize = 32 << 20;

/// A Parquet file.
pub(super) struct Parquet<W: Write + Send> {
    out: SerializedFileWriter<W>,
    columns: Vec<ColumnCells>,
    rows: usize,
    bytes: usize,
}

impl<W: Write + Send> Parquet<W> {
    pub(super) fn begin(headings: &[Heading], out: W) -> io::Result<Self> {
        let fields: Result<Vec<TypePtr>, ParquetError> = headings.iter().map(field).collect();
        let schema = Type::group_type_builder("schema").with_fields(fields.map_err(wrong)?).build().map_err(wrong)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(concat!("detente ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let out = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties)).map_err(wrong)?;
        Ok(Self { out, columns: headings.iter().map(ColumnCells::of).collect(), rows: 0, bytes: 0 })
    }

    fn write_group(&mut self) -> io::Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.out.next_row_group().map_err(wrong)?;
        for column in &mut self.columns {
            let mut writer =
                group.next_column().map_err(wrong)?.ok_or_else(|| io::Error::other("a column too many"))?;
            column.write(writer.untyped()).map_err(wrong)?;
            writer.close().map_err(wrong)?;
        }
        group.close().map_err(wrong)?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

impl<W: Write + Send> Sheet for Parquet<W> {
    fn row(&mut self, cells: Vec<Cell>) -> io::Result<()> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            self.bytes += column.take(cell);
        }
        self.rows += 1;
        if self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES { self.write_group() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>, said: &[SheetProperty]) -> io::Result<()> {
        self.write_group()?;
        for (name, value) in said {
            self.out.append_key_value_metadata(KeyValue::new(format!("detente.{name}"), value.clone()));
        }
        self.out.close().map(|_| ()).map_err(wrong)
    }
}

fn field(heading: &Heading) -> Result<TypePtr, ParquetError> {
    let (physical, logical) = match heading.kind {
        ColumnKind::Text | ColumnKind::Word | ColumnKind::Ids | ColumnKind::Json => {
            (Physical::BYTE_ARRAY, Some(LogicalType::String))
        }
        ColumnKind::Integer => (Physical::INT64, None),
        ColumnKind::Number => (Physical::DOUBLE, None),
        ColumnKind::Flag => (Physical::BOOLEAN, None),
        ColumnKind::Instant => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        ColumnKind::Day => (Physical::INT32, Some(LogicalType::Date)),
    };
    let of = Type::primitive_type_builder(&heading.name, physical).with_logical_type(logical);
    of.with_repetition(Repetition::OPTIONAL).build().map(Arc::new)
}

/// The cells of a column in this group: whether each is there, and those that are.
struct ColumnCells {
    there: Vec<i16>,
    values: Values,
}

enum Values {
    Texts(Vec<ByteArray>),
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
    Flags(Vec<bool>),
    Days(Vec<i32>),
}

impl ColumnCells {
    fn of(heading: &Heading) -> Self {
        let values = match heading.kind {
            ColumnKind::Text | ColumnKind::Word | ColumnKind::Ids | ColumnKind::Json => Values::Texts(Vec::new()),
            ColumnKind::Integer | ColumnKind::Instant => Values::Integers(Vec::new()),
            ColumnKind::Number => Values::Numbers(Vec::new()),
            ColumnKind::Flag => Values::Flags(Vec::new()),
            ColumnKind::Day => Values::Days(Vec::new()),
        };
        Self { there: Vec::new(), values }
    }

    /// Takes a cell; says about how many bytes it needs. A cell that is not of its column's type is none.
    fn take(&mut self, cell: Cell) -> usize {
        let bytes = match (&mut self.values, cell) {
            (Values::Texts(texts), Cell::Text(text)) => {
                let bytes = text.len();
                texts.push(ByteArray::from(text.into_bytes()));
                bytes + size_of::<ByteArray>()
            }
            (Values::Integers(numbers), Cell::Integer(number) | Cell::Instant(number)) => {
                numbers.push(number);
                8
            }
            (Values::Numbers(numbers), Cell::Number(number)) => {
                numbers.push(number);
                8
            }
            (Values::Flags(flags), Cell::Flag(flag)) => {
                flags.push(flag);
                1
            }
            (Values::Days(days), Cell::Day(day)) => {
                days.push(day);
                4
            }
            _ => {
                self.there.push(0);
                return 2;
            }
        };
        self.there.push(1);
        bytes + 2
    }

    fn write(&mut self, writer: &mut ColumnWriter<'_>) -> Result<(), ParquetError> {
        let there = std::mem::take(&mut self.there);
        let there = Some(there.as_slice());
        match (&mut self.values, writer) {
            (Values::Texts(texts), ColumnWriter::ByteArrayColumnWriter(writer)) => {
                writer.write_batch(&std::mem::take(texts), there, None)
            }
            (Values::Integers(numbers), ColumnWriter::Int64ColumnWriter(writer)) => {
                writer.write_batch(&std::mem::take(numbers), there, None)
            }
            (Values::Numbers(numbers), ColumnWriter::DoubleColumnWriter(writer)) => {
                writer.write_batch(&std::mem::take(numbers), there, None)
            }
            (Values::Flags(flags), ColumnWriter::BoolColumnWriter(writer)) => {
                writer.write_batch(&std::mem::take(flags), there, None)
            }
            (Values::Days(days), ColumnWriter::Int32ColumnWriter(writer)) => {
                writer.write_batch(&std::mem::take(days), there, None)
            }
            _ => return Err(ParquetError::General("a column is not of the type of its field".to_owned())),
        }
        .map(|_| ())
    }
}

fn wrong(error: ParquetError) -> io::Error {
    match error {
        // If the reader of a pipe has gone, the writer's caller tells that error apart.
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(cause) => io::Error::other(cause),
        },
        other => io::Error::other(other),
    }
}
