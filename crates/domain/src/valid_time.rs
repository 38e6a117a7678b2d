//! The valid time of a claim, as every question sees it: its possible worlds as instants and as dates, and its gaps.
//!
//! Nearly all claims are dated by days, and then four corners say everything ([`super::validity`]). Two things need more.
//!
//! # Instants and dates
//!
//! An event at `2025-06-30T02:00:00+04:00` is an event of 30 June to those who were there, and of 22:00 on 29 June to a
//! clock in UTC. Both are right, and the question says which is meant:
//!
//! * a question for a day, month, quarter or year goes by the **date as written**: the date-time counts as its day;
//! * a question for an instant compares instants.
//!
//! So there are two pairs of corners, equal unless a date-time has an offset. A day has no zone and is the same in both.
//! Two date-times are before or after one another as instants. If by their dates one ends before it starts, or if a day and
//! an instant do, the two ends are taken for the span between them.
//!
//! # Gaps
//!
//! `[2024-12-25,2025-01-07]` as both ends is one date: it was on one of these days, or on both ends of neither. A world
//! lies within one of the [runs](super::edtf::DayRun) of the date, so nothing is possible between them. If the two ends are
//! different dates, the claim may hold or happen anywhere between a start and an end, and gaps only move corners.
//!
//! Invariant: without an offset and without a gap there are the corners and nothing else.
//!
//! Reasons: `docs/design/valid-time.md`.

use super::bound::Bound;
use super::edtf::{DayRun, DaySet};
use super::moment::{Atom, Moment};
use super::period::Period;
use super::validity::{Impossible, Range, Validity};
use std::sync::Arc;

/// The time at which a claim holds or happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidTime {
    instants: Validity,
    more: Option<Arc<More>>,
}

/// The parts of a valid time that its corners do not express.
#[derive(Clone, Debug, PartialEq, Eq)]
struct More {
    dates: Validity,
    days: Option<DaySet>,
}

impl From<Validity> for ValidTime {
    fn from(corners: Validity) -> Self {
        Self { instants: corners, more: None }
    }
}

impl ValidTime {
    /// The worlds that two bounds allow.
    ///
    /// `earliest_as_of` is the last atom ([`latest`](super::edtf::PartialDate::latest)) of the earliest `as_of` that any
    /// revision of the claim had; it bounds an unknown start and nothing else.
    ///
    /// # Errors
    ///
    /// [`Impossible`] if no start <= end is left.
    pub fn resolve(from: &Bound, to: &Bound, earliest_as_of: Option<Atom>) -> Result<Self, Impossible> {
        let (start, end) = (Range::of_start(from, earliest_as_of), Range::of_end(to));
        let (instants, dates) = if start.is_local() || end.is_local() {
            local(&start, &end)?
        } else {
            let corners = Validity::between(&start, &end)?;
            (corners, corners)
        };
        let days = start.days.filter(|days| end.days.as_ref() == Some(days));
        Ok(Self::from_parts(instants, dates, days))
    }

    /// The parts that [`Self::instants`], [`Self::dates`] and [`Self::days`] give, put together.
    #[must_use]
    pub fn from_parts(instants: Validity, dates: Validity, days: Option<DaySet>) -> Self {
        let more = (dates != instants || days.is_some()).then(|| Arc::new(More { dates, days }));
        Self { instants, more }
    }

    /// The corners by which instants are compared.
    #[must_use]
    pub const fn instants(&self) -> &Validity {
        &self.instants
    }

    /// The corners by which questions for a day, month or year go.
    #[must_use]
    pub fn dates(&self) -> &Validity {
        self.more.as_ref().map_or(&self.instants, |more| &more.dates)
    }

    /// The corners that a question goes by.
    #[must_use]
    pub fn for_period(&self, asked: &Period) -> &Validity {
        if asked.is_of_days() { self.dates() } else { &self.instants }
    }

    /// The days that the claim is limited to, where both ends are one date with gaps.
    #[must_use]
    pub fn days(&self) -> Option<&DaySet> {
        self.more.as_ref()?.days.as_ref()
    }

