//! Valid time with gaps and offsets against its definition, by the enumeration of possible worlds: every pair of small sets
//! exhaustively, and random pairs of whatever a bound can be.
//!
//! A world is a start and an end. The oracle knows days and seconds, and what was written; it knows nothing of corners, of
//! runs or of patterns. `DETENTE_WORLDS` sets how many random pairs of bounds are compared.

use detente_domain::bound::Bound;
use detente_domain::certainty::{Certainty, Mode, certainty};
use detente_domain::edtf::PartialDate;
use detente_domain::moment::Moment;
use detente_domain::period::Period;
use detente_domain::valid_time::ValidTime;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeSet;

const MODES: [Mode; 3] = [Mode::HoldsAt, Mode::OccurredBy, Mode::OccurredIn];
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// The times of day that are named and asked for.
const HOURS: [i64; 4] = [0, 6, 12, 18];
/// The calendar: the first ten days of 1970, days 0 to 9. Day -1 stands for every day before, day 10 for every day after.
const LAST: i64 = 9;
const BEFORE: i64 = -1;
const AFTER: i64 = LAST + 1;

/// A day or a second that an end may fall on, as instants and as dates.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    instants: (i64, i64),
    dates: (i64, i64),
}

impl Piece {
    fn day(day: i64) -> Self {
        let span = (day * DAY, (day + 1) * DAY);
        Self { instants: span, dates: span }
    }

    /// A second; with an offset its date is the day that was written.
    fn second(at: i64, offset: i64) -> Self {
        let local = (at + offset).div_euclid(DAY);
        let instants = (at, at + 1);
        Self { instants, dates: if offset == 0 { instants } else { Self::day(local).dates } }
    }

    fn of(&self, by_dates: bool) -> (i64, i64) {
        if by_dates { self.dates } else { self.instants }
    }

    fn is_second(&self) -> bool {
        self.instants.1 - self.instants.0 == 1
    }
}

/// One end of a claim.
#[derive(Clone, Debug)]
enum End {
    Open,
    Unknown,
    /// A text, and what it can mean.
    Known(String, Vec<Piece>),
}

impl End {
    fn bound(&self) -> Bound {
        match self {
            Self::Open => Bound::Open,
            Self::Unknown => Bound::Unknown,
            Self::Known(text, _) => Bound::Known(PartialDate::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))),
        }
    }

    fn is_second(&self) -> bool {
        matches!(self, Self::Known(_, pieces) if pieces[0].is_second())
    }

    /// The set of days, if it is one.
    fn days(&self) -> Option<BTreeSet<i64>> {
        let Self::Known(_, pieces) = self else { return None };
        (!self.is_second()).then(|| pieces.iter().map(|piece| piece.instants.0 / DAY).collect())
    }
}

type Spans = Vec<(i64, i64)>;

/// The spans in which an end may lie, in one of the two readings. An unknown end takes its unit, day or second, from
/// the other end or from `as_of`.
fn spans(end: &End, other: &End, as_of: Option<Piece>, is_start: bool, by_dates: bool) -> Spans {
    match end {
        End::Known(_, pieces) => pieces.iter().map(|piece| piece.of(by_dates)).collect(),
        End::Open => vec![Piece::day(if is_start { BEFORE } else { AFTER }).of(by_dates)],
        End::Unknown => {
            let is_second = |piece: &Piece| piece.of(by_dates).1 - piece.of(by_dates).0 == 1;
            let by_second = match other {
                End::Known(_, pieces) => is_second(&pieces[0]),
                End::Open => as_of.as_ref().is_some_and(is_second),
                End::Unknown => false,
            };
            let all: Spans = if by_second {
                (BEFORE..=AFTER).flat_map(|day| HOURS.map(|hour| day * DAY + hour * HOUR)).map(|s| (s, s + 1)).collect()
            } else {
                (BEFORE..=AFTER).map(|day| Piece::day(day).instants).collect()
            };
            let last = as_of.filter(|_| is_start).map(|piece| piece.of(by_dates).0);
            all.into_iter().filter(|(start, _)| last.is_none_or(|last| *start <= last)).collect()
        }
    }
}

