//! `detente parties`: the registered parties.

use clap::Args;

use super::{
    CommandFailure, connect,
    cut_args::CutArgs,
    global_args::GlobalArgs,
    page_args::PageArgs,
    pages,
    suppose_args::SupposeArgs,
    table::{TableView, grid::Grid, question, state},
    words,
};
use detente_proto::v1::{ListPartiesRequest, ListPartiesResponse, Party, PartyName, PartyNameType, PartyType};

/// Arguments of `parties`.
#[derive(Args, Debug)]
pub(crate) struct PartiesArgs {
    /// Ids of the parties to show. Default: all.
    #[arg(value_name = "PARTY")]
    ids: Vec<String>,
    /// Type of the parties to show. May be given several times. Default: all.
    #[arg(long = "type", value_name = "TYPE", value_parser = words::parser::<PartyType>())]
    types: Vec<PartyType>,
    /// Words that a name or the id must contain, the last one as a prefix. They are compared like words of texts.
    #[arg(long, value_name = "WORDS")]
    name: Option<String>,
    /// Id of a party. Only parties that it answers for are shown.
    #[arg(long, value_name = "PARTY")]
    merged_into: Option<String>,
    /// Date (EDTF) at which a name must be in use to be searched and shown. Default: all names.
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    valid_at: Option<String>,
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    suppose: SupposeArgs,
    #[command(flatten)]
    page: PageArgs,
}

impl PartiesArgs {
    /// Asks, and shows the parties.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let question = ListPartiesRequest {
            party_ids: self.ids,
            types: self.types.into_iter().map(i32::from).collect(),
            name: self.name.unwrap_or_default(),
            merged_into: self.merged_into.unwrap_or_default(),
            valid_at: self.valid_at.unwrap_or_default(),
            cut: self.cut.cut(),
            what_if: self.suppose.commands()?,
            ..Default::default()
        };
        let ledger = connect::ledger(global).await?;
        let reply = pages::turn(self.page, question, async |page| ledger.ask(page).await).await?;
        global.output.list(&reply, || table(&reply, &global.into()))
    }
}

fn table(reply: &ListPartiesResponse, view: &TableView) -> String {
    let context = reply.context.clone().unwrap_or_default();
    let mut grid = Grid::new(["party", "type", "name", "other names", "ids elsewhere", "merges", "rev"]);
    for party in &reply.parties {
        let (name, others) = names(party, view);
        grid.row([
            party.party_id.as_str().into(),
            words::format::<PartyType>(party.r#type).into(),
            name.into(),
            others.into(),
            party
                .external_ids
                .iter()
                .map(|id| format!("{}:{}", id.scheme, id.id))
                .collect::<Vec<_>>()
                .join(", ")
                .into(),
            merges(party).into(),
            party.revision.to_string().into(),
        ]);
    }
    let what = match context.valid_at.as_str() {
        "" => "Parties".to_owned(),
        date => format!("Parties with their names in use at {date}"),
    };
    let heading = question::of_list(&what, None, &context);
    [heading, question::coordinates(&context), grid.render(), state::more(&reply.next_page_token)].concat()
}

/// The main name in the language asked for, and all the others with their sort, time and users.
fn names(party: &Party, view: &TableView) -> (String, String) {
    let main: Vec<_> = party.names.iter().filter(|name| !name.alias).collect();
    let chosen = view.choose(&main, |name| &name.lang).copied();
    let others = party.names.iter().filter(|name| chosen.is_none_or(|chosen| chosen.name != name.name));
    (chosen.map(format_name).unwrap_or_default(), others.map(format_name).collect::<Vec<_>>().join(", "))
}

/// Formats a name with its type, time and users: `Stalingrad (1925-04/1961)`.
fn format_name(name: &PartyName) -> String {
    let users = if name.used_by.is_empty() { String::new() } else { format!("used by {}", name.used_by.join(", ")) };
    let said = [words::format::<PartyNameType>(name.r#type), name.valid.clone(), users];
    let said: Vec<_> = said.into_iter().filter(|said| !said.is_empty()).collect();
    if said.is_empty() { name.name.clone() } else { format!("{} ({})", name.name, said.join("; ")) }
}

/// Names the party that answers for this one, or those that it answers for.
fn merges(party: &Party) -> String {
    match (party.merged_into.as_str(), party.merged_party_ids.as_slice()) {
        ("", []) => String::new(),
        ("", merged) => format!("answers for {}", merged.join(", ")),
        (survivor, _) => format!("merged into {survivor}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_sort_its_time_and_who_uses_it() {
        let plain = PartyName { name: "Volgograd".into(), ..Default::default() };
        assert_eq!(format_name(&plain), "Volgograd");
        let contested = PartyName {
            r#type: PartyNameType::Contested.into(),
            valid: "1925/1961".into(),
            used_by: vec!["RUS".into(), "AZE".into()],
            ..plain
        };
        assert_eq!(format_name(&contested), "Volgograd (contested; 1925/1961; used by RUS, AZE)");
    }

    #[test]
    fn a_party_tells_who_answers_for_whom() {
        let merged = Party { merged_into: "RUF".into(), ..Default::default() };
        let survivor = Party { merged_party_ids: vec!["ROS".into(), "RUS".into()], ..Default::default() };
        assert_eq!(merges(&merged), "merged into RUF");
        assert_eq!(merges(&survivor), "answers for ROS, RUS");
        assert_eq!(merges(&Party::default()), "");
    }
}
