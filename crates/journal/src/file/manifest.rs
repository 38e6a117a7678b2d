//! The file MANIFEST: which format this directory is in, and which ledger it holds.
//!
//! ```text
//! detente journal
//! format: 2
//! ledger: 0198c0de-0000-7000-8000-000000000000
//! created: 1753920000000000
//! crc32c: 0a1b2c3d
//! ```
//!
//! The first two lines stay as they are in every format there will ever be. The file is written once, last, when
//! everything else of a new journal is durable; so a directory with a manifest is a journal, and one without is not.

use std::fmt;
use std::io;
use std::path::Path;

use thiserror::Error;
use uuid::Uuid;

use super::disk::Disk;
use crate::LedgerId;
use detente_domain::position::RecordedAt;

/// The name of the file.
pub(super) const NAME: &str = "MANIFEST";
/// The name it is written under before it is renamed.
pub(super) const DRAFT: &str = "MANIFEST.new";

const TITLE: &str = "detente journal";
const LONGEST: u64 = 4096;
/// The format of builds before the first release.
const EARLIER: u32 = 1;

/// The formats there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalFormat {
    /// Segments of checksummed frames with protobuf payloads: fences, retry salts, records that can be read alone and
    /// erased at their length, runs that can be voided, zeros kept for what comes next.
    V2,
}

impl JournalFormat {
    /// Its number in files.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::V2 => 2,
        }
    }

    /// The format of a number, if this version knows it.
    #[must_use]
    pub const fn of(number: u32) -> Option<Self> {
        match number {
            2 => Some(Self::V2),
            _ => None,
        }
    }
}

/// The reason why a manifest cannot be used.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// There is none.
    #[error("there is no manifest")]
    Missing,
    /// It is not one, or fails its checksum.
    #[error("the manifest is damaged")]
    Damaged,
    /// It is of a format before the first release.
    #[error("format {0} is of a build before the first release")]
    EarlierFormat(u32),
    /// It is of a format that this version does not know.
    #[error("format {0} is unknown to this version")]
    UnknownFormat(u32),
    /// It could not be read.
    #[error("the manifest could not be read: {0}")]
    Io(#[from] io::Error),
}

/// The content of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The format of everything in the directory.
    pub format: JournalFormat,
    /// The ledger that the directory holds.
    pub ledger_id: LedgerId,
    /// The time at which it was created.
    pub created_at: RecordedAt,
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{TITLE}\nformat: {}", self.format.number())?;
        writeln!(f, "ledger: {}\ncreated: {}", self.ledger_id, self.created_at.0)
    }
}

impl Manifest {
    /// Reads the manifest of a directory.
    ///
    /// # Errors
    /// If there is none, or it is damaged or of an unknown format.
    pub fn read(dir: &Path, disk: &dyn Disk) -> Result<Self, ManifestError> {
        let file = match disk.open(&dir.join(NAME)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ManifestError::Missing);
            }
            other => other?,
        };
        let mut bytes = vec![0; usize::try_from(file.len()?.min(LONGEST)).unwrap_or_default()];
        file.read_at(&mut bytes, 0)?;
        Self::parse(&String::from_utf8(bytes).map_err(|_| ManifestError::Damaged)?)
    }

    /// Writes it durably: under another name first, then renamed.
    pub(super) fn write(&self, dir: &Path, disk: &dyn Disk) -> io::Result<()> {
        let body = self.to_string();
        let text = format!("{body}crc32c: {:08x}\n", crc32c::crc32c(body.as_bytes()));
        let draft = disk.create(&dir.join(DRAFT))?;
        draft.write_at(text.as_bytes(), 0)?;
        draft.sync()?;
        disk.rename(&dir.join(DRAFT), &dir.join(NAME))?;
        disk.sync_dir(dir)
    }

    fn parse(text: &str) -> Result<Self, ManifestError> {
        let number = format_number(text).ok_or(ManifestError::Damaged)?;
        let unknown = if number == EARLIER { ManifestError::EarlierFormat } else { ManifestError::UnknownFormat };
        let format = JournalFormat::of(number).ok_or_else(|| unknown(number))?;
        let manifest = Self::parse_v1(text, format).ok_or(ManifestError::Damaged)?;
        let body = manifest.to_string();
        let crc = format!("crc32c: {:08x}\n", crc32c::crc32c(body.as_bytes()));
        let same = text.strip_prefix(&body) == Some(&crc);
        same.then_some(manifest).ok_or(ManifestError::Damaged)
    }

    fn parse_v1(text: &str, format: JournalFormat) -> Option<Self> {
        let mut lines = text.lines().skip(2);
        let ledger_id = Uuid::parse_str(lines.next()?.strip_prefix("ledger: ")?).ok()?;
        let created_at = lines.next()?.strip_prefix("created: ")?.parse().ok()?;
        Some(Self { format, ledger_id: LedgerId(ledger_id), created_at: RecordedAt(created_at) })
    }
}

fn format_number(text: &str) -> Option<u32> {
    let mut lines = text.lines();
    if lines.next()? != TITLE {
        return None;
    }
    lines.next()?.strip_prefix("format: ")?.parse().ok()
}
