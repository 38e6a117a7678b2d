//! Refuses to fill the disk: a group that would eat into the reserve is turned away before it is written. So is one for
//! which a new segment might be needed that cannot be made ([`super::spare`]).
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
use super::spare::Spares;
use crate::{FreeSpace, Refusal, Room};

const ALLOWANCE: u64 = 4 << 20;

/// How much may be written before the disk is asked again.
pub(super) struct Space {
    dir: PathBuf,
    disk: Arc<dyn Disk>,
    reserve: u64,
    segment_bytes: u64,
    spares: Arc<Spares>,
    counted: Mutex<SpaceCount>,
}

#[derive(Default)]
struct SpaceCount {
    allowance: u64,
    /// Of the allowance, promised to appends that are on their way.
    promised: u64,
    /// Number of appends promised.
    promises: usize,
}

impl Space {
    /// Keeps this many bytes free on the disk of a directory, and the segments ready that appends may need.
    pub(super) fn keeping(
        reserve: u64,
        segment_bytes: u64,
        dir: PathBuf,
        disk: Arc<dyn Disk>,
        spares: Arc<Spares>,
    ) -> Self {
        Self { dir, disk, reserve, segment_bytes, spares, counted: Mutex::default() }
    }

    /// Takes so many bytes, if there are enough.
    pub(super) fn take(&self, needed: u64) -> Result<(), Refusal> {
        let mut counted = self.counted.lock();
        self.allow(&mut counted, needed)?;
        counted.allowance -= needed;
        Ok(())
    }

    fn allow(&self, counted: &mut SpaceCount, needed: u64) -> Result<(), Refusal> {
        if needed > counted.allowance {
            let available = self.available()?;
            let free = available.saturating_sub(self.reserve);
            if needed > free {
                return Err(Refusal::DiskFull { needed, available, reserve: self.reserve });
            }
            counted.allowance = free.min(needed.saturating_add(ALLOWANCE));
        }
        Ok(())
    }

    fn available(&self) -> Result<u64, Refusal> {
        self.disk.available_space(&self.dir).map_err(|error: io::Error| Refusal::SpaceUnknown(error))
    }

    /// Maximum number of segments that these appends with these bytes begin. Two in a row are begun only by more than a
    /// segment's worth of them, with the append that begins the second counted for both.
    fn segments_for(&self, appends: usize, bytes: u64) -> usize {
        let full = bytes.saturating_mul(2) / self.segment_bytes.max(1);
        usize::try_from(full).unwrap_or(usize::MAX).saturating_add(1).min(appends)
    }
}

impl Room for Space {
    fn set_aside(&self, bytes: u64) -> Result<(), Refusal> {
        let mut counted = self.counted.lock();
        let (promised, promises) = (counted.promised.saturating_add(bytes), counted.promises + 1);
        self.allow(&mut counted, promised)?;
        self.spares.have(self.segments_for(promises, promised)).map_err(Refusal::NoSegment)?;
        (counted.promised, counted.promises) = (promised, promises);
        Ok(())
    }

    fn give_back(&self, bytes: u64) {
        let mut counted = self.counted.lock();
        counted.promised = counted.promised.saturating_sub(bytes);
        counted.promises = counted.promises.saturating_sub(1);
    }

    fn space(&self) -> Option<FreeSpace> {
        let available = self.available().ok()?;
        Some(FreeSpace { available, reserve: self.reserve })
    }

    fn refusal(&self) -> Option<Refusal> {
        match self.available() {
            Err(refusal) => Some(refusal),
            Ok(available) if available <= self.reserve => {
                Some(Refusal::DiskFull { needed: 1, available, reserve: self.reserve })
            }
            Ok(_) => self.spares.have(1).map_err(Refusal::NoSegment).err(),
        }
    }
}
