//! The certainty with which a claim covers a period: definite, possible, or none.
//!
//! A claim's valid time is a set of possible worlds ([`super::validity`]); a question is a mode and a period `[a, b)`.
//! *Definite* means true in all of those worlds, *possible* in some but not all. The four corners are enough to tell, but
//! for a period that falls into a gap of the only date that a claim has ([`super::valid_time`]):
//!
//! | mode | true in a world with start S and end E iff | in all worlds iff | in some world iff |
//! |---|---|---|---|
//! | `HoldsAt` | S < b and E > a | latest start < b and earliest end > a | earliest start < b and latest end > a |
//! | `OccurredBy` | it happens before b | latest end <= b | earliest start < b |
//! | `OccurredIn` | it happens in `[a, b)` | earliest start >= a and latest end <= b | earliest start < b and latest end > a |
//!
//! A state fills its span. An event happens somewhere *inside* its span, at an instant nobody need know: a meeting "in
//! December" is one happening, not a month of it.
//!
//! Invariant: definite implies possible. `tests/dates/valid_time_worlds.rs` compares every line of the table with an
//! enumeration of the worlds, on every point of a small calendar.

use super::period::Period;
use super::valid_time::ValidTime;
use super::validity::Validity;
use super::vocabulary::TemporalType;

/// The certainty of an answer. Sorts definite first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// True in every possible world.
    Definite,
    /// True in some possible worlds and not in others.
    Possible,
}

/// The question for a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// The state held at some time of the period.
    HoldsAt,
    /// The event had happened by the end of the period.
    OccurredBy,
    /// The event happened within the period.
    OccurredIn,
}

impl Mode {
    /// The mode for a claim of this type; none where the question is not about such claims. The default for states is
    /// whether they hold, and for events whether they have happened.
    #[must_use]
    pub const fn of(asked: Option<Self>, temporal_type: TemporalType) -> Option<Self> {
        match (temporal_type, asked) {
            (TemporalType::State, None | Some(Self::HoldsAt)) => Some(Self::HoldsAt),
            (TemporalType::Event, None | Some(Self::OccurredBy)) => Some(Self::OccurredBy),
            (TemporalType::Event, Some(Self::OccurredIn)) => Some(Self::OccurredIn),
            _ => None,
        }
    }
}

/// The certainty with which a claim of this valid time answers the question; `None` if it surely does not.
#[must_use]
pub fn certainty(mode: Mode, valid: &ValidTime, asked: &Period) -> Option<Certainty> {
    let certainty = certainty_by_corners(mode, valid.for_period(asked), asked);
    let in_a_gap = mode != Mode::OccurredBy && !valid.has_day_in(asked.a, asked.b);
    certainty.filter(|certainty| *certainty == Certainty::Definite || !in_a_gap)
}

/// The same for a claim of which the corners say everything.
#[must_use]
pub fn certainty_by_corners(mode: Mode, validity: &Validity, asked: &Period) -> Option<Certainty> {
    if in_all_worlds(mode, validity, asked) {
        Some(Certainty::Definite)
    } else if in_some_world(mode, validity, asked) {
        Some(Certainty::Possible)
    } else {
        None
    }
}

fn in_all_worlds(mode: Mode, v: &Validity, asked: &Period) -> bool {
    match mode {
        Mode::HoldsAt => v.latest_start < asked.b && v.earliest_end > asked.a,
        Mode::OccurredBy => v.latest_end <= asked.b,
        Mode::OccurredIn => v.earliest_start >= asked.a && v.latest_end <= asked.b,
    }
}

fn in_some_world(mode: Mode, v: &Validity, asked: &Period) -> bool {
    let begins_before_its_end = v.earliest_start < asked.b;
    match mode {
        Mode::HoldsAt | Mode::OccurredIn => begins_before_its_end && v.latest_end > asked.a,
        Mode::OccurredBy => begins_before_its_end,
    }
}

#[cfg(test)]
mod tests {
    use super::super::edtf::parse_valid;
    use super::*;
    use Certainty::{Definite, Possible};

    fn ask(mode: Mode, valid: &str, asked: &str) -> Option<Certainty> {
        let (from, to) = parse_valid(valid).unwrap();
        let valid = ValidTime::resolve(&from, &to, None).unwrap();
        certainty(mode, &valid, &Period::parse(asked).unwrap())
    }

    #[test]
    fn an_event_in_december_happened_by_new_year_and_perhaps_by_the_tenth() {
        assert_eq!(ask(Mode::OccurredBy, "2024-12", "2024"), Some(Definite));
        assert_eq!(ask(Mode::OccurredBy, "2024-12", "2024-12-10"), Some(Possible));
        assert_eq!(ask(Mode::OccurredBy, "2024-12", "2024-11-30"), None);
    }

    #[test]
    fn an_event_in_december_happened_in_december_and_perhaps_on_the_tenth() {
        assert_eq!(ask(Mode::OccurredIn, "2024-12", "2024-12"), Some(Definite));
        assert_eq!(ask(Mode::OccurredIn, "2024-12", "2024-12-10"), Some(Possible));
        assert_eq!(ask(Mode::OccurredIn, "2024-12", "2025"), None);
    }

    #[test]
    fn a_state_until_july_holds_on_its_first_day_and_perhaps_on_the_second() {
        assert_eq!(ask(Mode::HoldsAt, "../2025-07", "2025-07-01"), Some(Definite));
        assert_eq!(ask(Mode::HoldsAt, "../2025-07", "2025-07-02"), Some(Possible));
        assert_eq!(ask(Mode::HoldsAt, "../2025-07", "2025-08-01"), None);
        assert_eq!(ask(Mode::HoldsAt, "../2025-07", "2024"), Some(Definite));
    }

    #[test]
    fn definite_sorts_before_possible() {
        assert!(Definite < Possible);
    }
}
