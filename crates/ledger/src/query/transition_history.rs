//! The knowledge of a claim's transitions, over recorded time.
//!
//! A claim's transitions change with its revisions, and a promise's also with the claims that settle it: these may be
//! recorded, revised and retracted at any time, before and after the promise itself. The merges of parties decide too if a
//! claim matches the filter: from the recorded time of a merge on, the filter means every id that answers as a party that
//! it names.

use crate::budget;
use crate::query::watched_filter::WatchedFilter;
use crate::read::sight::member;
use crate::store::{ClaimNo, Index, Revision};
use detente_domain::filter::{Filter, FilterItem};
use detente_domain::moment::Moment;
use detente_domain::name::ClaimId;
use detente_domain::position::{Position, RecordedAt};
use detente_domain::transition::{KnownTransitions, SETTLING, Transitions};
use detente_domain::valid_time::ValidTime;
use std::collections::BTreeMap;

/// The record up to a head, as it became known.
pub(crate) struct TransitionHistory<'i> {
    index: &'i Index,
    /// The filter that claims must match to have transitions.
    filter: WatchedFilter<'i>,
    head: Position,
    /// Events after this position count as learnt after this instant, even if they were recorded before it.
    base: Option<(RecordedAt, Position)>,
}

/// A stretch of recorded time in which a claim settles a promise.
struct Settlement {
    since: RecordedAt,
    until: Option<RecordedAt>,
    valid: Option<ValidTime>,
}

/// The settlements that stand at an instant, which only moves on. A promise may have very many, so they are not looked
/// through at each instant: one settles it exactly where the one that begins first does.
struct StandingSettlements {
    /// The instants at which settlements begin (true) and cease (false) to stand, in order. Each has the earliest
    /// instant at which the settling claim may have begun.
    transitions: Vec<(RecordedAt, bool, Moment)>,
    passed: usize,
    standing: BTreeMap<Moment, usize>,
}

impl StandingSettlements {
    fn new(settlements: &[Settlement]) -> Self {
        let mut transitions = Vec::with_capacity(2 * settlements.len());
        for of in settlements {
            // One without a time settles whatever is due.
            let start = of.valid.as_ref().map_or(Moment::MIN, |valid| valid.instants().earliest_start);
            transitions.push((of.since, true, start));
            transitions.extend(of.until.map(|until| (until, false, start)));
        }
        budget::hold(transitions.len() * size_of::<(RecordedAt, bool, Moment)>());
        // A settlement does not stand at the instant at which it ends. Beginnings sort before ends, for a settlement
        // that stood for no time.
        transitions.sort_unstable_by_key(|(at, begins, start)| (*at, !begins, *start));
        Self { transitions, passed: 0, standing: BTreeMap::new() }
    }

    /// Moves on to an instant.
    fn advance(&mut self, known_at: RecordedAt) {
        while let Some((_, begins, start)) = self.transitions.get(self.passed).filter(|(at, ..)| *at <= known_at) {
            budget::step();
            self.passed += 1;
            if *begins {
                *self.standing.entry(*start).or_default() += 1;
            } else if let Some(count) = self.standing.get_mut(start) {
                *count -= 1;
                if *count == 0 {
                    self.standing.remove(start);
                }
            }
        }
    }

    /// Returns true if a standing settlement keeps a promise from falling due.
    fn settle(&self, due: Moment) -> bool {
        self.standing.first_key_value().is_some_and(|(start, _)| *start == Moment::MIN || *start < due)
    }
}

impl<'i> TransitionHistory<'i> {
    /// The record up to a head, as far as a filter asks for it.
    pub(crate) fn new(
        index: &'i Index,
        filter: &'i Filter,
        head: Position,
        base: Option<(RecordedAt, Position)>,
    ) -> Self {
        Self { index, filter: WatchedFilter::new(index, filter, head), head, base }
    }

    /// The number of ids and changes that are looked at for its filter.
    pub(crate) fn width(&self) -> usize {
        self.filter.width()
    }

