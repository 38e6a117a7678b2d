//! `/claim/{id}`: the claim as known at the cut, its history with who, when and why, and its bitemporal plane.

use super::call::{Wrong, call};
use super::chart::plane::plane;
use super::claim_parts::{date, instant, label, link, marks, texts, voices, when, words};
use super::lang::Lang;
use super::layout::{self, PageView, basis, next};
use super::names::PartyNames;
use super::request::{PageRequest, path};
use super::text::{line, sanitize};
use super::words::{self, PageWord};
use axum::extract::Path;
use axum::response::Response;
use detente_proto::v1::{Claim, Cut, Dispute, ListRevisionsRequest, ListRevisionsResponse, Revision, RevisionKind};
use maud::{Markup, html};

/// The number of revisions that a page shows.
const PAGE: u32 = 40;

/// The view.
pub(super) async fn view(Path(id): Path<String>, asked: PageRequest) -> Response {
    let view = build(&asked, &id).await;
    layout::answer(&asked, view)
}

async fn build(asked: &PageRequest, id: &str) -> Result<PageView, Wrong> {
    let request = ListRevisionsRequest {
        claim_id: id.to_owned(),
        cut: Some(asked.cut()),
        page_size: PAGE,
        page_token: asked.get("page_token").to_owned(),
        ..Default::default()
    };
    let history: ListRevisionsResponse = call(asked, &request).await?;
    let context = history.context.clone().unwrap_or_default();
    let claims = || history.revisions.iter().filter_map(|revision| revision.claim.as_ref());
    let Some(claim) = claims().next_back() else { return Err(Wrong { status: 404, message: id.to_owned() }) };
    let names = PartyNames::in_claims(asked, &Cut::basis(context.basis.clone()), claims(), &[]).await?;
    let lang = asked.lang;
    let body = html! {
        p.quiet { (lang.t("Claim ", "القول ")) code dir="ltr" { (line(&claim.claim_id, 80)) } }
        h1.said-title { @for text in texts(claim, lang).iter().take(1) { (words(text)) } }
        @for text in texts(claim, lang).iter().skip(1) { p.translation { (words(text)) } }
        p.about { (marks(claim, lang)) }
        (facts(asked, claim, &names))
        section aria-labelledby="plane" {
            h2 #plane { (lang.t("What was known when", "ما عُرف ومتى عُرف")) }
            p.quiet { (lang.t("Across: when it holds in the world. Down: each revision, from when it was recorded.", "أفقيًّا: متى يصحّ في الواقع. عموديًّا: كلّ تنقيح منذ تدوينه.")) }
            div.scroll tabindex="0" role="region" aria-label=(lang.t("Both times", "الزمنان")) { (plane(&history.revisions, lang)) }
        }
        section aria-labelledby="history" {
            h2 #history { (lang.t("History: who, when, why", "التاريخ: مَن ومتى ولماذا")) }
            ol.history { @for revision in &history.revisions { (show_revision(revision, &names, asked)) } }
            (next(asked, "page_token", &history.next_page_token, &context.basis))
        }
        (basis(asked, Some(&context), &[]))
    };
    Ok(PageView { title: label(claim, lang, 90).0, body })
}

