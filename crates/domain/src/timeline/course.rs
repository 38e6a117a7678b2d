//! The changes of one claim along valid time, and the span of a timeline.

use crate::certainty::Certainty;
use crate::moment::Moment;
use crate::valid_time::ValidTime;
use crate::validity::Validity;
use crate::vocabulary::TemporalType;

/// The time in which a claim is so: it holds all along, or happens at some point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Course {
    /// It holds over its span.
    Holds(ValidTime),
    /// It happens somewhere within its span.
    Happens(ValidTime),
}

impl Course {
    /// The course of a claim; none for a claim without time.
    #[must_use]
    pub fn of(temporal_type: TemporalType, valid: Option<ValidTime>) -> Option<Self> {
        match temporal_type {
            TemporalType::State => valid.map(Self::Holds),
            TemporalType::Event => valid.map(Self::Happens),
            TemporalType::None => None,
        }
    }

    /// Its valid time.
    #[must_use]
    pub const fn valid(&self) -> &ValidTime {
        match self {
            Self::Holds(valid) | Self::Happens(valid) => valid,
        }
    }

    /// The instants at which its certainty changes, in order, with the certainty from then on, as far as that matters
    /// in a span. An event may happen between them; the segments decide whether it surely does.
    pub(super) fn changes(&self, span: &CourseSpan) -> Vec<(Moment, Option<Certainty>)> {
        let v = span.corners(self.valid());
        if self.valid().days().is_some() {
            let runs = self.valid().stretches(v, (span.from, span.until));
            return runs.flat_map(|(start, end)| [(start, Some(Certainty::Possible)), (end, None)]).collect();
        }
        let surely = matches!(self, Self::Holds(_)) && v.latest_start < v.earliest_end;
        let changes = [
            (true, v.earliest_start, Some(Certainty::Possible)),
            (surely, v.latest_start, Some(Certainty::Definite)),
            (surely, v.earliest_end, Some(Certainty::Possible)),
            (true, v.latest_end, None),
        ];
        changes.into_iter().filter_map(|(is_one, at, now)| is_one.then_some((at, now))).collect()
    }
}

/// The asked span.
pub(super) struct CourseSpan {
    pub(super) from: Moment,
    pub(super) until: Moment,
    /// True if the span is given by instants within a day, and not by dates.
    by_instants: bool,
}

impl CourseSpan {
    /// The span of some courses, within the given ends. None without an instant in it.
    pub(super) fn of(courses: &[Course], from: Option<Moment>, until: Option<Moment>) -> Option<Self> {
        let by_instants = [from, until].into_iter().flatten().any(|end| end != end.day_start());
        let mut span = Self { from: Moment::MIN, until: Moment::MAX, by_instants };
        let first = courses.iter().map(|course| span.corners(course.valid()).earliest_start).min();
        let last = courses.iter().map(|course| span.corners(course.valid()).latest_end).max();
        (span.from, span.until) = from.or(first).zip(until.or(last))?;
        (span.from < span.until).then_some(span)
    }

    /// The corners by which claims are put in it.
    pub(super) fn corners<'v>(&self, valid: &'v ValidTime) -> &'v Validity {
        if self.by_instants { valid.instants() } else { valid.dates() }
    }
}