    /// The knowledge of a claim's transitions over time, each with the revision that gave it.
    pub(crate) fn of(&self, claim: ClaimNo) -> Vec<(KnownTransitions, u32)> {
        let revisions = self.revisions(claim);
        let learnt: Vec<RecordedAt> = revisions.iter().map(|revision| self.learnt_at(revision.position)).collect();
        let is_promise = revisions.iter().any(|revision| self.index.due_of(revision.content).is_some());
        let settlements = if is_promise { self.settlements(claim) } else { Vec::new() };
        let mut instants = learnt.clone();
        instants.extend(settlements.iter().flat_map(|settlement| [Some(settlement.since), settlement.until]).flatten());
        let by_merges = self.filter.changes_for(self.index, revisions).into_iter();
        instants.extend(by_merges.map(|position| self.learnt_at(position)));
        instants.sort_unstable();
        instants.dedup();
        let mut standing = StandingSettlements::new(&settlements);
        let known = instants.into_iter().filter_map(|since| {
            // Instants are as many as revisions, settlements and changes of the claim's parties.
            budget::step();
            standing.advance(since);
            let number = learnt.partition_point(|learnt| *learnt <= since);
            let revision = revisions.get(number.checked_sub(1)?)?;
            let transitions =
                self.transitions_in(claim, revision, since, |due| standing.settle(due)).unwrap_or(Transitions::NONE);
            Some((KnownTransitions { since, transitions }, u32::try_from(number).unwrap_or(u32::MAX)))
        });
        known.collect()
    }

    /// The transitions of a claim in a revision, as known at an instant; none where it is retracted or does not match.
    fn transitions_in(
        &self,
        claim: ClaimNo,
        revision: &Revision,
        known_at: RecordedAt,
        is_settled: impl Fn(Moment) -> bool,
    ) -> Option<Transitions> {
        if revision.is_retracted() || !self.filter.matches(self.index, claim, revision, self.last_learnt_at(known_at)) {
            return None;
        }
        let content = self.index.claims().content(revision.content)?;
        let due = self.index.due_of(revision.content).filter(|due| !is_settled(*due));
        Some(Transitions::of(member(content.temporal_type())?, self.index.claims().valid_time(content).as_ref(), due))
    }

    /// The stretches of recorded time in which a promise was settled.
    fn settlements(&self, promise: ClaimNo) -> Vec<Settlement> {
        let index = self.index;
        let Some(id) = index.claims().id(promise) else { return Vec::new() };
        let links = SETTLING.iter().map(|link_type| (Some(*link_type), ClaimId(id))).collect();
        let filter = Filter { items: vec![FilterItem { links, ..FilterItem::default() }] };
        let links_to_it = index.compile(&filter);
        let mut settlements = Vec::new();
        for by in index.candidates(&filter) {
            let revisions = self.revisions(by);
            let next = revisions.iter().skip(1).map(|next| Some(self.learnt_at(next.position))).chain([None]);
            for (revision, until) in revisions.iter().zip(next) {
                budget::step();
                if !revision.is_retracted() && index.matches_in(&links_to_it, by, revision) {
                    let since = self.learnt_at(revision.position);
                    let content = index.claims().content(revision.content);
                    let valid = content.and_then(|content| index.claims().valid_time(content));
                    settlements.push(Settlement { since, until, valid });
                }
            }
        }
        settlements
    }

    /// The revisions of a claim up to the head.
    fn revisions(&self, claim: ClaimNo) -> &'i [Revision] {
        let seen = self.index.claims().revisions_at(claim, self.head);
        self.index.claims().revisions(claim).get(..seen).unwrap_or_default()
    }

    /// The instant at which an event counts as learnt: its recorded time, but not before an instant that was reached
    /// without it.
    fn learnt_at(&self, position: Position) -> RecordedAt {
        let recorded_at = self.index.appends.recorded_at_position(position).unwrap_or(RecordedAt::MIN);
        match self.base {
            Some((settled, head)) if position > head => recorded_at.max(settled.next()),
            _ => recorded_at,
        }
    }

    /// The last position that counts as learnt at an instant.
    fn last_learnt_at(&self, known_at: RecordedAt) -> Position {
        let appends = &self.index.appends;
        let last = appends.last(appends.known_at(known_at, appends.last_number())).min(self.head);
        match self.base {
            Some((settled, head)) if known_at <= settled => last.min(head),
            _ => last,
        }
    }
}
