//! The one filter language: OR of items, AND inside an item, OR among the values of a field.
//!
//! A filter can be answered in two ways that must agree. [`Filter::matches`] looks at a claim and is the definition: feeds,
//! preconditions and tests use it. [`FilterItem::facets`] breaks an item into facet tests that an index can answer
//! without looking at claims; [`facets_of`] breaks a claim into the facets that those tests look for.
//!
//! **To add a filter:** add the field here, in `filter.proto` and in `wire::filter`; answer it in `matches`; if an index
//! should answer it, add a [`FacetKind`] and emit it in `facets_of` and `FilterItem::facets` (`facet.rs`).

mod evaluated_filter;
mod facet;
mod value;

pub use evaluated_filter::{AnsweredFilter, parties_in};
pub use facet::{FacetKind, FacetTest, facets_of, link_of, tokens_of};
pub use value::{MemberSet, Pattern};

use super::claim::Claim;
use super::name::{ClaimId, PartyId, SourceId, Word};
use super::position::RecordedAt;
use super::relationship::RelationshipId;
use super::text::SearchWords;
use super::vocabulary::{LinkType, Modality, Polarity, Status, TemporalType, Vocabulary};

/// A selection of claims: those that match any of the items; without items, every claim.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Alternatives.
    pub items: Vec<FilterItem>,
}

/// The conditions for a claim. An empty field sets none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FilterItem {
    /// Bears on one of these.
    pub relationships: Vec<RelationshipId>,
    /// Has one of these parties, in any role.
    pub parties: Vec<PartyId>,
    /// Has a party in a role.
    pub party_roles: Vec<(PartyId, Word)>,
    /// The kind is one of these.
    pub kinds: Vec<Pattern>,
    /// Has one of these parties anywhere in its attribution.
    pub asserted_by: Vec<PartyId>,
    /// The modality is one of these.
    pub modalities: MemberSet<Modality>,
    /// The status is one of these.
    pub statuses: MemberSet<Status>,
    /// The polarity is one of these.
    pub polarities: MemberSet<Polarity>,
    /// The temporal type is one of these.
    pub temporal_types: MemberSet<TemporalType>,
    /// Cites one of these.
    pub sources: Vec<SourceId>,
    /// Has a link, of this type if one is given, to this claim.
    pub links: Vec<(Option<LinkType>, ClaimId)>,
    /// Has one of these ids elsewhere: scheme and id.
    pub external_ids: Vec<(Box<str>, Box<str>)>,
    /// Has one of these labels.
    pub labels: Vec<Box<str>>,
    /// The claim is one of these.
    pub claim_ids: Vec<ClaimId>,
    /// Has one of these codes: scheme and code.
    pub codes: Vec<(Box<str>, Pattern)>,
    /// Its current revision was recorded at this time or later.
    pub recorded_from: Option<RecordedAt>,
    /// Its current revision was recorded before this time.
    pub recorded_before: Option<RecordedAt>,
    /// Its texts contain these words, the last one as a prefix.
    pub text: SearchWords,
    /// Comes from one of these voices, whatever the other fields say.
    pub voices: Vec<Voice>,
}

/// A voice that a claim can come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Voice {
    /// A party: it is anywhere in the attribution.
    Party(PartyId),
    /// A source: it is cited.
    Source(SourceId),
}

impl Filter {
    /// Returns true if it asks for anything by its beginning: text, or a label that ends in `*`.
    #[must_use]
    pub fn has_prefixes(&self) -> bool {
        self.items.iter().flat_map(FilterItem::facets).flatten().any(|test| test.prefix)
    }

    /// The claims with a link to a claim, of a type if one is given.
    #[must_use]
    pub fn linking_to(target: ClaimId, link_type: Option<LinkType>) -> Self {
        Self { items: vec![FilterItem { links: vec![(link_type, target)], ..FilterItem::default() }] }
    }

    /// The same filter for these claims alone; none where it can match none of them.
    #[must_use]
    pub fn among(&self, claims: &[ClaimId]) -> Option<Self> {
        let every = [FilterItem::default()];
        let items = if self.items.is_empty() { &every } else { self.items.as_slice() };
        let narrowed = items.iter().filter_map(|item| {
            let wanted = |claim: &&ClaimId| item.claim_ids.is_empty() || item.claim_ids.contains(claim);
            let claim_ids: Vec<ClaimId> = claims.iter().filter(wanted).copied().collect();
            (!claim_ids.is_empty()).then(|| FilterItem { claim_ids, ..item.clone() })
        });
        let items: Vec<FilterItem> = narrowed.collect();
        (!items.is_empty()).then_some(Self { items })
    }

