//! A filter evaluated with the merges of a cut, one claim at a time: for questions about few claims, for the log, and for
//! claims over recorded time.
//!
//! [`crate::merge::MergesAt::widen`] writes out every id that answers as one that a filter names, which an index needs to
//! find claims.
//! For a claim that is at hand already, the comparison goes the other way: an id of the claim matches an id of the filter
//! if the same party answers for both. That costs with what the claim and the filter name, however many parties were
//! merged, and gives the same result.
//!
//! Words of text are left to the caller: an index has them elsewhere.

use super::facet::{FacetKind, FacetTest};
use super::{Filter, FilterItem};
use crate::merge::Answering;
use std::collections::HashSet;

/// The facets that a filter asks for, item by item.
#[derive(Debug)]
pub struct AnsweredFilter<'f> {
    items: Vec<AnsweredItem<'f>>,
}

/// The facets that an item asks for.
#[derive(Debug)]
struct AnsweredItem<'f> {
    source: &'f FilterItem,
    /// Of each group a claim must have one.
    groups: Vec<Vec<KindTests>>,
}

/// Facets of one kind.
#[derive(Debug)]
struct KindTests {
    kind: FacetKind,
    exact: HashSet<Box<str>>,
    prefixes: Vec<Box<str>>,
    /// Those that name parties, by the parties that answer for them.
    answering: HashSet<Box<str>>,
}

/// A facet of a claim; with the parties that answer for those it names, where anybody was merged.
struct ClaimFacet<'k> {
    kind: FacetKind,
    key: &'k str,
    answering: Option<String>,
}

impl<'f> AnsweredFilter<'f> {
    /// A filter at a cut.
    #[must_use]
    pub fn new(filter: &'f Filter, answering: &impl Answering) -> Self {
        let item = |source| AnsweredItem { source, groups: groups_of(source, answering) };
        Self { items: filter.items.iter().map(item).collect() }
    }

