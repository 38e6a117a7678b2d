//! `/gaps`: what is missing in the record.

use super::call::{Wrong, call};
use super::claim::in_line;
use super::layout::{self, PageView};
use super::list_frame::{self, PageFrame};
use super::names::PartyNames;
use super::request::{PageRequest, path};
use super::text::line;
use super::words::PageWord;
use axum::response::Response;
use detente_proto::v1::{Gap, ListGapsRequest, ListGapsResponse};
use maud::{Markup, html};

/// The view.
pub(super) async fn view(asked: PageRequest) -> Response {
    let view = build(&asked).await;
    layout::answer(&asked, view)
}

async fn build(asked: &PageRequest) -> Result<PageView, Wrong> {
    let request = ListGapsRequest {
        filter: list_frame::filter(asked),
        from: asked.get("from").to_owned(),
        valid_at: asked.get("valid_at").to_owned(),
        cut: Some(asked.cut()),
        page_size: 50,
        page_token: asked.get("page_token").to_owned(),
        ..Default::default()
    };
    let reply: ListGapsResponse = call(asked, &request).await?;
    let context = reply.context.clone().unwrap_or_default();
    let names = list_frame::names(asked, &context, reply.gaps.iter().filter_map(|gap| gap.claim.as_ref())).await?;
    let lang = asked.lang;
    let list = html! {
        (list_frame::form(asked, &html! {
            (list_frame::field("from", lang.t("from", "من"), asked.get("from"), lang.t("the first date", "أوّل تاريخ")))
            (list_frame::field("valid_at", lang.t("age counted to", "العمر حتى"), asked.get("valid_at"), lang.t("today", "اليوم")))
        }))
        @if reply.gaps.is_empty() { p { (lang.t("Nothing is missing here.", "لا ثغرة هنا.")) } }
        @for gap in &reply.gaps { (entry(asked, gap, &names)) }
    };
    let frame = PageFrame {
        name: "gaps",
        title: lang.t("Gaps", "الثغرات"),
        about: lang.t("What nobody has recorded, dated or backed.", "ما لم يدوّنه أحد أو لم يؤرَّخ أو لم يُسنَد."),
        context: &context,
        next: &reply.next_page_token,
        resolved: &[],
    };
    Ok(list_frame::view(asked, &frame, &names, &list))
}

fn entry(asked: &PageRequest, gap: &Gap, names: &PartyNames) -> Markup {
    let lang = asked.lang;
    html! {
        div.change {
            div {
                strong { (gap.r#type().word(lang)) }
                @if !gap.origin.is_empty() { p.quiet { bdi { (line(&gap.origin, 128)) } } }
                @if let Some(days) = gap.age_days { p.quiet { (days) (lang.t(" days old", " يومًا")) } }
            }
            div {
                @if !gap.relationship.is_empty() {
                    p {
                        a href=(asked.to(&path("relationship", &gap.relationship), &[])) { (names.relationship(&gap.relationship)) }
                        ", " bdi.date dir="ltr" { (gap.from) " – " (gap.until) }
                    }
                }
                @if let Some(claim) = &gap.claim { (in_line(asked, claim, names)) }
            }
        }
    }
}
