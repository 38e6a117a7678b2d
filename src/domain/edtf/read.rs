//! Reading one EDTF text: what is refused, and the first and last day of what is not.

use super::Atom;
use super::error::{EdtfError, shown};
use crate::domain::moment::Moment;
use edtf_core::{Bound as Side, Date, DateTime, Edtf, Set, SetElement, SetKind, TimeShift, YearKind};

/// The years that can be computed with: up to eleven digits, either side of the year 0.
const MAX_YEAR: i64 = 99_999_999_999;

/// The earliest and the latest atom that a text may mean.
pub(super) fn span_of(text: &str) -> Result<(Option<Atom>, Option<Atom>), EdtfError> {
    refuse_by_look(text)?;
    match Edtf::parse(text).map_err(|e| not_edtf(text, e.offset, e.message))? {
        Edtf::Interval(_) => Err(EdtfError::Interval { text: shown(text) }),
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

pub(super) fn is_set(text: &str) -> bool {
    text.starts_with(['[', '{'])
}

pub(super) fn not_edtf(text: &str, offset: usize, reason: &'static str) -> EdtfError {
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
