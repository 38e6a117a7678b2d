//! The reach of a claim: of each end the first and the last day that it can mean.

use crate::page::claim_parts::end;
use crate::page::day::{PageDay, span, stretches};
use detente_proto::v1::bound::Bound as End;
use detente_proto::v1::{Bound, Claim, TemporalType};

pub(super) use crate::page::day::FAR;

/// The sort of an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    Dated,
    Unknown,
    Open,
}

/// One end.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReachEnd {
    pub(super) edge: Edge,
    pub(super) earliest: PageDay,
    pub(super) latest: PageDay,
}

/// The reach of a claim that has a time.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    pub(super) start: ReachEnd,
    pub(super) end: ReachEnd,
    pub(super) is_event: bool,
    /// The stretches on which it may hold or happen, where one date with gaps is all that is known of it.
    pub(super) stretches: Vec<(PageDay, PageDay)>,
}

impl Reach {
    /// Returns none for a claim without time. A state whose start has no date and whose end is open has begun by its
    /// `as_of`.
    pub(super) fn of(claim: &Claim) -> Option<Self> {
        let mut start = side(claim.valid_from.as_ref(), -FAR)?;
        let end = side(claim.valid_to.as_ref(), FAR)?;
        if let (Edge::Unknown, Edge::Open, Some((_, as_of))) = (start.edge, end.edge, span(&claim.as_of)) {
            start.latest = as_of;
        }
        Some(Self { start, end, is_event: claim.temporal_type() == TemporalType::Event, stretches: gaps(claim) })
    }

    /// The first day it may hold.
    pub(super) const fn first(&self) -> PageDay {
        self.start.earliest
    }

    /// The last day it may hold.
    pub(super) const fn last(&self) -> PageDay {
        self.end.latest
    }

    /// The days on which it holds in all readings of its dates.
    pub(super) fn certain(&self) -> Option<(PageDay, PageDay)> {
        let certain = (self.start.latest, self.end.earliest);
        let is_bounded = certain.0 < FAR && certain.1 > -FAR;
        (!self.is_event && is_bounded && certain.0 <= certain.1).then_some(certain)
    }
}

/// The stretches of the one date with gaps that a claim has at both ends; none where it has another.
fn gaps(claim: &Claim) -> Vec<(PageDay, PageDay)> {
    let text = |bound: Option<&Bound>| match end(bound)? {
        End::Known(known) => Some(known.edtf.clone()),
        _ => None,
    };
    let (from, to) = (text(claim.valid_from.as_ref()), text(claim.valid_to.as_ref()));
    from.filter(|from| to.as_ref() == Some(from)).and_then(|date| stretches(&date)).unwrap_or_default()
}

fn side(bound: Option<&Bound>, far: PageDay) -> Option<ReachEnd> {
    Some(match end(bound)? {
        End::Known(known) => ReachEnd {
            edge: Edge::Dated,
            earliest: span(&known.earliest).map_or(-FAR, |(day, _)| day),
            latest: span(&known.latest).map_or(FAR, |(_, day)| day),
        },
        End::Unknown(_) => ReachEnd { edge: Edge::Unknown, earliest: -FAR, latest: FAR },
        End::Open(_) => ReachEnd { edge: Edge::Open, earliest: far, latest: far },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_proto::v1::{KnownDate, OpenEnd};

    fn known_bound(edtf: &str, earliest: &str, latest: &str) -> Option<Bound> {
        let known = KnownDate { edtf: edtf.into(), earliest: earliest.into(), latest: latest.into() };
        Some(Bound { bound: Some(End::Known(known)) })
    }

    #[test]
    fn what_is_certain_lies_between_the_last_start_and_the_first_end() {
        let claim = Claim {
            valid_from: known_bound("2025-06", "2025-06-01", "2025-06-30"),
            valid_to: Some(Bound { bound: Some(End::Open(OpenEnd {})) }),
            ..Claim::default()
        };
        let reach = Reach::of(&claim).unwrap();
        assert_eq!(reach.first(), span("2025-06-01").unwrap().0);
        assert_eq!(reach.certain(), Some((span("2025-06-30").unwrap().0, FAR)));
    }

    #[test]
    fn a_claim_of_one_date_with_gaps_has_its_stretches_and_one_between_two_dates_has_none() {
        let dated = |from: &str, to: &str| {
            let (valid_from, valid_to) =
                (known_bound(from, "2024-12-25", "2025-01-07"), known_bound(to, "2024-12-25", "2025-01-07"));
            Reach::of(&Claim { valid_from, valid_to, ..Claim::default() }).unwrap().stretches.len()
        };
        let set = "[2024-12-25,2025-01-07]";
        assert_eq!((dated(set, set), dated(set, "2025-01-07"), dated("2025-01", "2025-01")), (2, 0, 0));
    }

    #[test]
    fn a_claim_without_time_has_no_reach() {
        assert!(Reach::of(&Claim::default()).is_none());
    }
}
