//! The arguments of `detente dump`.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `dump`.
#[derive(Args, Debug)]
pub(crate) struct DumpArgs {
    /// Directory of the ledger.
    #[arg(long, env = "DETENTE_DATA", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Position to start at.
    #[arg(long, value_name = "POSITION", default_value_t = 1)]
    pub(crate) from: u64,
    /// The most events to show.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
}
