//! `/`: the relationships and the parties, with a search, and the founding question where its record is at hand.

use super::call::{CheckedRequest, PAGE_TOKEN, Wrong, call, call_paged, check_all};
use super::layout::{PageView, basis, next};
use super::names::PartyNames;
use super::request::{PageRequest, path};
use super::text::line;
use super::words::PageWord;
use super::{claim_parts, layout};
use axum::response::Response;
use detente_proto::v1::{
    Cut, Filter, FilterItem, ListClaimsRequest, ListClaimsResponse, ListPartiesRequest, ListPartiesResponse,
    ListRelationshipsRequest, ListRelationshipsResponse, Party, Relationship,
};
use maud::{Markup, html};

/// The number of entries of each list that a page shows.
const PAGE: u32 = 60;

/// The view.
pub(super) async fn view(asked: PageRequest) -> Response {
    let view = build(&asked).await;
    layout::answer(&asked, view)
}

async fn build(asked: &PageRequest) -> Result<PageView, Wrong> {
    let request = ListRelationshipsRequest {
        cut: Some(asked.cut()),
        page_size: PAGE,
        page_token: asked.get("page_token").to_owned(),
        ..Default::default()
    };
    if !asked.get("parties").is_empty() {
        let parties = parties_request(asked, &asked.cut());
        let requests = [CheckedRequest::new(&request, PAGE_TOKEN), CheckedRequest::new(&parties, "parties")];
        check_all(asked, &requests).await?;
    }
    let related: ListRelationshipsResponse = call(asked, &request).await?;
    let context = related.context.unwrap_or_default();
    let cut = Cut::basis(context.basis.clone());
    let parties = parties(asked, &cut).await?;
    let ids = related.relationships.iter().flat_map(|one| one.party_ids.iter().cloned()).collect();
    let names = PartyNames::of(asked, &cut, ids).await?;
    let found = search_claims(asked, &cut).await?;
    let lang = asked.lang;
    let body = html! {
        h1 { (lang.t("What holds between whom, and since when is that known?", "ما القائم بين مَن ومَن، ومنذ متى يُعرف ذلك؟")) }
        @if related.relationships.iter().any(|one| one.relationship_id == "AZE-RUS") { (founding(asked)) }
        (search(asked))
        @if let Some(found) = &found { (claims(asked, found)) }
        div.columns {
            section aria-labelledby="relationships" {
                h2 #relationships { (lang.t("Relationships", "العلاقات")) }
                (relationships(asked, &related.relationships, &names))
                (next(asked, "page_token", &related.next_page_token, &context.basis))
            }
            section aria-labelledby="parties" {
                h2 #parties { (lang.t("Parties", "الأطراف")) }
                (list_parties(asked, &parties.parties))
                (next(asked, "parties", &parties.next_page_token, &context.basis))
            }
        }
        (basis(asked, Some(&context), &[]))
    };
    Ok(PageView { title: lang.t("Relationships", "العلاقات").to_owned(), body })
}

fn parties_request(asked: &PageRequest, cut: &Cut) -> ListPartiesRequest {
    ListPartiesRequest {
        name: asked.get("q").to_owned(),
        cut: Some(cut.clone()),
        page_size: PAGE,
        page_token: asked.get("parties").to_owned(),
        ..Default::default()
    }
}

async fn parties(asked: &PageRequest, cut: &Cut) -> Result<ListPartiesResponse, Wrong> {
    call_paged(asked, &parties_request(asked, cut), "parties").await
}

/// The claims whose words were searched for.
async fn search_claims(asked: &PageRequest, cut: &Cut) -> Result<Option<ListClaimsResponse>, Wrong> {
    if asked.get("q").is_empty() {
        return Ok(None);
    }
    let item = FilterItem { text: asked.get("q").to_owned(), ..Default::default() };
    let request = ListClaimsRequest {
        filter: Some(Filter { items: vec![item] }),
        cut: Some(cut.clone()),
        page_size: 20,
        ..Default::default()
    };
    call(asked, &request).await.map(Some)
}

