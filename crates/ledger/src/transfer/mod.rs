//! Carrying a record over: an export keeps everything that the hash chain covers, so that an import of it into an empty
//! ledger gives the same answers at every cut, the same bases and the same head hash.
//!
//! An export is JSON Lines: a header, then for every append a line that opens it and a line for each of its events with its
//! salt, and a last line with the position and the link at the end.
//!
//! ```text
//! {"detenteExport":1,"ledgerId":"..."}
//! {"append":{"first":1,"count":113,"recordedAt":"2025-08-01T00:00:00Z","recordedBy":"desk",...}}
//! {"salt":"...","event":{...}}
//! ...
//! {"end":{"position":124,"link":"..."}}
//! ```
//!
//! A backfill is JSON Lines too, of appends that were recorded elsewhere: `{"recordedAt":"...","append":{...}}` with an
//! AppendRequest each. It goes through the rules like any append, only its recorded times are its own.

pub mod backfill;
pub mod export;
pub mod import;
mod line;

use crate::error::AppendError;
use crate::open::OpenError;
use crate::wire::json::NotJson;
use detente_journal::ReadError;
use std::io;

/// The reason why an export, import or backfill failed.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// A line is not what it should be.
    #[error("line {line}: {what}")]
    Line {
        /// The number of the line, from 1.
        line: u64,
        /// The error.
        what: String,
    },
    /// The ledger refused an append.
    #[error("line {line}: {source}")]
    Append {
        /// The number of the line, from 1.
        line: u64,
        /// The reason.
        source: AppendError,
    },
    /// The ledger holds something that the export does not begin with.
    #[error("the ledger already holds another history than the one the export carries")]
    OtherHistory,
    /// The file is no export and no backfill.
    #[error("this is neither an export nor a backfill: {0}")]
    NotRecognised(String),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] ReadError),
    /// The journal cannot be written; nothing more was recorded.
    #[error("cannot record: {0}")]
    Write(String),
    /// The ledger cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// An event cannot be put into JSON.
    #[error(transparent)]
    Json(#[from] NotJson),
    /// The file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The amount of an export, import or backfill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransferSummary {
    /// The number of appends in the file.
    pub appends: u64,
    /// The number of events that were recorded.
    pub events: u64,
    /// The number of appends that were there already.
    pub known: u64,
}
