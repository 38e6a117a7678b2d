//! A date as a source gives it: an EDTF text (ISO 8601-2:2019), kept verbatim, with the days it may mean.
//!
//! `2024-12` is *some day in December*, `[..2025-07]` some day up to July, `1874~` a day of about 1874. The text is what
//! the source said and is never rewritten; beside it stand its earliest and its latest [`Atom`], computed once, which is
//! all that the rules of valid time look at.
//!
//! ```text
//!    text                earliest      latest
//!    2024-12             2024-12-01    2024-12-31       month: some day of it
//!    201X                2010-01-01    2019-12-31       unspecified digits
//!    [..2025-07]         (none)        2025-07-31       one of: any day up to
//!    1874~               1874-01-01    1874-12-31       a qualifier is kept and does not widen
//!    2025-34             2025-04-01    2025-06-30       a quarter (33-36), a third (37-39), a half (40, 41)
//!    2025-07-15T10:00:00Z              that one second, both
//! ```
//!
//! Refused, because they are not one date or have no days of their own: intervals, all-of sets `{..}`, seasons (spring is
//! not the same months everywhere), exponent years, and times without a zone. Each error says what to write instead.
//!
//! Parsing is `edtf-core`'s, behind this type: nothing else in the crate says its name. Its version is pinned, since a
//! change of its bounds would change answers; what is stored are the atoms, read back with [`PartialDate::from_parts`].
//!
//! Invariant: the atoms of a date are both days or both the same second; `None` means unbounded on that side.

use edtf_core::{Bound as Side, Date, DateTime, Edtf, Set, SetElement, SetKind, TimeShift, YearKind};

use super::bound::Bound;
use super::moment::Moment;

pub use super::moment::Atom;

/// The years that can be computed with: up to eleven digits, either side of the year 0.
const MAX_YEAR: i64 = 99_999_999_999;

/// An EDTF date, verbatim, with the earliest and the latest day (or second) it may mean.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartialDate {
    text: Box<str>,
    earliest: Option<Atom>,
    latest: Option<Atom>,
}

impl PartialDate {
    /// Reads one date.
    ///
    /// # Errors
    ///
    /// [`EdtfError`], with what was wrong and what to write instead.
    pub fn parse(text: &str) -> Result<Self, EdtfError> {
        refuse_by_look(text)?;
        let (earliest, latest) = match Edtf::parse(text).map_err(|e| not_edtf(text, e.offset, e.message))? {
            Edtf::Interval(_) => return Err(EdtfError::Interval { text: shown(text) }),
            Edtf::DateTime(instant) => second_of(text, &instant).map(|atom| (Some(atom), Some(atom)))?,
            Edtf::Date(date) => {
                check_date(text, &date)?;
                days_of(text, &Edtf::Date(date))?
            }
            Edtf::Set(set) => {
                check_set(text, &set)?;
                days_of(text, &Edtf::Set(set))?
            }
        };
        Ok(Self::from_parts(text, earliest, latest))
    }

    /// Puts a date together from what was once computed, without parsing: for reading back what is stored.
    #[must_use]
    pub fn from_parts(text: impl Into<Box<str>>, earliest: Option<Atom>, latest: Option<Atom>) -> Self {
        Self { text: text.into(), earliest, latest }
    }

    /// What the source wrote.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The earliest day (or second) it may mean; `None` if there is none, as in `[..2025]`.
    #[must_use]
    pub fn earliest(&self) -> Option<Atom> {
        self.earliest
    }

    /// The latest day (or second) it may mean; `None` if there is none, as in `[2025..]`.
    #[must_use]
    pub fn latest(&self) -> Option<Atom> {
        self.latest
    }

    /// True if a part of it is marked as approximate (`~` or `%`).
    #[must_use]
    pub fn is_approximate(&self) -> bool {
        self.text.contains(['~', '%'])
    }

    /// True if a part of it is marked as uncertain (`?` or `%`).
    #[must_use]
    pub fn is_uncertain(&self) -> bool {
        self.text.contains(['?', '%'])
    }

