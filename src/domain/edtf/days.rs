//! The days that a date with gaps can mean: `[2024-12-25,2025-01-07]` two of them, `2023-XX-31` seven, `20XX-02-29` the
//! leap days of a century.
//!
//! A date without gaps is told by its earliest and its latest day alone, and nearly all dates are. For the others the
//! days are not listed, since `XXXX-XX-X1` would be half a million of them: they are found from the pattern, one stretch
//! at a time.
//!
//! ```text
//!   [2024-12-25,2025-01-07]     |.|................|.|         two runs
//!   2023-XX-31                  |.|...|.|...|.|...|.|...       a pattern: runs are made year by year
//!   [..1984,1990..]        .......|          |.........        runs without limit
//! ```
//!
//! Days are numbers, counted from 1970-01-01; [`i64::MIN`] and [`i64::MAX`] stand for no limit. Runs are maximal: between
//! two of them lies a day that the date cannot mean.

use crate::domain::moment::{Moment, SECONDS_PER_DAY};

/// The days of a date that has gaps.
#[derive(Clone, Debug)]
pub struct DaySet {
    text: Box<str>,
    members: Box<[Member]>,
}

/// Days that follow one another, the last one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// The first day; [`i64::MIN`] without limit.
    pub first: i64,
    /// The last day; [`i64::MAX`] without limit.
    pub last: i64,
}

/// A part of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Member {
    /// Days that follow one another.
    Run(Run),
    /// Days that match a pattern.
    Pattern(Pattern),
}

/// Unspecified digits that leave gaps, in the years 0 to 9999.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// The digits of the year; none where any will do.
    pub(super) year: [Option<u8>; 4],
    /// The first and the last month of each stretch of a year, in order.
    pub(super) months: Vec<(u8, u8)>,
    /// The days of each month, in order; none for all.
    pub(super) days: Option<Vec<u8>>,
}

impl Run {
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

    fn holds(self, day: i64) -> bool {
        self.first <= day && day <= self.last
    }
}

impl DaySet {
    /// The days of these members; none if they have no gap.
    pub(super) fn new(text: &str, members: Vec<Member>) -> Option<Self> {
        let set = Self { text: text.into(), members: members.into() };
        let first = set.run_from(i64::MIN)?;
        first.last.checked_add(1).and_then(|after| set.run_from(after)).is_some().then_some(set)
    }

    /// The date as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True if both are the same days.
    #[must_use]
    pub fn same_days(&self, other: &Self) -> bool {
        self.members == other.members || self.runs(i64::MIN).eq(other.runs(i64::MIN))
    }

    /// The first of the days that is this one or later.
    #[must_use]
    pub fn first_from(&self, day: i64) -> Option<i64> {
        self.members.iter().filter_map(|member| member.piece_from(day)).map(|piece| piece.first.max(day)).min()
    }

    /// The last of the days that is this one or earlier.
    #[must_use]
    pub fn last_to(&self, day: i64) -> Option<i64> {
        self.members.iter().filter_map(|member| member.piece_to(day)).map(|piece| piece.last.min(day)).max()
    }

    /// True if one of the days lies in a run.
    #[must_use]
    pub fn touches(&self, run: Run) -> bool {
        self.first_from(run.first).is_some_and(|day| day <= run.last)
    }

    /// The first run that ends on this day or later.
    #[must_use]
    pub fn run_from(&self, day: i64) -> Option<Run> {
        let first = self.first_from(day)?;
        let mut run = Run { first, last: first };
        while let Some(before) = run.first.checked_sub(1)
            && let Some(piece) = self.piece_with(before)
        {
            run.first = piece.first;
        }
        // The piece of a day may be short, and another member may reach further.
        let mut next = Some(first);
        while let Some(piece) = next.and_then(|day| self.piece_with(day)) {
            run.last = piece.last;
            next = piece.last.checked_add(1);
        }
        Some(run)
    }

    /// The runs that end on this day or later, in order.
    pub fn runs(&self, day: i64) -> impl Iterator<Item = Run> {
        std::iter::successors(self.run_from(day), |run| self.run_from(run.last.checked_add(1)?))
    }

    /// The widest piece of a member that holds a day.
    fn piece_with(&self, day: i64) -> Option<Run> {
        let pieces = self.members.iter().filter_map(|member| member.piece_from(day));
        let holding = pieces.filter(|piece| piece.holds(day));
        holding.reduce(|one, two| Run { first: one.first.min(two.first), last: one.last.max(two.last) })
    }
}

