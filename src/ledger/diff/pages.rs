//! Comparisons that are being read page by page: which claims changed, in order, and all of them counted.

use super::super::kept::fingerprint;
use super::DiffQuery;
use crate::domain::cut::Basis;
use crate::domain::diff::{Dates, Summary};
use crate::domain::filter::{Filter, MemberSet};
use crate::domain::name::ClaimId;
use crate::domain::position::RecordedAt;
use crate::domain::vocabulary::ChangeReason;

/// The changes of a comparison that have an asked reason, in order.
#[derive(Debug)]
pub(super) struct OrderedDiff {
    pub(super) claims: Vec<ClaimId>,
    pub(super) summary: Summary,
}

/// Everything that a comparison depends on.
#[derive(Debug, PartialEq)]
pub(super) struct DiffKey {
    filter: Filter,
    known_at: Option<RecordedAt>,
    dates: Option<Dates>,
    reasons: MemberSet<ChangeReason>,
    /// The fingerprint of what is supposed.
    supposed: [u8; 32],
    bases: (Basis, Basis),
}

impl DiffKey {
    /// The key of a comparison between two bases.
    pub(super) fn of(query: &DiffQuery, bases: (Basis, Basis)) -> Self {
        let DiffQuery { filter, known_at, dates, reasons, supposed, .. } = query;
        let (filter, supposed) = (filter.clone(), fingerprint(supposed));
        Self { filter, known_at: *known_at, dates: *dates, reasons: *reasons, supposed, bases }
    }
}
