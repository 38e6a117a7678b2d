//! `/relationship/AZE-RUS?valid_at=2025-07&known_at=2025-08-02T00:00:00Z`: the state at a date, as known at a date.

use super::call::{CheckedRequest, PAGE_TOKEN, Wrong, call, call_paged, check_all};
use super::chart::axis::Axis;
use super::chart::timeline::{self, ChartRow};
use super::claim_parts::{date, instant, link, marks, voices, when};
use super::coordinates;
use super::layout::{self, PageView, basis, heading, next, views_of};
use super::names::PartyNames;
use super::overview::overview;
use super::request::PageRequest;
use super::words::PageWord;
use axum::extract::Path;
use axum::response::Response;
use detente_proto::v1::{
    Certainty, Claim, Cut, Emptiness, Filter, FilterItem, GetStateRequest, GetStateResponse, ListClaimsRequest,
    ListClaimsResponse, ReplyContext,
};
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// The numbers of claims that a page shows: of the state, and of the record. A filter names no more ids than the
/// latter.
const PAGE: u32 = 25;
const ROWS: u32 = 60;

/// The view.
pub(super) async fn view(Path(id): Path<String>, asked: PageRequest) -> Response {
    let view = build(&asked, &id).await;
    layout::answer(&asked, view)
}

/// The answers that make the view.
struct Answers {
    state: GetStateResponse,
    /// The claims that say there is nothing, where that is so and they are not among the matches.
    absent: Vec<Claim>,
    record: ListClaimsResponse,
    certainty: BTreeMap<String, Certainty>,
    names: PartyNames,
}

async fn build(asked: &PageRequest, id: &str) -> Result<PageView, Wrong> {
    let answers = answers(asked, id).await?;
    let context = answers.state.context.clone().unwrap_or_default();
    let lang = asked.lang;
    let what = html! {
        (lang.t("in ", "في ")) (date(&context.valid_at))
        @if context.known_at.is_some() {
            (lang.t(", as known at ", "، بحسب ما عُرف حتى ")) (instant(context.known_at.as_ref()))
        }
    };
    let here =
        [("valid_at", context.valid_at.as_str()), ("known_at", asked.get("known_at")), ("basis", asked.get("basis"))];
    let rows = rows(&answers);
    let axis = axis(asked, &rows, &context.valid_at);
    let is_part = !answers.record.next_page_token.is_empty() || !asked.get("rows").is_empty();
    let cut = Cut::basis(context.basis.clone());
    let overview = if is_part {
        overview(asked, &cut, filter(asked, id, Vec::new()), &axis).await?
    } else {
        html! {}
    };
    let kinds: BTreeSet<String> = answers.record.claims.iter().map(|claim| claim.kind.clone()).collect();
    let kinds: Vec<String> = kinds.into_iter().collect();
    let body = html! {
        (heading(&answers.names, id, &what))
        (views_of(asked, id, "relationship", &here))
        (coordinates::form(asked, asked.path(), &context, &kinds))
        section.answer aria-labelledby="state" {
            h2 #state { (verdict(asked, &answers.state)) }
            @if !answers.absent.is_empty() { (absence(asked, &answers)) }
            (matches(asked, &answers, &here))
            (next(asked, "page_token", &answers.state.next_page_token, &context.basis))
            (basis(asked, Some(&context), &[("valid_at", &context.valid_at)]))
        }
        (record(asked, &answers, &rows, &axis, &overview, &context))
    };
    Ok(PageView { title: format!("{}, {}", answers.names.relationship_plain(id), context.valid_at), body })
}

fn filter(asked: &PageRequest, id: &str, claim_ids: Vec<String>) -> Option<Filter> {
    let item =
        FilterItem { relationships: vec![id.to_owned()], kinds: asked.values("kind"), claim_ids, ..Default::default() };
    Some(Filter { items: vec![item] })
}

async fn answers(asked: &PageRequest, id: &str) -> Result<Answers, Wrong> {
    let cut = asked.cut();
    let first = state_request(asked, &cut, filter(asked, id, Vec::new()), asked.get("page_token"));
    if !asked.get("rows").is_empty() {
        let rows = record_request(&cut, filter(asked, id, Vec::new()), asked.get("rows"));
        check_all(asked, &[CheckedRequest::new(&first, PAGE_TOKEN), CheckedRequest::new(&rows, "rows")]).await?;
    }
    let state: GetStateResponse = call(asked, &first).await?;
    let context = state.context.clone().unwrap_or_default();
    let cut = Cut::basis(context.basis);
    let record = list_claims(asked, &cut, filter(asked, id, Vec::new()), asked.get("rows")).await?;
    let matched =
        |id: &String| state.matches.iter().any(|found| found.claim.as_ref().is_some_and(|claim| claim.claim_id == *id));
    let unseen: Vec<String> = state.absence_claim_ids.iter().filter(|id| !matched(id)).take(20).cloned().collect();
    let absent = if unseen.is_empty() {
        Vec::new()
    } else {
        list_claims(asked, &cut, filter(asked, id, unseen), "").await?.claims
    };
    let certainty = certainty(asked, &cut, id, &record.claims).await?;
    let shown = state.matches.iter().filter_map(|found| found.claim.as_ref()).chain(&record.claims).chain(&absent);
    let names = PartyNames::in_claims(asked, &cut, shown, &[id]).await?;
    Ok(Answers { state, absent, record, certainty, names })
}

