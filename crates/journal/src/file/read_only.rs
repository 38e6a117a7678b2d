//! A journal that is only read: a backup, a snapshot, a directory on a disk that is mounted read-only or is full.
//!
//! It is checked as on any opening, but nothing is recovered, because that would write: a torn end is passed over, and the
//! head is the end of the last whole append. Nothing in the directory changes, and no file is made, not even a lock's.

use std::path::Path;
use std::sync::Arc;

use super::disk::{Disk, ReadOnlyDisk};
use super::lock::Lock;
use super::log::Log;
use super::manifest::Manifest;
use super::mark::MarkFile;
use super::reader::SharedLog;
use super::{OpenError, lock_dir, recover};
use crate::{
    Append, AppendError, AppendHeader, CheckpointError, FreeSpace, Head, Journal, LedgerId, Reader, Refusal, Room, Run,
};
use detente_domain::position::RecordedAt;

/// A journal in a directory in which nothing is written.
pub struct ReadOnlyJournal {
    ledger_id: LedgerId,
    head: Head,
    floor: RecordedAt,
    shared: Arc<SharedLog>,
    _lock: Box<dyn Lock>,
}

impl ReadOnlyJournal {
    /// Opens the journal in a directory for reading.
    ///
    /// # Errors
    ///
    /// If there is none, somebody writes it, or it is of an unknown format, or damaged.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        Self::open_on(dir, Arc::new(ReadOnlyDisk))
    }

    /// The same, on any disk.
    ///
    /// # Errors
    ///
    /// As [`ReadOnlyJournal::open`].
    pub fn open_on(dir: &Path, disk: Arc<dyn Disk>) -> Result<Self, OpenError> {
        let manifest = Manifest::read(dir, &*disk).map_err(|error| OpenError::of_manifest(error, dir, &*disk))?;
        let lock = lock_dir(dir, &*disk)?;
        let found = MarkFile::find(dir, &*disk)?;
        let log = Log::open(dir, &*disk, &manifest)?;
        let (tail, _) = recover::scan(&log, found)?;
        let torn = log.torn_after(tail.end)?;
        if torn > 0 || log.stub.is_some() {
            tracing::warn!(torn, "the journal ends with what was never acknowledged; it is passed over");
        }
        let firsts = log.parts.iter().map(|part| part.segment.header.first()).collect();
        let shared = SharedLog::of(dir.to_owned(), disk, firsts, &tail);
        Ok(Self { ledger_id: manifest.ledger_id, head: tail.head, floor: tail.fence.floor, shared, _lock: lock })
    }
}

impl Journal for ReadOnlyJournal {
    fn ledger_id(&self) -> LedgerId {
        self.ledger_id
    }

    fn head(&self) -> Head {
        self.head
    }

    fn floor(&self) -> RecordedAt {
        self.floor
    }

    fn append(&mut self, group: &[Append]) -> Result<Head, AppendError> {
        if group.is_empty() { Ok(self.head) } else { Err(Refusal::ReadOnly.into()) }
    }

    fn begin(&mut self, _header: &AppendHeader, _bytes: u64) -> Result<Box<dyn Run + '_>, AppendError> {
        Err(Refusal::ReadOnly.into())
    }

    fn room(&self) -> Arc<dyn Room> {
        Arc::new(NoRoom)
    }

    fn reader(&self) -> Arc<dyn Reader> {
        Arc::clone(&self.shared) as Arc<dyn Reader>
    }

    fn checkpoint(&mut self) -> Result<(), CheckpointError> {
        Ok(())
    }
}

/// The room there is where nothing is written.
struct NoRoom;

impl Room for NoRoom {
    fn set_aside(&self, _bytes: u64) -> Result<(), Refusal> {
        Err(Refusal::ReadOnly)
    }

    fn give_back(&self, _bytes: u64) {}

    fn space(&self) -> Option<FreeSpace> {
        None
    }

    fn refusal(&self) -> Option<Refusal> {
        Some(Refusal::ReadOnly)
    }
}
