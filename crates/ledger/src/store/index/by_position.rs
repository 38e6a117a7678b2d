//! The claim of the event at each position: the way from the log back to the index, four bytes an event. So the events
//! between two cuts are found without looking at anything else ([`Index::changed_between`]).
//!
//! For each new event a feed has to know if it touches the claims of a filter. Finding the claims that match and looking
//! through their revisions would cost with the record; looking at the one claim of an event costs with the number of new
//! events.
//!
//! A long stretch is searched the other way round if the filter leads to few claims ([`Index::touched_in`]): the revisions
//! of 1000 claims are looked through sooner than a million events.
//!
//! If merges concern a filter, events are evaluated one at a time ([`super::evaluated_filter`]): writing out every id that answers
//! as one that it names, at every merge, would cost the square of the merges.
//!
//! A filter means by a merged party what it meant when the event was recorded: each event is evaluated with the merges up
//! to it, and a merge with which others answer as a party that the filter names is one of its events. So the events that a
//! filter admits are a function of the log, the same for a follower that stayed and for one that comes back.

use super::Index;
use super::evaluated_filter::MergesKnown;
use super::numbers::ClaimNo;
use super::query::CompiledFilter;
use crate::budget::{hold, step, steps};
use crate::store::shared::{SharedList, fitting};
use detente_domain::filter::Filter;
use detente_domain::position::Position;

/// The number of claims up to which their revisions are searched, rather than every event of a stretch.
const FEW: usize = 4096;
/// Maximum number of events found at once, which bounds the memory of the caller that waits for them.
const MOST_FOUND: usize = 16_384;

/// The claims of all events, in the order of the log, from the first that was taken in: suppositions begin at their cut.
#[derive(Clone, Default)]
pub(crate) struct ByPosition {
    after: Position,
    claims: SharedList<ClaimNo, { fitting::<ClaimNo>(16 << 10) }>,
}

/// Stands for an event that is about no claim.
pub(super) const NONE: ClaimNo = ClaimNo::MAX;

impl ByPosition {
    /// Notes the claim that the event at a position is about. Positions come in order, none is left out.
    pub(super) fn add(&mut self, position: Position, claim: Option<ClaimNo>) {
        if self.claims.is_empty() {
            self.after = position.before();
        }
        self.claims.push(claim.unwrap_or(NONE));
    }

    /// The claims of the events from the first of the log on.
    pub(super) fn of(claims: impl Iterator<Item = ClaimNo>) -> Self {
        let mut all = Self::default();
        claims.for_each(|claim| all.claims.push(claim));
        all
    }

    /// The positions of events about no claim.
    pub(super) fn about_none(&self) -> impl Iterator<Item = Position> {
        let places = self.claims.iter().zip(1..).filter(|(claim, _)| **claim == NONE);
        places.map(|(_, nth)| self.after.plus(nth))
    }

    /// The claim that the event at a position is about, if it is about one.
    pub(crate) fn claim(&self, position: Position) -> Option<ClaimNo> {
        let at = self.places_up_to(position).checked_sub(1)?;
        self.claims.get(at).copied().filter(|claim| *claim != NONE)
    }

    /// The position of the last event.
    pub(in crate::store) fn last(&self) -> Position {
        self.after.plus(self.claims.len() as u64)
    }

    /// The claims that the events after a position, up to another, are about, each once.
    fn between(&self, after: Position, until: Position) -> Vec<ClaimNo> {
        let stretch = self.places_up_to(after)..self.places_up_to(until).min(self.claims.len());
        let of_claims = self.claims.range(stretch).copied().inspect(|_| step()).filter(|claim| *claim != NONE);
        let mut claims: Vec<ClaimNo> = of_claims.collect();
        hold(claims.capacity() * size_of::<ClaimNo>());
        claims.sort_unstable();
        claims.dedup();
        claims
    }

    /// The number of places for the events up to a position.
    fn places_up_to(&self, position: Position) -> usize {
        usize::try_from(position.0.saturating_sub(self.after.0)).unwrap_or(usize::MAX)
    }
}

impl Index {
    /// The claims that the events after a position, up to another, are about, in the order they were first recorded. The
    /// cost grows with the number of these events alone.
    pub(crate) fn changed_between(&self, after: Position, until: Position) -> Vec<ClaimNo> {
        self.by_position.between(after, until)
    }

