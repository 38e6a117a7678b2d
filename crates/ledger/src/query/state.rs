//! The state at a date, as known at a cut.

mod pages;

use crate::Ledger;
use crate::error::QueryError;
use crate::query::kept_answers::{AnswerKey, KeptAnswers, WORTH_KEEPING};
use crate::query::page_size::{EncodedClaims, PageSize};
use crate::read::cut::ResolvedCut;
use crate::read::render::Renderer;
use crate::read::sight::Sight;
use crate::store::{ClaimNo, FoundRevision, Index, StateQuestion};
use detente_domain::certainty::{Certainty, Mode};
use detente_domain::command::Suppositions;
use detente_domain::cut::Cut;
use detente_domain::emptiness::Emptiness;
use detente_domain::filter::Filter;
use detente_domain::gaps::age_days;
use detente_domain::name::ClaimId;
use detente_domain::period::Period;
use detente_domain::position::Position;
use pages::{OrderedState, StateKey};
use std::sync::Arc;
use uuid::Uuid;

/// The most claims of absence that are named.
const NAMED_ABSENCES: usize = 100;

/// A question for the state.
#[derive(Clone, Debug)]
pub struct StateQuery {
    /// The filter for the claims.
    pub filter: Filter,
    /// The asked date.
    pub valid_at: Period,
    /// The mode; none: HOLDS_AT for states and OCCURRED_BY for events.
    pub mode: Option<Mode>,
    /// The cut to answer at.
    pub cut: Cut,
    /// The suppositions on top of the cut.
    pub supposed: Suppositions,
    /// True to include retracted claims.
    pub include_retracted: bool,
    /// The number of matches to skip.
    pub skip: u64,
    /// The size of the page.
    pub page: PageSize,
}

/// The state.
#[derive(Clone, Debug)]
pub struct State {
    /// The cut.
    pub at: ResolvedCut,
    /// The certainty of each match of this page, in order.
    pub matches: Vec<StateMatch>,
    /// The claims of this page, in the same order.
    pub claims: EncodedClaims,
    /// The reason why it is empty, or that it is not, over all pages.
    pub emptiness: Emptiness,
    /// With recorded absence, the claims that say so.
    pub absences: Vec<Uuid>,
    /// The start of the next page, if there is one.
    pub next: Option<u64>,
}

/// A claim of the state, without the claim itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateMatch {
    /// The certainty: definite if it is so in all readings of the dates.
    pub certainty: Certainty,
    /// If its end is open: the days from the last day that its source knows of to the last day of the asked date.
    pub as_of_age_days: Option<i64>,
}

impl Ledger {
    /// The state.
    ///
    /// # Errors
    /// If the cut cannot be resolved, or stored bytes are damaged.
    pub fn state(&self, query: &StateQuery) -> Result<State, QueryError> {
        if !query.supposed.is_empty() {
            return self
                .record
                .look(query.cut, &query.supposed, |sight| supposed_state(&self.kept_answers, sight, query));
        }
        let view = self.record.store.question_view();
        let at = self.record.resolve(&view.index, query.cut)?;
        let StatePage { rows, total, emptiness, absences } = self.part(&view.index, query, &at);
        let mut state =
            State { at, matches: Vec::new(), claims: EncodedClaims::default(), emptiness, absences, next: None };
        let cut = at.position();
        let mut renderer = Renderer::at(&self.record.store, &view, cut);
        let events = renderer.at_hand(rows.iter().map(|(found, _)| found.revision.position));
        state.claims.reserve(rows.len(), query.page.bytes.min(events.iter().flatten().map(|event| event.len()).sum()));
        for ((found, certainty), event) in rows.iter().zip(events) {
            if state.claims.byte_len() >= query.page.bytes {
                break;
            }
            state.claims.add(|out| renderer.put_found(found, event, out))?;
            let as_of_age_days = as_of_age(&view.index, found, cut, query.valid_at);
            state.matches.push(StateMatch { certainty: *certainty, as_of_age_days });
        }
        let through = query.skip.saturating_add(state.matches.len() as u64);
        if through < total {
            state.next = Some(through);
        } else if query.skip > 0 {
            self.kept_answers.drop_answer(&StateKey::of(query, at.basis));
        }
        let loaded = renderer.into_loaded();
        drop(view);
        self.record.store.adopt(loaded);
        Ok(state)
    }

