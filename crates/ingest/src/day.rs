//! The day of a release.

use super::date::{after, before};
use detente_domain::edtf::PartialDate;

/// A day, as EDTF writes it: `2020-06-01`. Days compare as they follow one another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(String);

impl Day {
    /// Reads a day; none for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        (shaped && PartialDate::parse(text).is_ok()).then(|| Self(text.to_owned()))
    }

    /// The day before.
    pub fn before(&self) -> String {
        before(&self.0).unwrap_or_else(|| self.0.clone())
    }

    /// The day after.
    pub fn after(&self) -> String {
        after(&self.0).unwrap_or_else(|| self.0.clone())
    }

    /// As it is written.
    pub fn text(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Day;

    #[test]
    fn a_day_is_a_whole_date_and_nothing_else() {
        assert_eq!(Day::parse("2020-03-01").map(|day| day.before()), Some("2020-02-29".to_owned()));
        let after = |text: &str| Day::parse(text).map(|day| day.after()).unwrap_or_default();
        assert_eq!(
            [after("2020-02-29"), after("2020-12-31"), after("2021-02-28")],
            ["2020-03-01", "2021-01-01", "2021-03-01"]
        );
        for text in ["2020", "2020-06", "2020-02-30", "5.0", "2020-06-01T00:00:00Z", "2020-6-01", ""] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
        assert!(Day::parse("2019-12-31") < Day::parse("2020-01-01"));
    }
}
