//! Ends that are no longer meant: the last day, month, year or second before one; and the day after one.

/// The date right before another: the day before a day, the month before a month. None if the text is no plain date.
pub(crate) fn before(text: &str) -> Option<String> {
    if let Some((plain, qualifier)) = text.len().checked_sub(1).and_then(|at| text.split_at_checked(at))
        && matches!(qualifier, "~" | "?" | "%")
    {
        return before(plain).map(|before| before + qualifier);
    }
    if let Some((date, time)) = text.split_once('T') {
        return second_before(date, time);
    }
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let mut parts = digits.split('-');
    let year: i64 = parts.next()?.trim_start_matches('Y').parse().ok()?;
    let year = if negative { -year } else { year };
    let number = |part: Option<&str>| part.map(str::parse::<u32>).transpose().ok();
    let (month, day) = (number(parts.next())?, number(parts.next())?);
    if parts.next().is_some() {
        return None;
    }
    Some(match (month, day) {
        (None, _) => super::format::year(year - 1),
        (Some(part), None) => {
            let (first, last) = parts_like(part)?;
            let (year, part) = if part == first { (year - 1, last) } else { (year, part - 1) };
            format!("{}-{part:02}", super::format::year(year))
        }
        (Some(month), Some(day)) => day_before(year, month, day)?,
    })
}

/// The day after a day; none for what is no plain day.
pub(crate) fn after(text: &str) -> Option<String> {
    let mut parts = text.splitn(3, '-');
    let (year, month) = (parts.next()?.parse::<i64>().ok()?, parts.next()?.parse::<u32>().ok()?);
    let day = parts.next()?.parse::<u32>().ok()?;
    let (year, month, day) = match (month, day) {
        (12, 31) => (year + 1, 1, 1),
        (month, day) if day >= days_in(year, month) => (year, month + 1, 1),
        (month, day) => (year, month, day + 1),
    };
    Some(format!("{}-{month:02}-{day:02}", super::format::year(year)))
}

/// The first and the last part of a year of the same sort as a month, quarter, third or half.
const fn parts_like(part: u32) -> Option<(u32, u32)> {
    match part {
        1..=12 => Some((1, 12)),
        33..=36 => Some((33, 36)),
        37..=39 => Some((37, 39)),
        40..=41 => Some((40, 41)),
        _ => None,
    }
}

fn day_before(year: i64, month: u32, day: u32) -> Option<String> {
    let (year, month, day) = match (month, day) {
        (1, 1) => (year - 1, 12, 31),
        (month, 1) => (year, month.checked_sub(1)?, days_in(year, month.checked_sub(1)?)),
        (month, day) => (year, month, day.checked_sub(1)?),
    };
    Some(format!("{}-{month:02}-{day:02}", super::format::year(year)))
}

const fn days_in(year: i64, month: u32) -> u32 {
    let leaps = year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0);
    match month {
        2 if leaps => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn second_before(date: &str, time: &str) -> Option<String> {
    let (clock, zone) = time.split_at_checked(8)?;
    let mut parts = clock.split(':').map(str::parse::<u32>);
    let (hour, minute, second) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    if let Some(fraction) = zone.strip_prefix('.') {
        // Part of the second comes before its fraction.
        let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        return Some(format!("{date}T{clock}{zone}"));
    }
    let total = hour * 3600 + minute * 60 + second;
    let (date, total) = match total.checked_sub(1) {
        Some(total) => (date.to_owned(), total),
        None => (before(date)?, 86_399),
    };
    Some(format!("{date}T{:02}:{:02}:{:02}{zone}", total / 3600, total / 60 % 60, total % 60))
}

#[cfg(test)]
mod tests {
    use super::before;

    #[test]
    fn what_comes_last_before_a_date_is_as_precise_as_the_date() {
        for (text, expected) in [
            ("2024-03-01", "2024-02-29"),
            ("2023-03-01", "2023-02-28"),
            ("2024-01-01", "2023-12-31"),
            ("0000-01-01", "-0001-12-31"),
            ("2024-01", "2023-12"),
            ("2024", "2023"),
            ("Y10000", "9999"),
            ("2024-33", "2023-36"),
            ("2024-35", "2024-34"),
            ("2024-37", "2023-39"),
            ("2024-40", "2023-41"),
            ("2024-03~", "2024-02~"),
            ("2024-03-01?", "2024-02-29?"),
            ("2024-05-06T00:00:00Z", "2024-05-05T23:59:59Z"),
            ("2024-05-06T10:00:00+04:00", "2024-05-06T09:59:59+04:00"),
            ("2024-05-06T10:00:00.5Z", "2024-05-06T10:00:00Z"),
        ] {
            assert_eq!(before(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["2024-21", "[2024,2025]", "2024-XX-01", "../2024", "2024-00"] {
            assert_eq!(before(text), None, "{text}");
        }
    }
}
