//! The log, on standard error: lines for people, or JSON objects for machines; and traces, if an endpoint is
//! configured.
//!
//! Words of clients go into it only through `?` (their debug form), which escapes control characters: a line of the log
//! is a line, whatever a client sends. Each request has an id ([`request`]), which every line logged for it carries.

mod otlp;
pub mod request;

use crate::config::LogFormat;
use otlp::Traces;
use std::io;
use tracing_subscriber::filter::{EnvFilter, ParseError};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry, fmt};

/// The filter of the log by default.
const DEFAULT_FILTER: &str = "info,h2=error,hyper=warn,sled=warn,opentelemetry=warn";

/// The reason why the log could not be begun.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is malformed.
    #[error("the log filter is not understood: {0}")]
    Filter(#[from] ParseError),
    /// There is nowhere to send traces to.
    #[error("traces cannot be sent to the otlp_endpoint: {0}")]
    Traces(String),
    /// There is one already.
    #[error("the log has been begun already")]
    Begun,
}

/// The log and the traces of this process, until they are ended.
#[derive(Debug)]
pub struct Telemetry(Option<Traces>);

impl Telemetry {
    /// Sends what of the traces has not been sent. Waits for it, two seconds at most.
    pub fn end(self) {
        if let Some(traces) = self.0 {
            traces.end();
        }
    }
}

/// Begins the log of this process. `RUST_LOG` takes precedence over `filter`. If there is an `otlp_endpoint`, traces go
/// there from the runtime of the caller.
///
/// # Errors
/// If the filter or the endpoint is malformed, or there is a log already.
pub fn begin(
    format: LogFormat,
    filter: Option<&str>,
    otlp_endpoint: Option<&str>,
) -> Result<Telemetry, TelemetryError> {
    let said = std::env::var(EnvFilter::DEFAULT_ENV).ok().filter(|said| !said.is_empty());
    let filter = EnvFilter::try_new(said.as_deref().or(filter).unwrap_or(DEFAULT_FILTER))?;
    let traces = otlp_endpoint.map(Traces::to).transpose()?;
    let traced = traces.as_ref().map(Traces::layer);
    let begun = tracing_subscriber::registry().with(log(format).with_filter(filter)).with(traced).try_init();
    begun.map_err(|_| TelemetryError::Begun)?;
    Ok(Telemetry(traces))
}

fn log(format: LogFormat) -> Box<dyn Layer<Registry> + Send + Sync> {
    let log = fmt::layer().with_writer(io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).boxed(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).boxed(),
    }
}
