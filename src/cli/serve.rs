//! The arguments of `detente serve`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, ValueEnum};

/// Serve what, where, how?
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    /// The directory that holds the ledger; made where there is none.
    #[arg(long, env = "DETENTE_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Where to listen. Default: 127.0.0.1:7443. Port 0 takes a free one.
    #[arg(long, env = "DETENTE_LISTEN", value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// Serve the founding dossier: a new ledger is made with it, one made so is opened again.
    #[arg(long)]
    pub(crate) demo: bool,
    /// Serve what is there and write nothing, where nothing may be written (a backup, a snapshot, a disk that is mounted
    /// read-only) or shall be: appends are refused.
    #[arg(long, env = "DETENTE_READ_ONLY")]
    pub(crate) read_only: bool,
    /// The clock of this machine is right, however long ago something was recorded in the directory last.
    #[arg(long, env = "DETENTE_ACCEPT_CLOCK")]
    pub(crate) accept_clock: bool,
    /// Read settings from a TOML file; flags go before it.
    #[arg(long, env = "DETENTE_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Allow an address that others can reach, although nobody is asked who they are.
    #[arg(long)]
    pub(crate) insecure: bool,
    /// The form of the log on standard error. Default: text.
    #[arg(long, env = "DETENTE_LOG_FORMAT", value_enum, value_name = "FORM")]
    pub(crate) log_format: Option<LogFormat>,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}
