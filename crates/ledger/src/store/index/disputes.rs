//! The disputes of claims, of which one claim may have very many: found by id, counted and listed as a cut sees them. Each
//! of these costs only as much as it returns.
//!
//! ```text
//!   (claim, number)   ──> id, event, event that resolved it      in the order in which they were recorded
//!   (claim, id)       ──> number
//!   (claim, position) ──> how many there are and stand after that event
//! ```

use super::numbers::ClaimNo;
use crate::budget::step;
use detente_domain::position::Position;
use std::ops::Range;
use uuid::Uuid;

/// The number of a dispute among those of its claim, in the order in which they were recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct DisputeNo(u32);

/// A dispute of a claim.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DisputeRow {
    /// Identity.
    pub(crate) id: Uuid,
    /// The event that recorded it.
    pub(crate) position: Position,
    /// The event that resolved it.
    pub(crate) resolved_at: Option<Position>,
}

impl DisputeRow {
    /// Returns true if it stands at a cut.
    pub(crate) fn stands_at(&self, cut: Position) -> bool {
        self.position <= cut && self.resolved_at.is_none_or(|at| at > cut)
    }
}

/// Numbers of disputes of one claim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DisputeCounts {
    /// All there ever were.
    pub(crate) all: u32,
    /// Those that stand.
    pub(crate) standing: u32,
}

/// The disputes of all claims.
#[derive(Clone, Default)]
pub(crate) struct Disputes {
    rows: imbl::OrdMap<(ClaimNo, DisputeNo), DisputeRow>,
    numbers: imbl::HashMap<(ClaimNo, Uuid), DisputeNo>,
    counts: imbl::OrdMap<(ClaimNo, Position), DisputeCounts>,
    /// The numbers of those that stand behind the last event.
    standing: imbl::OrdSet<(ClaimNo, DisputeNo)>,
    /// The claims that were ever disputed, and the last event about a dispute of each.
    disputed: imbl::HashMap<ClaimNo, Position>,
}

impl Disputes {
    /// Returns true if no claim was ever disputed.
    pub(crate) fn is_empty(&self) -> bool {
        self.disputed.is_empty()
    }

    /// The positions of all events about disputes, in no order.
    pub(super) fn positions(&self) -> impl Iterator<Item = Position> {
        self.rows.values().flat_map(|row| [Some(row.position), row.resolved_at]).flatten()
    }

    /// The claims that were ever disputed, in no order.
    pub(crate) fn claims(&self) -> impl Iterator<Item = ClaimNo> {
        self.disputed.keys().copied()
    }

    /// The number of disputes of a claim at a cut.
    pub(crate) fn counts(&self, claim: ClaimNo, cut: Position) -> DisputeCounts {
        if self.is_empty() || !self.disputed.contains_key(&claim) {
            return DisputeCounts::default();
        }
        let last = self.counts.get_prev(&(claim, cut)).filter(|((of, _), _)| *of == claim);
        last.map(|(_, counts)| *counts).unwrap_or_default()
    }

    /// A dispute of a claim, if a cut sees it.
    pub(crate) fn find(&self, claim: ClaimNo, id: Uuid, cut: Position) -> Option<DisputeRow> {
        let number = self.numbers.get(&(claim, id))?;
        self.rows.get(&(claim, *number)).filter(|row| row.position <= cut).copied()
    }

    /// The disputes of a claim up to a cut, the last one first.
    pub(crate) fn newest_first(&self, claim: ClaimNo, cut: Position) -> impl Iterator<Item = DisputeRow> {
        let all = self.counts(claim, cut).all;
        self.rows.range(first(claim, all)).rev().map(|(_, row)| *row)
    }

