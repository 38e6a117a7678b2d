//! The parts of a date-time as RFC 3339 (section 5.6) writes it, wherever a question or an instant is read.
//!
//! ```text
//!   2025-08-02 T 10:00:00 .5      +04:00
//!   day          time     fraction zone
//! ```
//!
//! `t`, `z`, a blank for the `T`, a comma for the point and an offset without its colon mean the same. A claim keeps its text
//! and is held to EDTF instead.

/// A date-time, taken apart by its look. A day that does not exist is not noticed here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateTimeText<'t> {
    /// `YYYY-MM-DD`.
    pub day: &'t str,
    /// `hh:mm:ss`.
    pub time: &'t str,
    /// Digits of the fraction of a second, perhaps none.
    pub fraction: &'t str,
    /// `Z`, `+hh` or `+hh:mm`.
    pub zone: String,
}

impl<'t> DateTimeText<'t> {
    /// Takes a text apart.
    ///
    /// # Errors
    /// The part that is not as RFC 3339 has it.
    pub fn of(text: &'t str) -> Result<Self, &'static str> {
        let (day, rest) = text.split_once(['T', 't', ' ']).ok_or("it has no time")?;
        if !has_shape(day, "0000-00-00") {
            return Err("its day is not YYYY-MM-DD");
        }
        let (time, rest) = rest.split_at_checked("hh:mm:ss".len()).ok_or("its time is not hh:mm:ss")?;
        if !has_shape(time, "00:00:00") {
            return Err("its time is not hh:mm:ss");
        }
        let (fraction, zone) = match rest.strip_prefix(['.', ',']) {
            Some(rest) => rest.split_at(rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len()),
            None => ("", rest),
        };
        if fraction.is_empty() && zone.len() != rest.len() {
            return Err("its fraction of a second has no digits");
        }
        Ok(Self { day, time, fraction, zone: zone_of(zone).ok_or("its zone is not Z, +hh:mm or -hh:mm")? })
    }

    /// The text as EDTF has it, without the fraction.
    #[must_use]
    pub fn to_edtf(&self) -> String {
        format!("{}T{}{}", self.day, self.time, self.zone)
    }
}

/// The zone in one spelling. An offset of `-00:00` is UTC, of which RFC 3339 (section 4.3) says that the place is not known.
fn zone_of(zone: &str) -> Option<String> {
    if zone.eq_ignore_ascii_case("z") || matches!(zone, "-00" | "-0000" | "-00:00") {
        return Some("Z".to_owned());
    }
    let offset = zone.strip_prefix(['+', '-'])?;
    if has_shape(offset, "00") || has_shape(offset, "00:00") {
        return Some(zone.to_owned());
    }
    let (hours, minutes) = zone.split_at_checked("+hh".len()).filter(|_| has_shape(offset, "0000"))?;
    Some(format!("{hours}:{minutes}"))
}

/// Returns true if a text has a digit wherever a pattern has one, and otherwise the same characters.
fn has_shape(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(c, of)| if of == b'0' { c.is_ascii_digit() } else { c == of })
}

#[cfg(test)]
mod tests {
    use super::DateTimeText;

    #[test]
    fn every_spelling_of_rfc_3339_is_one_date_time() {
        for (text, edtf) in [
            ("2025-09-01T10:00:00Z", "2025-09-01T10:00:00Z"),
            ("2025-09-01t10:00:00z", "2025-09-01T10:00:00Z"),
            ("2025-09-01 10:00:00.25Z", "2025-09-01T10:00:00Z"),
            ("2025-09-01T10:00:00,123456789012-04:30", "2025-09-01T10:00:00-04:30"),
            ("2025-09-01T10:00:00+0430", "2025-09-01T10:00:00+04:30"),
            ("2025-09-01T10:00:00+04", "2025-09-01T10:00:00+04"),
            ("2025-09-01T10:00:00-00:00", "2025-09-01T10:00:00Z"),
            ("2025-09-01T10:00:00-0000", "2025-09-01T10:00:00Z"),
        ] {
            assert_eq!(DateTimeText::of(text).map(|read| read.to_edtf()), Ok(edtf.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_part_that_is_missing_or_otherwise_is_named() {
        for (text, part) in [
            ("2025-09-01", "no time"),
            ("20250901T100000Z", "its day"),
            ("2025-9-1T10:00:00Z", "its day"),
            ("2025-09-01T10:00Z", "its time"),
            ("2025-09-01T10Z", "its time"),
            ("2025-09-01T10:00+04:00", "its time"),
            ("2025-09-01Té:00:00Z", "its time"),
            ("2025-09-01T10:00:00", "its zone"),
            ("2025-09-01T10:00:00+4", "its zone"),
            ("2025-09-01T10:00:00+04:00[Asia/Baku]", "its zone"),
            ("2025-09-01T10:00:00.Z", "its fraction"),
        ] {
            assert!(DateTimeText::of(text).is_err_and(|lacks| lacks.contains(part)), "{text}");
        }
    }
}
