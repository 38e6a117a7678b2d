//! A ledger that could not be opened, as a failure: which path, what the system said, what to do.

use crate::cli::CommandFailure;
use detente_journal::file::lock::LockError;
use detente_journal::file::{CreateError, OpenError as JournalError};
use detente_journal::{Obstacle, ReadError};
use detente_ledger::open::OpenError;
use detente_ledger::store::StoreOpenError as StoreError;
use std::io;
use std::path::Path;

/// A failure to open a ledger. Damage has an exit code of its own.
pub(super) fn not_opened(error: OpenError) -> CommandFailure {
    match &error {
        OpenError::Journal { source, .. } if is_damage(source) => CommandFailure::Damaged(error.to_string()),
        OpenError::Missing(_) | OpenError::Occupied { .. } | OpenError::JournalMissing { .. } => {
            CommandFailure::Usage(error.to_string())
        }
        // Its words hold those of its causes already.
        _ => with_advice(error.to_string(), cause(&error)),
    }
}

/// Returns the failure of a journal that cannot be read. If the system refuses to hand bytes over, no damage is known.
pub(super) fn not_read(error: ReadError) -> CommandFailure {
    match (&error, error.obstacle()) {
        (ReadError::Io(cause), Some(_)) => with_advice(error.to_string(), Some(cause)),
        _ => CommandFailure::Damaged(error.to_string()),
    }
}

/// A failure of the system at a path.
pub(super) fn at(path: &Path, doing: &str, error: &io::Error) -> CommandFailure {
    let said = error.to_string();
    let place = path.display().to_string();
    let words = if said.contains(&place) { format!("{doing}: {said}") } else { format!("{doing} {place}: {said}") };
    with_advice(words, Some(error))
}

fn with_advice(words: String, cause: Option<&io::Error>) -> CommandFailure {
    let advice = cause.and_then(Obstacle::of).map(Obstacle::advice);
    CommandFailure::other(anyhow::anyhow!(advice.map_or(words.clone(), |advice| format!("{words}; {advice}"))))
}

const fn cause(error: &OpenError) -> Option<&io::Error> {
    match error {
        OpenError::Io(error)
        | OpenError::Journal { source: JournalError::Io(error), .. }
        | OpenError::Create { source: CreateError::Io(error), .. }
        | OpenError::Create { source: CreateError::Locked(LockError::Io(error)), .. }
        | OpenError::Store(StoreError::Remove { source: error, .. })
        | OpenError::Store(StoreError::Journal(ReadError::Io(error))) => Some(error),
        _ => None,
    }
}

const fn is_damage(error: &JournalError) -> bool {
    match error {
        JournalError::Damaged(_)
        | JournalError::ManifestMissing
        | JournalError::ManifestDamaged
        | JournalError::NoSegments => true,
        JournalError::NotAJournal
        | JournalError::EarlierFormat(_)
        | JournalError::UnknownFormat(_)
        | JournalError::Locked(_)
        | JournalError::Io(_) => false,
    }
}

/// Returns true if a ledger could not be opened because its directory is not writable.
pub(super) fn is_unwritable(error: &OpenError) -> bool {
    matches!(cause(error).and_then(Obstacle::of), Some(Obstacle::ReadOnly | Obstacle::Forbidden))
}
