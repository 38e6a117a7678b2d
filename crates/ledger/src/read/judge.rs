//! The state as a [`Sight`] sees it: which of the claims that match are so at a date.
//!
//! The same rules as in the index (`store::index::query`), which answers the plain question without looking through a sight:
//! a test holds the two against each other.

use crate::read::sight::{ClaimSight, Sight};
use detente_domain::certainty::{Certainty, Mode, certainty};
use detente_domain::emptiness::Findings;
use detente_domain::filter::Filter;
use detente_domain::moment::Moment;
use detente_domain::period::Period;
use std::cmp::Reverse;

/// What is asked of the state.
pub(crate) struct MatchQuestion<'q> {
    /// Which claims.
    pub(crate) filter: &'q Filter,
    /// When.
    pub(crate) asked: Period,
    /// How the date is meant; none: HOLDS_AT for states and OCCURRED_BY for events.
    pub(crate) mode: Option<Mode>,
    /// Whether retracted claims are wanted.
    pub(crate) include_retracted: bool,
}

/// The claims that are so, and what the search came across.
pub(crate) struct Judged {
    /// Definite before possible, then by latest end, earliest start and position, newest first.
    pub(crate) matches: Vec<(ClaimSight, Certainty)>,
    /// What an answer of nothing is.
    pub(crate) findings: Findings,
}

impl Sight<'_> {
    /// The state.
    pub(crate) fn state(&self, question: &MatchQuestion<'_>) -> Judged {
        let from =
            if question.mode.is_some_and(|mode| mode != Mode::OccurredBy) { question.asked.a } else { Moment::MIN };
        let mut judged = Judged { matches: Vec::new(), findings: Findings::default() };
        for seen in self.touching(question.filter, from, question.asked.b, true) {
            let Some(certainty) = certainty_at(&seen, question.mode, &question.asked) else { continue };
            if seen.retracted && !question.include_retracted {
                judged.findings.retracted = true;
                continue;
            }
            judged.findings.note(certainty, seen.modality.is_absence());
            judged.matches.push((seen, certainty));
        }
        judged.matches.sort_by_key(|(seen, certainty)| {
            let corners = seen.valid.as_ref().map(|valid| valid.for_period(&question.asked));
            let ends = corners.map(|corners| (Reverse(corners.latest_end), Reverse(corners.earliest_start)));
            (*certainty, ends, Reverse(seen.position))
        });
        if !judged.findings.found && judged.findings.absence.is_none() {
            for seen in self.matching(question.filter, true) {
                *(if seen.retracted { &mut judged.findings.retracted } else { &mut judged.findings.recorded }) = true;
            }
        }
        judged
    }
}

/// Whether a claim is so at a date, and how certainly; none where it is not, or where the mode is not for its sort.
pub(crate) fn certainty_at(seen: &ClaimSight, mode: Option<Mode>, asked: &Period) -> Option<Certainty> {
    certainty(Mode::of(mode, seen.temporal_type)?, seen.valid.as_ref()?, asked)
}
