//! Dates by the Julian calendar, which Russia used until 1918 and Greece until 1923, as Gregorian EDTF.
//!
//! ```text
//!   1813-10-12 (Julian)    1813-10-24                          a day is a day
//!   1813-10                [1813-10-13..1813-11-12]            a month is a range of days
//!   1813                   [1813-01-13..1814-01-12]
//! ```

use super::edtf;
use calendrical_calculations::gregorian::gregorian_from_fixed;
use calendrical_calculations::julian::fixed_from_julian;
use calendrical_calculations::rata_die::RataDie;

/// The years that are converted, either side of the year 0. A day of a later year has no form in EDTF.
const MAX_YEAR: i64 = 9_999;

/// The calendar that a date is written by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Calendar {
    /// The Gregorian one, also before it was introduced.
    Gregorian,
    /// The Julian one.
    Julian,
}

impl Calendar {
    /// The calendar of a name; Gregorian without one.
    ///
    /// # Errors
    /// A name that is none.
    pub(super) fn by_name(name: Option<&str>) -> Result<Self, String> {
        match name {
            None | Some("gregorian") => Ok(Self::Gregorian),
            Some("julian") => Ok(Self::Julian),
            Some(other) => Err(format!("`{other}` is no calendar: expected `gregorian` or `julian`")),
        }
    }
}

/// The month before a month, or the year before a year.
pub(super) const fn before(year: i64, month: Option<u32>) -> (i64, Option<u32>) {
    match month {
        None => (year - 1, None),
        Some(1) => (year - 1, Some(12)),
        Some(month) => (year, Some(month.saturating_sub(1))),
    }
}

/// The Gregorian EDTF of a day, month or year by the Julian calendar.
///
/// # Errors
/// A day that its month does not have, or a year too far away.
pub(super) fn from_julian(year: i64, month: Option<u32>, day: Option<u32>) -> Result<String, String> {
    let number = i32::try_from(year).ok().filter(|_| (-MAX_YEAR..=MAX_YEAR).contains(&year));
    let too_far = || format!("the year {year} is too far away for the Julian calendar");
    let number = number.ok_or_else(too_far)?;
    let fixed = |month: u32, day: u32| {
        let small = |part: u32| u8::try_from(part).unwrap_or(u8::MAX);
        fixed_from_julian(number, small(month), small(day))
    };
    let first_after = |month: u32| {
        if month < 12 { fixed(month + 1, 1) } else { fixed_from_julian(number.saturating_add(1), 1, 1) }
    };
    if month.is_some_and(|month| !(1..=12).contains(&month)) {
        return Err(format!("`{}` has a month that no year has", edtf((year, month, day), None)));
    }
    match (month, day) {
        (Some(month), Some(day)) => {
            let at = fixed(month, 1) + i64::from(day) - 1;
            if day < 1 || at >= first_after(month) {
                let written = edtf((year, Some(month), Some(day)), None);
                return Err(format!("`{written}` has a day that its month does not have by the Julian calendar"));
            }
            gregorian(at).ok_or_else(too_far)
        }
        (Some(month), None) => range(fixed(month, 1), first_after(month)).ok_or_else(too_far),
        (None, _) => range(fixed(1, 1), first_after(12)).ok_or_else(too_far),
    }
}

fn range(first: RataDie, after: RataDie) -> Option<String> {
    Some(format!("[{}..{}]", gregorian(first)?, gregorian(after - 1)?))
}

fn gregorian(at: RataDie) -> Option<String> {
    let (year, month, day) = gregorian_from_fixed(at).ok()?;
    let year = i64::from(year);
    (-MAX_YEAR..=MAX_YEAR).contains(&year).then(|| edtf((year, Some(u32::from(month)), Some(u32::from(day))), None))
}
