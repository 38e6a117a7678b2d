//! `detente upcoming`: what comes into force, lapses, stops being certain or falls due in a span, and when.
//!
//! ```text
//! detente upcoming AZE-RUS --from 2025-07-15 --until 2025-12
//! ```

use clap::Args;

use super::{
    CommandFailure, connect, cut_args::CutArgs, filter_args::FilterArgs, global_args::GlobalArgs, page_args::PageArgs,
    pages, suppose_args::SupposeArgs, table, words,
};
use detente_proto::v1::{ListUpcomingRequest, Transition};

/// Arguments of `upcoming`.
#[derive(Args, Debug)]
pub(crate) struct UpcomingArgs {
    /// Beginning of the span (EDTF): a day or date-time, or a longer period of which the first day counts. Default: now.
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    from: Option<String>,
    /// End of the span (EDTF), its last day included. Default: one year after the beginning.
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    until: Option<String>,
    /// Transition to show: may-begin, begins, may-end, ends or falls-due. May be given several times. Default: all.
    #[arg(long, value_name = "TRANSITION", value_parser = words::parser::<Transition>(), hide_possible_values = true)]
    transition: Vec<Transition>,
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    suppose: SupposeArgs,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    page: PageArgs,
}

impl UpcomingArgs {
    /// Asks, and shows the transitions.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let question = ListUpcomingRequest {
            filter: self.filter.filter(None),
            from: self.from.unwrap_or_default(),
            until: self.until.unwrap_or_default(),
            transitions: self.transition.into_iter().map(i32::from).collect(),
            cut: self.cut.cut(),
            what_if: self.suppose.commands()?,
            ..Default::default()
        };
        let filter = question.filter.clone();
        let ledger = connect::ledger(global).await?;
        let reply = pages::turn(self.page, question, async |page| ledger.ask(page).await).await?;
        global.output.list(&reply, || table::transition::table(filter.as_ref(), &reply, &global.into()))
    }
}
