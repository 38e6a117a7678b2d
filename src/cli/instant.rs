//! Instants, as people write and read them: RFC 3339, or a plain day that means its first moment in UTC.

use jiff::Timestamp as Instant;
use prost_types::Timestamp;

pub(crate) use detente_ledger::wire::time::read_instant as read;

/// Shows an instant in RFC 3339, UTC; nothing where there is none.
pub(crate) fn format(instant: Option<&Timestamp>) -> String {
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
    fn an_instant_is_shown_as_it_was_written() {
        for text in ["2025-08-02T00:00:00Z", "2025-08-02T00:00:00.000001Z", "1960-01-01T00:00:00.5Z"] {
            assert_eq!(format(Some(&read(text).unwrap())), text);
        }
        assert_eq!(format(None), "");
    }
}
