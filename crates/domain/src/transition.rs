//! Transitions of a claim: the instants at which its certainty changes by the passing of time alone.
//!
//! The certainty of a claim at an instant t ([`super::certainty`]) is a step function of t, and the four corners of its
//! valid time ([`super::validity`]) are the only places where it can step:
//!
//! ```text
//!   state   ───none───┬──possible──┬══definite══┬──possible──┬───none───
//!                     MAY_BEGIN    BEGINS       MAY_END      ENDS
//!                     earliest     latest       earliest     latest
//!                     start        start        end          end
//!
//!   event   ───none───┬────────────possible─────────────────┬══definite══
//!                     MAY_BEGIN    (it may have happened)    ENDS   (it has certainly happened)
//! ```
//!
//! If two corners fall together, there is one step and one transition: a state with exact dates has only BEGINS and ENDS. A
//! state that holds certainly on no day (its latest start lies at or after its earliest end) goes from possible to none.
//! Infinite corners are never reached. A promise, besides, falls due at the end of the last day that its due date can mean.
//!
//! Transitions are instants, so date-times with an offset count when their instant comes, whatever day their text names. A
//! state that is dated by a set with gaps may begin at the first of the days and is over after the last one: between two of
//! them it does not hold, but it is not over.
//!
//! # Delivery
//!
//! Knowledge of a claim changes too, in recorded time. A transition is delivered at most once: at its instant, or as soon as it
//! becomes known if that is later ([`deliveries`]). One that is taken back before its instant is not delivered. One that had
//! passed when it was recorded is delivered late. One that is moved is another transition.
//!
//! Invariant: the deliveries up to an instant follow from the record up to it. Nothing recorded later changes them.

use super::moment::Moment;
use super::position::RecordedAt;
use super::valid_time::ValidTime;
use super::validity::Validity;
use super::vocabulary::{LinkType, TemporalType, Vocabulary};
use std::collections::HashSet;

pub use super::vocabulary::Transition;

/// The transitions of a claim: at most one of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transitions([Option<Moment>; 5]);

impl Transitions {
    /// No transition: a claim that is retracted, or has no time and no due date.
    pub const NONE: Self = Self([None; 5]);

    /// The transitions of a claim; `due` is the end of the last day that its due date can mean, none where it is settled.
    #[must_use]
    pub fn of(temporal_type: TemporalType, valid: Option<&ValidTime>, due: Option<Moment>) -> Self {
        let [may_begin, begins, may_end, ends] = match (temporal_type, valid.map(ValidTime::instants)) {
            (TemporalType::State, Some(validity)) => of_state(validity),
            (TemporalType::Event, Some(v)) => [Some(v.earliest_start), None, None, Some(v.latest_end)],
            _ => [None; 4],
        };
        Self([may_begin, begins, may_end, ends, due].map(|at| at.filter(|at| at.is_finite())))
    }

    /// The instant of a transition, if the claim has it.
    #[must_use]
    pub fn at(&self, transition: Transition) -> Option<Moment> {
        self.iter().find(|(kind, _)| *kind == transition).map(|(_, at)| at)
    }

    /// The transitions with their instants, in the order of the kinds.
    pub fn iter(&self) -> impl Iterator<Item = (Transition, Moment)> {
        Transition::ALL.iter().zip(self.0).filter_map(|(transition, at)| Some((*transition, at?)))
    }
}

fn of_state(v: &Validity) -> [Option<Moment>; 4] {
    let is_sometime_certain = v.latest_start < v.earliest_end;
    [
        (!is_sometime_certain || v.earliest_start < v.latest_start).then_some(v.earliest_start),
        is_sometime_certain.then_some(v.latest_start),
        (is_sometime_certain && v.earliest_end < v.latest_end).then_some(v.earliest_end),
        Some(v.latest_end),
    ]
}

/// The links by which a claim settles a promise.
pub const SETTLING: [LinkType; 3] = [LinkType::Fulfils, LinkType::Breaches, LinkType::Waives];

/// Returns true if a settlement with this valid time keeps a promise from falling due: it may have begun by then, or has no
/// time.
#[must_use]
pub fn settles_by(valid: Option<&ValidTime>, due: Moment) -> bool {
    valid.is_none_or(|valid| valid.instants().earliest_start < due)
}

/// The recorded time that is the same instant as a moment of valid time; the extremes saturate.
#[must_use]
pub const fn instant_of(at: Moment) -> RecordedAt {
    const MICROS_PER_SECOND: i64 = 1_000_000;
    RecordedAt(at.0.saturating_mul(MICROS_PER_SECOND))
}

/// The transitions of a claim as known from an instant of recorded time on, until the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownTransitions {
    /// The first instant of this knowledge.
    pub since: RecordedAt,
    /// The transitions.
    pub transitions: Transitions,
}

/// The delivery of a transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransitionDelivery {
    /// The transition.
    pub transition: Transition,
    /// The instant of the transition.
    pub at: Moment,
    /// The instant of the delivery: `at`, or that at which the transition became known if that is later.
    pub reported_at: RecordedAt,
    /// The entry of the history that it follows from, counted from 0.
    pub by: usize,
}

