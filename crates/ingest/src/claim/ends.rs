//! The two ends of a claim: those that its row says, and those that follow from a snapshot.

use crate::date::DateReading;
use crate::snapshot::Window;
use detente_proto::v1::{self, bound::Bound};

/// The ends of a claim that its row says; the others follow from the snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnEnds {
    /// True for the start.
    pub from: bool,
    /// True for the end. An open one says no more than a snapshot does.
    pub to: bool,
}

/// Both ends in one text, or each by itself.
pub(super) type Ends = (String, Option<v1::Bound>, Option<v1::Bound>);

/// The ends of what holds on the day of a snapshot, where its row does not say them; and which it says.
pub(super) fn held_between(window: Option<&Window>, (valid, from, to): Ends) -> (Ends, OwnEnds) {
    let Some(window) = window else { return ((valid, from, to), OwnEnds { from: true, to: true }) };
    if let Some((_, end)) = valid.split_once('/') {
        let own = OwnEnds { from: true, to: end != ".." };
        return ((valid, from, to), own);
    }
    let is_open = |to: &v1::Bound| matches!(to.bound, Some(Bound::Open(_)));
    let own = OwnEnds { from: from.is_some(), to: to.as_ref().is_some_and(|to| !is_open(to)) };
    let from = from.or_else(|| bound(DateReading::Date(window.start_date())));
    ((valid, from, to.or_else(|| bound(DateReading::Open))), own)
}

/// An end of a claim; none where a date says nothing.
pub(super) fn bound(told: DateReading) -> Option<v1::Bound> {
    let bound = match told {
        DateReading::Nothing => return None,
        DateReading::Open => Bound::Open(v1::OpenEnd {}),
        DateReading::Unknown => Bound::Unknown(v1::UnknownEnd {}),
        DateReading::Date(edtf) => Bound::Known(v1::KnownDate { edtf, ..v1::KnownDate::default() }),
    };
    Some(v1::Bound { bound: Some(bound) })
}
