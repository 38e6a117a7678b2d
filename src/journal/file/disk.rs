//! What the journal asks of a disk, and nothing more: the seam at which tests cut the power.
//!
//! The journal counts on this much. After [`DiskFile::sync`] the file's bytes and length survive a power cut; after
//! [`Disk::sync_dir`] the directory's names do. What was not synced may survive wholly, partly, or in any order. A
//! rename replaces its target atomically. Nothing is assumed about an operation that failed.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::lock::{self, Lock, LockError};

/// A place where files are kept.
pub trait Disk: Send + Sync {
    /// Creates a directory and those above it, if they are missing.
    ///
    /// # Errors
    /// As the system reports.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;

    /// Creates a file that must not exist yet, for reading and writing.
    ///
    /// # Errors
    /// As the system reports.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Opens a file for reading and writing, or for reading only where the file may not be written.
    ///
    /// # Errors
    /// As the system reports; `NotFound` if there is none.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// The names in a directory, in no order. A directory that does not exist is empty.
    ///
    /// # Errors
    /// As the system reports.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;

    /// Renames a file, replacing what has the new name.
    ///
    /// # Errors
    /// As the system reports.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// As the system reports.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes creations, renames and removals in a directory durable.
    ///
    /// # Errors
    /// As the system reports; never tried again.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// How many bytes may still be written.
    ///
    /// # Errors
    /// As the system reports.
    fn available_space(&self, dir: &Path) -> io::Result<u64>;

    /// Takes the lock that a file stands for, until the returned value is dropped.
    ///
    /// # Errors
    /// [`LockError::Held`] if somebody has it.
    fn lock(&self, path: &Path) -> Result<Box<dyn Lock>, LockError>;
}

/// An open file. Reading and writing at offsets needs no exclusive access.
pub trait DiskFile: Send + Sync {
    /// Its length.
    ///
    /// # Errors
    /// As the system reports.
    fn len(&self) -> io::Result<u64>;

    /// Fills the buffer from an offset on.
    ///
    /// # Errors
    /// As the system reports; `UnexpectedEof` if the file ends before.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all bytes at an offset.
    ///
    /// # Errors
    /// As the system reports; some of the bytes may have been written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Cuts the file off at a length.
    ///
    /// # Errors
    /// As the system reports.
    fn truncate(&self, len: u64) -> io::Result<()>;

    /// Makes the bytes and the length durable.
    ///
    /// # Errors
    /// As the system reports; never tried again.
    fn sync(&self) -> io::Result<()>;

    /// Whether there are no bytes in it.
    ///
    /// # Errors
    /// As the system reports.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
}

/// The file systems of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        Ok(Arc::new(RealFile(file)))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let writable = OpenOptions::new().read(true).write(true).open(path);
        let file = match writable {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => File::open(path)?,
            other => other?,
        };
        Ok(Arc::new(RealFile(file)))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }

    fn available_space(&self, dir: &Path) -> io::Result<u64> {
        fs4::available_space(dir)
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn Lock>, LockError> {
        lock::take(path)
    }
}

struct RealFile(File);

impl DiskFile for RealFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