impl TransitionDelivery {
    /// Returns true if the instant of the transition had passed before it became known.
    #[must_use]
    pub const fn is_late(&self) -> bool {
        self.reported_at.0 > instant_of(self.at).0
    }
}

/// The deliveries for a claim, those to come included as far as they are known; `history` is the knowledge of it over time, in
/// order, each entry from a later instant than the one before.
#[must_use]
pub fn deliveries(history: &[KnownTransitions]) -> Vec<TransitionDelivery> {
    let mut deliveries = Vec::new();
    let mut known_transitions = HashSet::new();
    let until = history.iter().skip(1).map(|next| Some(next.since)).chain([None]);
    for (by, (known, until)) in history.iter().zip(until).enumerate() {
        for (transition, at) in known.transitions.iter() {
            let reported_at = instant_of(at).max(known.since);
            let in_time = until.is_none_or(|until| reported_at < until);
            if in_time && known_transitions.insert((transition.code(), at)) {
                deliveries.push(TransitionDelivery { transition, at, reported_at, by });
            }
        }
    }
    deliveries
}

#[cfg(test)]
mod tests {
    use super::super::bound::Bound;
    use super::super::certainty::{Certainty, Mode, certainty};
    use super::super::edtf::{Atom, PartialDate, parse_valid};
    use super::super::period::Period;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const SECONDS: i64 = 86_400;

    fn transitions(temporal_type: TemporalType, valid: &str) -> Vec<(Transition, String)> {
        let (from, to) = parse_valid(valid).unwrap();
        let validity = ValidTime::resolve(&from, &to, None).unwrap();
        Transitions::of(temporal_type, Some(&validity), None)
            .iter()
            .map(|(transition, at)| (transition, at.to_date_string()))
            .collect()
    }

    fn state(valid: &str) -> Vec<(Transition, String)> {
        transitions(TemporalType::State, valid)
    }

    fn event(valid: &str) -> Vec<(Transition, String)> {
        transitions(TemporalType::Event, valid)
    }

    fn on(transition: Transition, day: &str) -> (Transition, String) {
        (transition, day.to_owned())
    }

    #[test]
    fn a_state_with_exact_dates_only_begins_and_ends() {
        assert_eq!(
            state("2025-07-01/2025-07-31"),
            [on(Transition::Begins, "2025-07-01"), on(Transition::Ends, "2025-08-01")]
        );
        assert_eq!(state("2025-07-01/.."), [on(Transition::Begins, "2025-07-01")]);
    }

    #[test]
    fn a_state_with_partial_dates_may_begin_before_it_begins_and_may_end_before_it_ends() {
        let expected = [
            on(Transition::MayBegin, "2024-12-01"),
            on(Transition::Begins, "2024-12-31"),
            on(Transition::MayEnd, "2025-07-02"),
            on(Transition::Ends, "2025-08-01"),
        ];
        assert_eq!(state("2024-12/2025-07"), expected);
    }

    #[test]
    fn a_state_that_holds_certainly_on_no_day_goes_from_possible_to_over() {
        assert_eq!(state("2024-12"), [on(Transition::MayBegin, "2024-12-01"), on(Transition::Ends, "2025-01-01")]);
    }

    #[test]
    fn an_event_may_have_happened_and_then_has() {
        assert_eq!(event("2024-12-25"), [on(Transition::MayBegin, "2024-12-25"), on(Transition::Ends, "2024-12-26")]);
        assert_eq!(event("2024-12"), [on(Transition::MayBegin, "2024-12-01"), on(Transition::Ends, "2025-01-01")]);
    }

    #[test]
    fn a_promise_falls_due_whatever_else_it_is() {
        let due = PartialDate::parse("2025-07").unwrap().latest().unwrap().end;
        let transitions = Transitions::of(TemporalType::None, None, Some(due));
        assert_eq!(
            transitions.iter().collect::<Vec<_>>(),
            [(Transition::FallsDue, Moment::from_civil_day(2025, 8, 1))]
        );
        assert_eq!(transitions.at(Transition::FallsDue), Some(due));
        assert_eq!(Transitions::of(TemporalType::None, None, Some(Moment::MAX)), Transitions::NONE);
    }

    /// Some day of a small calendar, a few days of it, or no date.
    fn bound() -> impl Strategy<Value = Bound> {
        let day = |day: i64| Atom::day(Moment(day * SECONDS));
        let known = (0_i64..9, 0_i64..4).prop_map(move |(first, more)| {
            Bound::Known(PartialDate::from_parts("", Some(day(first)), Some(day(first + more))))
        });
        let half = (0_i64..9, any::<bool>()).prop_map(move |(at, below)| {
            let (earliest, latest) = if below { (None, Some(day(at))) } else { (Some(day(at)), None) };
            Bound::Known(PartialDate::from_parts("", earliest, latest))
        });
        let second = (0_i64..9 * SECONDS).prop_map(|at| {
            let atom = Atom::second(Moment(at));
            Bound::Known(PartialDate::from_parts("", Some(atom), Some(atom)))
        });
        prop_oneof![4 => known, 1 => half, 1 => second, 1 => Just(Bound::Open), 1 => Just(Bound::Unknown)]
    }

