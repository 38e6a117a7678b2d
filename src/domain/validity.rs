//! What two bounds mean in days: the possible worlds of a claim's valid time, kept as four corners.
//!
//! A source that says "from some day in December 2024 until some day in July 2025" does not fix one span of time. It allows
//! many: every pair of a start in December and an end in July is a *possible world*. A question is then not answered
//! with yes or no, but with "in all of them" or "in some of them" ([`super::certainty`]).
//!
//! # The picture
//!
//! Worlds are points of a plane, the start across, the end up. What the bounds allow is a rectangle; what makes sense
//! lies above the diagonal, since nothing ends before it starts.
//!
//! ```text
//!      end
//!       ^            the start's days
//!       |            |<-------->|
//!  latest end   -    +----------+  -               Only the extremes of what is left matter to
//!       |            |. . . . . |  ^               any question asked, and they are four numbers:
//!       |            |. . . . ./   | the end's
//!       |            |. . . . /    | days             earliest start   latest start
//!  earliest end -    +------ /     v               earliest end     latest end
//!       |                   /
//!       |                  /  start <= end          latest start is cut back to the diagonal here:
//!       +------------|----|----------> start        no world starts after the latest end.
//!             earliest    latest
//!              start      start
//! ```
//!
//! # Days are atoms
//!
//! A start is the first instant of its day, an end the instant after its day. What starts some day in December starts, at
//! the latest, at 00:00 on the 31st; what ends some day in July ends, at the earliest, at 24:00 on the 1st. So a thing of
//! one day starts and ends on it (start <= end, as days) and has the length of a day. A date-time is an atom of one
//! second, with the same rule.
//!
//! ```text
//!   valid 2024-12/2025-07        Dec 1       Dec 31          Jul 1        Jul 31
//!                                |=====.=====|               |=====.=====|
//!                                ^           ^                ^           ^
//!                   earliest start           latest start     |           latest end   = Aug 1, 00:00
//!                   = Dec 1, 00:00           = Dec 31, 00:00  earliest end = Jul 2, 00:00
//! ```
//!
//! # The rules
//!
//! | bound | start | end |
//! |---|---|---|
//! | known | its days | its days |
//! | unknown | -inf to the last day of the earliest `as_of` the claim ever had, else to +inf | -inf to +inf |
//! | open | -inf | +inf |
//!
//! Then start <= end: latest start = min(latest start, latest end) and earliest end = max(earliest end, earliest start),
//! taken as days. Refused ([`Impossible`]) only if no world is left.
//!
//! Why the *earliest* `as_of`: a source that speaks of a state on a day says that it had begun by then. A later
//! confirmation ("still true in September") cannot make the beginning later; only the end moves with it.
//!
//! Why not one interval with a fuzzy edge: "possibly" would then mean two things, and an unknown start would look like an
//! open one.
//!
//! Invariants: `earliest_start <= latest_start`, `earliest_end <= latest_end`, and `earliest_start < latest_end`. Each
//! corner is reached by some world. `tests/valid_time_worlds.rs` enumerates the worlds and compares.
//!
//! This module does not decide what a claim *is* at a date: it never reads a clock, and no newer claim closes an older one.

use super::bound::Bound;
use super::moment::{Atom, Moment};

/// The four corners of a claim's valid time. Starts are the first instants of their days, ends the instants after theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Validity {
    /// No world starts before it.
    pub earliest_start: Moment,
    /// No world starts after it.
    pub latest_start: Moment,
    /// No world ends before it.
    pub earliest_end: Moment,
    /// No world ends after it.
    pub latest_end: Moment,
}

/// No possible world is left: the claim would end before it starts, whatever its partial dates are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("it ends before it starts: the latest end, {}, is before the earliest start, {}", .latest_end.to_text(), .earliest_start.to_text())]
pub struct Impossible {
    /// The earliest day (or second) it may start.
    pub earliest_start: Atom,
    /// The latest day (or second) it may end.
    pub latest_end: Atom,
}

