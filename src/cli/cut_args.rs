//! The flags that say how much of the record to use: an instant, a position, or the basis of an earlier answer.

use clap::Args;
use prost_types::Timestamp;

use super::instant;
use detente_proto::v1::Cut;

/// The part of the record to use. Default: the head, which is all that is recorded.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Cut (default: the head, which is all that is recorded)")]
#[group(multiple = false)]
pub(crate) struct CutArgs {
    /// Record as known at this instant, inclusive: 2025-08-02T00:00:00Z, or a day for its first moment.
    #[arg(long, value_name = "INSTANT", value_parser = instant::read)]
    known_at: Option<Timestamp>,
    /// Record up to this position, which must be the last of an append.
    #[arg(long, value_name = "N")]
    position: Option<u64>,
    /// Exact cut of an earlier reply.
    #[arg(long, value_name = "BASIS")]
    basis: Option<String>,
}

impl CutArgs {
    /// Returns true if there is any.
    pub(crate) fn is_given(&self) -> bool {
        self.known_at.is_some() || self.position.is_some() || self.basis.is_some()
    }

    /// The cut in the words of a request; none means all of the record.
    pub(crate) fn cut(self) -> Option<Cut> {
        let known_at = self.known_at.map(Cut::known_at);
        known_at.or(self.position.map(Cut::position)).or(self.basis.map(Cut::basis))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Probe {
        #[command(flatten)]
        cut: CutArgs,
    }

    fn cut(flags: &[&str]) -> Result<Option<Cut>, String> {
        let arguments = ["probe"].iter().chain(flags);
        Ok(Probe::try_parse_from(arguments).map_err(|error| error.to_string())?.cut.cut())
    }

    #[test]
    fn each_form_of_a_cut_is_understood() {
        assert_eq!(cut(&[]).unwrap(), None);
        assert_eq!(cut(&["--position", "7"]).unwrap(), Some(Cut::position(7)));
        assert_eq!(cut(&["--basis", "7-ab"]).unwrap(), Some(Cut::basis("7-ab")));
        let day = Timestamp { seconds: 1_754_092_800, nanos: 0 };
        assert_eq!(cut(&["--known-at", "2025-08-02"]).unwrap(), Some(Cut::known_at(day)));
    }

    #[test]
    fn two_cuts_at_once_are_refused() {
        let error = cut(&["--position", "7", "--basis", "7-ab"]).unwrap_err();
        assert!(error.contains("cannot be used with"), "{error}");
    }
}
