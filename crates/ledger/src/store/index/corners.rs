//! The corners of a valid time in sixteen bytes: days since 1970. Few lie within a day or beyond the days that fit; these
//! are kept elsewhere.

use detente_domain::moment::{Moment, SECONDS_PER_DAY};
use detente_domain::validity::Validity;

/// Earliest start, latest start, earliest end and latest end, as days. The first and the last number stand for the ends of
/// the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DayCorners([i32; 4]);

impl DayCorners {
    /// The corners; none where one of them is no day that fits.
    pub(super) fn of(validity: &Validity) -> Option<Self> {
        let Validity { earliest_start, latest_start, earliest_end, latest_end } = *validity;
        Some(Self([day_of(earliest_start)?, day_of(latest_start)?, day_of(earliest_end)?, day_of(latest_end)?]))
    }

    /// The corners themselves.
    #[inline]
    pub(super) fn validity(self) -> Validity {
        let Self([earliest_start, latest_start, earliest_end, latest_end]) = self;
        Validity {
            earliest_start: moment_of(earliest_start),
            latest_start: moment_of(latest_start),
            earliest_end: moment_of(earliest_end),
            latest_end: moment_of(latest_end),
        }
    }

    /// The corners as numbers, and back.
    pub(super) const fn numbers(self) -> [i32; 4] {
        self.0
    }

    /// The corners that are these numbers.
    pub(super) const fn of_numbers(numbers: [i32; 4]) -> Self {
        Self(numbers)
    }

    /// Stands for corners that are kept at a place elsewhere.
    pub(super) const fn elsewhere(place: u32) -> Self {
        Self([place.cast_signed(), 0, 0, 0])
    }

    /// The place, if these stand for corners that are kept elsewhere.
    pub(super) const fn place(self) -> usize {
        self.0[0].cast_unsigned() as usize
    }
}

fn day_of(moment: Moment) -> Option<i32> {
    match moment {
        Moment::MIN => Some(i32::MIN),
        Moment::MAX => Some(i32::MAX),
        Moment(seconds) if seconds % SECONDS_PER_DAY == 0 => {
            i32::try_from(seconds / SECONDS_PER_DAY).ok().filter(|day| !matches!(*day, i32::MIN | i32::MAX))
        }
        Moment(_) => None,
    }
}

#[inline]
fn moment_of(day: i32) -> Moment {
    match day {
        i32::MIN => Moment::MIN,
        i32::MAX => Moment::MAX,
        day => Moment(i64::from(day) * SECONDS_PER_DAY),
    }
}

/// The day that holds a moment, within the days that fit. The last of them is left free, so that what is after a moment is
/// after its day as [`day_at_or_after`] gives it.
#[inline]
pub(super) fn day_at_or_before(moment: Moment) -> i32 {
    fit(moment.0.div_euclid(SECONDS_PER_DAY)).min(i32::MAX - 1)
}

/// The first day that begins at a moment or after it, within the days that fit, without the first of them.
#[inline]
pub(super) fn day_at_or_after(moment: Moment) -> i32 {
    let day = moment.0.div_euclid(SECONDS_PER_DAY);
    fit(if moment.0.rem_euclid(SECONDS_PER_DAY) == 0 { day } else { day + 1 }).max(i32::MIN + 1)
}

fn fit(day: i64) -> i32 {
    i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moment() -> impl Strategy<Value = Moment> {
        let days = |day: i64| Moment(day.saturating_mul(SECONDS_PER_DAY));
        let near_the_last = i64::from(i32::MAX) - 3..i64::from(i32::MAX) + 3;
        prop_oneof![
            4 => (-900_000..900_000_i64).prop_map(days),
            1 => near_the_last.clone().prop_map(days),
            1 => near_the_last.prop_map(move |day| days(-day)),
            1 => any::<i64>().prop_map(Moment),
            1 => Just(Moment::MIN),
            1 => Just(Moment::MAX),
        ]
    }

    proptest! {
        #[test]
        fn corners_that_fit_come_back_as_they_were(a in moment(), b in moment(), c in moment(), d in moment()) {
            let validity = Validity { earliest_start: a, latest_start: b, earliest_end: c, latest_end: d };
            let is_day = |m: &Moment| !m.is_finite() || (m.0 % SECONDS_PER_DAY == 0 && m.0.abs() < 1 << 40);
            let corners = DayCorners::of(&validity);
            prop_assert!(corners.is_some() || ![a, b, c, d].iter().all(is_day));
            if let Some(corners) = corners {
                prop_assert_eq!(corners.validity(), validity);
            }
        }

        #[test]
        fn days_around_a_moment_are_around_it(m in moment(), n in moment()) {
            if m <= n {
                prop_assert!(day_at_or_before(m) <= day_at_or_before(n));
                prop_assert!(day_at_or_after(m) <= day_at_or_after(n));
            }
            if m < n {
                prop_assert!(day_at_or_before(m) < day_at_or_after(n));
            }
        }
    }
}
