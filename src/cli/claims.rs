//! `detente claims`: the claims that match a filter, whatever their valid time, with search in their text.

use clap::Args;

use super::{
    CommandFailure, connect,
    cut_args::CutArgs,
    filter_args::FilterArgs,
    global_args::GlobalArgs,
    page_args::PageArgs,
    pages,
    suppose_args::SupposeArgs,
    table::{TableView, claim, grid::Grid, period, question, state},
};
use detente_proto::v1::{Filter, ListClaimsRequest, ListClaimsResponse};

/// Arguments of `claims`.
#[derive(Args, Debug)]
pub(crate) struct ClaimsArgs {
    /// Words that the texts must all contain, the last one as a prefix. Case, accents, apostrophes and variants of letters do
    /// not matter.
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
    /// Include retracted claims, marked as such.
    #[arg(long)]
    include_retracted: bool,
    /// Show the claim that was recorded last first.
    #[arg(long)]
    newest_first: bool,
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    suppose: SupposeArgs,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    page: PageArgs,
}

impl ClaimsArgs {
    /// Asks, and shows the claims.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let question = ListClaimsRequest {
            filter: self.filter.filter(self.text),
            what_if: self.suppose.commands()?,
            cut: self.cut.cut(),
            include_retracted: self.include_retracted,
            newest_first: self.newest_first,
            ..Default::default()
        };
        let filter = question.filter.clone();
        let ledger = connect::ledger(global).await?;
        let reply = pages::turn(self.page, question, async |page| ledger.ask(page).await).await?;
        global.output.list(&reply, || table(filter.as_ref(), &reply, &global.into()))
    }
}

fn table(filter: Option<&Filter>, reply: &ListClaimsResponse, view: &TableView) -> String {
    let context = reply.context.clone().unwrap_or_default();
    let mut grid = Grid::new(["claim", "kind", "relationships", "valid", "who says", "marks", "rev", "id"]).wide(0);
    for claim in &reply.claims {
        grid.row([
            claim::text(claim, view).into(),
            claim.kind.as_str().into(),
            claim.relationships.join(", ").into(),
            period::format(claim, None).into(),
            claim::says(claim).into(),
            claim::marks(claim),
            claim.revision.to_string().into(),
            claim::id(claim, view).into(),
        ]);
    }
    [
        question::of_list("Claims", filter, &context),
        question::coordinates(&context),
        grid.render(),
        state::claims(reply.claims.len()) + ".\n",
        state::more(&reply.next_page_token),
    ]
    .concat()
}
