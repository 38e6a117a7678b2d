//! Named cursors: places in the feed that the ledger keeps for consumers that keep none themselves.
//!
//! ```text
//!              acknowledged               delivered              head
//!   ───────────────┴──────────────────────────┴────────────────────┴───>
//!    done with, on    handed to the one who     not handed to anybody
//!    stable storage   subscribes, in this run   in this run
//! ```
//!
//! A cursor only moves when somebody says so, never past what has been handed out since the ledger was opened: so it can
//! never stand behind something that nobody has seen. One subscription at a time holds a cursor; a later one takes it over.
//!
//! Cursors are not part of the record. They lie next to it, a file each ([`mod@file`]), are not exported, and an import
//! brings
//! none. A ledger that is kept in memory keeps its cursors there.
//!
//! Reasons: `docs/design/feed.md`.

mod cursor_hold;
mod error;
mod file;
mod place;

pub(crate) use cursor_hold::HeldCursor;
pub use error::CursorError;

use crate::follow::feed::Beginning;
use detente_domain::name::CursorId;
use detente_domain::position::{Position, RecordedAt};
use detente_journal::LedgerId;
use detente_proto::v1;
use file::Files;
use parking_lot::Mutex;
use place::{CursorPlace, CursorState};
use prost::Message;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The most cursors of one ledger.
pub const MOST: usize = 1000;
/// The most bytes of the filters of all of them together: a list of all cursors is one reply.
pub const MOST_FILTER_BYTES: usize = 3 << 20;

/// A cursor as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor {
    /// Its name.
    pub id: CursorId,
    /// Everything up to here is done with.
    pub acknowledged: Position,
    /// Everything up to here has been handed out in this run.
    pub delivered: Position,
    /// The filter for its events, as the client gave it.
    pub filter: Option<v1::Filter>,
    /// The time at which it last moved, or was made.
    pub updated_at: RecordedAt,
    /// True if its file cannot be read; nothing else is then known of it.
    pub damaged: bool,
}

/// A cursor that is to be made.
#[derive(Clone, Debug)]
pub struct NewCursor {
    /// Its name.
    pub id: CursorId,
    /// The place to begin at.
    pub start: Beginning,
    /// The filter for its events.
    pub filter: Option<v1::Filter>,
}

/// The cursors of a ledger.
pub(crate) struct Cursors {
    files: Option<Files>,
    all: Mutex<BTreeMap<CursorId, CursorSlot>>,
}

enum CursorSlot {
    Sound(Arc<CursorPlace>),
    Damaged { why: String },
}

impl CursorSlot {
    fn filter_bytes(&self) -> usize {
        match self {
            Self::Sound(place) => place.cursor().filter.as_ref().map_or(0, Message::encoded_len),
            Self::Damaged { .. } => 0,
        }
    }
}

impl Cursors {
    /// The cursors of a ledger that is kept in memory: none yet.
    pub(crate) const fn in_memory() -> Self {
        Self { files: None, all: Mutex::new(BTreeMap::new()) }
    }

    /// Opens the cursors in a directory. The directory is made with the first cursor, unless the ledger is read-only. A
    /// damaged cursor is logged, and its file is kept for an operator to look at.
    pub(crate) fn open(dir: PathBuf, ledger: LedgerId, read_only: bool) -> io::Result<Self> {
        let files = Files::new(dir, ledger, read_only);
        let mut all = BTreeMap::new();
        for (id, read) in files.read_all()? {
            let slot = match read {
                Ok(kept) => CursorSlot::Sound(Arc::new(CursorPlace::new(kept))),
                Err(why) => {
                    tracing::error!(cursor = %id, %why, "a cursor cannot be read; it is refused until it is deleted");
                    CursorSlot::Damaged { why }
                }
            };
            all.insert(id, slot);
        }
        Ok(Self { files: Some(files), all: Mutex::new(all) })
    }

