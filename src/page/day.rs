//! Days as numbers, for axes: the proleptic Gregorian calendar, day 0 is 1970-01-01.

/// A day.
pub(super) type PageDay = i64;

/// Far enough on either side to be off any axis.
pub(super) const FAR: PageDay = 100_000_000_000_000;

/// The day of a date: year, month and day of the month.
const fn of(year: i64, month: i64, day: i64) -> PageDay {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of the month.
pub(super) const fn civil(day: PageDay) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, of_year - (153 * shifted_month + 2) / 5 + 1)
}

/// As EDTF writes it: `2025-07-15`, `-0490-09-12`, `Y12345-01-02`.
pub(super) fn to_edtf(day: PageDay) -> String {
    let (year, month, day) = civil(day);
    let year = match year {
        -9999..0 => format!("-{:04}", -year),
        0..=9999 => format!("{year:04}"),
        _ => format!("Y{year}"),
    };
    format!("{year}-{month:02}-{day:02}")
}

/// The first and the last day of a year, a month, a part of a year or a day, perhaps with unspecified digits at the end; of
/// a date-time its day.
pub(super) fn span(text: &str) -> Option<(PageDay, PageDay)> {
    let year_first = text.strip_prefix('Y').unwrap_or(text);
    let (is_negative, digits) = year_first.strip_prefix('-').map_or((false, year_first), |rest| (true, rest));
    let mut parts = digits.split('T').next()?.split('-').map(digits_of);
    let (first, last) = parts.next()??;
    let years = if is_negative { (-last, -first) } else { (first, last) };
    let (from, to) = match parts.next() {
        None => (1, 12),
        Some(months) => months_of(months?)?,
    };
    let Some(days) = parts.next() else { return Some((of(years.0, from, 1), last_of(years.1, to))) };
    let (first, last) = days?;
    if first > 31 || last < 1 || from > 12 {
        return None;
    }
    Some((of(years.0, from, first.max(1)), of(years.1, to, last).min(last_of(years.1, to))))
}

/// The most stretches of a date with gaps that are drawn; more lie too close together to be seen.
const MOST_STRETCHES: usize = 64;

/// The stretches of days that a date with gaps can mean: `[2024-12-25,2025-01-07]`, `2023-XX-31`. None for a date without
/// gaps, or with more than can be shown.
pub(super) fn stretches(text: &str) -> Option<Vec<(PageDay, PageDay)>> {
    let mut found: Vec<(PageDay, PageDay)> = match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(list) => list.split(',').map(element).collect::<Option<Vec<_>>>()?.concat(),
        None => matching(text)?,
    };
    found.sort_unstable();
    let mut joined: Vec<(PageDay, PageDay)> = Vec::new();
    for (first, last) in found {
        match joined.last_mut() {
            Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
            _ => joined.push((first, last)),
        }
    }
    (2..=MOST_STRETCHES).contains(&joined.len()).then_some(joined)
}

/// An element of a set: a date, or a range that may have no end.
fn element(text: &str) -> Option<Vec<(PageDay, PageDay)>> {
    let Some((first, last)) = text.split_once("..") else {
        return matching(text).or_else(|| span(text).map(|days| vec![days]));
    };
    let first = if first.is_empty() { Some(-FAR) } else { span(first).map(|days| days.0) };
    let last = if last.is_empty() { Some(FAR) } else { span(last).map(|days| days.1) };
    Some(vec![(first?, last?)])
}

/// The days that match a date with unspecified digits: a stretch for each month of which some match.
fn matching(text: &str) -> Option<Vec<(PageDay, PageDay)>> {
    let mut parts = text.split('-');
    let (years, month, day) = (parts.next()?, parts.next()?, parts.next().unwrap_or("XX"));
    let is_date = parts.next().is_none() && [years.len(), month.len(), day.len()] == [4, 2, 2];
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'X');
    if !is_date || !text.contains('X') || ![years, month, day].into_iter().all(digits) {
        return None;
    }
    let (first, last) = digits_of(years)?;
    let months = (first..=last)
        .filter(|year| is_match(*year, years))
        .flat_map(|year| (1..=12).filter(|number| is_match(*number, month)).map(move |number| (year, number)));
    let days = months.flat_map(|(year, month)| {
        let (first, last) = (of(year, month, 1), last_of(year, month));
        (first..=last).filter(move |at| is_match(at - first + 1, day)).map(|at| (at, at))
    });
    let found: Vec<(PageDay, PageDay)> = days.take(MOST_STRETCHES * 31 + 1).collect();
    (found.len() <= MOST_STRETCHES * 31).then_some(found)
}

/// Returns true if a number has the digits of a pattern, in which an `X` is any.
fn is_match(number: i64, pattern: &str) -> bool {
    let width = pattern.len();
    let digits = format!("{number:0width$}");
    digits.len() == width
        && digits.bytes().zip(pattern.bytes()).all(|(digit, wanted)| wanted == b'X' || digit == wanted)
}

