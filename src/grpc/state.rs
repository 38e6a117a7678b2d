//! `GetState`: what was the state at a date, as known at a cut?

use super::context::{context, with_hints};
use super::encoded_reply::EncodedReply;
use super::page::{Page, PageCursor};
use super::parse::Parse;
use super::service::Service;
use super::status::CallRefusal;
use super::work::here;
use detente_domain::certainty::Mode;
use detente_domain::cut::Cut;
use detente_domain::emptiness::Emptiness;
use detente_domain::moment::Moment;
use detente_domain::period::Period;
use detente_domain::position::RecordedAt;
use detente_ledger::Ledger;
use detente_ledger::query::hints::NamedIds;
use detente_ledger::query::state::StateQuery;
use detente_proto::v1;
use std::sync::Arc;

/// A question, with what its reply needs of it.
struct StateInput {
    query: StateQuery,
    page: Page,
    asked_cut: Cut,
    valid_at: String,
}

pub(super) async fn get_state(service: &Service, request: v1::GetStateRequest) -> Result<EncodedReply, CallRefusal> {
    let question = here(|| parse(&service.ledger, request))?;
    let ledger = Arc::clone(&service.ledger);
    service.threads.ask(move || answer(&ledger, &question)).await
}

fn parse(ledger: &Ledger, mut request: v1::GetStateRequest) -> Result<StateInput, CallRefusal> {
    let mut parse = Parse::new();
    let page = parse.page(&mut request, ledger.ledger_id().0);
    let filter = parse.filter(request.filter, false);
    let (period, valid_at) = asked_date(request.valid_at, &page, ledger.clock().now(), &mut parse);
    let mode = asked_mode(request.mode, &mut parse);
    let asked_cut = parse.cut(request.cut);
    let supposed = parse.what_if(request.what_if);
    parse.finish()?;
    let skip = match page.cursor {
        PageCursor::Start => 0,
        PageCursor::Number(skip) => skip,
        PageCursor::Id(_) => return Err(CallRefusal::PageToken),
    };
    let query = StateQuery {
        filter,
        valid_at: period,
        mode,
        cut: page.cut(asked_cut),
        supposed,
        include_retracted: request.include_retracted,
        skip,
        page: page.size,
    };
    Ok(StateInput { query, page, asked_cut, valid_at })
}

/// The asked date, and how it is written; without one the day it is by the ledger's clock, or was on the first page.
pub(super) fn asked_date(asked: String, page: &Page, now: RecordedAt, parse: &mut Parse) -> (Period, String) {
    const MICROS_PER_SECOND: i64 = 1_000_000;
    let today = Period::day_of(Moment(now.0.div_euclid(MICROS_PER_SECOND)));
    let asked = if asked.is_empty() { page.valid_at.clone().unwrap_or_default() } else { asked };
    if asked.is_empty() {
        return (today, today.a.to_date_string());
    }
    match Period::parse(&asked) {
        Ok(period) if asked.bytes().all(|c| c.is_ascii_digit()) && asked.len() > 4 => {
            (period, period.a.to_string_second())
        }
        Ok(period) => (period, asked),
        Err(error) => {
            parse.wrong("valid_at", error.to_string());
            (today, asked)
        }
    }
}

/// Parses the mode of the question for a date.
pub(super) fn asked_mode(number: i32, parse: &mut Parse) -> Option<Mode> {
    match v1::StateMode::try_from(number) {
        Ok(v1::StateMode::Unspecified) => None,
        Ok(v1::StateMode::HoldsAt) => Some(Mode::HoldsAt),
        Ok(v1::StateMode::OccurredBy) => Some(Mode::OccurredBy),
        Ok(v1::StateMode::OccurredIn) => Some(Mode::OccurredIn),
        Err(_) => {
            parse.wrong("mode", format!("{number} is no StateMode"));
            None
        }
    }
}

fn answer(ledger: &Ledger, question: &StateInput) -> Result<EncodedReply, CallRefusal> {
    let StateInput { query, page, asked_cut, valid_at } = question;
    let state = ledger.state(query)?;
    let next = page.token(state.at.basis, state.next.into(), valid_at);
    let context = context(&Page::at(state.at, *asked_cut), valid_at);
    let is_empty = state.emptiness == Emptiness::NothingRecorded;
    let context = with_hints(context, ledger, || NamedIds::of(&query.filter), is_empty);
    Ok(EncodedReply::state(&context, state, &next))
}
