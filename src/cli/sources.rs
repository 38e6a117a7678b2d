//! `detente sources`: the registered sources.

use clap::Args;

use super::{
    CommandFailure, connect,
    cut_args::CutArgs,
    global_args::GlobalArgs,
    page_args::PageArgs,
    pages,
    suppose_args::SupposeArgs,
    table::{
        grid::{Grid, GridCell, Tone},
        question, state,
    },
};
use detente_proto::v1::{ListSourcesRequest, ListSourcesResponse};

/// Arguments of `sources`.
#[derive(Args, Debug)]
pub(crate) struct SourcesArgs {
    /// Ids of the sources to show. Default: all.
    #[arg(value_name = "SOURCE")]
    ids: Vec<String>,
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    suppose: SupposeArgs,
    #[command(flatten)]
    page: PageArgs,
}

impl SourcesArgs {
    /// Asks, and shows the sources.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let question = ListSourcesRequest {
            source_ids: self.ids,
            cut: self.cut.cut(),
            what_if: self.suppose.commands()?,
            ..Default::default()
        };
        let ledger = connect::ledger(global).await?;
        let reply = pages::turn(self.page, question, async |page| ledger.ask(page).await).await?;
        global.output.list(&reply, || table(&reply))
    }
}

fn table(reply: &ListSourcesResponse) -> String {
    let context = reply.context.clone().unwrap_or_default();
    let mut grid = Grid::new(["source", "title", "publishers", "published", "language", "url", "marks", "rev"]);
    for source in &reply.sources {
        let mark = if source.withdrawn { GridCell::in_tone("WITHDRAWN", Tone::Alert) } else { GridCell::default() };
        grid.row([
            source.source_id.as_str().into(),
            source.title.as_str().into(),
            source.publishers.join(", ").into(),
            source.published.as_str().into(),
            source.language.as_str().into(),
            source.url.as_str().into(),
            mark,
            source.revision.to_string().into(),
        ]);
    }
    let heading = question::of_list("Sources", None, &context);
    [heading, question::coordinates(&context), grid.render(), state::more(&reply.next_page_token)].concat()
}
