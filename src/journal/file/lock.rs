//! One process at a time: a kernel lock on the file LOCK, with the holder's PID inside for people to read.
//!
//! The kernel drops the lock when its holder dies, however it dies, so the file itself means nothing: a stale one never
//! stands in the way, and a PID that happens to be alive again (PID 1 in a container) is no obstacle. The file is never
//! removed, because removing it would let two processes lock two files of one name.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use fs4::fs_std::FileExt;
use thiserror::Error;

/// A lock that is held. Dropping it lets go.
pub trait Lock: Send + Sync {}

/// Why a lock was not taken.
#[derive(Debug, Error)]
pub enum LockError {
    /// Somebody has it.
    #[error("held by process {}", holder.map_or_else(|| "unknown".to_owned(), |pid| pid.to_string()))]
    Held {
        /// By the PID in the file, if it can be read.
        holder: Option<u32>,
    },
    /// The lock file could not be used.
    #[error("the lock file could not be used")]
    Io(#[from] io::Error),
}

struct Flock {
    _file: File,
}

impl Lock for Flock {}

/// Takes the kernel lock on a file, and writes this process's PID into it.
pub(super) fn take(path: &Path) -> Result<Box<dyn Lock>, LockError> {
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    if !FileExt::try_lock_exclusive(&file)? {
        return Err(LockError::Held { holder: holder(&mut file) });
    }
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())?;
    Ok(Box::new(Flock { _file: file }))
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(20).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