impl PartialEq for DaySet {
    fn eq(&self, other: &Self) -> bool {
        self.same_days(other)
    }
}

impl Eq for DaySet {}

impl Member {
    /// The first stretch of days that ends on this day or later.
    fn piece_from(&self, day: i64) -> Option<Run> {
        match self {
            Self::Run(run) => (run.last >= day).then_some(*run),
            Self::Pattern(pattern) => {
                let (first, last) = pattern.span();
                let mut years = (first.max(year_of(day))..=last).filter(|year| pattern.has_year(*year));
                years.find_map(|year| pattern.pieces(year).find(|piece| piece.last >= day))
            }
        }
    }

    /// The last stretch of days that begins on this day or earlier.
    fn piece_to(&self, day: i64) -> Option<Run> {
        match self {
            Self::Run(run) => (run.first <= day).then_some(*run),
            Self::Pattern(pattern) => {
                let (first, last) = pattern.span();
                let mut years = (first..=last.min(year_of(day))).rev().filter(|year| pattern.has_year(*year));
                years.find_map(|year| pattern.pieces(year).take_while(|piece| piece.first <= day).last())
            }
        }
    }
}

impl Pattern {
    /// The first and the last year that can match.
    fn span(&self) -> (i64, i64) {
        let filled =
            |with: u8| self.year.iter().fold(0, |year: i64, digit| year * 10 + i64::from(digit.unwrap_or(with)));
        (filled(0), filled(9))
    }

    fn has_year(&self, year: i64) -> bool {
        let mut rest = year;
        self.year.iter().rev().all(|digit| {
            let last = rest % 10;
            rest /= 10;
            digit.is_none_or(|digit| i64::from(digit) == last)
        })
    }

    /// The stretches of days of a year, in order.
    fn pieces(&self, year: i64) -> impl Iterator<Item = Run> {
        let whole = self.days.is_none();
        let months = self.months.iter().flat_map(move |(first, last)| {
            let of_each = (*first..=*last).map(|month| (month, month));
            let of_all = whole.then_some((*first, *last));
            of_all.into_iter().chain(of_each.filter(move |_| !whole))
        });
        months.flat_map(move |(first, last)| {
            let begin = day_number(year, first, 1);
            let end = day_number(year + i64::from(last / 12), last % 12 + 1, 1) - 1;
            let days = self.days.iter().flatten().map(move |day| begin + i64::from(*day) - 1);
            let of_days = days.filter(move |day| *day <= end).map(|day| Run { first: day, last: day });
            let of_all = whole.then_some(Run { first: begin, last: end });
            of_all.into_iter().chain(of_days)
        })
    }
}

fn day_number(year: i64, month: u8, day: u8) -> i64 {
    Moment::from_civil_day(year, month, day).0.div_euclid(SECONDS_PER_DAY)
}

fn year_of(day: i64) -> i64 {
    Moment(day.saturating_mul(SECONDS_PER_DAY)).to_civil_day().0
}

#[cfg(test)]
mod tests {
    use super::super::PartialDate;
    use super::*;

    fn runs(text: &str) -> Vec<String> {
        let days = PartialDate::parse(text).unwrap().days().unwrap_or_else(|| panic!("{text} has no gap"));
        let shown = |run: Run| format!("{}..{}", run.start().to_date_string(), run.end().to_end_date_string());
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
    fn the_nearest_day_on_either_side_is_found_however_far_it_is() {
        let days = |text| PartialDate::parse(text).unwrap().days().unwrap();
        let number =
            |text: &str| Run::of(PartialDate::parse(text).unwrap().earliest().unwrap().start, Moment::MAX).first;
        let leap = days("XX00-02-29");
        assert_eq!(leap.first_from(number("1601")), Some(number("2000-02-29")));
        assert_eq!(leap.last_to(number("1999")), Some(number("1600-02-29")));
        assert_eq!((leap.first_from(i64::MAX), leap.last_to(i64::MIN)), (None, None));
        let open = days("[..1984,1990..]");
        assert_eq!((open.first_from(i64::MIN), open.last_to(i64::MAX)), (Some(i64::MIN), Some(i64::MAX)));
        assert_eq!(open.last_to(number("1987")), Some(number("1984-12-31")));
        assert!(!open.touches(Run { first: number("1985"), last: number("1989-12-31") }));
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
