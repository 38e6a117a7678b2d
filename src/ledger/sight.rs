//! The record as one question sees it: what is known at a cut, perhaps with suppositions laid over it.
//!
//! Every question that looks at many claims looks through a [`Sight`]: it finds the claims that match a filter as
//! [`Seen`] (what the index knows of them, without touching their words), puts one together when its words are needed, and
//! knows the parties, sources, kinds and schemes of the cut. So a cut, a merge of parties and a supposition are understood
//! in one place, and a question is a plain function of what it sees.

use super::cut::Resolved;
use super::error::{Damaged, QueryError};
use super::record::EVERYTHING;
use super::render::Renderer;
use super::suppose::Overlay;
use super::{Ledger, Shared};
use crate::domain::claim::Claim;
use crate::domain::command::Supposed;
use crate::domain::cut::Cut;
use crate::domain::edtf::Atom;
use crate::domain::filter::{FacetKind, Filter};
use crate::domain::moment::Moment;
use crate::domain::name::{ClaimId, DisputeId};
use crate::domain::position::{Position, RecordedAt};
use crate::domain::validity::Validity;
use crate::domain::vocabulary::{LinkType, Modality, Polarity, Status, TemporalType, Vocabulary};
use crate::store::{ClaimNo, Found, Index, ListPage, Registered, Registry, Revision, View};
use crate::v1;
use crate::wire::claim::read_claim;
use prost::Message;
use std::cell::RefCell;

/// The record at a cut.
pub(super) struct Sight<'v> {
    /// The cut.
    pub(super) at: Resolved,
    record: Layer<'v>,
    supposed: Option<(&'v Overlay, Layer<'v>)>,
}

/// A view and what puts its claims together.
struct Layer<'v> {
    view: &'v View,
    cut: Position,
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
    /// Whether it is found in what is supposed.
    supposed: bool,
}

impl Ledger {
    /// Answers a question from what is known at a cut, with what it supposes.
    pub(super) fn look<T>(
        &self,
        cut: Cut,
        supposed: &Supposed,
        question: impl FnOnce(&Sight<'_>) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        let view = self.store.view();
        let at = self.resolve(&view.index, cut)?;
        let overlay = Overlay::of(self, &view, &at, supposed)?;
        let sight = Sight::open(self, &view, at, overlay.as_ref());
        let answer = question(&sight)?;
        let loaded = sight.record.renderer.into_inner().into_loaded();
        drop(view);
        self.store.adopt(loaded);
        Ok(answer)
    }
}

impl<'v> Layer<'v> {
    fn new(shared: &'v Shared, view: &'v View, cut: Position) -> Self {
        Self { view, cut, renderer: RefCell::new(Renderer::new(&shared.store, view)) }
    }
}

impl<'v> Sight<'v> {
    fn open(shared: &'v Shared, view: &'v View, at: Resolved, overlay: Option<&'v Overlay>) -> Self {
        let supposed = overlay.map(|overlay| (overlay, Layer::new(shared, &overlay.view, EVERYTHING)));
        let at = Resolved { supposed: supposed.is_some(), ..at };
        Self { at, record: Layer::new(shared, view, at.position()), supposed }
    }

    /// Whether anything is supposed.
    pub(super) const fn is_supposed(&self) -> bool {
        self.supposed.is_some()
    }

    /// The claims that match, in the order they were first recorded.
    pub(super) fn matching(&self, filter: &Filter, include_retracted: bool) -> Vec<Seen> {
        let page = ListPage { after: None, newest_first: false, include_retracted, limit: usize::MAX };
        self.all_seen(|layer| layer.view.index.list(filter, layer.cut, &page))
    }

    /// The claims that match and whose valid time may touch `[a, b)`, in the order they were first recorded.
    pub(super) fn touching(&self, filter: &Filter, a: Moment, b: Moment, include_retracted: bool) -> Vec<Seen> {
        let mut seen = self.all_seen(|layer| layer.view.index.touching_span(filter, layer.cut, (a, b)));
        seen.retain(|seen| include_retracted || !seen.retracted);
        seen
    }

    /// A claim by its id, if the cut knows it.
    pub(super) fn find(&self, id: ClaimId) -> Option<Seen> {
        let layers = self.supposed.iter().map(|(_, layer)| (layer, true)).chain([(&self.record, false)]);
        layers.into_iter().find_map(|(layer, supposed)| {
            let claims = layer.view.index.claims();
            let claim = claims.find(id.0)?;
            let (number, revision) = claims.current(claim, layer.cut)?;
            self.seen(Found { claim, number, revision }, supposed)
        })
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
        self.layer(seen.supposed).renderer.borrow_mut().claim(seen.found.claim, seen.found.number, out)
    }

    /// The revisions of a claim that the cut sees, in order. Their positions are for [`Sight::event`] alone.
    pub(super) fn revisions(&self, seen: &Seen) -> &'v [Revision] {
        let claims = self.index(seen.supposed).claims();
        claims.revisions(seen.found.claim).get(..seen.found.number as usize).unwrap_or_default()
    }

    /// Appends the bytes of a claim as a message, as it was in its `number`-th revision.
    pub(super) fn render_revision(&self, seen: &Seen, number: u32, out: &mut Vec<u8>) -> Result<(), Damaged> {
        self.layer(seen.supposed).renderer.borrow_mut().claim(seen.found.claim, number, out)
    }

