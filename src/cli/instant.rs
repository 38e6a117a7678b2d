//! Instants, as people write and read them: RFC 3339, or a plain day that means its first moment in UTC.

use jiff::{Timestamp as Instant, civil::Date, tz::TimeZone};
use prost_types::Timestamp;

const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// Reads `2025-08-02T00:00:00Z`, `2025-08-02T04:00:00+04:00`, `2025-08-02`, or milliseconds since 1970 (11 to 15 digits).
pub(crate) fn read(text: &str) -> Result<Timestamp, String> {
    if let (11..=15, Ok(milliseconds)) = (text.trim_start_matches('-').len(), text.parse::<i64>()) {
        let nanos = i32::try_from(milliseconds.rem_euclid(1_000) * 1_000_000).map_err(|error| error.to_string())?;
        return Ok(Timestamp { seconds: milliseconds.div_euclid(1_000), nanos });
    }
    let instant = match text.parse::<Date>() {
        Ok(day) if text.len() == "YYYY-MM-DD".len() => {
            TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).map_err(|error| error.to_string())
        }
        _ => text
            .parse::<Instant>()
            .map_err(|error| format!("write an instant as 2025-08-02T00:00:00Z, or a day as 2025-08-02 ({error})")),
    }?;
    let nanos = instant.as_nanosecond();
    Ok(Timestamp {
        seconds: i64::try_from(nanos.div_euclid(NANOS_PER_SECOND)).map_err(|error| error.to_string())?,
        nanos: i32::try_from(nanos.rem_euclid(NANOS_PER_SECOND)).map_err(|error| error.to_string())?,
    })
}

/// Shows an instant in RFC 3339, UTC; nothing where there is none.
pub(crate) fn shown(instant: Option<&Timestamp>) -> String {
    let Some(instant) = instant else { return String::new() };
    match Instant::new(instant.seconds, instant.nanos) {
        Ok(instant) => instant.to_string(),
        Err(_) => format!("{} s", instant.seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_means_its_first_moment() {
        assert_eq!(read("2025-08-02"), read("2025-08-02T00:00:00Z"));
        assert_eq!(read("2025-08-02T04:00:00+04:00"), read("2025-08-02T00:00:00Z"));
        assert_eq!(read("1754092800000"), read("2025-08-02T00:00:00Z"));
        assert_eq!(read("1754092800500"), read("2025-08-02T00:00:00.5Z"));
    }

    #[test]
    fn an_instant_is_shown_as_it_was_written() {
        for text in ["2025-08-02T00:00:00Z", "2025-08-02T00:00:00.000001Z", "1960-01-01T00:00:00.5Z"] {
            assert_eq!(shown(Some(&read(text).unwrap())), text);
        }
        assert_eq!(shown(None), "");
    }

    #[test]
    fn a_time_without_its_zone_is_refused_with_an_example() {
        for text in ["2025-08-02T00:00:00", "2025-08", "yesterday", ""] {
            assert!(read(text).unwrap_err().contains("2025-08-02T00:00:00Z"), "{text}");
        }
    }
}
