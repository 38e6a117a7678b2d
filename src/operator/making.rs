//! Making a ledger where there is none, and saying so: a path that was mistyped is then seen at once.

use super::{fault, not_opened};
use crate::cli::{CommandFailure, notice};
use detente_journal::LedgerId;
use detente_ledger::Ledger;
use detente_ledger::clock::new_id;
use detente_ledger::open::LedgerOptions;
use std::path::Path;

/// Maximum memory for blocks of the log in a verb that reads or writes each once, in order.
const CACHE_BYTES: usize = 32 << 20;

/// Returns the options of a ledger that a verb goes through once.
pub(super) fn options_of_one_pass() -> LedgerOptions {
    LedgerOptions { cache_bytes: CACHE_BYTES, ..LedgerOptions::default() }
}

/// Returns true if a data directory holds a ledger.
pub(super) fn exists(data: &Path) -> Result<bool, CommandFailure> {
    Ledger::exists(data).map_err(|error| fault::at(data, "cannot look into", &error))
}

/// Makes a ledger, and says so.
pub(super) fn new_ledger(data: &Path, options: &LedgerOptions) -> Result<Ledger, CommandFailure> {
    let ledger = create(data, options)?;
    announce(data);
    Ok(ledger)
}

/// Makes a ledger.
pub(super) fn create(data: &Path, options: &LedgerOptions) -> Result<Ledger, CommandFailure> {
    Ledger::create(data, LedgerId(new_id(&*options.clock)), options).map_err(not_opened)
}

/// Says that a ledger was made, to a person.
pub(super) fn announce(data: &Path) {
    notice(&format!("made a new ledger in {}", data.display()));
}
