//! Valid time against its definition: *definite* is true in every possible world, *possible* in some and not in all.
//!
//! The worlds of small calendars are enumerated, all of them, for every pair of bounds and every asked period, and the three
//! modes compared with the arithmetic of `domain::certainty` on every grid point. The oracle knows nothing of corners.

use detente_domain::bound::Bound;
use detente_domain::certainty::{Certainty, Mode, certainty};
use detente_domain::edtf::{Atom, PartialDate};
use detente_domain::moment::Moment;
use detente_domain::period::Period;
use detente_domain::valid_time::ValidTime;

const MODES: [Mode; 3] = [Mode::HoldsAt, Mode::OccurredBy, Mode::OccurredIn];
const DAY: i64 = 86_400;

/// Is it so in this world, where it starts at `s` and ends at `e` (and, if it is an event, happens at `t` within)?
fn so(mode: Mode, (s, e, t): (i64, i64, i64), (a, b): (i64, i64)) -> bool {
    match mode {
        Mode::HoldsAt => s < b && e > a,
        Mode::OccurredBy => t < b,
        Mode::OccurredIn => a <= t && t < b,
    }
}

/// The definition itself. `worlds` are pairs of a start and an end; an event happens at any tick of its span.
fn oracle(mode: Mode, worlds: &[(i64, i64)], ticks: &[i64], asked: (i64, i64)) -> Option<Certainty> {
    let (mut some, mut all) = (false, true);
    for &(s, e) in worlds {
        for &t in ticks.iter().filter(|&&t| s <= t && t < e) {
            let here = so(mode, (s, e, t), asked);
            some |= here;
            all &= here;
        }
    }
    match (some, all) {
        (true, true) => Some(Certainty::Definite),
        (true, false) => Some(Certainty::Possible),
        (false, _) => None,
    }
}

/// A bound, with the atoms `[start, end)` it may fall on, in seconds. `None` stands for unbounded in the bound itself.
struct Choice {
    bound: Bound,
    atoms: Vec<(i64, i64)>,
}

/// Compares every point of a grid: all pairs of bounds, every as_of, every asked period. Returns the number of points.
fn compare(
    starts: &dyn Fn(Option<Atom>) -> Vec<Choice>,
    ends: &[Choice],
    as_ofs: &[Option<Atom>],
    ticks: &[i64],
    asked: &[(i64, i64)],
) -> usize {
    let mut points = 0;
    for &as_of in as_ofs {
        for from in &starts(as_of) {
            for to in ends {
                let worlds = worlds(from, to);
                let resolved = ValidTime::resolve(&from.bound, &to.bound, as_of);
                assert_eq!(resolved.is_err(), worlds.is_empty(), "{:?} {:?}", from.bound, to.bound);
                let Ok(validity) = resolved else { continue };
                for &(a, b) in asked {
                    for mode in MODES {
                        let answer = certainty(mode, &validity, &Period { a: Moment(a), b: Moment(b) });
                        let expected = oracle(mode, &worlds, ticks, (a, b));
                        assert_eq!(
                            answer, expected,
                            "{mode:?} [{a}, {b}) of {:?} to {:?}, as of {as_of:?}: {validity:?}",
                            from.bound, to.bound
                        );
                        points += 1;
                    }
                }
            }
        }
    }
    points
}

/// Every start with every end that is not before it.
fn worlds(from: &Choice, to: &Choice) -> Vec<(i64, i64)> {
    from.atoms
        .iter()
        .flat_map(|&(s, _)| to.atoms.iter().filter(move |&&(_, e)| s < e).map(move |&(_, e)| (s, e)))
        .collect()
}

fn known_bound(earliest: Option<Atom>, latest: Option<Atom>) -> Bound {
    Bound::Known(PartialDate::from_parts("a date", earliest, latest))
}

// ---------------------------------------------------------------- days only

/// The calendar of the questions: days 0 to 9. Day -1 stands for every day before it, day 10 for every day after.
const LAST: i64 = 9;
const BEFORE: i64 = -1;
const AFTER: i64 = LAST + 1;

fn day(n: i64) -> Atom {
    Atom::day(Moment(n * DAY))
}

fn days(first: i64, last: i64) -> Vec<(i64, i64)> {
    (first..=last).map(|n| (n * DAY, (n + 1) * DAY)).collect()
}

/// Every range of days, bounded or not on either side, and the end's open and unknown.
fn known_days() -> Vec<Choice> {
    let mut choices = vec![Choice { bound: known_bound(None, None), atoms: days(BEFORE, AFTER) }];
    for first in 0..=LAST {
        choices.push(Choice { bound: known_bound(Some(day(first)), None), atoms: days(first, AFTER) });
        choices.push(Choice { bound: known_bound(None, Some(day(first))), atoms: days(BEFORE, first) });
        for last in first..=LAST {
            choices.push(Choice { bound: known_bound(Some(day(first)), Some(day(last))), atoms: days(first, last) });
        }
    }
    choices
}

fn start_days(as_of: Option<Atom>) -> Vec<Choice> {
    let last = as_of.map_or(AFTER, |atom| atom.start.0 / DAY);
    let mut choices = known_days();
    choices.push(Choice { bound: Bound::Unknown, atoms: days(BEFORE, last) });
    choices.push(Choice { bound: Bound::Open, atoms: days(BEFORE, BEFORE) });
    choices
}

fn end_days() -> Vec<Choice> {
    let mut choices = known_days();
    choices.push(Choice { bound: Bound::Unknown, atoms: days(BEFORE, AFTER) });
    choices.push(Choice { bound: Bound::Open, atoms: days(AFTER, AFTER) });
    choices
}

