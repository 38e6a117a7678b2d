//! Counts and scores over a span of valid time, at one cut: for each bucket and group the tally of
//! [`detente_domain::series`].
//!
//! Groups are counted one after the other, so that no more than one set of buckets is in memory besides the answer. The
//! answer itself is bounded: there are at most 10,000 buckets, but a group for each of thousands of relationships in each
//! would be more than a message holds, and half a plot would be a wrong one.

use crate::Ledger;
use crate::budget;
use crate::error::QueryError;
use crate::query::scores::{NoScheme, Scores, stem};
use crate::read::cut::ResolvedCut;
use crate::read::sight::{ClaimSight, ListedPart, Sight};
use detente_domain::buckets::Buckets;
use detente_domain::command::Suppositions;
use detente_domain::cut::Cut;
use detente_domain::edtf::DayRun;
use detente_domain::filter::Filter;
use detente_domain::moment::Moment;
use detente_domain::period::Period;
use detente_domain::series::{Contribution, SeriesTally, tallies};
use detente_domain::timeline::Course;
use std::collections::BTreeMap;

/// The most buckets of all groups together that are looked at.
const MOST_CELLS: usize = 5_000_000;
/// The bytes of a point without the name of its group, about; and of one that has nothing.
const POINT_BYTES: usize = 48;
const EMPTY_POINT_BYTES: usize = 8;
/// The bytes of a bucket without its points, about.
const BUCKET_BYTES: usize = 40;

/// Claims that are looked at together for their `as_of`, and how many times.
const AT_ONCE: usize = 4096;
const TIMES: usize = 16;

/// A question for a series.
#[derive(Clone, Debug)]
pub struct SeriesQuery {
    /// The filter for the claims.
    pub filter: Filter,
    /// The buckets.
    pub buckets: Buckets,
    /// The property by which it is broken down.
    pub group_by: Option<SeriesGroup>,
    /// The scheme that gives scores; empty: kinds do.
    pub scheme: String,
    /// The cut to answer at.
    pub cut: Cut,
    /// The suppositions on top of the cut.
    pub supposed: Suppositions,
    /// The most bytes of an answer.
    pub bytes: usize,
}

/// The property by which a series is broken down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeriesGroup {
    /// By kind.
    Kind,
    /// By polarity.
    Polarity,
    /// By modality.
    Modality,
    /// By relationship; a claim that bears on several counts in each.
    Relationship,
}

/// A series.
#[derive(Clone, Debug)]
pub struct Series {
    /// The cut.
    pub at: ResolvedCut,
    /// The buckets, in order.
    pub buckets: Vec<SeriesBucket>,
}

/// A bucket of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesBucket {
    /// Its name.
    pub name: String,
    /// Its period.
    pub period: Period,
    /// Set where the knowledge of every source ends before it begins.
    pub beyond_sources: bool,
    /// The counts of each group by its name, for every group that has something in some bucket.
    pub points: Vec<(String, SeriesTally)>,
}

/// The reason why there is no series.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SeriesError {
    /// The scheme is not registered at the cut.
    #[error("no such scheme at this cut")]
    NoScheme,
    /// It would be larger than an answer may be.
    #[error(
        "{groups} groups in {buckets} buckets are more than one answer holds: ask for fewer buckets, for fewer claims, or for another breakdown"
    )]
    TooLarge {
        /// The number of groups.
        groups: usize,
        /// The number of buckets.
        buckets: usize,
    },
    /// The question cannot be asked.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl From<NoScheme> for SeriesError {
    fn from(_: NoScheme) -> Self {
        Self::NoScheme
    }
}

/// The claims of each group.
type Groups = BTreeMap<String, Vec<Contribution>>;

