//! Conflicts: two claims that cannot both be right, since their values differ at a time that both are about.
//!
//! A kind can be registered as single-valued: a relationship has one status of it at a time, say. Two claims of such a
//! kind on one relationship then contradict one another if their values differ and their valid times overlap. Valid
//! times are sets of possible worlds ([`super::validity`]), so there are three answers:
//!
//! ```text
//!   A   |===SIGNED===|
//!   B                   |===IN_FORCE===|        no overlap in any reading: succession, no conflict
//!
//!   A   |===SIGNED===|....|                     the dots are where it may end, or start
//!   B            |....|===IN_FORCE===|          some overlap in some readings: a POSSIBLE conflict
//!
//!   A   |===SIGNED=====|..|
//!   B          |..|===IN_FORCE===|              in all readings: a DEFINITE one
//! ```
//!
//! They overlap in all worlds iff the latest start of each is before the earliest end of the other: the two claims' worlds
//! are chosen independently, and each corner is reached by one.
//!
//! Most sources write the last day of one phase as the first day of the next. A day is all that is known of such a
//! handover, and nothing says that both held at one instant of it: two times that only touch, on one day or in one second,
//! make a POSSIBLE conflict. Two times of which one lies within the other do more than touch.
//!
//! A claim that SUPERSEDES another follows it, whatever their dates say. A claim whose modality is DENIED, ABSENT,
//! `NO_INFORMATION` or HYPOTHETICAL gives no value ([`asserts_a_value`]): a denial is not another value.
//!
//! [`super::rivals`] finds the conflicts among many claims without looking at every pair.

use super::certainty::Certainty;
use super::edtf::DayRun;
use super::moment::SECONDS_PER_DAY;
use super::valid_time::ValidTime;
use super::validity::Validity;
use super::vocabulary::Modality;
use std::fmt;

/// The reason of a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConflictType {
    /// One has a link CONTRADICTS to the other.
    Link,
    /// A dispute of the claim stands.
    Dispute,
    /// Two values where there can be one.
    SingleValued,
}

impl ConflictType {
    /// Every one, in order.
    pub const ALL: [Self; 3] = [Self::Link, Self::Dispute, Self::SingleValued];
}

/// The value that a claim gives to a matter that can have one value.
#[derive(Clone, Debug, PartialEq)]
pub enum ConflictValue {
    /// A word: a status, a code, parties.
    Word(Box<str>),
    /// A number between two, which are mostly the same, in a unit.
    Number {
        /// The least it may be.
        low: f64,
        /// The most it may be.
        high: f64,
        /// Its unit.
        unit: Box<str>,
    },
}

impl ConflictValue {
    /// A number, or the range in which it lies; the ends that are missing are without limit.
    #[must_use]
    pub fn number(value: Option<f64>, low: Option<f64>, high: Option<f64>, unit: &str) -> Self {
        let low = value.or(low).unwrap_or(f64::NEG_INFINITY);
        let high = value.or(high).unwrap_or(f64::INFINITY);
        Self::Number { low, high, unit: unit.into() }
    }

    /// Returns true if the two values exclude one another. A number in a range agrees with it; numbers of two units are
    /// not compared.
    #[must_use]
    pub fn differs_from(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Word(one), Self::Word(two)) => one != two,
            (
                Self::Number { low: low_one, high: high_one, unit: unit_one },
                Self::Number { low: low_two, high: high_two, unit: unit_two },
            ) => unit_one == unit_two && (low_one > high_two || low_two > high_one),
            _ => false,
        }
    }
}

impl fmt::Display for ConflictValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Number { low, high, unit } = self else {
            let Self::Word(word) = self else { return Ok(()) };
            return f.write_str(word);
        };
        let end = |end: &f64| if end.is_finite() { end.to_string() } else { String::new() };
        let number = if low < high { format!("{}..{}", end(low), end(high)) } else { end(low) };
        if unit.is_empty() { f.write_str(&number) } else { write!(f, "{number} {unit}") }
    }
}

/// Returns true if a claim in this mode puts a value forward.
#[must_use]
pub const fn asserts_a_value(modality: Modality) -> bool {
    !matches!(modality, Modality::Denied | Modality::Absent | Modality::NoInformation | Modality::Hypothetical)
}

