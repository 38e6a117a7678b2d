//! The flags that name a span of valid time: from the first day of one date to the last day of another.

use clap::Args;

/// A span of valid time.
#[derive(Args, Debug, Clone, Default)]
pub(crate) struct SpanArgs {
    /// Beginning of the span (EDTF): a year, month, day, quarter or date-time, of which the first day counts.
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    pub(crate) from: Option<String>,
    /// End of the span (EDTF): a date in the same form, its last day included.
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    pub(crate) until: Option<String>,
}
