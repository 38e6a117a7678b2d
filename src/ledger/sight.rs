//! The record as one question sees it: what is known at a cut, perhaps with suppositions laid over it.
//!
//! Every question that looks at many claims looks through a [`Sight`]: it finds the claims that match a filter as
//! [`Seen`] (what the index knows of them, without touching their words), puts one together when its words are needed, and
//! knows the parties, sources, kinds and schemes of the cut. So a cut, a merge of parties and a supposition are understood
//! in one place, and a question is a plain function of what it sees.

mod disputes;

use super::cut::Resolved;
use super::error::{QueryError, ReadFailure};
use super::record::EVERYTHING;
use super::render::Renderer;
use super::suppose::Overlay;
use super::{Ledger, Shared};
use crate::budget::{hold, step};
use crate::domain::claim::Claim;
use crate::domain::command::Supposed;
use crate::domain::cut::Cut;
use crate::domain::edtf::Atom;
use crate::domain::filter::{FacetKind, Filter, link_of};
use crate::domain::merge::MergesAt;
use crate::domain::moment::Moment;
use crate::domain::name::ClaimId;
use crate::domain::position::{Position, RecordedAt};
use crate::domain::valid_time::ValidTime;
use crate::domain::vocabulary::{LinkType, Modality, Polarity, Status, TemporalType, Vocabulary};
use crate::store::{ClaimNo, Found, Index, IndexedLog, ListPage, Registered, Registry, Revision};
use crate::v1;
use crate::wire::claim::read_claim;
use prost::Message;
use std::borrow::Cow;
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
    view: &'v IndexedLog,
    cut: Position,
    renderer: RefCell<Renderer<'v>>,
}

/// An index that a sight looks into.
#[derive(Clone, Copy)]
pub(super) struct LayerIndex<'v> {
    /// The index, which may know more than is seen.
    pub(super) index: &'v Index,
    /// What is seen of it.
    pub(super) cut: Position,
    /// Whether it is that of what is supposed.
    pub(super) supposed: bool,
}

/// A part of a list of claims in the order in which they were first recorded.
pub(super) struct ListedPart {
    /// The place behind which it begins.
    pub(super) after: Option<u64>,
    /// True if the last recorded claim comes first.
    pub(super) newest_first: bool,
    /// True if retracted claims are included.
    pub(super) include_retracted: bool,
    /// Maximum number of claims.
    pub(super) limit: usize,
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
    pub(super) valid: Option<ValidTime>,
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
        let view = self.store.question_view();
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

impl Ledger {
    /// Answers a question from what is known at two cuts, with what it supposes on top of the later one.
    pub(super) fn look_twice<T>(
        &self,
        (from, to): (Cut, Cut),
        supposed: &Supposed,
        question: impl for<'v> FnOnce(&Sight<'v>, &Sight<'v>) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        let view = self.store.question_view();
        let (from, to) = (self.resolve(&view.index, from)?, self.resolve(&view.index, to)?);
        if from.position() > to.position() {
            return Err(QueryError::CutsOutOfOrder { from: from.position(), to: to.position() });
        }
        let overlay = Overlay::of(self, &view, &to, supposed)?;
        let earlier = Sight::open(self, &view, from, None);
        let later = Sight::open(self, &view, to, overlay.as_ref());
        let answer = question(&earlier, &later)?;
        let mut loaded = later.record.renderer.into_inner().into_loaded();
        loaded.extend(earlier.record.renderer.into_inner().into_loaded());
        drop(view);
        self.store.adopt(loaded);
        Ok(answer)
    }
}

impl<'v> Layer<'v> {
    fn new(shared: &'v Shared, view: &'v IndexedLog, cut: Position) -> Self {
        Self { view, cut, renderer: RefCell::new(Renderer::at(&shared.store, view, cut)) }
    }

