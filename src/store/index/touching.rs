//! Which events touch what a filter means: those that change a claim that matches before or after.

use super::Index;
use super::claims::ClaimNo;
use super::query::Compiled;
use crate::budget::step;
use crate::domain::filter::Filter;
use crate::domain::position::Position;

impl Index {
    /// The first event after a position that touches a claim that matches before or after that event.
    pub(crate) fn first_touch(&self, filter: &Filter, after: Position) -> Option<Position> {
        let compiled = self.compile(filter);
        let last = self.by_position.last();
        // The writer asks this before it decides an append: it takes the way that looks at less.
        if self.candidate_count(&compiled) as u64 <= last.0.saturating_sub(after.0) {
            return self.touching_compiled(&compiled, after, last).first().copied();
        }
        (after.0.saturating_add(1)..=last.0).map(Position).find(|position| self.touches_at(&compiled, *position))
    }

    /// The events after a position, up to another, that touch a claim that matches before or after that event; in order.
    pub(crate) fn touching(&self, filter: &Filter, after: Position, until: Position) -> Vec<Position> {
        self.touching_compiled(&self.compile(filter), after, until)
    }

    /// [`Index::touching`], with a filter that is compiled already.
    pub(super) fn touching_compiled(&self, compiled: &Compiled<'_>, after: Position, until: Position) -> Vec<Position> {
        let mut found = Vec::new();
        for candidates in self.candidates_of(compiled, None) {
            for claim in self.claims_of(candidates) {
                self.touches(compiled, claim, after, until, &mut found);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn touches(
        &self,
        compiled: &Compiled<'_>,
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

    /// Whether a claim matches right after the event that made its `at`-th revision, or right before.
    pub(super) fn touches_revision(&self, compiled: &Compiled<'_>, claim: ClaimNo, at: usize) -> bool {
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
