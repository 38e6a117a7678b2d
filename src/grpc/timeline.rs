//! `GetTimeline`: how the state moved over a span of valid time.

use super::context::{context, with_hints};
use super::page::{Page, PageCursor};
use super::parse::Parse;
use super::service::Service;
use super::span::{asked_span, interval};
use super::status::CallRefusal;
use detente_domain::cut::Cut;
use detente_domain::name::ClaimId;
use detente_ledger::Ledger;
use detente_ledger::query::hints::NamedIds;
use detente_ledger::query::timeline::{TimelinePlace, TimelineQuery, TimelineSegment};
use detente_ledger::wire::time::timestamp_of;
use detente_proto::v1;
use std::sync::Arc;

pub(super) async fn get_timeline(
    service: &Service,
    mut request: v1::GetTimelineRequest,
) -> Result<v1::GetTimelineResponse, CallRefusal> {
    let mut parse = Parse::new();
    let page = parse.page(&mut request, service.ledger.ledger_id().0);
    let filter = parse.filter(request.filter, false);
    let (from, until) = asked_span(&request.from, &request.until, &mut parse);
    let asked_cut = parse.cut(request.cut);
    let supposed = parse.what_if(request.what_if);
    parse.finish()?;
    let start = match page.cursor {
        PageCursor::Start => TimelinePlace::default(),
        PageCursor::Number(number) => TimelinePlace::from(number),
        PageCursor::Id(_) => return Err(CallRefusal::PageToken),
    };
    let query = TimelineQuery { filter, from, until, cut: page.cut(asked_cut), supposed, start, page: page.size };
    let ledger = Arc::clone(&service.ledger);
    service.threads.ask(move || answer(&ledger, &query, &page, asked_cut)).await
}

fn answer(
    ledger: &Ledger,
    query: &TimelineQuery,
    page: &Page,
    asked_cut: Cut,
) -> Result<v1::GetTimelineResponse, CallRefusal> {
    let found = ledger.timeline(query)?;
    let span = found.span.map(|(from, until)| interval(from, until)).unwrap_or_default();
    let context = context(&Page::at(found.at, asked_cut), &span);
    let context = with_hints(context, ledger, || NamedIds::of(&query.filter), found.claims.is_empty());
    Ok(v1::GetTimelineResponse {
        context: Some(context),
        segments: found.segments.into_iter().map(segment).collect(),
        claims: found.claims,
        next_page_token: page.token(found.at.basis, found.next.map(u64::from).into(), ""),
    })
}

fn segment(segment: TimelineSegment) -> v1::TimelineSegment {
    let ids = |claims: Vec<ClaimId>| claims.into_iter().map(|id| id.0.to_string()).collect();
    v1::TimelineSegment {
        from: timestamp_of(segment.from),
        until: timestamp_of(segment.until),
        definite: ids(segment.definite),
        possible: ids(segment.possible),
        entered: ids(segment.entered),
        left: ids(segment.left),
        period: interval(segment.from, segment.until),
        continues: segment.continues,
    }
}
