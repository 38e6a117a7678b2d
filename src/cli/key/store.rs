//! The file of keys on disk: read as a whole, replaced as a whole, by one command at a time.

use crate::cli::CommandFailure;
use detente_identity::KeyFile;
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::Path;

/// Reads a file of keys.
pub(super) fn read(path: &Path) -> Result<KeyFile, CommandFailure> {
    let text = std::fs::read_to_string(path).map_err(|error| failure(path, &error))?;
    KeyFile::parse(&text).map_err(|error| CommandFailure::Usage(format!("{}: {error}", path.display())))
}

/// Changes a file of keys, which is made where there is none.
pub(super) fn change<T>(
    path: &Path,
    change: impl FnOnce(&mut KeyFile) -> Result<T, CommandFailure>,
) -> Result<T, CommandFailure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let lock = File::open(folder).map_err(|error| failure(folder, &error))?;
    flock(&lock, FlockOperation::LockExclusive).map_err(|error| failure(folder, &error.into()))?;
    let mut file = if path.exists() { read(path)? } else { KeyFile::default() };
    let changed = change(&mut file)?;
    let text = file.text().map_err(CommandFailure::other)?;
    replace(path, &lock, text.as_bytes()).map_err(|error| failure(path, &error))?;
    Ok(changed)
}

/// Replaces a file, which keeps its owner and its rights.
fn replace(path: &Path, folder: &File, content: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("toml.new");
    let mut new = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    if let Ok(before) = std::fs::metadata(path) {
        new.set_permissions(Permissions::from_mode(before.mode() & 0o777))?;
        let own = new.metadata()?;
        if (own.uid(), own.gid()) != (before.uid(), before.gid()) {
            chown(&beside, Some(before.uid()), Some(before.gid()))?;
        }
    }
    new.write_all(content)?;
    new.sync_all()?;
    std::fs::rename(&beside, path)?;
    folder.sync_all()
}

fn failure(path: &Path, error: &io::Error) -> CommandFailure {
    CommandFailure::other(anyhow::anyhow!("{}: {error}", path.display()))
}
