//! `detente commitments`: what was promised, by when, and what became of it.

use clap::Args;

use super::{
    CommandFailure, connect,
    cut_args::CutArgs,
    filter_args::FilterArgs,
    global_args::GlobalArgs,
    page_args::PageArgs,
    pages,
    suppose_args::SupposeArgs,
    table::{
        TableView, claim,
        grid::{Grid, GridCell, Tone},
        question, state,
    },
    words,
};
use detente_proto::v1::{
    Commitment, CommitmentStatus, Filter, LinkType, ListCommitmentsRequest, ListCommitmentsResponse, Settlement,
};

/// Arguments of `commitments`.
#[derive(Args, Debug)]
pub(crate) struct CommitmentsArgs {
    /// Standing of the promises to show. May be given several times. Default: all.
    #[arg(long = "stands", value_name = "STATUS", value_parser = words::parser::<CommitmentStatus>())]
    statuses: Vec<CommitmentStatus>,
    /// Date of the question (EDTF). Default: today in UTC.
    #[arg(long, value_name = "DATE", allow_hyphen_values = true)]
    valid_at: Option<String>,
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    suppose: SupposeArgs,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    page: PageArgs,
}

impl CommitmentsArgs {
    /// Asks, and shows the promises.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let question = ListCommitmentsRequest {
            filter: self.filter.filter(None),
            statuses: self.statuses.into_iter().map(i32::from).collect(),
            valid_at: self.valid_at.unwrap_or_default(),
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

fn table(filter: Option<&Filter>, reply: &ListCommitmentsResponse, view: &TableView) -> String {
    let context = reply.context.clone().unwrap_or_default();
    let mut grid = Grid::new(["stands", "promise", "by whom", "due", "settled by", "marks", "id"]).wide(1);
    for commitment in &reply.commitments {
        let promise = commitment.claim.clone().unwrap_or_default();
        let settled = commitment.settlements.iter().map(|settlement| settled_by(settlement, view));
        grid.row([
            stands(commitment),
            claim::text(&promise, view).into(),
            commitment.promisors.join(", ").into(),
            due(&promise.due, commitment.days_past_due).into(),
            settled.collect::<Vec<_>>().join(", ").into(),
            claim::marks(&promise),
            claim::id(&promise, view).into(),
        ]);
    }
    let counted = match reply.commitments.len() {
        1 => "1 promise.\n".to_owned(),
        n => format!("{n} promises.\n"),
    };
    [
        question::of_list(&format!("Promises at {}", context.valid_at), filter, &context),
        question::coordinates(&context),
        grid.render(),
        counted,
        state::more(&reply.next_page_token),
    ]
    .concat()
}

fn stands(commitment: &Commitment) -> GridCell {
    let tone = match commitment.status() {
        CommitmentStatus::Overdue | CommitmentStatus::Breached => Tone::Alert,
        CommitmentStatus::Due => Tone::Doubt,
        CommitmentStatus::Fulfilled if commitment.definite => Tone::Sure,
        _ => Tone::Plain,
    };
    let doubt = if commitment.definite { "" } else { " (not sure)" };
    GridCell::in_tone(words::format::<CommitmentStatus>(commitment.status) + doubt, tone)
}

/// `2025-07 (3 days past)`.
fn due(date: &str, days_past: Option<i64>) -> String {
    match days_past {
        Some(days) if days > 0 => format!("{date} ({} past)", day_count(days)),
        Some(days) if days < 0 => format!("{date} ({} to go)", day_count(days.saturating_neg())),
        _ => date.to_owned(),
    }
}

fn day_count(days: i64) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

fn settled_by(settlement: &Settlement, view: &TableView) -> String {
    let doubt = if settlement.definite { "" } else { " perhaps" };
    format!("{}{doubt} {}", view.id(&settlement.claim_id), words::format::<LinkType>(settlement.r#type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_due_date_says_how_far_it_is() {
        assert_eq!(due("2025-07", Some(3)), "2025-07 (3 days past)");
        assert_eq!(due("2025-07", Some(-1)), "2025-07 (1 day to go)");
        assert_eq!((due("2025-07", Some(0)).as_str(), due("", None).as_str()), ("2025-07", ""));
    }

    #[test]
    fn what_may_have_settled_a_promise_says_so() {
        let view = TableView { lang: "en".into(), full_ids: false };
        let settlement = |definite| Settlement { r#type: LinkType::Fulfils.into(), claim_id: "c".into(), definite };
        assert_eq!(settled_by(&settlement(true), &view), "c fulfils");
        assert_eq!(settled_by(&settlement(false), &view), "c perhaps fulfils");
        let commitment = Commitment { status: CommitmentStatus::Fulfilled.into(), ..Default::default() };
        let reply = ListCommitmentsResponse { commitments: vec![commitment], ..Default::default() };
        let table = table(None, &reply, &view);
        assert!(table.contains("fulfilled (not sure)") && table.contains("1 promise."), "{table}");
    }
}
