//! The verbs that open a data directory themselves: one file each, the arguments in `crate::cli`.
//!
//! Only one process has a directory open. A server that runs holds it; these verbs then say so, with its process id.

mod carry;
mod dump;
mod examine;
mod fault;
mod free_memory;
mod making;
mod rows;
mod serve;
mod table;

pub(crate) use rows::import_rows;
pub(crate) use table::export_table;

use crate::cli::{CommandFailure, ImportArgs, OperatorCommand};
use crate::server::raise_descriptors;
use fault::not_opened;
use std::path::PathBuf;

/// Runs an operator verb.
pub(crate) async fn run(command: OperatorCommand) -> Result<(), CommandFailure> {
    raise_descriptors();
    match command {
        OperatorCommand::Serve(args) => serve::run(args).await,
        other => tokio::task::spawn_blocking(move || run_blocking(other)).await.map_err(CommandFailure::other)?,
    }
}

/// Writes the whole record of a directory as JSON Lines, to a file or to standard output.
pub(crate) async fn export_record(data: PathBuf, out: Option<PathBuf>) -> Result<(), CommandFailure> {
    tokio::task::spawn_blocking(move || carry::export(&data, out.as_deref())).await.map_err(CommandFailure::other)?
}

/// Brings in an export or a backfill, into a directory.
pub(crate) async fn import_record(args: ImportArgs, data: PathBuf) -> Result<(), CommandFailure> {
    tokio::task::spawn_blocking(move || carry::import(&args, &data)).await.map_err(CommandFailure::other)?
}

fn run_blocking(command: OperatorCommand) -> Result<(), CommandFailure> {
    match command {
        OperatorCommand::Verify(args) => examine::verify(&args),
        OperatorCommand::Rebuild(args) => examine::rebuild(&args),
        OperatorCommand::Dump(args) => dump::run(&args),
        OperatorCommand::Serve(_) => Err(CommandFailure::Usage("serve is not a blocking verb".to_owned())),
    }
}

/// Makes the files of a verb private to their owner, whatever the umask is, sled's files too. For verbs that write
/// nothing else.
fn keep_to_owner() {
    let _before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}
