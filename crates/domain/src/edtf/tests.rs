//! The dates of the contract, good and bad.

use super::*;
use crate::moment::Moment;

fn span(text: &str) -> (String, String) {
    let date = PartialDate::parse(text).unwrap();
    let side = |atom: Option<Atom>| atom.map_or("none".to_owned(), Atom::to_text);
    (side(date.earliest()), side(date.latest()))
}

fn refusal(text: &str) -> EdtfError {
    PartialDate::parse(text).unwrap_err()
}

#[test]
fn a_date_is_some_day_between_its_earliest_and_its_latest() {
    for (text, earliest, latest) in [
        ("2024", "2024-01-01", "2024-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2024-12-25", "2024-12-25", "2024-12-25"),
        ("201X", "2010-01-01", "2019-12-31"),
        ("XXXX", "0000-01-01", "9999-12-31"),
        ("1874-XX-XX", "1874-01-01", "1874-12-31"),
        ("2023-XX-31", "2023-01-31", "2023-12-31"),
        ("1874~", "1874-01-01", "1874-12-31"),
        ("2004-06~-11", "2004-06-11", "2004-06-11"),
        ("[2024-12..2025-07]", "2024-12-01", "2025-07-31"),
        ("[1667,1668-12,1670..1672]", "1667-01-01", "1672-12-31"),
        ("[..2025-07]", "none", "2025-07-31"),
        ("[2025-07..]", "2025-07-01", "none"),
        ("[..1984,1990..]", "none", "none"),
        ("2025-33", "2025-01-01", "2025-03-31"),
        ("2025-36", "2025-10-01", "2025-12-31"),
        ("2025-39", "2025-09-01", "2025-12-31"),
        ("2025-41", "2025-07-01", "2025-12-31"),
        ("-0044-03-15", "-0044-03-15", "-0044-03-15"),
        ("0000", "0000-01-01", "0000-12-31"),
        ("1950S2", "1900-01-01", "1999-12-31"),
        ("Y17000", "Y17000-01-01", "Y17000-12-31"),
        ("Y-99999999999", "Y-99999999999-01-01", "Y-99999999999-12-31"),
        ("2025-07-15T10:00:00Z", "2025-07-15T10:00:00Z", "2025-07-15T10:00:00Z"),
        ("2025-07-15T01:30:00+03:00", "2025-07-14T22:30:00Z", "2025-07-14T22:30:00Z"),
        ("2025-07-15T23:30:00-01", "2025-07-16T00:30:00Z", "2025-07-16T00:30:00Z"),
        ("0000-01-01T00:00:00+14:00", "-0001-12-31T10:00:00Z", "-0001-12-31T10:00:00Z"),
        ("2025-07-01T00:00:00.000Z", "2025-07-01T00:00:00Z", "2025-07-01T00:00:00Z"),
        ("2025-07-01T00:00:00.999999999+04:00", "2025-06-30T20:00:00Z", "2025-06-30T20:00:00Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z", "2016-12-31T23:59:59Z"),
    ] {
        assert_eq!(span(text), (earliest.to_owned(), latest.to_owned()), "{text}");
    }
}

#[test]
fn the_text_is_kept_as_written_and_qualifiers_are_told() {
    for (text, approximate, uncertain) in
        [("2001~", true, false), ("2001?-06", false, true), ("?2001-06%", true, true), ("1874-XX-XX", false, false)]
    {
        let date = PartialDate::parse(text).unwrap();
        assert_eq!((date.text(), date.is_approximate(), date.is_uncertain()), (text, approximate, uncertain));
    }
}

#[test]
fn a_fraction_of_a_second_is_kept_in_the_text_and_told() {
    for (text, has) in [("2025-07-01T00:00:00.5Z", true), ("2025-07-01T00:00:00Z", false), ("2025-07", false)] {
        let date = PartialDate::parse(text).unwrap();
        assert_eq!((date.text(), date.has_fraction()), (text, has));
        assert_eq!(PartialDate::from_parts(text, date.earliest(), date.latest()), date);
    }
    let local = PartialDate::parse("2025-06-30T02:00:00.25+04:00").unwrap();
    assert_eq!(local.earliest().unwrap().date().to_text(), "2025-06-30");
    assert_eq!(PartialDate::from_parts(local.text(), local.earliest(), local.latest()), local);
}

#[test]
fn two_spellings_of_one_value_are_the_same_value() {
    let same = |a, b| PartialDate::parse(a).unwrap().same_value(&PartialDate::parse(b).unwrap());
    assert!(same("1874", "1874-XX-XX"));
    assert!(same("1874", "1874-XX"));
    assert!(same("2024-12", "2024-12-XX"));
    assert!(same("?2004-?06-?11", "2004-06-11?"));
    assert!(same("2025-07-15T10:00:00Z", "2025-07-15T12:00:00+02:00"));
    assert!(!same("1874", "1874~"));
    assert!(!same("1874", "187X"));
}

