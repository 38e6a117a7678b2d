//! `detente conflicts`: the claims that contradict one another, and why.

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
    words,
};
use detente_proto::v1::{Claim, Conflict, ConflictType, Filter, ListConflictsRequest, ListConflictsResponse};

/// Arguments of `conflicts`.
#[derive(Args, Debug)]
pub(crate) struct ConflictsArgs {
    /// Date (EDTF) at which both sides may hold or happen. Default: any date.
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    valid_at: Option<String>,
    /// Type of the conflicts to show. May be given several times. Default: all.
    #[arg(long = "type", value_name = "TYPE", value_parser = words::parser::<ConflictType>())]
    types: Vec<ConflictType>,
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    suppose: SupposeArgs,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    page: PageArgs,
}

impl ConflictsArgs {
    /// Asks, and shows the conflicts.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let question = ListConflictsRequest {
            filter: self.filter.filter(None),
            valid_at: self.valid_at.unwrap_or_default(),
            types: self.types.into_iter().map(i32::from).collect(),
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

fn table(filter: Option<&Filter>, reply: &ListConflictsResponse, view: &TableView) -> String {
    let context = reply.context.clone().unwrap_or_default();
    let mut grid = Grid::new(["why", "certainty", "claim", "valid", "against", "valid"]);
    for conflict in &reply.conflicts {
        let side = |claim: &Option<Claim>| claim.as_ref().map(|claim| claim_line(claim, view)).unwrap_or_default();
        let valid = |claim: &Option<Claim>| claim.as_ref().map(|claim| period::format(claim, None)).unwrap_or_default();
        grid.row([
            why(conflict).into(),
            state::certainty(conflict.certainty),
            side(&conflict.claim).into(),
            valid(&conflict.claim).into(),
            side(&conflict.other).into(),
            valid(&conflict.other).into(),
        ]);
    }
    let what = match context.valid_at.as_str() {
        "" => "Conflicts".to_owned(),
        date => format!("Conflicts that touch {date}"),
    };
    let counted = match reply.conflicts.len() {
        1 => "1 conflict.\n".to_owned(),
        n => format!("{n} conflicts.\n"),
    };
    [
        question::of_list(&what, filter, &context),
        question::coordinates(&context),
        grid.render(),
        counted,
        state::more(&reply.next_page_token),
    ]
    .concat()
}

/// A claim in words, who says so, and its id.
fn claim_line(found: &Claim, view: &TableView) -> String {
    let says = match claim::says(found) {
        nobody if nobody.is_empty() => String::new(),
        says => format!("{says}, "),
    };
    format!("{} ({says}{})", claim::text(found, view), claim::id(found, view))
}

fn why(conflict: &Conflict) -> String {
    match conflict.r#type() {
        ConflictType::SingleValued => {
            format!("{}: {} or {}", conflict.relationship, conflict.value, conflict.other_value)
        }
        ConflictType::Dispute => {
            let dispute = conflict.dispute.as_ref();
            dispute.map_or_else(|| "dispute".to_owned(), |d| format!("disputed by {}: {}", d.disputed_by, d.statement))
        }
        ConflictType::Link => "contradicts".to_owned(),
        ConflictType::Unspecified => words::format::<ConflictType>(conflict.r#type),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_proto::v1::{Dispute, ReplyContext, Text};

    fn claim(text: &str, id: &str) -> Option<Claim> {
        let text = Text { lang: "en".into(), text: text.into(), ..Default::default() };
        Some(Claim { claim_id: id.into(), texts: vec![text], ..Default::default() })
    }

    #[test]
    fn each_sort_of_conflict_says_why() {
        let dispute = Dispute {
            dispute_id: "d".into(),
            disputed_by: "AZE".into(),
            statement: "not by accident".into(),
            ..Default::default()
        };
        let disputed = claim("It was hit.", "2");
        let conflict = |conflict_type: ConflictType, claim, other| Conflict {
            r#type: conflict_type.into(),
            claim,
            other,
            ..Default::default()
        };
        let of_values = Conflict {
            relationship: "AZE-RUS".into(),
            value: "TENSION".into(),
            other_value: "COOPERATION".into(),
            ..conflict(ConflictType::SingleValued, claim("They differ.", "3"), claim("They agree.", "4"))
        };
        let reply = ListConflictsResponse {
            context: Some(ReplyContext { valid_at: "2025-07".into(), ..Default::default() }),
            conflicts: vec![
                conflict(ConflictType::Link, claim("No.", "0"), claim("Yes.", "1")),
                Conflict { dispute: Some(dispute), ..conflict(ConflictType::Dispute, disputed, None) },
                of_values,
            ],
            next_page_token: String::new(),
        };
        let table = table(None, &reply, &TableView { lang: "en".into(), full_ids: false });
        assert!(table.starts_with("Conflicts that touch 2025-07"), "{table}");
        assert!(table.contains("3 conflicts."), "{table}");
        let whole: String = reply.conflicts.iter().map(|conflict| why(conflict) + ";").collect();
        assert_eq!(whole, "contradicts;disputed by AZE: not by accident;AZE-RUS: TENSION or COOPERATION;");
    }
}
