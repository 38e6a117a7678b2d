//! Files for the segments to come, made beforehand: a roll then takes neither a descriptor nor a new inode.
//!
//! ```text
//!   promise an append ──> a spare is there, or the append is refused ──> ... ──> roll: write the header, sync, rename,
//!                                                                                 sync the directory, all by open handles
//! ```
//!
//! An append is taken into the view before it is written, so a roll that fails would end the ledger. Therefore room is
//! promised only if a spare is there, before anything is built upon the append. A spare that cannot be opened refuses
//! that append, and the next append tries again.
//!
//! A spare is empty and has a name of its own, `NEXT-1`, so that it is no segment. One that an earlier process left is
//! used again, and its content is ignored.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;

use super::disk::{Disk, DiskDir, DiskFile};
use super::segment::{self, Header, Segment};

/// The reason a roll failed.
#[derive(Debug)]
pub(super) enum RollError {
    /// Nothing happened that matters: the segments are as they were.
    NothingDone(io::Error),
    /// A sync failed, or a name may or may not have changed.
    Broken(io::Error),
}

/// Open files without a place in the log yet.
pub(super) struct Spares {
    dir: PathBuf,
    disk: Arc<dyn Disk>,
    kept: Mutex<SpareStock>,
}

#[derive(Default)]
struct SpareStock {
    /// The directory, open: syncing it at a roll needs no descriptor.
    handle: Option<Arc<dyn DiskDir>>,
    ready: Vec<Spare>,
}

struct Spare {
    number: u32,
    file: Arc<dyn DiskFile>,
}

impl Spares {
    /// None yet.
    pub(super) fn of(dir: PathBuf, disk: Arc<dyn Disk>) -> Self {
        Self { dir, disk, kept: Mutex::default() }
    }

    /// Makes spares until there are this many.
    ///
    /// # Errors
    ///
    /// If one cannot be made. Existing spares stay.
    pub(super) fn have(&self, count: usize) -> io::Result<()> {
        let mut kept = self.kept.lock();
        if kept.handle.is_none() {
            kept.handle = Some(self.disk.open_dir(&self.dir)?);
        }
        while kept.ready.len() < count {
            let is_free = |number: &u32| kept.ready.iter().all(|spare| spare.number != *number);
            let number = (1..).find(is_free).unwrap_or(u32::MAX);
            let file = self.make(number)?;
            kept.ready.push(Spare { number, file });
        }
        Ok(())
    }

    fn make(&self, number: u32) -> io::Result<Arc<dyn DiskFile>> {
        let path = self.dir.join(name(number));
        match self.disk.create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let file = self.disk.open(&path)?;
                file.truncate(0)?;
                Ok(file)
            }
            made => made,
        }
    }

    /// Makes a segment of a spare, durably: its header is synced, then its name.
    pub(super) fn segment(&self, header: Header) -> Result<Segment, RollError> {
        self.have(1).map_err(RollError::NothingDone)?;
        // Held to the end: until the name has changed, a new spare must not take it for one that was left from before.
        let mut kept = self.kept.lock();
        let (Some(spare), Some(handle)) = (kept.ready.pop(), kept.handle.clone()) else {
            return Err(RollError::NothingDone(io::ErrorKind::NotFound.into()));
        };
        let segment = Segment { header, file: spare.file };
        segment.put_header().map_err(RollError::NothingDone)?;
        segment.file.sync().map_err(RollError::Broken)?;
        let path = self.dir.join(segment::name(segment.header.first()));
        self.disk.rename(&self.dir.join(name(spare.number)), &path).map_err(RollError::Broken)?;
        handle.sync().map_err(RollError::Broken)?;
        Ok(segment)
    }
}

fn name(number: u32) -> String {
    format!("NEXT-{number}")
}
