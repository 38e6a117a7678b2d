//! Claims that contradict one another, as a [`Sight`] sees them: by a link, or because of two values where there can be
//! one.
//!
//! Retracted claims contradict nothing. The rules about values are in `domain::conflict`, and `domain::rivals` finds those
//! of many claims that have other values; here the claims of one kind on one relationship are brought together.

use crate::budget;
use crate::error::ReadFailure;
use crate::query::value::single_valued;
use crate::read::sight::{ClaimSight, Sight};
use detente_domain::conflict::asserts_a_value;
use detente_domain::filter::{Filter, FilterItem};
use detente_domain::rivals::{Matter, Side};
use detente_domain::vocabulary::LinkType;
use detente_proto::v1::kind_value::Part;
use std::collections::HashMap;

/// A kind and a relationship, of which there can be one value at a time.
pub(crate) type About = (String, String);

/// The parts that are the values of single-valued kinds; each kind is looked up once.
#[derive(Default)]
pub(crate) struct SingleValued(HashMap<String, Option<Part>>);

impl SingleValued {
    /// The part that is the value of a kind, if there can be only one.
    pub(crate) fn part(&mut self, sight: &Sight<'_>, kind: String) -> Option<&Part> {
        let part = self.0.entry(kind).or_insert_with_key(|kind| sight.kind(kind).and_then(single_valued));
        part.as_ref()
    }

    /// The matters that a claim puts a value forward on.
    pub(crate) fn matters(&mut self, sight: &Sight<'_>, seen: &ClaimSight) -> Vec<About> {
        if !has_value(seen) {
            return Vec::new();
        }
        let kind = sight.kind_of(seen);
        if self.part(sight, kind.clone()).is_none() {
            return Vec::new();
        }
        let mut relationships = sight.relationships_of(seen);
        relationships.sort_unstable();
        relationships.dedup();
        relationships.into_iter().map(|relationship| (kind.clone(), relationship)).collect()
    }
}

impl Sight<'_> {
    /// The claims that a link CONTRADICTS joins to a claim, from either side, in the order they were first recorded.
    pub(crate) fn contradicting(&self, seen: &ClaimSight) -> Vec<ClaimSight> {
        self.joined_to(seen, &[LinkType::Contradicts])
    }

    /// The claims that links of these types join to a claim, from either side, in the order they were first recorded.
    pub(crate) fn joined_to(&self, seen: &ClaimSight, types: &[LinkType]) -> Vec<ClaimSight> {
        let links = self.links_of(seen);
        let targets = links.iter().filter(|(link_type, _)| types.contains(link_type));
        let mut joined: Vec<ClaimSight> = targets.filter_map(|(_, target)| self.find(*target)).collect();
        let to_it = types.iter().map(|link_type| (Some(*link_type), seen.id)).collect();
        let linking = Filter { items: vec![FilterItem { links: to_it, ..FilterItem::default() }] };
        joined.extend(self.matching(&linking, false));
        joined.retain(|other| !other.retracted && other.id != seen.id);
        joined.sort_by_key(|other| other.order);
        joined.dedup_by_key(|other| other.id);
        joined
    }

    /// The claims of a matter that have a value, of these; `part` is what the value is.
    pub(crate) fn matter<C>(&self, part: &Part, claims: Vec<(ClaimSight, C)>) -> Result<Matter<C>, ReadFailure> {
        budget::hold(claims.len().saturating_mul(size_of::<Side<C>>() + NODE_BYTES));
        let mut sides = Vec::with_capacity(claims.len());
        for (seen, claim) in claims {
            budget::step();
            let (Some(valid), Some(value)) = (seen.valid.clone(), self.value(part, &seen)?) else { continue };
            let links = self.links_of(&seen).into_iter();
            let supersedes = links.filter(|(of, _)| *of == LinkType::Supersedes).map(|(_, target)| target).collect();
            sides.push(Side { claim, id: seen.id, valid, value, supersedes });
        }
        Ok(Matter::new(sides))
    }
}

/// The bytes that a claim takes in the trees over a matter, about.
const NODE_BYTES: usize = 200;

/// Returns true if a claim can put a value forward.
pub(crate) fn has_value(seen: &ClaimSight) -> bool {
    !seen.retracted && seen.valid.is_some() && asserts_a_value(seen.modality)
}
