//! The storage of stages: a file each in a directory next to the journal, or in memory if the ledger is.

use super::error::{StageError, not_written};
use super::file::StageFile;
use super::opening::StageOpening;
use crate::error::AppendError;
use detente_journal::file::disk::{Disk, DiskFile};
use parking_lot::Mutex;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use uuid::Uuid;

const SUFFIX: &str = ".stage";
const DRAFT_SUFFIX: &str = ".stage.new";

/// The storage of stages.
pub(crate) enum StageStorage {
    /// In memory, with a ledger that is there too.
    Memory,
    /// Nowhere: the ledger was opened for reading, and none can be opened or recorded.
    ReadOnly,
    /// Files in a directory, which is made with the first stage, on a disk of which `reserve` bytes are kept free.
    Files {
        /// The directory.
        dir: PathBuf,
        /// The disk.
        disk: Arc<dyn Disk>,
        /// The bytes that are kept free.
        reserve: u64,
    },
}

impl StageStorage {
    /// The ids of the stages that are there, each with its file. Files that were being made when the process ended are removed.
    pub(super) fn files(&self) -> io::Result<Vec<(Uuid, Arc<dyn DiskFile>)>> {
        let Self::Files { dir, disk, .. } = self else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for name in disk.list(dir)? {
            if name.ends_with(DRAFT_SUFFIX) {
                disk.remove(&dir.join(&name))?;
            } else if let Some(id) = name.strip_suffix(SUFFIX).and_then(|id| Uuid::try_parse(id).ok()) {
                found.push((id, disk.open(&dir.join(&name))?));
            }
        }
        Ok(found)
    }

    /// Makes a stage, durably.
    pub(super) fn create(&self, id: Uuid, opening: &StageOpening) -> Result<StageFile, StageError> {
        const OPENING: u64 = 4096;
        if matches!(self, Self::ReadOnly) {
            return Err(AppendError::ReadOnly.into());
        }
        self.room_for(OPENING)?;
        let create = || {
            let Self::Files { dir, disk, .. } = self else {
                return StageFile::begin(Arc::new(MemoryFile::default()), opening);
            };
            make_dir(dir, &**disk)?;
            let draft = dir.join(format!("{id}{DRAFT_SUFFIX}"));
            if disk.list(dir)?.iter().any(|name| draft.ends_with(name)) {
                disk.remove(&draft)?;
            }
            // Opened beforehand: once the name has changed, nothing may be lacking any more.
            let opened = disk.open_dir(dir)?;
            let begun = StageFile::begin(disk.create(&draft)?, opening)?;
            disk.rename(&draft, &path(dir, id))?;
            opened.sync()?;
            Ok(begun)
        };
        create().map_err(|error: io::Error| not_written(&error))
    }

    /// Removes a stage, durably.
    pub(super) fn remove(&self, id: Uuid) -> Result<(), StageError> {
        let Self::Files { dir, disk, .. } = self else { return Ok(()) };
        let remove = || {
            let opened = disk.open_dir(dir)?;
            match disk.remove(&path(dir, id)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
            opened.sync()
        };
        remove().map_err(|error| not_written(&error))
    }

    /// Returns an error if there is no room for this number of bytes more.
    pub(super) fn room_for(&self, bytes: u64) -> Result<(), StageError> {
        let Self::Files { dir, disk, reserve } = self else { return Ok(()) };
        // Before the first stage there is no such directory; the one it will be made in is on the same disk.
        let available = disk.available_space(dir).or_else(|_| disk.available_space(dir.parent().unwrap_or(dir)));
        let available = available.map_err(|error| not_written(&error))?;
        if bytes > available.saturating_sub(*reserve) {
            let told = format!("{bytes} bytes needed, {available} available, of which {reserve} are kept free");
            return Err(StageError::DiskFull(told));
        }
        Ok(())
    }
}

fn path(dir: &Path, id: Uuid) -> PathBuf {
    dir.join(format!("{id}{SUFFIX}"))
}

fn make_dir(dir: &Path, disk: &dyn Disk) -> io::Result<()> {
    disk.create_dir(dir)?;
    dir.parent().map_or(Ok(()), |parent| disk.sync_dir(parent))
}

/// A file in memory.
#[derive(Default)]
struct MemoryFile(Mutex<Vec<u8>>);

impl DiskFile for MemoryFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let bytes = self.0.lock();
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let read = bytes.get(start..start.saturating_add(buffer.len())).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(read);
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut file = self.0.lock();
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let end = start.checked_add(bytes.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        if file.len() < end {
            file.resize(end, 0);
        }
        file.get_mut(start..end).ok_or(io::ErrorKind::FileTooLarge)?.copy_from_slice(bytes);
        Ok(())
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.0.lock().truncate(usize::try_from(len).unwrap_or(usize::MAX));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
