//! The dates that a mapping takes for possible: what lies outside is a fault of the row, not a date of the year 25 or 36161.

use crate::value::excerpt;
use detente_domain::edtf::PartialDate;
use detente_domain::moment::Moment;

/// The earliest and the latest date that can be meant, as far as a mapping says.
#[derive(Debug, Default)]
pub(super) struct Plausible {
    not_before: Option<(Box<str>, Moment)>,
    not_after: Option<(Box<str>, Moment)>,
}

impl Plausible {
    /// Compiles the limits: the first is from the first day that it can mean, the last to its last one.
    ///
    /// # Errors
    /// A limit that is no date, or has no day on that side, or nothing between the two.
    pub(super) fn compile(not_before: Option<&str>, not_after: Option<&str>) -> Result<Self, String> {
        let limit = |name: &str, text: Option<&str>, end: fn(&PartialDate) -> Option<Moment>| {
            let Some(text) = text else { return Ok(None) };
            let date = PartialDate::parse(text).map_err(|error| format!("{name}: {error}"))?;
            let at = end(&date).ok_or_else(|| format!("{name}: `{}` is no limit: write one date", excerpt(text)))?;
            Ok::<_, String>(Some((Box::from(text), at)))
        };
        let not_before = limit("not_before", not_before, |date| date.earliest().map(|first| first.start))?;
        let not_after = limit("not_after", not_after, |date| date.latest().map(|last| last.end))?;
        if not_before.as_ref().zip(not_after.as_ref()).is_some_and(|(first, last)| first.1 >= last.1) {
            return Err("not_before lies after not_after: no date is left".to_owned());
        }
        Ok(Self { not_before, not_after })
    }

    /// Checks a date, or both ends of an interval. Texts that are no dates pass; they are reported elsewhere.
    ///
    /// # Errors
    /// Returns a message with the limit that a date lies beyond.
    pub(super) fn check(&self, edtf: &str) -> Result<(), String> {
        let sides = edtf.split('/').filter_map(|side| PartialDate::parse(side).ok());
        for date in sides {
            let wrong = |what: &str, limit: &str, name: &str| {
                Err(format!("`{}` is {what} `{limit}`, which the mapping has as {name}", excerpt(edtf)))
            };
            match (&self.not_before, date.earliest()) {
                (Some((limit, at)), Some(first)) if first.start < *at => return wrong("before", limit, "not_before"),
                _ => {}
            }
            match (&self.not_after, date.latest()) {
                (Some((limit, at)), Some(last)) if last.end > *at => return wrong("after", limit, "not_after"),
                _ => {}
            }
        }
        Ok(())
    }
}
