//! The period a question asks about: `valid_at`, as `[a, b)`.
//!
//! ```text
//!   2025-07      [2025-07-01T00:00, 2025-08-01T00:00)      201X   [2010-01-01, 2020-01-01)
//!   2025-07-15   [2025-07-15T00:00, 2025-07-16T00:00)      2025-33   the first quarter
//! ```
//!
//! A claim may be vague, a question may not: a question gives a year, a month, a day, a quarter, unspecified digits, or a
//! date-time with a zone (one second). An instant may also be given in milliseconds since 1970, as dashboards do. A set, a
//! qualifier or digits that leave holes (`2025-XX-15`) name no one stretch of time, and an answer for the stretch around
//! them would be an answer to another question: they are refused.
//!
//! Invariant: `a < b` in every period made here.

use super::edtf::{DateTimeText, EdtfError, PartialDate, excerpt};
use super::moment::{Atom, Moment};

/// A stretch of valid time, from `a` up to and not including `b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// Its first instant.
    pub a: Moment,
    /// The instant after it.
    pub b: Moment,
}

impl Period {
    /// Reads an asked date.
    ///
    /// # Errors
    ///
    /// The errors of [`PartialDate::parse`], and an error for a set, a qualified or rounded date, or unspecified digits
    /// before given ones.
    pub fn parse(text: &str) -> Result<Self, EdtfError> {
        if let Some(period) = milliseconds(text).or_else(|| far_date(text)) {
            return Ok(period);
        }
        let date = match DateTimeText::of(text) {
            Ok(written) => PartialDate::parse(&written.to_edtf()),
            Err(_) => PartialDate::parse(text),
        }?;
        refuse_vague(text)?;
        match (date.earliest(), date.latest()) {
            (Some(first), Some(last)) => Ok(Self { a: first.start, b: last.end }),
            _ => Err(EdtfError::SetAsked { text: excerpt(text) }),
        }
    }

    /// Returns true if it is made of whole days, as every period is that was given by a date without a time. Such a
    /// question is about dates as they are written, any other about instants.
    #[must_use]
    pub fn is_of_days(&self) -> bool {
        self.a < self.b && [self.a, self.b].iter().all(|end| *end == end.day_start())
    }

    /// An atom as the question goes by it: as its date, or as its instants.
    #[must_use]
    pub fn as_asked(&self, atom: Atom) -> Atom {
        if self.is_of_days() { atom.date() } else { atom }
    }

    /// The calendar day that holds `moment`.
    #[must_use]
    pub fn day_of(moment: Moment) -> Self {
        Atom::day(moment).into()
    }
}

impl From<Atom> for Period {
    fn from(atom: Atom) -> Self {
        Self { a: atom.start, b: atom.end }
    }
}

/// The second that holds an instant in milliseconds since 1970, as dashboards write it: more digits than any year has.
fn milliseconds(text: &str) -> Option<Period> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_one = (11..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    let milliseconds: i64 = if is_one { text.parse().ok()? } else { return None };
    Some(Atom::second(Moment(milliseconds.div_euclid(1_000))).into())
}

/// A month or a day of a year beyond four digits, for which EDTF has no form: as answers write it, `Y12345-07-15`.
fn far_date(text: &str) -> Option<Period> {
    let is_day = text.starts_with('Y') && text.rsplitn(3, '-').nth(2).is_some_and(|year| year.len() > 5);
    if is_day {
        return Atom::from_text(text).map(Period::from);
    }
    let first = Atom::from_text(&format!("{text}-01")).filter(|_| text.starts_with('Y'))?;
    let (year, month, _) = first.start.to_civil_day();
    let next = (year.saturating_add(i64::from(month / 12)), month % 12 + 1);
    Some(Period { a: first.start, b: Moment::from_civil_day(next.0, next.1, 1) })
}

