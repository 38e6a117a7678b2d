//! Refuses to fill the disk: a group that would eat into the reserve is turned away before it is written.
//!
//! Asking the file system for every group would be a system call too many, so an allowance is taken from time to time
//! and used up. The reserve is much larger than an allowance.

use std::io;
use std::path::Path;

use super::disk::Disk;
use crate::journal::Refusal;

const ALLOWANCE: u64 = 4 << 20;

/// How much may be written before the disk is asked again.
pub(super) struct Space {
    reserve: u64,
    allowance: u64,
    /// Of the allowance, promised to appends that are on their way.
    promised: u64,
}

impl Space {
    /// Keeps this many bytes free.
    pub(super) const fn keeping(reserve: u64) -> Self {
        Self { reserve, allowance: 0, promised: 0 }
    }

    /// Promises so many bytes beyond those promised already, if there are enough.
    pub(super) fn set_aside(&mut self, dir: &Path, disk: &dyn Disk, bytes: u64) -> Result<(), Refusal> {
        let needed = self.promised.saturating_add(bytes);
        self.allow(dir, disk, needed)?;
        self.promised = needed;
        Ok(())
    }

    /// Takes so many bytes, if there are enough. What was promised is then used up.
    pub(super) fn take(&mut self, dir: &Path, disk: &dyn Disk, needed: u64) -> Result<(), Refusal> {
        self.allow(dir, disk, needed)?;
        self.allowance -= needed;
        self.promised = 0;
        Ok(())
    }

    fn allow(&mut self, dir: &Path, disk: &dyn Disk, needed: u64) -> Result<(), Refusal> {
        if needed > self.allowance {
            let available = disk.available_space(dir).map_err(|error: io::Error| Refusal::SpaceUnknown(error))?;
            let free = available.saturating_sub(self.reserve);
            if needed > free {
                return Err(Refusal::DiskFull { needed, available, reserve: self.reserve });
            }
            self.allowance = free.min(needed.saturating_add(ALLOWANCE));
        }
        Ok(())
    }
}
