//! The status of a promise at a date: open, due, overdue, or settled by another claim that fulfils, breaches or waives it.
//!
//! Everything is measured at the **last day** of the asked date, as "has happened by" is:
//!
//! ```text
//!   due 2025-07               Jul 1                       Jul 31
//!   asked, last day    OPEN   |------------ DUE ------------|   OVERDUE
//!                             the deadline may have passed      it has, whatever `2025-07` means
//! ```
//!
//! A claim settles a promise from when it has begun to hold or has happened. With partial dates that is a set of possible
//! worlds ([`super::validity`]): in each world the settlements that have begun by then are in an order, and the last one
//! counts; of two of one day, the one recorded last. The status is that of the world where each began as late as it can
//! have; it is *definite* iff it is the same in all of them. A fulfilment that may still lie ahead so makes a promise
//! FULFILLED and not definitely.
//!
//! A promise that no claim settles may say of itself that it is FULFILLED or UNFULFILLED; that counts as fulfilled or
//! breached. A claim that is denied, absent, unknown or hypothetical neither promises ([`promises`]) nor settles; a planned
//! one does not settle yet ([`settles`]).

use super::certainty::Certainty;
use super::edtf::{DayRun, DaySet, PartialDate};
use super::moment::{Moment, SECONDS_PER_DAY};
use super::period::Period;
use super::valid_time::ValidTime;
use super::vocabulary::{LinkType, Modality, Status, TemporalType};

/// The status of a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommitmentStatus {
    /// Not settled, and not due yet or due at no date.
    Open,
    /// Not settled, and the deadline may have passed.
    Due,
    /// Not settled, and the deadline has passed.
    Overdue,
    /// A claim fulfils it.
    Fulfilled,
    /// A claim breaches it.
    Breached,
    /// A claim waives it.
    Waived,
}

impl CommitmentStatus {
    /// The status that a link gives to the promise it points to, if it settles it.
    #[must_use]
    pub const fn by(link: LinkType) -> Option<Self> {
        match link {
            LinkType::Fulfils => Some(Self::Fulfilled),
            LinkType::Breaches => Some(Self::Breached),
            LinkType::Waives => Some(Self::Waived),
            _ => None,
        }
    }

    const fn said_of_itself(status: Option<Status>) -> Option<Self> {
        match status {
            Some(Status::Fulfilled) => Some(Self::Fulfilled),
            Some(Status::Unfulfilled) => Some(Self::Breached),
            _ => None,
        }
    }
}

/// Returns true if a claim in this mode can be a promise.
#[must_use]
pub const fn promises(modality: Modality) -> bool {
    !matches!(modality, Modality::Denied | Modality::Absent | Modality::NoInformation | Modality::Hypothetical)
}

/// Returns true if a claim in this mode can settle a promise.
#[must_use]
pub const fn settles(modality: Modality) -> bool {
    promises(modality) && !matches!(modality, Modality::Planned)
}

/// The time from which a claim counts: the start of a state, the happening of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beginning {
    earliest: Moment,
    latest: Moment,
    /// The days on which it can be, where it is dated by a set with gaps.
    days: Option<DaySet>,
}

impl Beginning {
    /// The beginning of a claim, as a question for a date or an instant sees it. A claim without time may begin at any
    /// instant.
    #[must_use]
    pub fn of(temporal_type: TemporalType, valid: Option<&ValidTime>, asked: &Period) -> Self {
        let Some(valid) = valid else { return Self { earliest: Moment::MIN, latest: Moment::MAX, days: None } };
        let validity = valid.for_period(asked);
        let earliest = validity.earliest_start;
        let latest = match temporal_type {
            TemporalType::Event => last_instant(validity.latest_end).max(earliest),
            TemporalType::State | TemporalType::None => validity.latest_start,
        };
        Self { earliest, latest, days: valid.days().cloned() }
    }

    /// The certainty that it has begun by the last day of a date; none if it has in no reading.
    #[must_use]
    pub fn by(&self, asked: &Period) -> Option<Certainty> {
        if self.latest < asked.b {
            Some(Certainty::Definite)
        } else {
            (self.earliest < asked.b).then_some(Certainty::Possible)
        }
    }

    /// The latest it can have begun, if it has.
    fn latest_before(&self, end: Moment) -> Moment {
        if self.latest < end {
            return self.latest;
        }
        let last = last_instant(end).max(self.earliest);
        let day = self.days.as_ref().and_then(|days| days.last_to(DayRun::of(Moment::MIN, last.plus_seconds(1)).last));
        day.map_or(last, |day| DayRun { first: day, last: day }.start())
    }
}

/// The first instant of the last day (or second, where it does not end with a day) before `end`.
fn last_instant(end: Moment) -> Moment {
    let last = end.plus_seconds(-1);
    if end.is_finite() && end == end.day_start() { last.day_start() } else { last }
}

/// A claim that settles a promise.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// The status that it gives to the promise.
    pub to: CommitmentStatus,
    /// The time from which it counts.
    pub begins: Beginning,
    /// Its place in the order in which claims were first recorded.
    pub order: u64,
}

