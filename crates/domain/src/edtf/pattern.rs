//! The days that match a date with unspecified digits, of which some leave gaps: `2023-XX-31`, `20XX-02-29`.
//!
//! Days are found year by year. A search for one day looks at ten thousand years at most, and at the months of a few of
//! them; nothing here lists the days of all years but [`Pattern::all_pieces`].

use super::days::DayRun;
use crate::moment::{Moment, SECONDS_PER_DAY};
use std::ops::RangeInclusive;

/// Unspecified digits in the years 0 to 9999.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// The digits of the year; none where any will do.
    pub(super) year: [Option<u8>; 4],
    /// The first and the last month of each stretch of a year, in order.
    pub(super) months: Vec<(u8, u8)>,
    /// The days of each month, in order; none for all.
    pub(super) days: Option<Vec<u8>>,
}

impl Pattern {
    /// True if some day between two that match does not.
    pub(super) fn has_gap(&self) -> bool {
        if self.is_of_whole_years() {
            return self.year.iter().skip_while(|digit| digit.is_some()).any(Option::is_some);
        }
        // A year with a gap ends every run within two years.
        let first = self.run_from(i64::MIN);
        let after = first.and_then(|run| run.last.checked_add(1));
        after.is_some_and(|day| self.piece_from(day, i64::MAX).is_some())
    }

    /// The first stretch of days that ends on a day or later and begins on another or earlier.
    pub(super) fn piece_from(&self, day: i64, until: i64) -> Option<DayRun> {
        let mut years = self.years(DayRun { first: day, last: until });
        let found = years.find_map(|year| self.pieces(year).find(|piece| piece.last >= day));
        found.filter(|piece| piece.first <= until)
    }

    /// The last stretch of days that begins on this day or earlier.
    pub(super) fn piece_to(&self, day: i64) -> Option<DayRun> {
        let mut years = self.years(DayRun { first: i64::MIN, last: day }).rev();
        years.find_map(|year| self.pieces(year).take_while(|piece| piece.first <= day).last())
    }

    /// The first run that ends on this day or later: stretches that follow one another, also over the end of a year.
    pub(super) fn run_from(&self, day: i64) -> Option<DayRun> {
        let mut run = self.piece_from(day, i64::MAX)?;
        while let Some(before) = run.first.checked_sub(1)
            && let Some(piece) = self.piece_from(before, before)
        {
            run.first = piece.first;
        }
        while let Some(after) = run.last.checked_add(1)
            && let Some(piece) = self.piece_from(after, after)
        {
            run.last = piece.last;
        }
        Some(run)
    }

    /// True if a day in a run matches both.
    pub(super) fn meets(&self, other: &Self, within: DayRun) -> bool {
        let common = |month, in_month: u32| self.days_of(month) & other.days_of(month) & in_month;
        let months: Vec<u8> = (1..=12).filter(|month| common(*month, days_in(2000, *month)) != 0).collect();
        let mut years = self.years(within).filter(|year| !months.is_empty() && other.has_year(*year));
        years.any(|year| {
            months.iter().any(|month| {
                let begin = day_number(year, *month, 1);
                let days = common(*month, days_in(year, *month));
                (1..=31).any(|day| {
                    let number = begin + day - 1;
                    days >> day & 1 == 1 && within.first <= number && number <= within.last
                })
            })
        })
    }

    /// Maximum number of stretches of days that meet a run.
    pub(super) fn most_pieces(&self, within: DayRun) -> usize {
        let months: usize = self.months.iter().map(|(first, last)| usize::from(last.saturating_sub(*first)) + 1).sum();
        let of_year = self.days.as_ref().map_or(self.months.len(), |days| months * days.len());
        self.years(within).count().saturating_mul(of_year)
    }

    /// The stretches of days of all years, in order.
    pub(super) fn all_pieces(&self) -> impl Iterator<Item = DayRun> {
        self.years(DayRun::ALL).flat_map(|year| self.pieces(year))
    }

    /// True if every day of a year that matches does.
    fn is_of_whole_years(&self) -> bool {
        (1..=12).all(|month| self.days_of(month) & days_in(2000, month) == days_in(2000, month))
    }

    /// The years that match and have a day in a run.
    fn years(&self, within: DayRun) -> impl DoubleEndedIterator<Item = i64> {
        let filled =
            |with: u8| self.year.iter().fold(0, |year: i64, digit| year * 10 + i64::from(digit.unwrap_or(with)));
        let years: RangeInclusive<i64> = filled(0).max(year_of(within.first))..=filled(9).min(year_of(within.last));
        years.filter(|year| self.has_year(*year))
    }

    fn has_year(&self, year: i64) -> bool {
        let mut rest = year;
        self.year.iter().rev().all(|digit| {
            let last = rest % 10;
            rest /= 10;
            digit.is_none_or(|digit| i64::from(digit) == last)
        })
    }

    /// The days of a month that match, a bit for each, whether the month has them or not.
    fn days_of(&self, month: u8) -> u32 {
        if !self.months.iter().any(|(first, last)| (*first..=*last).contains(&month)) {
            return 0;
        }
        self.days.as_ref().map_or(u32::MAX, |days| days.iter().fold(0, |mask, day| mask | 1 << day))
    }

    /// The stretches of days of a year, in order.
    fn pieces(&self, year: i64) -> impl Iterator<Item = DayRun> {
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
            let of_days = days.filter(move |day| *day <= end).map(|day| DayRun { first: day, last: day });
            let of_all = whole.then_some(DayRun { first: begin, last: end });
            of_all.into_iter().chain(of_days)
        })
    }
}

/// The days that a month of a year has, a bit for each, from the second bit on.
fn days_in(year: i64, month: u8) -> u32 {
    let days = day_number(year + i64::from(month / 12), month % 12 + 1, 1) - day_number(year, month, 1);
    u32::MAX >> (31 - days.clamp(0, 31)) & !1
}

fn day_number(year: i64, month: u8, day: u8) -> i64 {
    Moment::from_civil_day(year, month, day).0.div_euclid(SECONDS_PER_DAY)
}

fn year_of(day: i64) -> i64 {
    Moment(day.saturating_mul(SECONDS_PER_DAY)).to_civil_day().0
}