    /// The last position that counts for how far knowledge of a claim in a revision reaches.
    fn as_of_cut(&self, found: &Found) -> Position {
        if !self.view.index.has_label_confirmations() {
            return self.cut;
        }
        let next = self.view.index.claims().revisions(found.claim).get(found.number as usize);
        next.map_or(self.cut, |next| next.position.before().min(self.cut))
    }
}

impl<'v> Sight<'v> {
    fn open(shared: &'v Shared, view: &'v IndexedLog, at: Resolved, overlay: Option<&'v Overlay>) -> Self {
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
        let wide = self.widen(filter);
        self.all_seen(|layer| layer.view.index.list(&wide, layer.cut, &page))
    }

    /// The claims that match and whose valid time may touch `[a, b)`, in the order they were first recorded.
    pub(super) fn touching(&self, filter: &Filter, a: Moment, b: Moment, include_retracted: bool) -> Vec<Seen> {
        let wide = self.widen(filter);
        let mut seen = self.all_seen(|layer| layer.view.index.touching_span(&wide, layer.cut, (a, b)));
        seen.retain(|seen| include_retracted || !seen.retracted);
        seen
    }

    /// The claims that match and whose due date passes in `[a, b)`, in the order they were first recorded.
    pub(super) fn falling_due(&self, filter: &Filter, a: Moment, b: Moment) -> Vec<Seen> {
        let wide = self.widen(filter);
        let mut seen = self.all_seen(|layer| layer.view.index.falling_due(&wide, layer.cut, (a, b)));
        seen.retain(|seen| !seen.retracted);
        seen
    }

    /// The end of the last day that a claim's due date can mean.
    pub(super) fn due(&self, seen: &Seen) -> Option<Moment> {
        self.index(seen.supposed).due_of(seen.found.revision.content)
    }

    /// Whether a claim has a due date.
    pub(super) fn has_due(&self, seen: &Seen) -> bool {
        self.index(seen.supposed).last_due_of(seen.found.revision.content).is_some()
    }

    /// The claims that match and are not retracted, in the order they were first recorded, behind a place in that order;
    /// at most `limit`.
    pub(super) fn listed(&self, filter: &Filter, after: Option<u64>, limit: usize) -> Vec<Seen> {
        self.listed_as(filter, &ListedPart { after, newest_first: false, include_retracted: false, limit })
    }

    /// A page of the claims that match.
    pub(super) fn listed_as(&self, filter: &Filter, listed: &ListedPart) -> Vec<Seen> {
        let ListedPart { after, newest_first, include_retracted, limit } = *listed;
        // Of the record as many more are looked at as may be seen in what is supposed instead.
        let hidden = self.supposed.as_ref().map_or(0, |(overlay, _)| overlay.hidden());
        let of_record = ListPage {
            after: after.map(|after| ClaimNo::try_from(after).unwrap_or(ClaimNo::MAX)),
            newest_first,
            include_retracted,
            limit: limit.saturating_add(hidden),
        };
        let of_overlay = ListPage { after: None, newest_first, include_retracted, limit: usize::MAX };
        let wide = self.widen(filter);
        let mut seen = self.all_seen(|layer| {
            let page = if std::ptr::eq(layer, &self.record) { &of_record } else { &of_overlay };
            layer.view.index.list(&wide, layer.cut, page)
        });
        if newest_first {
            seen.reverse();
        }
        let is_behind = |order, after| if newest_first { order < after } else { order > after };
        seen.retain(|seen| after.is_none_or(|after| is_behind(seen.order, after)));
        seen.truncate(limit);
        seen
    }

