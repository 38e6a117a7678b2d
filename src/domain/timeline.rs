//! How the state moves: valid time cut into segments, in each of which one and the same claims are so.
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
//! # What is so in a segment `[a, b)`
//!
//! | | definite | possible |
//! |---|---|---|
//! | a state | at **each instant** of it, in all readings: latest start <= a and earliest end >= b | at each, in some |
//! | an event | it happens in the segment in all readings: earliest start >= a and latest end <= b | in some |
//!
//! A state is asked instant by instant, because a segment is not a period that somebody asked about: "did it hold at some
//! time within" would depend on where other claims happen to cut. An event has no instant of its own (a meeting "in July"
//! is one happening, at a day nobody need know), so it is asked of the segment as a whole: `OCCURRED_IN`.
//!
//! Spans that are asked for by dates go by the dates that claims are written with: a date-time with an offset is there the
//! day that it names. Where an end of the span is an instant within a day, instants are compared. A claim dated by a set
//! with gaps has a course of several stretches ([`super::valid_time`]).
//!
//! An edge of the asked span cuts too: an event that may have happened before the span is at most possible within it.
//!
//! Invariants, held by a property test against [`super::certainty`] at every instant: segments cover the span without gap
//! or overlap, and neighbours differ. For n claims and k segments, all edges are found in O(n log n), and a walk costs what
//! it lists.

use super::certainty::Certainty;
use super::moment::Moment;
use super::valid_time::ValidTime;
use super::validity::Validity;
use super::vocabulary::TemporalType;
use std::collections::BTreeMap;

/// When a claim is so, and in which way.
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

    /// From when on how sure it is, in order, as far as that matters in a span. Of an event this is where it may happen;
    /// whether it surely does depends on the segments.
    fn changes(&self, span: &Span) -> Vec<(Moment, Option<Certainty>)> {
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
struct Span {
    from: Moment,
    until: Moment,
    /// True if it was asked for by instants within a day, and not by dates.
    by_instants: bool,
}

impl Span {
    /// The span of some courses, as far as it was asked for. None without an instant in it.
    fn of(courses: &[Course], from: Option<Moment>, until: Option<Moment>) -> Option<Self> {
        let by_instants = [from, until].into_iter().flatten().any(|end| end != end.day_start());
        let mut span = Self { from: Moment::MIN, until: Moment::MAX, by_instants };
        let first = courses.iter().map(|course| span.corners(course.valid()).earliest_start).min();
        let last = courses.iter().map(|course| span.corners(course.valid()).latest_end).max();
        (span.from, span.until) = from.or(first).zip(until.or(last))?;
        (span.from < span.until).then_some(span)
    }

    /// The corners by which claims are put in it.
    fn corners<'v>(&self, valid: &'v ValidTime) -> &'v Validity {
        if self.by_instants { valid.instants() } else { valid.dates() }
    }
}

/// The segments of a span.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// Where segments begin, and where the last one ends: one more than there are segments, or none.
    edges: Vec<Moment>,
    /// What changes, by segment and claim; one change of a claim in a segment.
    steps: Vec<Step>,
}

/// From a segment on, how sure a claim is.
#[derive(Clone, Copy, Debug)]
struct Step {
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

/// How a claim is in a segment and was in the one before. At least one of the two is some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Which: its number among the claims that the timeline was made of.
    pub claim: usize,
    /// In the segment before.
    pub before: Option<Certainty>,
    /// In this segment.
    pub now: Option<Certainty>,
}

impl Timeline {
    /// Cuts a span. Without a beginning it begins where the first of the claims may begin, without an end it ends where
    /// the last of them may end, be that -inf or +inf. A span without an instant has no segments.
    #[must_use]
    pub fn of(courses: &[Course], from: Option<Moment>, until: Option<Moment>) -> Self {
        let Some(span) = Span::of(courses, from, until) else { return Self::default() };
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

    /// How many segments there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.edges.len().saturating_sub(1)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The whole span: its first instant, and the one after it.
    #[must_use]
    pub fn span(&self) -> Option<(Moment, Moment)> {
        Some((*self.edges.first()?, *self.edges.last()?))
    }

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

    /// The bytes it takes, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.edges.len() * size_of::<Moment>() + self.steps.len() * size_of::<Step>()
    }

