//! Refuses to fill the disk: a group that would eat into the reserve is turned away before it is written.
//!
//! Asking the file system for every group would be a system call too many, so an allowance is taken from time to time
//! and used up. The reserve is much larger than an allowance.
//!
//! Appends are promised room while those before them are written. What is written is taken off the allowance before its
//! promise is given back, so for that moment it counts twice: a little too careful, never too generous.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;

use super::disk::Disk;
use crate::journal::{Refusal, Room};

const ALLOWANCE: u64 = 4 << 20;

/// How much may be written before the disk is asked again.
pub(super) struct Space {
    dir: PathBuf,
    disk: Arc<dyn Disk>,
    reserve: u64,
    counted: Mutex<Counted>,
}

#[derive(Default)]
struct Counted {
    allowance: u64,
    /// Of the allowance, promised to appends that are on their way.
    promised: u64,
}

impl Space {
    /// Keeps this many bytes free on the disk of a directory.
    pub(super) fn keeping(reserve: u64, dir: PathBuf, disk: Arc<dyn Disk>) -> Self {
        Self { dir, disk, reserve, counted: Mutex::default() }
    }

    /// Takes so many bytes, if there are enough.
    pub(super) fn take(&self, needed: u64) -> Result<(), Refusal> {
        let mut counted = self.counted.lock();
        self.allow(&mut counted, needed)?;
        counted.allowance -= needed;
        Ok(())
    }

    fn allow(&self, counted: &mut Counted, needed: u64) -> Result<(), Refusal> {
        if needed > counted.allowance {
            let available = self.disk.available_space(&self.dir);
            let available = available.map_err(|error: io::Error| Refusal::SpaceUnknown(error))?;
            let free = available.saturating_sub(self.reserve);
            if needed > free {
                return Err(Refusal::DiskFull { needed, available, reserve: self.reserve });
            }
            counted.allowance = free.min(needed.saturating_add(ALLOWANCE));
        }
        Ok(())
    }
}

impl Room for Space {
    fn set_aside(&self, bytes: u64) -> Result<(), Refusal> {
        let mut counted = self.counted.lock();
        let needed = counted.promised.saturating_add(bytes);
        self.allow(&mut counted, needed)?;
        counted.promised = needed;
        Ok(())
    }

    fn give_back(&self, bytes: u64) {
        let mut counted = self.counted.lock();
        counted.promised = counted.promised.saturating_sub(bytes);
    }
}