    /// The claims of which a dispute stands and that are not retracted, in the order they were first recorded.
    pub(super) fn disputed(&self) -> Vec<Seen> {
        let mut seen = self.all_seen(|layer| {
            let claims = layer.view.index.claims();
            let current = |claim| claims.current(claim, layer.cut).map(|(number, revision)| (claim, number, revision));
            let found = claims.disputes().claims().filter_map(current);
            found.map(|(claim, number, revision)| Found { claim, number, revision }).collect()
        });
        seen.retain(|seen| seen.disputed && !seen.retracted);
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

    /// A claim that was found before.
    pub(super) fn found_again(&self, id: ClaimId) -> Result<Seen, ReadFailure> {
        self.find(id).ok_or_else(|| ReadFailure::Damaged(format!("claim {} is found and not found again", id.0)))
    }

    /// The claims with a link to a claim, of a type if one is given, in the order they were first recorded.
    pub(super) fn linking_to(&self, target: ClaimId, link_type: Option<LinkType>) -> Vec<Seen> {
        self.matching(&Filter::linking_to(target, link_type), false)
    }

    /// A claim with its words.
    pub(super) fn claim(&self, seen: &Seen) -> Result<Claim, ReadFailure> {
        let message = self.message(seen)?;
        read_claim(message).map_err(|_| ReadFailure::Damaged(format!("claim {} cannot be read", seen.id.0)))
    }

    /// A claim as a message.
    pub(super) fn message(&self, seen: &Seen) -> Result<v1::Claim, ReadFailure> {
        let mut bytes = Vec::new();
        self.render(seen, &mut bytes)?;
        v1::Claim::decode(bytes.as_slice()).map_err(|error| ReadFailure::Damaged(error.to_string()))
    }

    /// A claim in its `number`-th revision as a message without its disputes.
    pub(super) fn words(&self, seen: &Seen, number: u32) -> Result<v1::Claim, ReadFailure> {
        let mut bytes = Vec::new();
        self.layer(seen.supposed).renderer.borrow_mut().undisputed(seen.found.claim, number, &mut bytes)?;
        v1::Claim::decode(bytes.as_slice()).map_err(|error| ReadFailure::Damaged(error.to_string()))
    }

    /// Time at which a claim holds or happens in a revision.
    pub(super) fn validity_in(&self, seen: &Seen, revision: Revision) -> Option<ValidTime> {
        let claims = self.index(seen.supposed).claims();
        claims.valid_time(claims.content(revision.content)?)
    }

    /// Appends the bytes of a claim as a message.
    pub(super) fn render(&self, seen: &Seen, out: &mut Vec<u8>) -> Result<(), ReadFailure> {
        self.layer(seen.supposed).renderer.borrow_mut().claim(seen.found.claim, seen.found.number, out)
    }

    /// The revisions of a claim that the cut sees, in order. Their positions are for [`Sight::event`] alone.
    pub(super) fn revisions(&self, seen: &Seen) -> &'v [Revision] {
        let claims = self.index(seen.supposed).claims();
        claims.revisions(seen.found.claim).get(..seen.found.number as usize).unwrap_or_default()
    }

    /// A claim as it was in its `number`-th revision.
    pub(super) fn at_revision(&self, seen: &Seen, number: u32) -> Option<Seen> {
        let revision = *self.revisions(seen).get((number as usize).checked_sub(1)?)?;
        self.seen(Found { number, revision, ..seen.found }, seen.supposed)
    }

    /// The claims that were touched after a position, or would be by what is supposed; sorted by id.
    pub(super) fn touched_since(&self, after: Position) -> Vec<ClaimId> {
        let recorded = &self.record.view.index;
        let touched = recorded.changed_between(after, self.at.position()).into_iter().map(|claim| (recorded, claim));
        let supposed = self.supposed.iter().flat_map(|(_, layer)| {
            let index = &layer.view.index;
            index.changed_between(Position::START, layer.cut).into_iter().map(move |claim| (index, claim))
        });
        let ids = touched.chain(supposed).filter_map(|(index, claim)| index.claims().id(claim)).map(ClaimId);
        let mut ids: Vec<ClaimId> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Appends the bytes of a claim as a message, as it was in its `number`-th revision.
    pub(super) fn render_revision(&self, seen: &Seen, number: u32, out: &mut Vec<u8>) -> Result<(), ReadFailure> {
        self.layer(seen.supposed).renderer.borrow_mut().claim(seen.found.claim, number, out)
    }

    /// The event that made a revision of a claim.
    pub(super) fn event(&self, seen: &Seen, revision: Revision) -> Result<v1::Event, ReadFailure> {
        self.layer(seen.supposed).renderer.borrow_mut().event(revision.position)
    }

    /// Calls `with` with the keys of a claim's facets of a kind: its relationships, parties, kind, links and so on.
    pub(super) fn facets(&self, seen: &Seen, kind: FacetKind, mut with: impl FnMut(&str)) {
        self.index(seen.supposed).facets_of_content(seen.found.revision.content, kind, &mut with);
    }

    /// The links that a claim has, sorted.
    pub(super) fn links_of(&self, seen: &Seen) -> Vec<(LinkType, ClaimId)> {
        let mut links = Vec::new();
        self.facets(seen, FacetKind::Link, |key| {
            links.extend(link_of(key).and_then(|(link_type, target)| Some((link_type?, target))));
        });
        links.sort_unstable();
        links
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

    /// Who answers for whom at the cut.
    pub(super) fn merges(&self) -> MergesAt<'v> {
        let supposed = self.supposed.as_ref().and_then(|(overlay, _)| overlay.merges());
        supposed.unwrap_or_else(|| self.record.view.index.merges.at(self.record.cut))
    }

    /// A filter with all ids that answer as those it names.
    fn widen<'f>(&self, filter: &'f Filter) -> Cow<'f, Filter> {
        self.merges().widen(filter, || self.layers().flat_map(|seen| seen.index.relationship_ids()))
    }

