//! The flags that name a span of valid time: from the first day of one date to the last day of another.

use clap::Args;

/// A span of valid time.
#[derive(Args, Debug, Clone, Default)]
pub(crate) struct SpanArgs {
    /// The beginning of the span (EDTF): a year, month, day, quarter or date-time; its first day.
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    pub(crate) from: Option<String>,
    /// The end of the span (EDTF): a date as above; its last day is included.
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    pub(crate) until: Option<String>,
}
