//! One end of a claim's valid time, as its source gives it: a date, or a way of having none.
//!
//! EDTF has no string for "start unknown, still true", so a claim has two bounds and not one text. "No date" has two
//! meanings that must not be mixed: an [`Unknown`](Bound::Unknown) start happened, at a date that nobody says; an
//! [`Open`](Bound::Open) one did not happen: it was always so. [`super::validity`] defines the days that a pair of bounds
//! means; [`super::edtf::parse_valid`] reads both bounds from one string.

use super::edtf::PartialDate;

/// One end of a claim's valid time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Bound {
    /// A date, perhaps a partial one.
    Known(PartialDate),
    /// It has one, nobody says when.
    Unknown,
    /// It has none: at the start, since always; at the end, none so far.
    Open,
}

impl Bound {
    /// The date, if there is one.
    #[must_use]
    pub fn date(&self) -> Option<&PartialDate> {
        match self {
            Self::Known(date) => Some(date),
            Self::Unknown | Self::Open => None,
        }
    }

    /// True if both mean the same, however they are written ([`PartialDate::same_value`]).
    #[must_use]
    pub fn same_value(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Known(a), Self::Known(b)) => a.same_value(b),
            (a, b) => a == b,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_and_open_are_different_and_two_spellings_of_a_year_are_not() {
        let known = |text| Bound::Known(PartialDate::parse(text).unwrap());
        assert!(!Bound::Unknown.same_value(&Bound::Open));
        assert!(known("1874").same_value(&known("1874-XX-XX")));
        assert!(!known("1874").same_value(&Bound::Unknown));
        assert_eq!(known("1874").date().unwrap().text(), "1874");
        assert_eq!(Bound::Open.date(), None);
    }
}
