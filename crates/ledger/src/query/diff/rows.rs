//! The claims that changed between two coordinates, each with its reason: all of them, small, for counting and turning
//! pages.

use super::{DiffQuery, history};
use crate::budget;
use crate::error::ReadFailure;
use crate::read::evaluation::certainty_at;
use crate::read::sight::{ClaimSight, Sight};
use detente_domain::diff::{Dates, DiffQuestion, Sides, Summary, reason_of_new};
use detente_domain::filter::Filter;
use detente_domain::moment::Moment;
use detente_domain::name::ClaimId;
use detente_domain::position::Position;
use detente_domain::vocabulary::ChangeReason;
use std::collections::BTreeMap;

const MICROS_PER_SECOND: i64 = 1_000_000;

/// The number of touched claims that are looked up at once: a question may be about very many.
const AT_ONCE: usize = 1024;

/// Two sides of the record, and the question.
pub(super) struct Comparison<'s, 'v> {
    pub(super) from: &'s Sight<'v>,
    pub(super) to: &'s Sight<'v>,
    pub(super) question: DiffQuestion,
    query: &'s DiffQuery,
}

/// A claim that changed.
pub(super) struct DiffRow {
    /// The position of the first cause; none where time is.
    first: Option<Position>,
    /// The claim's place in the order in which claims were first recorded.
    order: u64,
    /// The claim.
    pub(super) claim: ClaimId,
    /// The reason of the change.
    pub(super) reason: ChangeReason,
    sides: Sides,
}

impl<'s, 'v> Comparison<'s, 'v> {
    pub(super) fn new(from: &'s Sight<'v>, to: &'s Sight<'v>, query: &'s DiffQuery) -> Self {
        let known_at = query.known_at.or(from.at.known_at).or(from.at.recorded_at);
        let known_by = known_at.map(|instant| Moment(instant.0.div_euclid(MICROS_PER_SECOND)));
        Self { from, to, question: DiffQuestion { dates: query.dates, known_by }, query }
    }

    /// Every change, in order of the first cause, those that time brought last, then of the claim's first recording; and
    /// all of them counted.
    pub(super) fn rows(&self) -> Result<(Vec<DiffRow>, Summary), ReadFailure> {
        let touched = self.to.touched_since(self.from.at.position());
        let mut rows = self.touched_rows(&touched)?;
        if let Some(dates) = self.query.dates {
            rows.extend(self.rows_by_time(&dates, &touched));
        }
        rows.sort_by_key(|row| (row.first.is_none(), row.first, row.order));
        let mut summary = Summary::default();
        rows.iter().for_each(|row| summary.add(row.reason, &row.sides));
        Ok((rows, summary))
    }

    /// The changes of claims that events between the cuts are about, or suppositions.
    fn touched_rows(&self, claims: &[ClaimId]) -> Result<Vec<DiffRow>, ReadFailure> {
        let mut rows = Vec::new();
        if self.to.most_matching(&self.query.filter) < claims.len() {
            self.add_rows(&self.query.filter, |id| claims.binary_search(id).is_ok(), &mut rows)?;
            return Ok(rows);
        }
        for some in claims.chunks(AT_ONCE) {
            let Some(filter) = self.query.filter.among(some) else { continue };
            self.add_rows(&filter, |_| true, &mut rows)?;
        }
        Ok(rows)
    }

    /// Adds the changes of the claims that match a filter on one side or both, of those that are meant.
    fn add_rows(
        &self,
        filter: &Filter,
        is_meant: impl Fn(&ClaimId) -> bool,
        rows: &mut Vec<DiffRow>,
    ) -> Result<(), ReadFailure> {
        let mut matching = BTreeMap::new();
        for seen in self.from.matching(filter, true).into_iter().filter(|seen| is_meant(&seen.id)) {
            matching.insert(seen.id, (Some(seen), None));
        }
        for seen in self.to.matching(filter, true).into_iter().filter(|seen| is_meant(&seen.id)) {
            let (_, after) = matching.entry(seen.id).or_insert((None, None));
            *after = Some(seen);
        }
        for (id, (before, after)) in matching {
            budget::step();
            budget::hold(size_of::<DiffRow>());
            let before = before.or_else(|| self.from.find(id));
            if let Some(after) = after.or_else(|| self.to.find(id)) {
                rows.extend(self.row(before.as_ref(), &after)?);
            }
        }
        Ok(())
    }

    /// The change of one claim.
    fn row(&self, before: Option<&ClaimSight>, after: &ClaimSight) -> Result<Option<DiffRow>, ReadFailure> {
        let sides = self.sides(before, after);
        if !sides.before && !sides.after {
            return Ok(None);
        }
        let row = |first, reason| Some(DiffRow { first, order: after.order, claim: after.id, reason, sides });
        if before.is_none() {
            let first = self.to.at_revision(after, 1).map(|first| first.position);
            return Ok(row(first, reason_of_new(after.valid.as_ref(), &self.question)));
        }
        let history = history::read(self, before, after)?;
        let Some(change) = history.compare(&self.question) else { return Ok(None) };
        let first = change.causes.first().and_then(|cause| u32::try_from(history.known + cause.nth + 1).ok());
        let first = first.and_then(|number| self.to.at_revision(after, number)).map(|seen| seen.position);
        Ok(row(first, change.reason))
    }

    fn sides(&self, before: Option<&ClaimSight>, after: &ClaimSight) -> Sides {
        let Some(Dates { from, to, mode }) = self.query.dates else {
            return Sides::of_claims(before.is_some(), after.retracted);
        };
        let certainty = |seen: &ClaimSight, date| certainty_at(seen, mode, date).filter(|_| !seen.retracted);
        Sides::at_dates(before.and_then(|before| certainty(before, &from)), certainty(after, &to))
    }

    /// The changes of claims that nothing was recorded of: the date moved past one of their bounds. Such a bound lies where
    /// the asked periods begin or where they end.
    fn rows_by_time(&self, dates: &Dates, touched: &[ClaimId]) -> Vec<DiffRow> {
        let mut rows = BTreeMap::new();
        for (one, other) in [(dates.from.a, dates.to.a), (dates.from.b, dates.to.b)] {
            if one == other {
                continue;
            }
            let (first, last) = (one.min(other).plus_seconds(-1), one.max(other).plus_seconds(1));
            for seen in self.to.touching(&self.query.filter, first, last, false) {
                budget::step();
                let certainty = |date| certainty_at(&seen, dates.mode, date);
                let sides = Sides::at_dates(certainty(&dates.from), certainty(&dates.to));
                if sides.differ() && touched.binary_search(&seen.id).is_err() {
                    let (order, claim) = (seen.order, seen.id);
                    let reason = ChangeReason::TimePassed;
                    rows.insert(order, DiffRow { first: None, order, claim, reason, sides });
                }
            }
        }
        rows.into_values().collect()
    }
}