    /// True if both mean the same, however they are written: the same days and the same qualifiers. `1874`,
    /// `1874-XX-XX` and `[1874]` are one value; `1874~` is another.
    #[must_use]
    pub fn same_value(&self, other: &Self) -> bool {
        self.earliest == other.earliest
            && self.latest == other.latest
            && self.is_approximate() == other.is_approximate()
            && self.is_uncertain() == other.is_uncertain()
    }
}

/// Reads a `valid` string, which gives both bounds at once: the start and the end.
///
/// | text | start | end |
/// |---|---|---|
/// | `x` | x | x |
/// | `x/y` | x | y |
/// | `../x`, `x/..` | open, x | x, open |
/// | `/x`, `x/` | unknown, x | x, unknown |
///
/// # Errors
///
/// What [`PartialDate::parse`] refuses, an interval without any date, and a set as one side of an interval (neither is
/// EDTF): those are given as two bounds. A start after the end is not looked for here, but where the two are
/// [resolved](super::validity::Validity::resolve).
pub fn parse_valid(text: &str) -> Result<(Bound, Bound), EdtfError> {
    let Some((from, to)) = text.split_once('/').filter(|(from, _)| !is_set(from) || from.ends_with([']', '}'])) else {
        let both = Bound::Known(PartialDate::parse(text)?);
        return Ok((both.clone(), both));
    };
    if let Some((end, _)) = to.split_once('/') {
        return Err(not_edtf(text, from.len() + end.len() + 1, "an interval has one `/`"));
    }
    match (parse_side(from)?, parse_side(to)?) {
        (Bound::Unknown | Bound::Open, Bound::Unknown | Bound::Open) => {
            Err(EdtfError::NoDateAtAll { text: shown(text) })
        }
        sides => Ok(sides),
    }
}

fn parse_side(text: &str) -> Result<Bound, EdtfError> {
    match text {
        "" => Ok(Bound::Unknown),
        ".." => Ok(Bound::Open),
        _ if is_set(text) => Err(EdtfError::SetInInterval { text: shown(text) }),
        _ => PartialDate::parse(text).map(Bound::Known),
    }
}

/// Why a text is no date here. Each says what to write instead; positions count characters, from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EdtfError {
    /// Nothing was written.
    #[error("the date is empty: write one such as `2024`, `2024-12` or `2024-12-25`, or leave the field out")]
    Empty,
    /// It is not EDTF.
    #[error(
        "`{text}` is not an EDTF date: at character {position}, {reason}; write dates as `2024`, `2024-12` or `2024-12-25`"
    )]
    NotEdtf {
        /// What was written.
        text: String,
        /// Where it stops being EDTF, in characters from 1.
        position: usize,
        /// What is wrong there.
        reason: &'static str,
    },
    /// The calendar has no such day.
    #[error("`{text}` has a day that its month does not have: write a day of that month, or the month alone")]
    NoSuchDay {
        /// What was written.
        text: String,
    },
    /// An interval where one date belongs.
    #[error(
        "`{text}` is an interval, and one date is wanted: give its ends as two bounds; for some day between two, write `[2024-12..2025-07]`"
    )]
    Interval {
        /// What was written.
        text: String,
    },
    /// A range that is not in brackets.
    #[error(
        "`{text}` is a range without brackets: for some day between two, write `[2024-12..2025-07]`; for up to one, `[..2025-07]`"
    )]
    BareRange {
        /// What was written.
        text: String,
    },
    /// A set of which every member is meant.
    #[error(
        "`{text}` means all of its dates, and one date is wanted: record a claim for each, or write `[..]` for one of them"
    )]
    AllOf {
        /// What was written.
        text: String,
    },
    /// A season: it has no dates of its own.
    #[error(
        "`{text}` is a season, which has no dates of its own: write its months, `[2024-03..2024-05]`, or a quarter, `2024-33` to `2024-36`"
    )]
    Season {
        /// What was written.
        text: String,
    },
    /// A year with an exponent.
    #[error("`{text}` has a year with an exponent: write the year out, `Y170000002`")]
    ExponentYear {
        /// What was written.
        text: String,
    },
    /// A year too far away to compute with.
    #[error(
        "`{text}` is too far away: years have up to eleven digits; for no limit on that side, write `[..2024]` or `[2024..]`"
    )]
    YearOutOfRange {
        /// What was written.
        text: String,
    },
    /// A time of day that could be anywhere in the world.
    #[error("`{text}` has a time without a zone: add `Z` for UTC, or an offset such as `+03:00`")]
    NoZone {
        /// What was written.
        text: String,
    },
    /// A `valid` string with no date in it.
    #[error("`{text}` has no date: say of each end whether it is unknown or open, as two bounds")]
    NoDateAtAll {
        /// What was written.
        text: String,
    },
    /// A set as one side of a `valid` string.
    #[error("`{text}` is a set, which cannot be one side of an interval: give the two ends as two bounds")]
    SetInInterval {
        /// What was written.
        text: String,
    },
    /// A question about a date with a qualifier or significant digits.
    #[error(
        "`{text}` is itself uncertain, and a question asks about a certain period: leave out `~`, `?`, `%` and `S`"
    )]
    QualifiedAsked {
        /// What was written.
        text: String,
    },
    /// A question about one of several dates.
    #[error(
        "`{text}` is a choice of dates, and a question asks about one period: ask about each, or about the year or month that holds them"
    )]
    SetAsked {
        /// What was written.
        text: String,
    },
    /// A question about digits that leave holes.
    #[error("`{text}` names days that are not one period: put the `X` last, as in `201X` or `2024-12-XX`")]
    ScatteredAsked {
        /// What was written.
        text: String,
    },
}

