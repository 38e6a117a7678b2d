//! Which claim the event at a position is about: the way from the log back to the index, four bytes an event.
//!
//! A feed asks of each new event whether it touches what a filter means. Finding the claims that match and looking through
//! their revisions would cost with the record; looking at the one claim of an event costs with what is new.
//!
//! A filter that leads to few claims is asked the other way round over a long stretch ([`Index::touched_in`]): of 1000
//! claims it is known in no time which of a million events touched them.

use super::Index;
use super::claims::ClaimNo;
use super::query::Compiled;
use crate::domain::filter::Filter;
use crate::domain::position::Position;

/// So few claims are looked through rather than every event of a stretch.
const FEW: usize = 4096;

/// The claims of all events, in the order of the log.
#[derive(Default)]
pub(crate) struct ByPosition(Vec<ClaimNo>);

/// Stands for an event that is about no claim.
const NONE: ClaimNo = ClaimNo::MAX;

impl ByPosition {
    /// Notes what the event at the next position is about.
    pub(super) fn add(&mut self, claim: Option<ClaimNo>) {
        self.0.push(claim.unwrap_or(NONE));
    }

    /// The claim that the event at a position is about, if it is about one.
    pub(crate) fn claim(&self, position: Position) -> Option<ClaimNo> {
        let at = usize::try_from(position.0.checked_sub(1)?).ok()?;
        self.0.get(at).copied().filter(|claim| *claim != NONE)
    }
}

impl Index {
    /// Adds the events after a position that touch a claim that matches before or after the event, in order; looks at
    /// about `glance` events, or at many more where the filter makes that as cheap, and no further than `until`. Returns
    /// how far it looked.
    pub(crate) fn touched_in(
        &self,
        filter: &Filter,
        (after, until): (Position, Position),
        glance: u64,
        found: &mut impl Extend<Position>,
    ) -> Position {
        const FAR: u64 = 1 << 18;
        let compiled = &self.compile(filter);
        let far = until.min(after.plus(FAR));
        if far.0 - after.0 > glance && self.candidate_count(compiled) <= FEW {
            found.extend(self.touching_compiled(compiled, after, far));
            return far;
        }
        let near = until.min(after.plus(glance));
        found.extend((after.0 + 1..=near.0).map(Position).filter(|position| self.touches_at(compiled, *position)));
        near
    }

    /// Whether the event at a position touches a claim that matches before or after it.
    fn touches_at(&self, compiled: &Compiled<'_>, position: Position) -> bool {
        let Some(claim) = self.by_position.claim(position) else { return false };
        let revisions = self.claims.revisions(claim);
        let made = revisions.binary_search_by_key(&position, |revision| revision.position);
        made.is_ok_and(|at| self.touches_revision(compiled, claim, at))
    }
}
