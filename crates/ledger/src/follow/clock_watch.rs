//! The clock of valid time: delivers the transitions of claims as they come.
//!
//! The sequence of deliveries is a function of the record and of time alone ([`deliveries`]): every transition at the first
//! instant at which it has come and is known, in the order of these instants. Nothing is recorded at or before an instant that
//! has settled ([`crate::read::horizon`]), so the sequence up to it is final, and a place in it is enough to resume from, in
//! another process too.
//!
//! ```text
//!   begin    every candidate: its deliveries after the place ──> pending        those to come ──> agenda
//!   advance  claims whose transition has come, and claims that new events touch:     the same, for each of them
//!   deliver  pending, in order, with the claim as it was known then
//! ```
//!
//! A claim is always judged by its whole history, which is short; the agenda only says when to look. So an entry that no
//! longer holds does no harm, and a tick costs what comes up in it.
//!
//! Neither grows with the record: the earliest of each are at hand ([`WatchQuery::at_hand`]), and when they have been delivered
//! the claims are looked through again from the place that was reached. So a watch from long ago is served in pages, and one
//! that is not read takes no more memory.
//!
//! Recorded times that a watch has already passed can appear in two ways: a clock that was set back while the ledger was
//! closed, and a backfill. A place therefore names the last position it has seen ([`ResumePoint`]), and what comes behind that
//! counts as learnt right after the place: it is delivered late rather than not at all.
//!
//! A merge of parties changes what a filter asks for, from its recorded time on and not before. So it is like any other
//! event by which something becomes known. As it is about many claims, all are looked through again
//! ([`crate::query::watched_filter`]).
//!
//! Reasons: `docs/design/clock.md`.

use crate::Ledger;
use crate::error::{QueryError, ReadFailure};
use crate::query::transition_history::TransitionHistory;
use crate::read::horizon::SettledRecord;
use crate::read::render::Renderer;
use crate::store::{ClaimNo, Index};
use detente_domain::cut::{Basis, Cut};
use detente_domain::filter::{Filter, FilterItem, MemberSet, link_of};
use detente_domain::moment::Moment;
use detente_domain::position::{Position, RecordedAt};
use detente_domain::transition::{KnownTransitions, SETTLING, Transition, TransitionDelivery, deliveries};
use detente_domain::vocabulary::Vocabulary;
use detente_proto::v1;
use prost::Message;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// The number of claims that are looked at without letting the writer in between.
const STRETCH: usize = 4096;

/// Memory of an id in a filter and of its term, roughly.
const BYTES_OF_ID: usize = 64;

/// The number of ids and changes of ids that are looked at for a filter at each event without taking long.
const NARROW: usize = 64;

/// The claims and transitions to watch.
#[derive(Clone, Debug)]
pub struct WatchQuery {
    /// The claims to watch.
    pub filter: Arc<Filter>,
    /// The transitions to deliver.
    pub transitions: MemberSet<Transition>,
    /// Set to deliver transitions that had passed when they became known too.
    pub include_late: bool,
    /// The beginning of the watch.
    pub start: WatchStart,
    /// Maximum number of transitions that are held: of those that have come, and as many of those to come.
    pub at_hand: usize,
}

/// The beginning of a watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchStart {
    /// Now.
    Now,
    /// With the deliveries at this instant or later.
    From(RecordedAt),
    /// Behind a place.
    After(ResumePoint),
}

/// A place in the sequence of deliveries: behind a transition, or behind everything of an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WatchPlace {
    /// The instant of telling.
    pub reported_at: RecordedAt,
    /// The claim, by the order in which claims were first recorded.
    pub order: u64,
    /// The transition, by its code.
    pub transition: u8,
}

/// A place, and what was known when it was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResumePoint {
    /// The place.
    pub place: WatchPlace,
    /// Up to when everything had been recorded ...
    pub settled: RecordedAt,
    /// ... namely this.
    pub basis: Basis,
}

