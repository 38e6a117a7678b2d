//! What was the state at a date, as known at a cut?

use super::Ledger;
use super::cut::Resolved;
use super::error::QueryError;
use super::judge::Question;
use super::query::{Encoded, PageSize};
use super::render::Renderer;
use super::sight::Sight;
use crate::domain::certainty::{Certainty, Mode};
use crate::domain::command::Supposed;
use crate::domain::cut::Cut;
use crate::domain::emptiness::Emptiness;
use crate::domain::filter::Filter;
use crate::domain::moment::{Moment, SECONDS_PER_DAY};
use crate::domain::period::Period;
use crate::store::{Found, Index, StateQuestion};
use uuid::Uuid;

/// The most claims of absence that are named.
const NAMED_ABSENCES: usize = 100;

/// A question for the state.
#[derive(Clone, Debug)]
pub struct StateQuery {
    /// Which claims.
    pub filter: Filter,
    /// The asked date.
    pub valid_at: Period,
    /// How it is meant; none: HOLDS_AT for states and OCCURRED_BY for events.
    pub mode: Option<Mode>,
    /// How much of the record to use.
    pub cut: Cut,
    /// What is supposed on top of it.
    pub supposed: Supposed,
    /// Whether retracted claims are wanted.
    pub include_retracted: bool,
    /// How many matches to leave out at the beginning.
    pub skip: u64,
    /// How many are wanted.
    pub page: PageSize,
}

/// The state.
#[derive(Clone, Debug)]
pub struct State {
    /// The cut.
    pub at: Resolved,
    /// Of each match of this page, how sure it is.
    pub matches: Vec<StateMatch>,
    /// The claims of this page, in the same order.
    pub claims: Encoded,
    /// Which nothing it is, over all pages.
    pub emptiness: Emptiness,
    /// With recorded absence, the claims that say so.
    pub absences: Vec<Uuid>,
    /// Where the next page begins, if there is one.
    pub next: Option<u64>,
}

/// What the state says of one claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateMatch {
    /// Whether it is so in all readings of the dates.
    pub certainty: Certainty,
    /// Where its end is open: days from the last day its source's knowledge reaches to the last day of the asked date.
    pub as_of_age_days: Option<i64>,
}

impl Ledger {
    /// Answers what the state was.
    ///
    /// # Errors
    /// When the cut cannot be resolved, or what is stored is damaged.
    pub fn state(&self, query: &StateQuery) -> Result<State, QueryError> {
        if !query.supposed.is_empty() {
            return self.look(query.cut, &query.supposed, |sight| supposed_state(sight, query));
        }
        let view = self.store.view();
        let at = self.resolve(&view.index, query.cut)?;
        let filter = view.index.as_answered(&query.filter, at.position());
        let found = view.index.state(&StateQuestion {
            filter: &filter,
            asked: query.valid_at,
            mode: query.mode,
            include_retracted: query.include_retracted,
            cut: at.position(),
        });
        let emptiness = found.findings.emptiness();
        // With nothing but recorded absence, every match is a claim of absence.
        let absences = if matches!(emptiness, Emptiness::RecordedAbsence(_)) { found.rows.as_slice() } else { &[] };
        let named = absences.iter().take(NAMED_ABSENCES).filter_map(|row| view.index.claims().id(row.found.claim));
        let mut state = State {
            at,
            matches: Vec::new(),
            claims: Encoded::default(),
            emptiness,
            absences: named.collect(),
            next: None,
        };
        let skip = usize::try_from(query.skip).unwrap_or(usize::MAX);
        let rows = found.rows.get(skip..).unwrap_or_default();
        let page = rows.get(..query.page.entries).unwrap_or(rows);
        let mut renderer = Renderer::new(&self.store, &view);
        let events = renderer.at_hand(page.iter().map(|row| row.found.revision.position));
        state.claims.reserve(page.len(), query.page.bytes.min(events.iter().flatten().map(|event| event.len()).sum()));
        for (row, event) in page.iter().zip(events) {
            if state.claims.byte_len() >= query.page.bytes {
                break;
            }
            state.claims.add(|out| renderer.found(&row.found, event, out))?;
            let as_of_age_days = as_of_age(&view.index, &row.found, query.valid_at);
            state.matches.push(StateMatch { certainty: row.certainty, as_of_age_days });
        }
        if state.matches.len() < rows.len() {
            state.next = Some((skip + state.matches.len()) as u64);
        }
        let loaded = renderer.into_loaded();
        drop(view);
        self.store.adopt(loaded);
        Ok(state)
    }
}

/// The state with what is supposed.
fn supposed_state(sight: &Sight<'_>, query: &StateQuery) -> Result<State, QueryError> {
    let StateQuery { filter, valid_at, mode, include_retracted, .. } = query;
    let question = Question { filter, asked: *valid_at, mode: *mode, include_retracted: *include_retracted };
    let judged = sight.state(&question);
    let emptiness = judged.findings.emptiness();
    let absences = if matches!(emptiness, Emptiness::RecordedAbsence(_)) { judged.matches.as_slice() } else { &[] };
    let mut state = State {
        at: sight.at,
        matches: Vec::new(),
        claims: Encoded::default(),
        emptiness,
        absences: absences.iter().take(NAMED_ABSENCES).map(|(seen, _)| seen.id.0).collect(),
        next: None,
    };
    let skip = usize::try_from(query.skip).unwrap_or(usize::MAX);
    for (nth, (seen, certainty)) in judged.matches.iter().enumerate().skip(skip) {
        if state.matches.len() >= query.page.entries || state.claims.byte_len() >= query.page.bytes {
            state.next = Some(nth as u64);
            break;
        }
        state.claims.add(|out| sight.render(seen, out))?;
        let reached = seen.as_of.filter(|_| seen.end_open);
        let as_of_age_days = reached.map(|reached| age(*valid_at, reached.end));
        state.matches.push(StateMatch { certainty: *certainty, as_of_age_days });
    }
    Ok(state)
}

fn as_of_age(index: &Index, found: &Found, asked: Period) -> Option<i64> {
    index.claims().content(found.revision.content).filter(|content| content.is_end_open())?;
    Some(age(asked, index.claims().reach(found.revision.content).as_of?.end))
}

/// Days from the end of what is known to the end of the asked date.
pub(super) const fn age(asked: Period, reached: Moment) -> i64 {
    asked.b.0.saturating_sub(reached.0).div_euclid(SECONDS_PER_DAY)
}
