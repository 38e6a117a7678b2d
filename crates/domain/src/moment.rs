//! Valid time as numbers: a second on the calendar, and the smallest piece of time a source can name.
//!
//! A [`Moment`] counts seconds since 1970-01-01T00:00:00Z on the proleptic Gregorian calendar, every day 86,400 of them
//! (no leap seconds, no zones: calendar days are UTC days). An [`Atom`] is what EDTF can name exactly: a day, or, where
//! a time was given, one second. A second that was written with an offset from UTC keeps it, so that the day that its
//! text names is not lost ([`Atom::date`]).
//!
//! ```text
//!                2025-07-15 (an atom)            2025-07-16
//!      |---------------------------------------|-----------
//!      ^ start = 00:00                          ^ end = 24:00, the instant after it
//! ```
//!
//! Invariant: the two ends of the line are values too ([`Moment::MIN`] = -inf, [`Moment::MAX`] = +inf), they absorb, and
//! every calculation saturates into them; nothing here overflows or panics, whatever the year.
//!
//! This is not a clock and not the recorded time of the log: that is [`super::position`].

use std::fmt;

/// The seconds of one calendar day.
pub const SECONDS_PER_DAY: i64 = 86_400;

/// An instant of valid time: seconds since 1970-01-01T00:00:00Z, proleptic Gregorian, saturating.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

impl Moment {
    /// -inf: before every instant that can be named.
    pub const MIN: Self = Self(i64::MIN);

    /// +inf: after every instant that can be named.
    pub const MAX: Self = Self(i64::MAX);

    /// 00:00 of a calendar day. Astronomical years (0 is 1 BC). A day past the end of its month runs into the next one,
    /// a year beyond the line saturates to [`Self::MIN`] or [`Self::MAX`].
    #[must_use]
    pub fn from_civil_day(year: i64, month: u8, day: u8) -> Self {
        let seconds = days_from_civil(year, month, day).saturating_mul(i128::from(SECONDS_PER_DAY));
        Self(saturate(seconds))
    }

    /// The calendar day that holds this instant: astronomical year, month 1-12, day 1-31. The infinities have one too,
    /// of no meaning: check [`Self::is_finite`] first.
    #[must_use]
    pub fn to_civil_day(self) -> (i64, u8, u8) {
        civil_from_days(self.0.div_euclid(SECONDS_PER_DAY))
    }

    /// True unless this is -inf or +inf.
    #[must_use]
    pub fn is_finite(self) -> bool {
        self != Self::MIN && self != Self::MAX
    }

    /// The instant `seconds` later (earlier, if negative). The infinities stay where they are; the rest saturates.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        if self.is_finite() { Self(self.0.saturating_add(seconds)) } else { self }
    }

    /// 00:00 of the day that holds this instant. The infinities stay where they are.
    #[must_use]
    pub fn day_start(self) -> Self {
        self.plus_seconds(self.0.rem_euclid(SECONDS_PER_DAY).saturating_neg())
    }

    /// The day that holds this instant, for people: `2025-07-15`, `-0044-03-15`, `Y12345-01-01` for years past four
    /// digits (EDTF's way to write the year), `-inf`, `+inf`.
    #[must_use]
    pub fn to_date_string(self) -> String {
        match self {
            Self::MIN => "-inf".to_owned(),
            Self::MAX => "+inf".to_owned(),
            Self(_) => {
                let (year, month, day) = self.to_civil_day();
                format!("{}-{month:02}-{day:02}", year_text(year))
            }
        }
    }

    /// The last day before this instant, for people: what to show for an end, which is the instant *after* its day.
    #[must_use]
    pub fn to_end_date_string(self) -> String {
        self.plus_seconds(-1).to_date_string()
    }

    /// The second, for people: `2025-07-15T10:00:00Z`; the infinities as in [`Self::to_date_string`].
    #[must_use]
    pub fn to_string_second(self) -> String {
        if !self.is_finite() {
            return self.to_date_string();
        }
        let second = self.0.rem_euclid(SECONDS_PER_DAY);
        let (h, m, s) = (second / 3600, second / 60 % 60, second % 60);
        format!("{}T{h:02}:{m:02}:{s:02}Z", self.to_date_string())
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_string_second())
    }
}