/// A transition that is delivered.
#[derive(Clone, Debug)]
pub struct TransitionNotice {
    /// The place behind it.
    pub mark: ResumePoint,
    /// The transition.
    pub transition: Transition,
    /// Its instant.
    pub at: Moment,
    /// Set if its instant had passed before it became known.
    pub late: bool,
    /// The claim as it was known then.
    pub claim: v1::Claim,
}

/// A watch under way.
#[derive(Debug)]
pub struct ClockWatch {
    query: WatchQuery,
    /// The record at the time when the resumed watch came to its place; none for a watch that is not resumed.
    base: Option<(RecordedAt, Basis)>,
    /// Everything up to here is pending or delivered.
    place: WatchPlace,
    /// The instant up to which the record has settled.
    horizon: RecordedAt,
    /// The record up to there.
    head: Basis,
    /// The number of ids and changes of ids that the filter took when it was last looked at.
    width: usize,
    /// The filter may lead to very many words: finding them takes long, however few claims are looked at.
    has_prefixes: bool,
    /// The instants at which to look at a claim again.
    agenda: BTreeSet<(RecordedAt, ClaimNo)>,
    /// From here on the agenda is not complete.
    unplanned: Option<RecordedAt>,
    pending: VecDeque<PendingTransition>,
    /// While the claims are looked through: what lies behind here is left for the next time.
    full: Option<WatchPlace>,
}

#[derive(Clone, Copy, Debug)]
struct PendingTransition {
    place: WatchPlace,
    transition: Transition,
    at: Moment,
    late: bool,
    claim: ClaimNo,
    revision: u32,
}

impl WatchPlace {
    /// Behind everything of an instant.
    #[must_use]
    pub const fn end_of(reported_at: RecordedAt) -> Self {
        Self { reported_at, order: u64::MAX, transition: u8::MAX }
    }
}

impl Ledger {
    /// Begins to watch; the record has settled.
    ///
    /// # Errors
    /// If the place to resume at is one of another history.
    pub fn begin_watch(&self, query: WatchQuery, settled: SettledRecord) -> Result<ClockWatch, QueryError> {
        let view = self.record.store.question_view();
        let head = self.record.after_append(&view.index, settled.appends).basis;
        let (place, base) = match query.start {
            WatchStart::Now => (WatchPlace::end_of(settled.now), None),
            WatchStart::From(RecordedAt(at)) => (WatchPlace::end_of(RecordedAt(at.saturating_sub(1))), None),
            WatchStart::After(mark) => {
                self.record.resolve(&view.index, Cut::Basis(mark.basis))?;
                (mark.place, Some((mark.settled, mark.basis)))
            }
        };
        drop(view);
        let (agenda, pending, horizon) = (BTreeSet::new(), VecDeque::new(), settled.now);
        let (unplanned, full, has_prefixes) = (None, None, query.filter.has_prefixes());
        let mut watch =
            ClockWatch { query, base, place, horizon, head, width: 0, has_prefixes, agenda, unplanned, pending, full };
        self.look_through(&mut watch);
        Ok(watch)
    }

    /// Notes what any claim tells behind the place that was reached.
    fn look_through(&self, watch: &mut ClockWatch) {
        let view = self.record.store.question_view();
        let candidates = watch.candidates(&view.index);
        watch.agenda.clear();
        watch.unplanned = None;
        let filter = Arc::clone(&watch.query.filter);
        let history = watch.history(&view.index, &filter);
        for stretch in candidates.chunks(STRETCH) {
            watch.look_at(&history, stretch);
            watch.leave_for_later();
        }
        watch.arrive();
    }

    /// Returns true if it may take long to bring a watch up to there: its filter is wide, there are more than `events`
    /// events that it has not looked at yet, or it has to look through the claims.
    #[must_use]
    pub fn is_far(&self, watch: &ClockWatch, settled: SettledRecord, events: u64) -> bool {
        if watch.has_prefixes || watch.width > NARROW {
            return true;
        }
        let view = self.record.store.view();
        let (seen, head) = (watch.head.position, view.index.appends.last(settled.appends));
        let means_another = || view.index.next_change_of_meaning(&watch.query.filter, seen, head).is_some();
        watch.is_unplanned(settled.now) || head.0.saturating_sub(seen.0) > events || means_another()
    }

