//! Filters with every id that answers as one they name, as an index needs them to find claims.

use super::{Merges, MergesAt, named_parties};
use crate::filter::{Filter, FilterItem, Voice};
use crate::name::PartyId;
use crate::relationship::RelationshipId;
use std::borrow::Cow;
use std::collections::HashSet;

/// The number of ids under which one relationship may have been recorded that are tried one by one. If there are more, all
/// that are known are looked through.
const FEW: usize = 256;

/// The ids that each party answers with, its own too.
struct Widening<F>(F);

/// Relationships that are looked for among all that are known: each by the ids of its parties, a set for each of these.
struct SoughtRelationship<'p>(Vec<HashSet<&'p str>>);

impl<'m> MergesAt<'m> {
    /// The filter widened to every id that answers as one it names. `known` gives every relationship that claims may bear
    /// on; it is called only where there are too many ids to try.
    #[must_use]
    pub fn widen<'f, 'k, K: Iterator<Item = &'k str>>(
        &self,
        filter: &'f Filter,
        known: impl Fn() -> K,
    ) -> Cow<'f, Filter> {
        if self.is_empty() || !self.concerns(filter) {
            return Cow::Borrowed(filter);
        }
        let merges = *self;
        Cow::Owned(Widening(|party: &str| to_owned_ids(merges.alike(party))).widen(filter, &known))
    }
}

impl Merges {
    /// The filter widened to every id that ever answered as one it names, at any cut. It may ask for others too, that were
    /// ever merged with one of these.
    #[must_use]
    pub fn widen_ever<'k, K: Iterator<Item = &'k str>>(&self, filter: &Filter, known: impl Fn() -> K) -> Filter {
        Widening(|party: &str| to_owned_ids(self.ever_alike([party]))).widen(filter, &known)
    }

    /// Returns true if a filter names a party that ever was merged or had others merged into it.
    #[must_use]
    pub fn ever_concern(&self, filter: &Filter) -> bool {
        named_parties(filter).any(|party| self.turns.contains_key(party) || self.merged.contains_key(party))
    }
}

fn to_owned_ids(ids: Vec<&str>) -> Vec<PartyId> {
    ids.into_iter().filter_map(|id| PartyId::parse(id).ok()).collect()
}

impl<F: Fn(&str) -> Vec<PartyId>> Widening<F> {
    fn widen<'k, K: Iterator<Item = &'k str>>(&self, filter: &Filter, known: &impl Fn() -> K) -> Filter {
        Filter { items: filter.items.iter().map(|item| self.widen_item(item, known)).collect() }
    }

    fn widen_item<'k, K: Iterator<Item = &'k str>>(&self, item: &FilterItem, known: &impl Fn() -> K) -> FilterItem {
        let mut wide = item.clone();
        wide.parties = self.widen_parties(&item.parties);
        wide.asserted_by = self.widen_parties(&item.asserted_by);
        wide.voices.clear();
        for voice in &item.voices {
            match voice.party() {
                Some(party) => wide.voices.extend(self.alike(party.as_str()).into_iter().map(Voice::Party)),
                None => wide.voices.push(voice.clone()),
            }
        }
        sort_once(&mut wide.voices);
        wide.party_roles.clear();
        for (party, role) in &item.party_roles {
            let alike = self.alike(party.as_str()).into_iter();
            wide.party_roles.extend(alike.map(|party| (party, role.clone())));
        }
        sort_once(&mut wide.party_roles);
        wide.relationships = self.widen_relationships(&item.relationships, known);
        wide
    }

    fn alike(&self, party: &str) -> Vec<PartyId> {
        (self.0)(party)
    }

    fn widen_parties(&self, parties: &[PartyId]) -> Vec<PartyId> {
        let mut wide = parties.iter().flat_map(|party| self.alike(party.as_str())).collect();
        sort_once(&mut wide);
        wide
    }

    /// Every id under which one of these relationships may have been recorded: of each of its parties, as they answer, one or
    /// more of the ids that answer so.
    fn widen_relationships<'k, K: Iterator<Item = &'k str>>(
        &self,
        relationships: &[RelationshipId],
        known: &impl Fn() -> K,
    ) -> Vec<RelationshipId> {
        let mut wide = relationships.to_vec();
        let alike: Vec<Vec<Vec<PartyId>>> = relationships.iter().map(|id| self.alike_of_each(id)).collect();
        let mut sought = Vec::new();
        for ids in &alike {
            if ways_to_choose(ids).is_some_and(|ways| ways <= FEW) {
                let ids: Vec<Vec<&str>> = ids.iter().map(|ids| ids.iter().map(PartyId::as_str).collect()).collect();
                let ids = combinations(&ids).into_iter().map(|parties| parties.join("-"));
                wide.extend(ids.filter_map(|id| RelationshipId::parse(&id).ok()));
            } else {
                sought.push(SoughtRelationship::new(ids));
            }
        }
        if !sought.is_empty() {
            let same = known().filter(|id| sought.iter().any(|sought| sought.is(id)));
            wide.extend(same.filter_map(|id| RelationshipId::parse(id).ok()));
        }
        sort_once(&mut wide);
        wide
    }

    /// The ids that answer as the parties of a relationship: a list for each of its parties as they answer.
    fn alike_of_each(&self, id: &RelationshipId) -> Vec<Vec<PartyId>> {
        let mut lists: Vec<Vec<PartyId>> = Vec::new();
        for party in id.parties() {
            if !lists.iter().any(|ids| ids.iter().any(|id| id.as_str() == party)) {
                lists.push(self.alike(party));
            }
        }
        lists
    }
}

impl<'p> SoughtRelationship<'p> {
    fn new(ids: &'p [Vec<PartyId>]) -> Self {
        Self(ids.iter().map(|ids| ids.iter().map(PartyId::as_str).collect()).collect())
    }

    /// Returns true if a relationship is between parties that answer as those of this one.
    fn is(&self, id: &str) -> bool {
        let Self(sets) = self;
        id.split('-').all(|party| sets.iter().any(|set| set.contains(party)))
            && sets.iter().all(|set| id.split('-').any(|party| set.contains(party)))
    }
}

fn sort_once<T: Ord>(values: &mut Vec<T>) {
    values.sort_unstable();
    values.dedup();
}

/// The number of ways to take one or more of each list; none where it has no type that holds it.
fn ways_to_choose(lists: &[Vec<PartyId>]) -> Option<usize> {
    let of_list = |ids: &Vec<PartyId>| Some(1_usize.checked_shl(u32::try_from(ids.len()).ok()?)? - 1);
    lists.iter().try_fold(1_usize, |ways, ids| ways.checked_mul(of_list(ids)?))
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
