//! `detente revisions`: the history of one claim, with what each event changed.

use clap::Args;

use super::{
    CommandFailure, connect,
    cut_args::CutArgs,
    global_args::GlobalArgs,
    instant,
    page_args::PageArgs,
    pages,
    suppose_args::SupposeArgs,
    table::{TableView, claim, grid::Grid, period, question, state},
    words,
};
use detente_proto::v1::{ListRevisionsRequest, ListRevisionsResponse, Revision, RevisionEvent, RevisionKind};

/// Arguments of `revisions`.
#[derive(Args, Debug)]
pub(crate) struct RevisionsArgs {
    /// Id of the claim.
    #[arg(value_name = "CLAIM")]
    id: String,
    /// Show the newest revision first.
    #[arg(long)]
    newest_first: bool,
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    suppose: SupposeArgs,
    #[command(flatten)]
    page: PageArgs,
}

impl RevisionsArgs {
    /// Asks, and shows the history.
    pub(crate) async fn run(self, global: &GlobalArgs) -> Result<(), CommandFailure> {
        let question = ListRevisionsRequest {
            claim_id: self.id.clone(),
            what_if: self.suppose.commands()?,
            cut: self.cut.cut(),
            newest_first: self.newest_first,
            ..Default::default()
        };
        let ledger = connect::ledger(global).await?;
        let reply = pages::turn(self.page, question, async |page| ledger.ask(page).await).await?;
        global.output.list(&reply, || table(&self.id, &reply, &global.into()))
    }
}

fn table(id: &str, reply: &ListRevisionsResponse, view: &TableView) -> String {
    let context = reply.context.clone().unwrap_or_default();
    let mut grid =
        Grid::new(["rev", "recorded", "by", "what", "changed", "claim", "valid", "marks", "note"]).whole(1).wide(5);
    for revision in &reply.revisions {
        let claim = revision.claim.clone().unwrap_or_default();
        grid.row([
            claim.revision.to_string().into(),
            instant::format(claim.recorded_at.as_ref()).into(),
            claim.recorded_by.as_str().into(),
            what(revision).into(),
            revision.changed_fields.join(", ").into(),
            claim::text(&claim, view).into(),
            period::format(&claim, None).into(),
            claim::marks(&claim),
            claim.note.as_str().into(),
        ]);
    }
    let heading = question::of_list(&format!("Revisions of claim {id}"), None, &context);
    [heading, question::coordinates(&context), grid.render(), state::more(&reply.next_page_token)].concat()
}

fn what(revision: &Revision) -> String {
    let event = words::format::<RevisionEvent>(revision.event);
    match words::format::<RevisionKind>(revision.kind) {
        none if none.is_empty() => event,
        kind => format!("{event} ({kind})"),
    }
}
