//! `detente timeline`: how the state moved over a span of valid time.
//!
//! ```text
//! detente timeline AZE-RUS --kind accusation --from 2024-12 --until 2025-07
//! ```

use clap::Args;

use super::{
    CommandFailure, connect, cut_args::CutArgs, filter_args::FilterArgs, global_args::GlobalArgs, page_args::PageArgs,
    pages, span_args::SpanArgs, suppose_args::SupposeArgs, table,
};
use detente_proto::v1::GetTimelineRequest;

/// Arguments of `timeline`. Default: the span from the first to the last date of the claims.
#[derive(Args, Debug)]
pub(crate) struct TimelineArgs {
    #[command(flatten)]
    span: SpanArgs,
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    suppose: SupposeArgs,
    #[command(flatten)]
    page: PageArgs,
}

impl TimelineArgs {
    /// Asks, and shows the answer.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let question = GetTimelineRequest {
            filter: self.filter.filter(None),
            from: self.span.from.unwrap_or_default(),
            until: self.span.until.unwrap_or_default(),
            cut: self.cut.cut(),
            what_if: self.suppose.commands()?,
            ..Default::default()
        };
        let filter = question.filter.clone();
        let ledger = connect::ledger(global).await?;
        let reply = pages::turn(self.page, question, async |page| ledger.ask(page).await).await?;
        global.output.list(&reply, || table::timeline::table(filter.as_ref(), &reply, &global.into()))
    }
}
