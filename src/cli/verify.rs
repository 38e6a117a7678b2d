//! The arguments of `detente verify`.

use std::path::PathBuf;

use clap::Args;

/// Verify what?
#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// The directory that holds the ledger.
    #[arg(long, env = "DETENTE_DATA", value_name = "DIR")]
    pub(crate) data: PathBuf,
}
