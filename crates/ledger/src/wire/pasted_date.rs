//! Dates and instants as people paste them into an address.
//!
//! In a query a `+` stands for a blank, and nobody who pastes `2025-07-01T10:00:00+04:00` writes `%2B`. No date, instant or
//! interval has a blank of its own, so the place of a blank says what it was:
//!
//! | the blank stands | it was |
//! |---|---|
//! | behind a time | the `+` of an offset |
//! | between a day and a time | the `T` that RFC 3339 lets people leave out |
//! | at either end | nothing |

/// Names of parameters and fields of forms whose values are dates or instants.
const DATE_NAMES: [&str; 6] = ["from", "until", "valid", "valid_at", "known_at", "recorded_from"];

/// Returns true if the value of a parameter of this name is a date or an instant: `to_valid_at` is, as `valid_at` is.
#[must_use]
pub fn is_date_name(name: &str) -> bool {
    let name = name.strip_prefix("from_").or_else(|| name.strip_prefix("to_")).unwrap_or(name);
    DATE_NAMES.contains(&name)
}

/// The date or instant that was pasted.
#[must_use]
pub fn restore_pasted(text: &str) -> String {
    let text = text.trim();
    let mut restored = String::with_capacity(text.len());
    // Each part of an interval or a set has a date and a time of its own.
    let mut has_time = false;
    for (at, c) in text.char_indices() {
        match c {
            '/' | ',' | '[' | '{' | ']' | '}' => has_time = false,
            'T' | 't' if restored.ends_with(|c: char| c.is_ascii_digit()) => has_time = true,
            _ => {}
        }
        let rest = text.get(at + c.len_utf8()..).unwrap_or_default();
        match c {
            ' ' if has_time && begins_offset(rest) => restored.push('+'),
            ' ' if !has_time && begins_time(rest) && restored.ends_with(|c: char| c.is_ascii_digit()) => {
                restored.push('T');
                has_time = true;
            }
            c => restored.push(c),
        }
    }
    restored
}

/// Returns true for two digits, perhaps with two more.
fn begins_offset(rest: &str) -> bool {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    matches!(digits, 2 | 4)
}

/// Returns true for two digits and a colon.
fn begins_time(rest: &str) -> bool {
    matches!(rest.as_bytes(), [a, b, b':', ..] if a.is_ascii_digit() && b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_that_became_a_blank_is_a_plus_again_wherever_a_time_stands_before_it() {
        for (given, pasted) in [
            ("2025-07-01T10:00:00 04:00", "2025-07-01T10:00:00+04:00"),
            ("2025-07-01T10:00:00.25 0400", "2025-07-01T10:00:00.25+0400"),
            ("2025-07-01T10:00 04", "2025-07-01T10:00+04"),
            ("2025-07-01 10:00:00 04:00", "2025-07-01T10:00:00+04:00"),
            ("2025-07-01 10:00:00Z", "2025-07-01T10:00:00Z"),
            (
                "2025-07-01T00:00:00 04:00/2025-07-02T00:00:00 04:00",
                "2025-07-01T00:00:00+04:00/2025-07-02T00:00:00+04:00",
            ),
            ("2025-07-01/2025-07-02 10:00:00 04:00", "2025-07-01/2025-07-02T10:00:00+04:00"),
            (" 2025-07 ", "2025-07"),
        ] {
            assert_eq!(restore_pasted(given), pasted, "{given}");
        }
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for same in [
            "",
            "2025-07",
            "2025-07-01T10:00:00+04:00",
            "2025-07-01T10:00:00-04:00",
            "2025-07-01T10:00:00 later",
            "2025 07",
            "July 2025",
            "Tue Jul 01 2025",
            "é 10:00",
            "2025-07/..",
            "1751328000000",
            "[2024-12-25, 2025-01-07]",
        ] {
            assert_eq!(restore_pasted(same), same);
        }
    }

    #[test]
    fn the_sides_of_a_comparison_have_dates_by_the_same_names() {
        assert!(["valid_at", "to_valid_at", "from_known_at", "until", "from"].into_iter().all(is_date_name));
        assert!(["kind", "from_basis", "text", "to", "basis"].into_iter().all(|name| !is_date_name(name)));
    }
}