/// The smallest piece of time a source can name: a day, or one second. `[start, end)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Atom {
    /// Its first instant.
    pub start: Moment,
    /// The instant after it.
    pub end: Moment,
    /// Seconds by which the clock that a second was written by is ahead of UTC; 0 for a day.
    pub offset: i32,
}

impl Atom {
    /// The day that holds `moment`.
    #[must_use]
    pub fn day(moment: Moment) -> Self {
        let start = moment.day_start();
        Self { start, end: start.plus_seconds(SECONDS_PER_DAY), offset: 0 }
    }

    /// The one second that begins at `moment`.
    #[must_use]
    pub fn second(moment: Moment) -> Self {
        Self { start: moment, end: moment.plus_seconds(1), offset: 0 }
    }

    /// The same second, written by a clock that is `offset` seconds ahead of UTC. Days have no clock.
    #[must_use]
    pub fn written_at(self, offset: i32) -> Self {
        if self.is_second() { Self { offset, ..self } } else { self }
    }

    /// The piece of the calendar that a question for a day, month or year goes by: for a second that was written with an
    /// offset from UTC, the day that its text names; for all else itself.
    #[must_use]
    pub fn date(self) -> Self {
        if self.offset == 0 { self } else { Self::day(self.start.plus_seconds(i64::from(self.offset))) }
    }

    /// True if this is one second, false if it is a day.
    #[must_use]
    pub fn is_second(self) -> bool {
        self.start.plus_seconds(1) == self.end
    }

    /// The text it is kept as: `YYYY-MM-DD`, or `YYYY-MM-DDThh:mm:ssZ` for a second, in UTC.
    #[must_use]
    pub fn to_text(self) -> String {
        if self.is_second() { self.start.to_string_second() } else { self.start.to_date_string() }
    }

    /// Reads back what [`Self::to_text`] wrote, and nothing else: every other spelling is `None`.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let atom = match text.split_once('T') {
            None => Self::day(read_day(text)?),
            Some((day, time)) => Self::second(read_day(day)?.plus_seconds(read_time(time)?)),
        };
        (atom.to_text() == text).then_some(atom)
    }
}

fn read_day(text: &str) -> Option<Moment> {
    let mut parts = text.rsplitn(3, '-');
    let day = parts.next()?.parse().ok()?;
    let month = parts.next()?.parse().ok()?;
    let year = parts.next()?;
    Some(Moment::from_civil_day(year.strip_prefix('Y').unwrap_or(year).parse().ok()?, month, day))
}

fn read_time(text: &str) -> Option<i64> {
    let mut parts = text.strip_suffix('Z')?.splitn(3, ':');
    let mut next = || parts.next()?.parse::<u8>().ok().map(i64::from);
    let (h, m, s) = (next()?, next()?, next()?);
    Some(h * 3600 + m * 60 + s)
}

fn year_text(year: i64) -> String {
    match year {
        -9999..=-1 => format!("-{:04}", year.unsigned_abs()),
        0..=9999 => format!("{year:04}"),
        _ => format!("Y{year}"),
    }
}

fn saturate(seconds: i128) -> i64 {
    i64::try_from(seconds).unwrap_or(if seconds < 0 { i64::MIN } else { i64::MAX })
}

