//! The record as one question sees it: what is known at a cut, perhaps with suppositions laid over it.
//!
//! Every question that looks at many claims looks through a [`Sight`]: it finds the claims that match a filter as
//! [`ClaimSight`] (what the index knows of them, without touching their words), puts one together when its words are needed, and
//! knows the parties, sources, kinds and schemes of the cut. So a cut, a merge of parties and a supposition are understood
//! in one place, and a question is a plain function of what it sees.

mod disputes;
mod finding;
mod reading;
mod registers;

pub(crate) use finding::ListedPart;

use crate::budget::{hold, step};
use crate::error::QueryError;
use crate::read::cut::ResolvedCut;
use crate::read::reader::RecordReader;
use crate::read::record::EVERYTHING;
use crate::read::render::Renderer;
use crate::read::suppose::Overlay;
use crate::store::{ClaimNo, FoundRevision, Index, IndexedLog};
use detente_domain::command::Suppositions;
use detente_domain::cut::Cut;
use detente_domain::edtf::Atom;
use detente_domain::filter::Filter;
use detente_domain::merge::{MergesAt, Survivors};
use detente_domain::name::ClaimId;
use detente_domain::position::{Position, RecordedAt};
use detente_domain::valid_time::ValidTime;
use detente_domain::vocabulary::{Modality, Polarity, Status, TemporalType, Vocabulary};
use std::borrow::Cow;
use std::cell::RefCell;

/// The record at a cut.
pub(crate) struct Sight<'v> {
    /// The cut.
    pub(crate) at: ResolvedCut,
    record: Layer<'v>,
    supposed: Option<(&'v Overlay, Layer<'v>)>,
    survivors: Survivors<'v>,
}

/// A view and what puts its claims together.
struct Layer<'v> {
    view: &'v IndexedLog,
    cut: Position,
    renderer: RefCell<Renderer<'v>>,
}

/// An index that a sight looks into.
#[derive(Clone, Copy)]
pub(crate) struct LayerIndex<'v> {
    /// The index, which may know more than is seen.
    pub(crate) index: &'v Index,
    /// The cut at which it is seen.
    pub(crate) cut: Position,
    /// True if it is the index of the suppositions.
    pub(crate) supposed: bool,
}

/// A claim in the revision that the cut sees, as far as the index knows it.
#[derive(Clone, Debug)]
pub(crate) struct ClaimSight {
    /// Identity.
    pub(crate) id: ClaimId,
    /// Its place in the order in which claims were first recorded.
    pub(crate) order: u64,
    /// The event that made the revision.
    pub(crate) position: Position,
    /// The temporal type.
    pub(crate) temporal_type: TemporalType,
    /// The mode in which it is put forward.
    pub(crate) modality: Modality,
    /// Its effect on the relationship.
    pub(crate) polarity: Option<Polarity>,
    /// The stage that the matter has reached.
    pub(crate) status: Option<Status>,
    /// The valid time; none for a claim without time.
    pub(crate) valid: Option<ValidTime>,
    /// The end of the knowledge of it.
    pub(crate) as_of: Option<Atom>,
    /// True if its end is open.
    pub(crate) end_open: bool,
    /// True if it is retracted.
    pub(crate) retracted: bool,
    /// True if a dispute of it stands.
    pub(crate) disputed: bool,
    found: FoundRevision,
    /// True if it is found in the suppositions.
    supposed: bool,
}

