//! Reads every byte of a journal and proves it: checksums, hashes, links, dense positions, recorded times, the mark.
//!
//! It changes nothing, and shares the journal only with others who read: one that is written has an end that moves.

use std::path::Path;

use super::disk::Disk;
use super::log::Log;
use super::manifest::Manifest;
use super::mark::MarkFile;
use super::recover::MarkState;
use super::scan::Scan;
use super::sequence::Depth;
use super::{OpenError, lock_dir};
use crate::{Head, LedgerId};

/// The content of a sound journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The ledger that it belongs to.
    pub ledger_id: LedgerId,
    /// The number of events.
    pub events: u64,
    /// The number of appends.
    pub appends: u64,
    /// The number of bytes in segments, without the zeros that are kept for what comes next.
    pub bytes: u64,
    /// The head, recomputed.
    pub head: Head,
    /// Bytes at the end that were never acknowledged; the next open cuts them.
    pub torn_bytes: u64,
    /// The state of the head mark. Without it, a loss at the very end cannot be seen.
    pub mark: MarkState,
}

/// Verifies the journal in a directory. `progress` is called with the bytes done and the bytes there are.
///
/// # Errors
///
/// The first damage found, with its place, or why the journal cannot be read.
pub fn verify(dir: &Path, disk: &dyn Disk, progress: &mut dyn FnMut(u64, u64)) -> Result<Report, OpenError> {
    let manifest = Manifest::read(dir, disk).map_err(|error| OpenError::of_manifest(error, dir, disk))?;
    let _lock = lock_dir(dir, disk)?;
    let found = MarkFile::find(dir, disk)?;
    let log = Log::open(dir, disk, &manifest)?;
    let bytes = log.bytes();
    let (tail, counts) = Scan::all(&log, found, Depth::Hashes, &mut |done| progress(done.min(bytes), bytes))?;
    progress(bytes, bytes);
    let torn = log.torn_after(tail.end)?;
    let room = log.beyond(tail.end).saturating_sub(torn);
    Ok(Report {
        ledger_id: manifest.ledger_id,
        events: counts.events,
        appends: counts.appends,
        bytes: bytes.saturating_sub(room),
        head: tail.head,
        torn_bytes: torn + log.stub.map_or(0, |stub| stub.len),
        mark: MarkState::of(found),
    })
}
