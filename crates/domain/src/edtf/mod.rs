//! A date as a source gives it: an EDTF text (ISO 8601-2:2019), kept verbatim, with the days it may mean.
//!
//! `2024-12` is *some day in December*, `[..2025-07]` some day up to July, `1874~` a day of about 1874. The text is kept as
//! the source wrote it and is never rewritten. Its earliest and its latest [`Atom`] are computed once, and the rules of
//! valid time look at these alone; only for a date with gaps (`2023-XX-31`) do they look at its [days](DaySet) too, and for
//! a date-time with an offset at the date that it names ([`Atom::date`]).
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
//! A fraction of a second, which RFC 3339 has and EDTF has not, is kept in the text and cut from the instant.
//!
//! Parsing is `edtf-core`'s, behind this type: nothing outside this folder says its name. Its version is pinned, since a
//! change of its bounds would change answers; what is stored are the atoms, read back with [`PartialDate::from_parts`].
//!
//! ```text
//!   mod.rs      the date, and the `valid` string that gives two bounds
//!   read.rs     one text to its first and last day
//!   days.rs     the days between them, where a date has gaps
//!   error.rs    why a text is no date, and what to write instead
//!   rfc3339.rs  the spellings of a date-time that questions and instants take
//! ```
//!
//! Invariant: the atoms of a date are both days or both the same second; `None` means unbounded on that side.

mod days;
mod error;
mod pattern;
mod read;
mod rfc3339;
#[cfg(test)]
mod tests;

use super::bound::Bound;
use read::{days_with_gaps, has_fraction, is_set, not_edtf, offset_of, span_of};

pub use super::moment::Atom;
pub use days::{DayRun, DaySet};
pub use error::EdtfError;
pub(crate) use error::excerpt;
pub use rfc3339::DateTimeText;

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
        let (earliest, latest) = span_of(text)?;
        Ok(Self { text: text.into(), earliest, latest })
    }

    /// Puts a date together from what was once computed: for reading back what is stored. The text is looked at only for
    /// the offset of a date-time.
    #[must_use]
    pub fn from_parts(text: impl Into<Box<str>>, earliest: Option<Atom>, latest: Option<Atom>) -> Self {
        let text = text.into();
        let is_local = earliest.is_some_and(Atom::is_second) && !text.ends_with('Z');
        let offset = if is_local { offset_of(&text) } else { 0 };
        let written = |atom: Option<Atom>| atom.map(|atom| atom.written_at(offset));
        Self { earliest: written(earliest), latest: written(latest), text }
    }

    /// The text as the source wrote it.
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

    /// The days that it may mean, where some between the earliest and the latest are not among them.
    #[must_use]
    pub fn days(&self) -> Option<DaySet> {
        days_with_gaps(&self.text)
    }

    /// True if it is a date-time of which a fraction of a second is cut: it means the second that holds the instant.
    #[must_use]
    pub fn has_fraction(&self) -> bool {
        has_fraction(&self.text)
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

    /// True if both mean the same, however they are written: the same days and the same qualifiers; of date-times, the
    /// same instant on the same date. `1874`, `1874-XX-XX` and `[1874]` are one value; `1874~` is another.
    #[must_use]
    pub fn same_value(&self, other: &Self) -> bool {
        let atoms = |date: &Self| [date.earliest, date.latest].map(|atom| atom.map(|atom| (atom.start, atom.end)));
        let dates = |date: &Self| date.earliest.map(|atom| Atom::day(atom.date().start));
        atoms(self) == atoms(other)
            && dates(self) == dates(other)
            && self.is_approximate() == other.is_approximate()
            && self.is_uncertain() == other.is_uncertain()
            && (self.text == other.text || self.days() == other.days())
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
/// Those of [`PartialDate::parse`], and one for an interval without any date or with a set as a side (neither is EDTF: give
/// two bounds instead). A start after the end is not looked for here, but where the two are
/// [resolved](super::valid_time::ValidTime::resolve).
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
            Err(EdtfError::NoDateAtAll { text: excerpt(text) })
        }
        sides => Ok(sides),
    }
}

fn parse_side(text: &str) -> Result<Bound, EdtfError> {
    match text {
        "" => Ok(Bound::Unknown),
        ".." => Ok(Bound::Open),
        _ if is_set(text) => Err(EdtfError::SetInInterval { text: excerpt(text) }),
        _ => PartialDate::parse(text).map(Bound::Known),
    }
}