/// The worlds `(start, end)` in one of the two readings, or none.
fn worlds(from: &End, to: &End, as_of: Option<Piece>, by_dates: bool) -> Spans {
    let starts = spans(from, to, as_of, true, by_dates);
    let ends = spans(to, from, as_of, false, by_dates);
    let one_date = from.days().filter(|days| to.days().as_ref() == Some(days));
    let within = |s: i64, e: i64| {
        one_date.as_ref().is_none_or(|days| (s.div_euclid(DAY)..e.div_euclid(DAY)).all(|day| days.contains(&day)))
    };
    let pairs = starts.iter().flat_map(|s| ends.iter().map(move |e| (s.0, e.1)));
    pairs.filter(|(s, e)| s < e && within(*s, *e)).collect()
}

/// The worlds of both readings: as instants and as dates. If one of them has none, the ends span the time between them.
fn both_worlds(from: &End, to: &End, as_of: Option<Piece>) -> Option<[Spans; 2]> {
    let [instants, dates] = [false, true].map(|by_dates| worlds(from, to, as_of, by_dates));
    let swapped = |by_dates| worlds(to, from, as_of, by_dates);
    match (instants.is_empty(), dates.is_empty()) {
        (false, false) => Some([instants, dates]),
        (false, true) => Some([instants, swapped(true)]),
        (true, false) if !(from.is_second() && to.is_second()) => Some([swapped(false), dates]),
        _ => None,
    }
}

/// The definition itself. A state fills its world; an event happens at any instant of it.
fn oracle(mode: Mode, worlds: &Spans, (a, b): (i64, i64)) -> Option<Certainty> {
    let touches = |(s, e): &(i64, i64)| *s < b && *e > a;
    let (some, all) = match mode {
        Mode::HoldsAt => (worlds.iter().any(touches), worlds.iter().all(touches)),
        Mode::OccurredBy => (worlds.iter().any(|(s, _)| *s < b), worlds.iter().all(|(_, e)| *e <= b)),
        Mode::OccurredIn => (worlds.iter().any(touches), worlds.iter().all(|(s, e)| a <= *s && *e <= b)),
    };
    match (some, all) {
        (true, true) => Some(Certainty::Definite),
        (true, false) => Some(Certainty::Possible),
        (false, _) => None,
    }
}

/// Compares one pair of bounds, at the asked periods. Returns how many answers were compared.
fn compare(from: &End, to: &End, as_of: Option<(&str, Piece)>, asked: &[(i64, i64)]) -> usize {
    if !are_comparable(from, to) {
        return 0;
    }
    let known = as_of.map(|(text, _)| PartialDate::parse(text).unwrap().latest().unwrap());
    let resolved = ValidTime::resolve(&from.bound(), &to.bound(), known);
    let expected = both_worlds(from, to, as_of.map(|(_, piece)| piece));
    assert_eq!(resolved.is_ok(), expected.is_some(), "{from:?} to {to:?}, {as_of:?}: {resolved:?}");
    let (Ok(valid), Some([instants, dates])) = (resolved, expected) else { return 0 };
    for &(a, b) in asked {
        let by_dates = a % DAY == 0 && b % DAY == 0;
        let worlds = if by_dates { &dates } else { &instants };
        for mode in MODES {
            let got = certainty(mode, &valid, &Period { a: Moment(a), b: Moment(b) });
            assert_eq!(
                got,
                oracle(mode, worlds, (a, b)),
                "{mode:?} {a}..{b} of {from:?} to {to:?}, {as_of:?}: {valid:?}"
            );
        }
    }
    asked.len() * MODES.len()
}

// ---------------------------------------------------------------- what a source can write

fn day_text(day: i64) -> String {
    Moment(day * DAY).to_date_string()
}

