//! Brings the store up: loads what sled has, replays the rest from the journal, rebuilds where sled is of no use.

use super::admission::Admission;
use super::block::{SPAN, number_of};
use super::checkpoint;
use super::db::{Db, Unusable};
use super::footing;
use super::view::{IncomingEvent, View};
use super::{Misfit, Store};
use crate::wire::event::read_event;
use detente_domain::position::Position;
use detente_journal::file::disk::make_dir;
use detente_journal::{Chunk, LedgerId, ReadError, Reader};
use detente_proto::v1;
use parking_lot::RwLock;
use prost::Message as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

/// Hears how far a long piece of work has come.
pub trait Progress: Sync {
    /// `done` of `total` are done.
    fn advance(&self, done: u64, total: u64);
}

impl<F: Fn(u64, u64) + Sync> Progress for F {
    fn advance(&self, done: u64, total: u64) {
        self(done, total);
    }
}

/// The reason why the store could not be brought up.
#[derive(Debug, thiserror::Error)]
pub enum StoreOpenError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] ReadError),
    /// An event in the journal cannot be understood by this version.
    #[error("the event at position {position} cannot be read: {reason}")]
    Unreadable {
        /// The position of the event.
        position: Position,
        /// The reason.
        reason: String,
    },
    /// The directory of sled cannot be removed to make a new one.
    #[error("cannot make {} anew: {source}", path.display())]
    Remove {
        /// The directory.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

impl Store {
    /// Brings the store of a ledger up. Without a directory there is no sled: memory and the journal are all.
    ///
    /// # Errors
    /// If the journal cannot be read. A sled that cannot be read is rebuilt.
    pub(crate) fn open(
        dir: Option<&Path>,
        ledger: LedgerId,
        journal: Arc<dyn Reader>,
        cache_bytes: usize,
        progress: &dyn Progress,
    ) -> Result<Self, StoreOpenError> {
        let hindered = dir.and_then(footing::obstacle);
        let loaded = match (dir, hindered) {
            (Some(dir), None) => load(dir, ledger, &*journal, cache_bytes),
            (_, Some(why)) => Err(why),
            (None, None) => Ok(None),
        };
        let (loaded, dir) = match loaded {
            Ok(loaded) => (loaded, dir),
            Err(why) => {
                tracing::warn!(%why, "sled is left as it is; answering from memory and the journal");
                (None, None)
            }
        };
        let (db, view) = match (loaded, dir) {
            (Some((db, view)), _) => (Some(db), view),
            (None, Some(dir)) => (fresh(dir, ledger, cache_bytes)?, View::new(cache_bytes)),
            (None, None) => (None, View::new(cache_bytes)),
        };
        let store = Self::of(db, view, &journal);
        match store.replay(progress) {
            Ok(()) => Ok(store),
            Err(ReplayError::Open(error)) => Err(error),
            Err(ReplayError::Misfit) => {
                tracing::warn!("sled does not fit the journal; rebuilding it");
                if let Some(db) = store.db.into_inner() {
                    db.discard();
                }
                let db = dir.map(|dir| fresh(dir, ledger, cache_bytes)).transpose()?.flatten();
                let store = Self::of(db, View::new(cache_bytes), &journal);
                store.replay(progress).map_err(ReplayError::into_open)?;
                Ok(store)
            }
        }
    }

    /// A store with what was loaded; sled has that much.
    fn of(db: Option<Db>, view: View, journal: &Arc<dyn Reader>) -> Self {
        Self {
            durable: AtomicU64::new(journal.head().position.0),
            handed_over: AtomicU64::new(0),
            saved: AtomicU64::new(view.head().0),
            suspect: AtomicBool::new(db.is_none()),
            unreadable: AtomicBool::new(false),
            view: RwLock::new(view),
            snapshot: parking_lot::Mutex::default(),
            db: RwLock::new(db),
            journal: Arc::clone(journal),
            admission: Admission::default(),
        }
    }

    /// Takes in what the journal has beyond the view, and writes it to sled on the way, so that little of it waits in memory.
    fn replay(&self, progress: &dyn Progress) -> Result<(), ReplayError> {
        let total = self.journal.head().position.0;
        let head = self.view().head();
        let mut told = head.0;
        for chunk in self.journal.read(head.next())? {
            let mut view = self.view_mut();
            take_in_chunk(&mut view, &chunk?)?;
            let head = view.head().0;
            drop(view);
            while self.has_batch() && self.save_batch() {}
            if head - told >= 256 * SPAN || head == total {
                told = head;
                progress.advance(told, total);
            }
        }
        Ok(())
    }
}

/// Loads sled's view if it is usable. The error names an obstacle that may have nothing to do with sled.
fn load(dir: &Path, ledger: LedgerId, journal: &dyn Reader, cache_bytes: usize) -> Result<Option<(Db, View)>, String> {
    if !dir.exists() {
        return Ok(None);
    }
    match try_load(dir, ledger, journal, cache_bytes) {
        Ok(loaded) => Ok(Some(loaded)),
        Err(error) => match footing::obstacle_behind(&error, dir) {
            Some(why) => Err(why),
            None => {
                tracing::warn!(%error, "sled is of no use; rebuilding it from the journal");
                Ok(None)
            }
        },
    }
}

fn try_load(dir: &Path, ledger: LedgerId, journal: &dyn Reader, cache_bytes: usize) -> Result<(Db, View), Unusable> {
    let (db, clean) = Db::open(dir, ledger, cache_bytes)?;
    match view_of(&db, clean, journal, cache_bytes) {
        Ok(view) => Ok((db, view)),
        Err(error) => {
            db.discard();
            Err(error)
        }
    }
}

fn view_of(db: &Db, clean: bool, journal: &dyn Reader, cache_bytes: usize) -> Result<View, Unusable> {
    if !clean {
        db.cut_to(journal.head().position)?;
    }
    let checkpoint = if clean { checkpoint::load(db, journal, cache_bytes)? } else { None };
    let mut view = match checkpoint {
        Some(view) => view,
        None => {
            db.forget_checkpoint()?;
            View::new(cache_bytes)
        }
    };
    db.load_terms(|term| view.index.restore_term(term))?;
    let misfit = |_: Misfit| Unusable::Damaged("the index".to_owned());
    db.load_blocks(number_of(view.head().next()), !clean, |number, block| {
        if block.rows.terms > view.index.term_count() as u64 {
            return Err(Unusable::Damaged("the dictionary".to_owned()));
        }
        if let Some(place) = block.rows.place {
            journal.learn_place(number, place);
        }
        view.restore(number, block).map_err(misfit)
    })?;
    if view.head() != view.index.by_position.last() {
        // The file of the index reaches further than the rows and blocks that sled has.
        return Err(Unusable::Damaged("the last block".to_owned()));
    }
    let (head, link) = (journal.head(), view.link());
    if view.head() > head.position || (view.head() == head.position && link != head.link) {
        return Err(Unusable::Foreign);
    }
    Ok(view)
}

/// An empty sled where there may have been another. Without one the ledger still works, from memory and the journal.
fn fresh(dir: &Path, ledger: LedgerId, cache_bytes: usize) -> Result<Option<Db>, StoreOpenError> {
    if dir.exists() {
        let removed = if dir.is_dir() { fs::remove_dir_all(dir) } else { fs::remove_file(dir) };
        removed.map_err(|source| StoreOpenError::Remove { path: dir.to_owned(), source })?;
    }
    make_dir(dir).map_err(|source| StoreOpenError::Remove { path: dir.to_owned(), source })?;
    match Db::open(dir, ledger, cache_bytes) {
        Ok((db, _)) => Ok(Some(db)),
        Err(error) => {
            tracing::error!(%error, "sled cannot be used; answering from memory and the journal");
            Ok(None)
        }
    }
}

/// The reason why a chunk could not be taken in.
pub(super) enum ReplayError {
    Open(StoreOpenError),
    /// The loaded events are not the beginning of this journal.
    Misfit,
}

impl ReplayError {
    pub(super) fn into_open(self) -> StoreOpenError {
        match self {
            Self::Open(error) => error,
            Self::Misfit => StoreOpenError::Unreadable {
                position: Position::START,
                reason: "events do not follow from one another".to_owned(),
            },
        }
    }
}

impl<E: Into<StoreOpenError>> From<E> for ReplayError {
    fn from(error: E) -> Self {
        Self::Open(error.into())
    }
}

/// Takes in a chunk of the journal, whose hashes must lead where it says.
pub(super) fn take_in_chunk(view: &mut View, chunk: &Chunk) -> Result<(), ReplayError> {
    if chunk.first == chunk.header.first {
        view.begin(&chunk.header);
    }
    for record in &chunk.records {
        let position = view.head().next();
        let unreadable = |reason: String| StoreOpenError::Unreadable { position, reason };
        let message = v1::Event::decode(&*record.event).map_err(|error| unreadable(error.to_string()))?;
        let (.., event) = read_event(message).map_err(|error| unreadable(error.to_string()))?;
        let (change, recorded_by) = (&event.change, &*chunk.header.recorded_by);
        let incoming = IncomingEvent { change, recorded_by, event: &record.event, salt: record.salt };
        view.take_in(&incoming).map_err(|_| ReplayError::Misfit)?;
    }
    if view.link() != chunk.link {
        return Err(ReplayError::Misfit);
    }
    if chunk.last {
        view.end(&chunk.header);
    }
    Ok(())
}
