//! Reading one EDTF text: what is refused, and the first and last day of what is not.

use super::Atom;
use super::days::{DayRun, DaySet, Member};
use super::error::{EdtfError, excerpt};
use super::pattern::Pattern;
use crate::moment::Moment;
use edtf_core::{Bound as Side, Date, DateField, DateTime, Edtf, Set, SetElement, SetKind, TimeShift, YearKind};
use std::borrow::Cow;

/// The years that can be computed with: up to eleven digits, either side of the year 0.
const MAX_YEAR: i64 = 99_999_999_999;

/// The earliest and the latest atom that a text may mean.
pub(super) fn span_of(text: &str) -> Result<(Option<Atom>, Option<Atom>), EdtfError> {
    if let Some(day) = plain_day(text) {
        return Ok((Some(day), Some(day)));
    }
    refuse_by_look(text)?;
    match Edtf::parse(&whole_seconds(text)).map_err(|e| not_edtf(text, e.offset, e.message))? {
        Edtf::Interval(_) => Err(EdtfError::Interval { text: excerpt(text) }),
        Edtf::DateTime(instant) => second_of(text, &instant).map(|atom| (Some(atom), Some(atom))),
        Edtf::Date(date) => {
            check_date(text, &date)?;
            days_of(text, &Edtf::Date(date))
        }
        Edtf::Set(set) => {
            check_set(text, &set)?;
            days_of(text, &Edtf::Set(set))
        }
    }
}

/// The day of a text such as `2025-07-04`, by which most questions and claims go. A day beyond the 28th is left to the
/// parser, which knows the lengths of the months.
fn plain_day(text: &str) -> Option<Atom> {
    let &[y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = text.as_bytes() else { return None };
    let number = |digits: &[u8]| {
        digits
            .iter()
            .try_fold(0u16, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u16::from(digit - b'0')))
    };
    let year = number(&[y0, y1, y2, y3])?;
    let month = number(&[m0, m1]).filter(|month| (1..=12).contains(month))?;
    let day = number(&[d0, d1]).filter(|day| (1..=28).contains(day))?;
    let moment = Moment::from_civil_day(i64::from(year), u8::try_from(month).ok()?, u8::try_from(day).ok()?);
    Some(Atom::day(moment))
}

/// A date-time without the fraction of its second, which RFC 3339 allows and EDTF does not; any other text as it is.
fn whole_seconds(text: &str) -> Cow<'_, str> {
    let Some((whole, rest)) = text.split_once('T').and_then(|(_, time)| time.split_once('.')) else {
        return Cow::Borrowed(text);
    };
    let zone = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
    if whole.len() != "hh:mm:ss".len() || zone.len() == rest.len() {
        return Cow::Borrowed(text);
    }
    let head = text.get(..text.len() - rest.len() - 1).unwrap_or_default();
    Cow::Owned(format!("{head}{zone}"))
}

/// True if a text is a date-time of which a fraction of a second is cut.
pub(super) fn has_fraction(text: &str) -> bool {
    let fraction = text.split_once('T').and_then(|(_, time)| time.split_once('.'));
    fraction.is_some_and(|(_, digits)| digits.starts_with(|c: char| c.is_ascii_digit()))
        && matches!(Edtf::parse(&whole_seconds(text)), Ok(Edtf::DateTime(_)))
}

/// Refuses texts whose look tells more than the place at which a parser stops.
fn refuse_by_look(text: &str) -> Result<(), EdtfError> {
    if text.is_empty() {
        Err(EdtfError::Empty)
    } else if is_set(text) {
        Ok(())
    } else if text.contains('/') {
        Err(EdtfError::Interval { text: excerpt(text) })
    } else if text.contains("..") {
        Err(EdtfError::BareRange { text: excerpt(text) })
    } else if is_bare_number(text) {
        Err(EdtfError::BareNumber { text: excerpt(text) })
    } else if text.starts_with("-") && text.get(1..5).is_some_and(|year| year.contains('X')) {
        Err(EdtfError::VagueNegativeYear { text: excerpt(text) })
    } else {
        Ok(())
    }
}

/// True for a number that is too long to be a year: a day without its hyphens, or milliseconds of a clock.
fn is_bare_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.len() > 4 && digits.bytes().all(|digit| digit.is_ascii_digit())
}

pub(super) fn is_set(text: &str) -> bool {
    text.starts_with(['[', '{'])
}

pub(super) fn not_edtf(text: &str, offset: usize, reason: &'static str) -> EdtfError {
    if reason == "day is out of range for the month" {
        return EdtfError::NoSuchDay { text: excerpt(text) };
    }
    if !is_set(text) && !text.contains('/') && text.find('T').is_some_and(|time| offset > time) {
        return EdtfError::BadTime { text: excerpt(text), reason };
    }
    EdtfError::NotEdtf { text: excerpt(text), position: offset.saturating_add(1), reason }
}

fn check_set(text: &str, set: &Set) -> Result<(), EdtfError> {
    if set.kind == SetKind::AllMembers {
        return Err(EdtfError::AllOf { text: excerpt(text) });
    }
    set.elements.iter().try_for_each(|element| match element {
        SetElement::Date(date) | SetElement::OnOrBefore(date) | SetElement::OnOrAfter(date) => check_date(text, date),
        SetElement::Range(from, to) => check_date(text, from).and_then(|()| check_date(text, to)),
    })
}

