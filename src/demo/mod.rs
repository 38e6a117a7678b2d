//! The founding dossier: what was known of Russia and Azerbaijan in August 2025, what was recorded later, and a question.
//!
//! The text is in `founding.jsonl`, a backfill, in our own words, Arabic and English. Everything after the first line is
//! made up and says so: SYNTHETIC in its words or notes, and the label `synthetic`. Claim ids and request ids are fixed,
//! and its salts follow from the record, so that every demo ledger has the same bases up to the dossier's last append.

use detente_journal::LedgerId;
use detente_ledger::Ledger;
use detente_ledger::clock::new_id;
use detente_ledger::error::AppendError;
use detente_ledger::open::{LedgerOptions, OpenError};
use detente_ledger::store::Progress;
use detente_ledger::transfer::TransferError;
use detente_ledger::transfer::backfill::backfill;
use serde_json::Value;
use std::io;
use std::path::Path;
use uuid::Uuid;

/// The dossier: one append a line.
pub const DOSSIER: &str = include_str!("founding.jsonl");

/// The reason why the demo ledger could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The directory holds another ledger.
    #[error("{0} holds a ledger that is not the demo's; name another directory")]
    OtherLedger(String),
    /// The ledger cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The dossier cannot be recorded.
    #[error("the dossier cannot be recorded: {0}")]
    Dossier(TransferError),
    /// The ledger does not take the dossier.
    #[error("the dossier cannot be recorded: {0}")]
    Refused(AppendError),
    /// The directory cannot be looked at.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Opens the demo ledger of a directory. If there is none, it is made; if there is one, it stays as it is, with all
/// that was appended since. A making that was cut short is finished.
///
/// # Errors
/// If the directory holds another ledger, or it cannot be opened or made.
pub fn open(data: &Path, options: &LedgerOptions, progress: &dyn Progress) -> Result<Ledger, DemoError> {
    let public = LedgerOptions { public_salts: true, ..options.clone() };
    let exists = Ledger::exists(data)?;
    if exists && is_complete(data, options, progress)? {
        return Ok(Ledger::open(data, options, progress)?.0);
    }
    let ledger = if exists {
        Ledger::open(data, &public, progress)?.0
    } else {
        Ledger::create(data, LedgerId(new_id(&*options.clock)), &public)?
    };
    backfill(&mut DOSSIER.as_bytes(), &ledger, None, &|_| {}).map_err(of_dossier)?;
    ledger.close();
    drop(ledger);
    Ok(Ledger::open(data, options, progress)?.0)
}

/// Drops the line number of a refused dossier: a user of the demo needs only the reason.
fn of_dossier(error: TransferError) -> DemoError {
    match error {
        TransferError::Append { source, .. } => DemoError::Refused(source),
        other => DemoError::Dossier(other),
    }
}

/// Returns true if a ledger holds the whole dossier. A ledger with a part of it and nothing else is not complete; a
/// ledger with anything else is another ledger.
fn is_complete(data: &Path, options: &LedgerOptions, progress: &dyn Progress) -> Result<bool, DemoError> {
    let (ledger, _) = Ledger::open(data, options, progress)?;
    let requests = request_ids();
    let held = requests.iter().take_while(|id| ledger.holds_request(**id)).count();
    let complete = held == requests.len();
    let is_beginning = u64::from(ledger.append_count()) == held as u64;
    ledger.close();
    if complete || is_beginning {
        return Ok(complete);
    }
    Err(DemoError::OtherLedger(data.display().to_string()))
}

fn request_ids() -> Vec<Uuid> {
    let id = |line: &str| {
        let value: Value = serde_json::from_str(line).ok()?;
        value.pointer("/append/requestId")?.as_str()?.parse().ok()
    };
    DOSSIER.lines().filter_map(id).collect()
}
