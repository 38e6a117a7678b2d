//! Spans of valid time as requests name them: `from` and `until`, both EDTF, the last day included.

use super::parse::Parse;
use detente_domain::moment::Moment;
use detente_domain::period::Period;

/// Parses a span into its first instant and the instant after it, as far as they are given.
pub(super) fn asked_span(from: &str, until: &str, parse: &mut Parse) -> (Option<Moment>, Option<Moment>) {
    let from = parse_end("from", from, parse).map(|period| period.a);
    let until = parse_end("until", until, parse).map(|period| period.b);
    if from.zip(until).is_some_and(|(from, until)| from >= until) {
        parse.wrong("until", "the span ends before it begins: expected a date that is not before `from`");
    }
    (from, until)
}

fn parse_end(field: &str, text: &str, parse: &mut Parse) -> Option<Period> {
    if text.is_empty() {
        return None;
    }
    Period::parse(text).map_err(|error| parse.wrong(field, error.to_string())).ok()
}

/// `[from, until)` as an EDTF interval: the first day and the last, or the second where an end is not one of a day; one
/// date where both are the same; `..` for an end without limit.
pub(super) fn interval(from: Moment, until: Moment) -> String {
    let text = |at: Moment, is_day: bool| match (at.is_finite(), is_day) {
        (false, _) => "..".to_owned(),
        (true, true) => at.to_date_string(),
        (true, false) => at.to_string_second(),
    };
    let last = until.plus_seconds(-1);
    let (first, last) = (text(from, from.day_start() == from), text(last, until.day_start() == until));
    if first == last && first != ".." { first } else { format!("{first}/{last}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Period::parse(text).unwrap().a
    }

    #[test]
    fn an_interval_names_its_first_and_its_last_day() {
        assert_eq!(interval(at("2024-12-31"), at("2025-07-02")), "2024-12-31/2025-07-01");
        assert_eq!(interval(at("2024-12-31"), at("2025-01-01")), "2024-12-31");
        assert_eq!(interval(Moment::MIN, at("2025-01-01")), "../2024-12-31");
        assert_eq!(interval(at("2025-01-01"), Moment::MAX), "2025-01-01/..");
        assert_eq!(interval(Moment::MIN, Moment::MAX), "../..");
        assert_eq!(interval(at("-0044-03-15"), at("-0044-03-17")), "-0044-03-15/-0044-03-16");
    }

    #[test]
    fn an_end_within_a_day_is_told_to_the_second() {
        let noon = at("2025-01-02T12:00:00Z");
        assert_eq!(interval(noon, noon.plus_seconds(1)), "2025-01-02T12:00:00Z");
        assert_eq!(interval(noon, at("2025-01-04")), "2025-01-02T12:00:00Z/2025-01-03");
        assert_eq!(interval(at("2025-01-01"), noon), "2025-01-01/2025-01-02T11:59:59Z");
    }

    #[test]
    fn a_span_that_ends_before_it_begins_is_refused() {
        let span = |from, until| {
            let mut parse = Parse::new();
            let span = asked_span(from, until, &mut parse);
            parse.finish().map(|()| span)
        };
        assert!(span("2025-07", "2025-07-15").is_ok(), "`until` is in the month that `from` names");
        assert_eq!(span("", "2025").unwrap(), (None, Some(at("2026"))));
        for (from, until) in [("2025", "2024"), ("2025-07-02", "2025-07-01"), ("soon", ""), ("", "[2024..]")] {
            assert!(span(from, until).is_err(), "{from} {until}");
        }
    }
}
