//! The directory a ledger is in: whether one may be made there, and who may look into it.

use crate::open::{OpenError, journal_dir};
use crate::write::clock_mark;
use detente_journal::at;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Names that an empty directory may hold: `lost+found` is made with a file system, and appears in the root of a mount.
const ALLOWED: [&str; 2] = ["lost+found", "journal"];
/// Names of a ledger's files and directories next to its journal.
const OURS: [&str; 5] = ["store", "cursors", "stages", clock_mark::NAME, "clock.draft"];
/// Maximum number of names in a message.
const TOLD: usize = 5;

/// Refuses to make a ledger where there is something else.
pub(crate) fn may_be_made_in(data: &Path) -> Result<(), OpenError> {
    let entries = match fs::read_dir(data) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(|error| at(data, error))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| at(data, error))?.file_name().to_string_lossy().into_owned();
        if !ALLOWED.contains(&name.as_str()) {
            found.push(name);
        }
    }
    found.sort_unstable();
    let path = data.to_owned();
    if found.is_empty() {
        return Ok(());
    }
    if found.iter().all(|name| OURS.contains(&name.as_str())) {
        return Err(OpenError::JournalMissing { path, journal: journal_dir(data), found: found.join(", ") });
    }
    let more = found.len().saturating_sub(TOLD);
    let mut names = found.into_iter().take(TOLD).collect::<Vec<_>>().join(", ");
    if more > 0 {
        names.push_str(&format!(" and {more} more"));
    }
    Err(OpenError::Occupied { path, found: names })
}

/// Warns where others than the owner may look into the directory of a ledger.
pub(crate) fn warn_if_open_to_others(data: &Path) {
    let Ok(metadata) = fs::metadata(data) else { return };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let data = data.display();
        tracing::warn!("others may look into {data} (mode {mode:o}): `chmod -R go= {data}` keeps it to its owner");
    }
}
