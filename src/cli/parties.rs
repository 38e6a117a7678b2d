//! `detente parties`: the registered parties.

use clap::Args;

use super::{
    Failure, connect,
    cut_args::CutArgs,
    global_args::GlobalArgs,
    page_args::PageArgs,
    pages,
    suppose_args::SupposeArgs,
    table::{View, grid::Grid, question, state},
    words,
};
use crate::v1::{ListPartiesRequest, ListPartiesResponse, Party, PartyType};

/// Which parties, as of when?
#[derive(Args, Debug)]
pub(crate) struct PartiesArgs {
    /// Only these.
    #[arg(value_name = "PARTY")]
    ids: Vec<String>,
    /// Only of this type; may be given several times.
    #[arg(long = "type", value_name = "TYPE", value_parser = words::parser::<PartyType>())]
    types: Vec<PartyType>,
    /// Only with these words in a name or id, the last one as the beginning of a word.
    #[arg(long, value_name = "WORDS")]
    name: Option<String>,
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    suppose: SupposeArgs,
    #[command(flatten)]
    page: PageArgs,
}

impl PartiesArgs {
    /// Asks, and shows the parties.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), Failure> {
        let question = ListPartiesRequest {
            party_ids: self.ids,
            types: self.types.into_iter().map(i32::from).collect(),
            name: self.name.unwrap_or_default(),
            cut: self.cut.cut(),
            what_if: self.suppose.commands()?,
            ..Default::default()
        };
        let mut ledger = connect::ledger(&global.server).await?;
        let reply = pages::turn(self.page, question, async |page| ledger.list_parties(page).await).await?;
        global.output.list(&reply, || table(&reply, &global.into()))
    }
}

fn table(reply: &ListPartiesResponse, view: &View) -> String {
    let context = reply.context.clone().unwrap_or_default();
    let mut grid = Grid::new(["party", "type", "name", "other names", "ids elsewhere", "rev"]);
    for party in &reply.parties {
        let (name, others) = names(party, view);
        grid.row([
            party.party_id.as_str().into(),
            words::shown::<PartyType>(party.r#type).into(),
            name.into(),
            others.into(),
            party
                .external_ids
                .iter()
                .map(|id| format!("{}:{}", id.scheme, id.id))
                .collect::<Vec<_>>()
                .join(", ")
                .into(),
            party.revision.to_string().into(),
        ]);
    }
    let heading = question::of_list("Parties", None, &context);
    [heading, question::coordinates(&context), grid.render(), state::more(&reply.next_page_token)].concat()
}

/// The main name in the language asked for, and all the others.
fn names(party: &Party, view: &View) -> (String, String) {
    let main: Vec<_> = party.names.iter().filter(|name| !name.alias).cloned().collect();
    let chosen = view.choose(&main, |name| &name.lang).map(|name| name.name.clone()).unwrap_or_default();
    let others: Vec<_> = party.names.iter().map(|name| name.name.as_str()).filter(|name| *name != chosen).collect();
    (chosen.clone(), others.join(", "))
}
