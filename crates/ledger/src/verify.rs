//! Reads everything again: every byte of the journal, every hash, and sled against the journal, entry by entry.

use crate::open::{OpenError, journal_dir, store_dir};
use crate::store::{self, StoreReport};
use detente_journal::Journal as _;
use detente_journal::file::disk::{ReadOnlyDisk, RealDisk};
use detente_journal::file::{FileJournal, Options, ReadOnlyJournal};
use detente_journal::file::{Report, verify as verify_journal};
use std::path::Path;
use std::sync::Arc;

/// The result of a verification.
#[derive(Debug)]
pub struct VerificationReport {
    /// The result for the journal.
    pub journal: Report,
    /// The result for sled.
    pub store: StoreReport,
}

/// Verifies the ledger in a data directory that nobody has open. `journal_progress` hears bytes, `store_progress` events.
///
/// # Errors
/// The first damage in the journal, with its place, or the reason why it cannot be read. Errors in sled are in the report.
pub fn verify(
    data: &Path,
    journal_progress: &mut dyn FnMut(u64, u64),
    store_progress: &dyn Fn(u64, u64),
) -> Result<VerificationReport, OpenError> {
    let dir = journal_dir(data);
    if !FileJournal::exists_on(&dir, &ReadOnlyDisk)? {
        return Err(OpenError::Missing(data.to_owned()));
    }
    let in_journal = |source| OpenError::Journal { path: data.to_owned(), source };
    let journal = verify_journal(&dir, &ReadOnlyDisk, journal_progress).map_err(in_journal)?;
    let opened = ReadOnlyJournal::open(&dir).map_err(in_journal)?;
    let store = store::verify(&store_dir(data), opened.ledger_id(), &*opened.reader(), store_progress)?;
    Ok(VerificationReport { journal, store })
}

/// Holds the ledger in a data directory, so that nobody else opens it, until what is returned is dropped.
///
/// # Errors
/// If somebody has it open, or it cannot be opened.
pub fn lock(data: &Path) -> Result<impl Drop + use<>, OpenError> {
    let opened = FileJournal::open(&journal_dir(data), Options::default(), Arc::new(RealDisk));
    let (journal, _) = opened.map_err(|source| OpenError::Journal { path: data.to_owned(), source })?;
    Ok(LockedJournal(journal))
}

/// A journal that is held open for its lock alone.
struct LockedJournal(FileJournal);

impl Drop for LockedJournal {
    fn drop(&mut self) {
        tracing::debug!(head = %self.0.head().position, "letting the ledger go");
    }
}
