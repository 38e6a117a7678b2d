//! Parties that were said to be one, the positions at which they were, and the ids that a question means by them.
//!
//! Nothing recorded is rewritten when parties are merged. Claims keep the ids they were recorded with, and a question is
//! widened instead: a question for a party is one for every id that answers as the same survivor at the cut.
//!
//! ```text
//!    position   what was recorded           at a cut here RUS is     AZE-RUS also finds what bears on
//!       10      RUS merged into RUF         RUF                      AZE-RUF, AZE-RUF-RUS
//!       20      RUF merged into ROS         ROS (so is RUF)          AZE-ROS, AZE-RUF, ...
//!       30      RUS unmerged                RUS                      nothing else
//! ```
//!
//! A relationship is a set of parties, so under a merge it is the set of their survivors. One that shrinks to a single party
//! is no relationship any more, but is still found by the ids it was recorded with.
//!
//! [`MergesAt`] widens a filter, which an index needs to find claims. [`Survivors`] compares ids one by one.
//! [`AnsweringHistory`] does so over all of recorded time.
//!
//! Invariant, kept by [`super::decide`]: at every cut, merges form trees.

mod answering;
mod survivors;
mod widening;

use super::filter::{Filter, FilterItem, Voice};
use super::name::PartyId;
use super::position::Position;
use super::relationship::RelationshipId;
pub use answering::{AnsweringAt, AnsweringHistory};
use imbl::{HashMap, OrdSet, Vector};
use std::collections::HashSet;
pub use survivors::{Answering, Survivors};

/// Every merge and unmerge. A copy shares what it holds with its original, so that taking one costs nothing.
#[derive(Clone, Debug, Default)]
pub struct Merges {
    /// The changes of each party that ever was merged: the position, and the party it was merged into; none where that was
    /// undone.
    turns: HashMap<PartyId, Vector<(Position, Option<PartyId>)>>,
    /// The parties that ever were merged into each party.
    merged: HashMap<PartyId, OrdSet<PartyId>>,
    /// Positions of all changes, in order, with the party that was merged there or is no longer.
    changes: Vector<(Position, PartyId)>,
}

impl Merges {
    /// Notes that a party was merged into another, later than all before.
    pub fn merge(&mut self, position: Position, merged: PartyId, survivor: PartyId) {
        self.merged.entry(survivor.clone()).or_default().insert(merged.clone());
        self.turn(position, merged, Some(survivor));
    }

    /// Notes that the merge of a party was undone, later than all before.
    pub fn unmerge(&mut self, position: Position, merged: PartyId) {
        self.turn(position, merged, None);
    }

    fn turn(&mut self, position: Position, merged: PartyId, into: Option<PartyId>) {
        self.changes.push_back((position, merged.clone()));
        self.turns.entry(merged).or_default().push_back((position, into));
    }

    /// The merges known at a cut. Costs with the number of those after it.
    #[must_use]
    pub fn up_to(&self, cut: Position) -> Self {
        let mut known = self.clone();
        while let Some((_, party)) = known.changes.back().filter(|(at, _)| *at > cut).cloned() {
            known.changes.pop_back();
            if let Some(turns) = known.turns.get_mut(&party) {
                turns.pop_back();
            }
        }
        known
    }