/// Shows the facts of the claim other than its words.
fn facts(asked: &PageRequest, claim: &Claim, names: &PartyNames) -> Markup {
    let lang = asked.lang;
    html! {
        dl.facts {
            dt { (lang.t("Valid", "زمنه")) } dd { (when(claim, lang)) }
            @if !claim.as_of.is_empty() { dt { (lang.t("Known to hold until", "معروف قيامه حتى")) } dd { (date(&claim.as_of)) } }
            @if !claim.due.is_empty() { dt { (lang.t("Due", "يستحقّ")) } dd { (date(&claim.due)) } }
            dt { (lang.t("Who says so", "القائل")) } dd { (voices(asked, claim, names)) }
            @if !claim.relationships.is_empty() {
                dt { (lang.t("Bears on", "يخصّ")) }
                dd { @for id in &claim.relationships { a href=(asked.to(&path("relationship", id), &[])) { (names.relationship(id)) } " " } }
            }
            @if !claim.parties.is_empty() {
                dt { (lang.t("Parties", "الأطراف")) }
                dd { @for party in &claim.parties { span.pair { (names.link(asked, &party.party_id)) " " bdi.quiet { (words::role(&party.role, lang)) } } " " } }
            }
            @if !claim.sources.is_empty() {
                dt { (lang.t("Sources", "المصادر")) }
                dd { @for source in &claim.sources { span.pair { bdi { (line(&source.source_id, 128)) } @if !source.locator.is_empty() { " " bdi.quiet { (line(&source.locator, 120)) } } } " " } }
            }
            @if !claim.links.is_empty() {
                dt { (lang.t("Linked", "صلاته")) }
                dd { @for other in claim.links.iter().take(60) { a href=(asked.to(&path("claim", &other.claim_id), &[])) { (other.r#type().word(lang).to_lowercase().replace('_', " ")) } " " } }
            }
            @for quantity in &claim.quantities {
                @if let Some(value) = quantity.value { dt { (line(&quantity.name, 64).replace('_', " ")) } dd { bdi dir="ltr" { (value) " " (line(&quantity.unit, 32)) } } }
            }
        }
    }
}

fn show_revision(revision: &Revision, names: &PartyNames, asked: &PageRequest) -> Markup {
    let lang = asked.lang;
    let Some(claim) = &revision.claim else { return html! {} };
    let why = match revision.kind() {
        RevisionKind::Unspecified => claim.retraction.as_ref().map_or("", |retraction| retraction.reason().word(lang)),
        kind => kind.word(lang),
    };
    html! {
        li {
            p {
                strong { (revision.event().word(lang)) }
                @if !why.is_empty() { " · " (why) }
            }
            p.about {
                (instant(claim.recorded_at.as_ref())) " · " (lang.t("recorded by ", "دوّنه ")) bdi { (line(&claim.recorded_by, 120)) }
                " · " (lang.t("position ", "الموضع ")) bdi { (claim.position) } " · " (when(claim, lang))
            }
            @if !claim.note.is_empty() { blockquote { bdi.said { (sanitize(&claim.note)) } } }
            @if !revision.changed_fields.is_empty() && claim.revision > 1 {
                p.quiet { (lang.t("changed: ", "تغيّر: ")) code dir="ltr" { (revision.changed_fields.join(", ")) } }
            }
            @if let Some(dispute) = &revision.dispute { (show_dispute(dispute, names, lang)) }
            p.quiet { (link_to(asked, claim)) }
        }
    }
}

fn show_dispute(dispute: &Dispute, names: &PartyNames, lang: Lang) -> Markup {
    html! {
        blockquote {
            (names.name(&dispute.disputed_by)) ": " bdi.said { (sanitize(&dispute.statement)) }
            @if let Some(end) = &dispute.resolution { " — " (end.outcome().word(lang)) }
        }
    }
}

/// The claim as it was known after a revision.
fn link_to(asked: &PageRequest, claim: &Claim) -> Markup {
    let at = claim.recorded_at.as_ref().map(ToString::to_string).unwrap_or_default();
    html! { a href=(asked.to(&path("claim", &claim.claim_id), &[("known_at", &at)])) { (asked.lang.t("as known then", "كما عُرف حينئذ")) } }
}

/// A claim in a line, for lists.
pub(super) fn in_line(asked: &PageRequest, claim: &Claim, names: &PartyNames) -> Markup {
    html! {
        p { (link(asked, claim, &[])) }
        p.about { (when(claim, asked.lang)) " · " (voices(asked, claim, names)) " · " (marks(claim, asked.lang)) }
    }
}