#[test]
fn definite_is_all_worlds_and_possible_is_some_on_every_point_of_a_calendar_of_ten_days() {
    let as_ofs: Vec<_> = std::iter::once(None).chain([2, 7].into_iter().map(|n| Some(day(n)))).collect();
    let asked: Vec<_> = (0..=LAST).flat_map(|a| (a + 1..=AFTER).map(move |b| (a * DAY, b * DAY))).collect();
    let ticks: Vec<_> = (BEFORE..=AFTER).map(|n| n * DAY).collect();
    let points = compare(&start_days, &end_days(), &as_ofs, &ticks, &asked);
    println!("days: {points} points agree");
    assert!(points > 1_000_000);
}

// ---------------------------------------------------------------- days and seconds together

/// Three days, each with four seconds that a source can name.
const SECONDS: [i64; 4] = [0, 1, 43_200, DAY - 1];

fn named_seconds(first: i64, last: i64) -> Vec<i64> {
    (first..=last).flat_map(|n| SECONDS.map(|s| n * DAY + s)).collect()
}

fn second(at: i64) -> Choice {
    let atom = Atom::second(Moment(at));
    Choice { bound: known_bound(Some(atom), Some(atom)), atoms: vec![(at, at + 1)] }
}

fn short_days() -> Vec<Choice> {
    let mut choices = Vec::new();
    for first in 0..3 {
        choices.push(Choice { bound: known_bound(Some(day(first)), None), atoms: days(first, 3) });
        choices.push(Choice { bound: known_bound(None, Some(day(first))), atoms: days(BEFORE, first) });
        for last in first..3 {
            choices.push(Choice { bound: known_bound(Some(day(first)), Some(day(last))), atoms: days(first, last) });
        }
    }
    choices
}

#[test]
fn definite_is_all_worlds_and_possible_is_some_where_days_meet_seconds() {
    let starts = |_: Option<Atom>| {
        let mut choices = short_days();
        choices.extend(named_seconds(0, 2).into_iter().map(second));
        choices.push(Choice { bound: Bound::Open, atoms: days(BEFORE, BEFORE) });
        choices
    };
    let mut ends = short_days();
    ends.extend(named_seconds(0, 2).into_iter().map(second));
    ends.push(Choice { bound: Bound::Open, atoms: days(3, 3) });
    let edges: Vec<_> = named_seconds(0, 2).into_iter().chain([3 * DAY]).collect();
    let asked: Vec<_> =
        edges.iter().flat_map(|&a| edges.iter().filter(move |&&b| a < b).map(move |&b| (a, b))).collect();
    let points = compare(&starts, &ends, &[None], &named_seconds(BEFORE, 3), &asked);
    println!("days and seconds: {points} points agree");
    assert!(points > 50_000);
}

/// An unknown end may be anything that the other end is given in: whole days, or named seconds.
#[test]
fn definite_is_all_worlds_and_possible_is_some_where_the_unknown_meets_seconds() {
    let every_second: Vec<_> = named_seconds(BEFORE, 3).into_iter().map(|s| (s, s + 1)).collect();
    let unknown = |as_of: Option<Atom>| Choice {
        bound: Bound::Unknown,
        atoms: every_second.iter().copied().filter(|&(s, _)| as_of.is_none_or(|atom| s <= atom.start.0)).collect(),
    };
    let seconds: Vec<_> = named_seconds(0, 2).into_iter().map(second).collect();
    let as_ofs: Vec<_> = std::iter::once(None)
        .chain((0..3).map(|n| Some(day(n))))
        .chain(named_seconds(0, 2).into_iter().map(|s| Some(Atom::second(Moment(s)))))
        .collect();
    let edges: Vec<_> = named_seconds(0, 2).into_iter().chain([3 * DAY]).collect();
    let asked: Vec<_> =
        edges.iter().flat_map(|&a| edges.iter().filter(move |&&b| a < b).map(move |&b| (a, b))).collect();
    let ticks = named_seconds(BEFORE, 3);
    let from_unknown = compare(&|as_of| vec![unknown(as_of)], &seconds, &as_ofs, &ticks, &asked);
    let to_unknown =
        compare(&|_| named_seconds(0, 2).into_iter().map(second).collect(), &[unknown(None)], &[None], &ticks, &asked);
    println!("unknown and seconds: {} points agree", from_unknown + to_unknown);
    assert!(from_unknown + to_unknown > 10_000);
}

// ---------------------------------------------------------------- at the extremes

proptest::proptest! {
    /// Any instants at all, in any order: an answer or a refusal, never an overflow; and definite implies possible.
    #[test]
    fn no_instant_is_too_far_away(corners in proptest::array::uniform6(proptest::prelude::any::<i64>()), open in 0..9_u8) {
        let atom = |i: usize| Some(Atom::day(Moment(corners[i])));
        let pick = |how: u8, bound: Bound| match how { 0 => bound, 1 => Bound::Unknown, _ => Bound::Open };
        let (from, to) = (pick(open % 3, known_bound(atom(0), atom(1))), pick(open / 3, known_bound(atom(2), atom(3))));
        let asked = Period { a: Moment(corners[4].min(corners[5])), b: Moment(corners[4].max(corners[5])) };
        if let Ok(validity) = ValidTime::resolve(&from, &to, atom(4)) {
            proptest::prop_assert!(validity.instants().earliest_start < validity.instants().latest_end);
            for mode in MODES {
                let _ = certainty(mode, &validity, &asked);
            }
        }
    }
}