/// A text as it is quoted in an error: its first sixty characters.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(60).and_then(|(end, _)| text.get(..end)) {
        Some(head) => format!("{head}..."),
        None => text.to_owned(),
    }
}

/// What is better told apart by its look than by the place where a parser stumbles.
fn refuse_by_look(text: &str) -> Result<(), EdtfError> {
    if text.is_empty() {
        Err(EdtfError::Empty)
    } else if is_set(text) {
        Ok(())
    } else if text.contains('/') {
        Err(EdtfError::Interval { text: shown(text) })
    } else if text.contains("..") {
        Err(EdtfError::BareRange { text: shown(text) })
    } else {
        Ok(())
    }
}

fn is_set(text: &str) -> bool {
    text.starts_with(['[', '{'])
}

fn not_edtf(text: &str, offset: usize, reason: &'static str) -> EdtfError {
    if reason == "day is out of range for the month" {
        return EdtfError::NoSuchDay { text: shown(text) };
    }
    EdtfError::NotEdtf { text: shown(text), position: offset.saturating_add(1), reason }
}

fn check_set(text: &str, set: &Set) -> Result<(), EdtfError> {
    if set.kind == SetKind::AllMembers {
        return Err(EdtfError::AllOf { text: shown(text) });
    }
    set.elements.iter().try_for_each(|element| match element {
        SetElement::Date(date) | SetElement::OnOrBefore(date) | SetElement::OnOrAfter(date) => check_date(text, date),
        SetElement::Range(from, to) => check_date(text, from).and_then(|()| check_date(text, to)),
    })
}

fn check_date(text: &str, date: &Date) -> Result<(), EdtfError> {
    if matches!(date.year.kind, YearKind::Exponential { .. }) {
        return Err(EdtfError::ExponentYear { text: shown(text) });
    }
    match date.month.and_then(|month| month.value()) {
        Some(21..=32) => Err(EdtfError::Season { text: shown(text) }),
        _ => Ok(()),
    }
}

fn days_of(text: &str, date: &Edtf) -> Result<(Option<Atom>, Option<Atom>), EdtfError> {
    let bounds = date.bounds();
    Ok((day_of(text, bounds.earliest)?, day_of(text, bounds.latest)?))
}

fn day_of(text: &str, side: Side) -> Result<Option<Atom>, EdtfError> {
    match side {
        Side::NegativeInfinity | Side::PositiveInfinity => Ok(None),
        Side::Date(day) if (-MAX_YEAR..=MAX_YEAR).contains(&day.year) => {
            Ok(Some(Atom::day(Moment::from_civil_day(day.year, day.month, day.day))))
        }
        Side::Date(_) | Side::Unknown => Err(EdtfError::YearOutOfRange { text: shown(text) }),
    }
}

