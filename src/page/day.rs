//! Days as numbers, for axes: the proleptic Gregorian calendar, day 0 is 1970-01-01.

/// A day.
pub(super) type Day = i64;

/// The day of a date: year, month and day of the month.
const fn of(year: i64, month: i64, day: i64) -> Day {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of the month.
pub(super) const fn civil(day: Day) -> (i64, i64, i64) {
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
pub(super) fn shown(day: Day) -> String {
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
pub(super) fn span(text: &str) -> Option<(Day, Day)> {
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
const fn last_of(year: i64, month: i64) -> Day {
    if month == 12 { of(year + 1, 1, 1) - 1 } else { of(year, month + 1, 1) - 1 }
}

/// The first day of a month, so many months away from that of a day.
pub(super) const fn month_of(day: Day, away: i64) -> Day {
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
        assert_eq!(span("2025-07-15").map(|(day, _)| shown(day)).as_deref(), Some("2025-07-15"));
        for day in (-800_000..800_000).step_by(17).chain([-40_000_000, 40_000_000, 36_523_000_000_000]) {
            assert_eq!(span(&shown(day)), Some((day, day)), "{}", shown(day));
        }
    }

    #[test]
    fn a_month_and_a_year_end_with_their_last_day() {
        let shown_span = |text| span(text).map(|(first, last)| (shown(first), shown(last)));
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
    fn months_away_cross_years() {
        let day = span("2025-01-31").map(|(day, _)| day).unwrap_or_default();
        assert_eq!(shown(month_of(day, -2)), "2024-11-01");
        assert_eq!(shown(month_of(day, 12)), "2026-01-01");
    }
}
