//! The calendar in equal parts: days, weeks, months, quarters or years, all UTC.
//!
//! Each part of a sort has an ordinal, counted from 1970 (or the year 0, for those that follow the year), and both ways
//! between an instant and an ordinal are arithmetic. A span is covered by *whole* parts: the one that holds its first
//! instant, the one that holds its last, and all between, so that each count is one of the period that it names.
//!
//! Weeks begin on Monday, and 1970-01-01 was a Thursday: the week 0 began three days before it.
//!
//! Invariant: parts follow one another without gap, however far out; what lies beyond the line saturates.

use super::moment::{Moment, SECONDS_PER_DAY};
use super::period::Period;

/// The most parts that are counted.
pub const MOST_BUCKETS: usize = 10_000;

/// A part of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// A day.
    Day,
    /// A week, from Monday.
    Week,
    /// A month.
    Month,
    /// A quarter.
    Quarter,
    /// A year.
    Year,
}

impl Bucket {
    /// The ordinal of the part that holds an instant.
    fn holding(self, at: Moment) -> i64 {
        let day = at.0.div_euclid(SECONDS_PER_DAY);
        let (year, month, _) = at.to_civil_day();
        let month = i64::from(month).saturating_sub(1);
        match self {
            Self::Day => day,
            Self::Week => day.saturating_add(3).div_euclid(7),
            Self::Month => year.saturating_mul(12).saturating_add(month),
            Self::Quarter => year.saturating_mul(4).saturating_add(month / 3),
            Self::Year => year,
        }
    }

    /// The first instant of the part with an ordinal.
    fn start(self, ordinal: i64) -> Moment {
        let day = |day: i64| Moment(day.saturating_mul(SECONDS_PER_DAY));
        let month = |months: i64| {
            let month = u8::try_from(months.rem_euclid(12)).unwrap_or(0).saturating_add(1);
            Moment::from_civil_day(months.div_euclid(12), month, 1)
        };
        match self {
            Self::Day => day(ordinal),
            Self::Week => day(ordinal.saturating_mul(7).saturating_sub(3)),
            Self::Month => month(ordinal),
            Self::Quarter => month(ordinal.saturating_mul(3)),
            Self::Year => month(ordinal.saturating_mul(12)),
        }
    }

    /// The part that begins at an instant, in EDTF: `2025-07-15`, `2025-07`, `2025-33` (a quarter), `2025`; a week by its
    /// Monday.
    fn name(self, start: Moment) -> String {
        let day = start.to_date_string();
        let (year, month) =
            day.get(..day.len().saturating_sub(6)).zip(day.get(..day.len().saturating_sub(3))).unwrap_or_default();
        match self {
            Self::Day | Self::Week => day,
            Self::Month => month.to_owned(),
            Self::Quarter => format!("{year}-{}", 33 + (start.to_civil_day().1.saturating_sub(1)) / 3),
            Self::Year => year.to_owned(),
        }
    }
}

/// Parts that follow one another.
#[derive(Clone, Debug)]
pub struct Buckets {
    bucket: Bucket,
    /// The first instant of each bucket, and the end of the last one.
    edges: Vec<Moment>,
}

/// There would be more than [`MOST_BUCKETS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} buckets; at most {MOST_BUCKETS} are allowed")]
pub struct TooManyBuckets(pub i64);

impl Buckets {
    /// The whole parts that cover `[from, until)`, which has an instant and ends.
    ///
    /// # Errors
    /// [`TooManyBuckets`].
    pub fn covering(bucket: Bucket, from: Moment, until: Moment) -> Result<Self, TooManyBuckets> {
        let (first, last) = (bucket.holding(from), bucket.holding(until.plus_seconds(-1)));
        let count = last.saturating_sub(first).saturating_add(1);
        if usize::try_from(count).is_ok_and(|count| count > MOST_BUCKETS) {
            return Err(TooManyBuckets(count));
        }
        let edges = (first..=last.saturating_add(1)).map(|ordinal| bucket.start(ordinal)).collect();
        Ok(Self { bucket, edges })
    }

