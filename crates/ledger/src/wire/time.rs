//! Instants: `google.protobuf.Timestamp` counts nanoseconds, the ledger microseconds.
//!
//! A recorded time is the same after a conversion and back. The time in a client's question may fall between two
//! microseconds; the question decides which one is meant: "recorded by this instant, inclusive" is the one before
//! ([`recorded_at`]), "recorded at this instant or later" and "recorded before it" are the one after ([`recorded_from`]).

use detente_domain::edtf::DateTimeText;
use detente_domain::moment::Moment;
use detente_domain::position::RecordedAt;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use prost_types::Timestamp;

const MICROS_PER_SECOND: i64 = 1_000_000;
const NANOS_PER_MICRO: i32 = 1_000;
const NANOS_PER_SECOND: i128 = 1_000_000_000;
const FIRST_SECOND: i64 = -62_135_596_800;
const LAST_SECOND: i64 = 253_402_300_799;
const EXPECTED: &str =
    "a timestamp between 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999999Z, with 0 to 999999999 nanos";

/// The forms that [`read_instant`] reads.
const INSTANT_FORMS: &str = "write an instant as 2025-08-02T00:00:00Z, with seconds and a zone, a day as 2025-08-02, or \
                             milliseconds since 1970";

/// The message for a recorded time.
#[must_use]
pub fn timestamp(at: RecordedAt) -> Timestamp {
    let micros = i32::try_from(at.0.rem_euclid(MICROS_PER_SECOND)).unwrap_or_default();
    Timestamp { seconds: at.0.div_euclid(MICROS_PER_SECOND), nanos: micros.saturating_mul(NANOS_PER_MICRO) }
}

/// The message for an instant of valid time; none where it lies outside the years 1 to 9999, which a timestamp cannot say.
#[must_use]
pub fn timestamp_of(at: Moment) -> Option<Timestamp> {
    (FIRST_SECOND..=LAST_SECOND).contains(&at.0).then_some(Timestamp { seconds: at.0, nanos: 0 })
}

/// The microsecond that holds an instant: the last one that is not later.
///
/// # Errors
/// The expected value, in words.
pub fn recorded_at(timestamp: &Timestamp) -> Result<RecordedAt, &'static str> {
    check(timestamp)?;
    let micros = i64::from(timestamp.nanos / NANOS_PER_MICRO);
    Ok(RecordedAt(timestamp.seconds.saturating_mul(MICROS_PER_SECOND).saturating_add(micros)))
}

/// The first microsecond that is not earlier than an instant.
///
/// # Errors
/// The expected value, in words.
pub fn recorded_from(timestamp: &Timestamp) -> Result<RecordedAt, &'static str> {
    let at = recorded_at(timestamp)?;
    Ok(if timestamp.nanos % NANOS_PER_MICRO == 0 { at } else { at.next() })
}

/// Reads an instant as people write it: `2025-08-02T00:00:00Z`, `2025-08-02T04:00:00+04:00`, milliseconds since 1970 (11 to
/// 15 digits), or `2025-08-02`, which is the first moment of the day in UTC. A time has seconds: `10:00` could be any of sixty.
///
/// # Errors
/// The form of an instant.
pub fn read_instant(text: &str) -> Result<Timestamp, String> {
    if let (11..=15, Ok(milliseconds)) = (text.trim_start_matches('-').len(), text.parse::<i64>()) {
        let nanos = i32::try_from(milliseconds.rem_euclid(1_000) * 1_000_000).map_err(|error| error.to_string())?;
        return Ok(Timestamp { seconds: milliseconds.div_euclid(1_000), nanos });
    }
    let instant = match text.parse::<Date>() {
        Ok(day) if text.len() == "YYYY-MM-DD".len() => {
            TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).map_err(|error| error.to_string())
        }
        _ => read_date_time(text),
    }?;
    let nanos = instant.as_nanosecond();
    Ok(Timestamp {
        seconds: i64::try_from(nanos.div_euclid(NANOS_PER_SECOND)).map_err(|error| error.to_string())?,
        nanos: i32::try_from(nanos.rem_euclid(NANOS_PER_SECOND)).map_err(|error| error.to_string())?,
    })
}

/// Reads a date-time of RFC 3339. The parser takes more than that: times without seconds, names of zones, days without
/// hyphens.
fn read_date_time(text: &str) -> Result<jiff::Timestamp, String> {
    let written = DateTimeText::of(text).map_err(|lacks| format!("{lacks}; {INSTANT_FORMS}"))?;
    // Nothing counts fewer than nanoseconds.
    let fraction: String = written.fraction.chars().take(9).collect();
    let point = if fraction.is_empty() { "" } else { "." };
    let rfc3339 = format!("{}T{}{point}{fraction}{}", written.day, written.time, written.zone);
    rfc3339.parse().map_err(|error| format!("{error}; {INSTANT_FORMS}"))
}