fn state_request(asked: &PageRequest, cut: &Cut, filter: Option<Filter>, token: &str) -> GetStateRequest {
    GetStateRequest {
        filter,
        valid_at: asked.get("valid_at").to_owned(),
        mode: coordinates::mode(asked).into(),
        cut: Some(cut.clone()),
        page_size: PAGE,
        page_token: token.to_owned(),
        ..Default::default()
    }
}

fn record_request(cut: &Cut, filter: Option<Filter>, token: &str) -> ListClaimsRequest {
    ListClaimsRequest {
        filter,
        cut: Some(cut.clone()),
        include_retracted: true,
        newest_first: true,
        page_size: ROWS,
        page_token: token.to_owned(),
        ..Default::default()
    }
}

async fn list_claims(
    asked: &PageRequest,
    cut: &Cut,
    filter: Option<Filter>,
    token: &str,
) -> Result<ListClaimsResponse, Wrong> {
    call_paged(asked, &record_request(cut, filter, token), "rows").await
}

/// Returns the certainty of each claim of the chart at the asked date.
async fn certainty(
    asked: &PageRequest,
    cut: &Cut,
    id: &str,
    claims: &[Claim],
) -> Result<BTreeMap<String, Certainty>, Wrong> {
    if claims.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids = claims.iter().map(|claim| claim.claim_id.clone()).collect();
    let request = GetStateRequest {
        filter: filter(asked, id, ids),
        valid_at: asked.get("valid_at").to_owned(),
        mode: coordinates::mode(asked).into(),
        cut: Some(cut.clone()),
        page_size: ROWS,
        ..Default::default()
    };
    let reply: GetStateResponse = call(asked, &request).await?;
    let entry =
        |found: &detente_proto::v1::StateMatch| Some((found.claim.as_ref()?.claim_id.clone(), found.certainty()));
    Ok(reply.matches.iter().filter_map(entry).collect())
}

/// The answer in one line.
fn verdict(asked: &PageRequest, state: &GetStateResponse) -> Markup {
    let lang = asked.lang;
    let definite = state.matches.iter().filter(|found| found.certainty() == Certainty::Definite).count();
    let more = !state.next_page_token.is_empty();
    html! {
        @match state.emptiness() {
            Emptiness::RecordedAbsence => {
                (lang.t("Recorded absence: the record says that there is none, or that none is known", "غياب مدوَّن: في السجلّ أن لا شيء منه، أو أن لا شيء يُعرف"))
                " (" (state.absence_certainty().word(lang)) ")"
            }
            Emptiness::NothingCovers => (lang.t("Something is recorded, but nothing for this date", "في السجلّ شيء، ولا شيء لهذا التاريخ")),
            Emptiness::OnlyRetracted => (lang.t("All that was recorded has been retracted", "كلّ ما دُوِّن قد سُحب")),
            Emptiness::NothingRecorded => (lang.t("Nothing was recorded by then", "لم يكن قد دُوِّن شيء حتى ذلك الحين")),
            Emptiness::NotEmpty | Emptiness::Unspecified => {
                @if more { (lang.t("The first ", "الأولى: ")) (state.matches.len()) (lang.t(" claims: ", " قولًا: ")) }
                (definite) " " (Certainty::Definite.word(lang)) (lang.t(", ", "، "))
                (state.matches.len() - definite) " " (Certainty::Possible.word(lang))
            }
        }
    }
}

/// Shows the claims that there is nothing.
fn absence(asked: &PageRequest, answers: &Answers) -> Markup {
    html! {
        p { (asked.lang.t("Those who say so:", "القائلون بذلك:")) }
        ul.plain {
            @for claim in &answers.absent {
                li { (link(asked, claim, &[])) " " (voices(asked, claim, &answers.names)) " " (marks(claim, asked.lang)) }
            }
        }
    }
}