/// Days since 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"), wide enough for any `i64` year.
fn days_from_civil(year: i64, month: u8, day: u8) -> i128 {
    let month = i128::from(month.clamp(1, 12));
    let year = i128::from(year) - i128::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i128::from(day.clamp(1, 31)) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The inverse. Seconds bound the days to about 10^14, so nothing here comes near an overflow.
fn civil_from_days(days: i64) -> (i64, u8, u8) {
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era.saturating_mul(400) + i64::from(month <= 2);
    (year, small(month), small(day))
}

/// A month or a day of the month, which always fits.
fn small(n: i64) -> u8 {
    u8::try_from(n).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epoch_is_zero_and_days_are_86400_seconds_apart() {
        assert_eq!(Moment::from_civil_day(1970, 1, 1), Moment(0));
        assert_eq!(Moment::from_civil_day(1969, 12, 31), Moment(-86_400));
        assert_eq!(Moment::from_civil_day(2025, 7, 31), Moment(1_753_920_000));
    }

    #[test]
    fn every_day_of_eight_centuries_follows_the_day_before_and_reads_back() {
        let mut expected = Moment::from_civil_day(-400, 1, 1);
        for year in -400..400 {
            for month in 1..=12_u8 {
                let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
                let last = match month {
                    2 => 28 + u8::from(leap),
                    4 | 6 | 9 | 11 => 30,
                    _ => 31,
                };
                for day in 1..=last {
                    assert_eq!(Moment::from_civil_day(year, month, day), expected, "{year}-{month}-{day}");
                    assert_eq!(expected.plus_seconds(86_399).to_civil_day(), (year, month, day));
                    expected = expected.plus_seconds(SECONDS_PER_DAY);
                }
            }
        }
    }

    #[test]
    fn the_extremes_absorb_and_never_overflow() {
        for m in [Moment::MIN, Moment::MAX] {
            assert_eq!(m.plus_seconds(i64::MAX), m);
            assert_eq!(m.plus_seconds(i64::MIN), m);
            assert_eq!(m.day_start(), m);
            let _ = m.to_civil_day();
        }
        for m in [Moment(i64::MIN + 1), Moment(i64::MAX - 1)] {
            let _ = (m.day_start(), m.to_string_second(), Atom::day(m), Atom::second(m));
        }
        assert_eq!(Moment::from_civil_day(i64::MIN, 1, 1), Moment::MIN);
        assert_eq!(Moment::from_civil_day(i64::MAX, 255, 255), Moment::MAX);
    }

    #[test]
    fn days_are_written_as_edtf_writes_their_years() {
        let day = |y, m, d| Moment::from_civil_day(y, m, d).to_date_string();
        assert_eq!(day(2025, 7, 5), "2025-07-05");
        assert_eq!(day(0, 1, 1), "0000-01-01");
        assert_eq!(day(-44, 3, 15), "-0044-03-15");
        assert_eq!(day(12_345, 1, 2), "Y12345-01-02");
        assert_eq!(day(-12_345, 1, 2), "Y-12345-01-02");
        assert_eq!(Moment::MIN.to_date_string(), "-inf");
        assert_eq!(Moment::MAX.to_string_second(), "+inf");
        assert_eq!(Moment(3_661).to_string(), "1970-01-01T01:01:01Z");
    }

    #[test]
    fn an_end_is_shown_as_the_day_it_closes() {
        assert_eq!(Moment::from_civil_day(2025, 8, 1).to_end_date_string(), "2025-07-31");
        assert_eq!(Moment::MAX.to_end_date_string(), "+inf");
    }

    #[test]
    fn the_text_of_an_atom_reads_back_as_the_same_atom() {
        for year in [-99_999_999_999, -10_000, -9_999, -1, 0, 1, 1970, 9_999, 10_000, 99_999_999_999] {
            let day = Atom::day(Moment::from_civil_day(year, 12, 31));
            assert_eq!(Atom::from_text(&day.to_text()), Some(day));
            let second = Atom::second(day.end.plus_seconds(-1));
            assert_eq!(Atom::from_text(&second.to_text()), Some(second));
        }
    }

    #[test]
    fn no_other_spelling_of_an_atom_is_read() {
        for text in [
            "",
            "2025",
            "2025-07",
            "2025-7-1",
            "2025-02-29",
            "+2025-01-01",
            "Y2025-01-01",
            "-inf",
            "2025-01-01T",
            "2025-01-01T10:00:00",
            "2025-01-01T10:00:00+00:00",
            "2025-01-01T24:00:00Z",
            "2025-01-01T1:2:3Z",
            "9223372036854775808-01-01",
            "2025-01-01T255:255:255Z",
            "é-é-é",
        ] {
            assert_eq!(Atom::from_text(text), None, "{text}");
        }
    }
}