    /// A registered source at the cut, and whether it is withdrawn.
    pub(super) fn source(&self, id: &str) -> Option<(v1::Source, bool)> {
        let record = self.registered(|index| &index.sources, id)?;
        Some((v1::Source::decode(&*record.bytes).ok()?, record.withdrawn))
    }

    /// A registered kind at the cut.
    pub(super) fn kind(&self, kind: &str) -> Option<v1::Kind> {
        v1::Kind::decode(&*self.registered(|index| &index.kinds, kind)?.bytes).ok()
    }

    /// A registered code scheme at the cut.
    pub(super) fn scheme(&self, scheme: &str) -> Option<v1::Scheme> {
        v1::Scheme::decode(&*self.registered(|index| &index.schemes, scheme)?.bytes).ok()
    }

    /// When the event at a position was recorded, or would be.
    pub(super) fn recorded_at(&self, position: Position) -> Option<RecordedAt> {
        match &self.supposed {
            Some((overlay, _)) if position > self.at.position() => Some(overlay.recorded_at()),
            _ => self.record.view.index.appends.recorded_at_position(position),
        }
    }

    /// What is registered under an id, supposed or recorded.
    pub(super) fn registered(&self, registry: impl Fn(&'v Index) -> &'v Registry, id: &str) -> Option<&'v Registered> {
        let layers = self.supposed.iter().map(|(_, layer)| layer).chain([&self.record]);
        layers
            .into_iter()
            .find_map(|layer| registry(&layer.view.index).current(id, layer.cut).map(|(_, record)| record))
    }

    /// The indexes it looks into: that of what is supposed first, where there is one, then that of the record.
    pub(super) fn layers(&self) -> impl Iterator<Item = LayerIndex<'v>> + use<'_, 'v> {
        let of = |layer: &Layer<'v>, supposed| LayerIndex { index: &layer.view.index, cut: layer.cut, supposed };
        let supposed = self.supposed.iter().map(move |(_, layer)| of(layer, true));
        supposed.chain([of(&self.record, false)])
    }

    /// Whether a claim of the record is seen in what is supposed instead.
    pub(super) fn hides(&self, claim: ClaimNo) -> bool {
        self.supposed.as_ref().is_some_and(|(overlay, _)| overlay.hides(claim))
    }

    /// The position that an event has in the record, or would have.
    pub(super) fn position_of(&self, supposed: bool, position: Position) -> Position {
        match &self.supposed {
            Some((overlay, _)) if supposed => overlay.position(position),
            _ => position,
        }
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
        let recorded = find(&self.record);
        hold(recorded.len() * size_of::<Seen>());
        let recorded = recorded.into_iter();
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
        step();
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
            valid: claims.valid_time(content),
            as_of: layer.view.index.as_of_at(found.revision.content, layer.as_of_cut(&found)),
            end_open: content.is_end_open(),
            retracted: found.revision.is_retracted(),
            disputed: claims.disputes().counts(found.claim, layer.cut).standing > 0,
            found,
            supposed,
        })
    }
}

/// The member of a vocabulary with a code.
pub(super) fn member<V: Vocabulary>(code: u8) -> Option<V> {
    V::ALL.get(usize::from(code)).copied()
}
