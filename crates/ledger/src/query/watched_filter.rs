//! The filter of a watch, which merges of parties give another meaning from their recorded time on.

use crate::budget;
use crate::store::{ClaimNo, CompiledFilter, EvaluatedFilter, Index, Revision};
use detente_domain::filter::{AnsweredFilter, Filter, parties_in};
use detente_domain::merge::AnsweringHistory;
use detente_domain::position::Position;

/// Memory of an id that answered as a named one, or of a change of it, roughly.
const BYTES_OF_CHANGE: usize = 64;

/// A filter over recorded time.
pub(crate) enum WatchedFilter<'i> {
    /// Asks for the ids that it names, at every cut.
    Constant(CompiledFilter<'i>),
    /// Asks for others too, at some cuts.
    Merged(MergedFilter<'i>),
}

/// A filter that names parties which were merged with others.
pub(crate) struct MergedFilter<'i> {
    history: AnsweringHistory<'i>,
    /// The filter since the beginning, and since each position at which named parties came to answer as one, or no longer did.
    regrouped: Vec<(Position, AnsweredFilter<'i>)>,
    words: Option<CompiledFilter<'i>>,
}

impl<'i> WatchedFilter<'i> {
    /// A filter up to a head.
    pub(crate) fn new(index: &'i Index, filter: &'i Filter, head: Position) -> Self {
        if !index.merges.ever_concern(filter) {
            return Self::Constant(index.compile(filter));
        }
        let history = AnsweringHistory::new(&index.merges, filter, head, budget::step);
        budget::hold(history.len() * BYTES_OF_CHANGE);
        let named: usize = filter.items.iter().map(|item| item.named_len() + 1).sum();
        let answered = |position: &Position| {
            budget::steps(u32::try_from(named).unwrap_or(u32::MAX));
            budget::hold(named * BYTES_OF_CHANGE);
            (*position, AnsweredFilter::new(filter, &history.at(*position)))
        };
        let regrouped = [Position::START].iter().chain(history.regroupings()).map(answered).collect();
        Self::Merged(MergedFilter { history, regrouped, words: index.words_of(filter) })
    }

    /// The number of ids and changes that are looked at for it.
    pub(crate) fn width(&self) -> usize {
        match self {
            Self::Constant(_) => 0,
            Self::Merged(filter) => filter.history.len() + filter.regrouped.len(),
        }
    }

    /// The positions at which a claim may come to match, or no longer, because parties are merged or unmerged; in no order.
    pub(crate) fn changes_for(&self, index: &Index, revisions: &[Revision]) -> Vec<Position> {
        let Self::Merged(filter) = self else { return Vec::new() };
        let facets = revisions.iter().flat_map(|revision| index.facets_of(revision.content));
        let parties = facets.flat_map(|(kind, key)| parties_in(kind, key));
        let of_parties = parties.flat_map(|id| filter.history.changes_of(id));
        of_parties.chain(filter.history.regroupings().iter().copied()).inspect(|_| budget::step()).collect()
    }

    /// Returns true if a claim matches in a revision, with the merges up to a position.
    pub(crate) fn matches(&self, index: &Index, claim: ClaimNo, revision: &Revision, at: Position) -> bool {
        match self {
            Self::Constant(filter) => index.matches_in(filter, claim, revision),
            Self::Merged(filter) => filter.matches(index, claim, revision, at),
        }
    }
}

impl MergedFilter<'_> {
    fn matches(&self, index: &Index, claim: ClaimNo, revision: &Revision, at: Position) -> bool {
        let last = self.regrouped.partition_point(|(since, _)| *since <= at);
        let Some((_, filter)) = last.checked_sub(1).and_then(|last| self.regrouped.get(last)) else { return false };
        let answering = self.history.at(at);
        let filter = EvaluatedFilter { filter, words: self.words.as_ref(), answering: &answering };
        index.matches_answered(&filter, (claim, revision.content), revision.position)
    }
}