    /// True if the corners of instants say all there is.
    #[must_use]
    pub const fn is_told_by_corners(&self) -> bool {
        self.more.is_none()
    }

    /// The corners of both readings: whatever a question goes by lies within.
    #[must_use]
    pub fn hull(&self) -> Validity {
        self.more.as_ref().map_or(self.instants, |more| self.instants.hull(&more.dates))
    }

    /// True if some world touches the period.
    #[must_use]
    pub fn may_touch(&self, asked: &Period) -> bool {
        let corners = self.for_period(asked);
        corners.earliest_start < asked.b && corners.latest_end > asked.a && self.has_day_in(asked.a, asked.b)
    }

    /// True if no gap covers all of `[a, b)`.
    pub(super) fn has_day_in(&self, a: Moment, b: Moment) -> bool {
        self.days().is_none_or(|days| days.touches(DayRun::of(a, b)))
    }

    /// The stretches of `[a, b)` that some world touches, in order, by the corners of a question: one, unless it has gaps.
    pub fn stretches<'v>(
        &'v self,
        corners: &'v Validity,
        (a, b): (Moment, Moment),
    ) -> impl Iterator<Item = (Moment, Moment)> + 'v {
        let touched = corners.earliest_start < b && corners.latest_end > a;
        let days = self.days().filter(|_| touched);
        let whole = (touched && days.is_none()).then_some((corners.earliest_start, corners.latest_end));
        let runs = days.into_iter().flat_map(move |days| days.runs(DayRun::of(a, Moment::MAX).first));
        let runs = runs.map(|run| (run.start(), run.end())).take_while(move |(start, _)| *start < b);
        whole.into_iter().chain(runs)
    }

    /// The same with no start after a day, which a confirmation of an unknown start brings forward.
    #[must_use]
    pub fn begun_by(&self, day: Atom) -> Self {
        let begun =
            |corners: &Validity, by: Moment| Validity { latest_start: corners.latest_start.min(by), ..*corners };
        let dates = begun(self.dates(), day.date().start);
        Self::from_parts(begun(&self.instants, day.start), dates, self.days().cloned())
    }
}

/// The corners as instants and as dates, where at least one end has an offset.
fn local(start: &Range, end: &Range) -> Result<(Validity, Validity), Impossible> {
    let (start_date, end_date) = (start.dates(), end.dates());
    let dates = Validity::between(&start_date, &end_date);
    let swapped_dates = || Validity::between(&end_date, &start_date);
    match (Validity::between(start, end), dates) {
        (Ok(instants), Ok(dates)) => Ok((instants, dates)),
        (Ok(instants), Err(impossible)) => Ok((instants, swapped_dates().map_err(|_| impossible)?)),
        (Err(impossible), Ok(dates)) if !(start.is_second() && end.is_second()) => {
            Ok((Validity::between(end, start).map_err(|_| impossible)?, dates))
        }
        (Err(impossible), _) => Err(impossible),
    }
}

#[cfg(test)]
mod tests {
    use super::super::certainty::{Certainty, Mode, certainty};
    use super::super::edtf::{PartialDate, parse_valid};
    use super::*;
    use Certainty::{Definite, Possible};

    fn ask(mode: Mode, valid: &str, asked: &str) -> Option<Certainty> {
        let (from, to) = parse_valid(valid).unwrap();
        certainty(mode, &ValidTime::resolve(&from, &to, None).unwrap(), &Period::parse(asked).unwrap())
    }

    #[test]
    fn an_event_with_an_offset_is_on_the_date_that_it_names_and_at_the_instant_that_it_means() {
        let valid = "2025-06-30T02:00:00+04:00";
        for (asked, expected) in [
            ("2025-06-30", Some(Definite)),
            ("2025-06-29", None),
            ("2025-06", Some(Definite)),
            ("2025-06-29T22:00:00Z", Some(Definite)),
            ("2025-06-30T02:00:00+04:00", Some(Definite)),
            ("2025-06-30T02:00:00Z", None),
        ] {
            assert_eq!(ask(Mode::OccurredIn, valid, asked), expected, "{asked}");
        }
        assert_eq!(ask(Mode::OccurredBy, valid, "2025-06-29"), None);
        assert_eq!(ask(Mode::OccurredBy, valid, "2025-06-29T22:00:00Z"), Some(Definite));
        assert_eq!(ask(Mode::HoldsAt, "2024-12-31T20:00:00-05:00/..", "2024"), Some(Definite));
        assert_eq!(ask(Mode::HoldsAt, "2024-12-31T20:00:00-05:00/..", "2024-12-31T23:59:59Z"), None);
    }

