//! Refuses to fill the disk. A group that would eat into the reserve is refused before it is written. A group that
//! might need a new segment is refused, too, if that segment cannot be made ([`super::spare`]).
//!
//! To ask the file system for every group would be one system call too many, so an allowance is taken from time to time
//! and used up. The reserve is much larger than an allowance.
//!
//! Appends are promised room while the appends before them are written. Bytes that are written leave the allowance
//! before their promise ends, so for that moment they count twice: a little too careful, never too generous.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;

use super::disk::Disk;
use super::spare::Spares;
use crate::{FreeSpace, Refusal, Room};

const ALLOWANCE: u64 = 4 << 20;

/// The bytes that may be written before the file system must say again how many are free.
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

    /// Takes a number of bytes, if there are enough.
    pub(super) fn take(&self, needed: u64) -> Result<(), Refusal> {
        let mut counted = self.counted.lock();
        self.allow(&mut counted, needed)?;
        counted.allowance -= needed;
        Ok(())
    }

    /// Returns true if this many bytes may be used besides what is promised. They are not taken.
    pub(super) fn can_lend(&self, bytes: u64) -> bool {
        let mut counted = self.counted.lock();
        let needed = counted.promised.saturating_add(bytes);
        self.allow(&mut counted, needed).is_ok()
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
