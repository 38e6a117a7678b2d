//! Parties that were said to be one, when, and what a question means by them.
//!
//! Nothing recorded is rewritten when parties are merged. Claims keep the ids they were recorded with, and a question is
//! widened instead: whoever asks for a party asks for every id that answers as the same survivor at the cut.
//!
//! ```text
//!    position   what was recorded           at a cut here RUS is     AZE-RUS also finds what bears on
//!       10      RUS merged into RUF         RUF                      AZE-RUF, AZE-RUF-RUS
//!       20      RUF merged into ROS         ROS (so is RUF)          AZE-ROS, AZE-RUF, ...
//!       30      RUS unmerged                RUS                      nothing else
//! ```
//!
//! A relationship is a set of parties, so under a merge it is the set of their survivors. One that shrinks to a single party
//! is no relationship any more, but is still found by whoever asks for it by the ids it was recorded with.
//!
//! Invariant, kept by [`super::decide`]: at every cut, merges form trees.

use super::filter::{Filter, FilterItem, Voice};
use super::name::PartyId;
use super::position::Position;
use super::relationship::RelationshipId;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// The ids under which one relationship may have been recorded are tried one by one up to so many; beyond, all that are
/// known are looked through.
const FEW: usize = 256;

/// Every merge and unmerge.
#[derive(Clone, Debug, Default)]
pub struct Merges {
    /// Of each party that ever was merged: when it was, and into which; none where that was undone.
    turns: HashMap<PartyId, Vec<(Position, Option<PartyId>)>>,
    /// Of each party that others ever were merged into: those, sorted.
    merged: HashMap<PartyId, Vec<PartyId>>,
    /// Positions of all changes, in order, with the party that was merged there or is no longer.
    changes: Vec<(Position, PartyId)>,
}

impl Merges {
    /// Notes that a party was merged into another, later than all before.
    pub fn merge(&mut self, position: Position, merged: PartyId, survivor: PartyId) {
        let ever = self.merged.entry(survivor.clone()).or_default();
        if let Err(at) = ever.binary_search(&merged) {
            ever.insert(at, merged.clone());
        }
        self.turn(position, merged, Some(survivor));
    }

    /// Notes that the merge of a party was undone, later than all before.
    pub fn unmerge(&mut self, position: Position, merged: PartyId) {
        self.turn(position, merged, None);
    }

    fn turn(&mut self, position: Position, merged: PartyId, into: Option<PartyId>) {
        self.changes.push((position, merged.clone()));
        self.turns.entry(merged).or_default().push((position, into));
    }

    /// What of it was known at a cut.
    #[must_use]
    pub fn up_to(&self, cut: Position) -> Self {
        let mut known = self.clone();
        known.changes.retain(|(at, _)| *at <= cut);
        known.turns.values_mut().for_each(|turns| turns.retain(|(at, _)| *at <= cut));
        known
    }

    /// Who answers for whom at a cut.
    #[must_use]
    pub const fn at(&self, cut: Position) -> MergesAt<'_> {
        MergesAt { merges: self, cut }
    }

    /// The number of merges and unmerges after a position.
    #[must_use]
    pub fn count_after(&self, position: Position) -> usize {
        self.changes.len() - self.changes.partition_point(|(at, _)| *at <= position)
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
        let before = self.at(after);
        let answering: HashSet<&str> =
            filter.items.iter().flat_map(named).map(|party| before.survivor(party)).collect();
        let from = self.changes.partition_point(|(at, _)| *at <= after);
        let mut changes = self.changes.get(from..).unwrap_or_default().iter().take_while(|(at, _)| *at <= until);
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
}

/// Who answers for whom at a cut.
#[derive(Clone, Copy, Debug)]
pub struct MergesAt<'m> {
    merges: &'m Merges,
    cut: Position,
}

