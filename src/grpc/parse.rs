//! What the questions have in common: a filter and a cut, and that all that is wrong is told at once.

use super::status::Refusal;
use crate::domain::command::Supposed;
use crate::domain::cut::Cut;
use crate::domain::filter::{Filter, MemberSet};
use crate::domain::rejection::Violation;
use crate::v1;
use crate::wire::command::parse_supposed;
use crate::wire::cut::{AskedCut, parse_cut};
use crate::wire::filter::parse_filter;
use crate::wire::path::At;
use crate::wire::sink::Sink;
use crate::wire::vocabulary::Twin;

/// Parses a request, and collects what is wrong with it.
pub(super) struct Parse(Sink);

impl Parse {
    /// Nothing wrong so far.
    pub(super) const fn new() -> Self {
        Self(Sink::input())
    }

    /// The filter at the field `filter`.
    pub(super) fn filter(&mut self, filter: Option<v1::Filter>, text_allowed: bool) -> Filter {
        parse_filter(filter, "filter", text_allowed, &mut self.0)
    }

    /// The cut; the head, if what is asked is none.
    pub(super) fn cut<C: AskedCut>(&mut self, cut: Option<C>) -> Cut {
        self.take(parse_cut(cut)).unwrap_or_default()
    }

    /// What the question supposes, at the field `what_if`.
    pub(super) fn supposed(&mut self, what_if: Vec<v1::Command>) -> Supposed {
        parse_supposed(what_if, &mut self.0)
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

    /// What was parsed elsewhere.
    pub(super) fn take<T>(&mut self, parsed: Result<T, Violation>) -> Option<T> {
        let wrong = |Violation { field, description }| self.wrong(&field, description);
        parsed.map_err(wrong).ok()
    }

    /// Notes what is wrong with a field.
    pub(super) fn wrong(&mut self, field: &str, description: impl Into<String>) {
        self.0.refuse(&At::root(field), description);
    }

    /// Refuses the request if anything is wrong with it.
    pub(super) fn finish(self) -> Result<(), Refusal> {
        self.0.finish().map_err(Refusal::Invalid)
    }
}
