//! The support for claims, and the claims against them.
//!
//! On a claim's side stand the claims that links SUPPORTS, RESTATES, CORROBORATES and SAME_EVENT_AS join to it, also by way
//! of one another; against it stand those that CONTRADICTS joins to it, and the counter-claims of its standing disputes. A
//! claim that is against it stands there alone, and nothing is joined by way of it. `domain::corroboration` counts the
//! sides.
//!
//! A withdrawn source is no report any more. As an origin it still counts: all that others took from it before, they took
//! from one place.

use crate::Ledger;
use crate::budget;
use crate::error::{QueryError, ReadFailure};
use crate::query::page_size::PageSize;
use crate::read::cut::ResolvedCut;
use crate::read::sight::{ClaimSight, Sight};
use detente_domain::command::Suppositions;
use detente_domain::corroboration::{Backing, MOST_ON_A_SIDE, Testimony, same_side};
use detente_domain::cut::Cut;
use detente_domain::filter::{FacetKind, Filter};
use detente_domain::name::ClaimId;
use detente_domain::vocabulary::LinkType;
use detente_proto::v1;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// The links between claims on one side.
const ON_ONE_SIDE: [LinkType; 4] =
    [LinkType::Supports, LinkType::Restates, LinkType::Corroborates, LinkType::SameEventAs];

/// A question for the support of claims.
#[derive(Clone, Debug)]
pub struct CorroborationQuery {
    /// The filter for the claims.
    pub filter: Filter,
    /// The cut to answer at.
    pub cut: Cut,
    /// The suppositions on top of the cut.
    pub supposed: Suppositions,
    /// The place to begin after: the `next` of the previous page.
    pub after: Option<u64>,
    /// The size of the page.
    pub page: PageSize,
}

/// A page of claims with their support.
#[derive(Clone, Debug)]
pub struct Corroborations {
    /// The cut.
    pub at: ResolvedCut,
    /// The claims, in the order they were first recorded.
    pub claims: Vec<Corroboration>,
    /// The start of the next page, if there is one.
    pub next: Option<u64>,
}

/// The support for one claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corroboration {
    /// The claim.
    pub claim: ClaimId,
    /// The claims on its side, itself included.
    pub same_side: Backing,
    /// The claims against it.
    pub opposite_side: Backing,
    /// The number of disputes of it that stand.
    pub standing_disputes: usize,
}

impl Ledger {
    /// The support for claims.
    ///
    /// # Errors
    /// If the cut cannot be resolved, the suppositions do not fit, or stored bytes are damaged.
    pub fn corroboration(&self, query: &CorroborationQuery) -> Result<Corroborations, QueryError> {
        self.record.look(query.cut, &query.supposed, |sight| {
            let wanted = query.page.entries.saturating_add(1);
            let mut listed = sight.list(&query.filter, query.after, wanted);
            let more = listed.len() == wanted;
            listed.truncate(query.page.entries);
            let next = listed.last().map(|last| last.order).filter(|_| more);
            let mut reading =
                OriginReading { sight, testimonies: HashMap::new(), joined: HashMap::new(), parents: HashMap::new() };
            let claims = listed.iter().map(|seen| reading.corroboration(seen)).collect::<Result<_, ReadFailure>>()?;
            Ok(Corroborations { at: sight.at, claims, next })
        })
    }
}

/// The parts of the record read for one question: claims on one side have neighbours and sources in common.
struct OriginReading<'s, 'v> {
    sight: &'s Sight<'v>,
    testimonies: HashMap<ClaimId, Testimony>,
    /// Claims joined to each claim: very many, if all say the same as one.
    joined: HashMap<ClaimId, Rc<[ClaimId]>>,
    parents: HashMap<String, Vec<String>>,
}

impl OriginReading<'_, '_> {
    fn corroboration(&mut self, seen: &ClaimSight) -> Result<Corroboration, ReadFailure> {
        let against = self.against(seen)?;
        let side = same_side(seen.id, &against, |at| self.joined_claims(at))?;
        Ok(Corroboration {
            claim: seen.id,
            same_side: self.backing(&side)?,
            opposite_side: self.backing(against.get(..MOST_ON_A_SIDE).unwrap_or(&against))?,
            standing_disputes: self.sight.dispute_counts(seen).standing as usize,
        })
    }

    /// The claims against one, in the order they were first recorded.
    fn against(&self, seen: &ClaimSight) -> Result<Vec<ClaimId>, ReadFailure> {
        let mut against = self.sight.contradicting(seen);
        if seen.disputed {
            for row in self.sight.standing_disputes(seen) {
                let counter = self.sight.dispute(seen, &row)?.counter_claim_id.parse().ok().map(ClaimId);
                against.extend(counter.and_then(|id| self.sight.find(id)));
            }
            against.retain(|counter| !counter.retracted && counter.id != seen.id);
        }
        against.sort_by_key(|counter| counter.order);
        against.dedup_by_key(|counter| counter.id);
        Ok(against.into_iter().map(|counter| counter.id).collect())
    }

    fn backing(&mut self, claims: &[ClaimId]) -> Result<Backing, ReadFailure> {
        let mut testimonies = Vec::with_capacity(claims.len());
        for claim in claims {
            budget::step();
            let testimony = match self.testimonies.entry(*claim) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(room) => room.insert(testimony(self.sight, *claim)?),
            };
            testimonies.push(testimony.clone());
        }
        let (sight, parents) = (self.sight, &mut self.parents);
        Ok(Backing::of(&testimonies, |id| {
            let of = |id: &str| sight.source(id).map(|(source, _)| source.derives_from).unwrap_or_default();
            parents.entry(id.to_owned()).or_insert_with_key(|id| of(id)).clone()
        }))
    }

    fn joined_claims(&mut self, claim: ClaimId) -> Result<Rc<[ClaimId]>, ReadFailure> {
        match self.joined.entry(claim) {
            Entry::Occupied(known) => Ok(Rc::clone(known.get())),
            Entry::Vacant(room) => {
                let seen = find_claim(self.sight, claim)?;
                let joined = self.sight.joined_to(&seen, &ON_ONE_SIDE);
                budget::steps(u32::try_from(joined.len()).unwrap_or(u32::MAX));
                budget::hold(joined.len().saturating_mul(size_of::<ClaimId>()));
                Ok(Rc::clone(room.insert(joined.into_iter().map(|other| other.id).collect())))
            }
        }
    }
}

fn find_claim(sight: &Sight<'_>, claim: ClaimId) -> Result<ClaimSight, ReadFailure> {
    sight.find(claim).ok_or_else(|| ReadFailure::Damaged(format!("the index has no claim {}", claim.0)))
}

/// The contribution of a claim to its side.
fn testimony(sight: &Sight<'_>, claim: ClaimId) -> Result<Testimony, ReadFailure> {
    let seen = find_claim(sight, claim)?;
    let mut reports = BTreeSet::new();
    sight.facets(&seen, FacetKind::Source, |id| {
        if sight.source(id).is_none_or(|(_, withdrawn)| !withdrawn) {
            reports.insert(id.to_owned());
        }
    });
    let attribution = sight.message(&seen)?.attribution;
    let voice = attribution.last().map(|voice| voice_of(sight, voice));
    Ok(Testimony { reports, voice })
}

/// A voice as one string: a party's id has no space in it, a name comes after one.
fn voice_of(sight: &Sight<'_>, voice: &v1::Attribution) -> String {
    match voice.party_id.as_str() {
        "" => format!(" {}", voice.name),
        party => sight.survivor(party).to_owned(),
    }
}
