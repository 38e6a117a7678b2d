//! The changes between two coordinates, and their reasons.
//!
//! [`rows`] finds the claims that changed, with the reason of each: among those that events between the cuts are about,
//! and, with two dates, among those that have a bound between them. Their words are read only if two revisions must be
//! compared ([`history`]); a claim that is new needs none. So the cost grows with the events between the cuts and with the
//! state between the dates, not with the record. A page is then put together from its rows.

mod history;
mod pages;
mod rows;

use crate::Ledger;
use crate::error::{QueryError, ReadFailure};
use crate::query::kept_answers::WORTH_KEEPING;
use crate::query::page_size::PageSize;
use crate::read::cut::ResolvedCut;
use crate::read::list_bound::{ShortenedList, unlisted_count};
use crate::read::sight::{ClaimSight, Sight};
use detente_domain::certainty::Certainty;
use detente_domain::command::Suppositions;
use detente_domain::cut::Cut;
use detente_domain::diff::{Dates, Summary};
use detente_domain::filter::{Filter, MemberSet};
use detente_domain::name::ClaimId;
use detente_domain::position::{Position, RecordedAt};
use detente_domain::vocabulary::{ChangeReason, Vocabulary};
use detente_proto::v1;
use pages::{DiffKey, OrderedDiff};
use prost::Message;
use rows::Comparison;
use std::sync::Arc;

/// The bytes of a cause without its words, about.
const CAUSE_BYTES: usize = 32;

/// A question for changes.
#[derive(Clone, Debug)]
pub struct DiffQuery {
    /// The filter for the claims: those that match at either side.
    pub filter: Filter,
    /// The earlier cut.
    pub from: Cut,
    /// The later cut.
    pub to: Cut,
    /// The instant by which the earlier side was known, if its cut was named by one; else the recorded time of its last
    /// append.
    pub known_at: Option<RecordedAt>,
    /// The dates, where there are any.
    pub dates: Option<Dates>,
    /// Only changes with one of these reasons.
    pub reasons: MemberSet<ChangeReason>,
    /// The suppositions on top of the later side.
    pub supposed: Suppositions,
    /// The number of changes to skip.
    pub skip: u64,
    /// The size of the page.
    pub page: PageSize,
}

/// A page of changes.
#[derive(Clone, Debug)]
pub struct Diff {
    /// The earlier cut.
    pub from: ResolvedCut,
    /// The later cut.
    pub to: ResolvedCut,
    /// The changes of this page.
    pub changes: Vec<ClaimChange>,
    /// All changes counted, over all pages and reasons.
    pub summary: Summary,
    /// The start of the next page, if there is one.
    pub next: Option<u64>,
}

/// The net change of one claim.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimChange {
    /// The claim.
    pub claim: ClaimId,
    /// The claim at the earlier side, where that has it.
    pub before: Option<v1::Claim>,
    /// The claim at the later side, where that has it.
    pub after: Option<v1::Claim>,
    /// The certainty on the earlier side; none without dates.
    pub certainty_before: Option<Certainty>,
    /// The certainty on the later side; none without dates.
    pub certainty_after: Option<Certainty>,
    /// The fields that differ.
    pub fields: Vec<&'static str>,
    /// The reason of the change.
    pub reason: ChangeReason,
    /// The last of the events that caused it.
    pub causes: Vec<ChangeCause>,
    /// The number of causes before those.
    pub unlisted_causes: u32,
}

/// An event that caused a change.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeCause {
    /// The reason that it stands for.
    pub reason: ChangeReason,
    /// Its position.
    pub position: Position,
    /// The recorded time.
    pub recorded_at: Option<prost_types::Timestamp>,
    /// The name under which it was recorded.
    pub recorded_by: String,
    /// The note of the recorder.
    pub note: String,
}

