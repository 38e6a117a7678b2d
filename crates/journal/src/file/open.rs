//! Creating and opening a journal, and telling whether there is one.
//!
//! The manifest is written last, so a creation that was interrupted leaves no journal, and may be started again. A
//! directory with anything in it that a user's event could be in is never taken for empty.

use std::io;
use std::path::Path;
use std::sync::Arc;

use thiserror::Error;

use super::disk::{Disk, RealDisk};
use super::frame::Encoder;
use super::lock::{Lock, LockError};
use super::manifest::{self, JournalFormat, Manifest, ManifestError};
use super::mark::{self, MarkFile, MarkReading};
use super::reader::SharedLog;
use super::recover::{self, RecoveredLog, Recovery};
use super::segment::{self, HEADER_LEN, Header, Previous, Segment};
use super::space::Space;
use super::spare::Spares;
use super::{FileJournal, Options};
use crate::{Damage, Fence, Head, LedgerId};
use detente_domain::position::Position;

const LOCK: &str = "LOCK";

/// The reason why a journal was not created.
#[derive(Debug, Error)]
pub enum CreateError {
    /// There is one, or what is left of one.
    #[error("the directory holds a journal, or what is left of one")]
    Exists,
    /// Another process is at it.
    #[error("the journal is locked: {0}")]
    Locked(#[source] LockError),
    /// Its files could not be written.
    #[error("the journal could not be created: {0}")]
    Io(#[from] io::Error),
}

/// The reason why a journal was not opened. Nothing in it was changed, unless it is an [`OpenError::Io`] while
/// recovering.
#[derive(Debug, Error)]
pub enum OpenError {
    /// There is no journal.
    #[error("the directory holds no journal")]
    NotAJournal,
    /// There are files of a journal, but no manifest.
    #[error("the directory was a journal, but its manifest is missing")]
    ManifestMissing,
    /// The manifest cannot be used.
    #[error("the manifest is damaged")]
    ManifestDamaged,
    /// The journal is of a format before the first release.
    #[error(
        "the journal has format {0}, of a build before the first release: export the ledger with that build \
         (`detente export`), and import the file into a new directory with this one (`detente import`)"
    )]
    EarlierFormat(u32),
    /// The journal is of a format that this version does not know.
    #[error("the journal has format {0}, which this version does not know")]
    UnknownFormat(u32),
    /// Another process has it open.
    #[error("the journal is in use: {0}")]
    Locked(#[source] LockError),
    /// There is a manifest, but no segment.
    #[error("the journal has a manifest, but its segments are missing")]
    NoSegments,
    /// The bytes are not those that were written.
    #[error("the journal is damaged: {0}")]
    Damaged(#[from] Damage),
    /// The disk did not answer.
    #[error("the journal could not be read or recovered: {0}")]
    Io(#[from] io::Error),
}

impl OpenError {
    pub(super) fn of_manifest(error: ManifestError, dir: &Path, disk: &dyn Disk) -> Self {
        match error {
            ManifestError::Missing => match is_vacant(dir, disk) {
                Ok(true) => Self::NotAJournal,
                Ok(false) => Self::ManifestMissing,
                Err(error) => Self::Io(error),
            },
            ManifestError::Damaged => Self::ManifestDamaged,
            ManifestError::EarlierFormat(number) => Self::EarlierFormat(number),
            ManifestError::UnknownFormat(number) => Self::UnknownFormat(number),
            ManifestError::Io(error) => Self::Io(error),
        }
    }
}

impl FileJournal {
    /// Returns true if a directory holds a journal, or the rest of one. An interrupted creation is none.
    ///
    /// # Errors
    ///
    /// If the directory cannot be read.
    pub fn exists(dir: &Path) -> io::Result<bool> {
        Self::exists_on(dir, &RealDisk)
    }

    /// The same, on any disk.
    ///
    /// # Errors
    ///
    /// If the directory cannot be read.
    pub fn exists_on(dir: &Path, disk: &dyn Disk) -> io::Result<bool> {
        Ok(!is_vacant(dir, disk)?)
    }

    /// Creates a journal in a directory, which is created too if it is missing.
    ///
    /// # Errors
    ///
    /// If the directory is not vacant, or cannot be written.
    pub fn create(dir: &Path, ledger_id: LedgerId, options: Options, disk: Arc<dyn Disk>) -> Result<Self, CreateError> {
        disk.create_dir(dir)?;
        let lock = lock_dir(dir, &*disk).map_err(|error| match error {
            LockError::Io(error) => CreateError::Io(error),
            held => CreateError::Locked(held),
        })?;
        if !is_vacant(dir, &*disk)? {
            return Err(CreateError::Exists);
        }
        clear(dir, &*disk)?;
        let manifest = Manifest { format: JournalFormat::V2, ledger_id, created_at: options.created_at };
        Segment::create(dir, &*disk, Header::new(ledger_id, Head::GENESIS, Fence::OPEN, Previous::default()))?;
        let recovered = recover::recover(dir, &*disk, &manifest).map_err(io::Error::other)?;
        manifest.write(dir, &*disk)?;
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            disk.sync_dir(parent)?;
        }
        Ok(Self::assemble(dir, &manifest, options, disk, lock, recovered).0)
    }

    /// Opens the journal in a directory: checks it, and recovers it from a crash.
    ///
    /// # Errors
    ///
    /// If there is none, it is in use, of an unknown format, or damaged.
    pub fn open(dir: &Path, options: Options, disk: Arc<dyn Disk>) -> Result<(Self, Recovery), OpenError> {
        let manifest = Manifest::read(dir, &*disk).map_err(|error| OpenError::of_manifest(error, dir, &*disk))?;
        let lock = lock_dir(dir, &*disk)?;
        let recovered = recover::recover(dir, &*disk, &manifest)?;
        if let Some(torn) = &recovered.recovery.torn {
            tracing::warn!(%torn, "the journal ended with a torn write");
        }
        Ok(Self::assemble(dir, &manifest, options, disk, lock, recovered))
    }

    fn assemble(
        dir: &Path,
        manifest: &Manifest,
        options: Options,
        disk: Arc<dyn Disk>,
        lock: Box<dyn Lock>,
        recovered: RecoveredLog,
    ) -> (Self, Recovery) {
        let RecoveredLog { firsts, segment, len, tail, marks, recovery } = recovered;
        let shared = SharedLog::of(dir.to_owned(), Arc::clone(&disk), firsts, &tail);
        let spares = Arc::new(Spares::of(dir.to_owned(), Arc::clone(&disk)));
        let (reserve, roll) = (options.reserve_bytes, options.segment_bytes);
        let journal = Self {
            ledger_id: manifest.ledger_id,
            space: Arc::new(Space::keeping(reserve, roll, dir.to_owned(), disk, Arc::clone(&spares))),
            spares,
            options,
            segment,
            len,
            tail,
            abandoned: None,
            marks,
            encoder: Encoder::default(),
            buffer: Vec::new(),
            poisoned: false,
            last_sync: None,
            shared,
            _lock: lock,
        };
        (journal, recovery)
    }
}

/// Takes the lock of a directory.
pub(super) fn lock_dir(dir: &Path, disk: &dyn Disk) -> Result<Box<dyn Lock>, LockError> {
    disk.lock(&dir.join(LOCK))
}

impl From<LockError> for OpenError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Io(error) => Self::Io(error),
            LockError::Held { .. } | LockError::BeingRead => Self::Locked(error),
        }
    }
}

/// Returns true if nothing was ever recorded here: no manifest, no mark of an event, no segment with more than a
/// header.
fn is_vacant(dir: &Path, disk: &dyn Disk) -> io::Result<bool> {
    let names = disk.list(dir)?;
    if names.iter().any(|name| name == manifest::NAME || name.contains(".torn-")) {
        return Ok(false);
    }
    if let MarkReading::Mark(mark) = MarkFile::find(dir, disk)?
        && mark.head.position > Position::START
    {
        return Ok(false);
    }
    for name in names.iter().filter(|name| segment::parse_name(name).is_some()) {
        if *name != segment::name(Position(1)) || disk.open(&dir.join(name))?.len()? > HEADER_LEN {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Removes what an interrupted creation left.
fn clear(dir: &Path, disk: &dyn Disk) -> io::Result<()> {
    let names = disk.list(dir)?;
    for name in [mark::NAME, manifest::DRAFT, &segment::name(Position(1))] {
        if names.iter().any(|found| found == name) {
            disk.remove(&dir.join(name))?;
        }
    }
    disk.sync_dir(dir)
}
