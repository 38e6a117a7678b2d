//! The meaning of two bounds in days: the possible worlds of a claim's valid time, kept as four corners.
//!
//! A source that says "from some day in December 2024 until some day in July 2025" does not fix one span of time. It allows
//! many: every pair of a start in December and an end in July is a *possible world*. A question is then not answered
//! with yes or no, but with "in all of them" or "in some of them" ([`super::certainty`]).
//!
//! # The picture
//!
//! Worlds are points of a plane, the start across, the end up. The bounds allow a rectangle; worlds that make sense lie
//! above the diagonal, since nothing ends before it starts.
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
//! A start is the first instant of its day, an end the instant after its day. A state that starts some day in December
//! starts, at the latest, at 00:00 on the 31st; one that ends some day in July ends, at the earliest, at 24:00 on the 1st.
//! So a thing of one day starts and ends on it (start <= end, as days) and has the length of a day. A date-time is an atom
//! of one second, with the same rule.
//!
//! ```text
//!   valid 2024-12/2025-07        Dec 1       Dec 31          Jul 1        Jul 31
//!                                |=====.=====|               |=====.=====|
//!                                ^           ^                ^           ^
//!                   earliest start           latest start     |           latest end   = Aug 1, 00:00
//!                   = Dec 1, 00:00           = Dec 31, 00:00  earliest end = Jul 2, 00:00
//! ```
//!
//! # Bounds with gaps
//!
//! `[2024-12-25,2025-01-07]` is one of two days and nothing between them. The corners are those of its members: the latest
//! start is the last member up to the latest end, the earliest end the first one from the earliest start.
//! [`super::valid_time`] has the rest of gaps, and date-times with an offset.
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
//! The *earliest* `as_of` counts, because a source that speaks of a state on a day says that it had begun by then. A later
//! confirmation ("still true in September") cannot make the beginning later; only the end moves with it.
//!
//! An alternative was one interval with a fuzzy edge. "Possibly" would then mean two things, and an unknown start would
//! look like an open one.
//!
//! Invariants: `earliest_start <= latest_start`, `earliest_end <= latest_end`, and `earliest_start < latest_end`. Each
//! corner is reached by some world. `tests/dates/valid_time_worlds.rs` enumerates the worlds and compares.
//!
//! This module does not decide what a claim *is* at a date: it never reads a clock, and no newer claim closes an older one.
//!
//! Reasons: `docs/design/valid-time.md`.

use super::bound::Bound;
use super::edtf::{DayRun, DaySet, PartialDate};
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
    /// The corners of the worlds in which something starts and ends on atoms of these ranges.
    ///
    /// # Errors
    ///
    /// [`Impossible`] if no start <= end is left.
    pub(super) fn between(start: &Range, end: &Range) -> Result<Self, Impossible> {
        if start.earliest.start >= end.latest.end {
            return Err(Impossible { earliest_start: start.earliest, latest_end: end.latest });
        }
        Ok(Self {
            earliest_start: start.earliest.start,
            latest_start: start.last_up_to(last_start_up_to(end.latest, start.grain)),
            earliest_end: end.first_end_from(first_end_from(start.earliest, end.grain)),
            latest_end: end.latest.end,
        })
    }

    /// The corners of the worlds of both.
    #[must_use]
    pub fn hull(&self, other: &Self) -> Self {
        Self {
            earliest_start: self.earliest_start.min(other.earliest_start),
            latest_start: self.latest_start.max(other.latest_start),
            earliest_end: self.earliest_end.min(other.earliest_end),
            latest_end: self.latest_end.max(other.latest_end),
        }
    }
}

/// The atoms that one end may fall on.
#[derive(Clone, Debug)]
pub(super) struct Range {
    earliest: Atom,
    latest: Atom,
    grain: Grain,
    /// The days, where some between the two are not among them.
    pub(super) days: Option<DaySet>,
}

/// The atoms that lie between the two: it matters only where a day meets a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grain {
    /// Days.
    Days,
    /// A second: the range is that one atom.
    OneSecond,
    /// Those that the other end is given in.
    Any,
}

const BEFORE_ALL: Atom = Atom { start: Moment::MIN, end: Moment::MIN, offset: 0 };
const AFTER_ALL: Atom = Atom { start: Moment::MAX, end: Moment::MAX, offset: 0 };

impl Range {
    /// The atoms that a start may fall on. `earliest_as_of` bounds an unknown one.
    pub(super) fn of_start(from: &Bound, earliest_as_of: Option<Atom>) -> Self {
        match from {
            Bound::Open => Self::any(BEFORE_ALL, BEFORE_ALL),
            Bound::Unknown => Self::any(BEFORE_ALL, earliest_as_of.unwrap_or(AFTER_ALL)),
            Bound::Known(date) => Self::of_date(date),
        }
    }

    /// The atoms that an end may fall on.
    pub(super) fn of_end(to: &Bound) -> Self {
        match to {
            Bound::Open => Self::any(AFTER_ALL, AFTER_ALL),
            Bound::Unknown => Self::any(BEFORE_ALL, AFTER_ALL),
            Bound::Known(date) => Self::of_date(date),
        }
    }

    /// The same atoms as a question for a day, month or year has them.
    pub(super) fn dates(&self) -> Self {
        let grain = if self.is_local() && self.is_second() { Grain::Days } else { self.grain };
        Self { earliest: self.earliest.date(), latest: self.latest.date(), grain, days: self.days.clone() }
    }

    /// True if one of the atoms was written with an offset from UTC.
    pub(super) const fn is_local(&self) -> bool {
        self.earliest.offset != 0 || self.latest.offset != 0
    }

