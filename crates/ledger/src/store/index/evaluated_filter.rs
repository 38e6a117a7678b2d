//! Events that touch a filter with the merges of their time, judged one event at a time: without finding every claim that
//! matches, and without writing out every id that answers as one that the filter names.

use super::Index;
use super::contents::Content;
use super::numbers::{ClaimNo, ContentNo};
use super::query::CompiledFilter;
use crate::budget::{step, steps};
use detente_domain::filter::{AnsweredFilter, FacetKind, Filter, FilterItem};
use detente_domain::merge::{Answering, Survivors};
use detente_domain::name::ClaimId;
use detente_domain::position::Position;

/// Merges that are walked along for the work of one event.
const WALKED_AS_ONE: u64 = 16;

/// The merges with which an event is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MergesKnown {
    /// Those up to the event: what a feed leaves of the log is a function of the log.
    Then,
    /// All there are: a precondition asks for what its filter means now.
    Now,
}

/// A filter with all that it takes to evaluate it for a claim.
pub(crate) struct EvaluatedFilter<'e, 'f, A> {
    /// The filter at a cut.
    pub(crate) filter: &'e AnsweredFilter<'f>,
    /// The contents with the words that its items ask for, where one asks for text.
    pub(crate) words: Option<&'e CompiledFilter<'f>>,
    /// The parties that answer for others at the cut.
    pub(crate) answering: &'e A,
}

impl Index {
    /// Adds the events after a position that belong to a filter, in order, until so much work is done or a position is
    /// reached. Returns how far it looked. A merge or unmerge that changes what the filter asks for belongs to it.
    pub(super) fn touched_one_by_one(
        &self,
        filter: &Filter,
        known: MergesKnown,
        (after, until): (Position, Position),
        mut work: u64,
        found: &mut impl Extend<Position>,
    ) -> Position {
        let mut looked = after;
        let work_of_event = filter.items.len().max(1) as u64;
        let mut answered: Option<(AnsweredFilter<'_>, Survivors<'_>)> = None;
        let words = self.words_of(filter);
        while looked < until && work > 0 {
            let position = looked.next();
            let merges = match known {
                MergesKnown::Then => self.merges.at(position),
                MergesKnown::Now => self.merges.at(Position(u64::MAX)),
            };
            step();
            work = work.saturating_sub(work_of_event);
            if self.merges.change_at(position) {
                // The party that was merged here may lie between one of a claim and one that the filter names.
                answered = answered.filter(|_| known == MergesKnown::Now);
                found.extend(self.next_change_of_meaning(filter, looked, position));
            } else if self.by_position.claim(position).is_some() || self.is_label_confirmed_at(position) {
                let (answered, survivors) = answered.get_or_insert_with(|| {
                    work = work.saturating_sub(cost_of(filter));
                    let survivors = Survivors::new(merges);
                    (AnsweredFilter::new(filter, &survivors), survivors)
                });
                let filter = EvaluatedFilter { filter: answered, words: words.as_ref(), answering: survivors };
                found.extend(self.touches_answered(&filter, position).then_some(position));
                let walked = survivors.take_walked() / WALKED_AS_ONE;
                steps(u32::try_from(walked).unwrap_or(u32::MAX));
                work = work.saturating_sub(walked);
            }
            looked = position;
        }
        looked
    }

    /// Returns true if the event at a position touches a claim that matches right before or right after it.
    fn touches_answered(&self, filter: &EvaluatedFilter<'_, '_, Survivors<'_>>, position: Position) -> bool {
        let Some(claim) = self.by_position.claim(position) else {
            return self
                .confirms_any(position, |claim, number, _| self.matches_answered(filter, (claim, number), position));
        };
        let revisions = self.claims.revisions(claim);
        let Ok(at) = revisions.binary_search_by_key(&position, |revision| revision.position) else { return false };
        let matches = |at: usize| {
            let number = revisions.get(at).map(|revision| revision.content);
            number.is_some_and(|number| self.matches_answered(filter, (claim, number), position))
        };
        matches(at) || at.checked_sub(1).is_some_and(matches)
    }

    /// Returns true if a claim matches with a content that it has or had after the event at a position.
    pub(crate) fn matches_answered(
        &self,
        asked: &EvaluatedFilter<'_, '_, impl Answering>,
        (claim, number): (ClaimNo, ContentNo),
        at: Position,
    ) -> bool {
        let Some(content) = self.claims.content(number) else { return false };
        let facets: Vec<(FacetKind, &str)> = self.facets_of(number).collect();
        let has_words = |nth: usize| {
            let item = asked.words.and_then(|words| words.items.get(nth));
            item.and_then(|item| item.words.as_ref()).is_none_or(|with| with.contains(&self.claims.words(number)))
        };
        asked.filter.admits(&facets, asked.answering, |nth, item| {
            let admits_time = || self.appends.recorded_at_position(at).is_some_and(|instant| item.admits_time(instant));
            let is_timeless = item.recorded_from.is_none() && item.recorded_before.is_none();
            self.admits_members(item, claim, content) && (is_timeless || admits_time()) && has_words(nth)
        })
    }

    /// The facets of a content.
    pub(crate) fn facets_of(&self, number: ContentNo) -> impl Iterator<Item = (FacetKind, &str)> {
        self.claims.facets(number).filter_map(|term| {
            let (kind, key) = self.terms.bytes(term).split_first()?;
            Some((*FacetKind::ALL.get(usize::from(*kind))?, std::str::from_utf8(key).ok()?))
        })
    }

    /// The contents with the words that a filter asks for; none where no item asks for text.
    pub(crate) fn words_of<'f>(&self, filter: &'f Filter) -> Option<CompiledFilter<'f>> {
        filter.items.iter().any(|item| !item.text.is_empty()).then(|| self.compile(filter))
    }

    fn admits_members(&self, item: &FilterItem, claim: ClaimNo, content: &Content) -> bool {
        item.temporal_types.admits(Some(content.temporal_type()))
            && item.modalities.admits(Some(content.modality()))
            && item.polarities.admits(content.polarity())
            && item.statuses.admits(content.status())
            && (item.claim_ids.is_empty()
                || self.claims.id(claim).is_some_and(|id| item.claim_ids.contains(&ClaimId(id))))
    }
}

/// The work of preparing a filter: it grows with what it names.
fn cost_of(filter: &Filter) -> u64 {
    filter.items.iter().map(|item| item.named_len() as u64 / 8 + 1).sum()
}
