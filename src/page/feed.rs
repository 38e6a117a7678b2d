//! `/feed`: the newest events; with a script, also those to come, as they are recorded.

use super::call::{Wrong, call};
use super::check::faults;
use super::claim_parts::{instant, texts, words};
use super::layout::{self, PageView, basis};
use super::request::{PageRequest, path};
use super::text::line;
use crate::grpc::requests::LedgerRequest;
use axum::response::Response;
use detente_proto::v1::event::Event as What;
use detente_proto::v1::{
    Event, GetServerInfoRequest, GetServerInfoResponse, ReadEventsRequest, ReadEventsResponse, read_events_request,
};
use maud::{Markup, html};
use prost::Message as _;
use tokio_stream::StreamExt as _;

/// The number of events that a page shows.
const EVENTS: u64 = 60;

/// The view.
pub(super) async fn view(asked: PageRequest) -> Response {
    let view = build(&asked).await;
    layout::answer(&asked, view)
}

async fn build(asked: &PageRequest) -> Result<PageView, Wrong> {
    let faults = faults(asked);
    if !faults.is_empty() {
        return Err(Wrong::faulty(&faults));
    }
    let info: GetServerInfoResponse = call(asked, &GetServerInfoRequest {}).await?;
    let head = info.head.unwrap_or_default();
    let through =
        asked.get("before").parse::<u64>().map_or(head.position, |before| before.saturating_sub(1).min(head.position));
    let after = through.saturating_sub(EVENTS);
    let mut events = read(asked, after, through - after).await?;
    events.reverse();
    let lang = asked.lang;
    let is_newest = asked.get("before").is_empty();
    let body = html! {
        h1 { (lang.t("Feed", "المستجدّ")) }
        p.quiet {
            (lang.t("What was recorded, the newest first.", "ما دُوِّن، الأحدث أوّلًا."))
            @if is_newest { " " span.live data-live hidden role="status" { (lang.t("Live: what is being recorded appears here.", "مباشر: ما يُدوَّن الآن يظهر هنا.")) } }
        }
        ul.feed data-feed=[is_newest.then_some(head.position)] {
            @for event in &events { (entry(asked, event)) }
        }
        @if after > 0 {
            p.next { a rel="next" href=(asked.again(&[("before", &(after + 1).to_string())])) { (lang.t("Earlier", "أقدم")) } }
        }
        @if !is_newest { (basis(asked, Some(&head), &[])) }
    };
    Ok(PageView { title: lang.t("Feed", "المستجدّ").to_owned(), body })
}

async fn read(asked: &PageRequest, after: u64, limit: u64) -> Result<Vec<Event>, Wrong> {
    let mut events = Vec::new();
    if limit == 0 {
        return Ok(events);
    }
    let start = Some(read_events_request::Start::AfterPosition(after));
    let request = ReadEventsRequest { start, limit, ..Default::default() };
    let mut replies = asked.local.stream(&ReadEventsRequest::path(), request.encode_to_vec(), None).await?;
    while let Some(reply) = replies.next().await {
        let reply =
            ReadEventsResponse::decode(reply?).map_err(|error| Wrong { status: 500, message: error.to_string() })?;
        events.extend(reply.events);
    }
    Ok(events)
}

fn entry(asked: &PageRequest, event: &Event) -> Markup {
    let lang = asked.lang;
    html! {
        li data-position=(event.position) {
            p.about {
                bdi { (event.position) } " · " (instant(event.recorded_at.as_ref())) " · " bdi { (line(&event.recorded_by, 80)) }
                @if event.backfilled { " · " (lang.t("backfilled", "مستدرَك")) }
            }
            @if let Some(what) = &event.event { (show_event(asked, what)) }
            @if !event.note.is_empty() { blockquote { bdi.said { (line(&event.note, 600)) } } }
        }
    }
}

/// Shows the event in a line.
fn show_event(asked: &PageRequest, what: &What) -> Markup {
    let lang = asked.lang;
    let about = |verb: &str, claim_id: &str| {
        html! { p { strong { (verb) } " " a href=(asked.to(&path("claim", claim_id), &[])) { code dir="ltr" { (line(claim_id, 64)) } } } }
    };
    let whole = |verb: &str, claim: Option<&detente_proto::v1::Claim>| {
        let Some(claim) = claim else { return html! {} };
        let href = asked.to(&path("claim", &claim.claim_id), &[]);
        html! { p { strong { (verb) } " " @for text in texts(claim, lang).iter().take(1) { a.claim href=(href) { (words(text)) } } } }
    };
    match what {
        What::ClaimAsserted(one) => whole(lang.t("asserted", "دُوِّن"), one.claim.as_ref()),
        What::ClaimRevised(one) => whole(lang.t("revised", "نُقِّح"), one.claim.as_ref()),
        What::ClaimConfirmed(one) => about(lang.t("confirmed", "أُكِّد"), &one.claim_id),
        What::ClaimRetracted(one) => about(lang.t("retracted", "سُحب"), &one.claim_id),
        What::ClaimReinstated(one) => about(lang.t("reinstated", "أُعيد"), &one.claim_id),
        What::ClaimDisputed(one) => about(lang.t("disputed", "نوزِع فيه"), &one.claim_id),
        What::DisputeResolved(one) => about(lang.t("dispute resolved", "حُسم النزاع"), &one.claim_id),
        other => show_registration(asked, other),
    }
}

/// Shows the registration in a line.
fn show_registration(asked: &PageRequest, what: &What) -> Markup {
    let lang = asked.lang;
    let (en, ar, id) = match what {
        What::PartyRegistered(one) => ("party registered", "سُجِّل طرف", one.party.as_ref().map(|party| &party.party_id)),
        What::PartyRevised(one) => ("party revised", "نُقِّح طرف", one.party.as_ref().map(|party| &party.party_id)),
        What::SourceRegistered(one) => {
            ("source registered", "سُجِّل مصدر", one.source.as_ref().map(|source| &source.source_id))
        }
        What::SourceRevised(one) => ("source revised", "نُقِّح مصدر", one.source.as_ref().map(|source| &source.source_id)),
        What::SourceWithdrawn(one) => ("source withdrawn", "سُحب مصدر", Some(&one.source_id)),
        What::KindRegistered(one) => ("kind registered", "سُجِّل نوع", one.kind.as_ref().map(|kind| &kind.kind)),
        What::KindRevised(one) => ("kind revised", "نُقِّح نوع", one.kind.as_ref().map(|kind| &kind.kind)),
        What::SchemeRegistered(one) => {
            ("scheme registered", "سُجِّل ترميز", one.scheme.as_ref().map(|scheme| &scheme.scheme))
        }
        What::SchemeRevised(one) => ("scheme revised", "نُقِّح ترميز", one.scheme.as_ref().map(|scheme| &scheme.scheme)),
        What::PartiesMerged(one) => ("parties merged", "دُمج طرفان", Some(&one.merged_party_id)),
        What::PartiesUnmerged(one) => ("merge undone", "فُكّ دمج", Some(&one.merged_party_id)),
        What::ClaimsConfirmed(one) => ("all confirmed", "أُكِّد الجميع", Some(&one.label)),
        _ => ("", "", None),
    };
    html! { p { strong { (lang.t(en, ar)) } " " @if let Some(id) = id { bdi { (line(id, 128)) } } } }
}