/// A promise, as far as its status depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Promise<'p> {
    /// The deadline.
    pub due: Option<&'p PartialDate>,
    /// The stage that it states of itself.
    pub status: Option<Status>,
}

/// The status of a promise at a date. The flag is true if it has this status in all readings of the dates of its
/// settlements.
#[must_use]
pub fn status(promise: &Promise<'_>, settlements: &[Settlement], asked: &Period) -> (CommitmentStatus, bool) {
    let begun = || settlements.iter().filter(|settlement| settlement.begins.by(asked).is_some());
    let at_latest = |settlement: &Settlement| (settlement.begins.latest_before(asked.b), settlement.order);
    let Some(last) = begun().max_by_key(|settlement| at_latest(settlement)) else {
        let unsettled = || unsettled_status(promise.due, asked);
        return (CommitmentStatus::said_of_itself(promise.status).unwrap_or_else(unsettled), true);
    };
    let agreeing = begun().filter(|settlement| settlement.to == last.to);
    let sure = agreeing.filter(|settlement| settlement.begins.by(asked) == Some(Certainty::Definite));
    let earliest = sure.map(|settlement| (settlement.begins.earliest, settlement.order)).max();
    let others = || begun().filter(|settlement| settlement.to != last.to);
    let definite = earliest.is_some_and(|sure| others().all(|other| at_latest(other) < sure));
    (last.to, definite)
}

fn unsettled_status(due: Option<&PartialDate>, asked: &Period) -> CommitmentStatus {
    let Some(due) = due else { return CommitmentStatus::Open };
    let passed = due.latest().is_some_and(|latest| asked.as_asked(latest).end < asked.b);
    let begun = due.earliest().is_none_or(|earliest| asked.as_asked(earliest).start < asked.b);
    match (passed, begun) {
        (true, _) => CommitmentStatus::Overdue,
        (false, true) => CommitmentStatus::Due,
        (false, false) => CommitmentStatus::Open,
    }
}

/// Days from the last day that a due date can mean to the last day of the asked date; none where it can be any later.
#[must_use]
pub fn days_past_due(due: &PartialDate, asked: &Period) -> Option<i64> {
    let day = |end: Moment| end.plus_seconds(-1).day_start();
    let days = day(asked.b).0.checked_sub(day(asked.as_asked(due.latest()?).end).0)?;
    Some(days.div_euclid(SECONDS_PER_DAY))
}

#[cfg(test)]
mod tests {
    use super::super::edtf::parse_valid;
    use super::*;
    use CommitmentStatus::{Breached, Due, Fulfilled, Open, Overdue, Waived};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const DAY: i64 = SECONDS_PER_DAY;

    fn settlement(to: CommitmentStatus, (earliest, more): (i64, i64), order: u64) -> Settlement {
        let begins =
            Beginning { earliest: Moment(earliest * DAY), latest: Moment((earliest + more) * DAY), days: None };
        Settlement { to, begins, order }
    }

    /// The statuses that result from every choice of a day for each settlement.
    fn by_worlds(settlements: &[Settlement], asked: &Period) -> BTreeSet<Option<CommitmentStatus>> {
        let mut worlds: Vec<Vec<(Moment, u64, CommitmentStatus)>> = vec![Vec::new()];
        for settlement in settlements {
            let Beginning { earliest, latest, .. } = settlement.begins;
            let days = (earliest.0 / DAY..=latest.0 / DAY).map(|day| Moment(day * DAY));
            let longer = |world: &Vec<_>, day| [world.clone(), vec![(day, settlement.order, settlement.to)]].concat();
            worlds =
                days.flat_map(|day| worlds.iter().map(move |world| longer(world, day)).collect::<Vec<_>>()).collect();
        }
        let last = |world: &Vec<(Moment, u64, CommitmentStatus)>| {
            world.iter().filter(|(day, ..)| *day < asked.b).max().map(|(.., to)| *to)
        };
        worlds.iter().map(last).collect()
    }

    proptest! {
        #[test]
        fn the_status_is_definite_exactly_where_every_possible_world_has_it(
            drawn in prop::collection::vec((0_usize..3, (0_i64..6, 0_i64..4)), 0..4),
            last_day in 0_i64..9,
        ) {
            let asked = Period { a: Moment(last_day * DAY), b: Moment((last_day + 1) * DAY) };
            let settlements: Vec<Settlement> = drawn.iter().zip(0..).map(|((to, days), order)| {
                settlement([Fulfilled, Breached, Waived][*to], *days, order)
            }).collect();
            let worlds = by_worlds(&settlements, &asked);
            let (got, definite) = status(&Promise { due: None, status: None }, &settlements, &asked);
            let named = if got == Open { None } else { Some(got) };
            prop_assert!(worlds.contains(&named), "{:?} is no world of {:?}", got, worlds);
            let late = settlements.iter().filter_map(|settlement| {
                let Beginning { earliest, latest, .. } = settlement.begins;
                let day = (earliest.0..=latest.0).step_by(86_400).filter(|day| *day < asked.b.0).last()?;
                Some((day, settlement.order, settlement.to))
            });
            prop_assert_eq!(named, late.max().map(|(.., to)| to), "each as late as it can have begun");
            prop_assert_eq!(definite, worlds.len() == 1);
            prop_assert_eq!(named.is_none(), worlds == BTreeSet::from([None]), "a possible settlement is shown");
        }
    }

