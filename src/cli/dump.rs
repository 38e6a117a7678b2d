//! The arguments of `detente dump`.

use std::path::PathBuf;

use clap::Args;

/// Show which stretch of the journal?
#[derive(Args, Debug)]
pub(crate) struct DumpArgs {
    /// The directory that holds the ledger.
    #[arg(long, env = "DETENTE_DATA", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Begin with this position.
    #[arg(long, value_name = "POSITION", default_value_t = 1)]
    pub(crate) from: u64,
    /// Stop after so many events.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
}