    #[test]
    fn one_date_with_gaps_is_possible_on_its_days_alone() {
        for mode in [Mode::HoldsAt, Mode::OccurredIn] {
            assert_eq!(ask(mode, "[2024-12-25,2025-01-07]", "2025-01-01"), None);
            assert_eq!(ask(mode, "[2024-12-25,2025-01-07]", "2025-01-07"), Some(Possible));
            assert_eq!(ask(mode, "[2024-12-25,2025-01-07]", "2025-01"), Some(Possible));
            assert_eq!(ask(mode, "2023-XX-31", "2023-06"), None);
            assert_eq!(ask(mode, "2023-XX-31", "2023"), Some(Definite));
            assert_eq!(ask(mode, "20XX-02-29", "2023"), None);
            assert_eq!(ask(mode, "20XX-02-29", "2024-02"), Some(Possible));
            assert_eq!(ask(mode, "[2024-12-25,2025-01-07]", "2025-01-01T12:00:00Z"), None);
        }
        assert_eq!(ask(Mode::OccurredBy, "[2024-12-25,2025-01-07]", "2025-01-01"), Some(Possible));
    }

    #[test]
    fn between_two_dates_with_gaps_anything_may_be() {
        let known = |text| Bound::Known(PartialDate::parse(text).unwrap());
        let valid = ValidTime::resolve(&known("[2024-12-25,2025-01-07]"), &Bound::Open, None).unwrap();
        let holds = |asked| certainty(Mode::HoldsAt, &valid, &Period::parse(asked).unwrap());
        assert_eq!(
            (holds("2024-12-24"), holds("2025-01-01"), holds("2025-01-07")),
            (None, Some(Possible), Some(Definite))
        );
    }

    #[test]
    fn ends_with_offsets_are_compared_as_instants_and_span_the_dates_that_they_name() {
        let resolve = |valid| {
            let (from, to) = parse_valid(valid).unwrap();
            ValidTime::resolve(&from, &to, None)
        };
        assert!(resolve("2025-06-30T02:00:00+04:00/2025-06-30T02:30:00+05:00").is_err());
        let later = "2025-06-30T02:00:00+04:00/2025-06-29T23:30:00+01:00";
        assert!(resolve(later).is_ok());
        for asked in ["2025-06-29", "2025-06-30"] {
            assert_eq!(ask(Mode::HoldsAt, later, asked), Some(Definite), "{asked}");
        }
        let of_one_day = "2025-06-30/2025-06-30T02:00:00+04:00";
        assert_eq!(ask(Mode::HoldsAt, of_one_day, "2025-06-30"), Some(Definite));
        assert_eq!(ask(Mode::HoldsAt, of_one_day, "2025-07-01"), None);
        assert!(resolve("2025-07-01/2025-06-30T02:00:00+04:00").is_err());
    }

    #[test]
    fn an_unknown_start_had_happened_by_the_date_that_an_as_of_names() {
        let as_of = PartialDate::parse("2025-06-30T02:00:00+04:00").unwrap().latest();
        let holds = |valid: &ValidTime, asked| certainty(Mode::HoldsAt, valid, &Period::parse(asked).unwrap());
        let valid = ValidTime::resolve(&Bound::Unknown, &Bound::Open, as_of).unwrap();
        assert_eq!(holds(&valid, "2025-06-29"), Some(Possible));
        assert_eq!(holds(&valid, "2025-06-30"), Some(Definite));
        assert_eq!(holds(&valid, "2025-06-29T22:00:00Z"), Some(Definite));
        let confirmed = ValidTime::resolve(&Bound::Unknown, &Bound::Open, None).unwrap().begun_by(as_of.unwrap());
        assert_eq!(confirmed, valid);
    }
}
