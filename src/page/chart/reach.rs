//! How far a claim reaches: of each end the first and the last day that it can mean.

use crate::page::claim_parts::end;
use crate::page::day::{Day, span};
use crate::v1::bound::Bound as End;
use crate::v1::{Bound, Claim, TemporalType};

/// Far enough on either side to be off any axis.
pub(super) const FAR: Day = 100_000_000_000_000;

/// Which sort of end it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    Dated,
    Unknown,
    Open,
}

/// One end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side {
    pub(super) edge: Edge,
    pub(super) earliest: Day,
    pub(super) latest: Day,
}

/// The reach of a claim that has a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    pub(super) start: Side,
    pub(super) end: Side,
    pub(super) is_event: bool,
}

impl Reach {
    /// None for a claim without time. A state without a dated start that is said to go on has begun by its `as_of`.
    pub(super) fn of(claim: &Claim) -> Option<Self> {
        let mut start = side(claim.valid_from.as_ref(), -FAR)?;
        let end = side(claim.valid_to.as_ref(), FAR)?;
        if let (Edge::Unknown, Edge::Open, Some((_, as_of))) = (start.edge, end.edge, span(&claim.as_of)) {
            start.latest = as_of;
        }
        Some(Self { start, end, is_event: claim.temporal_type() == TemporalType::Event })
    }

    /// The first day it may hold.
    pub(super) const fn first(&self) -> Day {
        self.start.earliest
    }

    /// The last day it may hold.
    pub(super) const fn last(&self) -> Day {
        self.end.latest
    }

    /// The days on which it holds in all readings of its dates.
    pub(super) fn certain(&self) -> Option<(Day, Day)> {
        let certain = (self.start.latest, self.end.earliest);
        let is_bounded = certain.0 < FAR && certain.1 > -FAR;
        (!self.is_event && is_bounded && certain.0 <= certain.1).then_some(certain)
    }
}

fn side(bound: Option<&Bound>, far: Day) -> Option<Side> {
    Some(match end(bound)? {
        End::Known(known) => Side {
            edge: Edge::Dated,
            earliest: span(&known.earliest).map_or(-FAR, |(day, _)| day),
            latest: span(&known.latest).map_or(FAR, |(_, day)| day),
        },
        End::Unknown(_) => Side { edge: Edge::Unknown, earliest: -FAR, latest: FAR },
        End::Open(_) => Side { edge: Edge::Open, earliest: far, latest: far },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::{KnownDate, OpenEnd};

    fn known(edtf: &str, earliest: &str, latest: &str) -> Option<Bound> {
        let known = KnownDate { edtf: edtf.into(), earliest: earliest.into(), latest: latest.into() };
        Some(Bound { bound: Some(End::Known(known)) })
    }

    #[test]
    fn what_is_certain_lies_between_the_last_start_and_the_first_end() {
        let claim = Claim {
            valid_from: known("2025-06", "2025-06-01", "2025-06-30"),
            valid_to: Some(Bound { bound: Some(End::Open(OpenEnd {})) }),
            ..Claim::default()
        };
        let reach = Reach::of(&claim).unwrap();
        assert_eq!(reach.first(), span("2025-06-01").unwrap().0);
        assert_eq!(reach.certain(), Some((span("2025-06-30").unwrap().0, FAR)));
    }

    #[test]
    fn a_claim_without_time_has_no_reach() {
        assert!(Reach::of(&Claim::default()).is_none());
    }
}
