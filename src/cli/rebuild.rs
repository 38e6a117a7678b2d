//! The arguments of `detente rebuild`.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `rebuild`.
#[derive(Args, Debug)]
pub(crate) struct RebuildArgs {
    /// Directory of the ledger.
    #[arg(long, env = "DETENTE_DATA", value_name = "DIR")]
    pub(crate) data: PathBuf,
}