/// Checks that a timestamp is one by the definition of protobuf.
pub(super) fn check(timestamp: &Timestamp) -> Result<(), &'static str> {
    let valid =
        (FIRST_SECOND..=LAST_SECOND).contains(&timestamp.seconds) && (0..=999_999_999).contains(&timestamp.nanos);
    if valid { Ok(()) } else { Err(EXPECTED) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_time_survives_the_way_there_and_back_before_1970_too() {
        for micros in [0, 1, -1, 999_999, -1_000_001, 1_753_000_000_123_456, FIRST_SECOND * MICROS_PER_SECOND] {
            let there = timestamp(RecordedAt(micros));
            assert_eq!(recorded_at(&there), Ok(RecordedAt(micros)), "{there:?}");
            assert_eq!(recorded_from(&there), Ok(RecordedAt(micros)), "{there:?}");
        }
        assert_eq!(timestamp(RecordedAt(-1)), Timestamp { seconds: -1, nanos: 999_999_000 });
    }

    #[test]
    fn between_two_microseconds_known_at_means_the_one_before_and_recorded_from_the_one_after() {
        let between = Timestamp { seconds: -2, nanos: 1_500 };
        assert_eq!(recorded_at(&between), Ok(RecordedAt(-1_999_999)));
        assert_eq!(recorded_from(&between), Ok(RecordedAt(-1_999_998)));
    }

    #[test]
    fn an_instant_of_valid_time_is_said_where_a_timestamp_can_say_it() {
        assert_eq!(timestamp_of(Moment(-1)), Some(Timestamp { seconds: -1, nanos: 0 }));
        for at in [FIRST_SECOND, LAST_SECOND] {
            assert_eq!(timestamp_of(Moment(at)).map(|said| check(&said)), Some(Ok(())), "{at}");
        }
        for beyond in [Moment::MIN, Moment(FIRST_SECOND - 1), Moment(LAST_SECOND + 1), Moment::MAX] {
            assert_eq!(timestamp_of(beyond), None);
        }
    }

    #[test]
    fn what_protobuf_does_not_allow_is_refused() {
        for (seconds, nanos) in
            [(FIRST_SECOND - 1, 0), (LAST_SECOND + 1, 0), (0, -1), (0, 1_000_000_000), (i64::MIN, 0)]
        {
            assert!(recorded_at(&Timestamp { seconds, nanos }).is_err(), "{seconds} {nanos}");
        }
        assert!(recorded_at(&Timestamp { seconds: LAST_SECOND, nanos: 999_999_999 }).is_ok());
    }

    #[test]
    fn a_day_means_its_first_moment() {
        assert_eq!(read_instant("2025-08-02"), read_instant("2025-08-02T00:00:00Z"));
        assert_eq!(read_instant("2025-08-02T04:00:00+04:00"), read_instant("2025-08-02T00:00:00Z"));
        assert_eq!(read_instant("1754092800000"), read_instant("2025-08-02T00:00:00Z"));
        assert_eq!(read_instant("1754092800500"), read_instant("2025-08-02T00:00:00.5Z"));
    }

    #[test]
    fn a_time_without_its_zone_is_refused_with_an_example() {
        for text in ["2025-08-02T00:00:00", "2025-08", "yesterday", ""] {
            assert!(read_instant(text).unwrap_err().contains("2025-08-02T00:00:00Z"), "{text}");
        }
    }

    #[test]
    fn an_instant_is_read_in_every_spelling_of_rfc_3339_and_refused_where_a_part_is_missing() {
        let at = |text: &str| read_instant(text).map(|at| (at.seconds, at.nanos));
        for same in [
            "2025-09-01T06:00:00.25Z",
            "2025-09-01t10:00:00.25+04",
            "2025-09-01 10:00:00,2500+0400",
            "2025-09-01T10:00:00.2500000000009+04:00",
            "1756706400250",
        ] {
            assert_eq!(at(same), Ok((1_756_706_400, 250_000_000)), "{same}");
        }
        assert_eq!(at("2025-09-01"), Ok((1_756_684_800, 0)));
        for vague in ["2025-09-01T10:00Z", "2025-09-01T10Z", "2025-09-01T10:00+04:00", "2025-09-01T10:00:00", "2025-09"]
        {
            assert!(at(vague).is_err_and(|lacks| lacks.contains("with seconds and a zone")), "{vague}");
        }
        assert!(at("2025-02-30T10:00:00Z").is_err());
    }
}
