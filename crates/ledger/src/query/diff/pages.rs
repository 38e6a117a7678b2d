//! Comparisons that are being read page by page: which claims changed, in order, and all of them counted.

use super::DiffQuery;
use crate::query::kept_answers::fingerprint;
use detente_domain::cut::Basis;
use detente_domain::diff::{Dates, Summary};
use detente_domain::filter::{Filter, MemberSet};
use detente_domain::name::ClaimId;
use detente_domain::position::RecordedAt;
use detente_domain::vocabulary::ChangeReason;

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
