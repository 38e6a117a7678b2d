//! Timelines by example, and against certainty at every instant.

use super::*;
use crate::certainty::{Mode, certainty};
use crate::edtf::parse_valid;
use crate::period::Period;
use crate::valid_time::ValidTime;
use proptest::prelude::*;

fn valid_time(valid: &str) -> ValidTime {
    let (from, to) = parse_valid(valid).unwrap();
    ValidTime::resolve(&from, &to, None).unwrap()
}

fn holds(valid: &str) -> Course {
    Course::Holds(valid_time(valid))
}

fn happens(valid: &str) -> Course {
    Course::Happens(valid_time(valid))
}

/// Each segment as `first day..last day: claims`, a possible one with a question mark.
fn render(courses: &[Course], span: Option<(&str, &str)>) -> Vec<String> {
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
        render(&[holds("2024-12/2025-07")], None),
        ["2024-12-01..2024-12-30: 0?", "2024-12-31..2025-07-01: 0", "2025-07-02..2025-07-31: 0?",]
    );
}

#[test]
fn a_state_that_at_no_day_holds_in_all_readings_is_one_possible_segment() {
    assert_eq!(render(&[holds("2025-07/2025-07")], None), ["2025-07-01..2025-07-31: 0?"]);
}

#[test]
fn open_ends_reach_as_far_as_there_is_time() {
    assert_eq!(
        render(&[holds("../2025-01-01"), holds("2025-01-01/..")], None),
        ["-inf..2024-12-31: 0", "2025-01-01..2025-01-01: 0 1", "2025-01-02..+inf: 1"]
    );
}

#[test]
fn an_event_is_definite_where_nothing_cuts_the_days_it_may_have_happened_on() {
    assert_eq!(render(&[happens("2025-07")], None), ["2025-07-01..2025-07-31: 0"]);
    assert_eq!(
        render(&[happens("2025-07"), happens("2025-07-15")], None),
        ["2025-07-01..2025-07-14: 0?", "2025-07-15..2025-07-15: 0? 1", "2025-07-16..2025-07-31: 0?"]
    );
}

#[test]
fn the_span_cuts_and_shows_where_nothing_is() {
    let courses = [happens("2025-07"), holds("2025-01/2025-02-03")];
    assert_eq!(
        render(&courses, Some(("2025-02-02", "2025-07-10"))),
        ["2025-02-02..2025-02-03: 1", "2025-02-04..2025-06-30: ", "2025-07-01..2025-07-10: 0?"]
    );
    assert_eq!(render(&[], Some(("2025", "2025"))), ["2025-01-01..2025-12-31: "]);
}

#[test]
fn a_date_with_gaps_is_possible_on_its_days_and_an_end_of_the_span_may_lie_in_a_gap() {
    let days = "[2024-12-25,2025-01-07,2025-01-08]";
    let expected = ["2024-12-25..2024-12-25: 0?", "2024-12-26..2025-01-06: ", "2025-01-07..2025-01-08: 0?"];
    assert_eq!(render(&[holds(days)], None), expected);
    assert_eq!(render(&[happens(days)], None), expected);
    assert_eq!(
        render(&[happens(days)], Some(("2025-01-01", "2025-01-07"))),
        ["2025-01-01..2025-01-06: ", "2025-01-07..2025-01-07: 0?"]
    );
    assert_eq!(render(&[happens("2023-XX-31")], Some(("2023-06", "2023-06"))), ["2023-06-01..2023-06-30: "]);
}

#[test]
fn a_time_with_an_offset_is_its_date_among_dates_and_its_instant_among_instants() {
    let event = happens("2025-06-30T02:00:00+04:00");
    assert_eq!(
        render(std::slice::from_ref(&event), Some(("2025-06-29", "2025-07-01"))),
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
    assert!(render(&[], None).is_empty());
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

/// The certainty of a claim at an instant of a segment, by the rules of [`certainty`] alone.
fn expected_certainty(course: &Course, segment: &Segment, instant: Moment) -> Option<Certainty> {
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
                prop_assert_eq!(now, expected_certainty(course, segment, instant), "{:?} {:?} {:?}", course, segment, instant);
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
