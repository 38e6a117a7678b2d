//! The arguments of `detente serve`.

use crate::config::ListenAddress;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Arguments of `serve`.
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    /// Directory of the ledger. It is created if it does not exist.
    #[arg(long, env = "DETENTE_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Address to listen on, or a host and a port. Default: 127.0.0.1:7443. Port 0 takes a free port.
    #[arg(long, env = "DETENTE_LISTEN", value_name = "ADDR")]
    pub(crate) listen: Option<ListenAddress>,
    /// Serve the founding dossier. A new ledger is created with it, and a ledger that was created so is opened again.
    #[arg(long)]
    pub(crate) demo: bool,
    /// Serve the directory and write nothing: appends are refused. For a backup, a snapshot or a disk that is mounted
    /// read-only.
    #[arg(long, env = "DETENTE_READ_ONLY")]
    pub(crate) read_only: bool,
    /// Accept the clock of this machine, however long ago the last event of the directory was recorded.
    #[arg(long, env = "DETENTE_ACCEPT_CLOCK")]
    pub(crate) accept_clock: bool,
    /// TOML file with settings. Flags take precedence over it.
    #[arg(long, env = "DETENTE_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Allow an address that other machines can reach, although there is no authentication.
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Format of the log on standard error. Default: text.
    #[arg(long, env = "DETENTE_LOG_FORMAT", value_enum, value_name = "FORM")]
    pub(crate) log_format: Option<LogFormat>,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for reading.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}
