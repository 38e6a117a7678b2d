//! `detente import`: an export or a backfill of our own, or with a mapping the rows of any data set.
//!
//! ```text
//! detente import record.jsonl --data DIR
//! detente import disputes.csv.xz --mapping disputes.toml --check
//! detente import disputes.csv.xz --mapping disputes.toml --data DIR --release 5.0 --recorded-at 2020-06-01
//! ```
//!
//! The rows of a file are laid out on the server as one staged append, whose id follows from what is imported into what.
//! So a run that was killed goes on where it was when it is started again, and what is recorded already is not recorded
//! twice.
//!
//! ```text
//!   mod.rs             the flags                known_claims.rs    what the ledger has of the data set
//!   input.rs           files, as flags say      earlier_stages.rs  what an earlier run left
//!   rows.rs            the whole way            staging.rs         commands into a stage, and the stage into the record
//!   row_messages.rs    bad rows, progress       refused_rows.rs    rows that the ledger alone finds wrong
//!   again.rs           rows read once more      patient.rs         calls that outlast a server that is away
//!   replay.rs          versions, one by one     report.rs          what came of it
//! ```

mod again;
mod earlier_stages;
mod input;
mod known_claims;
mod patient;
mod refused_rows;
mod replay;
mod report;
mod row_messages;
mod rows;
mod staging;

use super::{
    CommandFailure, connect, export::Ask, export::Client, global_args::GlobalArgs, instant, output::OutputFormat,
};
use clap::Args;
use prost_types::Timestamp;
use std::path::PathBuf;

/// Arguments of `import`.
#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    /// Export or backfill in JSON Lines. With --mapping: a table, a directory or an archive of tables. `-` is standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Directory of the ledger. It is created if it does not exist, and no server may have it open. Default: rows go to the
    /// server.
    #[arg(long, env = "DETENTE_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Recorder, unless the file or the mapping names one.
    #[arg(long, env = "DETENTE_RECORDED_BY", value_name = "NAME")]
    pub(crate) recorded_by: Option<String>,
    /// Mapping from the rows of the file to claims (docs/MAPPING.md).
    #[arg(long, value_name = "M.toml")]
    pub(crate) mapping: Option<PathBuf>,
    /// Accept the clock of this machine, however long ago the last event of the directory was recorded.
    #[arg(long, env = "DETENTE_ACCEPT_CLOCK", requires = "data")]
    accept_clock: bool,
    #[command(flatten)]
    rows: RowArgs,
    /// True if the server knows who records.
    #[arg(skip)]
    proves_caller: bool,
}

/// Flags of an import with a mapping.
#[derive(Args, Debug)]
#[command(next_help_heading = "With --mapping")]
struct RowArgs {
    /// Report the effect of the import with the first invalid rows, and record nothing.
    #[arg(long, requires = "mapping")]
    check: bool,
    /// Name of the release of the data set.
    #[arg(long, value_name = "NAME", requires = "mapping")]
    release: Option<String>,
    /// Recorded time to assign, for backfills. Must not be before the head.
    #[arg(long, value_name = "INSTANT", value_parser = instant::read, requires = "mapping")]
    recorded_at: Option<Timestamp>,
    /// File for the invalid rows, unchanged, each after its line number and its error.
    #[arg(long, value_name = "FILE", requires = "mapping")]
    reject: Option<PathBuf>,
    /// Record nothing if a row is invalid.
    #[arg(long, requires = "mapping")]
    strict: bool,
    /// Treat the file as a part of a release: claims that it does not have are not retracted.
    #[arg(long, requires = "mapping")]
    partial: bool,
    /// Kind of revision of a changed row, in place of that of the mapping.
    #[arg(long, value_name = "KIND", requires = "mapping")]
    revised: Option<String>,
    /// Setting that replaces one of the mapping, for example `source.delimiter=;`. May be given several times.
    #[arg(long, value_name = "KEY=VALUE", requires = "mapping")]
    set: Vec<String>,
    /// Last version to read of a file with several versions of its rows: an instant, or a day for its first moment in UTC.
    #[arg(long, value_name = "VERSION", requires = "mapping")]
    until: Option<String>,
    /// Record each version of the rows as of its own instant, with one append for each. Versions up to the head of the ledger
    /// are recorded together.
    #[arg(long, requires = "mapping", conflicts_with_all = ["until", "recorded_at", "check"])]
    replay: bool,
    /// Code table of the mapping to read from another file.
    #[arg(long = "table", value_name = "NAME=FILE", requires = "mapping")]
    tables: Vec<String>,
    /// The most invalid rows to show.
    #[arg(long, value_name = "COUNT", default_value_t = 20, requires = "mapping")]
    errors: usize,
    /// Seconds for which calls to a server that does not answer are retried.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "mapping")]
    patience: u64,
}

/// An import of rows, once its flags are understood.
#[derive(Debug)]
pub(crate) struct RowImport {
    args: ImportArgs,
    /// The directory that holds the ledger; if none, a server answers.
    pub(crate) data: Option<PathBuf>,
    format: OutputFormat,
}

impl ImportArgs {
    /// Imports into a server, or has the operator's verb open the directory.
    pub(crate) async fn run(mut self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        match (&self.mapping, &self.data) {
            (None, Some(data)) => {
                let data = data.clone();
                crate::operator::import_record(self, data).await
            }
            (None, None) => Err(CommandFailure::Usage(
                "an export or a backfill needs --data: only a directory can take it in; the rows of a table need --mapping"
                    .to_owned(),
            )),
            (Some(_), Some(_)) => crate::operator::import_rows(RowImport::new(self, global.output)).await,
            (Some(_), None) => {
                self.proves_caller = global.access.resolve(&global.server)?.proves_caller;
                let import = RowImport::new(self, global.output);
                match connect::ledger(global).await {
                    Ok(ledger) => import.run(&mut ledger.stub()).await,
                    Err(CommandFailure::Unreachable { .. }) if import.args.rows.check => {
                        super::notice("no server answers: checked as for an empty ledger");
                        import.run_alone().await
                    }
                    Err(failure) => Err(failure),
                }
            }
        }
    }
}

impl RowImport {
    fn new(args: ImportArgs, format: OutputFormat) -> Self {
        Self { data: args.data.clone(), args, format }
    }

    /// Returns true if the clock is to be accepted as it is.
    pub(crate) const fn accepts_clock(&self) -> bool {
        self.args.accept_clock
    }

    /// Returns true if it only reports what it would do.
    pub(crate) fn is_check(&self) -> bool {
        self.args.rows.check
    }

    /// Imports into a ledger, or checks against it.
    pub(crate) async fn run(self, ledger: &mut Client<impl Ask>) -> Result<(), CommandFailure> {
        rows::run(&self.args, self.format, Some(ledger)).await
    }

    /// Checks without a ledger, as for an empty one.
    pub(crate) async fn run_alone(self) -> Result<(), CommandFailure> {
        rows::run(&self.args, self.format, None::<&mut Client<tonic::transport::Channel>>).await
    }
}
