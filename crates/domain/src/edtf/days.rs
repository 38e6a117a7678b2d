//! The days that a date with gaps can mean: `[2024-12-25,2025-01-07]` two of them, `2023-XX-31` seven, `20XX-02-29` the
//! leap days of a century.
//!
//! The earliest and the latest day say everything of a date without gaps, and nearly all dates are such. The days of the
//! others have one of two forms:
//!
//! ```text
//!   [2024-12-25,2025-01-07]     |.|................|.|         runs, in order
//!   [..1984,1990..]        .......|          |.........        runs without limit
//!   2023-XX-31                  |.|...|.|...|.|...|.|...       a pattern, whose runs are found one at a time
//! ```
//!
//! `XXXX-XX-X1` is a third of a million runs, so those of a pattern are never listed; [`DaySet::most_runs`] is an upper
//! bound for callers that walk them. A set of alternatives is listed, as long as its parts have no more than
//! [`MOST_PIECES`] stretches of days. One with more (`[XXXX-XX-0X,XXXX-XX-1X]`) goes by its earliest and latest day, as if
//! it had no gap.
//! Days are numbers, counted from 1970-01-01; [`i64::MIN`] and [`i64::MAX`] stand for no limit. Runs are maximal: between
//! two of them lies a day that the date cannot mean.

use super::pattern::Pattern;
use crate::moment::{Moment, SECONDS_PER_DAY};

/// Maximum number of stretches of days that the members of a set have together.
const MOST_PIECES: usize = 1024;

/// The days of a date that has gaps.
#[derive(Clone, Debug)]
pub struct DaySet {
    text: Box<str>,
    form: DateForm,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum DateForm {
    /// Two runs or more, in order.
    Runs(Box<[DayRun]>),
    Pattern(Pattern),
}

/// Days that follow one another, the last one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DayRun {
    /// The first day; [`i64::MIN`] without limit.
    pub first: i64,
    /// The last day; [`i64::MAX`] without limit.
    pub last: i64,
}

/// A part of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Member {
    /// Days that follow one another.
    Run(DayRun),
    /// Days that match a pattern.
    Pattern(Pattern),
}

impl DayRun {
    /// All days.
    pub const ALL: Self = Self { first: i64::MIN, last: i64::MAX };

    /// The run from the first instant, up to and not including the other, as far as they are instants.
    #[must_use]
    pub fn of(start: Moment, end: Moment) -> Self {
        let first = if start == Moment::MIN { i64::MIN } else { start.0.div_euclid(SECONDS_PER_DAY) };
        let last = if end == Moment::MAX { i64::MAX } else { end.plus_seconds(-1).0.div_euclid(SECONDS_PER_DAY) };
        Self { first, last }
    }

    /// The first instant.
    #[must_use]
    pub fn start(self) -> Moment {
        if self.first == i64::MIN { Moment::MIN } else { Moment(self.first.saturating_mul(SECONDS_PER_DAY)) }
    }

    /// The instant after the last day.
    #[must_use]
    pub fn end(self) -> Moment {
        let after = |last: i64| Moment(last.saturating_add(1).saturating_mul(SECONDS_PER_DAY));
        if self.last == i64::MAX { Moment::MAX } else { after(self.last) }
    }

