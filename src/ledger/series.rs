//! Counts and scores over a span of valid time, at one cut: for each bucket and group what [`crate::domain::series`] says.
//!
//! Groups are counted one after the other, so that no more than one set of buckets is in memory beside the answer. The
//! answer itself is bounded: there are at most 10,000 buckets, but a group for each of thousands of relationships in each
//! would be more than a message holds, and half a plot would be a wrong one.

use super::Ledger;
use super::cut::Resolved;
use super::error::QueryError;
use super::scores::{NoScheme, Scores, stem};
use super::sight::{Seen, Sight};
use crate::budget;
use crate::domain::buckets::Buckets;
use crate::domain::command::Supposed;
use crate::domain::cut::Cut;
use crate::domain::edtf::Run;
use crate::domain::filter::Filter;
use crate::domain::period::Period;
use crate::domain::series::{Tally, tallies};
use crate::domain::timeline::Course;
use std::collections::BTreeMap;

/// The most buckets of all groups together that are looked at.
const MOST_CELLS: usize = 5_000_000;
/// The bytes of a point beside the name of its group, about.
const POINT_BYTES: usize = 48;
/// The bytes of a bucket beside its points, about.
const BUCKET_BYTES: usize = 40;

/// A question for a series.
#[derive(Clone, Debug)]
pub struct SeriesQuery {
    /// Which claims.
    pub filter: Filter,
    /// The buckets.
    pub buckets: Buckets,
    /// By what each is broken down.
    pub group_by: Option<SeriesGroup>,
    /// The scheme that gives scores; empty: kinds do.
    pub scheme: String,
    /// How much of the record to use.
    pub cut: Cut,
    /// What is supposed on top of it.
    pub supposed: Supposed,
    /// The most bytes of an answer.
    pub bytes: usize,
}

/// By what a series is broken down.
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
    pub at: Resolved,
    /// The buckets, in order: name, period, and what each group has, by name.
    pub buckets: Vec<Bucket>,
}

/// A bucket: its name, its period, and what each group has, by name.
pub type Bucket = (String, Period, Vec<(String, Tally)>);

/// Why there is no series.
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
        /// How many groups there are.
        groups: usize,
        /// How many buckets there are.
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

/// The claims of each group, with their scores.
type Groups = BTreeMap<String, Vec<(Course, Option<f64>)>>;

impl Ledger {
    /// Counts.
    ///
    /// # Errors
    /// When the cut cannot be resolved, the scheme is not known there, the answer would be too large, or what is stored
    /// is damaged.
    pub fn series(&self, query: &SeriesQuery) -> Result<Series, SeriesError> {
        self.look(query.cut, &query.supposed, |sight| {
            let mut scores = match Scores::of(sight, &query.scheme) {
                Ok(scores) => scores,
                Err(error) => return Ok(Err(error.into())),
            };
            let groups = grouped(sight, query, &mut scores)?;
            Ok(counted(groups, query).map(|buckets| Series { at: sight.at, buckets }))
        })?
    }
}

fn grouped(sight: &Sight<'_>, query: &SeriesQuery, scores: &mut Scores) -> Result<Groups, QueryError> {
    let mut groups = Groups::new();
    if query.group_by.is_none() {
        groups.insert(String::new(), Vec::new());
    }
    let Some(span) = query.buckets.span() else { return Ok(groups) };
    for seen in sight.touching(&query.filter, span.a, span.b, false) {
        let Some(course) = Course::of(seen.temporal_type, seen.valid.clone()) else { continue };
        let runs = course.valid().days().map_or(0, |days| days.most_runs(Run::of(span.a, span.b)));
        let touched = u32::try_from(runs.min(query.buckets.len())).unwrap_or(u32::MAX);
        budget::steps(touched.saturating_add(1));
        let score = scores.score(sight, &seen)?;
        for group in groups_of(sight, &seen, query.group_by) {
            budget::hold(size_of::<(Course, Option<f64>)>());
            groups.entry(group).or_default().push((course.clone(), score));
        }
    }
    Ok(groups)
}

/// The groups that a claim counts in.
fn groups_of(sight: &Sight<'_>, seen: &Seen, group_by: Option<SeriesGroup>) -> Vec<String> {
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

type Counted = Vec<(String, Period, Vec<(String, Tally)>)>;

fn counted(groups: Groups, query: &SeriesQuery) -> Result<Counted, SeriesError> {
    let buckets = &query.buckets;
    let too_large = SeriesError::TooLarge { groups: groups.len(), buckets: buckets.len() };
    if groups.len().saturating_mul(buckets.len()) > MOST_CELLS {
        return Err(too_large);
    }
    let mut answer: Counted = buckets.named().map(|(name, period)| (name, period, Vec::new())).collect();
    let mut bytes = answer.len().saturating_mul(BUCKET_BYTES);
    for (group, claims) in groups {
        for ((_, _, points), tally) in answer.iter_mut().zip(tallies(buckets, claims)) {
            if query.group_by.is_some() && tally.is_empty() {
                continue;
            }
            bytes = bytes.saturating_add(POINT_BYTES).saturating_add(group.len());
            points.push((group.clone(), tally));
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
    use crate::domain::buckets::Bucket;
    use crate::domain::moment::{Moment, SECONDS_PER_DAY};
    use crate::domain::validity::Validity;

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
            supposed: Supposed::default(),
            bytes: 3 << 20,
        }
    }

    const BY_KIND: Option<SeriesGroup> = Some(SeriesGroup::Kind);

    fn groups(names: impl IntoIterator<Item = String>, until: i64) -> Groups {
        names.into_iter().map(|name| (name, vec![(days(0, until), Some(1.0))])).collect()
    }

    #[test]
    fn a_group_is_named_only_where_it_has_something() {
        let counted = counted(groups(["a".into(), "b".into()], 1), &query(BY_KIND, 2)).unwrap();
        let names = |nth: usize| counted[nth].2.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
        assert_eq!((names(0), names(1)), (vec!["a", "b"], vec![]));
    }

    #[test]
    fn without_a_breakdown_every_bucket_has_its_entry() {
        let counted = counted(groups([String::new()], 1), &query(None, 2)).unwrap();
        assert_eq!(counted[1].2, [(String::new(), Tally::default())]);
    }

    #[test]
    fn what_one_answer_does_not_hold_is_refused_whole() {
        let names = || (0..600).map(|n| format!("group-{n}"));
        assert!(matches!(
            counted(groups(names(), 10_000), &query(BY_KIND, 10_000)),
            Err(SeriesError::TooLarge { groups: 600, buckets: 10_000 })
        ));
        assert!(counted(groups(names(), 10), &query(BY_KIND, 10)).is_ok());
        assert!(matches!(counted(groups(names(), 200), &query(BY_KIND, 200)), Err(SeriesError::TooLarge { .. })));
    }
}