impl Ledger {
    /// The changes.
    ///
    /// # Errors
    /// If a cut cannot be resolved, the earlier one lies after the later one, the suppositions do not fit the record,
    /// or stored bytes are damaged.
    pub fn diff(&self, query: &DiffQuery) -> Result<Diff, QueryError> {
        self.record.look_twice((query.from, query.to), &query.supposed, |from, to| {
            let comparison = Comparison::new(from, to, query);
            let key = DiffKey::of(query, (from.at.basis, to.at.basis));
            let ordered = self.ordered_changes(&comparison, query, &key)?;
            let summary = ordered.summary;
            let mut diff = Diff { from: from.at, to: to.at, changes: Vec::new(), summary, next: None };
            let mut bytes = 0;
            let skip = usize::try_from(query.skip).unwrap_or(usize::MAX);
            for (nth, claim) in ordered.claims.iter().enumerate().skip(skip) {
                if diff.changes.len() >= query.page.entries || bytes >= query.page.bytes {
                    diff.next = Some(nth as u64);
                    break;
                }
                let change = put_together(&comparison, *claim)?;
                let claims = change.before.iter().chain(&change.after);
                bytes += claims.map(Message::encoded_len).sum::<usize>();
                bytes += change.causes.iter().map(|cause| CAUSE_BYTES + cause.note.len()).sum::<usize>();
                diff.changes.push(change);
            }
            if diff.next.is_none() && query.skip > 0 {
                self.kept_answers.drop_answer(&key);
            } else if diff.next.is_some() && query.skip == 0 && ordered.claims.len() >= WORTH_KEEPING {
                let size = ordered.claims.len() * size_of::<ClaimId>();
                self.kept_answers.keep(key, ordered, size);
            }
            Ok(diff)
        })
    }

    /// The changed claims, in order. A later page finds them where the first page kept them, if they are still there.
    fn ordered_changes(
        &self,
        comparison: &Comparison<'_, '_>,
        query: &DiffQuery,
        key: &DiffKey,
    ) -> Result<Arc<OrderedDiff>, ReadFailure> {
        if query.skip > 0
            && let Some(kept) = self.kept_answers.find(key)
        {
            return Ok(kept);
        }
        let (rows, summary) = comparison.rows()?;
        let asked = rows.iter().filter(|row| query.reasons.admits(Some(row.reason.code())));
        Ok(Arc::new(OrderedDiff { claims: asked.map(|row| row.claim).collect(), summary }))
    }
}

/// The change of a row, with its words.
fn put_together(comparison: &Comparison<'_, '_>, claim: ClaimId) -> Result<ClaimChange, ReadFailure> {
    let Comparison { from, to, question, .. } = comparison;
    let missing = || ReadFailure::Damaged(format!("claim {} is found and not found again", claim.0));
    let before = from.find(claim);
    let after = to.find(claim).ok_or_else(missing)?;
    let history = history::read(comparison, before.as_ref(), &after)?;
    let change = history.compare(question).ok_or_else(missing)?;
    let seen = before.as_ref().filter(|_| change.sides.before);
    let mut causes = ShortenedList::new();
    for cause in change.causes.iter().rev() {
        if causes.is_full() {
            break;
        }
        let cause = cause_of(to, &after, history.known + cause.nth, cause.reason)?;
        let bytes = CAUSE_BYTES + cause.recorded_by.len() + cause.note.len();
        causes.put(cause, bytes);
    }
    let causes = causes.into_listed();
    Ok(ClaimChange {
        claim,
        before: seen.map(|seen| from.message(seen)).transpose()?,
        after: change.sides.after.then(|| to.message(&after)).transpose()?,
        certainty_before: change.sides.certainty_before,
        certainty_after: change.sides.certainty_after,
        fields: change.fields,
        reason: change.reason,
        unlisted_causes: unlisted_count(change.causes.len(), causes.len()),
        causes,
    })
}

/// The event that made the `at`-th revision of a claim, counted from 0.
fn cause_of(to: &Sight<'_>, after: &ClaimSight, at: usize, reason: ChangeReason) -> Result<ChangeCause, ReadFailure> {
    let revision = to.revisions(after).get(at).copied();
    let event = to.event(
        after,
        revision.ok_or_else(|| ReadFailure::Damaged("a revision is missing from the index".to_owned()))?,
    )?;
    Ok(ChangeCause {
        reason,
        position: Position(event.position),
        recorded_at: event.recorded_at,
        recorded_by: event.recorded_by,
        note: event.note,
    })
}
