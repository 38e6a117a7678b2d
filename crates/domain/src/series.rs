//! Counts and scores per bucket, for plots.
//!
//! The rules are those of [`super::certainty`], with the bucket as the asked period: a state counts where it `HOLDS_AT` the
//! bucket, an event where it `OCCURRED_IN` it. Each of the two answers covers one run of buckets, found by its ends:
//!
//! ```text
//!   buckets     | 0 | 1 | 2 | 3 | 4 | 5 | 6 |
//!   a state         [possible    )             the buckets that its possible span touches
//!                       [definite)             of them those that latest start and earliest end leave
//!   an event        [possible    )             definite in the one bucket that holds its whole span, if one does
//! ```
//!
//! A state with an open end is counted on and on, whether or not anybody looked: where its source's knowledge (`as_of`) ends before
//! a bucket begins, it is counted as beyond it too.
//!
//! A state without an end touches every bucket from its start on, and there may be many such. So a run is not counted
//! bucket by bucket but put on the few nodes of a binary tree that make it up, and a bucket sums its way to the root:
//! O(log b) for each claim and bucket. Scores could be added at one end of a run and taken away at the other, but adding
//! and taking away is not nothing with floating point; here nothing is ever taken away.
//!
//! Invariant: a sum is never more than rounding away from the sum of the scores one by one, and neither sums nor counts
//! overflow: they saturate.

use super::buckets::Buckets;
use super::edtf::DayRun;
use super::moment::Moment;
use super::timeline::Course;
use std::ops::Range;

/// The counts of one bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SeriesTally {
    /// The number of claims that are in the bucket for certain.
    pub definite: u64,
    /// The number of claims that are possibly in it.
    pub possible: u64,
    /// The number of the certain ones that have a score.
    pub scored: u64,
    /// The sum of their scores.
    pub sum: f64,
    /// The number of both that are states without an end and with an `as_of` before the bucket.
    pub beyond: u64,
}

/// A claim that counts.
#[derive(Clone, Debug)]
pub struct Contribution {
    /// The time at which it holds or happens.
    pub course: Course,
    /// Its score, if it has one.
    pub score: Option<f64>,
    /// The end of what its source knows of, where its end is open: a bucket that begins later is beyond it.
    pub known_until: Option<Moment>,
}

impl SeriesTally {
    const NONE: Self = Self { definite: 0, possible: 0, scored: 0, sum: 0.0, beyond: 0 };
    const POSSIBLE: Self = Self { possible: 1, ..Self::NONE };
    const BEYOND: Self = Self { beyond: 1, ..Self::NONE };

    /// Returns true if nothing is counted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.definite == 0 && self.possible == 0
    }

    /// The mean of the scores, if there are any.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a mean of more than 2^53 scores is rounded anyway")]
    pub fn mean(&self) -> Option<f64> {
        (self.scored > 0).then(|| self.sum / self.scored as f64)
    }

    /// A definite claim. A score that is no number is none.
    fn definite(score: Option<f64>) -> Self {
        let score = score.filter(|score| score.is_finite());
        Self { definite: 1, scored: u64::from(score.is_some()), sum: score.unwrap_or(0.0), ..Self::NONE }
    }

    fn add(&mut self, other: &Self) {
        self.definite = self.definite.saturating_add(other.definite);
        self.possible = self.possible.saturating_add(other.possible);
        self.scored = self.scored.saturating_add(other.scored);
        self.beyond = self.beyond.saturating_add(other.beyond);
        self.sum = (self.sum + other.sum).clamp(f64::MIN, f64::MAX);
    }
}

/// The counts of some claims in each bucket.
pub fn tallies(buckets: &Buckets, claims: impl IntoIterator<Item = Contribution>) -> Vec<SeriesTally> {
    let mut runs = Runs::new(buckets.len());
    for Contribution { course, score, known_until } in claims {
        let definite = definite(buckets, &course);
        let beyond = known_until.map_or(buckets.len(), |known_until| buckets.beginning_before(known_until));
        for possible in possible(buckets, &course) {
            runs.add(possible.start.max(beyond)..possible.end, &SeriesTally::BEYOND);
            if definite.is_empty() {
                runs.add(possible, &SeriesTally::POSSIBLE);
            } else {
                runs.add(possible.start..definite.start, &SeriesTally::POSSIBLE);
                runs.add(definite.end..possible.end, &SeriesTally::POSSIBLE);
            }
        }
        runs.add(definite, &SeriesTally::definite(score));
    }
    (0..buckets.len()).map(|bucket| runs.at(bucket)).collect()
}