/// The least and the greatest number that digits can mean.
fn digits_of(part: &str) -> Option<(i64, i64)> {
    let filled = |with: &str| part.replace('X', with).parse::<i64>().ok();
    let (least, most) = (filled("0")?, filled("9")?);
    (part.len() <= 11 && least >= 0).then_some((least, most))
}

/// The first and the last month of a month, of unspecified ones, or of a part of a year.
const fn months_of((first, last): (i64, i64)) -> Option<(i64, i64)> {
    match (first, last) {
        (33..=36, _) => Some((first * 3 - 98, first * 3 - 96)),
        (37..=39, _) => Some((first * 4 - 147, first * 4 - 144)),
        (40..=41, _) => Some((first * 6 - 239, first * 6 - 234)),
        (0..=12, 1..) => Some((if first < 1 { 1 } else { first }, if last > 12 { 12 } else { last })),
        _ => None,
    }
}

/// The last day of a month.
const fn last_of(year: i64, month: i64) -> PageDay {
    if month == 12 { of(year + 1, 1, 1) - 1 } else { of(year, month + 1, 1) - 1 }
}

/// Returns the first day of the month that lies `away` months from that of a day.
pub(super) const fn month_of(day: PageDay, away: i64) -> PageDay {
    let (year, month, _) = civil(day);
    let months = year * 12 + month - 1 + away;
    of(months.div_euclid(12), months.rem_euclid(12) + 1, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_one_its_number_says() {
        assert_eq!(span("1970-01-01"), Some((0, 0)));
        assert_eq!(span("2025-07-15").map(|(day, _)| to_edtf(day)).as_deref(), Some("2025-07-15"));
        for day in (-800_000..800_000).step_by(17).chain([-40_000_000, 40_000_000, 36_523_000_000_000]) {
            assert_eq!(span(&to_edtf(day)), Some((day, day)), "{}", to_edtf(day));
        }
    }

    #[test]
    fn a_month_and_a_year_end_with_their_last_day() {
        let shown_span = |text| span(text).map(|(first, last)| (to_edtf(first), to_edtf(last)));
        assert_eq!(shown_span("2024-02"), Some(("2024-02-01".into(), "2024-02-29".into())));
        assert_eq!(shown_span("1997"), Some(("1997-01-01".into(), "1997-12-31".into())));
        assert_eq!(shown_span("2025-34"), Some(("2025-04-01".into(), "2025-06-30".into())));
        assert_eq!(shown_span("201X"), Some(("2010-01-01".into(), "2019-12-31".into())));
        assert_eq!(shown_span("2025-12-XX"), Some(("2025-12-01".into(), "2025-12-31".into())));
        assert_eq!(shown_span("2025-XX"), Some(("2025-01-01".into(), "2025-12-31".into())));
        assert_eq!(shown_span("-0490"), Some(("-0490-01-01".into(), "-0490-12-31".into())));
        assert_eq!(shown_span("Y12345"), Some(("Y12345-01-01".into(), "Y12345-12-31".into())));
        assert_eq!(shown_span("Y-12345"), Some(("Y-12345-01-01".into(), "Y-12345-12-31".into())));
        assert_eq!(span("2025-13"), None);
        assert_eq!(span("[..2025-07]"), None);
    }

    #[test]
    fn a_date_with_gaps_is_its_stretches_and_never_the_days_between() {
        let told =
            |text| stretches(text).map(|all| all.iter().map(|(a, b)| to_edtf(*a) + "/" + &to_edtf(*b)).collect());
        let expected = |all: &[&str]| Some(all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
        let eve = ["2024-12-25/2024-12-25", "2025-01-07/2025-01-07"];
        assert_eq!(told("[2024-12-25,2025-01-07]"), expected(&eve));
        assert_eq!(told("[2025-01-07,2024-12-25,2024-12-25]"), expected(&eve), "in whatever order");
        assert_eq!(told("[1667,1670..1671-06]"), expected(&["1667-01-01/1667-12-31", "1670-01-01/1671-06-30"]));
        let leap = ["2004-02-29/2004-02-29", "2008-02-29/2008-02-29"];
        assert_eq!(told("200X-02-29").map(|all: Vec<String>| all[1..].to_vec()), expected(&leap));
        assert_eq!(stretches("2023-XX-31").map(|all| all.len()), Some(7));
        assert_eq!(stretches("2023-X1").map(|all| all.len()), Some(2), "January and November");
        assert_eq!(stretches("[..1969,1971..]"), Some(vec![(-FAR, -1), (of(1971, 1, 1), FAR)]));
        for whole in [
            "2023-12-XX",
            "2023-1X",
            "2023-XX-XX",
            "2025-07",
            "[2024-12-25..2025-01-07]",
            "[1970-01-01,1970-01-02]",
            "XXXX-12-XX",
            "soon",
        ] {
            assert_eq!(stretches(whole), None, "{whole}");
        }
    }

    #[test]
    fn months_away_cross_years() {
        let day = span("2025-01-31").map(|(day, _)| day).unwrap_or_default();
        assert_eq!(to_edtf(month_of(day, -2)), "2024-11-01");
        assert_eq!(to_edtf(month_of(day, 12)), "2026-01-01");
    }
}
