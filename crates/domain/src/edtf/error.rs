//! The errors of a text that is no date here, with what to write instead.

/// The reason why a text is no date here. Each message says what to write instead; positions count characters, from 1.
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
        /// The text as written.
        text: String,
        /// The place at which it stops being EDTF, in characters from 1.
        position: usize,
        /// The error at that place.
        reason: &'static str,
    },
    /// The calendar has no such day.
    #[error("`{text}` has a day that its month does not have: write a day of that month, or the month alone")]
    NoSuchDay {
        /// The text as written.
        text: String,
    },
    /// An interval where one date belongs.
    #[error(
        "`{text}` is an interval, and one date is wanted: give its ends as two bounds; for some day between two, write `[2024-12..2025-07]`"
    )]
    Interval {
        /// The text as written.
        text: String,
    },
    /// A range that is not in brackets.
    #[error(
        "`{text}` is a range without brackets: for some day between two, write `[2024-12..2025-07]`; for up to one, `[..2025-07]`"
    )]
    BareRange {
        /// The text as written.
        text: String,
    },
    /// A set of which every member is meant.
    #[error(
        "`{text}` means all of its dates, and one date is wanted: record a claim for each, or write `[..]` for one of them"
    )]
    AllOf {
        /// The text as written.
        text: String,
    },
    /// A season: it has no dates of its own.
    #[error(
        "`{text}` is a season, which has no dates of its own: write its months, `[2024-03..2024-05]`, or a quarter, `2024-33` to `2024-36`"
    )]
    Season {
        /// The text as written.
        text: String,
    },
    /// A year with an exponent.
    #[error("`{text}` has a year with an exponent: write the year out, `Y170000002`")]
    ExponentYear {
        /// The text as written.
        text: String,
    },
    /// A year too far away to compute with.
    #[error(
        "`{text}` is too far away: years have up to eleven digits; for no limit on that side, write `[..2024]` or `[2024..]`"
    )]
    YearOutOfRange {
        /// The text as written.
        text: String,
    },
    /// A number that is longer than a year.
    #[error(
        "`{text}` is a bare number: write a day as `2024-12-25`, a year beyond 9999 as `Y12345`, an instant as `2024-12-25T10:00:00Z`; only questions take milliseconds since 1970, of 11 to 15 digits"
    )]
    BareNumber {
        /// The text as written.
        text: String,
    },
    /// A year before 0 with unspecified digits.
    #[error(
        "`{text}` has unspecified digits in a year before 0, which read both ways: write the range, `[-0199..-0100]`"
    )]
    VagueNegativeYear {
        /// The text as written.
        text: String,
    },
    /// A time of day that cannot be read.
    #[error(
        "`{text}` has a time that cannot be read: {reason}; write times as `2024-12-25T10:00:00Z` or `2024-12-25T10:00:00+03:00`, with seconds"
    )]
    BadTime {
        /// The text as written.
        text: String,
        /// The reason that the time cannot be read.
        reason: &'static str,
    },
    /// A time of day that could be anywhere in the world.
    #[error("`{text}` has a time without a zone: add `Z` for UTC, or an offset such as `+03:00`")]
    NoZone {
        /// The text as written.
        text: String,
    },
    /// A `valid` string with no date in it.
    #[error("`{text}` has no date: say of each end whether it is unknown or open, as two bounds")]
    NoDateAtAll {
        /// The text as written.
        text: String,
    },
    /// A set as one side of a `valid` string.
    #[error("`{text}` is a set, which cannot be one side of an interval: give the two ends as two bounds")]
    SetInInterval {
        /// The text as written.
        text: String,
    },
    /// A question about a date with a qualifier or significant digits.
    #[error(
        "`{text}` is itself uncertain, and a question asks about a certain period: leave out `~`, `?`, `%` and `S`"
    )]
    QualifiedAsked {
        /// The text as written.
        text: String,
    },
    /// A question about one of several dates.
    #[error(
        "`{text}` is a choice of dates, and a question asks about one period: ask about each, or about the year or month that holds them"
    )]
    SetAsked {
        /// The text as written.
        text: String,
    },
    /// A question about digits that leave holes.
    #[error("`{text}` names days that are not one period: put the `X` last, as in `201X` or `2024-12-XX`")]
    ScatteredAsked {
        /// The text as written.
        text: String,
    },
}

/// A text as it is quoted in an error: its first sixty characters.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(60).and_then(|(end, _)| text.get(..end)) {
        Some(head) => format!("{head}..."),
        None => text.to_owned(),
    }
}