    fn meets(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

impl DaySet {
    /// The days of these members; none if they have no gap, or too many pieces.
    pub(super) fn new(text: &str, members: Vec<Member>) -> Option<Self> {
        let form = match <[Member; 1]>::try_from(members) {
            Ok([Member::Pattern(pattern)]) => pattern.has_gap().then_some(DateForm::Pattern(pattern))?,
            Ok([Member::Run(_)]) => return None,
            Err(members) => {
                let runs = join(pieces_of(&members)?);
                (runs.len() > 1).then(|| DateForm::Runs(runs.into()))?
            }
        };
        Some(Self { text: text.into(), form })
    }

    /// The date as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True if both are known to be the same days. Of a pattern with many runs only the same pattern is.
    #[must_use]
    pub fn same_days(&self, other: &Self) -> bool {
        let is_listed = |set: &Self| set.most_runs(DayRun::ALL) <= MOST_PIECES;
        self.form == other.form || (is_listed(self) && is_listed(other) && self.runs(i64::MIN).eq(other.runs(i64::MIN)))
    }

    /// The first of the days that is this one or later.
    #[must_use]
    pub fn first_from(&self, day: i64) -> Option<i64> {
        match &self.form {
            DateForm::Runs(runs) => runs_from(runs, day).first().map(|run| run.first.max(day)),
            DateForm::Pattern(pattern) => pattern.piece_from(day, i64::MAX).map(|piece| piece.first.max(day)),
        }
    }

    /// The last of the days that is this one or earlier.
    #[must_use]
    pub fn last_to(&self, day: i64) -> Option<i64> {
        match &self.form {
            DateForm::Runs(runs) => {
                let begun = runs.partition_point(|run| run.first <= day);
                runs.get(begun.checked_sub(1)?).map(|run| run.last.min(day))
            }
            DateForm::Pattern(pattern) => pattern.piece_to(day).map(|piece| piece.last.min(day)),
        }
    }

    /// True if one of the days lies in a run.
    #[must_use]
    pub fn touches(&self, run: DayRun) -> bool {
        match &self.form {
            DateForm::Runs(runs) => runs_from(runs, run.first).first().is_some_and(|first| first.meets(run)),
            DateForm::Pattern(pattern) => pattern.piece_from(run.first, run.last).is_some(),
        }
    }

    /// True if one of the days lies in a run and in another set.
    #[must_use]
    pub fn meets(&self, other: &Self, within: DayRun) -> bool {
        match (&self.form, &other.form) {
            (DateForm::Pattern(one), DateForm::Pattern(two)) => one.meets(two, within),
            (DateForm::Pattern(_), DateForm::Runs(_)) => other.meets(self, within),
            (DateForm::Runs(runs), _) => {
                let inside = runs_from(runs, within.first).iter().take_while(|run| run.first <= within.last);
                let mut inside =
                    inside.map(|run| DayRun { first: run.first.max(within.first), last: run.last.min(within.last) });
                inside.any(|run| other.touches(run))
            }
        }
    }

    /// The first run that ends on this day or later.
    #[must_use]
    pub fn run_from(&self, day: i64) -> Option<DayRun> {
        match &self.form {
            DateForm::Runs(runs) => runs_from(runs, day).first().copied(),
            DateForm::Pattern(pattern) => pattern.run_from(day),
        }
    }

    /// The runs that end on this day or later, in order.
    pub fn runs(&self, day: i64) -> impl Iterator<Item = DayRun> {
        std::iter::successors(self.run_from(day), |run| self.run_from(run.last.checked_add(1)?))
    }

    /// Maximum number of runs that meet a run.
    #[must_use]
    pub fn most_runs(&self, within: DayRun) -> usize {
        match &self.form {
            DateForm::Runs(runs) => runs_from(runs, within.first).partition_point(|run| run.first <= within.last),
            DateForm::Pattern(pattern) => pattern.most_pieces(within),
        }
    }
}

impl PartialEq for DaySet {
    fn eq(&self, other: &Self) -> bool {
        self.same_days(other)
    }
}

impl Eq for DaySet {}

/// The runs of a list that end on a day or later.
fn runs_from(runs: &[DayRun], day: i64) -> &[DayRun] {
    runs.get(runs.partition_point(|run| run.last < day)..).unwrap_or_default()
}

/// The stretches of days of members, in no order; none if they are too many.
fn pieces_of(members: &[Member]) -> Option<Vec<DayRun>> {
    let many = |member: &Member| match member {
        Member::Run(_) => 1,
        Member::Pattern(pattern) => pattern.most_pieces(DayRun::ALL),
    };
    if members.iter().map(many).sum::<usize>() > MOST_PIECES {
        return None;
    }
    let mut pieces = Vec::new();
    for member in members {
        match member {
            Member::Run(run) => pieces.push(*run),
            Member::Pattern(pattern) => pieces.extend(pattern.all_pieces()),
        }
    }
    Some(pieces)
}

/// Stretches put together where they meet or follow one another.
fn join(mut pieces: Vec<DayRun>) -> Vec<DayRun> {
    pieces.sort_unstable();
    let mut runs: Vec<DayRun> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match runs.last_mut() {
            Some(last) if piece.first <= last.last.saturating_add(1) => last.last = last.last.max(piece.last),
            _ => runs.push(piece),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::super::PartialDate;
    use super::*;
    use proptest::prelude::*;

    fn runs(text: &str) -> Vec<String> {
        let days = PartialDate::parse(text).unwrap().days().unwrap_or_else(|| panic!("{text} has no gap"));
        let shown = |run: DayRun| format!("{}..{}", run.start().to_date_string(), run.end().to_end_date_string());
        days.runs(i64::MIN).take(8).map(shown).collect()
    }

    #[test]
    fn a_set_is_its_members_and_neighbours_among_them_are_one_run() {
        assert_eq!(runs("[2024-12-25,2025-01-07]"), ["2024-12-25..2024-12-25", "2025-01-07..2025-01-07"]);
        assert_eq!(runs("[1670..1672,1667,1668-01]"), ["1667-01-01..1668-01-31", "1670-01-01..1672-12-31"]);
        assert_eq!(runs("[..1984,1990..]"), ["-inf..1984-12-31", "1990-01-01..+inf"]);
        assert_eq!(runs("[201X,2025]"), ["2010-01-01..2019-12-31", "2025-01-01..2025-12-31"]);
        assert_eq!(runs("[2020,2022-XX-01]").len(), 8);
    }

    #[test]
    fn a_pattern_is_the_days_that_match_it() {
        let months = ["01", "03", "05", "07", "08", "10", "12"];
        assert_eq!(runs("2023-XX-31"), months.map(|month| format!("2023-{month}-31..2023-{month}-31")));
        assert_eq!(runs("20XX-02-29")[..2], ["2000-02-29..2000-02-29", "2004-02-29..2004-02-29"]);
        assert_eq!(runs("1XX4")[..2], ["1004-01-01..1004-12-31", "1014-01-01..1014-12-31"]);
        assert_eq!(runs("201X-33")[..2], ["2010-01-01..2010-03-31", "2011-01-01..2011-03-31"]);
        assert_eq!(runs("2024-02-X9"), ["2024-02-09..2024-02-09", "2024-02-19..2024-02-19", "2024-02-29..2024-02-29"]);
        assert_eq!(runs("2023-0X-3X")[..2], ["2023-01-30..2023-01-31", "2023-03-30..2023-03-31"]);
        assert_eq!(runs("201X-12")[..1], ["2010-12-01..2010-12-31"]);
    }

    #[test]
    fn a_date_without_gaps_has_none() {
        let gapless = ["2024", "201X", "XXXX", "2024-XX-XX", "1984-1X", "1984-X0-XX", "[2024..2025]", "[2024,2025]"];
        for text in gapless.into_iter().chain(["[..2024,2025]", "1950S2", "2025-33", "2025-07-15T10:00:00Z"]) {
            assert!(PartialDate::parse(text).unwrap().days().is_none(), "{text}");
        }
    }

    #[test]
    fn a_set_of_many_patterns_goes_by_its_ends_and_costs_what_is_written() {
        let begun = std::time::Instant::now();
        let by_ends = ["[XXXX-XX-0X,XXXX-XX-1X,XXXX-XX-2X,XXXX-XX-3X]", "[XXXX-0X,XXXX-1X]", "[XXXX-XX-X1,XXXX-XX-X5]"];
        for text in by_ends.into_iter().cycle().take(300) {
            assert!(PartialDate::parse(text).unwrap().days().is_none(), "{text}");
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
        let days = PartialDate::parse("XXXX-XX-X1").unwrap().days().unwrap();
        assert!(days.most_runs(DayRun::ALL) > 300_000 && days.most_runs(DayRun { first: 0, last: 40 }) < 100);
        assert_eq!(runs("X0XX")[..2], ["0000-01-01..0099-12-31", "1000-01-01..1099-12-31"]);
    }

    /// Dates whose days can be listed one by one.
    fn date() -> impl Strategy<Value = String> {
        let year = prop::sample::select(vec!["2023", "2024", "202X", "20X4", "2X24", "X0X4"]);
        let month = prop::sample::select(vec!["", "-02", "-0X", "-X2", "-1X", "-12", "-35"]);
        let day = prop::sample::select(vec!["", "", "-01", "-29", "-X1", "-2X", "-3X", "-XX"]);
        (year, month, day).prop_map(|(year, month, day)| {
            let day = if month.is_empty() || month == "-35" { "" } else { day };
            format!("{year}{month}{day}")
        })
    }

    fn text() -> impl Strategy<Value = String> {
        let set = prop::collection::vec(date(), 2..4).prop_map(|dates| format!("[{}]", dates.join(",")));
        prop_oneof![date(), set]
    }

    /// Every day from one to another.
    const FEW: DayRun = DayRun { first: 18_000, last: 21_000 };

    fn days_in(days: &DaySet) -> Vec<i64> {
        let runs = days.runs(FEW.first).take_while(|run| run.first <= FEW.last);
        runs.flat_map(|run| run.first.max(FEW.first)..=run.last.min(FEW.last)).collect()
    }

    proptest! {
        #[test]
        fn every_question_for_a_day_is_answered_as_by_the_list_of_days(
            one in text(), two in text(), first in FEW.first..FEW.last, more in 0_i64..60,
        ) {
            let days = |text: &str| PartialDate::parse(text).ok().and_then(|date| date.days());
            let Some(days_of_one) = days(&one) else { return Ok(()) };
            let list = days_in(&days_of_one);
            let within = DayRun { first, last: (first + more).min(FEW.last) };
            let is_in = |day: &i64| within.first <= *day && *day <= within.last;
            prop_assert_eq!(days_of_one.touches(within), list.iter().any(is_in), "{}", one);
            let next = list.iter().find(|day| **day >= first);
            let first_from = days_of_one.first_from(first).filter(|day| *day <= FEW.last);
            prop_assert_eq!(first_from.as_ref(), next, "{}", one);
            let before = list.iter().rfind(|day| **day <= first);
            let last_to = days_of_one.last_to(first).filter(|day| *day >= FEW.first);
            prop_assert_eq!(last_to.as_ref(), before, "{}", one);
            let met = days_of_one.runs(within.first).take_while(|run| run.first <= within.last).count();
            prop_assert!(met <= days_of_one.most_runs(within), "{}", one);
            if let Some(days_of_two) = days(&two) {
                let other = days_in(&days_of_two);
                let meet = list.iter().filter(|day| is_in(day)).any(|day| other.contains(day));
                prop_assert_eq!(days_of_one.meets(&days_of_two, within), meet, "{} {}", &one, &two);
                prop_assert_eq!(days_of_two.meets(&days_of_one, within), meet, "{} {}", &one, &two);
            }
        }
    }

    #[test]
    fn the_nearest_day_on_either_side_is_found_however_far_it_is() {
        let days = |text| PartialDate::parse(text).unwrap().days().unwrap();
        let number =
            |text: &str| DayRun::of(PartialDate::parse(text).unwrap().earliest().unwrap().start, Moment::MAX).first;
        let leap = days("XX00-02-29");
        assert_eq!(leap.first_from(number("1601")), Some(number("2000-02-29")));
        assert_eq!(leap.last_to(number("1999")), Some(number("1600-02-29")));
        assert_eq!((leap.first_from(i64::MAX), leap.last_to(i64::MIN)), (None, None));
        let open = days("[..1984,1990..]");
        assert_eq!((open.first_from(i64::MIN), open.last_to(i64::MAX)), (Some(i64::MIN), Some(i64::MAX)));
        assert_eq!(open.last_to(number("1987")), Some(number("1984-12-31")));
        assert!(!open.touches(DayRun { first: number("1985"), last: number("1989-12-31") }));
    }

    #[test]
    fn sets_are_the_same_if_their_days_are() {
        let same = |one, two| {
            let days = |text| PartialDate::parse(text).unwrap().days().unwrap();
            days(one).same_days(&days(two))
        };
        assert!(same("[2024,2026]", "[2026-01..2026-12,2024]"));
        assert!(same("2024-XX-31", "[2024-01-31,2024-03-31,2024-05-31,2024-07-31,2024-08-31,2024-10-31,2024-12-31]"));
        assert!(!same("[2024,2026]", "[2024,2027]") && !same("[2024,2026]", "[2024,2026,2028]"));
    }
}
