//! Search for the events that touch a filter: those that change a claim that matches before or after.

use super::Index;
use super::evaluated_filter::MergesKnown;
use super::numbers::ClaimNo;
use super::query::CompiledFilter;
use crate::budget::step;
use detente_domain::filter::Filter;
use detente_domain::position::Position;

/// The number of events up to which they are looked at one by one, without finding the claims that match.
const FEW_EVENTS: u64 = 64;
/// The work after which the search checks if an event was found.
const AT_ONCE: u64 = 64;

impl Index {
    /// The first event after a position that belongs to a filter: it touches a claim that matches before or after that
    /// event, or changes the ids that the filter means. The writer calls this, so it takes the way that looks at less.
    pub(crate) fn first_touch(&self, filter: &Filter, after: Position) -> Option<Position> {
        let last = self.by_position.last();
        if last.0.saturating_sub(after.0) > FEW_EVENTS && self.merges.at(after).leaves_alone(filter, last) {
            let compiled = self.compile(filter);
            if self.candidate_count(&compiled) as u64 <= last.0.saturating_sub(after.0) {
                return self.touching_compiled(&compiled, after, last).first().copied();
            }
        }
        let (mut found, mut looked) = (Vec::new(), after);
        while looked < last && found.is_empty() {
            looked = self.touched_one_by_one(filter, MergesKnown::Now, (looked, last), AT_ONCE, &mut found);
        }
        found.first().copied()
    }

    /// The events after a position, up to another, that touch a claim that matches before or after that event; in order.
    pub(crate) fn touching(&self, filter: &Filter, after: Position, until: Position) -> Vec<Position> {
        self.touching_compiled(&self.compile(filter), after, until)
    }

    /// [`Index::touching`], with a filter that is compiled already.
    pub(super) fn touching_compiled(
        &self,
        compiled: &CompiledFilter<'_>,
        after: Position,
        until: Position,
    ) -> Vec<Position> {
        let mut found = Vec::new();
        for candidates in self.candidates_of(compiled, None) {
            for claim in self.claims_of(candidates) {
                self.touches(compiled, claim, after, until, &mut found);
            }
        }
        let confirmed = self.labels_confirmed_between(after, until).into_iter();
        found.extend(confirmed.filter(|position| self.confirms_compiled(compiled, *position)));
        found.sort_unstable();
        found.dedup();
        found
    }

    fn touches(
        &self,
        compiled: &CompiledFilter<'_>,
        claim: ClaimNo,
        after: Position,
        until: Position,
        found: &mut Vec<Position>,
    ) {
        let revisions = self.claims.revisions(claim);
        let from = revisions.partition_point(|revision| revision.position <= after);
        step();
        for (at, revision) in revisions.iter().enumerate().skip(from).take_while(|(_, r)| r.position <= until) {
            step();
            if self.touches_revision(compiled, claim, at) {
                found.push(revision.position);
            }
        }
    }

    /// Returns true if a claim matches right after the event that made its `at`-th revision, or right before.
    pub(super) fn touches_revision(&self, compiled: &CompiledFilter<'_>, claim: ClaimNo, at: usize) -> bool {
        let revisions = self.claims.revisions(claim);
        let Some(event) = revisions.get(at).map(|revision| revision.position) else { return false };
        let matches = |at: usize| {
            let number = revisions.get(at).map(|revision| revision.content);
            let with = number.and_then(|number| self.claims.content(number).map(|content| (number, content)));
            with.is_some_and(|(number, content)| self.matches(compiled, claim, number, content, event))
        };
        matches(at) || at.checked_sub(1).is_some_and(matches)
    }
}
