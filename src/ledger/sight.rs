//! The record as one question sees it: what is known at a cut, perhaps with suppositions laid over it.
//!
//! Every question that looks at many claims looks through a [`Sight`]: it finds the claims that match a filter as
//! [`Seen`] (what the index knows of them, without touching their words), puts one together when its words are needed, and
//! knows the parties, sources, kinds and schemes of the cut. So a cut, a merge of parties and a supposition are understood
//! in one place, and a question is a plain function of what it sees.

use super::cut::Resolved;
use super::error::{Damaged, QueryError};
use super::render::Renderer;
use super::{Ledger, Shared};
use crate::domain::claim::Claim;
use crate::domain::command::Supposed;
use crate::domain::cut::Cut;
use crate::domain::edtf::Atom;
use crate::domain::filter::{FacetKind, Filter};
use crate::domain::merge::MergesAt;
use crate::domain::moment::Moment;
use crate::domain::name::{ClaimId, DisputeId};
use crate::domain::position::{Position, RecordedAt};
use crate::domain::validity::Validity;
use crate::domain::vocabulary::{LinkType, Modality, Polarity, Status, TemporalType, Vocabulary};
use crate::store::{ClaimNo, Found, Index, ListPage, View};
use crate::v1;
use crate::wire::claim::read_claim;
use prost::Message;
use std::borrow::Cow;
use std::cell::RefCell;

/// The record at a cut.
pub(super) struct Sight<'v> {
    /// The cut.
    pub(super) at: Resolved,
    view: &'v View,
    renderer: RefCell<Renderer<'v>>,
}

/// A claim in the revision that the cut sees, as far as the index knows it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// Identity.
    pub(super) id: ClaimId,
    /// Its place in the order in which claims were first recorded.
    pub(super) order: u64,
    /// The event that made the revision.
    pub(super) position: Position,
    /// Whether it happens, holds, or has no time.
    pub(super) temporal_type: TemporalType,
    /// In which mode it is put forward.
    pub(super) modality: Modality,
    /// Which way it pulls.
    pub(super) polarity: Option<Polarity>,
    /// How far it has come.
    pub(super) status: Option<Status>,
    /// When it holds or happens; none for a claim without time.
    pub(super) validity: Option<Validity>,
    /// How far knowledge of it reaches.
    pub(super) as_of: Option<Atom>,
    /// Whether its end is open.
    pub(super) end_open: bool,
    /// Whether it is retracted.
    pub(super) retracted: bool,
    /// Whether a dispute of it stands.
    pub(super) disputed: bool,
    found: Found,
}

impl Ledger {
    /// Answers a question from what is known at a cut, with what it supposes.
    pub(super) fn look<T>(
        &self,
        cut: Cut,
        supposed: &Supposed,
        question: impl FnOnce(&Sight<'_>) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        let _ = supposed;
        let view = self.store.view();
        let sight = Sight::open(self, &view, cut)?;
        let answer = question(&sight)?;
        let loaded = sight.renderer.into_inner().into_loaded();
        drop(view);
        self.store.adopt(loaded);
        Ok(answer)
    }
}

impl<'v> Sight<'v> {
    fn open(shared: &'v Shared, view: &'v View, cut: Cut) -> Result<Self, QueryError> {
        let at = shared.resolve(&view.index, cut)?;
        Ok(Self { at, view, renderer: RefCell::new(Renderer::new(&shared.store, view)) })
    }

    /// The claims that match, in the order they were first recorded.
    pub(super) fn matching(&self, filter: &Filter, include_retracted: bool) -> Vec<Seen> {
        let page = ListPage { after: None, newest_first: false, include_retracted, limit: usize::MAX };
        let wide = self.index().as_answered(filter, self.at.position());
        let found = self.index().list(&wide, self.at.position(), &page);
        found.into_iter().filter_map(|found| self.seen(found)).collect()
    }

    /// The claims that match and whose valid time may touch `[a, b)`, in the order they were first recorded.
    pub(super) fn touching(&self, filter: &Filter, a: Moment, b: Moment, include_retracted: bool) -> Vec<Seen> {
        let wide = self.index().as_answered(filter, self.at.position());
        let found = self.index().touching_span(&wide, self.at.position(), (a, b));
        let mut seen: Vec<Seen> = found.into_iter().filter_map(|found| self.seen(found)).collect();
        seen.retain(|seen| include_retracted || !seen.retracted);
        seen.sort_unstable_by_key(|seen| seen.order);
        seen
    }

    /// A claim by its id, if the cut knows it.
    pub(super) fn find(&self, id: ClaimId) -> Option<Seen> {
        let claim = self.index().claims().find(id.0)?;
        let (number, revision) = self.index().claims().current(claim, self.at.position())?;
        self.seen(Found { claim, number, revision })
    }

    /// The claims with a link to a claim, of a type if one is given, in the order they were first recorded.
    pub(super) fn linking_to(&self, target: ClaimId, link_type: Option<LinkType>) -> Vec<Seen> {
        self.matching(&Filter::linking_to(target, link_type), false)
    }