    /// Those of the claims that come from any of these voices.
    #[must_use]
    pub fn from_voices(&self, voices: &[Voice]) -> Self {
        let any = [FilterItem::default()];
        let items = if self.items.is_empty() { any.as_slice() } else { &self.items };
        let from = |item: &FilterItem| FilterItem { voices: voices.to_vec(), ..item.clone() };
        Self { items: items.iter().map(from).collect() }
    }

    /// Returns true if a claim, whose current revision was recorded at `recorded_at`, matches any item.
    #[must_use]
    pub fn matches(&self, claim: &Claim, recorded_at: RecordedAt) -> bool {
        self.items.is_empty() || self.items.iter().any(|item| item.matches(claim, recorded_at))
    }
}

impl FilterItem {
    /// Returns true if a claim, whose current revision was recorded at `recorded_at`, meets all conditions.
    #[must_use]
    pub fn matches(&self, claim: &Claim, recorded_at: RecordedAt) -> bool {
        self.matches_members(claim)
            && self.matches_lists(claim)
            && self.admits_time(recorded_at)
            && self.matches_text(claim)
    }

    /// The number of parties and relationships that are named.
    #[must_use]
    pub fn named_len(&self) -> usize {
        self.relationships.len()
            + self.parties.len()
            + self.party_roles.len()
            + self.asserted_by.len()
            + self.voices.len()
    }

    /// Returns true if a recorded time lies in the asked span.
    #[must_use]
    pub fn admits_time(&self, recorded_at: RecordedAt) -> bool {
        self.recorded_from.is_none_or(|from| recorded_at >= from)
            && self.recorded_before.is_none_or(|before| recorded_at < before)
    }

    fn matches_members(&self, claim: &Claim) -> bool {
        self.modalities.admits(Some(claim.modality.code()))
            && self.statuses.admits(claim.status.map(Vocabulary::code))
            && self.polarities.admits(claim.polarity.map(Vocabulary::code))
            && self.temporal_types.admits(Some(claim.time.temporal_type().code()))
    }

    fn matches_lists(&self, claim: &Claim) -> bool {
        any(&self.claim_ids, |id| claim.id == *id)
            && any(&self.relationships, |id| claim.relationships.contains(id))
            && any(&self.parties, |id| claim.parties.iter().any(|p| p.party == *id))
            && any(&self.party_roles, |(id, role)| claim.parties.iter().any(|p| p.party == *id && p.role == *role))
            && any(&self.kinds, |pattern| pattern.matches(claim.kind.as_str()))
            && any(&self.asserted_by, |id| claim.attribution.iter().any(|a| a.party.as_ref() == Some(id)))
            && any(&self.sources, |id| claim.sources.iter().any(|s| s.source == *id))
            && any(&self.links, |(link_type, target)| {
                claim.links.iter().any(|l| l.target == *target && link_type.is_none_or(|t| t == l.link_type))
            })
            && any(&self.external_ids, |(scheme, id)| {
                claim.external_ids.iter().any(|e| e.scheme == *scheme && e.id == *id)
            })
            && any(&self.labels, |label| claim.labels.contains(label))
            && any(&self.codes, |(scheme, pattern)| {
                claim.codes.iter().any(|c| c.scheme == *scheme && pattern.matches(&c.code))
            })
            && any(&self.voices, |voice| voice.says(claim))
    }

    fn matches_text(&self, claim: &Claim) -> bool {
        let texts: Vec<&str> = claim.texts.iter().map(|t| &*t.text).collect();
        self.text.is_empty() || self.text.matches(&texts)
    }
}

impl Voice {
    /// The party, if it is one.
    #[must_use]
    pub const fn party(&self) -> Option<&PartyId> {
        match self {
            Self::Party(id) => Some(id),
            Self::Source(_) => None,
        }
    }

    fn says(&self, claim: &Claim) -> bool {
        match self {
            Self::Party(id) => claim.attribution.iter().any(|a| a.party.as_ref() == Some(id)),
            Self::Source(id) => claim.sources.iter().any(|s| s.source == *id),
        }
    }
}

fn any<T>(asked: &[T], matches: impl Fn(&T) -> bool) -> bool {
    asked.is_empty() || asked.iter().any(matches)
}

#[cfg(test)]
mod tests;