    /// The rows of a page. Those of a later one are found where the first page left them, if they are still there.
    fn part(&self, index: &Index, query: &StateQuery, at: &ResolvedCut) -> StatePage {
        let cut = at.position();
        if query.skip > 0
            && let Some(ordered) = self.kept_answers.find::<_, OrderedState>(&StateKey::of(query, at.basis))
        {
            return StatePage::of_ordered(index, cut, &ordered, query);
        }
        let filter = index.as_answered(&query.filter, cut);
        let question = StateQuestion {
            filter: &filter,
            asked: query.valid_at,
            mode: query.mode,
            include_retracted: query.include_retracted,
        };
        let found = index.evaluate(&question, cut, |_| false);
        let emptiness = found.findings.emptiness();
        let rows = span(&found.rows, query).iter().map(|row| (row.found, row.certainty)).collect();
        let absences = named_absences(index, emptiness, found.rows.iter().map(|row| row.found.claim));
        let total = found.rows.len();
        let through = usize::try_from(query.skip).unwrap_or(usize::MAX).saturating_add(query.page.entries);
        if through < total && total >= WORTH_KEEPING {
            let claims: Vec<_> = found.rows.iter().map(|row| (row.found.claim, row.certainty)).collect();
            let bytes = claims.len() * size_of::<(ClaimNo, Certainty)>();
            self.kept_answers.keep(StateKey::of(query, at.basis), Arc::new(OrderedState { claims, emptiness }), bytes);
        }
        StatePage { rows, total: total as u64, emptiness, absences }
    }
}

/// The rows of a page, with what its reply says of all pages.
struct StatePage {
    rows: Vec<(FoundRevision, Certainty)>,
    total: u64,
    emptiness: Emptiness,
    absences: Vec<Uuid>,
}

impl StatePage {
    fn of_ordered(index: &Index, cut: Position, ordered: &OrderedState, query: &StateQuery) -> Self {
        let found =
            |(claim, certainty): &(ClaimNo, Certainty)| Some((index.claims().find_revision(*claim, cut)?, *certainty));
        Self {
            rows: span(&ordered.claims, query).iter().filter_map(found).collect(),
            total: ordered.claims.len() as u64,
            emptiness: ordered.emptiness,
            absences: named_absences(index, ordered.emptiness, ordered.claims.iter().map(|(claim, _)| *claim)),
        }
    }
}

/// The page of all rows.
fn span<'r, R>(rows: &'r [R], query: &StateQuery) -> &'r [R] {
    let skip = usize::try_from(query.skip).unwrap_or(usize::MAX);
    let rows = rows.get(skip..).unwrap_or_default();
    rows.get(..query.page.entries).unwrap_or(rows)
}

/// With nothing but recorded absence, every match is a claim of absence; the first of them are named.
fn named_absences(index: &Index, emptiness: Emptiness, claims: impl Iterator<Item = ClaimNo>) -> Vec<Uuid> {
    if !matches!(emptiness, Emptiness::RecordedAbsence(_)) {
        return Vec::new();
    }
    claims.take(NAMED_ABSENCES).filter_map(|claim| index.claims().id(claim)).collect()
}

/// The parameters that a supposed state depends on, besides filter, cut and suppositions.
#[derive(Debug, PartialEq)]
struct SupposedStateScope {
    valid_at: Period,
    mode: Option<Mode>,
    include_retracted: bool,
}

/// The state with what is supposed.
fn supposed_state(kept: &KeptAnswers, sight: &Sight<'_>, query: &StateQuery) -> Result<State, QueryError> {
    let StateQuery { filter, valid_at, mode, include_retracted, .. } = query;
    let (valid_at, mode, include_retracted) = (*valid_at, *mode, *include_retracted);
    let asked = SupposedStateScope { valid_at, mode, include_retracted };
    let reading = kept.read(AnswerKey::of(sight, filter, &query.supposed, asked), query.skip > 0, || {
        let state = sight.state(&StateQuestion { filter, asked: valid_at, mode, include_retracted });
        let claims: Vec<_> = state.matches.iter().map(|(seen, certainty)| (seen.id, *certainty)).collect();
        Ok::<_, QueryError>((claims, state.findings.emptiness()))
    })?;
    let (claims, emptiness) = &*reading.entries;
    let absences = if matches!(emptiness, Emptiness::RecordedAbsence(_)) { claims.as_slice() } else { &[] };
    let mut state = State {
        at: sight.at,
        matches: Vec::new(),
        claims: EncodedClaims::default(),
        emptiness: *emptiness,
        absences: absences.iter().take(NAMED_ABSENCES).map(|(id, _)| id.0).collect(),
        next: None,
    };
    let skip = usize::try_from(query.skip).unwrap_or(usize::MAX);
    for (nth, (id, certainty)) in claims.iter().enumerate().skip(skip) {
        if state.matches.len() >= query.page.entries || state.claims.byte_len() >= query.page.bytes {
            state.next = Some(nth as u64);
            break;
        }
        let seen = sight.found_again(*id)?;
        state.claims.add(|out| sight.render(&seen, out))?;
        let reached = seen.as_of.filter(|_| seen.end_open);
        let as_of_age_days = reached.map(|reached| age_days(reached, &valid_at));
        state.matches.push(StateMatch { certainty: *certainty, as_of_age_days });
    }
    let count = claims.len();
    reading.end(state.next.is_some(), count, count * size_of::<(ClaimId, Certainty)>());
    Ok(state)
}

fn as_of_age(index: &Index, found: &FoundRevision, cut: Position, asked: Period) -> Option<i64> {
    index.claims().content(found.revision.content).filter(|content| content.is_end_open())?;
    Some(age_days(index.as_of_at(found.revision.content, cut)?, &asked))
}