/// The buckets that a claim touches in some reading: one run of them, unless it is dated by a set with gaps, of which
/// none holds a definite one then.
fn possible(buckets: &Buckets, course: &Course) -> Vec<Range<usize>> {
    let v = course.valid().dates();
    let of = |start, end| buckets.first_ending_after(start)..buckets.beginning_before(end);
    let (Some(days), Some(span)) = (course.valid().days(), buckets.span()) else {
        return vec![of(v.earliest_start, v.latest_end)];
    };
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut next = days.run_from(DayRun::of(span.a, Moment::MAX).first);
    while let Some(run) = next.filter(|run| run.start() < span.b) {
        let touched = of(run.start(), run.end());
        // The rest of a bucket that is already touched makes no difference.
        let end = buckets.end_of_last(touched.end).max(run.end());
        next = if end < span.b { days.run_from(DayRun::of(end, Moment::MAX).first) } else { None };
        let counted = found.last().map_or(0, |last| last.end);
        found.push(touched.start.max(counted)..touched.end);
    }
    found
}

/// The buckets that a claim is in, in all readings.
fn definite(buckets: &Buckets, course: &Course) -> Range<usize> {
    let v = course.valid().dates();
    match course {
        Course::Holds(_) => buckets.first_ending_after(v.latest_start)..buckets.beginning_before(v.earliest_end),
        Course::Happens(_) => buckets.holding(v.earliest_start, v.latest_end).map_or(0..0, |bucket| bucket..bucket + 1),
    }
}

/// A binary tree over the buckets, root at 1, the buckets its leaves.
struct Runs {
    nodes: Vec<SeriesTally>,
    leaves: usize,
}

impl Runs {
    fn new(leaves: usize) -> Self {
        Self { nodes: vec![SeriesTally::default(); leaves.saturating_mul(2)], leaves }
    }

    /// Adds to every bucket of a run.
    fn add(&mut self, run: Range<usize>, what: &SeriesTally) {
        let (mut from, mut until) = (run.start + self.leaves, run.end + self.leaves);
        while from < until {
            if from % 2 == 1 {
                self.put(from, what);
                from += 1;
            }
            if until % 2 == 1 {
                until -= 1;
                self.put(until, what);
            }
            from /= 2;
            until /= 2;
        }
    }

    fn put(&mut self, node: usize, what: &SeriesTally) {
        if let Some(tally) = self.nodes.get_mut(node) {
            tally.add(what);
        }
    }