fn matches(asked: &PageRequest, answers: &Answers, here: &[(&str, &str)]) -> Markup {
    let known = [here.get(1).copied().unwrap_or_default(), here.get(2).copied().unwrap_or_default()];
    html! {
        @if !answers.state.matches.is_empty() {
            ol.state {
                @for found in &answers.state.matches {
                    @if let Some(claim) = &found.claim {
                        li.(certainty_class(found.certainty())) {
                            span.certainty { (found.certainty().word(asked.lang)) }
                            div {
                                p { (link(asked, claim, &known)) }
                                p.about { (when(claim, asked.lang)) " · " (voices(asked, claim, &answers.names)) " · " (marks(claim, asked.lang)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

const fn certainty_class(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Definite => "now",
        Certainty::Possible => "may",
        Certainty::Unspecified => "off",
    }
}

/// The spans of valid time that the chart can show, by name, in months.
pub(super) const SPANS: [(&str, i64, &str, &str); 4] = [
    ("1y", 12, "1 year", "سنة"),
    ("3y", 36, "3 years", "3 سنوات"),
    ("10y", 120, "10 years", "10 سنوات"),
    ("all", 0, "all", "الكلّ"),
];

/// The default span.
const USUAL: (&str, i64, &str, &str) = ("3y", 36, "3 years", "3 سنوات");

/// The claims of this page of the record, each with what it is at the asked date.
fn rows(answers: &Answers) -> Vec<ChartRow<'_>> {
    let stands = |claim: &Claim| answers.certainty.get(&claim.claim_id).copied().unwrap_or(Certainty::Unspecified);
    answers.record.claims.iter().map(|claim| ChartRow { claim, certainty: stands(claim) }).collect()
}

/// Returns the span that the address names.
fn span(asked: &PageRequest) -> &'static (&'static str, i64, &'static str, &'static str) {
    SPANS.iter().find(|(name, ..)| *name == asked.get("span")).unwrap_or(&USUAL)
}

fn axis(asked: &PageRequest, rows: &[ChartRow<'_>], valid_at: &str) -> Axis {
    timeline::axis(rows, valid_at, span(asked).1, asked.lang.is_rtl())
}

/// All that is recorded, drawn and as a table.
fn record(
    asked: &PageRequest,
    answers: &Answers,
    rows: &[ChartRow<'_>],
    axis: &Axis,
    overview: &Markup,
    context: &ReplyContext,
) -> Markup {
    let lang = asked.lang;
    let known = [("known_at", asked.get("known_at")), ("basis", asked.get("basis"))];
    html! {
        section aria-labelledby="timeline" {
            h2 #timeline { (lang.t("All that is recorded, over time", "كلّ المدوَّن عبر الزمن")) }
            @if rows.is_empty() { p.quiet { (lang.t("Nothing is recorded at this cut.", "لا شيء مدوَّن عند هذا القطع.")) } }
            @else {
                p.spans {
                    (lang.t("Show ", "اعرض "))
                    @for (name, _, en, ar) in SPANS {
                        @let current = if name == span(asked).0 { Some("true") } else { None };
                        a href=(asked.again(&[("span", name)])) aria-current=[current] { (lang.t(en, ar)) } " "
                    }
                }
                (overview)
                (timeline::legend(asked))
                div.scroll tabindex="0" role="region" aria-label=(lang.t("Timeline", "الخطّ الزمني")) {
                    (timeline::timeline(asked, rows, axis, &context.valid_at, &known))
                }
                (table(asked, rows, &answers.names))
                (next(asked, "rows", &answers.record.next_page_token, &context.basis))
            }
        }
    }
}

fn table(asked: &PageRequest, rows: &[ChartRow<'_>], names: &PartyNames) -> Markup {
    let lang = asked.lang;
    let heads = [
        lang.t("Claim", "القول"),
        lang.t("Valid", "زمنه"),
        lang.t("At this date", "في هذا التاريخ"),
        lang.t("Who says so", "القائل"),
        lang.t("Recorded", "دُوِّن"),
    ];
    // On a phone each row is a card, where a cell says itself what it is.
    let [_, valid, at_date, who, recorded] = heads;
    html! {
        div.scroll tabindex="0" role="region" aria-label=(lang.t("The same as a table", "نفسه في جدول")) {
            table.record {
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody {
                    @for row in rows {
                        tr data-claim=(row.claim.claim_id) {
                            td { (link(asked, row.claim, &[])) " " (marks(row.claim, lang)) }
                            td data-head=(valid) { (when(row.claim, lang)) }
                            td.(certainty_class(row.certainty)) data-head=(at_date) { (row.certainty.word(lang)) }
                            td data-head=(who) { (voices(asked, row.claim, names)) }
                            td data-head=(recorded) { bdi.date dir="ltr" { (super::claim_parts::day(row.claim.recorded_at.as_ref())) } " " span.quiet { (row.claim.revision) } }
                        }
                    }
                }
            }
        }
    }
}
