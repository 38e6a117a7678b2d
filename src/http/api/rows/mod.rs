//! Replies as tables. The columns of a route follow from the contract alone, so a table always has the same ones.
//!
//! ```text
//!   spread.rs   the columns of a message: its fields, those of messages in it, and of lists of messages what can be joined
//!   cell.rs     the cell of a message under such a column
//!   claims      have the columns of the exports (detente_ingest::tables), wherever they stand in an entry
//! ```
//!
//! State, claims and events are the tables of `detente export`, column by column. Every other entry has its own fields first
//! and then the columns of the claims in it: of its `claim` under their names, of another one (`before`, `after`, `other`) with
//! its name before theirs. A bucket of a series is a row for each of its points.

mod cell;
mod spread;

use super::form::ReplyForm;
use super::table::Route;
use crate::http::failure::HttpFailure;
use crate::http::{json, transcode};
use cell::MessagePlace;
use detente_ingest::tables::{self, Cell, Heading, sheet};
use detente_proto::v1;
use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, MessageDescriptor};
use std::io::{self, Write};
use std::sync::Arc;

/// The list within an entry whose elements are the rows of a route.
const ROWS_WITHIN: [(&str, &str); 1] = [("series", "points")];

/// The table of a route.
#[derive(Debug)]
pub(super) struct RouteTable {
    /// The number of the field that has the entries; without one the reply is the entry.
    list: Option<u32>,
    /// The number of the field that has the coordinates of the reply.
    context: Option<u32>,
    headings: Vec<Heading>,
    entry: EntryColumns,
}

/// The columns of an entry.
#[derive(Debug)]
enum EntryColumns {
    /// A table of the exports.
    Flat(tables::Table, Vec<tables::Column>),
    /// Any other message.
    Spread {
        message: MessageDescriptor,
        /// Its own fields.
        own: Vec<MessagePlace>,
        /// The claims in it: the number of the field, and the columns.
        claims: Vec<(u32, Vec<tables::Column>)>,
        /// The list in it that has a row for each element, and the columns of these.
        within: Option<(FieldDescriptor, Vec<MessagePlace>)>,
    },
}

impl RouteTable {
    /// The table of a route; `reply` describes the replies of its rpc.
    pub(super) fn of(route: &Route, reply: &MessageDescriptor, languages: &[String]) -> Self {
        let list = route.list.or((route.name == "claim").then_some("claim"));
        let list = list.and_then(|list| reply.get_field_by_name(list));
        let message = list.as_ref().and_then(|list| list.kind().as_message().cloned()).unwrap_or_else(|| reply.clone());
        let (headings, entry) = match message.name() {
            "StateMatch" => flat_entry(tables::Table::State, languages),
            "Claim" => flat_entry(tables::Table::Claims, languages),
            "Event" => flat_entry(tables::Table::Events, languages),
            _ => {
                let within = ROWS_WITHIN.iter().find(|(name, _)| *name == route.name);
                spread::entry(message, within.map(|(_, list)| *list), languages)
            }
        };
        Self { list: list.map(|list| list.number()), context: context(reply), headings, entry }
    }

    /// Number of columns.
    pub(super) fn width(&self) -> usize {
        self.headings.len()
    }

    /// Writes the rows of a reply, up to a position of the log where one is given. The first piece of a table has its head.
    pub(super) fn write(
        &self,
        form: &ReplyForm,
        is_first: bool,
        reply: &[u8],
        until: u64,
    ) -> Result<Vec<u8>, HttpFailure> {
        let written = SharedBuffer::default();
        let begin = if is_first { sheet::begin } else { sheet::resume };
        let mut sheet =
            begin(form.sheet(), self.headings.clone(), Box::new(written.clone())).map_err(HttpFailure::defect)?;
        let asked = self.coordinates(reply)?;
        let mut put = |cells: Vec<Cell>| sheet.row(cells).map_err(HttpFailure::defect);
        match self.list {
            None => self.entry.rows(reply, &asked, until, &mut put)?,
            Some(list) => {
                json::parts(reply, list).try_for_each(|entry| self.entry.rows(entry, &asked, until, &mut put))?;
            }
        }
        sheet.finish(&[]).map_err(HttpFailure::defect)?;
        Ok(written.take())
    }