    /// True if it is one second.
    pub(super) fn is_second(&self) -> bool {
        self.grain == Grain::OneSecond
    }

    const fn any(earliest: Atom, latest: Atom) -> Self {
        Self { earliest, latest, grain: Grain::Any, days: None }
    }

    fn of_date(date: &PartialDate) -> Self {
        let (earliest, latest) = (date.earliest(), date.latest());
        let grain = if earliest.is_some_and(Atom::is_second) { Grain::OneSecond } else { Grain::Days };
        let days = date.days();
        Self { earliest: earliest.unwrap_or(BEFORE_ALL), latest: latest.unwrap_or(AFTER_ALL), grain, days }
    }

    /// The start of the last atom that starts at an instant or before.
    fn last_up_to(&self, instant: Moment) -> Moment {
        let latest = self.latest.start.min(instant);
        let day = |days: &DaySet| days.last_to(DayRun::of(Moment::MIN, latest.plus_seconds(1)).last);
        self.days.as_ref().and_then(day).map_or(latest, |day| DayRun { first: day, last: day }.start())
    }

    /// The end of the first atom that ends at an instant or after.
    fn first_end_from(&self, instant: Moment) -> Moment {
        let earliest = self.earliest.end.max(instant);
        let day = |days: &DaySet| days.first_from(DayRun::of(earliest.plus_seconds(-1), Moment::MAX).first);
        self.days.as_ref().and_then(day).map_or(earliest, |day| DayRun { first: day, last: day }.end())
    }
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
    use super::super::valid_time::ValidTime;
    use super::*;

    fn known_bound(text: &str) -> Bound {
        Bound::Known(PartialDate::parse(text).unwrap())
    }

    fn as_of(text: &str) -> Option<Atom> {
        PartialDate::parse(text).unwrap().latest()
    }

    fn corners(from: &Bound, to: &Bound, as_of: Option<Atom>) -> [String; 4] {
        let v = *ValidTime::resolve(from, to, as_of).unwrap().instants();
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
            corners(&Bound::Open, &known_bound("2025-07"), as_of("2025-07")),
            ["-inf", "-inf", "2025-07-02", "2025-08-01"]
        );
        assert_eq!(
            corners(&Bound::Unknown, &known_bound("2025-07"), as_of("2025-07")),
            ["-inf", "2025-07-31", "2025-07-02", "2025-08-01"]
        );
    }

    #[test]
    fn nothing_starts_after_it_ends_or_ends_before_it_starts() {
        assert_eq!(valid("2024/2024-03"), ["2024-01-01", "2024-03-31", "2024-03-02", "2024-04-01"]);
        assert_eq!(valid("2024-03/2024"), ["2024-03-01", "2024-03-31", "2024-03-02", "2025-01-01"]);
        assert_eq!(valid("2025-06/"), ["2025-06-01", "2025-06-30", "2025-06-02", "+inf"]);
        assert_eq!(
            corners(&Bound::Unknown, &known_bound("2020-05"), as_of("2025-07")),
            ["-inf", "2020-05-31", "2020-05-02", "2020-06-01"]
        );
        assert_eq!(
            corners(&known_bound("[2024..]"), &known_bound("[..2024-03]"), None),
            ["2024-01-01", "2024-03-31", "2024-01-02", "2024-04-01"]
        );
    }

    #[test]
    fn the_corners_of_a_set_with_gaps_are_those_of_the_members_that_are_left() {
        let between = |from, to| corners(&known_bound(from), &known_bound(to), None);
        assert_eq!(between("[2024-01,2026-01]", "2025"), ["2024-01-01", "2024-01-31", "2025-01-02", "2026-01-01"]);
        assert_eq!(between("2025", "[2024-01,2026-01]"), ["2025-01-01", "2025-12-31", "2026-01-02", "2026-02-01"]);
        assert_eq!(between("2023-XX-31", "2023-06"), ["2023-01-31", "2023-05-31", "2023-06-02", "2023-07-01"]);
        assert_eq!(between("[..2020,2024-03]", "[2021,2024-01-01..]"), ["-inf", "2024-03-31", "2021-01-02", "+inf"]);
    }

    #[test]
    fn what_can_only_end_before_it_starts_is_refused() {
        let refused = ValidTime::resolve(&known_bound("2024-12"), &known_bound("2024-11"), None).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "it ends before it starts: the latest end, 2024-11-30, is before the earliest start, 2024-12-01"
        );
        assert!(ValidTime::resolve(&known_bound("2024-12-02"), &known_bound("2024-12-01"), None).is_err());
        assert!(ValidTime::resolve(&known_bound("2024-12-02"), &known_bound("2024-12-02"), None).is_ok());
        assert!(
            ValidTime::resolve(&known_bound("2024-12-02T10:00:00Z"), &known_bound("2024-12-02T09:59:59Z"), None)
                .is_err()
        );
        assert!(
            ValidTime::resolve(&known_bound("2024-12-02T10:00:00Z"), &known_bound("2024-12-02T10:00:00Z"), None)
                .is_ok()
        );
    }

    #[test]
    fn a_second_within_a_day_narrows_to_that_day_and_not_into_it() {
        let second = |from: &Bound, to: &Bound| {
            let v = *ValidTime::resolve(from, to, None).unwrap().instants();
            (v.latest_start.to_string_second(), v.earliest_end.to_string_second())
        };
        let noon = known_bound("2024-12-15T12:00:00Z");
        assert_eq!(
            second(&known_bound("2024-12"), &noon),
            ("2024-12-15T00:00:00Z".to_owned(), "2024-12-15T12:00:01Z".to_owned())
        );
        assert_eq!(
            second(&noon, &known_bound("2024-12")),
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
