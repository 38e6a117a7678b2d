//! File systems of a test's own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A file system that is mounted for as long as this is held.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// A file system in memory of this many MiB; prints a line and returns none if that is not permitted.
    pub(crate) fn of_memory(at: &Path, mib: u64) -> Option<Self> {
        Self::new(at, &["-t", "tmpfs", "-o", &format!("size={mib}m"), "tmpfs"])
    }

    /// Mounts a directory once more, read-only.
    pub(crate) fn read_only(of: &Path, at: &Path) -> Option<Self> {
        Self::new(at, &["-o", "bind,ro", of.to_str().unwrap()])
    }

    fn new(at: &Path, arguments: &[&str]) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let mounted = Command::new("mount").args(arguments).arg(at).stderr(Stdio::null()).status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(at.to_owned()));
        }
        eprintln!("SKIPPED: this machine does not let a test mount a file system");
        None
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Returns true if a program is installed; prints a line if it is not.
pub(crate) fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        eprintln!("SKIPPED: {program} is not installed");
    }
    found
}
