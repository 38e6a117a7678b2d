//! What was the state at a date, as known at a cut?

use super::Ledger;
use super::cut::Resolved;
use super::error::QueryError;
use super::query::{Encoded, PageSize};
use super::render::Renderer;
use crate::domain::certainty::{Certainty, Mode};
use crate::domain::cut::Cut;
use crate::domain::emptiness::Emptiness;
use crate::domain::filter::Filter;
use crate::domain::moment::SECONDS_PER_DAY;
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
        let view = self.store.view();
        let at = self.resolve(&view.index, query.cut)?;
        let found = view.index.state(&StateQuestion {
            filter: &query.filter,
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

fn as_of_age(index: &Index, found: &Found, asked: Period) -> Option<i64> {
    index.claims().content(found.revision.content).filter(|content| content.is_end_open())?;
    let reached = index.claims().reach(found.revision.content).as_of?.end;
    Some(asked.b.0.saturating_sub(reached.0).div_euclid(SECONDS_PER_DAY))
}