    /// The number of buckets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.edges.len().saturating_sub(1)
    }

    /// Returns true if there are no buckets.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The span of all buckets.
    #[must_use]
    pub fn span(&self) -> Option<Period> {
        Some(Period { a: *self.edges.first()?, b: *self.edges.last()? })
    }

    /// The buckets in order, each with its name.
    pub fn named_periods(&self) -> impl Iterator<Item = (String, Period)> {
        self.edges.windows(2).filter_map(|ends| {
            let [a, b] = *ends.first_chunk()?;
            Some((self.bucket.name(a), Period { a, b }))
        })
    }

    /// The index of the first bucket that ends after an instant; [`Self::len`] if none does.
    #[must_use]
    pub fn first_ending_after(&self, at: Moment) -> usize {
        self.edges.get(1..).unwrap_or_default().partition_point(|end| *end <= at)
    }

    /// The number of buckets that begin before an instant.
    #[must_use]
    pub fn beginning_before(&self, at: Moment) -> usize {
        self.edges.partition_point(|start| *start < at).min(self.len())
    }

    /// The end of the first `count` buckets.
    #[must_use]
    pub fn end_of_last(&self, count: usize) -> Moment {
        self.edges.get(count).copied().unwrap_or(Moment::MAX)
    }

    /// The index of the bucket that holds the whole of `[a, b)`, if one does.
    #[must_use]
    pub fn holding(&self, a: Moment, b: Moment) -> Option<usize> {
        let at = self.edges.partition_point(|start| *start <= a).checked_sub(1)?;
        self.edges.get(at + 1).is_some_and(|end| b <= *end).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Bucket; 5] = [Bucket::Day, Bucket::Week, Bucket::Month, Bucket::Quarter, Bucket::Year];

    fn names(bucket: Bucket, from: &str, until: &str) -> Vec<String> {
        let (from, until) = (Period::parse(from).unwrap().a, Period::parse(until).unwrap().b);
        Buckets::covering(bucket, from, until).unwrap().named_periods().map(|(name, _)| name).collect()
    }

    #[test]
    fn a_span_is_covered_by_whole_parts() {
        assert_eq!(names(Bucket::Day, "2024-02-28", "2024-03-01"), ["2024-02-28", "2024-02-29", "2024-03-01"]);
        assert_eq!(names(Bucket::Week, "2025-07-15", "2025-07-21"), ["2025-07-14", "2025-07-21"]);
        assert_eq!(names(Bucket::Month, "2024-12-31", "2025-01"), ["2024-12", "2025-01"]);
        assert_eq!(names(Bucket::Quarter, "2024-12-31", "2025-04-01"), ["2024-36", "2025-33", "2025-34"]);
        assert_eq!(names(Bucket::Year, "2024-12-31T23:59:59Z", "2025-01"), ["2024", "2025"]);
        assert_eq!(names(Bucket::Month, "-0044-03-15", "-0044-03-15"), ["-0044-03"]);
        assert_eq!(names(Bucket::Year, "Y12345", "Y12346"), ["Y12345", "Y12346"]);
    }

    #[test]
    fn a_name_is_the_period_it_names() {
        for bucket in [Bucket::Day, Bucket::Month, Bucket::Quarter, Bucket::Year] {
            let from = Period::parse("1999-11").unwrap().a;
            let buckets = Buckets::covering(bucket, from, Period::parse("2001-03").unwrap().b).unwrap();
            for (name, period) in buckets.named_periods() {
                assert_eq!(Period::parse(&name).unwrap(), period, "{name}");
            }
        }
    }

    #[test]
    fn more_than_ten_thousand_are_refused_however_many() {
        let span = |until: &str| (Period::parse("1970").unwrap().a, Period::parse(until).unwrap().b);
        let (from, until) = span("1997-05-18");
        assert_eq!(Buckets::covering(Bucket::Day, from, until).unwrap().len(), 10_000);
        let (from, until) = span("1997-05-19");
        assert_eq!(Buckets::covering(Bucket::Day, from, until).unwrap_err(), TooManyBuckets(10_001));
        let (from, until) = (Period::parse("Y-99999999999").unwrap().a, Period::parse("Y99999999999").unwrap().b);
        for bucket in ALL {
            assert!(Buckets::covering(bucket, from, until).is_err());
        }
        let last = Period::parse("Y99999999999").unwrap();
        assert_eq!(Buckets::covering(Bucket::Year, last.a, last.b).unwrap().len(), 1);
    }

    proptest! {
        #[test]
        fn parts_follow_one_another_and_each_instant_is_in_the_one_it_is_counted_in(
            from in -70_000_000_000_i64..70_000_000_000,
            length in 1_i64..80_000_000,
            at in 0_i64..80_000_000,
        ) {
            let (from, until) = (Moment(from), Moment(from + length));
            for bucket in ALL {
                let Ok(buckets) = Buckets::covering(bucket, from, until) else { continue };
                let parts: Vec<Period> = buckets.named_periods().map(|(_, period)| period).collect();
                prop_assert!(parts[0].a <= from && from < parts[0].b);
                let last = parts.last().unwrap();
                prop_assert!(last.a < until && until <= last.b);
                prop_assert!(parts.windows(2).all(|pair| pair[0].b == pair[1].a));
                if bucket == Bucket::Week {
                    prop_assert!(parts.iter().all(|week| week.b.0 - week.a.0 == 7 * SECONDS_PER_DAY));
                }
                let at = from.plus_seconds(at % length);
                let holds = |period: &Period| period.a <= at && at < period.b;
                let expected = parts.iter().position(holds).unwrap();
                prop_assert_eq!(buckets.holding(at, at.plus_seconds(1)), Some(expected));
                prop_assert_eq!(buckets.first_ending_after(at), expected);
                prop_assert_eq!(buckets.beginning_before(at.plus_seconds(1)), expected + 1);
            }
        }
    }
}
