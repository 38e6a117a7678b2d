//! What was known of a claim's turns, over recorded time.
//!
//! A claim's turns change with its revisions, and a promise's also with the claims that settle it: these may be recorded,
//! revised and retracted at any time, before and after the promise itself. And whether a claim is asked for changes with
//! the merges of parties: from the recorded time of one on, a filter asks for whoever answers as the party that it names.

use super::sight::member;
use crate::domain::filter::{Filter, FilterItem};
use crate::domain::moment::Moment;
use crate::domain::name::ClaimId;
use crate::domain::position::{Position, RecordedAt};
use crate::domain::turn::{Known, SETTLING, Turns, settles_by};
use crate::domain::validity::Validity;
use crate::store::{ClaimNo, Compiled, Content, Index, Revision};
use std::borrow::Cow;

/// The record up to a head, as it became known.
pub(super) struct TurnHistory<'i> {
    index: &'i Index,
    /// Which claims count, and since when: one that does not match has no turns. In order, the first since ever.
    meanings: Vec<(RecordedAt, Compiled<'i>)>,
    head: Position,
    /// What is behind this position counts as learnt after this instant, whenever it was recorded.
    base: Option<(RecordedAt, Position)>,
}

/// A stretch of recorded time in which a claim settles a promise.
struct Settlement {
    since: RecordedAt,
    until: Option<RecordedAt>,
    validity: Option<Validity>,
}

impl Settlement {
    /// Whether, as known at an instant, it keeps the promise from falling due.
    fn settles(&self, due: Moment, known_at: RecordedAt) -> bool {
        let stands = self.since <= known_at && self.until.is_none_or(|until| known_at < until);
        stands && settles_by(self.validity.as_ref(), due)
    }
}

impl<'i> TurnHistory<'i> {
    /// The record up to a head; `asked` is what the filter asks for, and from which position on.
    pub(super) fn new(
        index: &'i Index,
        asked: &'i [(Position, Cow<'_, Filter>)],
        head: Position,
        base: Option<(RecordedAt, Position)>,
    ) -> Self {
        let mut history = Self { index, meanings: Vec::new(), head, base };
        let meanings = asked.iter().map(|(from, filter)| (history.learnt_at(*from), index.compile(filter)));
        history.meanings = meanings.collect();
        history
    }

    /// What was known of a claim's turns over time, and in which revision.
    pub(super) fn of(&self, claim: ClaimNo) -> Vec<(Known, u32)> {
        let revisions = self.revisions(claim);
        let learnt: Vec<RecordedAt> = revisions.iter().map(|revision| self.learnt_at(revision.position)).collect();
        let is_promise = revisions.iter().any(|revision| self.index.due_of(revision.content).is_some());
        let settlements = if is_promise { self.settlements(claim) } else { Vec::new() };
        let mut instants = learnt.clone();
        instants.extend(settlements.iter().flat_map(|settlement| [Some(settlement.since), settlement.until]).flatten());
        instants.extend(self.meanings.iter().map(|(since, _)| *since));
        instants.sort_unstable();
        instants.dedup();
        let known = instants.into_iter().filter_map(|since| {
            let number = learnt.partition_point(|learnt| *learnt <= since);
            let revision = revisions.get(number.checked_sub(1)?)?;
            let is_settled = |due| settlements.iter().any(|settlement| settlement.settles(due, since));
            let turns = self.turns_in(claim, revision, since, is_settled).unwrap_or(Turns::NONE);
            Some((Known { since, turns }, u32::try_from(number).unwrap_or(u32::MAX)))
        });
        known.collect()
    }

    /// The turns of a claim in a revision, as known at an instant; none where it is retracted or does not match.
    fn turns_in(
        &self,
        claim: ClaimNo,
        revision: &Revision,
        known_at: RecordedAt,
        is_settled: impl Fn(Moment) -> bool,
    ) -> Option<Turns> {
        let meant = self.meanings.partition_point(|(since, _)| *since <= known_at);
        let (_, filter) = self.meanings.get(meant.checked_sub(1)?)?;
        if revision.is_retracted() || !self.index.matches_in(filter, claim, revision) {
            return None;
        }
        let content = self.index.claims().content(revision.content)?;
        let due = self.index.due_of(revision.content).filter(|due| !is_settled(*due));
        Some(Turns::of(member(content.temporal_type())?, content.validity().as_ref(), due))
    }

    /// When and how a promise was settled.
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
                if !revision.is_retracted() && index.matches_in(&links_to_it, by, revision) {
                    let since = self.learnt_at(revision.position);
                    let validity = index.claims().content(revision.content).and_then(Content::validity);
                    settlements.push(Settlement { since, until, validity });
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

    /// When an event counts as learnt: when it was recorded, but not before an instant that had been reached without it.
    fn learnt_at(&self, position: Position) -> RecordedAt {
        let recorded_at = self.index.appends.recorded_at_position(position).unwrap_or(RecordedAt::MIN);
        match self.base {
            Some((settled, head)) if position > head => recorded_at.max(settled.next()),
            _ => recorded_at,
        }
    }
}
