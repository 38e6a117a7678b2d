//! The course of the state: valid time cut into segments, within each of which the same claims are so.
//!
//! A claim's four corners ([`super::validity`]) cut the line of valid time where its certainty changes. The corners of all
//! claims together cut it into segments, and within a segment nothing changes for any of them.
//!
//! # The picture
//!
//! Claims downwards, valid time across. `=` is definite, `-` is possible.
//!
//! ```text
//!                 es    ls            ee   le
//!   a state       |-----|=============|----|          possible, definite, possible
//!   a vague one        |--------------------|         ls >= ee: at no instant in all readings, so possible throughout
//!   an event                |======|                  definite where its whole span is one segment,
//!   a vague event         |-----------|               possible in each of the segments that cut its span
//!                 .    .  . . .    .  .    .. .
//!   segments      |    |  | | |    |  |    ||          one edge wherever anything above begins, changes or ends
//! ```
//!
//! # The state in a segment `[a, b)`
//!
//! | | definite | possible |
//! |---|---|---|
//! | a state | at **each instant** of it, in all readings: latest start <= a and earliest end >= b | at each, in some |
//! | an event | it happens in the segment in all readings: earliest start >= a and latest end <= b | in some |
//!
//! The certainty of a state is taken instant by instant, because a segment is not a period that a question names: "did it
//! hold at some time within" would depend on where other claims happen to cut. An event has no instant of its own (a
//! meeting "in July" is one happening, at a day nobody need know), so its certainty is that for the segment as a whole:
//! `OCCURRED_IN`.
//!
//! Spans that are given by dates go by the dates that claims are written with: a date-time with an offset is there the day
//! that it names. If an end of the span is an instant within a day, instants are compared. A claim dated by a set with gaps
//! has a course of several stretches ([`super::valid_time`]).
//!
//! An edge of the asked span cuts too: an event that may have happened before the span is at most possible within it.
//!
//! Invariants, held by a property test against [`super::certainty`] at every instant: segments cover the span without gap
//! or overlap, and neighbours differ. For n claims and k segments, all edges are found in O(n log n), and a walk costs what
//! it lists.

mod course;
#[cfg(test)]
mod tests;
mod walk;

use super::certainty::Certainty;
use super::moment::Moment;
use super::validity::Validity;
pub use course::Course;
use course::CourseSpan;
pub use walk::{Segments, Walk};

/// The segments of a span.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// The first instant of each segment, and the end of the last one: one more than there are segments, or none.
    edges: Vec<Moment>,
    /// The changes, by segment and claim; one change of a claim in a segment.
    steps: Vec<TimelineStep>,
}

/// The certainty of a claim from a segment on.
#[derive(Clone, Copy, Debug)]
struct TimelineStep {
    segment: u32,
    claim: u32,
    now: Option<Certainty>,
}

/// A stretch of valid time in which nothing changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its first instant.
    pub from: Moment,
    /// The first instant after it.
    pub until: Moment,
    /// The claims of it and of the segment before, by number.
    pub members: Vec<Member>,
}

/// The certainty of a claim in a segment and in the one before. At least one of the two is some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The number of the claim among those that the timeline was made of.
    pub claim: usize,
    /// The certainty in the segment before.
    pub before: Option<Certainty>,
    /// The certainty in this segment.
    pub now: Option<Certainty>,
}

impl Timeline {
    /// Cuts a span. Without a beginning it begins where the first of the claims may begin, without an end it ends where
    /// the last of them may end, be that -inf or +inf. A span without an instant has no segments.
    #[must_use]
    pub fn of(courses: &[Course], from: Option<Moment>, until: Option<Moment>) -> Self {
        let Some(span) = CourseSpan::of(courses, from, until) else { return Self::default() };
        let (from, until) = (span.from, span.until);
        let changes: Vec<_> = courses.iter().map(|course| course.changes(&span)).collect();
        let inner = changes.iter().flatten().map(|(at, _)| *at).filter(|at| from < *at && *at < until);
        let mut edges: Vec<Moment> = inner.chain([from, until]).collect();
        edges.sort_unstable();
        edges.dedup();
        let mut timeline = Self { edges, steps: Vec::new() };
        for (claim, (course, changes)) in courses.iter().zip(&changes).enumerate() {
            let whole = matches!(course, Course::Happens(_)).then(|| span.corners(course.valid()));
            timeline.add(claim, changes, whole.filter(|_| course.valid().days().is_none()));
        }
        timeline.steps.sort_by_key(|step| (step.segment, step.claim));
        timeline
    }

    /// The number of segments.
    #[must_use]
    pub fn len(&self) -> usize {
        self.edges.len().saturating_sub(1)
    }

    /// Returns true if there are no segments.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The whole span: its first instant, and the one after it.
    #[must_use]
    pub fn span(&self) -> Option<(Moment, Moment)> {
        Some((*self.edges.first()?, *self.edges.last()?))
    }

    /// The bytes it takes, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.edges.len() * size_of::<Moment>() + self.steps.len() * size_of::<TimelineStep>()
    }

    /// Adds the changes of a claim; `whole` are the corners of an event, which surely happens in a segment that is its whole
    /// span.
    fn add(&mut self, claim: usize, changes: &[(Moment, Option<Certainty>)], whole: Option<&Validity>) {
        let known = self.steps.len();
        for (at, now) in changes.iter().copied() {
            // A change before the span decides how the first segment begins; one after it is in no segment.
            let segment = self.edges.partition_point(|edge| *edge <= at).saturating_sub(1);
            if segment >= self.len() {
                break;
            }
            let now = if whole.is_some_and(|v| self.is_whole(segment, v)) { Some(Certainty::Definite) } else { now };
            let [segment, claim] = [segment, claim].map(|number| u32::try_from(number).unwrap_or(u32::MAX));
            if self.steps.get(known..).and_then(<[TimelineStep]>::last).is_some_and(|last| last.segment == segment) {
                self.steps.pop();
            }
            self.steps.push(TimelineStep { segment, claim, now });
        }
        if self.steps.get(known..).is_some_and(|steps| matches!(steps, [TimelineStep { now: None, .. }])) {
            self.steps.truncate(known);
        }
    }

    /// Returns true if a segment is the whole span of an event.
    fn is_whole(&self, segment: usize, v: &Validity) -> bool {
        self.edges.get(segment..segment + 2).is_some_and(|ends| *ends == [v.earliest_start, v.latest_end])
    }
}