impl<'m> MergesAt<'m> {
    /// Whether nobody was ever merged, at any cut.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.merges.turns.is_empty()
    }

    /// The party that a party is merged into, itself and not the last survivor.
    #[must_use]
    pub fn merged_into(&self, party: &str) -> Option<&'m PartyId> {
        let turns = self.merges.turns.get(party)?;
        let seen = turns.partition_point(|(at, _)| *at <= self.cut);
        turns.get(seen.checked_sub(1)?)?.1.as_ref()
    }

    /// The party that answers for a party: itself, unless it is merged.
    #[must_use]
    pub fn survivor<'p>(&self, party: &'p str) -> &'p str
    where
        'm: 'p,
    {
        self.survivor_after(party, &mut 0)
    }

    /// The same; adds the number of merges on the way to `walked`.
    pub(crate) fn survivor_after<'p>(&self, party: &'p str, walked: &mut u64) -> &'p str
    where
        'm: 'p,
    {
        let mut last = party;
        while let Some(into) = self.merged_into(last) {
            *walked += 1;
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

    fn merged_directly(&self, party: &str) -> impl Iterator<Item = &'m PartyId> {
        let (merges, party) = (*self, party.to_owned());
        let ever = self.merges.merged.get(party.as_str()).into_iter().flatten();
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

    /// The parties of a relationship as they answer, sorted, each once.
    fn survivors<'p>(&self, relationship: &'p str) -> Vec<&'p str>
    where
        'm: 'p,
    {
        let mut parties: Vec<&str> = relationship.split('-').map(|party| self.survivor(party)).collect();
        parties.sort_unstable();
        parties.dedup();
        parties
    }

    /// The id under which a relationship answers; none where its parties answer as one.
    #[must_use]
    pub fn relationship<'p>(&self, id: &'p str) -> Option<Cow<'p, str>> {
        if self.is_empty() || id.split('-').all(|party| self.merged_into(party).is_none()) {
            return Some(id.into());
        }
        let survivors = self.survivors(id);
        (survivors.len() > 1).then(|| survivors.join("-").into())
    }

    /// The filter widened to every id that answers as one it names. `known` gives every relationship that claims may bear
    /// on; it is asked only where there are too many ids to try.
    #[must_use]
    pub fn widen<'f, 'k, K: Iterator<Item = &'k str>>(
        &self,
        filter: &'f Filter,
        known: impl Fn() -> K,
    ) -> Cow<'f, Filter> {
        if self.is_empty() || !filter.items.iter().any(|item| self.concerns(item)) {
            return Cow::Borrowed(filter);
        }
        Cow::Owned(self.widened(filter, &known))
    }

    fn widened<'k, K: Iterator<Item = &'k str>>(&self, filter: &Filter, known: &impl Fn() -> K) -> Filter {
        Filter { items: filter.items.iter().map(|item| self.widen_item(item, known)).collect() }
    }

    /// Returns true if no merge or unmerge up to another cut changes what a filter asks for, and none did before: it then asks
    /// for the ids that it names and no others.
    #[must_use]
    pub fn leaves_alone(&self, filter: &Filter, until: Position) -> bool {
        self.is_empty()
            || (!filter.items.iter().any(|item| self.concerns(item))
                && self.merges.next_change_for(filter, self.cut, until).is_none())
    }

    /// Whether an item names a party that does not answer for itself alone.
    fn concerns(&self, item: &FilterItem) -> bool {
        named(item).any(|party| self.is_one_of_many(party))
    }

    fn is_one_of_many(&self, party: &str) -> bool {
        self.merged_into(party).is_some() || self.merged_directly(party).next().is_some()
    }

    fn widen_item<'k, K: Iterator<Item = &'k str>>(&self, item: &FilterItem, known: &impl Fn() -> K) -> FilterItem {
        let mut wide = item.clone();
        wide.parties = self.widen_parties(&item.parties);
        wide.asserted_by = self.widen_parties(&item.asserted_by);
        wide.voices.clear();
        for voice in &item.voices {
            let alike = voice.party().map(|party| self.widen_parties(std::slice::from_ref(party)));
            match alike {
                Some(alike) => wide.voices.extend(alike.into_iter().map(Voice::Party)),
                None => wide.voices.push(voice.clone()),
            }
        }
        sort_once(&mut wide.voices);
        wide.party_roles.clear();
        for (party, role) in &item.party_roles {
            let alike = self.widen_parties(std::slice::from_ref(party));
            wide.party_roles.extend(alike.into_iter().map(|party| (party, role.clone())));
        }
        wide.relationships.clear();
        let mut sought = HashSet::new();
        for id in &item.relationships {
            sought.extend(self.recorded_as(id, &mut wide.relationships));
        }
        if !sought.is_empty() {
            let same = known().filter(|other| sought.contains(&self.survivors(other)));
            wide.relationships.extend(same.filter_map(|other| RelationshipId::parse(other).ok()));
        }
        sort_once(&mut wide.relationships);
        sort_once(&mut wide.party_roles);
        wide
    }

    fn widen_parties(&self, parties: &[PartyId]) -> Vec<PartyId> {
        let alike = parties.iter().flat_map(|party| self.alike(party.as_str()));
        let mut wide = alike.filter_map(|id| PartyId::parse(id).ok()).collect();
        sort_once(&mut wide);
        wide
    }

    /// Adds every id under which the relationship may have been recorded: of each of its parties, as they answer, one or
    /// more of the ids that answer so. Where these are too many to try, its parties as they answer, by which to look for them.
    fn recorded_as<'p>(&self, id: &'p RelationshipId, found: &mut Vec<RelationshipId>) -> Option<Vec<&'p str>>
    where
        'm: 'p,
    {
        found.push(id.clone());
        let survivors = self.survivors(id.as_str());
        let alike: Vec<Vec<&str>> = survivors.iter().map(|party| self.alike(party)).collect();
        let choices = |ids: &Vec<&str>| 1_usize.checked_shl(u32::try_from(ids.len()).ok()?).map(|all| all - 1);
        let ways = alike.iter().try_fold(1_usize, |ways, ids| ways.checked_mul(choices(ids)?));
        if ways.is_some_and(|ways| ways <= FEW) {
            let ids = combinations(&alike).into_iter().map(|parties| parties.join("-"));
            found.extend(ids.filter_map(|id| RelationshipId::parse(&id).ok()));
            return None;
        }
        Some(survivors)
    }
}

