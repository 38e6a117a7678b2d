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

/// As ISO 8601 writes it.
pub(super) fn shown(day: Day) -> String {
    let (year, month, day) = civil(day);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The first and the last day of a year, a month or a day; of a date-time its day.
pub(super) fn span(text: &str) -> Option<(Day, Day)> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let date = digits.split('T').next()?;
    let mut parts =
        date.split('-').map(|part| part.parse::<i64>().ok().filter(|number| (0..=999_999).contains(number)));
    let year = sign * parts.next()??;
    let Some(month) = parts.next() else { return Some((of(year, 1, 1), of(year + 1, 1, 1) - 1)) };
    let month = month.filter(|month| (1..=12).contains(month))?;
    let after = if month == 12 { of(year + 1, 1, 1) } else { of(year, month + 1, 1) };
    let Some(day) = parts.next() else { return Some((of(year, month, 1), after - 1)) };
    let day = of(year, month, day.filter(|day| (1..=31).contains(day))?);
    Some((day, day))
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
        for day in (-800_000..800_000).step_by(17) {
            assert_eq!(span(&shown(day)), Some((day, day)), "{}", shown(day));
        }
    }

    #[test]
    fn a_month_and_a_year_end_with_their_last_day() {
        let shown_span = |text| span(text).map(|(first, last)| (shown(first), shown(last)));
        assert_eq!(shown_span("2024-02"), Some(("2024-02-01".into(), "2024-02-29".into())));
        assert_eq!(shown_span("1997"), Some(("1997-01-01".into(), "1997-12-31".into())));
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