/// The certainty that two valid times overlap: definite if they overlap in all readings, possible if in some, `None` if
/// in none. The instants and the dates as written are two readings.
#[must_use]
pub fn overlap(one: &ValidTime, two: &ValidTime) -> Option<Certainty> {
    let as_instants = overlap_of_corners(one.instants(), two.instants());
    if one.is_told_by_corners() && two.is_told_by_corners() {
        return as_instants;
    }
    match (as_instants, overlap_of_corners(one.dates(), two.dates())) {
        (Some(Certainty::Definite), Some(Certainty::Definite)) => Some(Certainty::Definite),
        (None, None) => None,
        _ => meet_on_a_day(one, two).then_some(Certainty::Possible),
    }
}

/// True if some day of the one lies within the other, as far as gaps allow.
fn meet_on_a_day(one: &ValidTime, two: &ValidTime) -> bool {
    let (Some(days), other) = (if one.days().is_some() { (one.days(), two) } else { (two.days(), one) }) else {
        return true;
    };
    let span = other.hull();
    let span = DayRun::of(span.earliest_start, span.latest_end);
    let Some(others) = other.days() else { return days.touches(span) };
    days.meets(others, span)
}

fn overlap_of_corners(one: &Validity, two: &Validity) -> Option<Certainty> {
    let is_certain = one.latest_start < two.earliest_end && two.latest_start < one.earliest_end;
    if is_certain && !is_handover(one, two) {
        Some(Certainty::Definite)
    } else if one.earliest_start < two.latest_end && two.earliest_start < one.latest_end {
        Some(Certainty::Possible)
    } else {
        None
    }
}

/// Returns true if in some reading one of two valid times ends on the day, or in the second, in which the other begins, and
/// the other continues after it. There is no handover if one lies within the other.
fn is_handover(one: &Validity, two: &Validity) -> bool {
    let hands_over = |ends: &Validity, begins: &Validity| {
        let shared = ends.earliest_end.0.saturating_sub(begins.latest_start.0);
        let is_day = shared == SECONDS_PER_DAY && begins.latest_start.day_start() == begins.latest_start;
        (is_day || shared == 1) && ends.earliest_start < begins.latest_start && begins.latest_end > ends.earliest_end
    };
    hands_over(one, two) || hands_over(two, one)
}

#[cfg(test)]
mod tests {
    use super::super::moment::Moment;
    use super::*;
    use proptest::prelude::*;

    /// A start between two days and an end between two, cut back to where the start is before the end.
    fn validity((start, more, length, longer): (i64, i64, i64, i64)) -> Validity {
        let (earliest_end, latest_end) = (start + length, start + length + longer);
        Validity {
            earliest_start: Moment(start),
            latest_start: Moment((start + more).min(latest_end - 1)),
            earliest_end: Moment(earliest_end.max(start + 1)),
            latest_end: Moment(latest_end),
        }
    }

    /// Every start and end that a validity allows.
    fn worlds(v: &Validity) -> Vec<(i64, i64)> {
        let starts = v.earliest_start.0..=v.latest_start.0;
        let ends = |start: i64| (v.earliest_end.0..=v.latest_end.0).filter(move |end| start < *end);
        starts.flat_map(|start| ends(start).map(move |end| (start, end))).collect()
    }

    /// Returns true if one ends in the second in which another begins that goes on.
    fn hands_over(one: (i64, i64), two: (i64, i64)) -> bool {
        one.0 < two.0 && one.1 == two.0 + 1 && two.1 > one.1
    }

    fn by_worlds(one: &Validity, two: &Validity) -> Option<Certainty> {
        let (one, two) = (worlds(one), worlds(two));
        let pairs = || one.iter().flat_map(|one| two.iter().map(move |two| (*one, *two)));
        if !pairs().any(|(one, two)| one.0 < two.1 && two.0 < one.1) {
            return None;
        }
        let certain = |(one, two): ((i64, i64), (i64, i64))| {
            one.0 < two.1 && two.0 < one.1 && !hands_over(one, two) && !hands_over(two, one)
        };
        Some(if pairs().all(certain) { Certainty::Definite } else { Certainty::Possible })
    }

    fn days() -> impl Strategy<Value = Validity> {
        (0_i64..8, 0_i64..5, 1_i64..5, 0_i64..4).prop_map(validity)
    }

    proptest! {
        #[test]
        fn two_valid_times_overlap_exactly_as_the_possible_worlds_say(one in days(), two in days()) {
            prop_assert_eq!(overlap(&one.into(), &two.into()), by_worlds(&one, &two));
            prop_assert_eq!(overlap(&two.into(), &one.into()), by_worlds(&one, &two));
        }
    }