    /// The disputes of a claim that stand at a cut, the last one first.
    pub(crate) fn standing(&self, claim: ClaimNo, cut: Position) -> impl Iterator<Item = DisputeRow> {
        let counts = self.counts(claim, cut);
        // The disputes that stand after the last event are indexed. For an earlier cut, disputes are searched until all
        // that stood are found.
        let is_last = self.disputed.get(&claim).is_some_and(|last| *last <= cut);
        let (now, then) = if is_last { (counts.all, 0) } else { (0, counts.all) };
        let now = self.standing.range(first(claim, now)).rev().filter_map(|key| self.rows.get(key)).copied();
        let then = self.rows.range(first(claim, then)).rev().map(|(_, row)| *row);
        let then = then.inspect(|_| step()).filter(move |row| row.stands_at(cut));
        now.chain(then).take(counts.standing as usize)
    }

    /// Adds a dispute.
    pub(super) fn add(&mut self, claim: ClaimNo, id: Uuid, position: Position) {
        let mut counts = self.counts(claim, Position(u64::MAX));
        let number = DisputeNo(counts.all);
        self.rows.insert((claim, number), DisputeRow { id, position, resolved_at: None });
        self.numbers.insert((claim, id), number);
        self.standing.insert((claim, number));
        counts.all = counts.all.saturating_add(1);
        counts.standing = counts.standing.saturating_add(1);
        self.note(claim, position, counts);
    }

    /// Ends a dispute; none if the claim has no such dispute.
    pub(super) fn resolve(&mut self, claim: ClaimNo, id: Uuid, position: Position) -> Option<()> {
        let number = *self.numbers.get(&(claim, id))?;
        let mut counts = self.counts(claim, Position(u64::MAX));
        self.rows.get_mut(&(claim, number))?.resolved_at = Some(position);
        if self.standing.remove(&(claim, number)).is_some() {
            counts.standing = counts.standing.saturating_sub(1);
        }
        self.note(claim, position, counts);
        Some(())
    }

    fn note(&mut self, claim: ClaimNo, position: Position, counts: DisputeCounts) {
        self.counts.insert((claim, position), counts);
        self.disputed.insert(claim, position);
    }
}

/// The keys of the first `count` disputes of a claim.
fn first(claim: ClaimNo, count: u32) -> Range<(ClaimNo, DisputeNo)> {
    (claim, DisputeNo(0))..(claim, DisputeNo(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_cut_sees_the_disputes_that_stood_then(moves in prop::collection::vec((0_u32..3, 0_usize..4), 0..40)) {
            let mut disputes = Disputes::default();
            let mut rows: Vec<(ClaimNo, DisputeRow)> = Vec::new();
            for (at, (claim, what)) in (1_u64..).zip(moves) {
                let claim = ClaimNo::new(claim);
                let position = Position(at);
                let open = rows.iter_mut().filter(|(of, row)| *of == claim && row.resolved_at.is_none()).nth(what);
                match open {
                    Some((_, row)) => {
                        row.resolved_at = Some(position);
                        prop_assert!(disputes.resolve(claim, row.id, position).is_some());
                    }
                    None => {
                        let id = Uuid::from_u128(u128::from(at));
                        disputes.add(claim, id, position);
                        rows.push((claim, DisputeRow { id, position, resolved_at: None }));
                    }
                }
                for cut in (0..=at + 1).map(Position) {
                    let of = rows.iter().filter(|(of, row)| *of == claim && row.position <= cut).rev();
                    let all: Vec<Uuid> = of.clone().map(|(_, row)| row.id).collect();
                    let standing: Vec<Uuid> = of.filter(|(_, row)| row.stands_at(cut)).map(|(_, row)| row.id).collect();
                    let counts = DisputeCounts { all: all.len() as u32, standing: standing.len() as u32 };
                    prop_assert_eq!(disputes.counts(claim, cut), counts);
                    prop_assert_eq!(&disputes.newest_first(claim, cut).map(|row| row.id).collect::<Vec<_>>(), &all);
                    prop_assert_eq!(&disputes.standing(claim, cut).map(|row| row.id).collect::<Vec<_>>(), &standing);
                    let found = |id: &Uuid| disputes.find(claim, *id, cut).map(|row| row.stands_at(cut));
                    prop_assert!(all.iter().all(|id| found(id) == Some(standing.contains(id))));
                }
            }
        }
    }
}
