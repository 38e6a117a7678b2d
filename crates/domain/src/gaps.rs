//! Gaps of a record: days that nothing covers, and claims that rest on too little.
//!
//! ```text
//!   the span        |.............................|
//!   sourced claims     [------)   [--)
//!                            [-)           [------------...
//!   uncovered       |##|        |#|   |####|
//! ```
//!
//! Uncovered are days, not seconds: a claim about one minute of a day covers that day. A claim covers what it *possibly*
//! covers: a gap is where even the widest reading of the dates leaves nothing.

use super::edtf::Atom;
use super::moment::{Moment, SECONDS_PER_DAY};
use super::period::Period;

/// A sort of gap, in the order in which they are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GapType {
    /// Days that no sourced claim of a relationship covers.
    UncoveredSpan,
    /// A claim with a time and no date.
    NoDate,
    /// A claim that rests on one origin, or on none.
    SingleOrigin,
    /// A claim that is said to hold still, but not lately.
    Stale,
    /// A dispute without a resolution.
    OpenDispute,
}

impl GapType {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::UncoveredSpan, Self::NoDate, Self::SingleOrigin, Self::Stale, Self::OpenDispute];
}

/// The runs of whole days of `[from, until)` that no cover `[start, end)` touches, in order. A day of which the span has
/// only a part counts as a day.
pub fn uncovered_runs(
    (from, until): (Moment, Moment),
    covers: impl IntoIterator<Item = (Moment, Moment)>,
) -> Vec<(Moment, Moment)> {
    let until = end_of_day(until);
    let mut covers: Vec<_> = covers.into_iter().map(|(start, end)| (start.day_start(), end_of_day(end))).collect();
    covers.sort_unstable();
    let mut gaps = Vec::new();
    let mut covered = from.day_start();
    for (start, end) in covers {
        let gap = (covered, start.min(until));
        if gap.0 < gap.1 {
            gaps.push(gap);
        }
        covered = covered.max(end);
    }
    if covered < until {
        gaps.push((covered, until));
    }
    gaps
}

/// The end of the day whose last instant is right before this one, or that holds it.
fn end_of_day(end: Moment) -> Moment {
    if end.day_start() == end { end } else { Atom::day(end).end }
}

/// The age of an `as_of` in days, at the end of an asked date.
#[must_use]
pub fn age_days(as_of: Atom, asked: &Period) -> i64 {
    asked.b.0.saturating_sub(asked.as_asked(as_of).end.0).div_euclid(SECONDS_PER_DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gaps(span: (&str, &str), covers: &[(&str, &str)]) -> Vec<String> {
        let ends = |(a, b): &(&str, &str)| (Period::parse(a).unwrap().a, Period::parse(b).unwrap().b);
        let shown = |(a, b): (Moment, Moment)| format!("{}..{}", a.to_date_string(), b.to_end_date_string());
        uncovered_runs(ends(&span), covers.iter().map(ends)).into_iter().map(shown).collect()
    }

    #[test]
    fn what_nothing_covers_is_a_gap() {
        assert_eq!(gaps(("2025", "2025"), &[]), ["2025-01-01..2025-12-31"]);
        assert_eq!(gaps(("2025", "2025"), &[("2024", "2026")]), [""; 0]);
        assert_eq!(
            gaps(
                ("2025-01", "2025-06"),
                &[("2025-04", "2025-04"), ("2025-02-03", "2025-02"), ("2025-02-20", "2025-03-02")]
            ),
            ["2025-01-01..2025-02-02", "2025-03-03..2025-03-31", "2025-05-01..2025-06-30"]
        );
    }

    #[test]
    fn a_minute_covers_its_day() {
        let noon = "2025-01-02T12:00:00Z";
        assert_eq!(
            gaps(("2025-01-01", "2025-01-03"), &[(noon, noon)]),
            ["2025-01-01..2025-01-01", "2025-01-03..2025-01-03"]
        );
        assert_eq!(gaps((noon, noon), &[]), ["2025-01-02..2025-01-02"]);
    }

    #[test]
    fn covers_without_limit_cover() {
        let day = |n: i64| Moment(n * SECONDS_PER_DAY);
        assert_eq!(
            uncovered_runs((day(0), day(9)), [(Moment::MIN, day(3)), (day(5), Moment::MAX)]),
            [(day(3), day(5))]
        );
        assert_eq!(uncovered_runs((day(0), day(9)), [(Moment::MIN, Moment::MAX)]), []);
    }

    #[test]
    fn the_age_of_what_is_known_is_counted_to_the_end_of_the_asked_date() {
        let as_of = Atom::day(Period::parse("2025-07-31").unwrap().a);
        assert_eq!(age_days(as_of, &Period::parse("2025-08").unwrap()), 31);
        assert_eq!(age_days(as_of, &Period::parse("2025-07-31").unwrap()), 0);
        assert_eq!(age_days(as_of, &Period::parse("2025-07-30").unwrap()), -1);
    }

    proptest! {
        #[test]
        fn a_day_is_in_a_gap_exactly_if_nothing_touches_it(
            from in -5_i64..30,
            length in 1_i64..30,
            covers in prop::collection::vec((-20_i64..60, 1_i64..20, 0_i64..24, 0_i64..24, any::<[bool; 2]>()), 0..8),
        ) {
            let at = |day: i64, hour: i64| Moment(day * SECONDS_PER_DAY + hour * 3600);
            let covers: Vec<(Moment, Moment)> = covers
                .into_iter()
                .map(|(day, days, start, end, [always, ever])| (
                    if always { Moment::MIN } else { at(day, start) },
                    if ever { Moment::MAX } else { at(day + days, end) },
                ))
                .collect();
            let found = uncovered_runs((at(from, 0), at(from + length, 0)), covers.iter().copied());
            for day in from - 3..from + length + 3 {
                let (a, b) = (at(day, 0), at(day + 1, 0));
                let touched = covers.iter().any(|(start, end)| *start < b && *end > a);
                let expected = (from..from + length).contains(&day) && !touched;
                let inside = found.iter().filter(|(start, end)| *start <= a && b <= *end).count();
                prop_assert_eq!(inside, usize::from(expected), "day {}", day);
            }
            prop_assert!(found.windows(2).all(|pair| pair[0].1 < pair[1].0), "gaps that touch are one");
        }
    }
}
