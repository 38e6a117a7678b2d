//! `/diff`: what changed between two dates, and why: did the world change, or our knowledge of it?

use super::call::{Wrong, call};
use super::claim::in_line;
use super::claim_parts::{instant, when};
use super::layout::{self, PageView, basis, heading, next, views_of};
use super::list_frame;
use super::names::PartyNames;
use super::request::PageRequest;
use super::text::line;
use super::words::PageWord;
use axum::response::Response;
use detente_ledger::wire::time::read_instant;
use detente_proto::v1::{Claim, ClaimChange, Coordinate, Cut, DiffRequest, DiffResponse, DiffSummary};
use maud::{Markup, html};

/// The view.
pub(super) async fn view(asked: PageRequest) -> Response {
    let view = build(&asked).await;
    layout::answer(&asked, view)
}

/// One side: its date, and its cut as the address has it.
fn side(asked: &PageRequest, which: &str) -> Coordinate {
    let name = |what: &str| format!("{which}_{what}");
    let (known_at, pinned) = (name("known_at"), name("basis"));
    let valid_at = asked.get(&name("valid_at")).to_owned();
    let (known, basis) = (read_instant(asked.get(&known_at)), asked.get(&pinned));
    let cut = if let Ok(known) = known {
        Some(Cut::known_at(known))
    } else if basis.is_empty() {
        (which == "from").then_some(Cut::position(0))
    } else {
        Some(Cut::basis(basis))
    };
    Coordinate { valid_at, cut }
}

async fn build(asked: &PageRequest) -> Result<PageView, Wrong> {
    let mut to = side(asked, "to");
    if to.cut.is_none() {
        to.cut = Some(asked.cut());
    }
    let request = DiffRequest {
        filter: list_frame::filter(asked),
        from: Some(side(asked, "from")),
        to: Some(to),
        page_size: 50,
        page_token: asked.get("page_token").to_owned(),
        ..Default::default()
    };
    let reply: DiffResponse = call(asked, &request).await?;
    let (from, to) = (reply.from.clone().unwrap_or_default(), reply.to.clone().unwrap_or_default());
    let claims: Vec<&Claim> =
        reply.changes.iter().flat_map(|change| change.after.iter().chain(&change.before)).collect();
    let names = list_frame::names(asked, &to, claims.into_iter()).await?;
    let lang = asked.lang;
    let relationship = asked.get("relationship");
    let pinned = [
        ("from_basis", from.basis.as_str()),
        ("from_known_at", ""),
        ("to_basis", &to.basis),
        ("to_known_at", ""),
        ("valid_at", ""),
        ("known_at", ""),
    ];
    let body = html! {
        (heading(&names, relationship, &html! { (lang.t("Changes", "التغيّرات")) }))
        @if !relationship.is_empty() { (views_of(asked, relationship, "diff", &[])) }
        (form(asked))
        section.answer { (summary(asked, reply.summary.as_ref())) }
        @for change in &reply.changes { (entry(asked, change, &names)) }
        (next(asked, "page_token", &reply.next_page_token, ""))
        p.basis { (lang.t("From position ", "من الموضع ")) bdi { (from.position) } " " (instant(from.recorded_at.as_ref())) " " code dir="ltr" { (from.basis) } }
        (basis(asked, Some(&to), &pinned))
    };
    Ok(PageView { title: lang.t("Changes", "التغيّرات").to_owned(), body })
}

fn form(asked: &PageRequest) -> Markup {
    let lang = asked.lang;
    let field = |name: &str, label: &str, hint: &str| list_frame::field(name, label, asked.get(name), hint);
    html! {
        form.coordinates method="get" action="/diff" {
            @if !asked.get("lang").is_empty() { input type="hidden" name="lang" value=(lang.tag()); }
            (field("relationship", lang.t("relationship", "العلاقة"), "AZE-RUS"))
            (field("from_known_at", lang.t("from what was known at", "ممّا عُرف حتى"), lang.t("the beginning", "البداية")))
            (field("to_known_at", lang.t("to what was known at", "إلى ما عُرف حتى"), lang.t("now", "الآن")))
            (field("from_valid_at", lang.t("state at (both or neither)", "الحال في (كلاهما أو لا)"), "2025-07"))
            (field("to_valid_at", lang.t("and at", "وفي"), "2025-09"))
            button { (lang.t("Compare", "قارن")) }
        }
    }
}

fn summary(asked: &PageRequest, summary: Option<&DiffSummary>) -> Markup {
    let lang = asked.lang;
    let Some(counted) = summary else { return html! {} };
    html! {
        h2 {
            (counted.changes) (lang.t(" claims changed: ", " قولًا تغيّر: "))
            (counted.world) (lang.t(" because of the world, ", " بتغيّر الواقع، "))
            (counted.knowledge) (lang.t(" because of our knowledge of it", " بتغيّر معرفتنا به"))
        }
        p.quiet {
            @for (at, one) in counted.reasons.iter().enumerate() {
                @if at > 0 { " · " }
                (one.reason().word(lang)) " " (one.count)
            }
        }
    }
}

fn entry(asked: &PageRequest, change: &ClaimChange, names: &PartyNames) -> Markup {
    let lang = asked.lang;
    let word = |certainty: &str| if certainty.is_empty() { "—".to_owned() } else { certainty.to_owned() };
    let certainties = (change.certainty_before().word(lang), change.certainty_after().word(lang));
    html! {
        div.change {
            div { strong { (change.reason().word(lang)) } }
            div {
                @if let Some(claim) = change.after.as_ref().or(change.before.as_ref()) { (in_line(asked, claim, names)) }
                @if let (Some(before), Some(after)) = (&change.before, &change.after) {
                    @if before.valid_from != after.valid_from || before.valid_to != after.valid_to {
                        p.about { (lang.t("valid before: ", "زمنه قبلًا: ")) (when(before, lang)) }
                    }
                }
                @if certainties.0 != certainties.1 { p.about { (word(certainties.0)) (lang.t(" → ", " ← ")) (word(certainties.1)) } }
                @if !change.changed_fields.is_empty() { p.about { code dir="ltr" { (change.changed_fields.join(", ")) } } }
                @for cause in &change.causes {
                    p.about {
                        (instant(cause.recorded_at.as_ref())) " · " (cause.reason().word(lang)) " · " bdi { (line(&cause.recorded_by, 80)) }
                        @if !cause.note.is_empty() { " · " bdi.said { (line(&cause.note, 400)) } }
                    }
                }
            }
        }
    }
}
