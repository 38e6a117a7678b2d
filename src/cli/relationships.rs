//! `detente relationships`: the relationships that claims bear on.

use clap::Args;

use super::{
    CommandFailure, connect,
    cut_args::CutArgs,
    global_args::GlobalArgs,
    page_args::PageArgs,
    pages,
    suppose_args::SupposeArgs,
    table::{grid::Grid, question, state},
};
use detente_proto::v1::{ListRelationshipsRequest, ListRelationshipsResponse};

/// Arguments of `relationships`.
#[derive(Args, Debug)]
pub(crate) struct RelationshipsArgs {
    /// Id of a party that the relationships must include. Default: all relationships.
    #[arg(value_name = "PARTY")]
    party: Option<String>,
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    suppose: SupposeArgs,
    #[command(flatten)]
    page: PageArgs,
}

impl RelationshipsArgs {
    /// Asks, and shows the relationships.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let question = ListRelationshipsRequest {
            party_id: self.party.unwrap_or_default(),
            cut: self.cut.cut(),
            what_if: self.suppose.commands()?,
            ..Default::default()
        };
        let ledger = connect::ledger(global).await?;
        let reply = pages::turn(self.page, question, async |page| ledger.ask(page).await).await?;
        global.output.list(&reply, || table(&reply))
    }
}

fn table(reply: &ListRelationshipsResponse) -> String {
    let context = reply.context.clone().unwrap_or_default();
    let mut grid = Grid::dense(["relationship", "parties", "claims"]);
    for relationship in &reply.relationships {
        grid.row([
            relationship.relationship_id.as_str().into(),
            relationship.party_ids.join(", ").into(),
            relationship.claims.to_string().into(),
        ]);
    }
    let heading = question::of_list("Relationships", None, &context);
    [heading, question::coordinates(&context), grid.render(), state::more(&reply.next_page_token)].concat()
}
