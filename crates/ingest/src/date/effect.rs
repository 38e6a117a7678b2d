//! Keys of a date that would have no effect: they are refused, so that nobody relies on them.

use super::calendar::Calendar;
use crate::mapping::DateRule;

/// The way in which a rule says its date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DateWay {
    Bound,
    Parts,
    Forms,
    Edtf,
}

/// Checks that every key of a rule has an effect.
///
/// # Errors
/// The key that has none, and what it is for.
pub(super) fn check(rule: &DateRule, calendar: Calendar) -> Result<(), String> {
    let way = match (&rule.bound, &rule.year) {
        (Some(_), _) => DateWay::Bound,
        (None, Some(_)) => DateWay::Parts,
        (None, None) if rule.formats.is_empty() => DateWay::Edtf,
        (None, None) => DateWay::Forms,
    };
    let is_plain = way == DateWay::Edtf && calendar == Calendar::Gregorian;
    let names_month = rule.formats.iter().any(|form| form.contains("Mon"));
    let has_parts = rule.month.is_some() || rule.day.is_some();
    let never = |key: &str, what: &str| Err(format!("`{key}` has no effect here: {what}"));
    if way == DateWay::Bound {
        let given = [
            ("formats", !rule.formats.is_empty()),
            ("month` and `day", has_parts),
            ("missing", !rule.missing.is_empty()),
            ("open", !rule.open.is_empty()),
            ("unknown", !rule.unknown.is_empty()),
            ("empty", rule.empty.is_some()),
            ("calendar", rule.calendar.is_some()),
            ("not_before", rule.not_before.is_some()),
            ("not_after", rule.not_after.is_some()),
            ("precision", rule.precision.is_some()),
            ("exclusive", rule.exclusive),
            ("no_year_zero", rule.no_year_zero),
            ("months", rule.months.is_some()),
            ("qualifier", rule.qualifier.is_some()),
        ];
        let key = given.into_iter().find_map(|(key, is_given)| is_given.then_some(key));
        return key.map_or(Ok(()), |key| never(key, "a `bound` is the same for every row"));
    }
    if way != DateWay::Parts && has_parts {
        return never("month` and `day", "they go with `year`");
    }
    if way == DateWay::Parts && !rule.formats.is_empty() {
        return never("formats", "they are for `date`");
    }
    if rule.day.is_some() && rule.month.is_none() {
        return never("day", "it goes with `month`");
    }
    if rule.months.is_some() && !names_month {
        return never("months", "no form of `formats` has a `Mon` or `Month`");
    }
    if is_plain && !rule.missing.is_empty() {
        return never("missing", "say in `formats` where the parts stand, or give `year`, `month` and `day`");
    }
    if is_plain && rule.no_year_zero {
        return never(
            "no_year_zero",
            "EDTF has a year 0; say how the years are written, `formats = [\"Y-MM-DD\", \"Y\"]`",
        );
    }
    Ok(())
}
