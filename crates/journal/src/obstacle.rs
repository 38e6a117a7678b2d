//! Reasons for a refusal by the disk, in words that an operator can act upon.
//!
//! The system's error numbers are many; what follows from them is little: make room, give descriptors, give rights, or
//! replace the disk. None of them is damage: what is stored is as it was.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rustix::io::Errno;

/// A reason of the system for refusing an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Obstacle {
    /// The file system or a quota is full.
    Full,
    /// The process or the system has no file descriptor left.
    Descriptors,
    /// The system has no memory left.
    Memory,
    /// The file system is mounted read-only.
    ReadOnly,
    /// The rights do not suffice.
    Forbidden,
    /// The device failed.
    Device,
}

/// An error of the system with the path it is about.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
struct PathError {
    path: PathBuf,
    source: io::Error,
}

/// Adds the path to an error of the system; its kind stays.
#[must_use]
pub fn at(path: &Path, source: io::Error) -> io::Error {
    match source.get_ref() {
        Some(inner) if inner.is::<PathError>() => source,
        _ => io::Error::new(source.kind(), PathError { path: path.to_owned(), source }),
    }
}

impl Obstacle {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Full, Self::Descriptors, Self::Memory, Self::ReadOnly, Self::Forbidden, Self::Device];

    /// The obstacle behind an error; none if it is another sort of error.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Self> {
        let wrapped = error.get_ref().and_then(|inner| inner.downcast_ref::<PathError>());
        let number = wrapped.map_or(error, |wrapped| &wrapped.source).raw_os_error().map(Errno::from_raw_os_error);
        match (number, error.kind()) {
            (Some(Errno::MFILE | Errno::NFILE), _) => Some(Self::Descriptors),
            (Some(Errno::NOMEM), _) | (_, ErrorKind::OutOfMemory) => Some(Self::Memory),
            (Some(Errno::IO), _) => Some(Self::Device),
            (Some(Errno::NOSPC | Errno::DQUOT), _) | (_, ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
                Some(Self::Full)
            }
            (_, ErrorKind::ReadOnlyFilesystem) => Some(Self::ReadOnly),
            (_, ErrorKind::PermissionDenied) => Some(Self::Forbidden),
            _ => None,
        }
    }

    /// Returns true if the system may have by the next attempt what it lacks now, without anybody doing anything.
    #[must_use]
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::Descriptors | Self::Memory)
    }

    /// Advice to the operator.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Full => "make room on the disk (or raise the quota); nothing that is stored is damaged",
            Self::Descriptors => {
                "give the process more file descriptors (`ulimit -n`, LimitNOFILE) or let it have fewer connections \
                 (max_connections); nothing that is stored is damaged"
            }
            Self::Memory => {
                "give the machine or the container more memory, or let the server take less (memory_mib, cache_mib); nothing \
                 that is stored is damaged"
            }
            Self::ReadOnly => {
                "the file system is mounted read-only: `detente serve --read-only` serves it as it is, and verify, \
                 export and dump read it"
            }
            Self::Forbidden => {
                "run as the user who owns the directory, or give this user the rights; where it may be read and not \
                 written, `detente serve --read-only` serves it, and verify, export and dump read it"
            }
            Self::Device => "the device fails: see the kernel's log, and copy the directory while it can be read",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_obstacle_is_known_by_its_number_with_and_without_a_path() {
        let numbers = [
            (Errno::NOSPC, Some(Obstacle::Full)),
            (Errno::DQUOT, Some(Obstacle::Full)),
            (Errno::MFILE, Some(Obstacle::Descriptors)),
            (Errno::NFILE, Some(Obstacle::Descriptors)),
            (Errno::NOMEM, Some(Obstacle::Memory)),
            (Errno::ROFS, Some(Obstacle::ReadOnly)),
            (Errno::ACCESS, Some(Obstacle::Forbidden)),
            (Errno::PERM, Some(Obstacle::Forbidden)),
            (Errno::IO, Some(Obstacle::Device)),
            (Errno::NOENT, None),
        ];
        for (number, expected) in numbers {
            let error = || io::Error::from_raw_os_error(number.raw_os_error());
            assert_eq!(Obstacle::of(&error()), expected, "{number}");
            let error_at_path = at(Path::new("/ledger/journal"), at(Path::new("/ledger/journal/HEAD"), error()));
            assert_eq!(Obstacle::of(&error_at_path), expected, "{number}");
            assert_eq!(error_at_path.kind(), error().kind());
            assert_eq!(error_at_path.to_string(), format!("/ledger/journal/HEAD: {}", error()));
        }
    }
}
