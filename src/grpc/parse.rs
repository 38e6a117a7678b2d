//! Parsing that all questions share: a filter, a cut and a page, with all violations reported at once.

use super::intake::Intake;
use super::page::{Page, PageTokenError, PagedRequest};
use super::status::{CallRefusal, NO_PAGE_TOKEN};
use detente_domain::command::Suppositions;
use detente_domain::cut::Cut;
use detente_domain::filter::{Filter, MemberSet};
use detente_domain::rejection::Violation;
use detente_ledger::wire::command::parse_supposed;
use detente_ledger::wire::cut::parse_cut;
use detente_ledger::wire::filter::parse_filter;
use detente_ledger::wire::path::At;
use detente_ledger::wire::sink::Sink;
use detente_ledger::wire::vocabulary::Twin;
use detente_proto::v1;
use uuid::Uuid;

/// Parses a request, and collects what is wrong with it.
pub(super) struct Parse {
    violations: Sink,
    page_token: Result<(), PageTokenError>,
}

impl Parse {
    /// Nothing wrong so far.
    pub(super) const fn new() -> Self {
        Self { violations: Sink::input(), page_token: Ok(()) }
    }

    /// The page that a request asks for, which is left without its size and token.
    pub(super) fn page<R: PagedRequest>(&mut self, request: &mut R, ledger: Uuid) -> Page {
        let (page, page_token) = Page::of(request, ledger);
        self.page_token = page_token;
        page
    }

    /// The filter at the field `filter`.
    pub(super) fn filter(&mut self, filter: Option<v1::Filter>, text_allowed: bool) -> Filter {
        parse_filter(filter, "filter", text_allowed, &mut self.violations)
    }

    /// Parses the cut at the field `cut`; the head if there is none.
    pub(super) fn cut(&mut self, cut: Option<v1::Cut>) -> Cut {
        self.cut_in("cut", cut)
    }

    /// Parses the cut at a field; the head if there is none.
    pub(super) fn cut_in(&mut self, field: &str, cut: Option<v1::Cut>) -> Cut {
        let within = |fault: Violation| Violation::new(format!("{field}.{}", fault.field), fault.description);
        self.take(parse_cut(cut).map_err(within)).unwrap_or_default()
    }

    /// Parses the suppositions of the question, at the field `what_if`.
    pub(super) fn what_if(&mut self, what_if: Vec<v1::Command>) -> Suppositions {
        parse_supposed(what_if, &mut self.violations)
    }

    /// The members with these numbers, at a repeated field.
    pub(super) fn members<V: Twin>(&mut self, numbers: &[i32], field: &str) -> MemberSet<V> {
        let member = |(nth, number): (usize, &i32)| match V::from_wire(*number) {
            Ok(Some(member)) => Some(member),
            _ => {
                self.wrong(&format!("{field}[{nth}]"), format!("{number} is no {} to ask for", V::NAME));
                None
            }
        };
        numbers.iter().enumerate().filter_map(member).collect()
    }

    /// Takes a value that was parsed elsewhere.
    pub(super) fn take<T>(&mut self, parsed: Result<T, Violation>) -> Option<T> {
        let wrong = |Violation { field, description }| self.wrong(&field, description);
        parsed.map_err(wrong).ok()
    }

    /// Notes what is wrong with a field.
    pub(super) fn wrong(&mut self, field: &str, description: impl Into<String>) {
        self.violations.refuse(&At::root(field), description);
    }

    /// Refuses the request if anything is wrong with it. One that is only validated ends here in any case, without a
    /// violation where it is in order.
    ///
    /// A token that fits no query is one violation among others. One of another query is only looked at in a request that is
    /// in order otherwise: mending the rest may make it the query that the token is of.
    pub(super) fn finish(self) -> Result<(), CallRefusal> {
        let only_validated = Intake::is_only_validated();
        match (self.violations.finish(), self.page_token) {
            (Ok(()), Ok(())) if !only_validated => Ok(()),
            (Ok(()), Err(_)) if !only_validated => Err(CallRefusal::PageToken),
            (checked, page_token) => {
                let mut violations = checked.err().unwrap_or_default();
                if page_token == Err(PageTokenError::Malformed) {
                    violations.push(Violation::new("page_token", NO_PAGE_TOKEN));
                }
                Err(CallRefusal::Invalid(violations))
            }
        }
    }
}