fn check_date(text: &str, date: &Date) -> Result<(), EdtfError> {
    if matches!(date.year.kind, YearKind::Exponential { .. }) {
        return Err(EdtfError::ExponentYear { text: excerpt(text) });
    }
    match date.month.and_then(|month| month.value()) {
        Some(21..=32) => Err(EdtfError::Season { text: excerpt(text) }),
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
        Side::Date(_) | Side::Unknown => Err(EdtfError::YearOutOfRange { text: excerpt(text) }),
    }
}

/// The second of a date-time, in UTC. A leap second (`:60`) is taken for the second before it, in the same minute.
fn second_of(text: &str, instant: &DateTime) -> Result<Atom, EdtfError> {
    let offset_minutes = match instant.time.shift {
        None => return Err(EdtfError::NoZone { text: excerpt(text) }),
        Some(TimeShift::Utc) => 0,
        Some(TimeShift::Offset { minutes, .. }) => i64::from(minutes),
    };
    let Side::Date(day) = Edtf::Date(instant.date).bounds().earliest else {
        return Err(EdtfError::YearOutOfRange { text: excerpt(text) });
    };
    let time = instant.time;
    let minutes = i64::from(time.hour) * 60 + i64::from(time.minute) - offset_minutes;
    let seconds = minutes * 60 + i64::from(time.second.min(59));
    let second = Atom::second(Moment::from_civil_day(day.year, day.month, day.day).plus_seconds(seconds));
    Ok(second.written_at(i32::try_from(offset_minutes * 60).unwrap_or(0)))
}

/// Seconds by which the clock of a date-time is ahead of UTC; 0 for any other text.
pub(super) fn offset_of(text: &str) -> i32 {
    match Edtf::parse(&whole_seconds(text)) {
        Ok(Edtf::DateTime(instant)) => second_of(text, &instant).map_or(0, |second| second.offset),
        _ => 0,
    }
}

/// The days of a text with gaps; none if it has no gap.
pub(super) fn days_with_gaps(text: &str) -> Option<DaySet> {
    if !may_have_gaps(text) {
        return None;
    }
    let members = match Edtf::parse(text).ok()? {
        Edtf::Date(date) => vec![member_of(text, &date)?],
        Edtf::Set(set) => set.elements.iter().map(|element| member_of_set(text, element)).collect::<Option<_>>()?,
        _ => return None,
    };
    DaySet::new(text, members)
}

/// A quick look: several members, or a digit after one that is not specified.
fn may_have_gaps(text: &str) -> bool {
    if is_set(text) {
        return text.contains(',');
    }
    text.split_once('X').is_some_and(|(_, rest)| rest.contains(|c: char| c.is_ascii_digit()))
}

fn member_of_set(text: &str, element: &SetElement) -> Option<Member> {
    let date = |date: &Date| days_of(text, &Edtf::Date(*date)).ok();
    let (first, last) = match element {
        SetElement::Date(date) => return member_of(text, date),
        SetElement::OnOrBefore(last) => (None, date(last)?.1),
        SetElement::OnOrAfter(first) => (date(first)?.0, None),
        SetElement::Range(first, last) => (date(first)?.0, date(last)?.1),
    };
    Some(Member::Run(run(first, last)))
}

fn member_of(text: &str, date: &Date) -> Option<Member> {
    let pattern = pattern_of(date).filter(|_| leaves_gaps(date));
    let span = || days_of(text, &Edtf::Date(*date)).ok();
    pattern.map(Member::Pattern).or_else(|| span().map(|(first, last)| Member::Run(run(first, last))))
}

fn run(first: Option<Atom>, last: Option<Atom>) -> DayRun {
    DayRun::of(first.map_or(Moment::MIN, |atom| atom.start), last.map_or(Moment::MAX, |atom| atom.end))
}

/// True if a digit is given after one that is not.
fn leaves_gaps(date: &Date) -> bool {
    let YearKind::Standard { digits, .. } = date.year.kind else { return false };
    let fields = [date.month, date.day].into_iter().flatten().flat_map(|field| field.digits);
    let mut from_unspecified = digits.into_iter().chain(fields).skip_while(Option::is_some);
    from_unspecified.any(|digit| digit.is_some())
}

/// The pattern of a date with a year of four digits.
fn pattern_of(date: &Date) -> Option<Pattern> {
    let YearKind::Standard { negative: false, digits } = date.year.kind else { return None };
    let months = match date.month {
        None => vec![(1, 12)],
        Some(month) => match month.value() {
            Some(part @ 33..=36) => vec![(part * 3 - 98, part * 3 - 96)],
            Some(part @ 37..=39) => vec![(part * 4 - 147, part * 4 - 144)],
            Some(part @ 40..=41) => vec![((part - 40) * 6 + 1, (part - 40) * 6 + 6)],
            _ => values(month, 12).map(|month| (month, month)).collect(),
        },
    };
    let days = date.day.map(|day| values(day, 31).collect());
    Some(Pattern { year: digits, months, days })
}

/// The values from 1 to `most` that two digits can stand for.
fn values(field: DateField, most: u8) -> impl Iterator<Item = u8> {
    let [tens, ones] = field.digits;
    (1..=most)
        .filter(move |value| tens.is_none_or(|tens| tens == value / 10) && ones.is_none_or(|ones| ones == value % 10))
}