/// A set of days of the calendar, perhaps without limit on a side; written with ranges, in an order that the seed gives.
fn set(days: &BTreeSet<i64>, below: bool, above: bool, seed: usize) -> End {
    let (first, last) = (*days.first().unwrap(), *days.last().unwrap());
    let mut members: Vec<String> = Vec::new();
    let mut rest = days.iter().copied().peekable();
    while let Some(day) = rest.next() {
        let mut end = day;
        while !seed.is_multiple_of(3) && rest.next_if_eq(&(end + 1)).is_some() {
            end += 1;
        }
        members.push(if end > day { format!("{}..{}", day_text(day), day_text(end)) } else { day_text(day) });
    }
    let from = seed % members.len();
    members.rotate_left(from);
    members.extend(below.then(|| format!("..{}", day_text(first))));
    members.extend(above.then(|| format!("{}..", day_text(last))));
    // The grammar has what reaches back first and what reaches on last.
    members.sort_by_key(|member| (!member.starts_with(".."), member.ends_with("..")));
    let mut all = days.clone();
    all.extend(below.then_some(BEFORE..first).into_iter().flatten());
    all.extend(above.then_some(last + 1..=AFTER).into_iter().flatten());
    End::Known(format!("[{}]", members.join(",")), all.into_iter().map(Piece::day).collect())
}

fn second(at: i64, offset_hours: i64) -> End {
    let offset = offset_hours * HOUR;
    let local = Moment(at + offset).to_string_second();
    let zone = if offset == 0 { "Z".to_owned() } else { format!("{offset_hours:+03}:00") };
    End::Known(format!("{}{zone}", local.trim_end_matches('Z')), vec![Piece::second(at, offset)])
}

/// Texts with unspecified digits, each with the days of the century that it matches by its look.
fn patterns() -> Vec<End> {
    let century = (Period::parse("1900").unwrap().a.0 / DAY..Period::parse("1999").unwrap().b.0 / DAY)
        .map(|day| (day, day_text(day)));
    let century: Vec<(i64, String)> = century.collect();
    let of = |text: &str| {
        let matches = |have: &str| have.bytes().zip(text.bytes()).all(|(have, want)| want == b'X' || have == want);
        let days = century.iter().filter(|(_, have)| matches(have)).map(|(day, _)| Piece::day(*day));
        End::Known(text.to_owned(), days.collect())
    };
    ["1970-01-0X", "1970-01-X7", "1970-01-X1", "19X0-01-04", "1970-X1-05", "1970-0X-03", "19X0-01-0X"].map(of).into()
}

fn known_end() -> impl Strategy<Value = End> {
    let days = prop::collection::btree_set(0..=LAST, 1..5);
    let sets = (days, any::<[bool; 2]>(), 0..6_usize, 0..4_u8)
        .prop_map(|(days, [below, above], seed, open)| set(&days, below && open == 0, above && open == 0, seed));
    let runs = (0..=LAST, 0..5_i64)
        .prop_map(|(first, more)| set(&(first..=LAST.min(first + more)).collect(), false, false, 1));
    let seconds = (0..=LAST, prop::sample::select(HOURS.to_vec()), prop::sample::select(vec![0, 0, -12, -6, 6, 12]))
        .prop_map(|(day, hour, offset)| second(day * DAY + hour * HOUR, offset));
    prop_oneof![4 => sets, 2 => runs, 3 => seconds, 2 => prop::sample::select(patterns())]
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![6 => known_end(), 1 => Just(End::Open), 1 => Just(End::Unknown)]
}

fn asked_periods() -> impl Strategy<Value = Vec<(i64, i64)>> {
    let days = (0..=LAST, 1..4_i64).prop_map(|(a, more)| (a * DAY, AFTER.min(a + more) * DAY));
    let seconds = (0..=LAST, prop::sample::select(HOURS.to_vec())).prop_map(|(day, hour)| {
        let at = day * DAY + hour * HOUR;
        (at, at + 1)
    });
    prop::collection::vec(prop_oneof![2 => days, 1 => seconds], 1..4)
}