/// The second of a date-time, in UTC. A leap second (`:60`) is taken for the second before it, in the same minute.
fn second_of(text: &str, instant: &DateTime) -> Result<Atom, EdtfError> {
    let offset_minutes = match instant.time.shift {
        None => return Err(EdtfError::NoZone { text: shown(text) }),
        Some(TimeShift::Utc) => 0,
        Some(TimeShift::Offset { minutes, .. }) => i64::from(minutes),
    };
    let Side::Date(day) = Edtf::Date(instant.date).bounds().earliest else {
        return Err(EdtfError::YearOutOfRange { text: shown(text) });
    };
    let time = instant.time;
    let minutes = i64::from(time.hour) * 60 + i64::from(time.minute) - offset_minutes;
    let seconds = minutes * 60 + i64::from(time.second.min(59));
    Ok(Atom::second(Moment::from_civil_day(day.year, day.month, day.day).plus_seconds(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> (String, String) {
        let date = PartialDate::parse(text).unwrap();
        let side = |atom: Option<Atom>| atom.map_or("none".to_owned(), Atom::to_text);
        (side(date.earliest()), side(date.latest()))
    }

    fn refusal(text: &str) -> EdtfError {
        PartialDate::parse(text).unwrap_err()
    }

    #[test]
    fn a_date_is_some_day_between_its_earliest_and_its_latest() {
        for (text, earliest, latest) in [
            ("2024", "2024-01-01", "2024-12-31"),
            ("2024-02", "2024-02-01", "2024-02-29"),
            ("2024-12-25", "2024-12-25", "2024-12-25"),
            ("201X", "2010-01-01", "2019-12-31"),
            ("XXXX", "0000-01-01", "9999-12-31"),
            ("1874-XX-XX", "1874-01-01", "1874-12-31"),
            ("2023-XX-31", "2023-01-31", "2023-12-31"),
            ("1874~", "1874-01-01", "1874-12-31"),
            ("2004-06~-11", "2004-06-11", "2004-06-11"),
            ("[2024-12..2025-07]", "2024-12-01", "2025-07-31"),
            ("[1667,1668-12,1670..1672]", "1667-01-01", "1672-12-31"),
            ("[..2025-07]", "none", "2025-07-31"),
            ("[2025-07..]", "2025-07-01", "none"),
            ("[..1984,1990..]", "none", "none"),
            ("2025-33", "2025-01-01", "2025-03-31"),
            ("2025-36", "2025-10-01", "2025-12-31"),
            ("2025-39", "2025-09-01", "2025-12-31"),
            ("2025-41", "2025-07-01", "2025-12-31"),
            ("-0044-03-15", "-0044-03-15", "-0044-03-15"),
            ("0000", "0000-01-01", "0000-12-31"),
            ("1950S2", "1900-01-01", "1999-12-31"),
            ("Y17000", "Y17000-01-01", "Y17000-12-31"),
            ("Y-99999999999", "Y-99999999999-01-01", "Y-99999999999-12-31"),
            ("2025-07-15T10:00:00Z", "2025-07-15T10:00:00Z", "2025-07-15T10:00:00Z"),
            ("2025-07-15T01:30:00+03:00", "2025-07-14T22:30:00Z", "2025-07-14T22:30:00Z"),
            ("2025-07-15T23:30:00-01", "2025-07-16T00:30:00Z", "2025-07-16T00:30:00Z"),
            ("0000-01-01T00:00:00+14:00", "-0001-12-31T10:00:00Z", "-0001-12-31T10:00:00Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z", "2016-12-31T23:59:59Z"),
        ] {
            assert_eq!(span(text), (earliest.to_owned(), latest.to_owned()), "{text}");
        }
    }

    #[test]
    fn the_text_is_kept_as_written_and_qualifiers_are_told() {
        for (text, approximate, uncertain) in
            [("2001~", true, false), ("2001?-06", false, true), ("?2001-06%", true, true), ("1874-XX-XX", false, false)]
        {
            let date = PartialDate::parse(text).unwrap();
            assert_eq!((date.text(), date.is_approximate(), date.is_uncertain()), (text, approximate, uncertain));
        }
    }

    #[test]
    fn two_spellings_of_one_value_are_the_same_value() {
        let same = |a, b| PartialDate::parse(a).unwrap().same_value(&PartialDate::parse(b).unwrap());
        assert!(same("1874", "1874-XX-XX"));
        assert!(same("1874", "1874-XX"));
        assert!(same("2024-12", "2024-12-XX"));
        assert!(same("?2004-?06-?11", "2004-06-11?"));
        assert!(same("2025-07-15T10:00:00Z", "2025-07-15T12:00:00+02:00"));
        assert!(!same("1874", "1874~"));
        assert!(!same("1874", "187X"));
    }

    #[test]
    fn what_is_not_one_date_is_refused_with_what_to_write_instead() {
        for (text, hint) in [
            ("", "leave the field out"),
            ("2024/2025", "two bounds"),
            ("2024..2025", "[2024-12..2025-07]"),
            ("..2025", "[..2025-07]"),
            ("{2024,2025}", "a claim for each"),
            ("2024-21", "a quarter"),
            ("2024-32", "a quarter"),
            ("[2024-21,2025]", "a quarter"),
            ("Y17E7", "write the year out"),
            ("Y99E99", "write the year out"),
            ("[Y17E7..]", "write the year out"),
            ("Y100000000000", "eleven digits"),
            ("[..Y-9223372036854775807]", "eleven digits"),
            ("2024-12-25T10:00:00", "add `Z`"),
            ("2023-02-29", "a day of that month"),
            ("1900-02-29", "a day of that month"),
            ("[2024,2023-02-30]", "a day of that month"),
            ("2023-02-3X", "a day of that month"),
        ] {
            assert!(refusal(text).to_string().contains(hint), "{text}: {}", refusal(text));
        }
    }

    #[test]
    fn what_is_not_edtf_is_refused_at_its_place() {
        for (text, place) in [
            ("2024-13", 6),
            ("2024-7-1", 7),
            ("24", 2),
            ("2024-12-25 10:00", 11),
            ("٢٠٢٤", 1),
            ("2024-12é", 8),
            ("soon", 1),
            ("[2025..2024]", 8),
        ] {
            match refusal(text) {
                EdtfError::NotEdtf { position, .. } => assert_eq!(position, place, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_long_text_is_quoted_in_part() {
        let text = "é".repeat(1_000);
        assert_eq!(shown(&text).chars().count(), 63);
        assert!(refusal(&text).to_string().len() < 300);
    }

    #[test]
    fn a_valid_string_gives_both_bounds() {
        let known = |text| Bound::Known(PartialDate::parse(text).unwrap());
        for (text, from, to) in [
            ("2024-12", known("2024-12"), known("2024-12")),
            ("[..2025-07]", known("[..2025-07]"), known("[..2025-07]")),
            ("2024-12/2025~", known("2024-12"), known("2025~")),
            ("../2025-07", Bound::Open, known("2025-07")),
            ("/2025-07", Bound::Unknown, known("2025-07")),
            ("2024/..", known("2024"), Bound::Open),
            ("2024/", known("2024"), Bound::Unknown),
            ("2024-12-25T10:00:00Z/..", known("2024-12-25T10:00:00Z"), Bound::Open),
        ] {
            assert_eq!(parse_valid(text), Ok((from, to)), "{text}");
        }
    }

    #[test]
    fn a_valid_string_that_is_no_interval_of_dates_is_refused() {
        for text in ["/", "../..", "/..", "../"] {
            assert!(matches!(parse_valid(text), Err(EdtfError::NoDateAtAll { .. })), "{text}");
        }
        assert!(matches!(parse_valid("[2022..2025]/.."), Err(EdtfError::SetInInterval { .. })));
        assert!(matches!(parse_valid("..2022/2025"), Err(EdtfError::BareRange { .. })));
        assert!(matches!(parse_valid("07/15/2025"), Err(EdtfError::NotEdtf { position: 6, .. })));
        assert!(matches!(parse_valid("[2024/2025]"), Err(EdtfError::NotEdtf { .. })));
        assert_eq!(parse_valid(""), Err(EdtfError::Empty));
    }
}
