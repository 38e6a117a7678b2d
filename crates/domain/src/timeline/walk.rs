//! The walk along the segments of a timeline, which can go on where an earlier one ended.

use super::{Member, Segment, Timeline, TimelineStep};
use crate::certainty::Certainty;
use std::collections::BTreeMap;

impl Timeline {
    /// The segments, from one on.
    pub fn segments(&self, first: usize) -> Segments<'_> {
        self.segments_after(Walk::default(), first)
    }

    /// The segments, from one on, by what an earlier walk knows, if that did not go further.
    pub fn segments_after(&self, walk: Walk, first: usize) -> Segments<'_> {
        let walk = if walk.next <= first { walk } else { Walk::default() };
        let mut segments = Segments { timeline: self, walk };
        while let Some(step) = segments.step_before(first) {
            segments.put(step);
        }
        segments.walk.next = first;
        segments
    }
}

/// A place in a walk along the segments, from which it can go on.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    next: usize,
    taken: usize,
    so_far: BTreeMap<u32, Certainty>,
}

impl Walk {
    /// The bytes it takes, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        2 * self.so_far.len() * size_of::<(u32, Certainty)>()
    }
}

/// A walk along the segments.
#[derive(Clone, Debug)]
pub struct Segments<'t> {
    timeline: &'t Timeline,
    walk: Walk,
}

impl Segments<'_> {
    /// The next step, if it is one of the segments before `end`.
    fn step_before(&mut self, end: usize) -> Option<TimelineStep> {
        let step = self.timeline.steps.get(self.walk.taken).filter(|step| (step.segment as usize) < end)?;
        self.walk.taken += 1;
        Some(*step)
    }

    /// The place it has come to.
    #[must_use]
    pub const fn walk(&self) -> &Walk {
        &self.walk
    }

    fn put(&mut self, step: TimelineStep) {
        match step.now {
            Some(certainty) => self.walk.so_far.insert(step.claim, certainty),
            None => self.walk.so_far.remove(&step.claim),
        };
    }
}

impl Iterator for Segments<'_> {
    type Item = Segment;

    fn next(&mut self) -> Option<Segment> {
        let [from, until] = *self.timeline.edges.get(self.walk.next..)?.first_chunk()?;
        let mut steps = Vec::new();
        while let Some(step) = self.step_before(self.walk.next + 1) {
            steps.push(step);
        }
        let unchanged = |(claim, now): (&u32, &Certainty)| {
            (*claim, Member { claim: *claim as usize, before: Some(*now), now: Some(*now) })
        };
        let mut members: BTreeMap<u32, Member> = self.walk.so_far.iter().map(unchanged).collect();
        for step in steps {
            let new = Member { claim: step.claim as usize, before: None, now: None };
            members.entry(step.claim).or_insert(new).now = step.now;
            self.put(step);
        }
        self.walk.next += 1;
        Some(Segment { from, until, members: members.into_values().collect() })
    }
}
