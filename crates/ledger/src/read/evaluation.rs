//! The state as a [`Sight`] sees it: the matches of the record and of what is supposed, put together.
//!
//! The index evaluates ([`crate::store::Index::evaluate`]), here as for the plain question.

use crate::budget::hold;
use crate::read::sight::{ClaimSight, Sight};
use crate::store::StateQuestion;
use detente_domain::certainty::{Certainty, Mode, certainty};
use detente_domain::emptiness::Findings;
use detente_domain::period::Period;

/// The claims that match at a date, and what the search came across.
pub(crate) struct EvaluatedState {
    /// Definite before possible, then by latest end, earliest start and position, newest first.
    pub(crate) matches: Vec<(ClaimSight, Certainty)>,
    /// The reason for an empty answer.
    pub(crate) findings: Findings,
}

impl Sight<'_> {
    /// The state.
    pub(crate) fn state(&self, question: &StateQuestion<'_>) -> EvaluatedState {
        let filter = self.widen(question.filter);
        let question = StateQuestion { filter: &filter, ..*question };
        let (mut ordered, mut findings) = (Vec::new(), Findings::default());
        for layer in self.layers() {
            let is_hidden = |claim| !layer.supposed && self.hides(claim);
            let state = layer.index.evaluate(&question, layer.cut, is_hidden);
            findings = findings.and(state.findings);
            hold(state.rows.len() * size_of::<(ClaimSight, Certainty)>());
            for row in state.rows {
                let Some(seen) = self.claim_sight(row.found, layer.supposed) else { continue };
                ordered.push(((row.certainty, row.order.at(seen.position)), seen));
            }
        }
        if self.is_supposed() {
            ordered.sort_by_key(|(order, _)| *order);
        }
        let matches = ordered.into_iter().map(|((certainty, _), seen)| (seen, certainty)).collect();
        EvaluatedState { matches, findings }
    }
}

/// The certainty with which a claim matches at a date; none where it does not, or where the mode is not for its sort.
pub(crate) fn certainty_at(seen: &ClaimSight, mode: Option<Mode>, asked: &Period) -> Option<Certainty> {
    certainty(Mode::of(mode, seen.temporal_type)?, seen.valid.as_ref()?, asked)
}
