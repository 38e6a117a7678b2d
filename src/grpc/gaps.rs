//! `ListGaps`: what is missing in the record.

use super::context::{context, with_hints};
use super::page::{Page, PageCursor};
use super::parse::Parse;
use super::service::Service;
use super::span::asked_span;
use super::state::asked_date;
use super::status::CallRefusal;
use detente_domain::cut::Cut;
use detente_domain::gaps::GapType;
use detente_ledger::Ledger;
use detente_ledger::query::gaps::{Gap, GapsQuery, Lack};
use detente_ledger::query::hints::NamedIds;
use detente_proto::v1;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The number of days after which knowledge is stale by default.
const STALE_DAYS: i64 = 365;

/// A question, with what its reply needs of it.
struct GapsQuestion {
    query: GapsQuery,
    page: Page,
    asked_cut: Cut,
    valid_at: String,
}

pub(super) async fn list_gaps(
    service: &Service,
    request: v1::ListGapsRequest,
) -> Result<v1::ListGapsResponse, CallRefusal> {
    let question = parse(&service.ledger, request)?;
    let ledger = Arc::clone(&service.ledger);
    service.threads.ask(move || answer(&ledger, &question)).await
}

fn parse(ledger: &Ledger, mut request: v1::ListGapsRequest) -> Result<GapsQuestion, CallRefusal> {
    let mut parse = Parse::new();
    let page = parse.page(&mut request, ledger.ledger_id().0);
    let filter = parse.filter(request.filter, false);
    let types = asked_types(&request.types, &mut parse);
    let (from, until) = asked_span(&request.from, &request.until, &mut parse);
    let (asked, valid_at) = asked_date(request.valid_at, &page, ledger.clock().now(), &mut parse);
    let asked_cut = parse.cut(request.cut);
    let supposed = parse.what_if(request.what_if);
    parse.finish()?;
    let skip = match page.cursor {
        PageCursor::Start => 0,
        PageCursor::Number(skip) => skip,
        PageCursor::Id(_) => return Err(CallRefusal::PageToken),
    };
    let stale_days = if request.stale_days == 0 { STALE_DAYS } else { i64::from(request.stale_days) };
    let cut = page.cut(asked_cut);
    let query =
        GapsQuery { filter, types, from, until, valid_at: asked, stale_days, cut, supposed, skip, page: page.size };
    Ok(GapsQuestion { query, page, asked_cut, valid_at })
}

fn asked_types(numbers: &[i32], parse: &mut Parse) -> BTreeSet<GapType> {
    let mut types = BTreeSet::new();
    for (index, number) in numbers.iter().enumerate() {
        match v1::GapType::try_from(*number) {
            Ok(v1::GapType::UncoveredSpan) => types.insert(GapType::UncoveredSpan),
            Ok(v1::GapType::NoDate) => types.insert(GapType::NoDate),
            Ok(v1::GapType::SingleOrigin) => types.insert(GapType::SingleOrigin),
            Ok(v1::GapType::Stale) => types.insert(GapType::Stale),
            Ok(v1::GapType::OpenDispute) => types.insert(GapType::OpenDispute),
            Ok(v1::GapType::Unspecified) | Err(_) => {
                parse.wrong(&format!("types[{index}]"), format!("{number} is no GapType to ask for"));
                false
            }
        };
    }
    if numbers.is_empty() { GapType::ALL.into() } else { types }
}

fn answer(ledger: &Ledger, question: &GapsQuestion) -> Result<v1::ListGapsResponse, CallRefusal> {
    let GapsQuestion { query, page, asked_cut, valid_at } = question;
    let found = ledger.gaps(query)?;
    let context = context(&Page::at(found.at, *asked_cut), valid_at);
    Ok(v1::ListGapsResponse {
        context: Some(with_hints(context, ledger, || NamedIds::of(&query.filter), found.gaps.is_empty())),
        gaps: found.gaps.into_iter().map(gap).collect(),
        next_page_token: page.token(found.at.basis, found.next.into(), valid_at),
    })
}

fn gap(gap: Gap) -> v1::Gap {
    match gap {
        Gap::UncoveredSpan(relationship, from, until) => v1::Gap {
            r#type: v1::GapType::UncoveredSpan.into(),
            relationship,
            from: from.to_date_string(),
            until: until.to_end_date_string(),
            ..Default::default()
        },
        Gap::Of(claim, lack) => v1::Gap { claim: Some(*claim), ..lacking(lack) },
    }
}

fn lacking(lack: Lack) -> v1::Gap {
    let of = |gap_type: v1::GapType| v1::Gap { r#type: gap_type.into(), ..Default::default() };
    match lack {
        Lack::Date => of(v1::GapType::NoDate),
        Lack::Origins(only) => v1::Gap { origin: only.unwrap_or_default(), ..of(v1::GapType::SingleOrigin) },
        Lack::Confirmation(age_days) => v1::Gap { age_days, ..of(v1::GapType::Stale) },
        Lack::Resolution(dispute) => v1::Gap { dispute_id: dispute.0.to_string(), ..of(v1::GapType::OpenDispute) },
    }
}
