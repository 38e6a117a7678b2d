//! Forms of dates: `YYYYMM`, `D Mon YYYY`, compiled and read.

use super::months::{self, MonthNames};

/// The parts of a date, as far as the text has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DateParts {
    pub(super) year: Option<i64>,
    pub(super) month: Option<u32>,
    pub(super) day: Option<u32>,
    pub(super) time: Option<Time>,
    /// True if the text names an era. The year is then counted as EDTF counts years.
    pub(super) of_era: bool,
}

/// A time of day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Time {
    pub(super) hour: u32,
    pub(super) minute: u32,
    pub(super) second: u32,
    /// The fraction of the second, as its digits and their number. None if it is zero.
    pub(super) fraction: Option<(u64, usize)>,
}

/// A form.
#[derive(Clone, Debug)]
pub(super) struct DateFormat {
    written: Box<str>,
    tokens: Vec<FormatToken>,
    months: &'static MonthNames,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FormatToken {
    /// Digits for a part: how many, at least and at most.
    Number(DatePart, usize, usize),
    /// The name of a month, cut off or whole.
    Name,
    /// The name of an era: BC, BCE, AD or CE.
    Era,
    /// A character as it is.
    Is(char),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DatePart {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

/// The words of a format and their tokens; longer ones first.
const WORDS: [(&str, FormatToken); 12] = [
    ("Month", FormatToken::Name),
    ("YYYY", FormatToken::Number(DatePart::Year, 4, 4)),
    ("Mon", FormatToken::Name),
    ("Era", FormatToken::Era),
    ("MM", FormatToken::Number(DatePart::Month, 2, 2)),
    ("DD", FormatToken::Number(DatePart::Day, 2, 2)),
    ("hh", FormatToken::Number(DatePart::Hour, 2, 2)),
    ("mm", FormatToken::Number(DatePart::Minute, 2, 2)),
    ("ss", FormatToken::Number(DatePart::Second, 2, 2)),
    ("Y", FormatToken::Number(DatePart::Year, 1, 9)),
    ("M", FormatToken::Number(DatePart::Month, 1, 2)),
    ("D", FormatToken::Number(DatePart::Day, 1, 2)),
];

impl DateFormat {
    /// Compiles a form.
    ///
    /// # Errors
    /// No date can be of it, and why.
    pub(super) fn compile(written: &str, months: &'static MonthNames) -> Result<Self, String> {
        let mut tokens = Vec::new();
        let mut rest = written;
        while let Some(first) = rest.chars().next() {
            match WORDS.iter().find_map(|(word, token)| Some((rest.strip_prefix(word)?, *token))) {
                Some((after, token)) => {
                    tokens.push(token);
                    rest = after;
                }
                None => {
                    tokens.push(FormatToken::Is(first));
                    rest = rest.get(first.len_utf8()..).unwrap_or_default();
                }
            }
        }
        let refuse = |what: &str| Err(format!("`{written}` is no form of a date: {what}"));
        if let Some(what) = foreign(written).or_else(|| never(&tokens)) {
            return refuse(&what);
        }
        Ok(Self { written: written.into(), tokens, months })
    }

    /// The form as it was written.
    pub(super) fn as_written(&self) -> &str {
        &self.written
    }

    /// Reads a text of this form; none if it is not. A part that is a marker in `missing` is not said.
    pub(super) fn read(&self, text: &str, missing: &[String]) -> Option<DateParts> {
        let mut parts = DateParts::default();
        let (mut clock, mut timed, mut before_our_era) = (Time::default(), false, false);
        let mut rest = text;
        for (at, token) in self.tokens.iter().enumerate() {
            let next = self.tokens.get(at + 1);
            match token {
                FormatToken::Is(c) => rest = rest.strip_prefix(*c)?,
                FormatToken::Name => {
                    if let Some(after) = strip_marker(rest, usize::MAX, next, missing) {
                        rest = after;
                        continue;
                    }
                    let (month, after) = months::read(rest, self.months)?;
                    parts.month = Some(month);
                    rest = after;
                }
                FormatToken::Era => {
                    let after;
                    (before_our_era, after) = era(rest)?;
                    parts.of_era = true;
                    rest = after;
                }
                FormatToken::Number(part, least, most) => {
                    let whole = if least == most { *most } else { usize::MAX };
                    if let Some(after) = strip_marker(rest, whole, next, missing).filter(|_| part.may_be_missing()) {
                        rest = after;
                        continue;
                    }
                    let (number, after) = number(rest, *part, *least, *most)?;
                    rest = after;
                    let small = u32::try_from(number).ok();
                    timed |= !part.may_be_missing();
                    match part {
                        DatePart::Year => parts.year = Some(number),
                        DatePart::Month => parts.month = small,
                        DatePart::Day => parts.day = small,
                        DatePart::Hour => clock.hour = small.filter(|hour| *hour < 24)?,
                        DatePart::Minute => clock.minute = small.filter(|minute| *minute < 60)?,
                        DatePart::Second => {
                            clock.second = small.filter(|second| *second < 60)?;
                            (clock.fraction, rest) = fraction(rest, next);
                        }
                    }
                }
            }
        }
        parts.time = timed.then_some(clock);
        if parts.of_era && parts.year.is_some_and(|year| year < 1) {
            // An era counts from the year 1.
            return None;
        }
        if before_our_era {
            // The year before the year 1 is 0 in EDTF.
            parts.year = parts.year.map(|year| 1 - year);
        }
        rest.is_empty().then_some(parts)
    }
}

impl DatePart {
    /// Returns true if a marker for a missing value may stand in place of the part.
    const fn may_be_missing(self) -> bool {
        matches!(self, Self::Year | Self::Month | Self::Day)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Year => "the year",
            Self::Month => "the month",
            Self::Day => "the day",
            Self::Hour => "the hour",
            Self::Minute => "the minute",
            Self::Second => "the second",
        }
    }
}

/// Directives of other languages of forms, with those of this one.
fn foreign(written: &str) -> Option<String> {
    const WORDS: [(&str, &str); 9] = [
        ("%", "forms are written as in `YYYY-MM-DD`, without `%`"),
        ("MON", "`MON` stands for nothing; did you mean `Mon`?"),
        ("mon", "`mon` stands for nothing; did you mean `Mon`?"),
        ("EEE", "names of days are not read: take them off by a `[[derive]]`"),
        ("QQ", "quarters are not read: make `2024-33` of the first by a `[[derive]]`"),
        ("ZZ", "a time is UTC: zones are read without `formats`, as in `2024-12-25T10:00:00+03:00`"),
        ("XXX", "a time is UTC: zones are read without `formats`, as in `2024-12-25T10:00:00+03:00`"),
        ("ERA", "`ERA` stands for nothing; did you mean `Era`?"),
        ("fff", "fractions are read with `ss`"),
    ];
    WORDS.into_iter().find_map(|(word, what)| written.contains(word).then(|| what.to_owned()))
}

/// The reason that no text can match a form, if there is one.
fn never(tokens: &[FormatToken]) -> Option<String> {
    const ORDER: [DatePart; 6] =
        [DatePart::Year, DatePart::Month, DatePart::Day, DatePart::Hour, DatePart::Minute, DatePart::Second];
    let text: String = tokens.iter().map(|token| if let FormatToken::Is(c) = token { *c } else { ' ' }).collect();
    for (taken, meant) in [("HH", "hh"), ("SS", "ss"), ("yy", "YYYY"), ("dd", "DD"), ("jj", "DD"), ("aa", "YYYY")] {
        if text.contains(taken) {
            return Some(format!("`{taken}` stands for nothing; did you mean `{meant}`?"));
        }
    }
    let is_part = |token: &FormatToken, part: DatePart| match token {
        FormatToken::Number(of, ..) => *of == part,
        FormatToken::Name => part == DatePart::Month,
        _ => false,
    };
    let count = |part: DatePart| tokens.iter().filter(|token| is_part(token, part)).count();
    if count(DatePart::Year) == 0 {
        return Some("it has no YYYY and no Y".to_owned());
    }
    let short = FormatToken::Number(DatePart::Year, 1, 9);
    if tokens.windows(2).any(|pair| matches!(pair, [one, other] if *one == short && *other == short)) {
        return Some("years of two digits are not supported: write them with four, by a `[[derive]]`".to_owned());
    }
    if let Some(part) = ORDER.into_iter().find(|part| count(*part) > 1) {
        let minutes = if part == DatePart::Month { " (minutes are `mm`)" } else { "" };
        return Some(format!("{} comes twice{minutes}", part.name()));
    }
    let gap = ORDER.windows(2).find_map(|pair| match pair {
        [coarse, fine] if count(*coarse) == 0 && count(*fine) > 0 => Some((coarse.name(), fine.name())),
        _ => None,
    });
    gap.map(|(coarse, fine)| format!("it has {fine} without {coarse}"))
}

/// The rest of a text after a marker for a missing part. The marker has to fill the part: up to the next character of
/// the form, or the width of the part.
fn strip_marker<'t>(text: &'t str, width: usize, next: Option<&FormatToken>, missing: &[String]) -> Option<&'t str> {
    let mut markers: Vec<&str> = missing.iter().map(String::as_str).filter(|marker| !marker.is_empty()).collect();
    markers.sort_unstable_by_key(|marker| std::cmp::Reverse(marker.len()));
    markers.into_iter().find_map(|marker| {
        let after = text.strip_prefix(marker)?;
        let is_whole = match next {
            None => after.is_empty(),
            Some(FormatToken::Is(c)) => after.starts_with(*c),
            Some(_) => marker.chars().count() == width,
        };
        is_whole.then_some(after)
    })
}

