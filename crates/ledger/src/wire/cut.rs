//! Cuts: how much of the record a read may use.

use super::time::recorded_at;
use detente_domain::cut::{Cut, NoBasis};
use detente_domain::position::Position;
use detente_domain::rejection::Violation;
use detente_proto::v1::{self, cut::At};

/// Parses the cut of a request; none is the head.
///
/// # Errors
/// A fault at `known_at` or `basis` of the message.
pub fn parse_cut(cut: Option<v1::Cut>) -> Result<Cut, Violation> {
    match cut.and_then(|cut| cut.at) {
        None => Ok(Cut::Head),
        Some(At::Position(position)) => Ok(Cut::At(Position(position))),
        Some(At::KnownAt(at)) => recorded_at(&at)
            .map(Cut::KnownAt)
            .map_err(|expected| Violation::new("known_at", format!("expected {expected}"))),
        Some(At::Basis(basis)) => {
            basis.parse().map(Cut::Basis).map_err(|no: NoBasis| Violation::new("basis", no.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_domain::position::RecordedAt;
    use prost_types::Timestamp;

    #[test]
    fn a_cut_is_the_head_an_instant_a_position_or_a_basis() {
        assert_eq!(parse_cut(None), Ok(Cut::Head));
        assert_eq!(parse_cut(Some(v1::Cut::default())), Ok(Cut::Head));
        assert_eq!(parse_cut(Some(v1::Cut::position(0))), Ok(Cut::At(Position::START)));
        let known_at = Timestamp { seconds: 1, nanos: 2_999 };
        assert_eq!(parse_cut(Some(v1::Cut::known_at(known_at))), Ok(Cut::KnownAt(RecordedAt(1_000_002))));
        let basis = "97-002a030405060708";
        assert_eq!(parse_cut(Some(v1::Cut::basis(basis))), Ok(Cut::Basis(basis.parse().unwrap())));
    }

    #[test]
    fn a_cut_that_is_none_is_refused_at_its_field() {
        let bad = Timestamp { seconds: 0, nanos: -1 };
        assert_eq!(parse_cut(Some(v1::Cut::known_at(bad))).unwrap_err().field, "known_at");
        assert_eq!(parse_cut(Some(v1::Cut::basis("97"))).unwrap_err().field, "basis");
    }
}