/// Every party that an item names.
fn named(item: &FilterItem) -> impl Iterator<Item = &str> {
    let voices = item.voices.iter().filter_map(Voice::party);
    let said = item.asserted_by.iter().chain(voices);
    let ids = item.parties.iter().chain(said).chain(item.party_roles.iter().map(|(id, _)| id));
    let members = item.relationships.iter().flat_map(RelationshipId::parties);
    ids.map(PartyId::as_str).chain(members)
}

fn sort_once<T: Ord>(values: &mut Vec<T>) {
    values.sort_unstable();
    values.dedup();
}

/// Every way to take one or more of each list.
fn combinations<'p>(lists: &[Vec<&'p str>]) -> Vec<Vec<&'p str>> {
    lists.iter().fold(vec![Vec::new()], |begun, list| {
        let ways = 1_usize << list.len();
        let chosen = |way: usize| list.iter().enumerate().filter(move |(at, _)| way >> at & 1 == 1).map(|(_, id)| *id);
        let longer = |begun: &Vec<&'p str>, way| begun.iter().copied().chain(chosen(way)).collect();
        begun.iter().flat_map(|begun| (1..ways).map(move |way| longer(begun, way))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{SourceId, Word};
    use proptest::prelude::*;

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

    fn widened(at: MergesAt<'_>, id: &str) -> Vec<String> {
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
        let at = merges.at(Position(20));
        assert_eq!(at.relationship("AZE-RUS").as_deref(), Some("AZE-ROS"));
        assert_eq!(at.relationship("AZE-RUF-RUS").as_deref(), Some("AZE-ROS"));
        assert_eq!(at.relationship("AZE-TUR").as_deref(), Some("AZE-TUR"));
        assert_eq!(at.relationship("RUF-RUS"), None);
    }

    #[test]
    fn a_filter_is_widened_to_every_id_that_answers_alike() {
        let merges = merges();
        assert_eq!(widened(merges.at(Position(10)), "AZE-RUS"), ["AZE-RUF", "AZE-RUF-RUS", "AZE-RUS"]);
        assert_eq!(widened(merges.at(Position(10)), "AZE-RUF"), ["AZE-RUF", "AZE-RUF-RUS", "AZE-RUS"]);
        assert_eq!(widened(merges.at(Position(20)), "AZE-ROS").len(), 7);
        assert_eq!(widened(merges.at(Position(10)), "RUF-RUS"), ["RUF-RUS"]);
        assert_eq!(widened(merges.at(Position(30)), "AZE-RUS"), ["AZE-RUS"]);
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
