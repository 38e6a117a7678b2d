//! Which claim each event was about, so that what happened between two cuts is found without looking at anything else.

use super::Index;
use super::claims::ClaimNo;
use crate::domain::position::Position;

/// Stands where an event was not about a claim.
const NO_CLAIM: ClaimNo = ClaimNo::MAX;

/// The claims that events were about, by position.
#[derive(Default)]
pub(super) struct Subjects(Vec<ClaimNo>);

impl Subjects {
    /// Notes which claim the event at a position is about. Positions come in order.
    pub(super) fn note(&mut self, position: Position, claim: ClaimNo) {
        self.0.resize(place_of(position), NO_CLAIM);
        self.0.push(claim);
    }

    /// The claims of the events after a position, up to another, each once.
    fn between(&self, after: Position, until: Position) -> Vec<ClaimNo> {
        let until = place_of(until.next()).min(self.0.len());
        let stretch = self.0.get(place_of(after.next())..until).unwrap_or_default();
        let mut claims: Vec<ClaimNo> = stretch.iter().copied().filter(|claim| *claim != NO_CLAIM).collect();
        claims.sort_unstable();
        claims.dedup();
        claims
    }
}

impl Index {
    /// The claims that the events after a position, up to another, are about, in the order they were first recorded. The
    /// cost grows with the number of these events alone.
    pub(crate) fn changed_between(&self, after: Position, until: Position) -> Vec<ClaimNo> {
        self.claims.subjects().between(after, until)
    }
}

/// Where the event at a position stands in the list.
fn place_of(position: Position) -> usize {
    usize::try_from(position.before().0).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_of_positions_has_the_claims_of_its_events_and_no_other() {
        let mut subjects = Subjects::default();
        let events = [(2, 0), (3, 1), (6, 0), (7, 2)];
        events.iter().for_each(|(position, claim)| subjects.note(Position(*position), *claim));
        for after in 0..10 {
            for until in 0..10 {
                let within = events.iter().filter(|(position, _)| (after + 1..=until).contains(position));
                let mut expected: Vec<ClaimNo> = within.map(|(_, claim)| *claim).collect();
                expected.sort_unstable();
                expected.dedup();
                assert_eq!(subjects.between(Position(after), Position(until)), expected, "{after} {until}");
            }
        }
        assert_eq!(subjects.between(Position(3), Position(u64::MAX)), [0, 2]);
        assert_eq!(subjects.between(Position(u64::MAX), Position(u64::MAX)), [0; 0]);
    }
}