    /// A claim with its words.
    pub(super) fn claim(&self, seen: &Seen) -> Result<Claim, Damaged> {
        let message = self.message(seen)?;
        read_claim(message).map_err(|_| Damaged(format!("claim {} cannot be read", seen.id.0)))
    }

    /// A claim as a message.
    pub(super) fn message(&self, seen: &Seen) -> Result<v1::Claim, Damaged> {
        let mut bytes = Vec::new();
        self.render(seen, &mut bytes)?;
        v1::Claim::decode(bytes.as_slice()).map_err(|error| Damaged(error.to_string()))
    }

    /// Appends the bytes of a claim as a message.
    pub(super) fn render(&self, seen: &Seen, out: &mut Vec<u8>) -> Result<(), Damaged> {
        self.renderer.borrow_mut().claim(seen.found.claim, seen.found.number, out)
    }

    /// The disputes of a claim that stand at the cut, in order.
    pub(super) fn standing_disputes(&self, seen: &Seen) -> Vec<DisputeId> {
        standing_disputes(self.index(), seen.found.claim, self.at.position()).map(DisputeId).collect()
    }

    /// Calls `with` with the keys of a claim's facets of a kind: its relationships, parties, kind, links and so on.
    pub(super) fn facets(&self, seen: &Seen, kind: FacetKind, mut with: impl FnMut(&str)) {
        self.index().facets_of_content(seen.found.revision.content, kind, &mut with);
    }

    /// The kind of a claim.
    pub(super) fn kind_of(&self, seen: &Seen) -> String {
        let mut kind = String::new();
        self.facets(seen, FacetKind::Kind, |key| key.clone_into(&mut kind));
        kind
    }

    /// The relationships that a claim bears on, merged parties as their survivors; one whose parties answer as one is left
    /// out.
    pub(super) fn relationships_of(&self, seen: &Seen) -> Vec<String> {
        let merges = self.merges();
        let mut relationships: Vec<String> = Vec::new();
        self.facets(seen, FacetKind::Relationship, |key| {
            let id = merges.relationship(key).map(Cow::into_owned);
            relationships.extend(id.filter(|id| !relationships.contains(id)));
        });
        relationships
    }

    /// The party that answers for a party at the cut: itself, unless it has been merged.
    pub(super) fn survivor<'p>(&'p self, party: &'p str) -> &'p str {
        self.merges().survivor(party)
    }

    /// A registered source at the cut, and whether it is withdrawn.
    pub(super) fn source(&self, id: &str) -> Option<(v1::Source, bool)> {
        let (_, record) = self.index().sources.current(id, self.at.position())?;
        Some((v1::Source::decode(&*record.bytes).ok()?, record.withdrawn))
    }

    /// A registered kind at the cut.
    pub(super) fn kind(&self, kind: &str) -> Option<v1::Kind> {
        let (_, record) = self.index().kinds.current(kind, self.at.position())?;
        v1::Kind::decode(&*record.bytes).ok()
    }

    /// A registered code scheme at the cut.
    pub(super) fn scheme(&self, scheme: &str) -> Option<v1::Scheme> {
        let (_, record) = self.index().schemes.current(scheme, self.at.position())?;
        v1::Scheme::decode(&*record.bytes).ok()
    }

    /// When the event at a position was recorded.
    pub(super) fn recorded_at(&self, position: Position) -> Option<RecordedAt> {
        self.index().appends.recorded_at_position(position)
    }

    /// Who answers for whom at the cut.
    pub(super) fn merges(&self) -> MergesAt<'v> {
        self.index().merges.at(self.at.position())
    }

    /// The index, which knows more than the cut sees.
    pub(super) const fn index(&self) -> &'v Index {
        &self.view.index
    }

    fn seen(&self, found: Found) -> Option<Seen> {
        let claims = self.index().claims();
        let content = claims.content(found.revision.content)?;
        Some(Seen {
            id: ClaimId(claims.id(found.claim)?),
            order: u64::from(found.claim),
            position: found.revision.position,
            temporal_type: member(content.temporal_type())?,
            modality: member(content.modality())?,
            polarity: content.polarity().and_then(member),
            status: content.status().and_then(member),
            validity: content.validity,
            as_of: content.as_of,
            end_open: content.is_end_open(),
            retracted: found.revision.is_retracted(),
            disputed: standing_disputes(self.index(), found.claim, self.at.position()).next().is_some(),
            found,
        })
    }
}

fn standing_disputes(index: &Index, claim: ClaimNo, cut: Position) -> impl Iterator<Item = uuid::Uuid> {
    let disputes = index.claims().disputes(claim).iter();
    let standing = disputes.filter(move |d| d.position <= cut && d.resolved_at.is_none_or(|at| at > cut));
    standing.map(|dispute| dispute.id)
}

fn member<V: Vocabulary>(code: u8) -> Option<V> {
    V::ALL.get(usize::from(code)).copied()
}
