//! `/conflicts`: claims that contradict one another, and how.

use super::call::{Wrong, call};
use super::claim::in_line;
use super::layout::{self, PageView};
use super::list_frame::{self, PageFrame};
use super::names::PartyNames;
use super::request::PageRequest;
use super::text::line;
use super::words::PageWord;
use axum::response::Response;
use detente_proto::v1::{Claim, Conflict, ListConflictsRequest, ListConflictsResponse};
use maud::{Markup, html};

/// The view.
pub(super) async fn view(asked: PageRequest) -> Response {
    let view = build(&asked).await;
    layout::answer(&asked, view)
}

async fn build(asked: &PageRequest) -> Result<PageView, Wrong> {
    let request = ListConflictsRequest {
        filter: list_frame::filter(asked),
        valid_at: asked.get("valid_at").to_owned(),
        cut: Some(asked.cut()),
        page_size: 50,
        page_token: asked.get("page_token").to_owned(),
        ..Default::default()
    };
    let reply: ListConflictsResponse = call(asked, &request).await?;
    let context = reply.context.clone().unwrap_or_default();
    let claims: Vec<&Claim> = reply.conflicts.iter().flat_map(|one| one.claim.iter().chain(&one.other)).collect();
    let names = list_frame::names(asked, &context, claims.into_iter()).await?;
    let lang = asked.lang;
    let list = html! {
        (list_frame::form(asked, &list_frame::field("valid_at", lang.t("at this date", "في هذا التاريخ"), asked.get("valid_at"), lang.t("any", "أيّ تاريخ"))))
        @if reply.conflicts.is_empty() { p { (lang.t("No claims contradict one another here.", "لا أقوال متناقضة هنا.")) } }
        @for conflict in &reply.conflicts { (entry(asked, conflict, &names)) }
    };
    let frame = PageFrame {
        name: "conflicts",
        title: lang.t("Conflicts", "التناقضات"),
        about: lang.t(
            "Both sides stay on record. Nothing here decides between them.",
            "يبقى الطرفان في السجلّ، ولا شيء هنا يفصل بينهما.",
        ),
        context: &context,
        next: &reply.next_page_token,
        resolved: &[],
    };
    Ok(list_frame::view(asked, &frame, &names, &list))
}

fn entry(asked: &PageRequest, conflict: &Conflict, names: &PartyNames) -> Markup {
    html! {
        div.change {
            div { strong { (conflict.r#type().word(asked.lang)) } p.quiet { (conflict.certainty().word(asked.lang)) } }
            div {
                @if let Some(claim) = &conflict.claim { (in_line(asked, claim, names)) }
                @if let Some(dispute) = &conflict.dispute {
                    blockquote { (names.name(&dispute.disputed_by)) ": " bdi.said { (line(&dispute.statement, 600)) } }
                }
                @if let Some(other) = &conflict.other { (in_line(asked, other, names)) }
                @if !conflict.value.is_empty() {
                    p.about { bdi { (line(&conflict.value, 80)) } " ≠ " bdi { (line(&conflict.other_value, 80)) } }
                }
            }
        }
    }
}