    /// The event that made a revision of a claim.
    pub(super) fn event(&self, seen: &Seen, revision: Revision) -> Result<v1::Event, Damaged> {
        self.layer(seen.supposed).renderer.borrow_mut().event(revision.position)
    }

    /// The disputes of a claim that stand at the cut, in order.
    pub(super) fn standing_disputes(&self, seen: &Seen) -> Vec<DisputeId> {
        standing_disputes(self.layer(seen.supposed), seen.found.claim).map(DisputeId).collect()
    }

    /// Calls `with` with the keys of a claim's facets of a kind: its relationships, parties, kind, links and so on.
    pub(super) fn facets(&self, seen: &Seen, kind: FacetKind, mut with: impl FnMut(&str)) {
        self.index(seen.supposed).facets_of_content(seen.found.revision.content, kind, &mut with);
    }

    /// The kind of a claim.
    pub(super) fn kind_of(&self, seen: &Seen) -> String {
        let mut kind = String::new();
        self.facets(seen, FacetKind::Kind, |key| key.clone_into(&mut kind));
        kind
    }

    /// The relationships that a claim bears on; merged parties answer as their survivors.
    pub(super) fn relationships_of(&self, seen: &Seen) -> Vec<String> {
        let mut relationships = Vec::new();
        self.facets(seen, FacetKind::Relationship, |key| relationships.push(key.to_owned()));
        relationships
    }

    /// The party that answers for a party at the cut: itself, unless it has been merged.
    pub(super) fn survivor<'p>(&'p self, party: &'p str) -> &'p str {
        party
    }

    /// A registered source at the cut, and whether it is withdrawn.
    pub(super) fn source(&self, id: &str) -> Option<(v1::Source, bool)> {
        let record = self.registered(|index| &index.sources, id)?;
        Some((v1::Source::decode(&*record.bytes).ok()?, record.withdrawn))
    }

    /// A registered kind at the cut.
    pub(super) fn kind(&self, kind: &str) -> Option<v1::Kind> {
        let _ = kind;
        None
    }

    /// A registered code scheme at the cut.
    pub(super) fn scheme(&self, scheme: &str) -> Option<v1::Scheme> {
        let _ = scheme;
        None
    }

    /// When the event at a position was recorded, or would be.
    pub(super) fn recorded_at(&self, position: Position) -> Option<RecordedAt> {
        match &self.supposed {
            Some((overlay, _)) if position > self.at.position() => Some(overlay.recorded_at()),
            _ => self.record.view.index.appends.recorded_at_position(position),
        }
    }

    /// What is registered under an id, supposed or recorded.
    fn registered(&self, registry: impl Fn(&'v Index) -> &'v Registry, id: &str) -> Option<&'v Registered> {
        let layers = self.supposed.iter().map(|(_, layer)| layer).chain([&self.record]);
        layers
            .into_iter()
            .find_map(|layer| registry(&layer.view.index).current(id, layer.cut).map(|(_, record)| record))
    }

    fn layer(&self, supposed: bool) -> &Layer<'v> {
        match &self.supposed {
            Some((_, layer)) if supposed => layer,
            _ => &self.record,
        }
    }

    fn index(&self, supposed: bool) -> &'v Index {
        &self.layer(supposed).view.index
    }

    /// What is found in the record and not hidden by what is supposed, and what is found in that, in order.
    fn all_seen(&self, find: impl Fn(&Layer<'v>) -> Vec<Found>) -> Vec<Seen> {
        let recorded = find(&self.record).into_iter();
        let Some((overlay, layer)) = &self.supposed else {
            let mut seen: Vec<Seen> = recorded.filter_map(|found| self.seen(found, false)).collect();
            seen.sort_by_key(|seen| seen.order);
            return seen;
        };
        let recorded = recorded.filter(|found| !overlay.hides(found.claim)).filter_map(|found| self.seen(found, false));
        let supposed = find(layer).into_iter().filter_map(|found| self.seen(found, true));
        let mut seen: Vec<Seen> = recorded.chain(supposed).collect();
        seen.sort_by_key(|seen| seen.order);
        seen
    }

    fn seen(&self, found: Found, supposed: bool) -> Option<Seen> {
        let layer = self.layer(supposed);
        let claims = layer.view.index.claims();
        let content = claims.content(found.revision.content)?;
        let (order, position) = match &self.supposed {
            Some((overlay, _)) if supposed => (overlay.order(found.claim), overlay.position(found.revision.position)),
            _ => (u64::from(found.claim), found.revision.position),
        };
        Some(Seen {
            id: ClaimId(claims.id(found.claim)?),
            order,
            position,
            temporal_type: member(content.temporal_type())?,
            modality: member(content.modality())?,
            polarity: content.polarity().and_then(member),
            status: content.status().and_then(member),
            validity: content.validity,
            as_of: content.as_of,
            end_open: content.is_end_open(),
            retracted: found.revision.is_retracted(),
            disputed: standing_disputes(layer, found.claim).next().is_some(),
            found,
            supposed,
        })
    }
}

fn standing_disputes(layer: &Layer<'_>, claim: ClaimNo) -> impl Iterator<Item = uuid::Uuid> {
    let cut = layer.cut;
    let disputes = layer.view.index.claims().disputes(claim).iter();
    let standing = disputes.filter(move |d| d.position <= cut && d.resolved_at.is_none_or(|at| at > cut));
    standing.map(|dispute| dispute.id)
}

fn member<V: Vocabulary>(code: u8) -> Option<V> {
    V::ALL.get(usize::from(code)).copied()
}
