//! The file `clock`: when the clock was last seen while it could be believed.
//!
//! It is there once an append was recorded by this clock, and renewed now and then, so that a ledger in which nothing was
//! recorded for months, while it was served, is not asked about its clock. It is no part of the record: without it, the last
//! append stands for it, if that was recorded by the clock.

use detente_domain::position::RecordedAt;
use detente_journal::file::disk::FILE_MODE;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Its name in a data directory.
pub(crate) const NAME: &str = "clock";
const TITLE: &str = "detente clock 1";

/// The file of a data directory.
pub(crate) struct ClockMark(PathBuf);

impl ClockMark {
    /// That of a data directory.
    pub(crate) fn of(data: &Path) -> Self {
        Self(data.join(NAME))
    }

    /// Reads the mark; none if it is missing or unreadable.
    pub(crate) fn read(&self) -> Option<RecordedAt> {
        let text = fs::read_to_string(&self.0).ok()?;
        let mut lines = text.lines();
        let is_mark = lines.next()? == TITLE;
        let seen = lines.next()?.parse().ok().map(RecordedAt)?;
        is_mark.then_some(seen)
    }

    /// Renews the mark atomically and durably: after any failure, the old mark or the new one is there.
    pub(crate) fn write(&self, seen: RecordedAt) -> io::Result<()> {
        let draft = self.0.with_extension("draft");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(FILE_MODE).open(&draft)?;
        write!(file, "{TITLE}\n{}\n", seen.0)?;
        file.sync_all()?;
        fs::rename(&draft, &self.0)?;
        self.0.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written_and_anything_else_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let mark = ClockMark::of(dir.path());
        assert_eq!(mark.read(), None);
        mark.write(RecordedAt(-7)).unwrap();
        mark.write(RecordedAt(1_700_000_000_000_000)).unwrap();
        assert_eq!(mark.read(), Some(RecordedAt(1_700_000_000_000_000)));
        for other in ["", "detente clock 1\n", "detente clock 1\nx\n", "detente clock 2\n7\n"] {
            fs::write(dir.path().join(NAME), other).unwrap();
            assert_eq!(mark.read(), None, "{other:?}");
        }
    }
}