/// The date up to which knowledge reaches: a day, or a second if no end is a day.
fn as_of(seed: i64, to: &End) -> Option<(String, Piece)> {
    let day = seed % AFTER;
    match seed % 4 {
        0 => None,
        1 if to.is_second() || matches!(to, End::Open) => {
            let End::Known(text, pieces) = second(day * DAY + 6 * HOUR, [0, 6, -12][(seed % 3) as usize]) else {
                return None;
            };
            Some((text, pieces[0]))
        }
        _ => Some((day_text(day), Piece::day(day))),
    }
}

/// True if the calendar, with one day for all before it and one for all after it, has what two ends can mean. A pattern
/// has days far outside, so it is not held against an end without a limit.
fn are_comparable(from: &End, to: &End) -> bool {
    let is_pattern = |end: &End| matches!(end, End::Known(text, _) if text.contains('X'));
    let is_limited =
        |end: &End| matches!(end, End::Known(text, _) if !text.starts_with("[..") && !text.ends_with("..]"));
    !(is_pattern(from) || is_pattern(to)) || (is_limited(from) && is_limited(to))
}

// ---------------------------------------------------------------- the comparisons

#[test]
fn definite_is_all_worlds_and_possible_is_some_for_every_pair_of_sets_of_four_days() {
    let sets: Vec<End> = (1..16_i64)
        .map(|bits| (0..4).filter(|day| bits >> day & 1 == 1).map(|day| day + 2).collect::<BTreeSet<i64>>())
        .flat_map(|days| {
            [(false, false), (true, false), (false, true)].map(|(below, above)| set(&days, below, above, 1))
        })
        .collect();
    let ends: Vec<End> = sets.into_iter().chain(patterns()).chain([End::Open, End::Unknown]).collect();
    let asked: Vec<_> = (1..=7).flat_map(|a| (a + 1..=8).map(move |b| (a * DAY, b * DAY))).collect();
    let compared: usize = ends.iter().flat_map(|from| ends.iter().map(|to| compare(from, to, None, &asked))).sum();
    println!("{compared} answers about pairs of sets agree");
    assert!(compared > 100_000);
}

#[test]
fn definite_is_all_worlds_and_possible_is_some_for_every_pair_of_times_with_offsets_and_days() {
    let seconds = (3..=4).flat_map(|day| HOURS.map(|hour| day * DAY + hour * HOUR));
    let seconds = seconds.flat_map(|at| [-12, 0, 6].map(|offset| second(at, offset)));
    let days = (2..=5).map(|day| set(&BTreeSet::from([day]), false, false, 1));
    let ends: Vec<End> = seconds.chain(days).chain([End::Open, End::Unknown]).collect();
    let edges: Vec<i64> = (2..=6).flat_map(|day| HOURS.map(|hour| day * DAY + hour * HOUR)).collect();
    let days = (2..=5).flat_map(|a| (a + 1..=6).map(move |b| (a * DAY, b * DAY)));
    let asked: Vec<_> = days.chain(edges.iter().map(|at| (*at, at + 1))).collect();
    let compared: usize = ends.iter().flat_map(|from| ends.iter().map(|to| compare(from, to, None, &asked))).sum();
    println!("{compared} answers about times with offsets agree");
    assert!(compared > 50_000);
}

#[test]
fn definite_is_all_worlds_and_possible_is_some_for_random_bounds() {
    let cases = std::env::var("DETENTE_WORLDS").ok().and_then(|cases| cases.parse().ok()).unwrap_or(20_000);
    let compared = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let strategy = (end(), end(), any::<bool>(), 0..4_000_i64, asked_periods());
    let outcome = runner.run(&strategy, |(from, to, same, seed, asked)| {
        let to = if same && matches!(from, End::Known(..)) { from.clone() } else { to };
        let as_of = as_of(seed, &to);
        let as_of = as_of.as_ref().map(|(text, piece)| (text.as_str(), *piece));
        compared.set(compared.get() + compare(&from, &to, as_of, &asked));
        Ok(())
    });
    outcome.unwrap();
    println!("{} answers about {cases} random pairs of bounds agree", compared.get());
}