    /// The events after a position, up to another, that belong to a filter, in order: they touch a claim that matches
    /// before or after the event, or merge or unmerge a party that it names.
    pub(crate) fn touched_between(&self, filter: &Filter, after: Position, until: Position) -> Vec<Position> {
        if self.merges.at(after).leaves_alone(filter, until) {
            return self.touching(filter, after, until);
        }
        let mut found = Vec::new();
        self.touched_one_by_one(filter, MergesKnown::Then, (after, until), u64::MAX, &mut found);
        found
    }

    /// Adds the events after a position that belong to a filter, in order; looks at about `glance` events, or at many more
    /// where the filter makes that as cheap, and no further than `until`. Returns how far it looked.
    pub(crate) fn touched_in(
        &self,
        filter: &Filter,
        (after, until): (Position, Position),
        glance: u64,
        found: &mut impl Extend<Position>,
    ) -> Position {
        const FAR: u64 = 1 << 18;
        let near = until.min(after.plus(glance));
        // Looking through many merges that do not concern the filter would be a look each time as well.
        let far = if self.merges.count_after(after) as u64 > glance { near } else { until.min(after.plus(FAR)) };
        if self.merges.at(after).leaves_alone(filter, far) {
            return self.touched_while_the_same(&self.compile(filter), (after, far), near, found);
        }
        self.touched_one_by_one(filter, MergesKnown::Then, (after, near), glance, found)
    }

    /// The same for a stretch in which the filter asks for the same throughout: goes to its end, or only to `near`.
    fn touched_while_the_same(
        &self,
        compiled: &CompiledFilter<'_>,
        (after, far): (Position, Position),
        near: Position,
        found: &mut impl Extend<Position>,
    ) -> Position {
        if far > near && self.candidate_count(compiled) <= FEW {
            let mut touching = self.touching_compiled(compiled, after, far);
            let looked = if touching.len() > MOST_FOUND { touching.get(MOST_FOUND - 1) } else { None };
            let looked = looked.copied().unwrap_or(far);
            touching.truncate(MOST_FOUND);
            found.extend(touching);
            return looked;
        }
        let near = near.min(far);
        let work_of_event = u32::try_from(compiled.items.len().max(1)).unwrap_or(u32::MAX);
        let looked = (after.0 + 1..=near.0).map(Position).inspect(|_| steps(work_of_event));
        found.extend(looked.filter(|position| self.touches_at(compiled, *position)));
        near
    }

    /// Returns true if the event at a position touches a claim that matches before or after it.
    pub(super) fn touches_at(&self, compiled: &CompiledFilter<'_>, position: Position) -> bool {
        let Some(claim) = self.by_position.claim(position) else { return self.confirms_compiled(compiled, position) };
        let revisions = self.claims.revisions(claim);
        let made = revisions.binary_search_by_key(&position, |revision| revision.position);
        made.is_ok_and(|at| self.touches_revision(compiled, claim, at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_of_positions_has_the_claims_of_its_events_and_no_other() {
        let events = [None, Some(0), Some(1), None, None, Some(0), Some(2)].map(|claim| claim.map(ClaimNo::new));
        for start in [0, 3] {
            let mut claims = ByPosition::default();
            let placed: Vec<(u64, Option<ClaimNo>)> = (start + 1..).zip(events).collect();
            placed.iter().for_each(|(position, claim)| claims.add(Position(*position), *claim));
            placed.iter().for_each(|(position, claim)| assert_eq!(claims.claim(Position(*position)), *claim));
            assert_eq!((claims.claim(Position(start)), claims.claim(Position(start + 8))), (None, None));
            for (after, until) in (0..12).flat_map(|after| (after..12).map(move |until| (after, until))) {
                let within = placed.iter().filter(|(position, _)| (after + 1..=until).contains(position));
                let mut expected: Vec<ClaimNo> = within.filter_map(|(_, claim)| *claim).collect();
                expected.sort_unstable();
                expected.dedup();
                assert_eq!(claims.between(Position(after), Position(until)), expected, "{after} {until}");
            }
            assert_eq!(claims.between(Position(start + 5), Position(u64::MAX)), [0, 2].map(ClaimNo::new));
            assert_eq!(claims.between(Position(u64::MAX), Position(u64::MAX)), []);
        }
    }
}