    /// Brings a watch up to where the record has settled. One that is behind receives first what it lacks.
    pub fn advance_watch(&self, watch: &mut ClockWatch, settled: SettledRecord) {
        if settled.now < watch.horizon || watch.is_behind() {
            return;
        }
        let view = self.record.store.question_view();
        let before = watch.head.position;
        watch.head = self.record.after_append(&view.index, settled.appends).basis;
        watch.horizon = settled.now;
        let filter = Arc::clone(&watch.query.filter);
        let means_another = || view.index.next_change_of_meaning(&filter, before, watch.head.position).is_some();
        if watch.is_unplanned(settled.now) || means_another() {
            drop(view);
            return self.look_through(watch);
        }
        let mut claims = watch.coming_up();
        for position in before.next().0..=watch.head.position.0 {
            if let Some(claim) = view.index.by_position.claim(Position(position)) {
                claims.insert(claim);
                claims.extend(promises_of(&view.index, claim, Position(position)));
            }
        }
        let history = watch.history(&view.index, &filter);
        watch.look_at(&history, &Vec::from_iter(claims));
        watch.leave_for_later();
        watch.arrive();
    }

    /// Takes pending transitions for delivery, at most `limit`; none only if nothing is pending. Looks through the
    /// claims if the watch is at the end of a page ([`ClockWatch::is_at_end_of_page`]).
    ///
    /// # Errors
    /// If stored bytes are damaged.
    pub fn tell(&self, watch: &mut ClockWatch, limit: usize) -> Result<Vec<TransitionNotice>, QueryError> {
        while watch.is_at_end_of_page() {
            self.look_through(watch);
        }
        let view = self.record.store.question_view();
        let appends = &view.index.appends;
        let mut renderer = Renderer::new(&self.record.store, &view);
        let mut told = Vec::new();
        while told.len() < limit
            && let Some(next) = watch.pending.pop_front()
        {
            let mut bytes = Vec::new();
            renderer.cut_at(appends.last(appends.known_at(next.place.reported_at, self.record.last_published())));
            renderer.claim(next.claim, next.revision, &mut bytes)?;
            let claim = v1::Claim::decode(bytes.as_slice()).map_err(|error| ReadFailure::Damaged(error.to_string()))?;
            let PendingTransition { place, transition, at, late, .. } = next;
            told.push(TransitionNotice { mark: watch.mark_at(place), transition, at, late, claim });
        }
        let loaded = renderer.into_loaded();
        drop(view);
        self.record.store.adopt(loaded);
        Ok(told)
    }
}

impl ClockWatch {
    /// The instant of the next delivery, as far as is known.
    #[must_use]
    pub fn next_at(&self) -> Option<RecordedAt> {
        self.agenda.first().map(|(at, _)| *at).or(self.unplanned)
    }

    /// The instant up to which the record has settled.
    #[must_use]
    pub const fn horizon(&self) -> RecordedAt {
        self.horizon
    }

    /// Returns true if transitions have come that are not pending.
    fn is_behind(&self) -> bool {
        self.place < WatchPlace::end_of(self.horizon)
    }

    /// Returns true if transitions have come and none of them is pending.
    #[must_use]
    pub fn is_at_end_of_page(&self) -> bool {
        self.pending.is_empty() && self.is_behind()
    }

    /// Returns true if something has come that was not delivered.
    #[must_use]
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Returns true if a transition that is not on the agenda may come by an instant.
    fn is_unplanned(&self, now: RecordedAt) -> bool {
        self.unplanned.is_some_and(|from| from <= now)
    }

    /// The place behind everything that has come; none while some of it has not been delivered.
    #[must_use]
    pub fn mark(&self) -> Option<ResumePoint> {
        (self.pending.is_empty() && !self.is_behind()).then(|| self.mark_at(self.place))
    }

    /// A mark may be resumed at in the middle of an instant. If that is the one at which what was behind the resumed place is
    /// told, what counts as behind it must stay the same.
    fn mark_at(&self, place: WatchPlace) -> ResumePoint {
        match self.base {
            Some((settled, basis)) if place.reported_at <= settled.next() => ResumePoint { place, settled, basis },
            _ => ResumePoint { place, settled: place.reported_at.min(self.horizon), basis: self.head },
        }
    }