    /// The merges as they stand at a cut.
    #[must_use]
    pub const fn at(&self, cut: Position) -> MergesAt<'_> {
        MergesAt { merges: self, cut }
    }

    /// The number of merges and unmerges after a position.
    #[must_use]
    pub fn count_after(&self, position: Position) -> usize {
        self.changes.len() - count_up_to(&self.changes, position)
    }

    /// Returns true if a party was merged or unmerged at a position.
    #[must_use]
    pub fn change_at(&self, position: Position) -> bool {
        self.changes.binary_search_by_key(&position, |(at, _)| *at).is_ok()
    }

    /// The first change after a position, up to another, with which other ids come to answer as a party that a filter names.
    /// Concerned parties are found by the survivors of the parties in a change and of the named ones, not by all their ids.
    #[must_use]
    pub fn next_change_for(&self, filter: &Filter, after: Position, until: Position) -> Option<Position> {
        let from = count_up_to(&self.changes, after);
        if self.changes.get(from).is_none_or(|(at, _)| *at > until) {
            return None;
        }
        let before = Survivors::new(self.at(after));
        let answering: HashSet<&str> = named_parties(filter).map(|party| before.survivor(party)).collect();
        let mut changes = self.changes.focus().narrow(from..).into_iter().take_while(|(at, _)| *at <= until);
        // Up to the first change that concerns them, the same parties answer for them.
        let concerns = |(at, party): &&(Position, PartyId)| {
            let merged = party.as_str();
            match self.at(*at).merged_into(merged) {
                Some(survivor) => answering.contains(merged) || answering.contains(survivor.as_str()),
                None => answering.contains(self.at(at.before()).survivor(merged)),
            }
        };
        changes.find(concerns).map(|(at, _)| *at)
    }

    /// Every id that ever answered as one of these parties, these too, and perhaps others that were ever merged with
    /// one of them; in no order.
    fn ever_alike<'p>(&'p self, parties: impl IntoIterator<Item = &'p str>) -> Vec<&'p str> {
        let mut found: Vec<&str> = parties.into_iter().collect();
        let mut known: HashSet<&str> = found.iter().copied().collect();
        let mut next = 0;
        while let Some(party) = found.get(next).copied() {
            let into = self.turns.get(party).into_iter().flatten().filter_map(|(_, into)| into.as_ref());
            let merged = self.merged.get(party).into_iter().flatten();
            found.extend(into.chain(merged).map(PartyId::as_str).filter(|id| known.insert(id)));
            next += 1;
        }
        found
    }
}

/// The number of changes up to a position, of changes in order.
fn count_up_to<T: Clone>(changes: &Vector<(Position, T)>, position: Position) -> usize {
    changes.binary_search_by_key(&position, |(at, _)| *at).map_or_else(|behind| behind, |at| at + 1)
}

/// The merges as they stand at a cut.
#[derive(Clone, Copy, Debug)]
pub struct MergesAt<'m> {
    merges: &'m Merges,
    cut: Position,
}

impl<'m> MergesAt<'m> {
    /// Returns true if nobody was ever merged, at any cut.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.merges.turns.is_empty()
    }

    /// The party that a party is merged into, itself and not the last survivor.
    #[must_use]
    pub fn merged_into(&self, party: &str) -> Option<&'m PartyId> {
        let turns = self.merges.turns.get(party)?;
        turns.get(count_up_to(turns, self.cut).checked_sub(1)?)?.1.as_ref()
    }

    /// The party that answers for a party: itself, unless it is merged. [`Survivors`] finds those of many.
    #[must_use]
    pub fn survivor<'p>(&self, party: &'p str) -> &'p str
    where
        'm: 'p,
    {
        let mut last = party;
        while let Some(into) = self.merged_into(last) {
            last = into.as_str();
        }
        last
    }

    /// The other parties that a survivor answers for, sorted.
    #[must_use]
    pub fn merged_parties(&self, survivor: &str) -> Vec<&'m PartyId> {
        let mut found: Vec<&PartyId> = self.merged_directly(survivor).collect();
        let mut next = 0;
        while let Some(party) = found.get(next).copied() {
            found.extend(self.merged_directly(party.as_str()));
            next += 1;
        }
        found.sort_unstable();
        found
    }

    fn merged_directly<'p>(&self, party: &'p str) -> impl Iterator<Item = &'m PartyId> + use<'m, 'p> {
        let merges = *self;
        let ever = self.merges.merged.get(party).into_iter().flatten();
        ever.filter(move |of| merges.merged_into(of.as_str()).is_some_and(|into| into.as_str() == party))
    }

    /// Every id that answers as a party does, its own too, sorted.
    fn alike<'p>(&self, party: &'p str) -> Vec<&'p str>
    where
        'm: 'p,
    {
        let survivor = self.survivor(party);
        let merged = self.merged_parties(survivor);
        let mut all: Vec<&str> = merged.into_iter().map(PartyId::as_str).chain([survivor]).collect();
        all.sort_unstable();
        all
    }

    /// Returns true if no merge or unmerge up to another cut changes what a filter asks for, and none did before: it then asks
    /// for the ids that it names and no others.
    #[must_use]
    pub fn leaves_alone(&self, filter: &Filter, until: Position) -> bool {
        self.is_empty() || (!self.concerns(filter) && self.merges.next_change_for(filter, self.cut, until).is_none())
    }

    /// Returns true if a filter names a party that does not answer for itself alone.
    fn concerns(&self, filter: &Filter) -> bool {
        named_parties(filter).any(|party| self.is_one_of_many(party))
    }

    fn is_one_of_many(&self, party: &str) -> bool {
        self.merged_into(party).is_some() || self.merged_directly(party).next().is_some()
    }
}

