//! The operations that the journal needs of a disk, and nothing more: the seam at which tests cut the power.
//!
//! The journal counts on this much. After [`DiskFile::sync`] the file's bytes and length survive a power cut. After
//! [`Disk::sync_dir`] the directory's names do. Changes that were not synced may survive wholly, partly, or in any
//! order. A rename replaces its target atomically. Nothing is assumed about an operation that failed.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::lock::{self, Lock, LockError};
use crate::at;

/// The rights of files: their owner's alone, whatever the umask leaves.
pub const FILE_MODE: u32 = 0o600;
/// The rights of directories.
pub const DIR_MODE: u32 = 0o700;

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

    /// Opens a directory, so that syncing it later needs no descriptor.
    ///
    /// # Errors
    /// As the system reports.
    fn open_dir(&self, dir: &Path) -> io::Result<Arc<dyn DiskDir>>;

    /// Returns the number of bytes that may still be written.
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

/// An open directory.
pub trait DiskDir: Send + Sync {
    /// Makes creations, renames and removals in it durable.
    ///
    /// # Errors
    /// As the system reports; never tried again.
    fn sync(&self) -> io::Result<()>;
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

    /// Fills the buffer from an offset on, if that takes no waiting for a disk. False if it would.
    ///
    /// # Errors
    /// As the system reports.
    fn read_cached(&self, _buffer: &mut [u8], _offset: u64) -> io::Result<bool> {
        Ok(false)
    }

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

    /// Returns true if the file has no bytes.
    ///
    /// # Errors
    /// As the system reports.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
}

/// The file systems of this machine. Every error names its path.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        make_dir(dir)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(FILE_MODE).open(path);
        real_file(path, file)
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let writable = OpenOptions::new().read(true).write(true).open(path);
        let file = match writable {
            Err(error)
                if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) =>
            {
                File::open(path)
            }
            other => other,
        };
        real_file(path, file)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(|error| at(dir, error))?,
        };
        let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
        entries.map(name).collect::<io::Result<_>>().map_err(|error| at(dir, error))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to).map_err(|error| at(to, error))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path).map_err(|error| at(path, error))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.open_dir(dir)?.sync()
    }

    fn open_dir(&self, dir: &Path) -> io::Result<Arc<dyn DiskDir>> {
        let file = File::open(dir).map_err(|error| at(dir, error))?;
        Ok(Arc::new(RealFile { path: dir.to_owned(), file }))
    }

    fn available_space(&self, dir: &Path) -> io::Result<u64> {
        fs4::available_space(dir).map_err(|error| at(dir, error))
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn Lock>, LockError> {
        lock::take(path)
    }
}

/// The same, for looking only: whatever would change something is refused, as on a file system that is mounted read-only.
/// A lock is shared with others who look, where there is a file to lock.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOnlyDisk;

impl ReadOnlyDisk {
    fn refuse<T>(path: &Path) -> io::Result<T> {
        Err(at(path, io::ErrorKind::ReadOnlyFilesystem.into()))
    }
}

impl Disk for ReadOnlyDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        Self::refuse(dir)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        Self::refuse(path)
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        real_file(path, File::open(path))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        RealDisk.list(dir)
    }

    fn rename(&self, from: &Path, _to: &Path) -> io::Result<()> {
        Self::refuse(from)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Self::refuse(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        Self::refuse(dir)
    }

    fn open_dir(&self, dir: &Path) -> io::Result<Arc<dyn DiskDir>> {
        Self::refuse(dir)
    }

    fn available_space(&self, dir: &Path) -> io::Result<u64> {
        RealDisk.available_space(dir)
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn Lock>, LockError> {
        lock::share(path)
    }
}

/// Creates a directory and those above it, if they are missing, for their owner alone.
///
/// # Errors
/// That of the system, for the directory that could not be created.
pub fn make_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(DIR_MODE).create(dir).map_err(|error| at(dir, error))
}

fn real_file(path: &Path, file: io::Result<File>) -> io::Result<Arc<dyn DiskFile>> {
    let file = file.map_err(|error| at(path, error))?;
    Ok(Arc::new(RealFile { path: path.to_owned(), file }))
}

struct RealFile {
    path: PathBuf,
    file: File,
}

impl RealFile {
    fn with_path<T>(&self, done: io::Result<T>) -> io::Result<T> {
        done.map_err(|error| at(&self.path, error))
    }
}

impl DiskFile for RealFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.with_path(self.file.metadata())?.len())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.with_path(self.file.read_exact_at(buffer, offset))
    }

    #[cfg(target_os = "linux")]
    fn read_cached(&self, buffer: &mut [u8], offset: u64) -> io::Result<bool> {
        use rustix::io::{Errno, ReadWriteFlags, preadv2};
        let len = buffer.len();
        match preadv2(&self.file, &mut [io::IoSliceMut::new(buffer)], offset, ReadWriteFlags::NOWAIT) {
            Ok(read) => Ok(read == len),
            // Some file systems cannot say.
            Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INTR) => Ok(false),
            Err(error) => self.with_path(Err(error.into())),
        }
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.with_path(self.file.write_all_at(bytes, offset))
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.with_path(self.file.set_len(len))
    }

    fn sync(&self) -> io::Result<()> {
        self.with_path(self.file.sync_data())
    }
}

impl DiskDir for RealFile {
    fn sync(&self) -> io::Result<()> {
        self.with_path(self.file.sync_all())
    }
}
