//! The one evaluator of a state: which claims match at a date and how surely, and why nothing does.
//!
//! The plain question takes its rows as they are. A question with suppositions evaluates the record and what is laid over it,
//! each in its own index, and puts the two together ([`crate::read::evaluation`]).
//!
//! Candidates are evaluated in passes, each of which reads one place in memory of all of them: those waits overlap.

use super::Index;
use super::claims::FoundRevision;
use super::contents::Content;
use super::numbers::ClaimNo;
use super::query::CompiledFilter;
use crate::budget::hold;
use detente_domain::certainty::{Certainty, Mode, certainty, certainty_by_corners};
use detente_domain::emptiness::Findings;
use detente_domain::filter::Filter;
use detente_domain::moment::Moment;
use detente_domain::period::Period;
use detente_domain::position::Position;
use detente_domain::validity::Validity;
use detente_domain::vocabulary::{Modality, TemporalType, Vocabulary};
use std::cmp::Reverse;

/// A question for the state.
#[derive(Clone, Copy)]
pub(crate) struct StateQuestion<'q> {
    /// The claims asked about.
    pub(crate) filter: &'q Filter,
    /// The asked date.
    pub(crate) asked: Period,
    /// The meaning of the date; none: HOLDS_AT for states and OCCURRED_BY for events.
    pub(crate) mode: Option<Mode>,
    /// True if retracted claims are included.
    pub(crate) include_retracted: bool,
}

/// The state: every match in order, and what the search came across.
#[derive(Default)]
pub(crate) struct StateRows {
    /// Definite before possible, then by latest end, earliest start and position, newest first.
    pub(crate) rows: Vec<StateRow>,
    /// The reason for an empty answer.
    pub(crate) findings: Findings,
}

/// A claim of the state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StateRow {
    /// The claim.
    pub(crate) found: FoundRevision,
    /// Definite if it matches in all readings of the dates.
    pub(crate) certainty: Certainty,
    /// Its place among those of the same certainty.
    pub(crate) order: StateOrder,
}

/// The place of a claim in a state: by latest end, earliest start and position, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StateOrder(Reverse<Moment>, Reverse<Moment>, Reverse<Position>);

impl StateOrder {
    /// The place of the same claim with another position.
    pub(crate) const fn at(self, position: Position) -> Self {
        Self(self.0, self.1, Reverse(position))
    }
}

impl Index {
    /// The state at a cut, without the claims that are hidden.
    pub(crate) fn evaluate(
        &self,
        question: &StateQuestion<'_>,
        cut: Position,
        is_hidden: impl Fn(ClaimNo) -> bool,
    ) -> StateRows {
        let compiled = self.compile(question.filter);
        let from =
            if question.mode.is_some_and(|mode| mode != Mode::OccurredBy) { question.asked.a } else { Moment::MIN };
        let mut state = StateRows::default();
        for candidates in self.candidates_of(&compiled, Some((from, question.asked.b))) {
            let mut dated = Vec::new();
            self.each_seen(&candidates, cut, |found, content| {
                if let Some(certainty) = self.certainty_of(content, question) {
                    dated.push((found, content, certainty));
                }
                true
            });
            hold(dated.capacity() * (size_of::<(FoundRevision, &Content, Certainty)>() + size_of::<StateRow>()));
            let met = compiled.group_met_by(&candidates);
            dated.retain(|(found, content, _)| {
                self.found_matches(&compiled, met, found, content) && !is_hidden(found.claim)
            });
            for (found, content, certainty) in dated {
                let Some(corners) = self.corners_for(content, &question.asked) else { continue };
                state.take(found, content, corners, certainty, question);
            }
        }
        state.rows.sort_unstable_by_key(|row| (row.certainty, row.order));
        // A claim that several items name stands there several times, in one place.
        state.rows.dedup_by_key(|row| row.found.claim);
        if !state.findings.found && state.findings.absence.is_none() {
            self.look_for_anything(&compiled, cut, is_hidden, &mut state.findings);
        }
        state
    }

    /// Notes whether anything matches at the cut at all, where nothing does at the date.
    fn look_for_anything(
        &self,
        compiled: &CompiledFilter<'_>,
        cut: Position,
        is_hidden: impl Fn(ClaimNo) -> bool,
        findings: &mut Findings,
    ) {
        for candidates in self.candidates_of(compiled, None) {
            let met = compiled.group_met_by(&candidates);
            self.each_seen(&candidates, cut, |found, content| {
                if self.found_matches(compiled, met, &found, content) && !is_hidden(found.claim) {
                    if found.revision.is_retracted() {
                        findings.retracted = true;
                    } else {
                        findings.recorded = true;
                    }
                }
                !findings.recorded
            });
            if findings.recorded {
                return;
            }
        }
    }

    /// The certainty with which a content answers the question for the asked date; none if the content does not.
    fn certainty_of(&self, content: &Content, question: &StateQuestion<'_>) -> Option<Certainty> {
        let corners = self.claims.hull(content)?;
        let temporal_type = TemporalType::ALL.get(usize::from(content.temporal_type()))?;
        let mode = Mode::of(question.mode, *temporal_type)?;
        if content.is_told_by_corners() {
            return certainty_by_corners(mode, &corners, &question.asked);
        }
        certainty(mode, &self.claims.valid_time(content)?, &question.asked)
    }

    /// The corners of a content by which a question goes.
    fn corners_for(&self, content: &Content, asked: &Period) -> Option<Validity> {
        if content.is_told_by_corners() {
            return self.claims.hull(content);
        }
        self.claims.valid_time(content).map(|valid| *valid.for_period(asked))
    }
}

impl StateRows {
    /// Takes in a match.
    fn take(
        &mut self,
        found: FoundRevision,
        content: &Content,
        corners: Validity,
        certainty: Certainty,
        question: &StateQuestion<'_>,
    ) {
        if found.revision.is_retracted() && !question.include_retracted {
            self.findings.retracted = true;
            return;
        }
        let is_absence = Modality::ALL.get(usize::from(content.modality())).is_some_and(|m| m.is_absence());
        self.findings.note(certainty, is_absence);
        let order =
            StateOrder(Reverse(corners.latest_end), Reverse(corners.earliest_start), Reverse(found.revision.position));
        self.rows.push(StateRow { found, certainty, order });
    }
}