/// The coordinates of the question this record began with: in the words of an address and of a reader.
const FOUNDING: [(&str, &str, &str, &str); 3] = [
    (
        "2025-07",
        "2025-08-02T00:00:00Z",
        "in July 2025, as known on 2 August 2025",
        "في يوليو 2025، بحسب ما عُرف في 2 أغسطس 2025",
    ),
    (
        "2025-09-20",
        "2025-09-21T00:00:00Z",
        "on 20 September, as known the day after",
        "في 20 سبتمبر، بحسب ما عُرف في اليوم التالي",
    ),
    (
        "2025-11-16",
        "2025-11-21T00:00:00Z",
        "on 16 November, as known on the 21st",
        "في 16 نوفمبر، بحسب ما عُرف في 21 منه",
    ),
];

/// The question this record began with, one click away, and the same question later.
fn founding(asked: &PageRequest) -> Markup {
    let lang = asked.lang;
    let address = |valid_at: &str, known_at: &str| {
        let values = [("valid_at", valid_at), ("known_at", known_at), ("kind", "agreement"), ("mode", "holds-at")];
        asked.to("/relationship/AZE-RUS", &values)
    };
    let [first, later @ ..] = FOUNDING;
    html! {
        div.founding {
            p {
                a href=(address(first.0, first.1)) {
                    (lang.t("Have Russia and Azerbaijan reached an agreement?", "هل توصّلت روسيا وأذربيجان إلى اتفاق؟"))
                }
                " "
                span.quiet { (lang.t(first.2, first.3)) }
            }
            p.later {
                (lang.t("The same question ", "والسؤال نفسه "))
                @for (at, (valid_at, known_at, en, ar)) in later.iter().enumerate() {
                    @if at > 0 { (lang.t("; ", "؛ ")) }
                    a href=(address(valid_at, known_at)) { (lang.t(en, ar)) }
                }
            }
        }
    }
}

fn search(asked: &PageRequest) -> Markup {
    let lang = asked.lang;
    html! {
        form.search role="search" method="get" action="/" {
            @if !asked.get("lang").is_empty() { input type="hidden" name="lang" value=(lang.tag()); }
            label for="q" { (lang.t("Search parties and claims", "ابحث في الأطراف والأقوال")) }
            input #q type="search" name="q" value=(line(asked.get("q"), 200)) dir="auto";
            button { (lang.t("Search", "ابحث")) }
        }
    }
}

fn claims(asked: &PageRequest, found: &ListClaimsResponse) -> Markup {
    let lang = asked.lang;
    html! {
        section aria-labelledby="claims" {
            h2 #claims { (lang.t("Claims", "الأقوال")) }
            @if found.claims.is_empty() { p.quiet { (lang.t("No claim has these words.", "لا قول فيه هذه الكلمات.")) } }
            ul.plain {
                @for claim in &found.claims {
                    li { (claim_parts::link(asked, claim, &[])) " " (claim_parts::marks(claim, lang)) }
                }
            }
        }
    }
}

fn relationships(asked: &PageRequest, list: &[Relationship], names: &PartyNames) -> Markup {
    let lang = asked.lang;
    html! {
        table {
            thead { tr { th scope="col" { (lang.t("Between", "بين")) } th.number scope="col" { (lang.t("Claims", "الأقوال")) } } }
            tbody {
                @for one in list {
                    tr {
                        th scope="row" {
                            a href=(asked.to(&path("relationship", &one.relationship_id), &[])) { (names.relationship(&one.relationship_id)) }
                        }
                        td.number { (one.claims) }
                    }
                }
            }
        }
    }
}

fn list_parties(asked: &PageRequest, parties: &[Party]) -> Markup {
    let mut names = PartyNames::default();
    names.take(parties, asked.lang);
    html! {
        @if parties.is_empty() { p.quiet { (asked.lang.t("No party has this name.", "لا طرف بهذا الاسم.")) } }
        ul.plain.parties {
            @for party in parties {
                li { (names.link(asked, &party.party_id)) " " span.quiet { (party.r#type().word(asked.lang)) } }
            }
        }
    }
}
