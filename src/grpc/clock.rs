//! `ListUpcoming`: what comes into force, lapses, stops being certain or falls due in a span, and when?

use super::context::{context, with_hints};
use super::page::{MAX_BYTES, Page, PageCursor};
use super::parse::Parse;
use super::service::Service;
use super::status::CallRefusal;
use super::work::here;
use detente_domain::cut::Cut;
use detente_domain::moment::Moment;
use detente_domain::period::Period;
use detente_domain::position::RecordedAt;
use detente_ledger::Ledger;
use detente_ledger::query::hints::NamedIds;
use detente_ledger::query::page_size::PageSize;
use detente_ledger::query::upcoming::{UpcomingQuery, UpcomingTransition};
use detente_ledger::wire::time::timestamp_of;
use detente_ledger::wire::vocabulary::Twin;
use detente_proto::v1;
use std::sync::Arc;

/// A question, with what its reply needs of it.
struct ClockQuestion {
    query: UpcomingQuery,
    page: Page,
    asked_cut: Cut,
    span: ClockSpan,
}

/// The asked span, and how it is written.
struct ClockSpan {
    from: Moment,
    until: Moment,
    first: String,
    last: String,
}

pub(super) async fn list_upcoming(
    service: &Service,
    request: v1::ListUpcomingRequest,
) -> Result<v1::ListUpcomingResponse, CallRefusal> {
    let question = here(|| parse(&service.ledger, request))?;
    let ledger = Arc::clone(&service.ledger);
    service.threads.ask(move || answer(&ledger, &question)).await
}

fn parse(ledger: &Ledger, mut request: v1::ListUpcomingRequest) -> Result<ClockQuestion, CallRefusal> {
    let mut parse = Parse::new();
    let page = parse.page(&mut request, ledger.ledger_id().0);
    let filter = parse.filter(request.filter, false);
    let span = ClockSpan::parse(&request.from, &request.until, &page, ledger.clock().now(), &mut parse);
    let transitions = parse.members(&request.transitions, "transitions");
    let asked_cut = parse.cut(request.cut);
    let supposed = parse.what_if(request.what_if);
    parse.finish()?;
    let skip = match page.cursor {
        PageCursor::Start => 0,
        PageCursor::Number(skip) => skip,
        PageCursor::Id(_) => return Err(CallRefusal::PageToken),
    };
    let cut = page.cut(asked_cut);
    let size = PageSize { bytes: MAX_BYTES, ..page.size };
    let query = UpcomingQuery { filter, span: (span.from, span.until), transitions, cut, supposed, skip, page: size };
    Ok(ClockQuestion { query, page, asked_cut, span })
}

impl ClockSpan {
    /// Returns the span from the beginning of one asked date to the end of the other. Its default begins at the request
    /// for the first page, and lasts a year.
    fn parse(from: &str, until: &str, page: &Page, now: RecordedAt, parse: &mut Parse) -> Self {
        let begin = page.valid_at.clone().unwrap_or_else(|| second_of(now).to_string_second());
        let first = if from.is_empty() { begin } else { from.to_owned() };
        let from = read(&first, "from", parse).map_or(Moment::MIN, |period| period.a);
        let last = if until.is_empty() { last_before(a_year_after(from)) } else { until.to_owned() };
        let until = if until.is_empty() { a_year_after(from) } else { end(until, parse) };
        if from.is_finite() && until <= from {
            parse.wrong("until", format!("{last} ends before {first} begins"));
        }
        Self { from, until, first, last }
    }

    fn text(&self) -> String {
        format!("{}/{}", self.first, self.last)
    }
}

fn end(until: &str, parse: &mut Parse) -> Moment {
    read(until, "until", parse).map_or(Moment::MAX, |period| period.b)
}

/// Parses an asked date. Transitions have timestamps, so the date must lie within their range.
fn read(text: &str, field: &str, parse: &mut Parse) -> Option<Period> {
    match Period::parse(text) {
        Ok(period) if timestamp_of(period.a).is_some() && timestamp_of(period.b.plus_seconds(-1)).is_some() => {
            return Some(period);
        }
        Ok(_) => parse.wrong(field, "expected a date from the year 1 to the year 9999"),
        Err(error) => parse.wrong(field, error.to_string()),
    }
    None
}

fn second_of(now: RecordedAt) -> Moment {
    const MICROS_PER_SECOND: i64 = 1_000_000;
    Moment(now.0.div_euclid(MICROS_PER_SECOND))
}

/// The same day and time of the next year; the first of March after a 29th of February.
fn a_year_after(from: Moment) -> Moment {
    let (year, month, day) = from.to_civil_day();
    let of_day = from.0.saturating_sub(from.day_start().0);
    Moment::from_civil_day(year.saturating_add(1), month, day).plus_seconds(of_day)
}

/// The last day that ends at an instant, or the last second, where it is not the beginning of a day.
fn last_before(end: Moment) -> String {
    if end == end.day_start() { end.to_end_date_string() } else { end.plus_seconds(-1).to_string_second() }
}

fn answer(ledger: &Ledger, question: &ClockQuestion) -> Result<v1::ListUpcomingResponse, CallRefusal> {
    let ClockQuestion { query, page, asked_cut, span } = question;
    let found = ledger.upcoming(query)?;
    let next_page_token = page.token(found.at.basis, found.next.into(), &span.first);
    let context = context(&Page::at(found.at, *asked_cut), &span.text());
    let context = Some(with_hints(context, ledger, || NamedIds::of(&query.filter), found.transitions.is_empty()));
    let transitions = found.transitions.into_iter().map(message).collect();
    Ok(v1::ListUpcomingResponse { context, transitions, next_page_token })
}

fn message(transition: UpcomingTransition) -> v1::UpcomingTransition {
    v1::UpcomingTransition {
        transition: transition.transition.to_wire(),
        at: timestamp_of(transition.at),
        claim: Some(transition.claim),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_after_is_the_same_day_of_the_next_year() {
        let after = |text: &str| a_year_after(Period::parse(text).unwrap().a);
        assert_eq!(last_before(after("2025-07-15")), "2026-07-14");
        assert_eq!(last_before(after("2024-02-29")), "2025-02-28");
        assert_eq!(last_before(after("2025-07-15T10:00:00Z")), "2026-07-15T09:59:59Z");
    }
}
