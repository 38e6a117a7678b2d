//! The days of an EDTF date, checked three ways: against the `edtf` crate, another reading of the same standard (levels 0
//! and 1); against a table written by hand from ISO 8601-2; and, for unspecified digits and one-of sets (level 2), against
//! an enumeration of every day that matches.

use detente_domain::bound::Bound;
use detente_domain::edtf::{Atom, PartialDate, parse_valid};
use edtf::level_1::{Certainty, Date, Edtf, Precision, Terminal};
use proptest::prelude::*;

fn span(date: &PartialDate) -> (String, String) {
    let side = |atom: Option<Atom>| atom.map_or_else(|| "..".to_owned(), Atom::to_text);
    (side(date.earliest()), side(date.latest()))
}

fn parsed_span(text: &str) -> (String, String) {
    span(&PartialDate::parse(text).unwrap_or_else(|e| panic!("{text}: {e}")))
}

fn is_leap(year: i32) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn last_day(year: i32, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn day(year: i32, month: u32, day: u32) -> String {
    let sign = if year < 0 { "-" } else { "" };
    format!("{sign}{:04}-{month:02}-{day:02}", year.abs())
}

/// The first and last day as the other crate reads the date; `None` for a season, which we refuse.
fn other_span(date: Date) -> Option<(String, String)> {
    let years = |first: i32, last: i32| Some((day(first, 1, 1), day(last, 12, 31)));
    let month = |y, m| Some((day(y, m, 1), day(y, m, last_day(y, m))));
    match date.precision() {
        Precision::Century(y) => years(y, y + 99),
        Precision::Decade(y) => years(y, y + 9),
        Precision::Year(y) | Precision::MonthOfYear(y) | Precision::DayOfYear(y) => years(y, y),
        Precision::Month(y, m) | Precision::DayOfMonth(y, m) => month(y, m),
        Precision::Day(y, m, d) => Some((day(y, m, d), day(y, m, d))),
        Precision::Season(..) => None,
    }
}

/// The UTC second as the other crate reads the date-time, found by carrying over whole days by hand.
fn other_second(instant: edtf::DateTime) -> String {
    let (date, time) = (instant.date(), instant.time());
    let offset = match instant.offset() {
        edtf::TzOffset::Hours(h) => h * 60,
        edtf::TzOffset::Minutes(m) => m,
        _ => 0,
    };
    let minutes = time.hour() as i32 * 60 + time.minute() as i32 - offset;
    let (mut y, mut m, mut d) = (date.year(), date.month(), date.day());
    if minutes < 0 {
        (y, m, d) = match (m, d) {
            (1, 1) => (y - 1, 12, 31),
            (_, 1) => (y, m - 1, last_day(y, m - 1)),
            _ => (y, m, d - 1),
        };
    } else if minutes >= 1440 {
        (y, m, d) = match (m, d) {
            (12, 31) => (y + 1, 1, 1),
            _ if d == last_day(y, m) => (y, m + 1, 1),
            _ => (y, m, d + 1),
        };
    }
    let minutes = minutes.rem_euclid(1440);
    let text = day(y, m, d);
    let text = if y > 9999 { format!("Y{text}") } else { text };
    format!("{text}T{:02}:{:02}:{:02}Z", minutes / 60, minutes % 60, time.second().min(59))
}

fn assert_dates_agree(text: &str, ours: &PartialDate, other: Date) {
    assert_eq!(Some(span(ours)), other_span(other), "{text}");
    let (approximate, uncertain) = match other.certainty() {
        Certainty::Certain => (false, false),
        Certainty::Uncertain => (false, true),
        Certainty::Approximate => (true, false),
        Certainty::ApproximateUncertain => (true, true),
    };
    assert_eq!((ours.is_approximate(), ours.is_uncertain()), (approximate, uncertain), "{text}");
}

/// Both crates read the text, and agree.
fn assert_agreement(text: &str) {
    let other = Edtf::parse(text).unwrap_or_else(|e| panic!("the other crate refuses {text}: {e}"));
    match other {
        Edtf::Date(date) if date.season().is_some() => {
            assert!(PartialDate::parse(text).is_err(), "{text}")
        }
        Edtf::Date(date) => assert_dates_agree(text, &PartialDate::parse(text).unwrap(), date),
        Edtf::YYear(year) => {
            let expected = (format!("Y{}-01-01", year.value()), format!("Y{}-12-31", year.value()));
            assert_eq!(parsed_span(text), expected);
        }
        Edtf::DateTime(instant) => assert_eq!(parsed_span(text).0, other_second(instant), "{text}"),
        Edtf::Interval(..) | Edtf::IntervalFrom(..) | Edtf::IntervalTo(..) => assert_intervals_agree(text, other),
    }
}

fn assert_intervals_agree(text: &str, other: Edtf) {
    let terminal = |t: Terminal| {
        if t == Terminal::Open { Bound::Open } else { Bound::Unknown }
    };
    let (from, to) = parse_valid(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    let same = |ours: &Bound, other: Date| assert_dates_agree(text, ours.date().unwrap(), other);
    match other {
        Edtf::Interval(a, b) => {
            same(&from, a);
            same(&to, b);
        }
        Edtf::IntervalFrom(a, end) => {
            same(&from, a);
            assert_eq!(to, terminal(end), "{text}");
        }
        Edtf::IntervalTo(start, b) => {
            assert_eq!(from, terminal(start), "{text}");
            same(&to, b);
        }
        other => panic!("{text}: {other:?} is no interval"),
    }
}

fn plain_date() -> impl Strategy<Value = String> {
    (-9999..=9999_i32, 1..=12_u32, 1..=31_u32).prop_flat_map(|(y, m, d)| {
        let d = d.min(last_day(y, m));
        let full = day(y, m, d);
        let cut = full.len();
        prop_oneof![Just(full.clone()), Just(full[..cut - 3].to_owned()), Just(full[..cut - 6].to_owned())]
    })
}

fn unspecified_dates() -> impl Strategy<Value = String> {
    (0..=9999_i32, 1..=12_u32).prop_flat_map(|(y, m)| {
        prop_oneof![
            Just(format!("{:03}X", y / 10)),
            Just(format!("{:02}XX", y / 100)),
            Just(format!("{y:04}-XX")),
            Just(format!("{y:04}-XX-XX")),
            Just(format!("{y:04}-{m:02}-XX")),
        ]
    })
}

fn level_1_date() -> impl Strategy<Value = String> {
    (prop_oneof![plain_date(), unspecified_dates()], prop_oneof![Just(""), Just("?"), Just("~"), Just("%")])
        .prop_map(|(date, qualifier)| format!("{date}{qualifier}"))
}

fn date_time() -> impl Strategy<Value = String> {
    let zone = prop_oneof![
        Just("Z".to_owned()),
        (-13..=13_i32, 0..=59_i32).prop_filter("no -00", |(h, _)| *h != 0).prop_map(|(h, m)| format!("{h:+03}:{m:02}")),
        (1..=14_i32).prop_map(|h| format!("+{h:02}")),
    ];
    (1..=9998_i32, 1..=12_u32, 1..=31_u32, 0..24_u32, 0..60_u32, 0..60_u32, zone).prop_map(
        |(y, m, d, hh, mm, ss, zone)| format!("{}T{hh:02}:{mm:02}:{ss:02}{zone}", day(y, m, d.min(last_day(y, m)))),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn dates_of_levels_0_and_1_agree_with_the_other_crate(text in level_1_date()) {
        assert_agreement(&text);
    }

    #[test]
    fn date_times_agree_with_the_other_crate(text in date_time()) {
        assert_agreement(&text);
    }

    #[test]
    fn long_years_agree_with_the_other_crate(year in 10_000..=99_999_999_999_i64, before in any::<bool>()) {
        assert_agreement(&format!("Y{}{year}", if before { "-" } else { "" }));
    }

    #[test]
    fn intervals_agree_with_the_other_crate(from in level_1_date(), to in level_1_date()) {
        for text in [format!("{from}/.."), format!("{from}/"), format!("../{to}"), format!("/{to}")] {
            assert_agreement(&text);
        }
        let both = format!("{from}/{to}");
        if let Ok(other) = Edtf::parse(&both) {
            assert_intervals_agree(&both, other);
        }
    }

    /// A date of the other crate is the same date for us, on texts that are nearly dates. One known difference: it
    /// reads `-177X`, which `edtf-core` refuses, the standard giving negative years no unspecified digits.
    #[test]
    fn texts_that_are_nearly_dates_agree_with_the_other_crate(text in "-?[0-2][0-9X]{3}(-[0-3X][0-9X](-[0-3X][0-9X])?)?[?~%]?") {
        let negative_and_unspecified = text.starts_with('-') && text.get(1..5).is_some_and(|year| year.contains('X'));
        if !negative_and_unspecified && Edtf::parse(&text).is_ok() {
            assert_agreement(&text);
        }
    }

    /// Level 2: a choice spans from the first to the last of its members.
    #[test]
    fn a_one_of_set_spans_its_members(members in prop::collection::vec(0..=9999_i32, 1..6)) {
        let text = members.iter().map(|y| format!("{y:04}")).collect::<Vec<_>>().join(",");
        let (first, last) = (*members.iter().min().unwrap(), *members.iter().max().unwrap());
        prop_assert_eq!(parsed_span(&format!("[{text}]")), (day(first, 1, 1), day(last, 12, 31)));
        prop_assert_eq!(parsed_span(&format!("[..{first:04},{text}]")), ("..".to_owned(), day(last, 12, 31)));
        prop_assert_eq!(parsed_span(&format!("[{text},{last:04}..]")), (day(first, 1, 1), "..".to_owned()));
        prop_assert_eq!(parsed_span(&format!("[{first:04}..{last:04}]")), (day(first, 1, 1), day(last, 12, 31)));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        check_totality(&text);
    }

    #[test]
    fn no_text_of_edtf_letters_makes_the_parser_panic(text in "[0-9XYESTZ?~%:+,./{}\\[\\] -]{0,24}") {
        check_totality(&text);
    }

    #[test]
    fn extreme_years_never_overflow(year in any::<i64>(), digits in 1..=20_u32) {
        for text in [format!("Y{year}"), format!("Y{year}S{digits}"), format!("[Y{year}..]"), format!("[..Y{year}S{digits}]"), format!("Y{year}E{digits}")] {
            check_totality(&text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Level 2: a pattern with unspecified digits anywhere spans the first and the last day of its years that match it.
    #[test]
    fn unspecified_digits_span_every_day_that_matches(text in "(20[0-2X][0-9X]|19X[0-9]|1[0-9]XX)-[01X][0-9X]-[0-3X][0-9X]") {
        let matches = |have: &str| have.bytes().zip(text.bytes()).all(|(have, want)| want == b'X' || have == want);
        let years = (1000..=2099).filter(|year| matches(&format!("{year}")));
        let mut matching = years.flat_map(|y| (1..=12).flat_map(move |m| (1..=last_day(y, m)).map(move |d| day(y, m, d))))
            .filter(|day| matches(day));
        match PartialDate::parse(&text) {
            Ok(date) => {
                let first = matching.next().unwrap();
                let last = matching.next_back().unwrap_or_else(|| first.clone());
                prop_assert_eq!(span(&date), (first, last));
            }
            Err(_) => prop_assert_eq!(matching.next(), None),
        }
    }
}

/// A date keeps its text, and its atoms are in order and survive being written and read.
fn check_totality(text: &str) {
    use detente_domain::{period::Period, valid_time::ValidTime};
    if let Ok(date) = PartialDate::parse(text) {
        assert_eq!(date.text(), text);
        for atom in [date.earliest(), date.latest()].into_iter().flatten() {
            assert_eq!(Atom::from_text(&atom.to_text()).map(|read| read.written_at(atom.offset)), Some(atom));
        }
        if let (Some(first), Some(last)) = (date.earliest(), date.latest()) {
            assert!(first <= last);
        }
        assert_eq!(PartialDate::from_parts(text, date.earliest(), date.latest()), date);
    }
    if let Ok(period) = Period::parse(text) {
        assert!(period.a < period.b);
    }
    if let Ok((from, to)) = parse_valid(text)
        && let Ok(valid) = ValidTime::resolve(&from, &to, None)
    {
        let v = valid.hull();
        assert!(
            v.earliest_start <= v.latest_start && v.earliest_end <= v.latest_end && v.earliest_start < v.latest_end,
            "{text}: {v:?}"
        );
    }
}

/// Written by hand from ISO 8601-2:2019, Annex A and clauses 4.7, 4.8, 6 and 8, with our refusals.
const BY_HAND: &[(&str, &str, &str)] = &[
    ("1985", "1985-01-01", "1985-12-31"),
    ("1985-04", "1985-04-01", "1985-04-30"),
    ("1985-04-12", "1985-04-12", "1985-04-12"),
    ("1985-04-12T23:20:30Z", "1985-04-12T23:20:30Z", "1985-04-12T23:20:30Z"),
    ("1985-04-12T23:20:30-04", "1985-04-13T03:20:30Z", "1985-04-13T03:20:30Z"),
    ("1985-04-12T23:20:30+04:30", "1985-04-12T18:50:30Z", "1985-04-12T18:50:30Z"),
    ("Y170000002", "Y170000002-01-01", "Y170000002-12-31"),
    ("Y-170000002", "Y-170000002-01-01", "Y-170000002-12-31"),
    ("1984?", "1984-01-01", "1984-12-31"),
    ("2004-06~", "2004-06-01", "2004-06-30"),
    ("2004-06-11%", "2004-06-11", "2004-06-11"),
    ("201X", "2010-01-01", "2019-12-31"),
    ("20XX", "2000-01-01", "2099-12-31"),
    ("2004-XX", "2004-01-01", "2004-12-31"),
    ("1985-04-XX", "1985-04-01", "1985-04-30"),
    ("1985-XX-XX", "1985-01-01", "1985-12-31"),
    ("-1985", "-1985-01-01", "-1985-12-31"),
    ("Y171010000S3", "Y171000000-01-01", "Y171999999-12-31"),
    ("1950S2", "1900-01-01", "1999-12-31"),
    ("2004?-06-11", "2004-06-11", "2004-06-11"),
    ("2004-06-~11", "2004-06-11", "2004-06-11"),
    ("156X-12-25", "1560-12-25", "1569-12-25"),
    ("15XX-12-25", "1500-12-25", "1599-12-25"),
    ("XXXX-12-XX", "0000-12-01", "9999-12-31"),
    ("1XXX-XX", "1000-01-01", "1999-12-31"),
    ("1XXX-12", "1000-12-01", "1999-12-31"),
    ("1984-1X", "1984-10-01", "1984-12-31"),
    ("XXXX-02-29", "0000-02-29", "9996-02-29"),
    ("2021-33", "2021-01-01", "2021-03-31"),
    ("2021-34", "2021-04-01", "2021-06-30"),
    ("2021-35", "2021-07-01", "2021-09-30"),
    ("2021-36", "2021-10-01", "2021-12-31"),
    ("2021-37", "2021-01-01", "2021-04-30"),
    ("2021-40", "2021-01-01", "2021-06-30"),
    ("[1667,1668,1670..1672]", "1667-01-01", "1672-12-31"),
    ("[..1760-12-03]", "..", "1760-12-03"),
    ("[1760-12..]", "1760-12-01", ".."),
    ("[1760-01,1760-02,1760-12..]", "1760-01-01", ".."),
    ("[1667,1760-12]", "1667-01-01", "1760-12-31"),
    ("[..1984]", "..", "1984-12-31"),
];

const REFUSED: &[&str] = &[
    "2001-21",
    "2001-24",
    "2001-25",
    "2001-32",
    "Y-17E7",
    "Y17E8",
    "Y3388E2S3",
    "{1667,1668,1670..1672}",
    "{1960,1961-12}",
    "{..1984}",
    "1964/2008",
    "2004-06/2006-08",
    "1985-04-12/..",
    "../1985",
    "1985-04-12T23:20:30",
    "1985-13",
    "1985-02-30",
    "1985-00",
    "1985-04-00",
    "198",
    "19850412",
    "1985/",
    "/1985",
    "-0000",
    "1985-04-12T24:00:00Z",
    "1985-04-12T10:00Z",
    "Y1985",
    "1985-3X",
    "1985-04-4X",
    "[]",
    "[1985",
    "1985]",
    "[[1985]]",
    " 1985",
    "1985-42",
    "1985-W05",
    "1985-102",
];

#[test]
fn the_examples_of_the_standard_have_the_days_written_here_by_hand() {
    for (text, earliest, latest) in BY_HAND {
        assert_eq!(parsed_span(text), ((*earliest).to_owned(), (*latest).to_owned()), "{text}");
    }
}

#[test]
fn what_is_no_single_date_is_refused() {
    for text in REFUSED {
        assert!(PartialDate::parse(text).is_err(), "{text}");
    }
}

#[test]
fn every_month_of_two_centuries_agrees_with_the_other_crate() {
    for year in 1850..2050 {
        for month in 1..=12 {
            for text in [
                format!("{year}"),
                format!("{year}-{month:02}"),
                format!("{year}-{month:02}-XX"),
                day(year, month, 1),
                day(year, month, last_day(year, month)),
            ] {
                assert_agreement(&text);
            }
        }
    }
}