#[test]
fn what_is_not_one_date_is_refused_with_what_to_write_instead() {
    for (text, hint) in [
        ("", "leave the field out"),
        ("2024/2025", "two bounds"),
        ("2024..2025", "[2024-12..2025-07]"),
        ("..2025", "[..2025-07]"),
        ("{2024,2025}", "a claim for each"),
        ("2024-21", "a quarter"),
        ("2024-32", "a quarter"),
        ("[2024-21,2025]", "a quarter"),
        ("Y17E7", "write the year out"),
        ("Y99E99", "write the year out"),
        ("[Y17E7..]", "write the year out"),
        ("Y100000000000", "eleven digits"),
        ("[..Y-9223372036854775807]", "eleven digits"),
        ("2024-12-25T10:00:00", "add `Z`"),
        ("2023-02-29", "a day of that month"),
        ("1900-02-29", "a day of that month"),
        ("[2024,2023-02-30]", "a day of that month"),
        ("2023-02-3X", "a day of that month"),
        ("1751328000000", "milliseconds"),
        ("20250701", "write a day as `2024-12-25`"),
        ("-01XX", "[-0199..-0100]"),
        ("2025-07-15T10:00Z", "with seconds"),
        ("2025-07-15T10:00:00.Z", "with seconds"),
        ("2025-07-15T25:00:00Z", "with seconds"),
    ] {
        assert!(refusal(text).to_string().contains(hint), "{text}: {}", refusal(text));
    }
}

#[test]
fn what_is_not_edtf_is_refused_at_its_place() {
    for (text, place) in [
        ("2024-13", 6),
        ("2024-7-1", 7),
        ("24", 2),
        ("2024-12-25 10:00", 11),
        ("٢٠٢٤", 1),
        ("2024-12é", 8),
        ("soon", 1),
        ("[2025..2024]", 8),
    ] {
        match refusal(text) {
            EdtfError::NotEdtf { position, .. } => assert_eq!(position, place, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn a_long_text_is_quoted_in_part() {
    let text = "é".repeat(1_000);
    assert_eq!(excerpt(&text).chars().count(), 63);
    assert!(refusal(&text).to_string().len() < 300);
}

#[test]
fn a_valid_string_gives_both_bounds() {
    let known = |text| Bound::Known(PartialDate::parse(text).unwrap());
    for (text, from, to) in [
        ("2024-12", known("2024-12"), known("2024-12")),
        ("[..2025-07]", known("[..2025-07]"), known("[..2025-07]")),
        ("2024-12/2025~", known("2024-12"), known("2025~")),
        ("../2025-07", Bound::Open, known("2025-07")),
        ("/2025-07", Bound::Unknown, known("2025-07")),
        ("2024/..", known("2024"), Bound::Open),
        ("2024/", known("2024"), Bound::Unknown),
        ("2024-12-25T10:00:00Z/..", known("2024-12-25T10:00:00Z"), Bound::Open),
    ] {
        assert_eq!(parse_valid(text), Ok((from, to)), "{text}");
    }
}

#[test]
fn a_valid_string_that_is_no_interval_of_dates_is_refused() {
    for text in ["/", "../..", "/..", "../"] {
        assert!(matches!(parse_valid(text), Err(EdtfError::NoDateAtAll { .. })), "{text}");
    }
    assert!(matches!(parse_valid("[2022..2025]/.."), Err(EdtfError::SetInInterval { .. })));
    assert!(matches!(parse_valid("..2022/2025"), Err(EdtfError::BareRange { .. })));
    assert!(matches!(parse_valid("07/15/2025"), Err(EdtfError::NotEdtf { position: 6, .. })));
    assert!(matches!(parse_valid("[2024/2025]"), Err(EdtfError::NotEdtf { .. })));
    assert_eq!(parse_valid(""), Err(EdtfError::Empty));
}

#[test]
fn a_plain_day_is_what_the_parser_says_of_it_and_refused_where_the_parser_refuses_it() {
    for year in (0..10_000).step_by(37) {
        for (month, day) in (0..=13).flat_map(|month| (0..=32).map(move |day| (month, day))) {
            let text = format!("{year:04}-{month:02}-{day:02}");
            let parsed = edtf_core::Edtf::parse(&text).ok().map(|date| match date.bounds().earliest {
                edtf_core::Bound::Date(day) => Moment::from_civil_day(day.year, day.month, day.day),
                other => panic!("{text}: {other:?}"),
            });
            let read = PartialDate::parse(&text).ok();
            assert_eq!(read.map(|date| date.earliest().unwrap().start), parsed, "{text}");
        }
    }
}
