//! The verbs that open a data directory themselves: one file each, the arguments in `crate::cli`.
//!
//! Only one process has a directory open. A server that runs holds it; these verbs then say so, with its process id.

mod carry;
mod dump;
mod examine;
mod rows;
mod serve;
mod table;

pub(crate) use rows::import_rows;
pub(crate) use table::export_table;

use crate::cli::{Failure, ImportArgs, OperatorCommand};
use crate::journal::file::OpenError as JournalError;
use crate::ledger::open::OpenError;
use std::path::PathBuf;

/// Runs an operator verb.
pub(crate) async fn run(command: OperatorCommand) -> Result<(), Failure> {
    match command {
        OperatorCommand::Serve(args) => serve::run(args).await,
        other => tokio::task::spawn_blocking(move || run_blocking(other)).await.map_err(Failure::other)?,
    }
}

/// Writes the whole record of a directory as JSON Lines, to a file or to standard output.
pub(crate) async fn export_record(data: PathBuf, out: Option<PathBuf>) -> Result<(), Failure> {
    tokio::task::spawn_blocking(move || carry::export(&data, out.as_deref())).await.map_err(Failure::other)?
}

/// Brings in an export or a backfill, into a directory.
pub(crate) async fn import_record(args: ImportArgs, data: PathBuf) -> Result<(), Failure> {
    tokio::task::spawn_blocking(move || carry::import(&args, &data)).await.map_err(Failure::other)?
}

fn run_blocking(command: OperatorCommand) -> Result<(), Failure> {
    match command {
        OperatorCommand::Verify(args) => examine::verify(&args),
        OperatorCommand::Rebuild(args) => examine::rebuild(&args),
        OperatorCommand::Dump(args) => dump::run(&args),
        OperatorCommand::Serve(_) => Err(Failure::Usage("serve is not a blocking verb".to_owned())),
    }
}

/// A ledger that could not be opened, as a failure: damage is told apart, it has an exit code of its own.
fn not_opened(error: OpenError) -> Failure {
    match &error {
        OpenError::Journal { source, .. } if is_damage(source) => Failure::Damaged(error.to_string()),
        OpenError::Missing(_) => Failure::Usage(error.to_string()),
        // Its words hold those of its causes already.
        _ => Failure::other(anyhow::anyhow!(error.to_string())),
    }
}

const fn is_damage(error: &JournalError) -> bool {
    match error {
        JournalError::Damaged(_)
        | JournalError::ManifestMissing
        | JournalError::ManifestDamaged
        | JournalError::NoSegments => true,
        JournalError::NotAJournal | JournalError::UnknownFormat(_) | JournalError::Locked(_) | JournalError::Io(_) => {
            false
        }
    }
}
