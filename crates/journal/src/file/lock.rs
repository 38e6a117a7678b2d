//! One process at a time: a kernel lock on the file LOCK, with the holder's PID inside for people to read.
//!
//! The kernel drops the lock when its holder dies, however it dies, so the file itself means nothing: a stale one never
//! stands in the way, and a PID that happens to be alive again (PID 1 in a container) is no obstacle. The file is never
//! removed, because removing it would let two processes lock two files of one name.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use fs4::fs_std::FileExt;
use thiserror::Error;

use super::disk::FILE_MODE;
use crate::at;

/// A lock that is held. Dropping it lets go.
pub trait Lock: Send + Sync {}

/// The reason why a lock was not taken.
#[derive(Debug, Error)]
pub enum LockError {
    /// Somebody has it.
    #[error("held by process {}", holder.map_or_else(|| "unknown".to_owned(), |pid| pid.to_string()))]
    Held {
        /// The PID in the file, if it can be read.
        holder: Option<u32>,
    },
    /// Others hold it who only read: a read-only server, or a verb that looks at the journal.
    #[error("held by processes that only read it, a server with --read-only or a verb such as verify or export")]
    BeingRead,
    /// The lock file could not be used.
    #[error("the lock file could not be used: {0}")]
    Io(#[from] io::Error),
}

struct Flock {
    _file: File,
}

impl Lock for Flock {}

/// Nothing was there to lock.
struct NoLockFile;

impl Lock for NoLockFile {}

/// Takes the kernel lock on a file, and writes this process's PID into it. If this very process had the lock, it waits
/// for a moment: a child that is being started shares the open files, and with them a lock already released, until it
/// executes its own program.
pub(super) fn take(path: &Path) -> Result<Box<dyn Lock>, LockError> {
    patiently(|| try_to_take(path))
}

/// Retries briefly, since the lock may be about to be released.
fn patiently(mut attempt: impl FnMut() -> Result<Box<dyn Lock>, LockError>) -> Result<Box<dyn Lock>, LockError> {
    const TRIES: u32 = 50;
    const PAUSE: Duration = Duration::from_millis(5);
    for _ in 1..TRIES {
        match attempt() {
            Err(LockError::Held { holder: Some(holder) }) if holder == std::process::id() => thread::sleep(PAUSE),
            // Two who look whether it is only read are readers to each other, for a moment.
            Err(LockError::BeingRead) => thread::sleep(PAUSE),
            taken => return taken,
        }
    }
    attempt()
}

fn try_to_take(path: &Path) -> Result<Box<dyn Lock>, LockError> {
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(FILE_MODE).open(path);
    let mut file = opened.map_err(|error| at(path, error))?;
    if !FileExt::try_lock_exclusive(&file).map_err(|error| at(path, error))? {
        // A reader does not write its PID: the PID in the file is that of an earlier owner.
        if !FileExt::try_lock_shared(&file).unwrap_or(false) {
            return Err(LockError::Held { holder: holder(&mut file) });
        }
        // It may have been released just now.
        if !FileExt::try_lock_exclusive(&file).unwrap_or(false) {
            return Err(LockError::BeingRead);
        }
    }
    // The PID is for people to read: a disk that has no room for it is none that has no room for a lock.
    let _written = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(Box::new(Flock { _file: file }))
}

/// Shares the kernel lock on a file with other readers. If there is no such file, or it may not be opened, there is
/// nothing to hold: a reader then sees the state in which it began, even if a writer comes meanwhile.
pub(super) fn share(path: &Path) -> Result<Box<dyn Lock>, LockError> {
    patiently(|| try_to_share(path))
}

fn try_to_share(path: &Path) -> Result<Box<dyn Lock>, LockError> {
    let mut file = match File::open(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {
            return Ok(Box::new(NoLockFile));
        }
        opened => opened.map_err(|error| at(path, error))?,
    };
    match FileExt::try_lock_shared(&file) {
        Ok(true) => Ok(Box::new(Flock { _file: file })),
        Ok(false) => Err(LockError::Held { holder: holder(&mut file) }),
        // Some file systems that are mounted read-only lock nothing.
        Err(_) => Ok(Box::new(NoLockFile)),
    }
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(20).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_lock_that_this_process_lets_go_of_in_a_moment_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("LOCK");
        let held = take(&path).unwrap();
        thread::scope(|scope| {
            scope.spawn(move || {
                thread::sleep(Duration::from_millis(40));
                drop(held);
            });
            take(&path).map(drop).unwrap();
        });
    }

    #[test]
    fn those_who_read_share_the_lock_and_shut_out_who_writes_as_it_does_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("LOCK");
        share(&path).map(drop).unwrap();
        assert!(!path.exists(), "who only reads makes no file");
        let writer = take(&path).unwrap();
        assert!(matches!(share(&path).err().unwrap(), LockError::Held { .. }));
        drop(writer);
        let (_one, _other) = (share(&path).unwrap(), share(&path).unwrap());
        assert!(matches!(take(&path).err().unwrap(), LockError::BeingRead));
    }

    #[test]
    fn a_lock_that_is_kept_is_refused_and_one_of_another_process_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("LOCK");
        let _held = take(&path).unwrap();
        let ours = take(&path).err().unwrap();
        assert!(matches!(ours, LockError::Held { holder: Some(holder) } if holder == std::process::id()), "{ours}");
        std::fs::write(&path, "1\n").unwrap();
        let began = Instant::now();
        let theirs = take(&path).err().unwrap();
        assert!(matches!(theirs, LockError::Held { holder: Some(1) }), "{theirs}");
        assert!(began.elapsed() < Duration::from_millis(200), "nobody waits for another process");
    }
}
