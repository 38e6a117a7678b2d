//! The arguments of `detente rebuild`.

use std::path::PathBuf;

use clap::Args;

/// Rebuild what?
#[derive(Args, Debug)]
pub(crate) struct RebuildArgs {
    /// The directory that holds the ledger.
    #[arg(long, env = "DETENTE_DATA", value_name = "DIR")]
    pub(crate) data: PathBuf,
}