    fn period(text: &str) -> Period {
        Period::parse(text).unwrap()
    }

    fn alone(due: &str, own: Option<Status>, asked: &str) -> CommitmentStatus {
        let due = (!due.is_empty()).then(|| PartialDate::parse(due).unwrap());
        status(&Promise { due: due.as_ref(), status: own }, &[], &period(asked)).0
    }

    #[test]
    fn a_promise_is_due_within_its_due_date_and_overdue_after_it() {
        for (asked, expected) in
            [("2025-06-30", Open), ("2025-07-01", Due), ("2025-07-31", Due), ("2025-08-01", Overdue), ("2025-07", Due)]
        {
            assert_eq!(alone("2025-07", None, asked), expected, "{asked}");
        }
        assert_eq!(alone("2025-07-15", None, "2025-07"), Overdue, "by the end of the month the day has passed");
        assert_eq!((alone("", None, "2025"), alone("[2025-07..]", None, "2099")), (Open, Due));
        assert_eq!(
            (
                alone("2025-07-31T22:00:00-04:00", None, "2025-07-31"),
                alone("2025-07-31T22:00:00-04:00", None, "2025-08")
            ),
            (Due, Overdue)
        );
        assert_eq!((alone("[..2025-07]", None, "1900"), alone("[..2025-07]", None, "2026")), (Due, Overdue));
    }

    #[test]
    fn what_a_promise_says_of_itself_counts_where_no_claim_settles_it() {
        assert_eq!(alone("2025-07", Some(Status::Fulfilled), "2026"), Fulfilled);
        assert_eq!(alone("2025-07", Some(Status::Unfulfilled), "2024"), Breached);
        assert_eq!(alone("2025-07", Some(Status::Partial), "2026"), Overdue);
        let promise = Promise { due: None, status: Some(Status::Unfulfilled) };
        assert_eq!(status(&promise, &[settlement(Fulfilled, (0, 0), 1)], &period("2025")), (Fulfilled, true));
    }

    fn beginning(event: bool, valid: &str, asked: &str) -> Option<Certainty> {
        let (from, to) = parse_valid(valid).unwrap();
        let temporal_type = if event { TemporalType::Event } else { TemporalType::State };
        let asked = period(asked);
        Beginning::of(temporal_type, ValidTime::resolve(&from, &to, None).ok().as_ref(), &asked).by(&asked)
    }

    #[test]
    fn a_state_counts_from_its_start_and_an_event_when_it_has_happened() {
        use Certainty::{Definite, Possible};
        assert_eq!(beginning(false, "2025-01-01/2025-12-31", "2025-03"), Some(Definite));
        assert_eq!(beginning(true, "2025-01-01/2025-12-31", "2025-03"), Some(Possible));
        assert_eq!(beginning(true, "2025-03", "2025-03-30"), Some(Possible));
        assert_eq!(beginning(true, "2025-03", "2025-03-31"), Some(Definite));
        assert_eq!(beginning(true, "2025-03-10T12:00:00Z", "2025-03-10T12:00:00Z"), Some(Definite));
        assert_eq!(beginning(true, "2025-03", "2025-02-28"), None);
        assert_eq!(Beginning::of(TemporalType::None, None, &period("1900")).by(&period("1900")), Some(Possible));
    }

    #[test]
    fn what_is_dated_by_a_set_with_gaps_settles_on_one_of_its_days() {
        let asked = period("2025-01-03");
        let on = |to, valid: &str, order| {
            let (from, until) = parse_valid(valid).unwrap();
            let valid = ValidTime::resolve(&from, &until, None).unwrap();
            Settlement { to, begins: Beginning::of(TemporalType::Event, Some(&valid), &asked), order }
        };
        let settlements = [on(Fulfilled, "[2024-12-25,2025-01-07]", 1), on(Breached, "2025-01-01", 2)];
        assert_eq!(status(&Promise { due: None, status: None }, &settlements, &asked), (Breached, true));
    }

    #[test]
    fn days_are_counted_from_last_day_to_last_day() {
        let days = |due, asked| days_past_due(&PartialDate::parse(due).unwrap(), &period(asked));
        assert_eq!((days("2025-07", "2025-07-21"), days("2025-07", "2025-08-02")), (Some(-10), Some(2)));
        assert_eq!((days("2025-07-31", "2025-07"), days("[2025..]", "2026")), (Some(0), None));
        assert_eq!(days("2025-07-31T12:00:00Z", "2025-08-01"), Some(1));
        assert_eq!(days("2025-07-31T22:00:00-04:00", "2025-07-31"), Some(0));
    }
}