    /// Makes a cursor at a place. An existing one with the same start and filter stays where it stands.
    pub(crate) fn create(&self, new: NewCursor, at: Position, now: RecordedAt) -> Result<Cursor, CursorError> {
        let mut all = self.all.lock();
        match all.get(&new.id) {
            Some(CursorSlot::Damaged { why }) => return Err(damaged_error(&new.id, why)),
            Some(CursorSlot::Sound(place)) => return place.if_asked_alike(&new),
            None if all.len() >= MOST => return Err(CursorError::TooMany),
            None => {}
        }
        let own = new.filter.as_ref().map_or(0, Message::encoded_len);
        let bytes = all.values().map(CursorSlot::filter_bytes).fold(own, usize::saturating_add);
        if own > 0 && bytes > MOST_FILTER_BYTES {
            return Err(CursorError::FiltersTooLarge(bytes));
        }
        let kept =
            CursorState { id: new.id.clone(), acknowledged: at, start: new.start, filter: new.filter, updated_at: now };
        self.keep(&kept)?;
        let place = CursorPlace::new(kept);
        let made = place.cursor();
        all.insert(new.id, CursorSlot::Sound(Arc::new(place)));
        Ok(made)
    }

    /// Moves a cursor, durably. One that stands there or further already stays.
    pub(crate) fn acknowledge(&self, id: &CursorId, to: Position, now: RecordedAt) -> Result<Cursor, CursorError> {
        let place = self.place(id)?;
        place.acknowledge(to, now, |kept| self.keep(kept))
    }

    /// All of them, by name.
    pub(crate) fn list(&self) -> Vec<Cursor> {
        let cursor = |(id, slot): (&CursorId, &CursorSlot)| match slot {
            CursorSlot::Sound(place) => place.cursor(),
            CursorSlot::Damaged { .. } => Cursor::of_damaged(id.clone()),
        };
        self.all.lock().iter().map(cursor).collect()
    }

    /// Deletes a cursor, damaged or not, and ends the subscription that holds it.
    pub(crate) fn delete(&self, id: &CursorId) -> Result<(), CursorError> {
        let mut all = self.all.lock();
        let remove = || self.files.as_ref().map_or(Ok(()), |files| files.remove(id));
        match all.get(id) {
            None => return Err(CursorError::NotFound(id.clone())),
            Some(CursorSlot::Damaged { .. }) => remove()?,
            Some(CursorSlot::Sound(place)) => place.delete(remove)?,
        }
        all.remove(id);
        Ok(())
    }

    /// The time since the last use of a cursor; none where it is damaged or a subscription holds it.
    pub(crate) fn idle(&self, id: &CursorId) -> Option<Duration> {
        match self.all.lock().get(id)? {
            CursorSlot::Sound(place) => place.idle(),
            CursorSlot::Damaged { .. } => None,
        }
    }

    /// Takes a cursor over from the subscription that holds it.
    pub(crate) fn hold(&self, id: &CursorId) -> Result<(HeldCursor, Cursor), CursorError> {
        let place = self.place(id)?;
        let cursor = place.cursor();
        Ok((HeldCursor::take(place), cursor))
    }

    fn place(&self, id: &CursorId) -> Result<Arc<CursorPlace>, CursorError> {
        match self.all.lock().get(id) {
            None => Err(CursorError::NotFound(id.clone())),
            Some(CursorSlot::Damaged { why }) => Err(damaged_error(id, why)),
            Some(CursorSlot::Sound(place)) => Ok(Arc::clone(place)),
        }
    }

    fn keep(&self, kept: &CursorState) -> Result<(), CursorError> {
        self.files.as_ref().map_or(Ok(()), |files| files.write(kept))
    }
}

impl Cursor {
    fn of_damaged(id: CursorId) -> Self {
        let (acknowledged, delivered) = (Position::START, Position::START);
        Self { id, acknowledged, delivered, filter: None, updated_at: RecordedAt(0), damaged: true }
    }
}

fn damaged_error(id: &CursorId, why: &str) -> CursorError {
    CursorError::Damaged { id: id.clone(), why: why.to_owned() }
}
