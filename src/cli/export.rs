//! The arguments of `detente export`.

use std::path::PathBuf;

use clap::Args;

/// Write what, where to?
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// The directory that holds the ledger.
    #[arg(long, env = "DETENTE_DATA", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Write to this file. Default: standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}
