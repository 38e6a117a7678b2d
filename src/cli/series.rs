//! `detente series`: counts and scores in buckets of valid time, for plots.
//!
//! ```text
//! detente series AZE-RUS --from 2024-12 --until 2025-08 --bucket month --group-by polarity --scheme CAMEO
//! ```

use clap::Args;

use super::{
    CommandFailure, connect, cut_args::CutArgs, filter_args::FilterArgs, global_args::GlobalArgs, span_args::SpanArgs,
    suppose_args::SupposeArgs, table, words,
};
use detente_proto::v1::{Bucket, GetSeriesRequest, SeriesGroup};

/// Arguments of `series`.
#[derive(Args, Debug)]
pub(crate) struct SeriesArgs {
    #[command(flatten)]
    span: SpanArgs,
    /// Size of the buckets. Default: month.
    #[arg(long, value_name = "BUCKET", value_parser = words::parser::<Bucket>())]
    bucket: Option<Bucket>,
    /// Breakdown of the buckets. Default: none.
    #[arg(long, value_name = "WHAT", value_parser = words::parser::<SeriesGroup>())]
    group_by: Option<SeriesGroup>,
    /// Registered code scheme that scores each claim by its codes. Default: the scale of the claim's kind, if it has one.
    #[arg(long, value_name = "SCHEME")]
    scheme: Option<String>,
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    suppose: SupposeArgs,
}

impl SeriesArgs {
    /// Asks, and shows the answer.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let question = GetSeriesRequest {
            filter: self.filter.filter(None),
            from: self.span.from.unwrap_or_default(),
            until: self.span.until.unwrap_or_default(),
            bucket: self.bucket.unwrap_or_default().into(),
            group_by: self.group_by.unwrap_or_default().into(),
            scheme: self.scheme.unwrap_or_default(),
            cut: self.cut.cut(),
            what_if: self.suppose.commands()?,
        };
        let filter = question.filter.clone();
        let ledger = connect::ledger(global).await?;
        let reply = ledger.ask(question).await?;
        global.output.list(&reply, || table::series::table(filter.as_ref(), &reply))
    }
}
