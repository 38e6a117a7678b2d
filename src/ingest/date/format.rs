//! Forms of dates: `YYYYMM`, `D Mon YYYY`, compiled and read.

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The parts of a date, as far as they are said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) year: Option<i64>,
    pub(super) month: Option<u32>,
    pub(super) day: Option<u32>,
    pub(super) time: Option<(u32, u32, u32)>,
}

/// A form.
#[derive(Clone, Debug)]
pub(super) struct Format {
    written: Box<str>,
    tokens: Vec<Token>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// Digits for a part: how many, at least and at most.
    Number(Part, usize, usize),
    /// The name of a month, short or whole.
    Name { whole: bool },
    /// A character as it is.
    Is(char),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

/// What stands for what in a form; longer ones first.
const WORDS: [(&str, Token); 11] = [
    ("Month", Token::Name { whole: true }),
    ("YYYY", Token::Number(Part::Year, 4, 4)),
    ("Mon", Token::Name { whole: false }),
    ("MM", Token::Number(Part::Month, 2, 2)),
    ("DD", Token::Number(Part::Day, 2, 2)),
    ("hh", Token::Number(Part::Hour, 2, 2)),
    ("mm", Token::Number(Part::Minute, 2, 2)),
    ("ss", Token::Number(Part::Second, 2, 2)),
    ("Y", Token::Number(Part::Year, 1, 9)),
    ("M", Token::Number(Part::Month, 1, 2)),
    ("D", Token::Number(Part::Day, 1, 2)),
];

impl Format {
    /// Compiles a form.
    ///
    /// # Errors
    /// It has no year.
    pub(super) fn compile(written: &str) -> Result<Self, String> {
        let mut tokens = Vec::new();
        let mut rest = written;
        while let Some(first) = rest.chars().next() {
            match WORDS.iter().find_map(|(word, token)| Some((rest.strip_prefix(word)?, *token))) {
                Some((after, token)) => {
                    tokens.push(token);
                    rest = after;
                }
                None => {
                    tokens.push(Token::Is(first));
                    rest = rest.get(first.len_utf8()..).unwrap_or_default();
                }
            }
        }
        if !tokens.iter().any(|token| matches!(token, Token::Number(Part::Year, ..))) {
            return Err(format!("`{written}` is no form of a date: it has no YYYY and no Y"));
        }
        Ok(Self { written: written.into(), tokens })
    }

    /// The form as it was written.
    pub(super) fn written(&self) -> &str {
        &self.written
    }

    /// Reads a text of this form; none if it is not. A part that is a marker in `missing` is not said.
    pub(super) fn read(&self, text: &str, missing: &[String]) -> Option<Parts> {
        let mut parts = Parts::default();
        let (mut clock, mut timed) = ((0, 0, 0), false);
        let mut rest = text;
        for token in &self.tokens {
            match token {
                Token::Is(c) => rest = rest.strip_prefix(*c)?,
                Token::Name { whole } => {
                    let (month, after) = named_month(rest, *whole)?;
                    parts.month = Some(month);
                    rest = after;
                }
                Token::Number(part, least, most) => {
                    let (number, after) = number(rest, *part, *least, *most, missing)?;
                    rest = after;
                    let small = number.and_then(|number| u32::try_from(number).ok());
                    timed |= matches!(part, Part::Hour | Part::Minute | Part::Second) && small.is_some();
                    match part {
                        Part::Year => parts.year = number,
                        Part::Month => parts.month = small,
                        Part::Day => parts.day = small,
                        Part::Hour => clock.0 = small?,
                        Part::Minute => clock.1 = small?,
                        Part::Second => clock.2 = small?,
                    }
                }
            }
        }
        parts.time = timed.then_some(clock);
        rest.is_empty().then_some(parts)
    }
}

fn named_month(text: &str, whole: bool) -> Option<(u32, &str)> {
    MONTHS.iter().zip(1..).find_map(|(name, month)| {
        let wanted = if whole { name } else { name.get(..3)? };
        let (head, after) = text.split_at_checked(wanted.len())?;
        head.eq_ignore_ascii_case(wanted).then_some((month, after))
    })
}

/// A number at the beginning of a text; none within where it is a marker.
fn number<'t>(
    text: &'t str,
    part: Part,
    least: usize,
    most: usize,
    missing: &[String],
) -> Option<(Option<i64>, &'t str)> {
    let marker =
        missing.iter().filter(|marker| !marker.is_empty()).find_map(|marker| text.strip_prefix(marker.as_str()));
    if let Some(after) = marker {
        return Some((None, after));
    }
    let (negative, digits_from) = match text.strip_prefix('-') {
        Some(after) if part == Part::Year => (true, after),
        _ => (false, text),
    };
    let digits = digits_from.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if digits < least {
        return None;
    }
    let (head, after) = digits_from.split_at_checked(digits)?;
    let number: i64 = head.parse().ok()?;
    Some((Some(if negative { -number } else { number }), after))
}

/// A year in EDTF.
pub(super) fn year(year: i64) -> String {
    match year {
        0..=9999 => format!("{year:04}"),
        -9999..0 => format!("-{:04}", -year),
        _ => format!("Y{year}"),
    }
}
