//! `detente corroboration`: how many reports stand behind claims, from how many independent origins, for and against.

use clap::Args;

use super::{
    CommandFailure, connect,
    cut_args::CutArgs,
    filter_args::FilterArgs,
    global_args::GlobalArgs,
    page_args::PageArgs,
    pages,
    suppose_args::SupposeArgs,
    table::{TableView, grid::Grid, question, state},
};
use detente_proto::v1::{Backing, Filter, ListCorroborationRequest, ListCorroborationResponse};

/// Arguments of `corroboration`.
#[derive(Args, Debug)]
pub(crate) struct CorroborationArgs {
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    suppose: SupposeArgs,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    page: PageArgs,
}

impl CorroborationArgs {
    /// Asks, and shows the counts.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let question = ListCorroborationRequest {
            filter: self.filter.filter(None),
            what_if: self.suppose.commands()?,
            cut: self.cut.cut(),
            ..Default::default()
        };
        let filter = question.filter.clone();
        let ledger = connect::ledger(global).await?;
        let reply = pages::turn(self.page, question, async |page| ledger.ask(page).await).await?;
        global.output.list(&reply, || table(filter.as_ref(), &reply, &global.into()))
    }
}

fn table(filter: Option<&Filter>, reply: &ListCorroborationResponse, view: &TableView) -> String {
    let context = reply.context.clone().unwrap_or_default();
    let mut grid = Grid::dense(["claim", "on its side", "origins", "against it", "origins", "disputes"]);
    for counted in &reply.corroborations {
        let (same, opposite) = (counted.same_side.as_ref(), counted.opposite_side.as_ref());
        grid.row([
            view.id(&counted.claim_id).into(),
            same.map(side).unwrap_or_default().into(),
            same.map(origins).unwrap_or_default().into(),
            opposite.map(side).unwrap_or_default().into(),
            opposite.map(origins).unwrap_or_default().into(),
            Some(counted.standing_disputes).filter(|n| *n > 0).map(|n| n.to_string()).unwrap_or_default().into(),
        ]);
    }
    [
        question::of_list("What backs the claims", filter, &context),
        question::coordinates(&context),
        grid.render(),
        state::claims(reply.corroborations.len()) + ".\n",
        state::more(&reply.next_page_token),
    ]
    .concat()
}

/// `3 claims, 2 reports, 1 voice`; nothing for a side on which nobody stands.
fn side(backing: &Backing) -> String {
    let count = |n: u32, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
    match backing.claims {
        0 => String::new(),
        claims => [count(claims, "claim"), count(backing.reports, "report"), count(backing.voices, "voice")].join(", "),
    }
}

/// `2: agency, ministry`.
fn origins(backing: &Backing) -> String {
    match (backing.origins, backing.claims) {
        (_, 0) => String::new(),
        (0, _) => "0".to_owned(),
        (n, _) => format!("{n}: {}", backing.origin_ids.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_proto::v1::Corroboration;

    #[test]
    fn both_sides_are_counted_in_words() {
        let same = Backing { claims: 3, reports: 2, origins: 1, origin_ids: vec!["agency".into()], voices: 1 };
        assert_eq!((side(&same).as_str(), origins(&same).as_str()), ("3 claims, 2 reports, 1 voice", "1: agency"));
        let unsourced = Backing { claims: 1, ..Default::default() };
        assert_eq!((side(&unsourced).as_str(), origins(&unsourced).as_str()), ("1 claim, 0 reports, 0 voices", "0"));
        let counted = Corroboration {
            claim_id: "c".into(),
            same_side: Some(same),
            opposite_side: Some(Backing::default()),
            standing_disputes: 0,
        };
        let reply = ListCorroborationResponse { corroborations: vec![counted], ..Default::default() };
        let table = table(None, &reply, &TableView { lang: "en".into(), full_ids: false });
        assert!(table.contains("3 claims, 2 reports, 1 voice") && !table.contains("0 claims"), "{table}");
    }
}