impl Ledger {
    /// Counts the claims of each bucket and group.
    ///
    /// # Errors
    /// If the cut cannot be resolved, the scheme is not known there, the answer would be too large, or stored bytes are
    /// damaged.
    pub fn series(&self, query: &SeriesQuery) -> Result<Series, SeriesError> {
        self.record.look(query.cut, &query.supposed, |sight| {
            let mut scores = match Scores::of(sight, &query.scheme) {
                Ok(scores) => scores,
                Err(error) => return Ok(Err(error.into())),
            };
            let groups = group(sight, query, &mut scores)?;
            let known_until = known_until(sight, query);
            Ok(count_buckets(groups, query, known_until).map(|buckets| Series { at: sight.at, buckets }))
        })?
    }
}

fn group(sight: &Sight<'_>, query: &SeriesQuery, scores: &mut Scores) -> Result<Groups, QueryError> {
    let mut groups = Groups::new();
    if query.group_by.is_none() {
        groups.insert(String::new(), Vec::new());
    }
    let Some(span) = query.buckets.span() else { return Ok(groups) };
    for seen in sight.touching(&query.filter, span.a, span.b, false) {
        let Some(course) = Course::of(seen.temporal_type, seen.valid.clone()) else { continue };
        let runs = course.valid().days().map_or(0, |days| days.most_runs(DayRun::of(span.a, span.b)));
        let touched = u32::try_from(runs.min(query.buckets.len())).unwrap_or(u32::MAX);
        budget::steps(touched.saturating_add(1));
        let score = scores.score(sight, &seen)?;
        let known_until = seen.as_of.filter(|_| seen.end_open).map(|as_of| as_of.date().end);
        for group in groups_of(sight, &seen, query.group_by) {
            budget::hold(size_of::<Contribution>());
            groups.entry(group).or_default().push(Contribution { course: course.clone(), score, known_until });
        }
    }
    Ok(groups)
}

/// The end of what the sources of the claims that match know of; none where none of them says so. The last recorded reach the
/// furthest as a rule: few are looked at where the whole series lies within what is known, and never more than a bounded number.
fn known_until(sight: &Sight<'_>, query: &SeriesQuery) -> Option<Moment> {
    let last = query.buckets.named_periods().last().map(|(_, period)| period.a)?;
    let (mut known_until, mut after) = (None, None);
    for _ in 0..TIMES {
        let page = ListedPart { after, newest_first: true, include_retracted: false, limit: AT_ONCE };
        let seen = sight.listed_as(&query.filter, &page);
        known_until = seen.iter().filter_map(|seen| seen.as_of).map(|as_of| as_of.date().end).max().max(known_until);
        if seen.len() < AT_ONCE || known_until > Some(last) {
            break;
        }
        after = seen.last().map(|seen| seen.order);
    }
    known_until
}

/// The groups that a claim counts in.
fn groups_of(sight: &Sight<'_>, seen: &ClaimSight, group_by: Option<SeriesGroup>) -> Vec<String> {
    match group_by {
        None => vec![String::new()],
        Some(SeriesGroup::Kind) => vec![sight.kind_of(seen)],
        Some(SeriesGroup::Polarity) => vec![seen.polarity.map(stem).unwrap_or_default()],
        Some(SeriesGroup::Modality) => vec![stem(seen.modality)],
        Some(SeriesGroup::Relationship) => {
            let mut relationships = sight.relationships_of(seen);
            relationships.sort_unstable();
            relationships.dedup();
            if relationships.is_empty() { vec![String::new()] } else { relationships }
        }
    }
}

