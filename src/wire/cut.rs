//! Cuts: how much of the record a read may use, as every read request says it.
//!
//! The contract has the same three alternatives in each request; the generator makes a type of each. [`AskedCut`] is what
//! they have in common, so that every read parses its cut with the one line `parse_cut(request.cut)?`.

use super::time::recorded_at;
use crate::domain::cut::{Cut, NoBasis};
use crate::domain::position::Position;
use crate::domain::rejection::Violation;
use crate::v1;
use prost_types::Timestamp;

/// A cut as a request says it.
#[derive(Clone, Debug, PartialEq)]
pub enum RequestCut {
    /// By `known_at`.
    KnownAt(Timestamp),
    /// By `position`.
    Position(u64),
    /// By `basis`.
    Basis(String),
}

/// The cut of a request.
pub trait AskedCut {
    /// The cut, whichever request it is of.
    fn asked(self) -> RequestCut;
}

macro_rules! asked_cut {
    ($($request:ident),+ $(,)?) => {$(
        impl AskedCut for v1::$request::Cut {
            fn asked(self) -> RequestCut {
                match self {
                    Self::KnownAt(at) => RequestCut::KnownAt(at),
                    Self::Position(position) => RequestCut::Position(position),
                    Self::Basis(basis) => RequestCut::Basis(basis),
                }
            }
        }
    )+};
}

asked_cut!(
    get_state_request,
    get_claim_request,
    list_revisions_request,
    list_claims_request,
    list_parties_request,
    list_sources_request,
    list_relationships_request,
    list_kinds_request,
    list_schemes_request,
    list_upcoming_request,
    get_timeline_request,
    get_series_request,
    compare_perspectives_request,
    list_conflicts_request,
    list_corroboration_request,
    list_commitments_request,
    list_gaps_request,
    coordinate,
);

/// Parses the cut of a request; none is the head.
///
/// # Errors
/// What is wrong with it, at `known_at` or `basis`.
pub fn parse_cut<C: AskedCut>(cut: Option<C>) -> Result<Cut, Violation> {
    match cut.map(AskedCut::asked) {
        None => Ok(Cut::Head),
        Some(RequestCut::Position(position)) => Ok(Cut::At(Position(position))),
        Some(RequestCut::KnownAt(at)) => recorded_at(&at)
            .map(Cut::KnownAt)
            .map_err(|expected| Violation::new("known_at", format!("expected {expected}"))),
        Some(RequestCut::Basis(basis)) => {
            basis.parse().map(Cut::Basis).map_err(|no: NoBasis| Violation::new("basis", no.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::position::RecordedAt;
    use v1::get_state_request::Cut as Asks;

    #[test]
    fn a_cut_is_the_head_an_instant_a_position_or_a_basis() {
        assert_eq!(parse_cut::<Asks>(None), Ok(Cut::Head));
        assert_eq!(parse_cut(Some(Asks::Position(0))), Ok(Cut::At(Position::START)));
        let known_at = Timestamp { seconds: 1, nanos: 2_999 };
        assert_eq!(parse_cut(Some(Asks::KnownAt(known_at))), Ok(Cut::KnownAt(RecordedAt(1_000_002))));
        let basis = "97-002a030405060708";
        assert_eq!(parse_cut(Some(Asks::Basis(basis.to_owned()))), Ok(Cut::Basis(basis.parse().unwrap())));
        assert_eq!(parse_cut(Some(v1::list_sources_request::Cut::Position(7))), Ok(Cut::At(Position(7))));
    }

    #[test]
    fn a_cut_that_is_none_is_refused_at_its_field() {
        let bad = Timestamp { seconds: 0, nanos: -1 };
        assert_eq!(parse_cut(Some(Asks::KnownAt(bad))).unwrap_err().field, "known_at");
        assert_eq!(parse_cut(Some(Asks::Basis("97".to_owned()))).unwrap_err().field, "basis");
    }
}