    fn at(&self, bucket: usize) -> SeriesTally {
        let mut sum = SeriesTally::default();
        let mut node = bucket + self.leaves;
        while node > 0 {
            sum.add(self.nodes.get(node).unwrap_or(&SeriesTally::default()));
            node /= 2;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::super::buckets::Bucket;
    use super::super::certainty::{Certainty, Mode, certainty};
    use super::super::edtf::parse_valid;
    use super::super::moment::{Moment, SECONDS_PER_DAY};
    use super::super::period::Period;
    use super::super::valid_time::ValidTime;
    use super::super::validity::Validity;
    use super::*;
    use proptest::prelude::*;

    /// A count of claims with a score, bucket by bucket.
    fn brute(buckets: &Buckets, claims: &[Contribution]) -> Vec<SeriesTally> {
        let of = |period: Period| {
            let mut tally = SeriesTally::default();
            for Contribution { course, score, known_until } in claims {
                let mode = if matches!(course, Course::Holds(_)) { Mode::HoldsAt } else { Mode::OccurredIn };
                let found = certainty(mode, course.valid(), &period);
                let is_beyond = found.is_some() && known_until.is_some_and(|known_until| period.a >= known_until);
                tally.beyond += u64::from(is_beyond);
                match found {
                    Some(Certainty::Definite) => {
                        tally.definite += 1;
                        tally.scored += u64::from(score.is_some());
                        tally.sum += score.unwrap_or(0.0);
                    }
                    Some(Certainty::Possible) => tally.possible += 1,
                    None => {}
                }
            }
            tally
        };
        buckets.named_periods().map(|(_, period)| of(period)).collect()
    }

    fn moment() -> impl Strategy<Value = Moment> {
        prop_oneof![
            1 => Just(Moment::MIN),
            1 => Just(Moment::MAX),
            // Days of about a year and a half, some with an hour.
            8 => (-100_i64..500, prop::option::weighted(0.2, 0_i64..86_400))
                .prop_map(|(day, second)| Moment(day * SECONDS_PER_DAY + second.unwrap_or(0))),
        ]
    }

    fn contributions() -> impl Strategy<Value = Vec<Contribution>> {
        let corners = (moment(), moment(), moment(), moment()).prop_filter_map("no world", |(a, b, c, d)| {
            let (earliest_start, latest_start) = (a.min(b), a.max(b));
            let (earliest_end, latest_end) = (c.min(d), c.max(d));
            (earliest_start < latest_end && latest_start < latest_end && earliest_end > earliest_start)
                .then_some(Validity { earliest_start, latest_start, earliest_end, latest_end }.into())
        });
        let texts =
            ["[1970-01-05,1970-02-03]", "1970-XX-31", "1970-0X-1X", "[..1969,1971..]", "1970-XX-X1", "197X-02-28"];
        let texts = texts.iter().chain(&["1970-01-31T20:00:00-05:00", "1970-03-01T02:00:00+04:00"]).copied();
        let dated = prop::sample::select(texts.collect::<Vec<_>>()).prop_map(|text| {
            let (from, to) = parse_valid(text).unwrap();
            ValidTime::resolve(&from, &to, None).unwrap()
        });
        let corners = prop_oneof![3 => corners, 1 => dated];
        // Quarters add up exactly, in whatever order.
        let score = prop::option::of((-40_i64..40).prop_map(|quarters| quarters as f64 / 4.0));
        let claim =
            (any::<bool>(), corners, score, prop::option::of(moment())).prop_map(|(holds, v, score, known_until)| {
                let course = if holds { Course::Holds(v) } else { Course::Happens(v) };
                Contribution { course, score, known_until }
            });
        prop::collection::vec(claim, 0..12)
    }

    proptest! {
        #[test]
        fn every_bucket_counts_what_certainty_says_of_it(
            claims in contributions(),
            bucket in prop::sample::select(vec![Bucket::Day, Bucket::Week, Bucket::Month, Bucket::Quarter, Bucket::Year]),
            from in -120_i64..450,
            days in 1_i64..90,
        ) {
            let from = Moment(from * SECONDS_PER_DAY);
            let buckets = Buckets::covering(bucket, from, from.plus_seconds(days * SECONDS_PER_DAY)).unwrap();
            prop_assert_eq!(tallies(&buckets, claims.iter().cloned()), brute(&buckets, &claims));
        }
    }

    fn everywhere(score: f64) -> Contribution {
        let always = Validity {
            earliest_start: Moment::MIN,
            latest_start: Moment::MIN,
            earliest_end: Moment::MAX,
            latest_end: Moment::MAX,
        };
        contribution(Course::Holds(always.into()), score)
    }

    fn contribution(course: Course, score: f64) -> Contribution {
        Contribution { course, score: Some(score), known_until: None }
    }

    #[test]
    fn a_score_that_ends_leaves_nothing_behind() {
        let buckets = Buckets::covering(Bucket::Day, Moment(0), Moment(9 * SECONDS_PER_DAY)).unwrap();
        let huge = Validity {
            earliest_start: Moment(0),
            latest_start: Moment(0),
            earliest_end: Moment(SECONDS_PER_DAY),
            latest_end: Moment(SECONDS_PER_DAY),
        };
        let huge = contribution(Course::Holds(huge.into()), 1e300);
        let tallies = tallies(&buckets, [huge, everywhere(0.1), everywhere(0.2)]);
        assert_eq!(tallies[8].mean(), Some((0.1 + 0.2) / 2.0));
    }

    #[test]
    fn sums_saturate_and_what_is_no_number_is_no_score() {
        let buckets = Buckets::covering(Bucket::Year, Moment(0), Moment(1)).unwrap();
        let all = [f64::MAX, f64::MAX, f64::NAN, f64::INFINITY].map(everywhere);
        let tally = tallies(&buckets, all)[0];
        assert_eq!((tally.definite, tally.scored, tally.sum), (4, 2, f64::MAX));
    }

    #[test]
    fn many_open_ended_states_over_many_days_are_counted_at_once() {
        let buckets = Buckets::covering(Bucket::Day, Moment(0), Moment(10_000 * SECONDS_PER_DAY)).unwrap();
        let tallies = tallies(&buckets, (0..100_000).map(|_| everywhere(-2.5)));
        let expected = SeriesTally { definite: 100_000, scored: 100_000, sum: -250_000.0, ..SeriesTally::default() };
        assert!(tallies.len() == 10_000 && tallies.iter().all(|tally| *tally == expected));
    }
}