/// Every party that a filter names.
fn named_parties(filter: &Filter) -> impl Iterator<Item = &str> {
    filter.items.iter().flat_map(named_in)
}

/// Every party that an item names.
fn named_in(item: &FilterItem) -> impl Iterator<Item = &str> {
    let voices = item.voices.iter().filter_map(Voice::party);
    let said = item.asserted_by.iter().chain(voices);
    let ids = item.parties.iter().chain(said).chain(item.party_roles.iter().map(|(id, _)| id));
    let members = item.relationships.iter().flat_map(RelationshipId::parties);
    ids.map(PartyId::as_str).chain(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{SourceId, Word};
    use proptest::prelude::*;
    use std::borrow::Cow;

    fn party(id: &str) -> PartyId {
        PartyId::parse(id).unwrap()
    }

    fn relationship(id: &str) -> RelationshipId {
        RelationshipId::parse(id).unwrap()
    }

    /// The history of the header.
    fn merges() -> Merges {
        let mut merges = Merges::default();
        merges.merge(Position(10), party("RUS"), party("RUF"));
        merges.merge(Position(20), party("RUF"), party("ROS"));
        merges.unmerge(Position(30), party("RUS"));
        merges
    }

    fn widen_id(at: MergesAt<'_>, id: &str) -> Vec<String> {
        let item = FilterItem { relationships: vec![relationship(id)], ..FilterItem::default() };
        let filter = Filter { items: vec![item] };
        let wide = at.widen(&filter, std::iter::empty::<&str>);
        wide.items[0].relationships.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_party_answers_as_its_last_survivor_from_the_merge_until_it_is_undone() {
        let merges = merges();
        let survivors = |cut| {
            let at = merges.at(Position(cut));
            ["RUS", "RUF", "ROS", "AZE"].map(|party| at.survivor(party).to_owned())
        };
        assert_eq!(survivors(9), ["RUS", "RUF", "ROS", "AZE"]);
        assert_eq!(survivors(10), ["RUF", "RUF", "ROS", "AZE"]);
        assert_eq!(survivors(20), ["ROS", "ROS", "ROS", "AZE"]);
        assert_eq!(survivors(30), ["RUS", "ROS", "ROS", "AZE"]);
    }

    #[test]
    fn a_survivor_names_all_that_it_answers_for() {
        let merges = merges();
        let of = |cut, party| {
            let merged = merges.at(Position(cut)).merged_parties(party);
            merged.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(of(20, "ROS"), ["RUF", "RUS"]);
        assert_eq!(of(30, "ROS"), ["RUF"]);
        assert!(of(9, "RUF").is_empty() && of(30, "RUF").is_empty());
    }

    #[test]
    fn a_relationship_is_the_set_of_its_survivors_and_none_where_they_are_one() {
        let merges = merges();
        let at = Survivors::new(merges.at(Position(20)));
        assert_eq!(at.relationship("AZE-RUS").as_deref(), Some("AZE-ROS"));
        assert_eq!(at.relationship("AZE-RUF-RUS").as_deref(), Some("AZE-ROS"));
        assert_eq!(at.relationship("AZE-TUR").as_deref(), Some("AZE-TUR"));
        assert_eq!(at.relationship("RUF-RUS"), None);
    }

    #[test]
    fn a_filter_is_widened_to_every_id_that_answers_alike() {
        let merges = merges();
        assert_eq!(widen_id(merges.at(Position(10)), "AZE-RUS"), ["AZE-RUF", "AZE-RUF-RUS", "AZE-RUS"]);
        assert_eq!(widen_id(merges.at(Position(10)), "AZE-RUF"), ["AZE-RUF", "AZE-RUF-RUS", "AZE-RUS"]);
        assert_eq!(widen_id(merges.at(Position(20)), "AZE-ROS").len(), 7);
        assert_eq!(widen_id(merges.at(Position(10)), "RUF-RUS"), ["RUF-RUS"]);
        assert_eq!(widen_id(merges.at(Position(30)), "AZE-RUS"), ["AZE-RUS"]);
        let role = Word::parse("actor").unwrap();
        let gazette = SourceId::parse("gazette").unwrap();
        let item = FilterItem {
            parties: vec![party("RUF")],
            asserted_by: vec![party("TUR")],
            party_roles: vec![(party("RUS"), role.clone())],
            voices: vec![Voice::Source(gazette.clone()), Voice::Party(party("RUS"))],
            ..FilterItem::default()
        };
        let filter = Filter { items: vec![item] };
        let at = merges.at(Position(10));
        let wide = at.widen(&filter, std::iter::empty::<&str>).into_owned();
        let expected = FilterItem {
            parties: vec![party("RUF"), party("RUS")],
            asserted_by: vec![party("TUR")],
            party_roles: vec![(party("RUF"), role.clone()), (party("RUS"), role)],
            voices: vec![Voice::Party(party("RUF")), Voice::Party(party("RUS")), Voice::Source(gazette)],
            ..FilterItem::default()
        };
        assert_eq!(wide, Filter { items: vec![expected] });
    }

    #[test]
    fn a_filter_that_no_merge_concerns_is_not_touched() {
        let merges = merges();
        let asked = |id: &str| Filter { items: vec![FilterItem { parties: vec![party(id)], ..FilterItem::default() }] };
        let said = |id: &str| Filter::default().from_voices(&[Voice::Party(party(id))]);
        assert!(matches!(merges.at(Position(9)).widen(&said("RUS"), std::iter::empty::<&str>), Cow::Borrowed(_)));
        assert!(matches!(merges.at(Position(10)).widen(&said("RUS"), std::iter::empty::<&str>), Cow::Owned(_)));
        let is_same = |cut, id| {
            let filter = asked(id);
            matches!(merges.at(Position(cut)).widen(&filter, std::iter::empty::<&str>), Cow::Borrowed(_))
        };
        assert!(is_same(30, "AZE") && is_same(9, "RUS") && is_same(30, "RUS"));
        assert!(!is_same(10, "RUS") && !is_same(10, "RUF"));
    }

    fn of_party(id: &str) -> Filter {
        Filter { items: vec![FilterItem { parties: vec![party(id)], ..FilterItem::default() }] }
    }

    #[test]
    fn a_filter_asks_for_others_from_the_next_merge_that_concerns_it() {
        let merges = merges();
        let next = |after, id: &str| {
            let item = FilterItem { relationships: vec![relationship(id)], ..FilterItem::default() };
            let filter = Filter { items: vec![item] };
            merges.next_change_for(&filter, Position(after), Position(35)).map(|at| at.0)
        };
        assert_eq!([9, 10, 20, 30].map(|after| next(after, "AZE-RUS")), [Some(10), Some(20), Some(30), None]);
        assert_eq!((next(9, "AZE-ROS"), next(29, "AZE-ROS"), next(1, "AZE-TUR")), (Some(20), Some(30), None));
        assert_eq!(merges.next_change_for(&of_party("RUS"), Position(0), Position(9)), None);
    }

    proptest! {
        #[test]
        fn a_change_concerns_a_party_exactly_where_it_answers_with_others_than_before(
            moves in prop::collection::vec((0_usize..7, 0_usize..7), 0..25),
        ) {
            let id = |number: usize| format!("P{number}");
            let mut merges = Merges::default();
            for ((one, other), position) in moves.into_iter().zip(1..) {
                let (position, now) = (Position(position), merges.at(Position(position)));
                let (is_merged, is_free) = (now.merged_into(&id(one)).is_some(), now.merged_into(&id(other)).is_none());
                match (is_merged, is_free && one != other) {
                    (true, _) => merges.unmerge(position, party(&id(one))),
                    (false, true) => merges.merge(position, party(&id(one)), party(&id(other))),
                    (false, false) => {}
                }
            }
            for (asked, after) in (0..7).flat_map(|asked| (0..27).map(move |after| (id(asked), after))) {
                let alike = |at: u64| merges.at(Position(at)).alike(&asked);
                let expected = (after + 1..=24).find(|at| alike(at - 1) != alike(*at)).map(Position);
                prop_assert_eq!(merges.next_change_for(&of_party(&asked), Position(after), Position(24)), expected);
            }
        }
    }

    #[test]
    fn of_very_many_ids_those_are_taken_that_claims_bear_on() {
        let mut merges = Merges::default();
        for nth in 1..=40 {
            merges.merge(Position(nth), party(&format!("OLD{nth}")), party("NEW"));
        }
        let known = ["AZE-OLD7", "ARM-OLD7", "AZE-NEW-OLD40", "AZE-RUS", "NEW-OLD3"];
        let item = FilterItem { relationships: vec![relationship("AZE-OLD1")], ..FilterItem::default() };
        let filter = Filter { items: vec![item] };
        let at = merges.at(Position(40));
        let wide = at.widen(&filter, || known.into_iter());
        let expected = ["AZE-NEW-OLD40", "AZE-OLD1", "AZE-OLD7"].map(relationship);
        assert_eq!(wide.items[0].relationships, expected);
    }

    #[test]
    fn the_end_of_a_long_chain_is_found_without_walking_it_each_time() {
        let mut merges = Merges::default();
        let id = |nth: u64| format!("P{nth}");
        for nth in 1..=4_000 {
            merges.merge(Position(nth), party(&id(nth)), party(&id(nth + 1)));
        }
        let survivors = Survivors::new(merges.at(Position(3_000)));
        let (first, last) = (id(1), id(3_001));
        assert_eq!(survivors.survivor(&first), last);
        survivors.take_walked();
        let ids: Vec<String> = (1..=4_000).map(id).collect();
        for (of, nth) in ids.iter().zip(1..) {
            assert_eq!(survivors.survivor(of), if nth <= 3_000 { &last } else { of });
        }
        assert!(survivors.take_walked() < 4_000 * 2 * survivors::SHORT, "each chain was walked to its end");
    }

    #[test]
    fn what_was_known_at_a_cut_can_be_continued_in_another_way() {
        let mut supposed = merges().up_to(Position(19));
        supposed.merge(Position(20), party("RUF"), party("TUR"));
        let at = supposed.at(Position(40));
        assert_eq!((at.survivor("RUS"), at.survivor("ROS")), ("TUR", "ROS"));
        assert!(at.merged_parties("ROS").is_empty());
        let changes: Vec<u64> = supposed.changes.iter().map(|(at, _)| at.0).collect();
        assert_eq!(changes, [10, 20]);
    }
}
