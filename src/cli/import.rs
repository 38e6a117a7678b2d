//! The arguments of `detente import`.

use std::path::PathBuf;

use clap::Args;

/// Bring in what, where to?
#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    /// An export in JSON Lines; `-` for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The directory that holds the ledger; made where there is none.
    #[arg(long, env = "DETENTE_DATA", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Who records, where the file does not say.
    #[arg(long, env = "DETENTE_RECORDED_BY", value_name = "NAME")]
    pub(crate) recorded_by: Option<String>,
}