fn refuse_vague(text: &str) -> Result<(), EdtfError> {
    if text.starts_with('[') {
        return Err(EdtfError::SetAsked { text: excerpt(text) });
    }
    if text.contains(['~', '?', '%', 'S']) {
        return Err(EdtfError::QualifiedAsked { text: excerpt(text) });
    }
    match text.find('X').and_then(|first| text.get(first..)) {
        Some(rest) if rest.contains(|c: char| c.is_ascii_digit()) => {
            Err(EdtfError::ScatteredAsked { text: excerpt(text) })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(text: &str) -> (String, String) {
        let period = Period::parse(text).unwrap();
        assert!(period.a < period.b);
        (period.a.to_date_string(), period.b.to_date_string())
    }

    #[test]
    fn a_period_is_what_the_asked_date_covers() {
        for (text, a, b) in [
            ("2025", "2025-01-01", "2026-01-01"),
            ("2025-07", "2025-07-01", "2025-08-01"),
            ("2025-07-15", "2025-07-15", "2025-07-16"),
            ("2024-02-29", "2024-02-29", "2024-03-01"),
            ("2025-34", "2025-04-01", "2025-07-01"),
            ("201X", "2010-01-01", "2020-01-01"),
            ("2025-XX", "2025-01-01", "2026-01-01"),
            ("2025-1X", "2025-10-01", "2026-01-01"),
            ("2025-12-XX", "2025-12-01", "2026-01-01"),
            ("2025-XX-XX", "2025-01-01", "2026-01-01"),
            ("Y12345", "Y12345-01-01", "Y12346-01-01"),
        ] {
            assert_eq!(days(text), (a.to_owned(), b.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_date_time_is_one_second() {
        let period = Period::parse("2025-07-15T12:00:00+02:00").unwrap();
        assert_eq!(period.a.to_string_second(), "2025-07-15T10:00:00Z");
        assert_eq!(period.b.to_string_second(), "2025-07-15T10:00:01Z");
    }

    #[test]
    fn what_dashboards_and_scripts_write_is_an_instant() {
        let second = Period::parse("2025-07-01T00:00:00Z").unwrap();
        for text in ["2025-07-01T00:00:00.000Z", "2025-07-01T00:00:00.999Z", "1751328000000", "1751328000999"] {
            assert_eq!(Period::parse(text).unwrap(), second, "{text}");
        }
        assert_eq!(Period::parse("-2208988800000").unwrap(), Period::parse("1900-01-01T00:00:00Z").unwrap());
        for text in ["1751328000", "20250701", "1751328000000000000", "12345"] {
            assert!(matches!(Period::parse(text), Err(EdtfError::BareNumber { .. })), "{text}");
        }
    }

    #[test]
    fn a_day_or_a_month_beyond_four_digits_is_read_as_it_is_written() {
        assert_eq!(days("Y12345-07-15"), ("Y12345-07-15".to_owned(), "Y12345-07-16".to_owned()));
        assert_eq!(days("Y12345-12"), ("Y12345-12-01".to_owned(), "Y12346-01-01".to_owned()));
        assert_eq!(days("Y-12345-02"), ("Y-12345-02-01".to_owned(), "Y-12345-03-01".to_owned()));
        for text in ["Y12345-13", "Y12345-02-30", "Y2025-01-01"] {
            assert!(Period::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn dates_and_instants_are_told_apart() {
        for (text, is_of_days) in [
            ("2025", true),
            ("2025-07-15", true),
            ("201X", true),
            ("2025-07-15T00:00:00Z", false),
            ("Y12345-07-15", true),
        ] {
            assert_eq!(Period::parse(text).unwrap().is_of_days(), is_of_days, "{text}");
        }
    }

    #[test]
    fn a_question_may_not_be_vague() {
        for text in ["2025~", "2025?", "2025-07%", "1950S2"] {
            assert!(matches!(Period::parse(text), Err(EdtfError::QualifiedAsked { .. })), "{text}");
        }
        for text in ["[2024..2025]", "[..2025]", "[2024,2025]", "[2024..]"] {
            assert!(matches!(Period::parse(text), Err(EdtfError::SetAsked { .. })), "{text}");
        }
        for text in ["2025-XX-15", "201X-12", "1XX4", "201X-33"] {
            assert!(matches!(Period::parse(text), Err(EdtfError::ScatteredAsked { .. })), "{text}");
        }
        assert!(matches!(Period::parse("2024/2025"), Err(EdtfError::Interval { .. })));
        assert!(matches!(Period::parse("2024-21"), Err(EdtfError::Season { .. })));
    }

    #[test]
    fn the_day_of_a_moment_is_the_day_that_holds_it() {
        let day = Period::parse("2025-07-15").unwrap();
        assert_eq!(Period::day_of(day.a), day);
        assert_eq!(Period::day_of(day.b.plus_seconds(-1)), day);
    }
}
