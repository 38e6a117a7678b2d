//! One process at a time: a kernel lock on the file LOCK, with the holder's PID inside for people to read.
//!
//! The kernel drops the lock when its holder dies, however it dies, so the file itself means nothing: a stale one never
//! stands in the way, and a PID that happens to be alive again (PID 1 in a container) is no obstacle. The file is never
//! removed, because removing it would let two processes lock two files of one name.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

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

/// Takes the kernel lock on a file, and writes this process's PID into it. A lock that this very process had is waited for
/// a moment: a process that it is just starting has its files, and with them a lock that was let go of, until it is
/// another program.
pub(super) fn take(path: &Path) -> Result<Box<dyn Lock>, LockError> {
    const TRIES: u32 = 50;
    const PAUSE: Duration = Duration::from_millis(5);
    for _ in 1..TRIES {
        match try_to_take(path) {
            Err(LockError::Held { holder: Some(holder) }) if holder == std::process::id() => thread::sleep(PAUSE),
            taken => return taken,
        }
    }
    try_to_take(path)
}

fn try_to_take(path: &Path) -> Result<Box<dyn Lock>, LockError> {
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
