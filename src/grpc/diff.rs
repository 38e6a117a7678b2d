//! `Diff`: what changed between two coordinates, and why?

use super::context::{context, with_hints};
use super::encoded_reply::certainty;
use super::page::{Page, PageCursor};
use super::parse::Parse;
use super::service::Service;
use super::state::asked_mode;
use super::status::CallRefusal;
use detente_domain::cut::Cut;
use detente_domain::diff::{Dates, Summary};
use detente_domain::filter::MemberSet;
use detente_domain::period::Period;
use detente_domain::rejection::Violation;
use detente_domain::vocabulary::ChangeReason;
use detente_ledger::Ledger;
use detente_ledger::query::diff::{ChangeCause, ClaimChange, Diff, DiffQuery};
use detente_ledger::query::hints::NamedIds;
use detente_ledger::wire::vocabulary::Twin;
use detente_proto::v1;
use std::sync::Arc;

/// A question, with what its reply needs of it.
struct DiffInput {
    query: DiffQuery,
    page: Page,
    from: DiffSide,
    to: DiffSide,
}

/// One side of the comparison, as asked.
#[derive(Default)]
struct DiffSide {
    cut: Cut,
    valid_at: String,
    period: Option<Period>,
}

pub(super) async fn diff(service: &Service, request: v1::DiffRequest) -> Result<v1::DiffResponse, CallRefusal> {
    let question = parse(&service.ledger, request)?;
    let ledger = Arc::clone(&service.ledger);
    service.threads.ask(move || answer(&ledger, &question)).await
}

fn parse(ledger: &Ledger, mut request: v1::DiffRequest) -> Result<DiffInput, CallRefusal> {
    let mut parse = Parse::new();
    let page = parse.page(&mut request, ledger.ledger_id().0);
    let filter = parse.filter(request.filter, false);
    if request.from.is_none() {
        parse.wrong(
            "from",
            "required: the earlier side, for example {\"cut\": {\"knownAt\": \"2025-08-02T00:00:00Z\"}}",
        );
    }
    let from = side("from", request.from.unwrap_or_default(), &mut parse);
    let to = side("to", request.to.unwrap_or_default(), &mut parse);
    let mode = asked_mode(request.mode, &mut parse);
    let dates = dates(&from, &to, &mut parse).map(|(from, to)| Dates { from, to, mode });
    let reasons = asked_reasons(&request.reasons, &mut parse);
    let supposed = parse.what_if(request.what_if);
    parse.finish()?;
    let skip = match page.cursor {
        PageCursor::Start => 0,
        PageCursor::Number(skip) => skip,
        PageCursor::Id(_) => return Err(CallRefusal::PageToken),
    };
    let known_at = if let Cut::KnownAt(instant) = from.cut { Some(instant) } else { None };
    let (earlier, later) = (page.earlier_cut(from.cut), page.cut(to.cut));
    let query =
        DiffQuery { filter, from: earlier, to: later, known_at, dates, reasons, supposed, skip, page: page.size };
    Ok(DiffInput { query, page, from, to })
}

fn side(name: &str, asked: v1::Coordinate, parse: &mut Parse) -> DiffSide {
    let cut = parse.cut_in(&format!("{name}.cut"), asked.cut);
    let period = (!asked.valid_at.is_empty()).then(|| Period::parse(&asked.valid_at));
    let wrong = |error: &dyn ToString| Violation::new(format!("{name}.valid_at"), error.to_string());
    let period = period.and_then(|period| parse.take(period.map_err(|error| wrong(&error))));
    DiffSide { cut, valid_at: asked.valid_at, period }
}

/// Both dates or none: one alone is wrong.
fn dates(from: &DiffSide, to: &DiffSide, parse: &mut Parse) -> Option<(Period, Period)> {
    for (name, side, other, its) in [("from", from, "to", to), ("to", to, "from", from)] {
        if side.valid_at.is_empty() && !its.valid_at.is_empty() {
            parse.wrong(
                &format!("{name}.valid_at"),
                format!("required, as {other} has one: a date on both sides or none"),
            );
        }
    }
    from.period.zip(to.period)
}

fn asked_reasons(reasons: &[i32], parse: &mut Parse) -> MemberSet<ChangeReason> {
    let mut asked = MemberSet::default();
    for (index, number) in reasons.iter().enumerate() {
        match ChangeReason::from_wire(*number) {
            Ok(Some(reason)) => asked.insert(reason),
            _ => parse.wrong(&format!("reasons[{index}]"), format!("{number} is no ChangeReason to ask for")),
        }
    }
    asked
}

fn answer(ledger: &Ledger, question: &DiffInput) -> Result<v1::DiffResponse, CallRefusal> {
    let DiffInput { query, page, from, to } = question;
    let Diff { from: earlier, to: later, changes, summary, next } = ledger.diff(query)?;
    let later_context = context(&Page::at(later, to.cut), &to.valid_at);
    Ok(v1::DiffResponse {
        from: Some(context(&Page::at(earlier, from.cut), &from.valid_at)),
        to: Some(with_hints(later_context, ledger, || NamedIds::of(&query.filter), changes.is_empty())),
        changes: changes.into_iter().map(change).collect(),
        summary: Some(summary_message(&summary)),
        next_page_token: page.token_of_two(earlier.basis, later.basis, next.into()),
    })
}

fn change(change: ClaimChange) -> v1::ClaimChange {
    let sure = |of: Option<_>| of.map_or(v1::Certainty::Unspecified, certainty).into();
    v1::ClaimChange {
        claim_id: change.claim.0.to_string(),
        certainty_before: sure(change.certainty_before),
        certainty_after: sure(change.certainty_after),
        before: change.before,
        after: change.after,
        changed_fields: change.fields.into_iter().map(str::to_owned).collect(),
        reason: change.reason.to_wire(),
        causes: change.causes.into_iter().map(cause).collect(),
        unlisted_causes: change.unlisted_causes,
    }
}

fn cause(cause: ChangeCause) -> v1::ChangeCause {
    v1::ChangeCause {
        reason: cause.reason.to_wire(),
        position: cause.position.0,
        recorded_at: cause.recorded_at,
        recorded_by: cause.recorded_by,
        note: cause.note,
    }
}

fn summary_message(summary: &Summary) -> v1::DiffSummary {
    let count = |(reason, count): (ChangeReason, u64)| v1::ReasonCount { reason: reason.to_wire(), count };
    v1::DiffSummary {
        changes: summary.changes(),
        world: summary.world(),
        knowledge: summary.knowledge(),
        entered: summary.entered,
        left: summary.left,
        reasons: summary.reasons().map(count).collect(),
        line: summary.line(),
    }
}