    #[test]
    fn a_handover_on_one_day_is_no_definite_conflict_and_two_shared_days_are_one() {
        let day = |day: i64| Moment(day * SECONDS_PER_DAY);
        let days = |first: i64, last: i64| Validity {
            earliest_start: day(first),
            latest_start: day(first),
            earliest_end: day(last + 1),
            latest_end: day(last + 1),
        };
        let phase = days(10, 20);
        for (other, expected) in [
            (days(20, 30), Some(Certainty::Possible)),
            (days(0, 10), Some(Certainty::Possible)),
            (days(20, 20), Some(Certainty::Definite)),
            (days(21, 30), None),
            (days(19, 30), Some(Certainty::Definite)),
            (days(15, 15), Some(Certainty::Definite)),
            (days(10, 20), Some(Certainty::Definite)),
        ] {
            assert_eq!(
                (overlap_of_corners(&phase, &other), overlap_of_corners(&other, &phase)),
                (expected, expected),
                "{other:?}"
            );
        }
        assert_eq!(overlap_of_corners(&days(15, 15), &days(15, 15)), Some(Certainty::Definite));
        let noon = Validity {
            latest_start: Moment(day(20).0 + 43_200),
            earliest_start: Moment(day(20).0 + 43_200),
            ..days(20, 30)
        };
        assert_eq!(
            overlap_of_corners(&phase, &noon),
            Some(Certainty::Definite),
            "twelve hours of it are known to be shared"
        );
    }

    #[test]
    fn dates_with_gaps_overlap_only_where_a_day_of_the_one_is_within_the_other() {
        let meet = |one: &str, two: &str| {
            let [one, two] = [one, two].map(|text| {
                let (from, to) = super::super::edtf::parse_valid(text).unwrap();
                ValidTime::resolve(&from, &to, None).unwrap()
            });
            assert_eq!(overlap(&one, &two), overlap(&two, &one));
            overlap(&one, &two)
        };
        assert_eq!(meet("[2024-12-25,2025-01-07]", "2025-01-01/2025-01-06"), None);
        assert_eq!(meet("[2024-12-25,2025-01-07]", "2025-01-01/2025-01-07"), Some(Certainty::Possible));
        assert_eq!(meet("[2024-12-25,2025-01-07]", "2024-01-01/2025-12-31"), Some(Certainty::Definite));
        assert_eq!(meet("2023-XX-31", "2023-0X-30"), None);
        assert_eq!(meet("2023-XX-31", "[2023-01-01,2023-12-31]"), Some(Certainty::Possible));
        assert_eq!(meet("[..1984,1990..]", "1987"), None);
        assert_eq!(meet("2025-06-30T02:00:00+04:00", "2025-06-30"), Some(Certainty::Possible));
        assert_eq!(meet("2025-06-30T02:00:00+04:00", "2025-07-01"), None);
    }

    #[test]
    fn a_number_differs_from_another_and_from_a_range_it_is_not_in() {
        let exactly = |number: f64| ConflictValue::number(Some(number), None, None, "");
        let between = |low, high| ConflictValue::number(None, low, high, "");
        assert!(exactly(38.0).differs_from(&exactly(40.0)) && !exactly(38.0).differs_from(&exactly(38.0)));
        assert!(!exactly(38.0).differs_from(&between(Some(30.0), Some(40.0))));
        assert!(exactly(41.0).differs_from(&between(Some(30.0), Some(40.0))));
        assert!(!exactly(41.0).differs_from(&between(Some(30.0), None)));
        assert!(exactly(29.0).differs_from(&between(Some(30.0), None)));
        assert!(!exactly(38.0).differs_from(&ConflictValue::number(Some(40.0), None, None, "km")));
        assert!(!exactly(38.0).differs_from(&ConflictValue::Word("SIGNED".into())));
    }

    #[test]
    fn a_value_is_shown_as_it_is_meant() {
        let shown = |value, low, high, unit| ConflictValue::number(value, low, high, unit).to_string();
        assert_eq!(shown(Some(38.0), Some(30.0), Some(40.0), ""), "38");
        assert_eq!(shown(None, Some(30.0), Some(40.5), "km"), "30..40.5 km");
        assert_eq!(
            (shown(None, Some(30.0), None, ""), shown(None, None, Some(4.0), "")),
            ("30..".into(), "..4".into())
        );
        assert_eq!(ConflictValue::Word("IN_FORCE".into()).to_string(), "IN_FORCE");
    }
}