impl RecordReader {
    /// Answers a question from what is known at a cut, with what it supposes.
    pub(crate) fn look<T>(
        &self,
        cut: Cut,
        supposed: &Suppositions,
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

impl RecordReader {
    /// Answers a question from what is known at two cuts, with what it supposes on top of the later one.
    pub(crate) fn look_twice<T>(
        &self,
        (from, to): (Cut, Cut),
        supposed: &Suppositions,
        question: impl for<'v> FnOnce(&Sight<'v>, &Sight<'v>) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        let view = self.store.question_view();
        let (from, to) = self.resolve_sides(&view.index, from, to)?;
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
    fn new(record: &'v RecordReader, view: &'v IndexedLog, cut: Position) -> Self {
        Self { view, cut, renderer: RefCell::new(Renderer::at(&record.store, view, cut)) }
    }

    /// The last position that counts for how far knowledge of a claim in a revision reaches.
    fn as_of_cut(&self, found: &FoundRevision) -> Position {
        if !self.view.index.has_label_confirmations() {
            return self.cut;
        }
        let next = self.view.index.claims().revisions(found.claim).get(found.number as usize);
        next.map_or(self.cut, |next| next.position.before().min(self.cut))
    }
}

impl<'v> Sight<'v> {
    fn open(record: &'v RecordReader, view: &'v IndexedLog, at: ResolvedCut, overlay: Option<&'v Overlay>) -> Self {
        let supposed = overlay.map(|overlay| (overlay, Layer::new(record, &overlay.view, EVERYTHING)));
        let at = ResolvedCut { supposed: supposed.is_some(), ..at };
        let merges = overlay.and_then(Overlay::merges).unwrap_or_else(|| view.index.merges.at(at.position()));
        Self { at, record: Layer::new(record, view, at.position()), supposed, survivors: Survivors::new(merges) }
    }

    /// Returns true if anything is supposed.
    pub(crate) const fn is_supposed(&self) -> bool {
        self.supposed.is_some()
    }

    /// The party that answers for a party at the cut: itself, unless it has been merged.
    pub(crate) fn survivor<'p>(&'p self, party: &'p str) -> &'p str {
        self.survivors.survivor(party)
    }

    /// The parties that answer for others at the cut.
    pub(crate) const fn survivors(&self) -> &Survivors<'v> {
        &self.survivors
    }

    /// The merges at the cut.
    pub(crate) const fn merges(&self) -> MergesAt<'v> {
        self.survivors.merges()
    }

    /// A filter with all ids that answer as those it names.
    pub(in crate::read) fn widen<'f>(&self, filter: &'f Filter) -> Cow<'f, Filter> {
        self.merges().widen(filter, || self.layers().flat_map(|seen| seen.index.relationship_ids()))
    }

    /// The recorded time of the event at a position, real or supposed.
    pub(crate) fn recorded_at(&self, position: Position) -> Option<RecordedAt> {
        match &self.supposed {
            Some((overlay, _)) if position > self.at.position() => Some(overlay.recorded_at()),
            _ => self.record.view.index.appends.recorded_at_position(position),
        }
    }

    /// The indexes it looks into: that of the suppositions first, if there are any, then that of the record.
    pub(crate) fn layers(&self) -> impl Iterator<Item = LayerIndex<'v>> + use<'_, 'v> {
        let of = |layer: &Layer<'v>, supposed| LayerIndex { index: &layer.view.index, cut: layer.cut, supposed };
        let supposed = self.supposed.iter().map(move |(_, layer)| of(layer, true));
        supposed.chain([of(&self.record, false)])
    }

    /// Returns true if a claim of the record is seen in the suppositions instead.
    pub(crate) fn hides(&self, claim: ClaimNo) -> bool {
        self.supposed.as_ref().is_some_and(|(overlay, _)| overlay.hides(claim))
    }

    /// The position that an event has in the record, or would have.
    pub(crate) fn position_of(&self, supposed: bool, position: Position) -> Position {
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

    /// The claims found in the record that the suppositions do not hide, and those found in the suppositions, in order.
    fn all_seen(&self, find: impl Fn(&Layer<'v>) -> Vec<FoundRevision>) -> Vec<ClaimSight> {
        let recorded = find(&self.record);
        hold(recorded.len() * size_of::<ClaimSight>());
        let recorded = recorded.into_iter();
        let Some((overlay, layer)) = &self.supposed else {
            let mut seen: Vec<ClaimSight> = recorded.filter_map(|found| self.claim_sight(found, false)).collect();
            seen.sort_by_key(|seen| seen.order);
            return seen;
        };
        let recorded =
            recorded.filter(|found| !overlay.hides(found.claim)).filter_map(|found| self.claim_sight(found, false));
        let supposed = find(layer).into_iter().filter_map(|found| self.claim_sight(found, true));
        let mut seen: Vec<ClaimSight> = recorded.chain(supposed).collect();
        seen.sort_by_key(|seen| seen.order);
        seen
    }

    pub(in crate::read) fn claim_sight(&self, found: FoundRevision, supposed: bool) -> Option<ClaimSight> {
        step();
        let layer = self.layer(supposed);
        let claims = layer.view.index.claims();
        let content = claims.content(found.revision.content)?;
        let (order, position) = match &self.supposed {
            Some((overlay, _)) if supposed => (overlay.order(found.claim), overlay.position(found.revision.position)),
            _ => (u64::from(found.claim.get()), found.revision.position),
        };
        Some(ClaimSight {
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
pub(crate) fn member<V: Vocabulary>(code: u8) -> Option<V> {
    V::ALL.get(usize::from(code)).copied()
}
