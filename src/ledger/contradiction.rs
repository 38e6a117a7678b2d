//! Which claims contradict which, as a [`Sight`] sees them: by a link, or because of two values where there can be one.
//!
//! Retracted claims contradict nothing. The rules about values are in `domain::conflict`; here the claims of one kind on
//! one relationship are brought together.

use super::error::Damaged;
use super::sight::{Seen, Sight};
use super::value::Part;
use crate::domain::certainty::Certainty;
use crate::domain::conflict::{Side, Value, asserts_a_value, clashes};
use crate::domain::filter::{Filter, FilterItem, Pattern};
use crate::domain::moment::Moment;
use crate::domain::name::ClaimId;
use crate::domain::period::Period;
use crate::domain::relationship::RelationshipId;
use crate::domain::vocabulary::LinkType;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// With which claims the asked ones are compared, besides one another.
#[derive(Clone, Copy, Debug)]
pub(super) enum Beside {
    /// With none.
    None,
    /// With all that may hold when they do.
    All,
    /// With all that may hold at a date.
    At(Period),
}

/// Two values where there can be one: the claims and what each says.
pub(super) struct Clash<'s> {
    /// The claims.
    pub(super) claims: [&'s Seen; 2],
    /// Their values.
    pub(super) values: [&'s Value; 2],
    /// The relationship that can have only one.
    pub(super) relationship: &'s str,
    /// Whether they hold together in all readings of their dates.
    pub(super) certainty: Certainty,
}

/// A kind and a relationship, of which there can be one value at a time.
type Matter = (String, String);

impl Sight<'_> {
    /// The claims that a link CONTRADICTS joins to a claim, from either side, in the order they were first recorded.
    pub(super) fn contradicting(&self, seen: &Seen) -> Vec<Seen> {
        self.joined_to(seen, &[LinkType::Contradicts])
    }

    /// The claims that links of these types join to a claim, from either side, in the order they were first recorded.
    pub(super) fn joined_to(&self, seen: &Seen, types: &[LinkType]) -> Vec<Seen> {
        let links = self.links_of(seen);
        let targets = links.iter().filter(|(link_type, _)| types.contains(link_type));
        let mut joined: Vec<Seen> = targets.filter_map(|(_, target)| self.find(*target)).collect();
        let to_it = types.iter().map(|link_type| (Some(*link_type), seen.id)).collect();
        let linking = Filter { items: vec![FilterItem { links: to_it, ..FilterItem::default() }] };
        joined.extend(self.matching(&linking, false));
        joined.retain(|other| !other.retracted && other.id != seen.id);
        joined.sort_by_key(|other| other.order);
        joined.dedup_by_key(|other| other.id);
        joined
    }

    /// Calls `found` with every two claims that have two values where there can be one, of which at least one is asked for.
    pub(super) fn clashes(
        &self,
        asked: &[Seen],
        beside: Beside,
        mut found: impl FnMut(Clash<'_>),
    ) -> Result<(), Damaged> {
        let mut parts = HashMap::new();
        for (matter, asked) in self.matters(asked, &mut parts) {
            let Some(Some(part)) = parts.get(&matter.0) else { continue };
            let others = self.beside(&matter, &asked, beside);
            let mut sides = self.sides(part, &asked, true)?;
            sides.extend(self.sides(part, &others.iter().collect::<Vec<_>>(), false)?);
            let by_id: HashMap<ClaimId, &Seen> = asked.into_iter().chain(&others).map(|seen| (seen.id, seen)).collect();
            clashes(sides, |one, two, certainty| {
                if let (Some(one_seen), Some(two_seen)) = (by_id.get(&one.id), by_id.get(&two.id)) {
                    let values = [&one.value, &two.value];
                    found(Clash { claims: [one_seen, two_seen], values, relationship: &matter.1, certainty });
                }
            });
        }
        Ok(())
    }

    /// The claims of single-valued kinds by what they are about.
    fn matters<'s>(
        &self,
        claims: &'s [Seen],
        parts: &mut HashMap<String, Option<Part>>,
    ) -> BTreeMap<Matter, Vec<&'s Seen>> {
        let mut matters: BTreeMap<Matter, Vec<&Seen>> = BTreeMap::new();
        for seen in claims.iter().filter(|seen| has_value(seen)) {
            let kind = self.kind_of(seen);
            let part = parts
                .entry(kind)
                .or_insert_with_key(|kind| self.kind(kind).and_then(|kind| Part::single_valued(&kind)));
            if part.is_some() {
                let kind = self.kind_of(seen);
                let relationships: BTreeSet<String> = self.relationships_of(seen).into_iter().collect();
                for relationship in relationships {
                    matters.entry((kind.clone(), relationship)).or_default().push(seen);
                }
            }
        }
        matters
    }

    /// The other claims on a matter, as far as they can clash with those that are asked for.
    fn beside(&self, (kind, relationship): &Matter, asked: &[&Seen], beside: Beside) -> Vec<Seen> {
        let validities = || asked.iter().filter_map(|seen| seen.validity);
        let (a, b) = match beside {
            Beside::None => return Vec::new(),
            Beside::At(period) => (period.a, period.b),
            Beside::All => (
                validities().map(|validity| validity.earliest_start).min().unwrap_or(Moment::MAX),
                validities().map(|validity| validity.latest_end).max().unwrap_or(Moment::MIN),
            ),
        };
        let Ok(relationship) = RelationshipId::parse(relationship) else { return Vec::new() };
        let kinds = vec![Pattern::Exact(kind.as_str().into())];
        let item = FilterItem { kinds, relationships: vec![relationship], ..FilterItem::default() };
        let mut others = self.touching(&Filter { items: vec![item] }, a, b, false);
        let asked: HashSet<ClaimId> = asked.iter().map(|seen| seen.id).collect();
        others.retain(|seen| has_value(seen) && !asked.contains(&seen.id));
        others
    }

    /// The claims that have a value.
    fn sides(&self, part: &Part, claims: &[&Seen], asked: bool) -> Result<Vec<Side>, Damaged> {
        let mut sides = Vec::with_capacity(claims.len());
        for seen in claims {
            let (Some(validity), Some(value)) = (seen.validity, self.value(part, seen)?) else { continue };
            let links = self.links_of(seen).into_iter();
            let supersedes = links.filter(|(of, _)| *of == LinkType::Supersedes).map(|(_, target)| target).collect();
            sides.push(Side { id: seen.id, validity, value, supersedes, asked });
        }
        Ok(sides)
    }
}

fn has_value(seen: &Seen) -> bool {
    !seen.retracted && seen.validity.is_some() && asserts_a_value(seen.modality)
}