impl Validity {
    /// The corners of the worlds that two bounds allow.
    ///
    /// `earliest_as_of` is the last atom ([`latest`](super::edtf::PartialDate::latest)) of the earliest `as_of` that any
    /// revision of the claim had; it bounds an unknown start and nothing else.
    ///
    /// # Errors
    ///
    /// [`Impossible`] if no start <= end is left.
    pub fn resolve(from: &Bound, to: &Bound, earliest_as_of: Option<Atom>) -> Result<Self, Impossible> {
        let start = starts(from, earliest_as_of);
        let end = ends(to);
        if start.earliest.start >= end.latest.end {
            return Err(Impossible { earliest_start: start.earliest, latest_end: end.latest });
        }
        Ok(Self {
            earliest_start: start.earliest.start,
            latest_start: start.latest.start.min(last_start_up_to(end.latest, start.grain)),
            earliest_end: end.earliest.end.max(first_end_from(start.earliest, end.grain)),
            latest_end: end.latest.end,
        })
    }
}

/// The atoms that one end may fall on.
struct Range {
    earliest: Atom,
    latest: Atom,
    grain: Grain,
}

/// Which atoms lie between the two: it matters only where a day meets a second.
#[derive(Clone, Copy)]
enum Grain {
    /// Days.
    Days,
    /// A second: the range is that one atom.
    OneSecond,
    /// Whatever the other end is given in.
    Any,
}

const BEFORE_ALL: Atom = Atom { start: Moment::MIN, end: Moment::MIN };
const AFTER_ALL: Atom = Atom { start: Moment::MAX, end: Moment::MAX };

fn starts(from: &Bound, earliest_as_of: Option<Atom>) -> Range {
    match from {
        Bound::Open => Range { earliest: BEFORE_ALL, latest: BEFORE_ALL, grain: Grain::Any },
        Bound::Unknown => {
            Range { earliest: BEFORE_ALL, latest: earliest_as_of.unwrap_or(AFTER_ALL), grain: Grain::Any }
        }
        Bound::Known(date) => known(date.earliest(), date.latest()),
    }
}

fn ends(to: &Bound) -> Range {
    match to {
        Bound::Open => Range { earliest: AFTER_ALL, latest: AFTER_ALL, grain: Grain::Any },
        Bound::Unknown => Range { earliest: BEFORE_ALL, latest: AFTER_ALL, grain: Grain::Any },
        Bound::Known(date) => known(date.earliest(), date.latest()),
    }
}

fn known(earliest: Option<Atom>, latest: Option<Atom>) -> Range {
    let grain = if earliest.is_some_and(Atom::is_second) { Grain::OneSecond } else { Grain::Days };
    Range { earliest: earliest.unwrap_or(BEFORE_ALL), latest: latest.unwrap_or(AFTER_ALL), grain }
}

/// The latest instant at which something that ends on `latest_end` may start.
fn last_start_up_to(latest_end: Atom, grain: Grain) -> Moment {
    match grain {
        Grain::Days => latest_end.start.day_start(),
        Grain::OneSecond => Moment::MAX,
        Grain::Any => latest_end.start,
    }
}

/// The earliest instant at which something that starts on `earliest_start` may end.
fn first_end_from(earliest_start: Atom, grain: Grain) -> Moment {
    match grain {
        Grain::Days => Atom::day(earliest_start.start).end,
        Grain::OneSecond => Moment::MIN,
        Grain::Any => earliest_start.end,
    }
}

#[cfg(test)]
mod tests {
    use super::super::edtf::{PartialDate, parse_valid};
    use super::*;

    fn known(text: &str) -> Bound {
        Bound::Known(PartialDate::parse(text).unwrap())
    }

    fn as_of(text: &str) -> Option<Atom> {
        PartialDate::parse(text).unwrap().latest()
    }

    fn corners(from: &Bound, to: &Bound, as_of: Option<Atom>) -> [String; 4] {
        let v = Validity::resolve(from, to, as_of).unwrap();
        [v.earliest_start, v.latest_start, v.earliest_end, v.latest_end].map(Moment::to_date_string)
    }

    fn valid(text: &str) -> [String; 4] {
        let (from, to) = parse_valid(text).unwrap();
        corners(&from, &to, None)
    }