    /// Returns true if any item, with its number, is one for which `admits` holds and that asks for facets which a claim has,
    /// at the same cut. Without items every claim is meant.
    pub fn admits<'k>(
        &self,
        facets: &[(FacetKind, &'k str)],
        answering: &impl Answering,
        admits: impl Fn(usize, &FilterItem) -> bool,
    ) -> bool {
        let facet = |(kind, key): &(FacetKind, &'k str)| {
            let answering = answering_key(*kind, key, answering);
            ClaimFacet { kind: *kind, key, answering }
        };
        let facets: Vec<ClaimFacet<'_>> = facets.iter().map(facet).collect();
        let mut of_item = |(nth, item): (usize, &AnsweredItem<'_>)| admits(nth, item.source) && item.admits(&facets);
        self.items.is_empty() || self.items.iter().enumerate().any(&mut of_item)
    }
}

impl AnsweredItem<'_> {
    fn admits(&self, facets: &[ClaimFacet<'_>]) -> bool {
        let has_one = |group: &Vec<KindTests>| group.iter().any(|tests| facets.iter().any(|facet| tests.admit(facet)));
        self.groups.iter().all(has_one)
    }
}

impl KindTests {
    fn admit(&self, facet: &ClaimFacet<'_>) -> bool {
        facet.kind == self.kind
            && (self.exact.contains(facet.key)
                || self.prefixes.iter().any(|prefix| facet.key.starts_with(&**prefix))
                || facet.answering.as_ref().is_some_and(|key| self.answering.contains(key.as_str())))
    }

    fn add(&mut self, test: FacetTest, answering: &impl Answering) {
        self.answering.extend(answering_key(test.kind, &test.key, answering).map(Box::from));
        if test.prefix {
            self.prefixes.push(test.key);
        } else {
            self.exact.insert(test.key);
        }
    }
}

fn groups_of(item: &FilterItem, answering: &impl Answering) -> Vec<Vec<KindTests>> {
    let mut groups = Vec::new();
    for tests in item.facets().into_iter().filter(|tests| tests.iter().all(|test| test.kind != FacetKind::Token)) {
        let mut group: Vec<KindTests> = Vec::new();
        for test in tests {
            let of_kind = group.iter().position(|tests| tests.kind == test.kind);
            let at = of_kind.unwrap_or(group.len());
            if of_kind.is_none() {
                let (exact, prefixes, answering) = Default::default();
                group.push(KindTests { kind: test.kind, exact, prefixes, answering });
            }
            if let Some(tests) = group.get_mut(at) {
                tests.add(test, answering);
            }
        }
        groups.push(group);
    }
    groups
}

/// The key of a facet that names parties, with the parties that answer for them; none for another facet, and where nobody
/// was ever merged.
fn answering_key(kind: FacetKind, key: &str, answering: &impl Answering) -> Option<String> {
    if answering.is_plain() {
        return None;
    }
    let parties = parties_part(kind, key)?;
    let rest = key.get(parties.len()..).unwrap_or_default();
    Some(answering.survivors(parties).join("-") + rest)
}

/// The parties that a facet names.
pub fn parties_in(kind: FacetKind, key: &str) -> impl Iterator<Item = &str> {
    parties_part(kind, key).into_iter().flat_map(|parties| parties.split('-'))
}

/// The beginning of a key that names parties, of a facet that does.
fn parties_part(kind: FacetKind, key: &str) -> Option<&str> {
    match kind {
        FacetKind::Party | FacetKind::AssertedBy | FacetKind::Relationship => Some(key),
        FacetKind::PartyRole => key.split('\0').next(),
        FacetKind::Kind
        | FacetKind::Source
        | FacetKind::Link
        | FacetKind::ExternalId
        | FacetKind::Label
        | FacetKind::Code
        | FacetKind::Token => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Voice, facets_of};
    use crate::merge::{AnsweringHistory, Merges, Survivors};
    use crate::name::{PartyId, Word};
    use crate::position::{Position, RecordedAt};
    use crate::relationship::RelationshipId;
    use proptest::prelude::*;

    fn party(number: usize) -> PartyId {
        PartyId::parse(&format!("P{number}")).unwrap()
    }

    fn role() -> Word {
        Word::parse("actor").unwrap()
    }

    fn relationship(numbers: &[usize]) -> RelationshipId {
        let mut ids: Vec<String> = numbers.iter().map(|number| format!("P{number}")).collect();
        ids.sort_unstable();
        ids.dedup();
        RelationshipId::parse(&ids.join("-")).unwrap_or_else(|_| RelationshipId::parse("P0-P1").unwrap())
    }

    /// Merges of the parties that `moves` name, or what undoes one.
    fn merges_of(moves: &[(usize, usize)]) -> Merges {
        let mut merges = Merges::default();
        for ((one, other), position) in moves.iter().zip(1..) {
            let (position, now) = (Position(position), merges.at(Position(position)));
            let (is_merged, is_free) =
                (now.merged_into(&format!("P{one}")).is_some(), now.merged_into(&format!("P{other}")).is_none());
            match (is_merged, is_free && one != other) {
                (true, _) => merges.unmerge(position, party(*one)),
                (false, true) => merges.merge(position, party(*one), party(*other)),
                (false, false) => {}
            }
        }
        merges
    }

    fn item_of(field: usize, named: &[usize]) -> FilterItem {
        let parties: Vec<PartyId> = named.iter().map(|number| party(*number)).collect();
        match field {
            0 => FilterItem { parties, ..FilterItem::default() },
            1 => FilterItem { asserted_by: parties, ..FilterItem::default() },
            2 => FilterItem { voices: parties.into_iter().map(Voice::Party).collect(), ..FilterItem::default() },
            3 => {
                let party_roles = parties.into_iter().map(|party| (party, role())).collect();
                FilterItem { party_roles, ..FilterItem::default() }
            }
            _ => FilterItem { relationships: vec![relationship(named)], ..FilterItem::default() },
        }
    }

    fn admits(filter: &Filter, facets: &[(FacetKind, &str)], answering: &impl Answering) -> bool {
        AnsweredFilter::new(filter, answering).admits(facets, answering, |_, _| true)
    }

    proptest! {
        #[test]
        fn a_claim_is_admitted_exactly_where_the_widened_filter_matches_it(
            moves in prop::collection::vec((0_usize..7, 0_usize..7), 0..25),
            cut in 0_u64..26,
            fields in prop::collection::vec((0_usize..5, prop::collection::vec(0_usize..7, 1..4)), 1..3),
            borne in prop::collection::vec(prop::collection::vec(0_usize..7, 2..4), 0..3),
            taking_part in prop::collection::vec(0_usize..7, 0..3),
            saying in prop::collection::vec(0_usize..7, 0..3),
        ) {
            let all = merges_of(&moves);
            let merges = all.at(Position(cut));
            let filter = Filter { items: fields.iter().map(|(field, named)| item_of(*field, named)).collect() };
            let claim = crate::filter::tests::claim_between(
                borne.iter().map(|numbers| relationship(numbers)).collect(),
                taking_part.iter().map(|number| (party(*number), role())).collect(),
                saying.iter().map(|number| party(*number)).collect(),
            );
            let known: Vec<String> = claim.relationships.iter().map(ToString::to_string).collect();
            let wide = merges.widen(&filter, || known.iter().map(String::as_str));
            let mut found = Vec::new();
            facets_of(&claim, |kind, key| found.push((kind, key.to_owned())));
            let facets: Vec<(FacetKind, &str)> = found.iter().map(|(kind, key)| (*kind, key.as_str())).collect();
            let admitted = admits(&filter, &facets, &Survivors::new(merges));
            prop_assert_eq!(admitted, wide.matches(&claim, RecordedAt(0)), "{:?}", filter);

            let history = AnsweringHistory::new(&all, &filter, Position(25), || ());
            prop_assert_eq!(admits(&filter, &facets, &history.at(Position(cut))), admitted, "{:?}", history);
            let ever = all.widen_ever(&filter, || known.iter().map(String::as_str));
            prop_assert!(!admitted || ever.matches(&claim, RecordedAt(0)), "{:?} {:?}", filter, ever);
            let named = facets.iter().flat_map(|(kind, key)| parties_in(*kind, key));
            let mut positions: Vec<Position> = named.flat_map(|id| history.changes_of(id)).collect();
            positions.extend(history.regroupings());
            let before = admits(&filter, &facets, &Survivors::new(all.at(Position(cut).before())));
            prop_assert!(before == admitted || positions.contains(&Position(cut)), "{:?} {:?}", filter, history);
        }
    }
}
