//! Open files, directories and locks of the disk.

use super::content::{Change, Content};
use super::{Fate, FaultyDisk, Operation};
use detente_journal::file::disk::{Disk, DiskDir, DiskFile};
use detente_journal::file::lock::Lock;
use std::io;
use std::path::PathBuf;

/// ENOSPC, as Linux numbers it.
const NO_SPACE: i32 = 28;

pub(super) struct Held {
    pub(super) disk: FaultyDisk,
    pub(super) path: PathBuf,
}

impl Lock for Held {}

impl Drop for Held {
    fn drop(&mut self) {
        self.disk.state().locks.remove(&self.path);
    }
}

pub(super) struct FaultyDir {
    pub(super) disk: FaultyDisk,
    pub(super) path: PathBuf,
}

impl DiskDir for FaultyDir {
    fn sync(&self) -> io::Result<()> {
        self.disk.sync_dir(&self.path)
    }
}

pub(super) struct FaultyFile {
    pub(super) disk: FaultyDisk,
    pub(super) id: usize,
}

impl FaultyFile {
    fn change(&self, whole: Change, partly: Option<Change>) -> io::Result<()> {
        let (mut state, fate) = self.disk.begin()?;
        let change = if fate == Fate::Failed { partly } else { Some(whole) };
        if let Some(change) = change {
            let content = &mut state.files[self.id];
            change.apply(&mut content.now);
            content.changes.push(change);
        }
        fate.result()
    }
}

impl DiskFile for FaultyFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.state().files[self.id].now.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let state = self.disk.state();
        let start = offset as usize;
        let bytes = state.files[self.id].now.get(start..start + buffer.len());
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.disk.ask(Operation::Write)?;
        let taken = self.disk.take_room(bytes.len());
        if taken < bytes.len() {
            if taken > 0 {
                self.change(Change::Write(offset as usize, bytes[..taken].to_vec()), None)?;
            }
            return Err(io::Error::from_raw_os_error(NO_SPACE));
        }
        let half = Change::Write(offset as usize, bytes[..bytes.len() / 2].to_vec());
        self.change(Change::Write(offset as usize, bytes.to_vec()), Some(half))
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.disk.ask(Operation::Truncate)?;
        self.change(Change::Truncate(len as usize), None)
    }

    fn sync(&self) -> io::Result<()> {
        if let Err(refused) = self.disk.ask(Operation::Sync) {
            self.disk.state().files[self.id].changes.clear();
            return Err(refused);
        }
        let (mut guard, fate) = self.disk.begin()?;
        let lies = guard.lies;
        let content = &mut guard.files[self.id];
        match fate {
            _ if lies && !content.durable.is_empty() => {}
            Fate::Done => {
                let Content { durable, changes, .. } = content;
                changes.drain(..).for_each(|change| change.apply(durable));
            }
            Fate::Failed => content.changes.clear(),
            Fate::Cut => {}
        }
        fate.result()
    }
}