fn era(text: &str) -> Option<(bool, &str)> {
    const ERAS: [(&str, bool); 8] = [
        ("B.C.E.", true),
        ("B.C.", true),
        ("BCE", true),
        ("BC", true),
        ("A.D.", false),
        ("C.E.", false),
        ("AD", false),
        ("CE", false),
    ];
    ERAS.into_iter().find_map(|(name, before)| {
        let (head, after) = text.split_at_checked(name.len())?;
        head.eq_ignore_ascii_case(name).then_some((before, after))
    })
}

/// The fraction of a second that a text begins with, and the text after it. A point or comma that the form has itself begins
/// none.
fn fraction<'t>(text: &'t str, next: Option<&FormatToken>) -> (Option<(u64, usize)>, &'t str) {
    let is_of_form = matches!(next, Some(FormatToken::Is('.' | ',')));
    let Some(digits) = text.strip_prefix(['.', ',']).filter(|_| !is_of_form) else { return (None, text) };
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    let Some((head, after)) = digits.split_at_checked(count).filter(|_| count > 0) else { return (None, text) };
    match head.parse::<u64>() {
        Ok(0) => (None, after),
        Ok(number) => (Some((number, count)), after),
        Err(_) => (None, text),
    }
}

/// A number at the beginning of a text.
fn number(text: &str, part: DatePart, least: usize, most: usize) -> Option<(i64, &str)> {
    let (negative, digits_from) = match text.strip_prefix('-') {
        Some(after) if part == DatePart::Year => (true, after),
        _ => (false, text),
    };
    let digits = digits_from.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if digits < least {
        return None;
    }
    let (head, after) = digits_from.split_at_checked(digits)?;
    let number: i64 = head.parse().ok()?;
    Some((if negative { -number } else { number }, after))
}

/// A year in EDTF.
pub(super) fn year(year: i64) -> String {
    match year {
        0..=9999 => format!("{year:04}"),
        -9999..0 => format!("-{:04}", -year),
        _ => format!("Y{year}"),
    }
}
