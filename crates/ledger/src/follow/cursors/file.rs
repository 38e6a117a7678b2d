//! A file for each cursor: `NAME.cursor`, a line that says what it is, a checksum, a message.
//!
//! A file is written whole under another name, synced, renamed over the old one, and the directory synced: after a crash at
//! any point there is the old cursor or the new one. A file that cannot be read is not reset: a cursor that silently
//! started from the beginning would bring everything once more.

use super::error::CursorError;
use super::place::CursorState;
use crate::follow::feed::Beginning;
use detente_domain::name::CursorId;
use detente_domain::position::{Position, RecordedAt};
use detente_journal::file::disk::{FILE_MODE, make_dir};
use detente_journal::{LedgerId, Obstacle, at};
use detente_proto::v1;
use prost::Message;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

const TITLE: &[u8] = b"detente cursor 1\n";
const SUFFIX: &str = ".cursor";
const DRAFT_SUFFIX: &str = ".draft";

/// The directory of a ledger's cursors.
pub(super) struct Files {
    dir: PathBuf,
    ledger: LedgerId,
    /// Set if nothing is to be written.
    read_only: bool,
}

/// A cursor as its file has it.
#[derive(Clone, PartialEq, Message)]
struct StoredCursor {
    #[prost(string, tag = "1")]
    cursor_id: String,
    #[prost(bytes = "vec", tag = "2")]
    ledger_id: Vec<u8>,
    #[prost(uint64, tag = "3")]
    acknowledged: u64,
    #[prost(sint64, tag = "4")]
    updated_at: i64,
    #[prost(message, optional, tag = "5")]
    filter: Option<v1::Filter>,
    #[prost(oneof = "Start", tags = "6, 7, 8")]
    start: Option<Start>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Start {
    #[prost(uint64, tag = "6")]
    After(u64),
    #[prost(sint64, tag = "7")]
    RecordedFrom(i64),
    #[prost(bool, tag = "8")]
    Head(bool),
}

impl Files {
    pub(super) const fn new(dir: PathBuf, ledger: LedgerId, read_only: bool) -> Self {
        Self { dir, ledger, read_only }
    }

    /// Every cursor there is, or what is wrong with it.
    pub(super) fn read_all(&self) -> io::Result<Vec<(CursorId, Result<CursorState, String>)>> {
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| at(&self.dir, error))?,
        };
        let mut all = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(SUFFIX)).and_then(|id| CursorId::parse(id).ok());
            if let Some(id) = id {
                let bytes = self.bytes(&id)?;
                let read = self.read(&id, &bytes);
                all.push((id, read));
            }
        }
        Ok(all)
    }

    fn bytes(&self, id: &CursorId) -> io::Result<Vec<u8>> {
        let path = self.path(id);
        fs::read(&path).map_err(|error| at(&path, error))
    }

    fn read(&self, id: &CursorId, bytes: &[u8]) -> Result<CursorState, String> {
        let stored: StoredCursor = unseal(bytes).ok_or("it is not a cursor, or its checksum is wrong")?;
        if stored.cursor_id != id.as_str() {
            return Err(format!("it is of a cursor named {}", stored.cursor_id));
        }
        if stored.ledger_id != self.ledger.0.as_bytes() {
            return Err("it is of another ledger".to_owned());
        }
        let start = stored.start.ok_or("it does not say where it began")?;
        Ok(CursorState {
            id: id.clone(),
            acknowledged: Position(stored.acknowledged),
            start: start.into(),
            filter: stored.filter,
            updated_at: RecordedAt(stored.updated_at),
        })
    }

    /// Writes a cursor, durably.
    pub(super) fn write(&self, kept: &CursorState) -> Result<(), CursorError> {
        self.may_write()?;
        let stored = StoredCursor {
            cursor_id: kept.id.to_string(),
            ledger_id: self.ledger.0.as_bytes().to_vec(),
            acknowledged: kept.acknowledged.0,
            updated_at: kept.updated_at.0,
            filter: kept.filter.clone(),
            start: Some(kept.start.into()),
        };
        let draft = self.dir.join(format!("{}{DRAFT_SUFFIX}", kept.id));
        let path = self.path(&kept.id);
        let write = || {
            self.make_dir()?;
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(FILE_MODE).open(&draft)?;
            file.write_all(&seal(&stored))?;
            file.sync_all()
        };
        write().map_err(|error| nothing_changed(at(&draft, error)))?;
        // Opened beforehand: once the name has changed, nothing may be lacking any more.
        let dir = self.open_dir().map_err(nothing_changed)?;
        fs::rename(&draft, &path).map_err(|error| nothing_changed(at(&path, error)))?;
        dir.sync_all().map_err(|error| CursorError::OutcomeUnknown(error.to_string()))
    }

    /// Removes a cursor, durably.
    pub(super) fn remove(&self, id: &CursorId) -> Result<(), CursorError> {
        self.may_write()?;
        let dir = self.open_dir().map_err(nothing_changed)?;
        fs::remove_file(self.path(id)).map_err(nothing_changed)?;
        dir.sync_all().map_err(|error| CursorError::OutcomeUnknown(error.to_string()))
    }

    fn path(&self, id: &CursorId) -> PathBuf {
        self.dir.join(format!("{id}{SUFFIX}"))
    }

    fn make_dir(&self) -> io::Result<()> {
        if self.dir.is_dir() {
            return Ok(());
        }
        make_dir(&self.dir)?;
        self.dir.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
    }

    fn open_dir(&self) -> io::Result<File> {
        File::open(&self.dir).map_err(|error| at(&self.dir, error))
    }

    const fn may_write(&self) -> Result<(), CursorError> {
        if self.read_only { Err(CursorError::ReadOnly) } else { Ok(()) }
    }
}

fn nothing_changed(error: io::Error) -> CursorError {
    match Obstacle::of(&error) {
        Some(Obstacle::Full) => CursorError::DiskFull(error.to_string()),
        Some(obstacle) if obstacle.is_passing() => CursorError::Lacking(error.to_string()),
        _ => CursorError::NotWritten(error.to_string()),
    }
}

fn seal(stored: &StoredCursor) -> Vec<u8> {
    let message = stored.encode_to_vec();
    [TITLE, &crc32c::crc32c(&message).to_le_bytes(), &message].concat()
}

fn unseal(bytes: &[u8]) -> Option<StoredCursor> {
    let (sum, message) = bytes.strip_prefix(TITLE)?.split_at_checked(4)?;
    (crc32c::crc32c(message).to_le_bytes() == *sum).then(|| StoredCursor::decode(message).ok())?
}

impl From<Start> for Beginning {
    fn from(start: Start) -> Self {
        match start {
            Start::After(position) => Self::After(Position(position)),
            Start::RecordedFrom(instant) => Self::RecordedFrom(RecordedAt(instant)),
            Start::Head(_) => Self::Head,
        }
    }
}

impl From<Beginning> for Start {
    fn from(start: Beginning) -> Self {
        match start {
            Beginning::After(position) => Self::After(position.0),
            Beginning::RecordedFrom(instant) => Self::RecordedFrom(instant.0),
            Beginning::Head => Self::Head(true),
        }
    }
}