    /// Adds the changes of a claim; `whole` are the corners of an event, which surely happens in a segment that is its whole
    /// span.
    fn add(&mut self, claim: usize, changes: &[(Moment, Option<Certainty>)], whole: Option<&Validity>) {
        let known = self.steps.len();
        for (at, now) in changes.iter().copied() {
            // What changed before the span is how the first segment begins; what changes after it is in none.
            let segment = self.edges.partition_point(|edge| *edge <= at).saturating_sub(1);
            if segment >= self.len() {
                break;
            }
            let now = if whole.is_some_and(|v| self.is_whole(segment, v)) { Some(Certainty::Definite) } else { now };
            let [segment, claim] = [segment, claim].map(|number| u32::try_from(number).unwrap_or(u32::MAX));
            if self.steps.get(known..).and_then(<[Step]>::last).is_some_and(|last| last.segment == segment) {
                self.steps.pop();
            }
            self.steps.push(Step { segment, claim, now });
        }
        if self.steps.get(known..).is_some_and(|steps| matches!(steps, [Step { now: None, .. }])) {
            self.steps.truncate(known);
        }
    }

    /// Whether a segment is the whole span of an event.
    fn is_whole(&self, segment: usize, v: &Validity) -> bool {
        self.edges.get(segment..segment + 2).is_some_and(|ends| *ends == [v.earliest_start, v.latest_end])
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
    fn step_before(&mut self, end: usize) -> Option<Step> {
        let step = self.timeline.steps.get(self.walk.taken).filter(|step| (step.segment as usize) < end)?;
        self.walk.taken += 1;
        Some(*step)
    }

    /// The place it has come to.
    #[must_use]
    pub const fn walk(&self) -> &Walk {
        &self.walk
    }

    fn put(&mut self, step: Step) {
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

#[cfg(test)]
mod tests {
    use super::super::certainty::{Mode, certainty};
    use super::super::edtf::parse_valid;
    use super::super::period::Period;
    use super::*;
    use proptest::prelude::*;

    fn resolved(valid: &str) -> ValidTime {
        let (from, to) = parse_valid(valid).unwrap();
        ValidTime::resolve(&from, &to, None).unwrap()
    }

    fn holds(valid: &str) -> Course {
        Course::Holds(resolved(valid))
    }

    fn happens(valid: &str) -> Course {
        Course::Happens(resolved(valid))
    }

    /// Each segment as `first day..last day: claims`, a possible one with a question mark.
    fn shown(courses: &[Course], span: Option<(&str, &str)>) -> Vec<String> {
        let day = |text: &str| Period::parse(text).unwrap();
        let (from, until) = span.map(|(from, until)| (day(from).a, day(until).b)).unzip();
        let member = |member: Member| match member.now? {
            Certainty::Definite => Some(member.claim.to_string()),
            Certainty::Possible => Some(format!("{}?", member.claim)),
        };
        let show = |segment: Segment| {
            let members: Vec<String> = segment.members.into_iter().filter_map(member).collect();
            format!("{}..{}: {}", segment.from.to_date_string(), segment.until.to_end_date_string(), members.join(" "))
        };
        Timeline::of(courses, from, until).segments(0).map(show).collect()
    }

    #[test]
    fn a_state_is_possible_then_definite_then_possible() {
        assert_eq!(
            shown(&[holds("2024-12/2025-07")], None),
            ["2024-12-01..2024-12-30: 0?", "2024-12-31..2025-07-01: 0", "2025-07-02..2025-07-31: 0?",]
        );
    }

    #[test]
    fn a_state_that_at_no_day_holds_in_all_readings_is_one_possible_segment() {
        assert_eq!(shown(&[holds("2025-07/2025-07")], None), ["2025-07-01..2025-07-31: 0?"]);
    }

    #[test]
    fn open_ends_reach_as_far_as_there_is_time() {
        assert_eq!(
            shown(&[holds("../2025-01-01"), holds("2025-01-01/..")], None),
            ["-inf..2024-12-31: 0", "2025-01-01..2025-01-01: 0 1", "2025-01-02..+inf: 1"]
        );
    }

    #[test]
    fn an_event_is_definite_where_nothing_cuts_the_days_it_may_have_happened_on() {
        assert_eq!(shown(&[happens("2025-07")], None), ["2025-07-01..2025-07-31: 0"]);
        assert_eq!(
            shown(&[happens("2025-07"), happens("2025-07-15")], None),
            ["2025-07-01..2025-07-14: 0?", "2025-07-15..2025-07-15: 0? 1", "2025-07-16..2025-07-31: 0?"]
        );
    }

    #[test]
    fn the_span_cuts_and_shows_where_nothing_is() {
        let courses = [happens("2025-07"), holds("2025-01/2025-02-03")];
        assert_eq!(
            shown(&courses, Some(("2025-02-02", "2025-07-10"))),
            ["2025-02-02..2025-02-03: 1", "2025-02-04..2025-06-30: ", "2025-07-01..2025-07-10: 0?"]
        );
        assert_eq!(shown(&[], Some(("2025", "2025"))), ["2025-01-01..2025-12-31: "]);
    }

    #[test]
    fn a_date_with_gaps_is_possible_on_its_days_and_an_end_of_the_span_may_lie_in_a_gap() {
        let days = "[2024-12-25,2025-01-07,2025-01-08]";
        let expected = ["2024-12-25..2024-12-25: 0?", "2024-12-26..2025-01-06: ", "2025-01-07..2025-01-08: 0?"];
        assert_eq!(shown(&[holds(days)], None), expected);
        assert_eq!(shown(&[happens(days)], None), expected);
        assert_eq!(
            shown(&[happens(days)], Some(("2025-01-01", "2025-01-07"))),
            ["2025-01-01..2025-01-06: ", "2025-01-07..2025-01-07: 0?"]
        );
        assert_eq!(shown(&[happens("2023-XX-31")], Some(("2023-06", "2023-06"))), ["2023-06-01..2023-06-30: "]);
    }

    #[test]
    fn a_time_with_an_offset_is_its_date_among_dates_and_its_instant_among_instants() {
        let event = happens("2025-06-30T02:00:00+04:00");
        assert_eq!(
            shown(std::slice::from_ref(&event), Some(("2025-06-29", "2025-07-01"))),
            ["2025-06-29..2025-06-29: ", "2025-06-30..2025-06-30: 0", "2025-07-01..2025-07-01: "]
        );
        let at = |text: &str| Period::parse(text).unwrap().a;
        let span = (Some(at("2025-06-29T21:00:00Z")), Some(at("2025-06-29T23:00:00Z")));
        let segments: Vec<Segment> = Timeline::of(&[event], span.0, span.1).segments(0).collect();
        assert_eq!(segments[1].from, at("2025-06-29T22:00:00Z"));
        assert_eq!(segments[1].members[0].now, Some(Certainty::Definite));
    }

    #[test]
    fn without_claims_or_without_an_instant_there_are_no_segments() {
        assert!(shown(&[], None).is_empty());
        assert!(Timeline::of(&[holds("2025")], Some(Period::parse("2026").unwrap().a), None).is_empty());
    }

    #[test]
    fn a_change_is_told_by_how_the_claim_was_before() {
        let timeline = Timeline::of(&[holds("2024-12/..")], None, None);
        let second = timeline.segments(1).next().unwrap();
        let expected = Member { claim: 0, before: Some(Certainty::Possible), now: Some(Certainty::Definite) };
        assert_eq!(second.members, [expected]);
    }

    /// Corners as a claim can have them, in a few seconds around 0, or without limit.
    fn corners() -> impl Strategy<Value = Validity> {
        let start = prop_oneof![1 => Just(Moment::MIN), 6 => (0_i64..14).prop_map(Moment)];
        let end = prop_oneof![1 => Just(Moment::MAX), 6 => (1_i64..16).prop_map(Moment)];
        (start, 0_i64..6, end, 0_i64..6, any::<[bool; 2]>()).prop_filter_map(
            "ends before it starts",
            |(earliest_start, later, latest_end, earlier, [whenever, ever])| {
                let after = |from: Moment| from.plus_seconds(later);
                let latest_start = if whenever { Moment::MAX } else { after(earliest_start) };
                let earliest_end = if ever { Moment::MIN } else { latest_end.plus_seconds(-earlier) };
                (earliest_start < latest_end).then_some(Validity {
                    earliest_start,
                    latest_start: latest_start.min(latest_end.plus_seconds(-1)),
                    earliest_end: earliest_end.max(earliest_start.plus_seconds(1)),
                    latest_end,
                })
            },
        )
    }

    fn courses() -> impl Strategy<Value = Vec<Course>> {
        let course = (any::<bool>(), corners())
            .prop_map(|(holds, v)| if holds { Course::Holds(v.into()) } else { Course::Happens(v.into()) });
        prop::collection::vec(course, 0..6)
    }

    /// How sure a claim is at an instant of a segment, by the rules of [`certainty`] alone.
    fn expected(course: &Course, segment: &Segment, instant: Moment) -> Option<Certainty> {
        match course {
            Course::Holds(v) => certainty(Mode::HoldsAt, v, &Period { a: instant, b: instant.plus_seconds(1) }),
            Course::Happens(v) => certainty(Mode::OccurredIn, v, &Period { a: segment.from, b: segment.until }),
        }
    }

    proptest! {
        #[test]
        fn at_every_instant_each_claim_is_as_sure_as_certainty_says(
            courses in courses(),
            from in prop::option::of(-3_i64..18),
            until in prop::option::of(-3_i64..20),
        ) {
            let (from, until) = (from.map(Moment), until.map(Moment));
            let timeline = Timeline::of(&courses, from, until);
            let segments: Vec<Segment> = timeline.segments(0).collect();
            prop_assert_eq!(segments.len(), timeline.len());
            for segment in &segments {
                let instants = (-4..21).map(Moment).filter(|t| segment.from <= *t && *t < segment.until);
                for (instant, (claim, course)) in instants.flat_map(|t| courses.iter().enumerate().map(move |c| (t, c))) {
                    let member = segment.members.iter().find(|member| member.claim == claim);
                    let now = member.and_then(|member| member.now);
                    prop_assert_eq!(now, expected(course, segment, instant), "{:?} {:?} {:?}", course, segment, instant);
                }
            }
        }

        #[test]
        fn segments_cover_the_span_without_gap_and_neighbours_differ(
            courses in courses(),
            from in prop::option::of(-3_i64..18),
            until in prop::option::of(-3_i64..20),
        ) {
            let (from, until) = (from.map(Moment), until.map(Moment));
            let timeline = Timeline::of(&courses, from, until);
            let segments: Vec<Segment> = timeline.segments(0).collect();
            let begin = from.or(courses.iter().map(|course| course.valid().instants().earliest_start).min());
            let end = until.or(courses.iter().map(|course| course.valid().instants().latest_end).max());
            let covered = segments.first().map(|s| s.from).zip(segments.last().map(|s| s.until));
            prop_assert_eq!(covered, begin.zip(end).filter(|(begin, end)| begin < end));
            let now = |segment: &Segment| -> Vec<(usize, Certainty)> {
                segment.members.iter().filter_map(|m| Some((m.claim, m.now?))).collect()
            };
            let before = |segment: &Segment| -> Vec<(usize, Certainty)> {
                segment.members.iter().filter_map(|m| Some((m.claim, m.before?))).collect()
            };
            prop_assert!(segments.first().is_none_or(|first| before(first).is_empty()));
            for pair in segments.windows(2) {
                prop_assert_eq!(pair[0].until, pair[1].from);
                prop_assert_ne!(now(&pair[0]), now(&pair[1]));
                prop_assert_eq!(now(&pair[0]), before(&pair[1]));
            }
            for first in 0..=segments.len() {
                prop_assert!(timeline.segments(first).eq(segments.iter().skip(first).cloned()));
            }
        }
    }
}