    /// The coordinates that a reply states.
    pub(super) fn coordinates(&self, reply: &[u8]) -> Result<v1::ReplyContext, HttpFailure> {
        let context = self.context.and_then(|context| json::parts(reply, context).last()).unwrap_or_default();
        v1::ReplyContext::decode(context).map_err(HttpFailure::defect)
    }
}

/// The number of the field in which a reply states its coordinates; of a comparison those of the later side.
fn context(reply: &MessageDescriptor) -> Option<u32> {
    let field = reply.get_field_by_name("context").or_else(|| reply.get_field_by_name("to"))?;
    Some(field.number())
}

fn flat_entry(table: tables::Table, languages: &[String]) -> (Vec<Heading>, EntryColumns) {
    let columns = tables::columns(table, languages);
    (columns.iter().map(tables::Column::heading).collect(), EntryColumns::Flat(table, columns))
}

type RowSink<'p> = dyn FnMut(Vec<Cell>) -> Result<(), HttpFailure> + 'p;

impl EntryColumns {
    fn rows(
        &self,
        bytes: &[u8],
        asked: &v1::ReplyContext,
        until: u64,
        put: &mut RowSink<'_>,
    ) -> Result<(), HttpFailure> {
        match self {
            Self::Flat(table, columns) => flat_row(*table, columns, bytes, asked, until, put),
            Self::Spread { message, own, claims, within } => {
                let entry = transcode::decode(message.clone(), bytes)?;
                let mut cells: Vec<Cell> = own.iter().map(|place| place.cell(&entry)).collect();
                for (number, columns) in claims {
                    let claim = json::parts(bytes, *number).map(v1::Claim::decode).last().transpose();
                    let claim = claim.map_err(HttpFailure::defect)?;
                    let row = claim.as_ref().map(|claim| tables::OutputRow::of_claim(claim, asked)).unwrap_or_default();
                    cells.extend(columns.iter().map(|column| column.cell(&row)));
                }
                match within {
                    None => put(cells),
                    Some((list, places)) => rows_within(&entry, list, places, &cells, put),
                }
            }
        }
    }
}

fn flat_row(
    table: tables::Table,
    columns: &[tables::Column],
    bytes: &[u8],
    asked: &v1::ReplyContext,
    until: u64,
    put: &mut RowSink<'_>,
) -> Result<(), HttpFailure> {
    let cells = |row: &tables::OutputRow<'_>| columns.iter().map(|column| column.cell(row)).collect();
    match table {
        tables::Table::State => {
            let found = v1::StateMatch::decode(bytes).map_err(HttpFailure::defect)?;
            put(cells(&tables::OutputRow::of_match(&found, asked)))
        }
        tables::Table::Claims => {
            let claim = v1::Claim::decode(bytes).map_err(HttpFailure::defect)?;
            put(cells(&tables::OutputRow::of_claim(&claim, asked)))
        }
        tables::Table::Events => {
            let event = v1::Event::decode(bytes).map_err(HttpFailure::defect)?;
            if event.position <= until { put(cells(&tables::OutputRow::of_event(&event))) } else { Ok(()) }
        }
    }
}

/// A row for each element of a list in an entry, the cells of the entry first; one of nothing where the list is empty.
fn rows_within(
    entry: &DynamicMessage,
    list: &FieldDescriptor,
    places: &[MessagePlace],
    before: &[Cell],
    put: &mut RowSink<'_>,
) -> Result<(), HttpFailure> {
    let row = |element: &DynamicMessage| {
        before.iter().cloned().chain(places.iter().map(|place| place.cell(element))).collect()
    };
    let elements = entry.get_field(list);
    let elements = elements.as_list().unwrap_or_default();
    if elements.is_empty()
        && let Some(element) = list.kind().as_message()
    {
        return put(row(&DynamicMessage::new(element.clone())));
    }
    elements.iter().filter_map(prost_reflect::Value::as_message).try_for_each(|element| put(row(element)))
}

/// Bytes that a sheet writes and its owner takes.
#[derive(Clone, Debug, Default)]
struct SharedBuffer(Arc<parking_lot::Mutex<Vec<u8>>>);

impl SharedBuffer {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock())
    }
}

impl Write for SharedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
