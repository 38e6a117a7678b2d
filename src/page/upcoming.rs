//! `/upcoming`: what starts, ends, stops being certain or falls due in a span of time.

use super::call::{Wrong, call};
use super::claim::in_line;
use super::claim_parts::instant;
use super::layout::{self, PageView};
use super::list_frame::{self, PageFrame};
use super::request::PageRequest;
use super::words::PageWord;
use axum::response::Response;
use detente_proto::v1::{ListUpcomingRequest, ListUpcomingResponse};
use maud::html;

/// The view.
pub(super) async fn view(asked: PageRequest) -> Response {
    let view = build(&asked).await;
    layout::answer(&asked, view)
}

async fn build(asked: &PageRequest) -> Result<PageView, Wrong> {
    let request = ListUpcomingRequest {
        filter: list_frame::filter(asked),
        from: asked.get("from").to_owned(),
        until: asked.get("until").to_owned(),
        cut: Some(asked.cut()),
        page_size: 50,
        page_token: asked.get("page_token").to_owned(),
        ..Default::default()
    };
    let reply: ListUpcomingResponse = call(asked, &request).await?;
    let context = reply.context.clone().unwrap_or_default();
    let names =
        list_frame::names(asked, &context, reply.transitions.iter().filter_map(|transition| transition.claim.as_ref()))
            .await?;
    let lang = asked.lang;
    let (from, until) = context.valid_at.split_once('/').unwrap_or((&context.valid_at, ""));
    let list = html! {
        (list_frame::form(asked, &html! {
            (list_frame::field("from", lang.t("from", "من"), asked.get("from"), lang.t("now", "الآن")))
            (list_frame::field("until", lang.t("until", "إلى"), asked.get("until"), lang.t("a year later", "بعد سنة")))
        }))
        p { (lang.t("In ", "في ")) bdi.date dir="ltr" { (context.valid_at) } ":" }
        @if reply.transitions.is_empty() { p { (lang.t("Nothing begins, ends or falls due in this span.", "لا يغيّر الزمن شيئًا في هذه المدّة.")) } }
        @for transition in &reply.transitions {
            div.change {
                div { (instant(transition.at.as_ref())) p { strong { (transition.transition().word(lang)) } } }
                div { @if let Some(claim) = &transition.claim { (in_line(asked, claim, &names)) } }
            }
        }
    };
    let frame = PageFrame {
        name: "upcoming",
        title: lang.t("Upcoming", "المقبل"),
        about: lang.t("What the passing of time alone makes of the claims.", "ما يفعله مرور الزمن وحده بالأقوال."),
        context: &context,
        next: &reply.next_page_token,
        resolved: &[("from", from), ("until", until), ("valid_at", "")],
    };
    Ok(list_frame::view(asked, &frame, &names, &list))
}
