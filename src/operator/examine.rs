//! `detente verify` and `detente rebuild`.

use super::making::options_of_one_pass;
use super::{fault, keep_to_owner, not_opened};
use crate::cli::{CommandFailure, RebuildArgs, VerifyArgs, bar, write};
use detente_ledger::Ledger;
use detente_ledger::open::store_dir;
use detente_ledger::verify::{VerificationReport, verify as verify_ledger};
use std::fs;

/// Reads every stored byte again.
pub(super) fn verify(args: &VerifyArgs) -> Result<(), CommandFailure> {
    let journal_bar = bar("journal, bytes", 0);
    let store_bar = bar("store, events", 0);
    let verified = verify_ledger(
        &args.data,
        &mut |done, total| {
            journal_bar.set_length(total);
            journal_bar.set_position(done);
        },
        &|done, total| {
            store_bar.set_length(total);
            store_bar.set_position(done);
        },
    );
    journal_bar.finish_and_clear();
    store_bar.finish_and_clear();
    let verified = verified.map_err(not_opened)?;
    write(&report(&verified))?;
    match verified.store.wrong {
        None => Ok(()),
        Some(what) => Err(CommandFailure::Damaged(format!(
            "the store is damaged: {what}; the journal is whole, `detente rebuild --data {}` mends it",
            args.data.display()
        ))),
    }
}

fn report(verified: &VerificationReport) -> String {
    let journal = &verified.journal;
    let store = &verified.store;
    let store_line = match (&store.wrong, &store.unexamined) {
        (Some(what), _) => format!("damaged: {what}"),
        (None, Some(why)) => format!("not examined ({why}); it holds nothing that the journal does not"),
        (None, None) if store.missing => "missing; the next start makes it anew".to_owned(),
        (None, None) => format!("{} events and {} terms hold, {} to come", store.events, store.terms, store.behind),
    };
    format!(
        "ledger:  {}\njournal: {} events in {} appends hold, {} bytes read, {} torn\nhead:    position {}, link {}\nstore:   {}\n",
        journal.ledger_id.0,
        journal.events,
        journal.appends,
        journal.bytes,
        journal.torn_bytes,
        journal.head.position,
        journal.head.link,
        store_line
    )
}

/// Rebuilds the store from the journal.
pub(super) fn rebuild(args: &RebuildArgs) -> Result<(), CommandFailure> {
    keep_to_owner();
    if !Ledger::exists(&args.data).map_err(|error| fault::at(&args.data, "cannot look into", &error))? {
        return Err(CommandFailure::Usage(format!("there is no ledger in {}", args.data.display())));
    }
    // Opening it once tells whether someone else has it open, before anything is removed.
    let store = store_dir(&args.data);
    let locked = detente_ledger::verify::lock(&args.data).map_err(not_opened)?;
    if store.exists() {
        fs::remove_dir_all(&store).map_err(|error| fault::at(&store, "cannot remove", &error))?;
    }
    drop(locked);
    let shown = bar("rebuilding, events", 0);
    let ledger = Ledger::open(&args.data, &options_of_one_pass(), &|done, total| {
        shown.set_length(total);
        shown.set_position(done);
    });
    shown.finish_and_clear();
    let (ledger, _) = ledger.map_err(not_opened)?;
    let head = ledger.head();
    ledger.close();
    write(&format!("rebuilt {} events, basis {}\n", head.position(), head.basis))
}
