//! The appends: the end of each, its recorded time, the mark of the history there, and the request that made it.
//!
//! This is where a cut is resolved: an instant or a position becomes the number of appends that may be seen.

use super::numbers::AppendNo;
use crate::store::sections::{SectionWriter, take};
use crate::store::shared::{SharedList, fitting};
use detente_domain::position::{Position, RecordedAt};
use detente_journal::{RequestMark, Salt};
use std::collections::HashMap;
use std::io::{self, Write};
use uuid::Uuid;

/// One append, as the index keeps it.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct AppendRow {
    /// The position of its last event.
    #[prost(uint64, tag = "1")]
    pub(crate) last: u64,
    /// The recorded time, in microseconds since 1970.
    #[prost(sint64, tag = "2")]
    pub(crate) recorded_at: i64,
    /// The hash of the history after it.
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) link: Vec<u8>,
    /// The request that made it, 16 bytes; empty if it named none.
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) request_id: Vec<u8>,
    /// The fingerprint of that request.
    #[prost(bytes = "vec", tag = "5")]
    pub(crate) fingerprint: Vec<u8>,
    /// The salt of the fingerprint, 16 bytes; empty if it has none.
    #[prost(bytes = "vec", tag = "6")]
    pub(crate) retry_salt: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct AppendEntry {
    last: Position,
    recorded_at: RecordedAt,
    mark: [u8; 8],
}

/// All appends.
#[derive(Clone, Default)]
pub(crate) struct Appends {
    rows: SharedList<AppendEntry, { fitting::<AppendEntry>(16 << 10) }>,
}

/// The requests that made appends. Deciding an append asks for them, an answer never does, so no snapshot has them.
#[derive(Default, PartialEq)]
pub(crate) struct Requests(HashMap<Uuid, RecordedRequest>);

#[derive(Clone, Copy, PartialEq)]
struct RecordedRequest {
    append: AppendNo,
    fingerprint: [u8; 16],
    salt: Option<Salt>,
}

impl Requests {
    /// Notes the request that made an append, if it named one.
    pub(crate) fn add(&mut self, number: AppendNo, row: &AppendRow) {
        if let (Ok(id), Ok(fingerprint)) = (Uuid::from_slice(&row.request_id), row.fingerprint.as_slice().try_into()) {
            let salt = row.retry_salt.as_slice().try_into().ok().map(Salt);
            self.0.insert(id, RecordedRequest { append: number, fingerprint, salt });
        }
    }

    /// Writes all, to be read by [`Requests::load`].
    pub(in crate::store) fn dump(&self, section: u8, to: &mut SectionWriter<impl Write>) -> io::Result<()> {
        to.begin(section)?;
        self.0.iter().try_for_each(|(id, request)| {
            to.row(|row| {
                row.extend_from_slice(id.as_bytes());
                row.extend_from_slice(&request.append.get().to_le_bytes());
                row.extend_from_slice(&request.fingerprint);
                row.push(u8::from(request.salt.is_some()));
                row.extend_from_slice(&request.salt.map_or([0; 16], |salt| salt.0));
            })
        })
    }

    pub(in crate::store) fn load(&mut self, rows: &mut &[u8]) -> Option<()> {
        while !rows.is_empty() {
            let id = Uuid::from_bytes(take(rows)?);
            let append = AppendNo::new(u32::from_le_bytes(take(rows)?));
            let (fingerprint, [is_salted]) = (take(rows)?, take(rows)?);
            let salt = Some(Salt(take(rows)?)).filter(|_| is_salted != 0);
            self.0.insert(id, RecordedRequest { append, fingerprint, salt });
        }
        Some(())
    }

    /// The append that a request made, and the mark of the request.
    pub(crate) fn get(&self, id: Uuid) -> Option<(AppendNo, RequestMark)> {
        let RecordedRequest { append, fingerprint, salt } = *self.0.get(&id)?;
        Some((append, RequestMark { id, fingerprint, salt }))
    }
}

impl Appends {
    /// The last one.
    pub(crate) fn last_number(&self) -> AppendNo {
        AppendNo::last_of(self.rows.len())
    }

    /// The position of the last event of the last one.
    pub(in crate::store) fn last_position(&self) -> Position {
        self.last(self.last_number())
    }

    /// Adds the next one.
    pub(crate) fn add(&mut self, row: &AppendRow) {
        let mut mark = [0; 8];
        mark.iter_mut().zip(&row.link).for_each(|(to, from)| *to = *from);
        self.rows.push(AppendEntry { last: Position(row.last), recorded_at: RecordedAt(row.recorded_at), mark });
    }

    /// Writes all, to be read by [`Appends::load`].
    pub(super) fn dump(&self, section: u8, to: &mut SectionWriter<impl Write>) -> io::Result<()> {
        to.begin(section)?;
        self.rows.iter().try_for_each(|append| {
            to.row(|row| {
                row.extend_from_slice(&append.last.0.to_le_bytes());
                row.extend_from_slice(&append.recorded_at.0.to_le_bytes());
                row.extend_from_slice(&append.mark);
            })
        })
    }

    pub(super) fn load(&mut self, rows: &mut &[u8]) -> Option<()> {
        while !rows.is_empty() {
            let last = Position(u64::from_le_bytes(take(rows)?));
            let recorded_at = RecordedAt(i64::from_le_bytes(take(rows)?));
            self.rows.push(AppendEntry { last, recorded_at, mark: take(rows)? });
        }
        Some(())
    }

    /// The number of appends, among the first `visible` ones, that were recorded by an instant, inclusive.
    pub(crate) fn known_at(&self, instant: RecordedAt, visible: AppendNo) -> AppendNo {
        let visible = visible.min(self.last_number());
        if self.row(visible).is_none_or(|row| row.recorded_at <= instant) {
            return visible;
        }
        let known = self.rows.partition_point(|row| row.recorded_at <= instant);
        AppendNo::last_of(known).min(visible)
    }

    /// The number of the append that holds a position: that of the first to end there or later.
    pub(crate) fn holding(&self, position: Position) -> AppendNo {
        AppendNo::last_of(self.rows.partition_point(|row| row.last < position)).next()
    }

    /// The position of the last event of an append; 0 before the first.
    pub(crate) fn last(&self, append: AppendNo) -> Position {
        self.row(append).map_or(Position::START, |row| row.last)
    }

    /// The recorded time of an append.
    pub(crate) fn recorded_at(&self, append: AppendNo) -> Option<RecordedAt> {
        self.row(append).map(|row| row.recorded_at)
    }

    /// The recorded time of the event at a position.
    pub(crate) fn recorded_at_position(&self, position: Position) -> Option<RecordedAt> {
        self.recorded_at(self.holding(position))
    }

    /// The mark of the history after an append.
    pub(crate) fn mark(&self, append: AppendNo) -> [u8; 8] {
        self.row(append).map_or([0; 8], |row| row.mark)
    }

    fn row(&self, append: AppendNo) -> Option<&AppendEntry> {
        self.rows.get(append.place()?)
    }
}
