//! The reading of a claim that a sight has found.

use super::{ClaimSight, FoundRevision, Sight};
use crate::error::ReadFailure;
use crate::store::Revision;
use crate::wire::claim::read_claim;
use detente_domain::claim::Claim;
use detente_domain::filter::{FacetKind, link_of};
use detente_domain::moment::Moment;
use detente_domain::name::ClaimId;
use detente_domain::valid_time::ValidTime;
use detente_domain::vocabulary::LinkType;
use detente_proto::v1;
use prost::Message;
use std::borrow::Cow;

impl<'v> Sight<'v> {
    /// The end of the last day that a claim's due date can mean.
    pub(crate) fn due(&self, seen: &ClaimSight) -> Option<Moment> {
        self.index(seen.supposed).due_of(seen.found.revision.content)
    }

    /// Returns true if a claim has a due date.
    pub(crate) fn has_due(&self, seen: &ClaimSight) -> bool {
        self.index(seen.supposed).last_due_of(seen.found.revision.content).is_some()
    }

    /// A claim with its words.
    pub(crate) fn claim(&self, seen: &ClaimSight) -> Result<Claim, ReadFailure> {
        let message = self.message(seen)?;
        read_claim(message).map_err(|_| ReadFailure::Damaged(format!("claim {} cannot be read", seen.id.0)))
    }

    /// A claim as a message.
    pub(crate) fn message(&self, seen: &ClaimSight) -> Result<v1::Claim, ReadFailure> {
        let mut bytes = Vec::new();
        self.render(seen, &mut bytes)?;
        v1::Claim::decode(bytes.as_slice()).map_err(|error| ReadFailure::Damaged(error.to_string()))
    }

    /// A claim in its `number`-th revision as a message without its disputes.
    pub(crate) fn words(&self, seen: &ClaimSight, number: u32) -> Result<v1::Claim, ReadFailure> {
        let mut bytes = Vec::new();
        self.layer(seen.supposed).renderer.borrow_mut().put_without_disputes(seen.found.claim, number, &mut bytes)?;
        v1::Claim::decode(bytes.as_slice()).map_err(|error| ReadFailure::Damaged(error.to_string()))
    }

    /// Time at which a claim holds or happens in a revision.
    pub(crate) fn validity_in(&self, seen: &ClaimSight, revision: Revision) -> Option<ValidTime> {
        let claims = self.index(seen.supposed).claims();
        claims.valid_time(claims.content(revision.content)?)
    }

    /// Appends the bytes of a claim as a message.
    pub(crate) fn render(&self, seen: &ClaimSight, out: &mut Vec<u8>) -> Result<(), ReadFailure> {
        self.layer(seen.supposed).renderer.borrow_mut().claim(seen.found.claim, seen.found.number, out)
    }

    /// The revisions of a claim that the cut sees, in order. Their positions are for [`Sight::event`] alone.
    pub(crate) fn revisions(&self, seen: &ClaimSight) -> &'v [Revision] {
        let claims = self.index(seen.supposed).claims();
        claims.revisions(seen.found.claim).get(..seen.found.number as usize).unwrap_or_default()
    }

    /// A claim as it was in its `number`-th revision.
    pub(crate) fn at_revision(&self, seen: &ClaimSight, number: u32) -> Option<ClaimSight> {
        let revision = *self.revisions(seen).get((number as usize).checked_sub(1)?)?;
        self.claim_sight(FoundRevision { number, revision, ..seen.found }, seen.supposed)
    }

    /// Appends the bytes of a claim as a message, as it was in its `number`-th revision.
    pub(crate) fn render_revision(&self, seen: &ClaimSight, number: u32, out: &mut Vec<u8>) -> Result<(), ReadFailure> {
        self.layer(seen.supposed).renderer.borrow_mut().claim(seen.found.claim, number, out)
    }

    /// The event that made a revision of a claim.
    pub(crate) fn event(&self, seen: &ClaimSight, revision: Revision) -> Result<v1::Event, ReadFailure> {
        self.layer(seen.supposed).renderer.borrow_mut().event(revision.position)
    }

    /// Calls `with` with the keys of a claim's facets of a kind: its relationships, parties, kind, links and so on.
    pub(crate) fn facets(&self, seen: &ClaimSight, kind: FacetKind, mut with: impl FnMut(&str)) {
        self.index(seen.supposed).facets_of_content(seen.found.revision.content, kind, &mut with);
    }

    /// The links that a claim has, sorted.
    pub(crate) fn links_of(&self, seen: &ClaimSight) -> Vec<(LinkType, ClaimId)> {
        let mut links = Vec::new();
        self.facets(seen, FacetKind::Link, |key| {
            links.extend(link_of(key).and_then(|(link_type, target)| Some((link_type?, target))));
        });
        links.sort_unstable();
        links
    }

    /// The kind of a claim.
    pub(crate) fn kind_of(&self, seen: &ClaimSight) -> String {
        let mut kind = String::new();
        self.facets(seen, FacetKind::Kind, |key| key.clone_into(&mut kind));
        kind
    }

    /// The relationships that a claim bears on, merged parties as their survivors; one whose parties answer as one is left
    /// out.
    pub(crate) fn relationships_of(&self, seen: &ClaimSight) -> Vec<String> {
        let mut relationships: Vec<String> = Vec::new();
        self.facets(seen, FacetKind::Relationship, |key| {
            let id = self.survivors().relationship(key).map(Cow::into_owned);
            relationships.extend(id.filter(|id| !relationships.contains(id)));
        });
        relationships
    }
}