fn count_buckets(
    groups: Groups,
    query: &SeriesQuery,
    known_until: Option<Moment>,
) -> Result<Vec<SeriesBucket>, SeriesError> {
    let buckets = &query.buckets;
    let too_large = SeriesError::TooLarge { groups: groups.len(), buckets: buckets.len() };
    if groups.len().saturating_mul(buckets.len()) > MOST_CELLS {
        return Err(too_large);
    }
    let is_beyond = |period: &Period| known_until.is_some_and(|known_until| period.a >= known_until);
    let empty = |(name, period)| SeriesBucket { name, beyond_sources: is_beyond(&period), period, points: Vec::new() };
    let mut answer: Vec<SeriesBucket> = buckets.named_periods().map(empty).collect();
    let mut bytes = answer.len().saturating_mul(BUCKET_BYTES);
    for (group, claims) in groups {
        let tallies = tallies(buckets, claims);
        if query.group_by.is_some() && tallies.iter().all(SeriesTally::is_empty) {
            continue;
        }
        for (bucket, tally) in answer.iter_mut().zip(tallies) {
            let point = if tally.is_empty() { EMPTY_POINT_BYTES } else { POINT_BYTES };
            bytes = bytes.saturating_add(point).saturating_add(group.len());
            bucket.points.push((group.clone(), tally));
        }
        if bytes > query.bytes {
            return Err(too_large);
        }
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use detente_domain::buckets::Bucket;
    use detente_domain::moment::{Moment, SECONDS_PER_DAY};
    use detente_domain::validity::Validity;

    fn days(from: i64, until: i64) -> Course {
        let (start, end) = (Moment(from * SECONDS_PER_DAY), Moment(until * SECONDS_PER_DAY));
        let corners = Validity { earliest_start: start, latest_start: start, earliest_end: end, latest_end: end };
        Course::Holds(corners.into())
    }

    fn query(group_by: Option<SeriesGroup>, days: i64) -> SeriesQuery {
        SeriesQuery {
            filter: Filter::default(),
            buckets: Buckets::covering(Bucket::Day, Moment(0), Moment(days * SECONDS_PER_DAY)).unwrap(),
            group_by,
            scheme: String::new(),
            cut: Cut::Head,
            supposed: Suppositions::default(),
            bytes: 3 << 20,
        }
    }

    const BY_KIND: Option<SeriesGroup> = Some(SeriesGroup::Kind);

    fn groups(names: impl IntoIterator<Item = String>, until: i64) -> Groups {
        let claim = |until| Contribution { course: days(0, until), score: Some(1.0), known_until: None };
        names.into_iter().map(|name| (name, vec![claim(until)])).collect()
    }

    #[test]
    fn a_group_has_its_place_in_every_bucket_and_one_that_has_nothing_has_none() {
        let mut groups = groups(["a".into(), "b".into()], 1);
        groups.extend([("c".to_owned(), Vec::new())]);
        let counted = count_buckets(groups, &query(BY_KIND, 2), None).unwrap();
        let counts =
            |nth: usize| counted[nth].points.iter().map(|(name, tally)| (name.as_str(), tally.definite)).collect();
        let (first, second): (Vec<_>, Vec<_>) = (counts(0), counts(1));
        assert_eq!((first, second), (vec![("a", 1), ("b", 1)], vec![("a", 0), ("b", 0)]));
    }

    #[test]
    fn without_a_breakdown_every_bucket_has_its_entry() {
        let counted = count_buckets(groups([String::new()], 1), &query(None, 2), None).unwrap();
        assert_eq!(counted[1].points, [(String::new(), SeriesTally::default())]);
    }

    #[test]
    fn buckets_that_begin_after_all_that_anybody_knows_are_marked() {
        let marks = |known_until: Option<i64>| {
            let known_until = known_until.map(|day| Moment(day * SECONDS_PER_DAY));
            let counted = count_buckets(groups([String::new()], 1), &query(None, 3), known_until).unwrap();
            counted.iter().map(|bucket| bucket.beyond_sources).collect::<Vec<_>>()
        };
        assert_eq!(marks(Some(1)), [false, true, true]);
        assert_eq!((marks(None), marks(Some(3))), (vec![false; 3], vec![false; 3]));
    }

    #[test]
    fn what_one_answer_does_not_hold_is_refused_whole() {
        let names = || (0..600).map(|n| format!("group-{n}"));
        assert!(matches!(
            count_buckets(groups(names(), 10_000), &query(BY_KIND, 10_000), None),
            Err(SeriesError::TooLarge { groups: 600, buckets: 10_000 })
        ));
        assert!(count_buckets(groups(names(), 10), &query(BY_KIND, 10), None).is_ok());
        assert!(matches!(
            count_buckets(groups(names(), 200), &query(BY_KIND, 200), None),
            Err(SeriesError::TooLarge { .. })
        ));
    }
}