    /// Keeps the first of what is pending and what is planned.
    fn leave_for_later(&mut self) {
        let most = self.query.at_hand.max(1);
        if self.pending.len() > most {
            self.pending.make_contiguous().sort_by_key(|pending| pending.place);
            self.pending.truncate(most);
            self.full = self.pending.back().map(|last| last.place);
        }
        while self.agenda.len() > most
            && let Some((at, _)) = self.agenda.pop_last()
        {
            self.unplanned = Some(at);
        }
    }

    /// Everything that has come is pending, or as much of it as there is room for.
    fn arrive(&mut self) {
        self.pending.make_contiguous().sort_by_key(|pending| pending.place);
        self.place = self.place.max(self.full.take().unwrap_or(WatchPlace::end_of(self.horizon)));
    }

    /// Every claim that the filter ever asked for.
    fn candidates(&self, index: &Index) -> Vec<ClaimNo> {
        let wide = index.as_ever_answered(&self.query.filter);
        // Many ids take the time and the memory of finding the term of each.
        let ids: usize = wide.items.iter().map(FilterItem::named_len).sum();
        crate::budget::hold(ids * BYTES_OF_ID);
        crate::budget::steps(u32::try_from(ids).unwrap_or(u32::MAX));
        index.candidates(&wide)
    }

    /// The claims to look at, because their time has come.
    fn coming_up(&mut self) -> BTreeSet<ClaimNo> {
        let later = self.agenda.split_off(&(self.horizon.next(), ClaimNo::default()));
        std::mem::replace(&mut self.agenda, later).into_iter().map(|(_, claim)| claim).collect()
    }

    fn history<'i>(&mut self, index: &'i Index, filter: &'i Filter) -> TransitionHistory<'i> {
        let base = self.base.map(|(settled, basis)| (settled, basis.position));
        let history = TransitionHistory::new(index, filter, self.head.position, base);
        self.width = history.width();
        history
    }

    /// Notes what claims tell behind the place: now or later.
    fn look_at(&mut self, history: &TransitionHistory<'_>, claims: &[ClaimNo]) {
        for claim in claims {
            crate::budget::step();
            let (known, revisions): (Vec<KnownTransitions>, Vec<u32>) = history.of(*claim).into_iter().unzip();
            for delivery in deliveries(&known) {
                let revision = revisions.get(delivery.by).copied().unwrap_or_default();
                self.note(*claim, &delivery, revision);
            }
        }
    }

    fn note(&mut self, claim: ClaimNo, delivery: &TransitionDelivery, revision: u32) {
        let place = WatchPlace {
            reported_at: delivery.reported_at,
            order: claim.get().into(),
            transition: delivery.transition.code(),
        };
        let late = delivery.is_late();
        let wanted =
            self.query.transitions.admits(Some(delivery.transition.code())) && (!late || self.query.include_late);
        if !wanted
            || place <= self.place
            || self.full.is_some_and(|full| place > full && delivery.reported_at <= self.horizon)
        {
            return;
        }
        if delivery.reported_at > self.horizon {
            if !self.is_unplanned(delivery.reported_at) {
                self.agenda.insert((delivery.reported_at, claim));
            }
        } else {
            self.pending.push_back(PendingTransition {
                place,
                transition: delivery.transition,
                at: delivery.at,
                late,
                claim,
                revision,
            });
        }
    }
}

/// The promises that the event at a position may have settled, or the other way round: those that its claim has such a
/// link to before or after it.
fn promises_of(index: &Index, claim: ClaimNo, position: Position) -> Vec<ClaimNo> {
    let settled = |key: &str| {
        let (link_type, target) = link_of(key)?;
        SETTLING.contains(&link_type?).then_some(target.0)
    };
    let number = index.claims().revisions_at(claim, position);
    let revisions = index.claims().revisions(claim).get(number.saturating_sub(2)..number).unwrap_or_default();
    revisions.iter().flat_map(|revision| index.linked_from(revision.content, settled)).collect()
}
