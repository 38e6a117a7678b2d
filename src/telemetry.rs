//! The log, on standard error: lines for people, or JSON objects for machines.
//!
//! Words of clients go into it only through `?` (their debug form), which escapes control characters: a line of the log is
//! a line, whatever somebody sends.

use crate::config::LogFormat;
use std::io;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// What is logged unless `RUST_LOG` or the configuration says otherwise.
const DEFAULT_FILTER: &str = "info,h2=warn,hyper=warn,sled=warn";

/// Why the log could not be begun.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// What is to be logged is not understood.
    #[error("the log filter is not understood: {0}")]
    Filter(#[from] ParseError),
    /// There is one already.
    #[error("the log has been begun already")]
    Begun,
}

/// Begins the log of this process. `RUST_LOG` goes before `filter`.
///
/// # Errors
/// When the filter is not understood, or there is a log already.
pub fn begin(format: LogFormat, filter: Option<&str>) -> Result<(), TelemetryError> {
    let said = std::env::var(EnvFilter::DEFAULT_ENV).ok().filter(|said| !said.is_empty());
    let filter = EnvFilter::try_new(said.as_deref().or(filter).unwrap_or(DEFAULT_FILTER))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let begun = match format {
        LogFormat::Text => log.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    begun.map_err(|_| TelemetryError::Begun)
}