    /// The same worlds with everything twice as far apart, so that there is an instant between any two corners.
    fn stretch(v: &Validity) -> Validity {
        let twice = |m: Moment| if m.is_finite() { Moment(m.0 * 2) } else { m };
        Validity {
            earliest_start: twice(v.earliest_start),
            latest_start: twice(v.latest_start),
            earliest_end: twice(v.earliest_end),
            latest_end: twice(v.latest_end),
        }
    }

    fn step(mode: Mode, before: Option<Certainty>, after: Option<Certainty>) -> Option<Transition> {
        use Certainty::{Definite, Possible};
        match (mode, before, after) {
            (_, None, Some(Possible)) => Some(Transition::MayBegin),
            (Mode::HoldsAt, None | Some(Possible), Some(Definite)) => Some(Transition::Begins),
            (Mode::HoldsAt, Some(Definite), Some(Possible)) => Some(Transition::MayEnd),
            (Mode::HoldsAt, Some(_), None) | (Mode::OccurredBy, Some(Possible), Some(Definite)) => {
                Some(Transition::Ends)
            }
            (_, before, after) if before == after => None,
            other => panic!("certainty cannot step so: {other:?}"),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn a_transition_is_exactly_an_instant_before_and_after_which_the_certainty_differs(
            (from, to) in (bound(), bound()), as_of in prop::option::of(0_i64..9), is_state: bool,
        ) {
            let as_of = as_of.map(|day| Atom::day(Moment(day * SECONDS)));
            let Ok(valid) = ValidTime::resolve(&from, &to, as_of) else { return Ok(()) };
            let (temporal_type, mode) =
                if is_state { (TemporalType::State, Mode::HoldsAt) } else { (TemporalType::Event, Mode::OccurredBy) };
            let validity = *valid.instants();
            let wide = stretch(&validity).into();
            let at = |t: i64| certainty(mode, &wide, &Period { a: Moment(t), b: Moment(t) });
            // Every day of the calendar, and every second at which anything is named.
            let corners = [validity.earliest_start, validity.latest_start, validity.earliest_end, validity.latest_end];
            let seconds = corners.iter().filter(|corner| corner.is_finite()).flat_map(|c| [c.0 - 1, c.0, c.0 + 1]);
            let instants: BTreeSet<i64> = (-3..20).map(|day| day * SECONDS).chain(seconds).collect();
            let expected: Vec<(Transition, Moment)> = instants
                .into_iter()
                .filter_map(|t| Some((step(mode, at(2 * t - 1), at(2 * t + 1))?, Moment(t))))
                .collect();
            let transitions: Vec<_> = Transitions::of(temporal_type, Some(&valid), None).iter().collect();
            prop_assert_eq!(transitions, expected);
        }

        #[test]
        fn a_transition_is_reported_at_the_first_instant_at_which_it_has_come_and_is_known(
            steps in prop::collection::vec((1_i64..6, prop::array::uniform5(prop::option::of(-3_i64..25))), 0..7),
        ) {
            let mut since = 0;
            let history: Vec<KnownTransitions> = steps.iter().map(|(step, transitions)| {
                since += step * 1_000_000;
                KnownTransitions { since: RecordedAt(since), transitions: Transitions(transitions.map(|at| at.map(Moment))) }
            }).collect();
            // By walking through every instant.
            let mut expected = Vec::new();
            for now in -5..70_i64 {
                let instant = RecordedAt(now * 1_000_000);
                let Some(by) = history.iter().rposition(|known| known.since <= instant) else { continue };
                for (transition, at) in history[by].transitions.iter().filter(|(_, at)| at.0 <= now) {
                    if !expected.iter().any(|delivery: &TransitionDelivery| (delivery.transition, delivery.at) == (transition, at)) {
                        expected.push(TransitionDelivery { transition, at, reported_at: instant, by });
                    }
                }
            }
            let mut delivered = deliveries(&history);
            delivered.sort_by_key(|delivery| (delivery.reported_at, delivery.transition));
            prop_assert_eq!(delivered, expected);
        }
    }

    #[test]
    fn what_was_delivered_is_not_delivered_again_when_a_claim_is_retracted_and_reinstated() {
        let transitions = Transitions::of(TemporalType::None, None, Some(Moment(10)));
        let known = |since: i64, transitions| KnownTransitions { since: RecordedAt(since * 1_000_000), transitions };
        let history = [known(1, transitions), known(20, Transitions::NONE), known(30, transitions)];
        let once = TransitionDelivery {
            transition: Transition::FallsDue,
            at: Moment(10),
            reported_at: RecordedAt(10_000_000),
            by: 0,
        };
        assert_eq!(deliveries(&history), [once]);
        let late = TransitionDelivery { reported_at: RecordedAt(30_000_000), by: 1, ..once };
        assert_eq!(deliveries(&history[1..]), [late]);
        assert!(late.is_late() && !once.is_late());
    }
}
