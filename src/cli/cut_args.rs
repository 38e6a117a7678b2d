//! The flags that say how much of the record to use: an instant, a position, or the basis of an earlier answer.

use clap::Args;
use prost_types::Timestamp;

use super::instant;
use crate::v1;

/// How much of the record to use. Without any: all of it.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "As known when (default: all that is recorded)")]
#[group(multiple = false)]
pub(crate) struct CutArgs {
    /// What was recorded by this instant, inclusive: 2025-08-02T00:00:00Z, or a day for its first moment.
    #[arg(long, value_name = "INSTANT", value_parser = instant::read)]
    known_at: Option<Timestamp>,
    /// What was recorded up to this position.
    #[arg(long, value_name = "N")]
    position: Option<u64>,
    /// Exactly what an earlier answer was computed from.
    #[arg(long, value_name = "BASIS")]
    basis: Option<String>,
}

/// A request's own type of cut. The proto has one for each request, all alike.
pub(crate) trait Cut: Sized {
    /// What was recorded by this instant.
    fn known_at(instant: Timestamp) -> Self;
    /// What was recorded up to this position.
    fn position(position: u64) -> Self;
    /// What an earlier answer was computed from.
    fn basis(basis: String) -> Self;
}

macro_rules! cuts {
    ($($request:ident),* $(,)?) => {
        $(impl Cut for v1::$request::Cut {
            fn known_at(instant: Timestamp) -> Self {
                Self::KnownAt(instant)
            }
            fn position(position: u64) -> Self {
                Self::Position(position)
            }
            fn basis(basis: String) -> Self {
                Self::Basis(basis)
            }
        })*
    };
}

cuts!(
    compare_perspectives_request,
    get_claim_request,
    get_series_request,
    get_state_request,
    get_timeline_request,
    list_claims_request,
    list_commitments_request,
    list_conflicts_request,
    list_corroboration_request,
    list_gaps_request,
    list_kinds_request,
    list_parties_request,
    list_relationships_request,
    list_revisions_request,
    list_schemes_request,
    list_sources_request,
    list_upcoming_request,
);

impl CutArgs {
    /// Whether there is any.
    pub(crate) fn is_given(&self) -> bool {
        self.known_at.is_some() || self.position.is_some() || self.basis.is_some()
    }

    /// The cut in the words of a request; none means all of the record.
    pub(crate) fn cut<C: Cut>(self) -> Option<C> {
        let known_at = self.known_at.map(C::known_at);
        known_at.or(self.position.map(C::position)).or(self.basis.map(C::basis))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::v1::get_state_request::Cut as StateCut;

    #[derive(Parser)]
    struct Probe {
        #[command(flatten)]
        cut: CutArgs,
    }

    fn cut(flags: &[&str]) -> Result<Option<StateCut>, String> {
        let arguments = ["probe"].iter().chain(flags);
        Ok(Probe::try_parse_from(arguments).map_err(|error| error.to_string())?.cut.cut())
    }

    #[test]
    fn each_form_of_a_cut_is_understood() {
        assert_eq!(cut(&[]).unwrap(), None);
        assert_eq!(cut(&["--position", "7"]).unwrap(), Some(StateCut::Position(7)));
        assert_eq!(cut(&["--basis", "7-ab"]).unwrap(), Some(StateCut::Basis("7-ab".into())));
        let day = Timestamp { seconds: 1_754_092_800, nanos: 0 };
        assert_eq!(cut(&["--known-at", "2025-08-02"]).unwrap(), Some(StateCut::KnownAt(day)));
    }

    #[test]
    fn two_cuts_at_once_are_refused() {
        let error = cut(&["--position", "7", "--basis", "7-ab"]).unwrap_err();
        assert!(error.contains("cannot be used with"), "{error}");
    }
}
