//! `detente gaps`: what is missing in the record.
//!
//! ```text
//! detente gaps AZE-RUS --type single-origin --type stale --valid-at 2026-01 --stale-days 180
//! ```

use clap::Args;

use super::{
    CommandFailure, connect, cut_args::CutArgs, filter_args::FilterArgs, global_args::GlobalArgs, page_args::PageArgs,
    pages, span_args::SpanArgs, suppose_args::SupposeArgs, table, words,
};
use detente_proto::v1::{GapType, ListGapsRequest};

/// Arguments of `gaps`. The span is searched for uncovered days.
#[derive(Args, Debug)]
pub(crate) struct GapsArgs {
    /// Type of the gaps to show. May be given several times. Default: all.
    #[arg(long = "type", value_name = "SORT", value_parser = words::parser::<GapType>())]
    types: Vec<GapType>,
    /// Date at whose end ages are counted (EDTF). Default: today in UTC.
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    valid_at: Option<String>,
    /// Greatest age in days of a claim with an open end. An older one is stale. Default 365.
    #[arg(long, value_name = "DAYS")]
    stale_days: Option<u32>,
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

impl GapsArgs {
    /// Asks, and shows the answer.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let question = ListGapsRequest {
            filter: self.filter.filter(None),
            types: self.types.into_iter().map(i32::from).collect(),
            from: self.span.from.unwrap_or_default(),
            until: self.span.until.unwrap_or_default(),
            valid_at: self.valid_at.unwrap_or_default(),
            stale_days: self.stale_days.unwrap_or_default(),
            cut: self.cut.cut(),
            what_if: self.suppose.commands()?,
            ..Default::default()
        };
        let filter = question.filter.clone();
        let ledger = connect::ledger(global).await?;
        let reply = pages::turn(self.page, question, async |page| ledger.ask(page).await).await?;
        global.output.list(&reply, || table::gaps::table(filter.as_ref(), &reply, &global.into()))
    }
}