    #[test]
    fn days_are_atoms() {
        assert_eq!(valid("2024-12/2025-07"), ["2024-12-01", "2024-12-31", "2025-07-02", "2025-08-01"]);
        assert_eq!(valid("2024-12-25"), ["2024-12-25", "2024-12-25", "2024-12-26", "2024-12-26"]);
        assert_eq!(valid("2024-12"), ["2024-12-01", "2024-12-31", "2024-12-02", "2025-01-01"]);
    }

    #[test]
    fn an_unknown_start_had_happened_by_the_last_day_of_the_as_of() {
        assert_eq!(corners(&Bound::Unknown, &Bound::Open, as_of("2025-07")), ["-inf", "2025-07-31", "+inf", "+inf"]);
        assert_eq!(corners(&Bound::Unknown, &Bound::Open, None), ["-inf", "+inf", "+inf", "+inf"]);
        assert_eq!(corners(&Bound::Unknown, &Bound::Unknown, as_of("2025-07")), ["-inf", "2025-07-31", "-inf", "+inf"]);
    }

    #[test]
    fn an_open_start_is_not_an_unknown_one() {
        assert_eq!(
            corners(&Bound::Open, &known("2025-07"), as_of("2025-07")),
            ["-inf", "-inf", "2025-07-02", "2025-08-01"]
        );
        assert_eq!(
            corners(&Bound::Unknown, &known("2025-07"), as_of("2025-07")),
            ["-inf", "2025-07-31", "2025-07-02", "2025-08-01"]
        );
    }

    #[test]
    fn nothing_starts_after_it_ends_or_ends_before_it_starts() {
        assert_eq!(valid("2024/2024-03"), ["2024-01-01", "2024-03-31", "2024-03-02", "2024-04-01"]);
        assert_eq!(valid("2024-03/2024"), ["2024-03-01", "2024-03-31", "2024-03-02", "2025-01-01"]);
        assert_eq!(valid("2025-06/"), ["2025-06-01", "2025-06-30", "2025-06-02", "+inf"]);
        assert_eq!(
            corners(&Bound::Unknown, &known("2020-05"), as_of("2025-07")),
            ["-inf", "2020-05-31", "2020-05-02", "2020-06-01"]
        );
        assert_eq!(
            corners(&known("[2024..]"), &known("[..2024-03]"), None),
            ["2024-01-01", "2024-03-31", "2024-01-02", "2024-04-01"]
        );
    }

    #[test]
    fn what_can_only_end_before_it_starts_is_refused() {
        let refused = Validity::resolve(&known("2024-12"), &known("2024-11"), None).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "it ends before it starts: the latest end, 2024-11-30, is before the earliest start, 2024-12-01"
        );
        assert!(Validity::resolve(&known("2024-12-02"), &known("2024-12-01"), None).is_err());
        assert!(Validity::resolve(&known("2024-12-02"), &known("2024-12-02"), None).is_ok());
        assert!(Validity::resolve(&known("2024-12-02T10:00:00Z"), &known("2024-12-02T09:59:59Z"), None).is_err());
        assert!(Validity::resolve(&known("2024-12-02T10:00:00Z"), &known("2024-12-02T10:00:00Z"), None).is_ok());
    }

    #[test]
    fn a_second_within_a_day_narrows_to_that_day_and_not_into_it() {
        let second = |from: &Bound, to: &Bound| {
            let v = Validity::resolve(from, to, None).unwrap();
            (v.latest_start.to_string_second(), v.earliest_end.to_string_second())
        };
        let noon = known("2024-12-15T12:00:00Z");
        assert_eq!(
            second(&known("2024-12"), &noon),
            ("2024-12-15T00:00:00Z".to_owned(), "2024-12-15T12:00:01Z".to_owned())
        );
        assert_eq!(
            second(&noon, &known("2024-12")),
            ("2024-12-15T12:00:00Z".to_owned(), "2024-12-16T00:00:00Z".to_owned())
        );
        assert_eq!(
            second(&noon, &Bound::Unknown),
            ("2024-12-15T12:00:00Z".to_owned(), "2024-12-15T12:00:01Z".to_owned())
        );
        assert_eq!(
            second(&Bound::Unknown, &noon),
            ("2024-12-15T12:00:00Z".to_owned(), "2024-12-15T12:00:01Z".to_owned())
        );
    }
}
