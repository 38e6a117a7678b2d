//! Judges preconditions against the record as it is before the batch.

use super::Record;
use crate::command::{Expectation, Precondition};
use crate::name::ClaimId;
use crate::rejection::Conflict;

/// Every precondition that does not hold.
#[must_use]
pub fn conflicts(record: &dyn Record, preconditions: &[Precondition]) -> Vec<Conflict> {
    preconditions.iter().enumerate().filter_map(|(index, precondition)| conflict(record, index, precondition)).collect()
}

fn conflict(record: &dyn Record, index: usize, precondition: &Precondition) -> Option<Conflict> {
    match precondition {
        Precondition::Revision(claim, expectation) => revision_conflict(record, index, *claim, *expectation),
        Precondition::Boundary(filter, after) => {
            let touched_at = record.first_touch(filter, *after)?;
            Some(Conflict::Boundary { index, after: *after, touched_at })
        }
        Precondition::BoundaryHeld { filter, after, through } => {
            let touched_at = record.first_touch(filter, *through)?;
            Some(Conflict::Boundary { index, after: *after, touched_at })
        }
    }
}

fn revision_conflict(record: &dyn Record, index: usize, claim: ClaimId, expectation: Expectation) -> Option<Conflict> {
    let actual = record.standing(claim).map(|standing| standing.revision);
    let (holds, expected) = match expectation {
        Expectation::Exact(revision) => (actual == Some(revision), format!("revision {revision}")),
        Expectation::Absent => (actual.is_none(), "not recorded".to_owned()),
        Expectation::Exists => (actual.is_some(), "recorded".to_owned()),
    };
    (!holds).then_some(Conflict::Revision { index, claim, expected, actual })
}
