//! `/party/{id}`: its names, with when they are in use, what it answers for, its relationships, and what it says.

use super::call::{CheckedRequest, PAGE_TOKEN, Wrong, call, call_paged, check_all};
use super::claim_parts::{date, link, marks};
use super::layout::{self, PageView, basis, next};
use super::names::PartyNames;
use super::request::{PageRequest, path};
use super::text::{line, sanitize};
use super::words::PageWord;
use axum::extract::Path;
use axum::response::Response;
use detente_proto::v1::{
    Cut, Filter, FilterItem, ListClaimsRequest, ListClaimsResponse, ListPartiesRequest, ListPartiesResponse,
    ListRelationshipsRequest, ListRelationshipsResponse, Party,
};
use maud::{Markup, html};

/// The number of entries that a page shows.
const PAGE: u32 = 30;

/// The view.
pub(super) async fn view(Path(id): Path<String>, asked: PageRequest) -> Response {
    let view = build(&asked, &id).await;
    layout::answer(&asked, view)
}

async fn build(asked: &PageRequest, id: &str) -> Result<PageView, Wrong> {
    let request = ListPartiesRequest { party_ids: vec![id.to_owned()], cut: Some(asked.cut()), ..Default::default() };
    if !asked.get("says").is_empty() {
        let says = said_request(asked, &asked.cut(), id);
        check_all(asked, &[CheckedRequest::new(&request, PAGE_TOKEN), CheckedRequest::new(&says, "says")]).await?;
    }
    let reply: ListPartiesResponse = call(asked, &request).await?;
    let context = reply.context.unwrap_or_default();
    let Some(party) = reply.parties.first() else { return Err(Wrong { status: 404, message: id.to_owned() }) };
    let cut = Cut::basis(context.basis.clone());
    let related = list_relationships(asked, &cut, id).await?;
    let said = list_claims(asked, &cut, id).await?;
    let ids =
        related.relationships.iter().flat_map(|one| one.party_ids.iter().cloned()).chain([id.to_owned()]).collect();
    let names = PartyNames::of(asked, &cut, ids).await?;
    let lang = asked.lang;
    let body = html! {
        h1 { (names.name(id)) " " small { (party.r#type().word(lang)) } }
        @if !party.merged_into.is_empty() {
            p.notice { (lang.t("Answered for by ", "يجيب عنه ")) (names.link(asked, &party.merged_into)) }
        }
        (party_facts(asked, party))
        div.columns {
            section aria-labelledby="relationships" {
                h2 #relationships { (lang.t("Relationships", "العلاقات")) }
                ul.plain {
                    @for one in &related.relationships {
                        li { a href=(asked.to(&path("relationship", &one.relationship_id), &[])) { (names.relationship(&one.relationship_id)) } " " span.quiet { (one.claims) } }
                    }
                }
            }
            section aria-labelledby="says" {
                h2 #says { (lang.t("What it says", "ما يقوله")) }
                @if said.claims.is_empty() { p.quiet { (lang.t("No claim has it for a voice.", "لا قول له.")) } }
                ul.plain { @for claim in &said.claims { li { (link(asked, claim, &[])) " " (marks(claim, lang)) } } }
                (next(asked, "says", &said.next_page_token, &context.basis))
            }
        }
        (basis(asked, Some(&context), &[]))
    };
    Ok(PageView { title: names.plain(id), body })
}

async fn list_relationships(asked: &PageRequest, cut: &Cut, id: &str) -> Result<ListRelationshipsResponse, Wrong> {
    let request = ListRelationshipsRequest {
        party_id: id.to_owned(),
        cut: Some(cut.clone()),
        page_size: 200,
        ..Default::default()
    };
    call(asked, &request).await
}

fn said_request(asked: &PageRequest, cut: &Cut, id: &str) -> ListClaimsRequest {
    let item = FilterItem { asserted_by: vec![id.to_owned()], ..Default::default() };
    ListClaimsRequest {
        filter: Some(Filter { items: vec![item] }),
        cut: Some(cut.clone()),
        newest_first: true,
        page_size: PAGE,
        page_token: asked.get("says").to_owned(),
        ..Default::default()
    }
}

async fn list_claims(asked: &PageRequest, cut: &Cut, id: &str) -> Result<ListClaimsResponse, Wrong> {
    call_paged(asked, &said_request(asked, cut, id), "says").await
}

fn party_facts(asked: &PageRequest, party: &Party) -> Markup {
    html! {
        dl.facts {
            dt { (asked.lang.t("Id", "المعرّف")) } dd { code dir="ltr" { (line(&party.party_id, 64)) } }
            @for name in &party.names {
                dt { bdi dir="ltr" { (line(&name.lang, 35)) } }
                dd { bdi lang=(line(&name.lang, 35)) { (sanitize(&name.name)) } @if !name.valid.is_empty() { " " (date(&name.valid)) } }
            }
            @for other in &party.external_ids {
                dt { bdi { (line(&other.scheme, 64)) } } dd { bdi dir="ltr" { (line(&other.id, 128)) } }
            }
        }
    }
}
