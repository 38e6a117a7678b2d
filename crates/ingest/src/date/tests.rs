//! Texts, and the dates that mappings make of them.

use super::*;
use crate::mapping::Mapping;

/// Evaluates `to = RULE` for three columns a, b, c.
fn evaluate(rule: &str, cells: [&str; 3]) -> Result<DateReading, String> {
    let text = format!(
        "[dataset]\nname = \"x\"\n[[claim]]\nkind = \"k\"\ntype = \"state\"\ntexts = {{ en = \"t\" }}\nto = {rule}\n"
    );
    let mapping = Mapping::parse(&text, &[], "m").map_err(|error| error.to_string())?;
    let columns = ["a", "b", "c"].map(str::to_owned);
    let scope = Scope::of_key(Some(&columns), &[]);
    let tables = Tables::new();
    let spec = mapping.claim[0].to.as_ref().unwrap();
    let date = DateValue::compile(spec, false, &scope, &tables)?;
    let table = cells.map(Box::from);
    date.eval(&RowScope::key("", &table, "")).map_err(|fault| fault.to_string())
}

fn date(text: &str) -> Result<DateReading, String> {
    Ok(DateReading::Date(text.to_owned()))
}

#[test]
fn forms_are_tried_in_turn() {
    let rule =
        r#"{ date = "{a}", formats = ["YYYYMM", "YYYY-MM-DD", "D Mon YYYY", "Month D, YYYY", "YYYYMMDDhhmmss"] }"#;
    for (text, edtf) in [
        ("192001", "1920-01"),
        ("1920-01-01", "1920-01-01"),
        ("20 Sep 1973", "1973-09-20"),
        ("1 aug 1986", "1986-08-01"),
        ("December 25, 2024", "2024-12-25"),
        ("20170701234500", "2017-07-01T23:45:00Z"),
    ] {
        assert_eq!(evaluate(rule, [text, "", ""]), date(edtf), "{text}");
    }
    let error = evaluate(rule, ["1920/01", "", ""]).unwrap_err();
    assert!(error.starts_with("column a: `1920/01` is no date of the form YYYYMM or YYYY-MM-DD"), "{error}");
}

#[test]
fn parts_that_are_missing_make_a_date_vaguer() {
    let rule = r#"{ year = "{a}", month = "{b}", day = "{c}", missing = ["-9"] }"#;
    assert_eq!(evaluate(rule, ["1902", "7", "-9"]), date("1902-07"));
    assert_eq!(evaluate(rule, ["1902", "-9", "-9"]), date("1902"));
    assert_eq!(evaluate(rule, ["1902", "-9", "3"]), date("1902"));
    assert_eq!(evaluate(rule, ["-9", "-9", "-9"]), Ok(DateReading::Unknown));
    assert_eq!(evaluate(rule, ["-44", "3", "15"]), date("-0044-03-15"));
}

#[test]
fn a_day_that_is_none_is_refused_at_its_columns() {
    let rule = r#"{ year = "{a}", month = "{b}", day = "{c}", missing = ["-9"] }"#;
    for (cells, words) in [
        (["1902", "13", "1"], "column b: `13` is no month: expected 1 to 12"),
        (["1902", "1", "32"], "column c: `32` is no day: expected 1 to 31"),
        (["2023", "2", "29"], "columns a, b, c: `2023-02-29` has a day that its month does not have"),
        (["x", "2", "1"], "column a: `x` is no year: expected a number"),
        (["", "2", "1"], "column a: is empty: expected a year"),
        (["1902", "-1", "1"], "column b: "),
    ] {
        let error = evaluate(rule, cells).unwrap_err();
        assert!(error.starts_with(words), "{cells:?}: {error}");
    }
}

#[test]
fn markers_stand_for_open_and_unknown_ends() {
    let rule = r#####"{ date = "{a}", formats = ["Y-MM-DD"], missing = ["####", "##"], open = ["9999-12-31"], unknown = ["?"], empty = "open" }"#####;
    assert_eq!(evaluate(rule, ["####-##-##", "", ""]), Ok(DateReading::Unknown));
    assert_eq!(evaluate(rule, ["1926-##-##", "", ""]), date("1926"));
    assert_eq!(evaluate(rule, ["999-##-##", "", ""]), date("0999"));
    assert_eq!(evaluate(rule, ["9999-12-31", "", ""]), Ok(DateReading::Open));
    assert_eq!(evaluate(rule, ["?", "", ""]), Ok(DateReading::Unknown));
    assert_eq!(evaluate(rule, ["", "", ""]), Ok(DateReading::Open));
}

#[test]
fn days_that_were_made_up_are_dropped_by_a_precision() {
    let rule = r#"{ date = "{a}", formats = ["YYYYMM", "YYYY-MM-DD"], precision = "month" }"#;
    assert_eq!(evaluate(rule, ["192001", "", ""]), evaluate(rule, ["1920-01-01", "", ""]));
    assert_eq!(evaluate(r#"{ date = "{a}", precision = "year" }"#, ["1920-01-01", "", ""]), date("1920"));
    let coded = r#"{ date = "{a}", precision = { from = "{b}", map = { "9" = "year", "11" = "day" } } }"#;
    assert_eq!(evaluate(coded, ["1920-01-01", "9", ""]), date("1920"));
    assert_eq!(evaluate(coded, ["1920-01-01", "11", ""]), date("1920-01-01"));
}

#[test]
fn the_first_rule_that_holds_counts_and_a_qualifier_is_added() {
    let rule = r#"[{ when = { b = "1" }, bound = "open" }, { date = "{a}", qualifier = { from = "{c}", map = { "ca" = "~" }, else = "" } }]"#;
    assert_eq!(evaluate(rule, ["1920", "1", ""]), Ok(DateReading::Open));
    assert_eq!(evaluate(rule, ["1920", "0", "ca"]), date("1920~"));
    assert_eq!(evaluate(rule, ["1920", "0", ""]), date("1920"));
}

#[test]
fn what_is_no_rule_says_why() {
    for (rule, words) in [
        (r#"{ date = "{a}", bound = "open" }"#, "give one of"),
        (r#"{ bound = "ever" }"#, "`ever` is no end"),
        (r#"{ date = "{a}", formats = ["DD"] }"#, "no YYYY"),
        (r#"{ dat = "{a}" }"#, "unknown field `dat`"),
        (r#"{ date = "{z}" }"#, "no column `z`"),
        ("3", "a template in quotes, a table, or a list of tables"),
    ] {
        let error = evaluate(rule, ["", "", ""]).unwrap_err();
        assert!(error.contains(words), "{rule}: {error}");
    }
}

#[test]
fn a_form_that_no_text_can_have_is_refused_with_what_was_meant() {
    for (form, words) in [
        ("DD/MM/YY", "years of two digits"),
        ("YYYY-MM-DDTHH:MM:SSZ", "did you mean `hh`"),
        ("YYYY-MM-DDThh:MM:ssZ", "the month comes twice (minutes are `mm`)"),
        ("YYYY-DD", "the day without the month"),
        ("YYYY-MM-DD mm", "the minute without the hour"),
        ("dd.MM.YYYY", "did you mean `DD`"),
        ("YYYY Y", "the year comes twice"),
        ("DD-MON-YYYY", "did you mean `Mon`"),
        ("D month YYYY", "did you mean `Mon`"),
        ("%d/%m/%Y", "without `%`"),
        ("YYYY-QQ", "quarters are not read"),
        ("YYYY-MM-DDThh:mm:ssZZ", "a time is UTC"),
        ("EEE, D Mon YYYY", "names of days"),
    ] {
        let error = evaluate(&format!(r#"{{ date = "{{a}}", formats = ["{form}"] }}"#), ["", "", ""]).unwrap_err();
        assert!(error.contains(words), "{form}: {error}");
    }
    for rule in [
        r#"{ date = "2023-02-30" }"#,
        r#"{ date = "{a}", precision = "week" }"#,
        r#"{ date = "{a}", qualifier = "ca" }"#,
        r#"{ date = "{a}", formats = ["YYYY"], months = "tlh" }"#,
    ] {
        assert!(evaluate(rule, ["2023", "", ""]).is_err(), "{rule}");
    }
}

#[test]
fn a_marker_is_the_whole_of_a_part_and_never_the_beginning_of_one() {
    let rule =
        r#"{ date = "{a}", formats = ["Y-M-D", "YYYYMMDD", "Y-M-DThh:mm:ss"], missing = ["0", "00", "1", "-9"] }"#;
    for (text, edtf) in [
        ("1990-10-11", "1990-10-11"),
        ("1990-0-0", "1990"),
        ("1990-10-0", "1990-10"),
        ("1990--9--9", "1990"),
        ("19900000", "1990"),
        ("19901000", "1990-10"),
        ("19901001", "1990-10-01"),
        ("1990-10-11T00:00:00", "1990-10-11T00:00:00Z"),
    ] {
        assert_eq!(evaluate(rule, [text, "", ""]), date(edtf), "{text}");
    }
    let orders = [r#"["1", "1990"]"#, r#"["1990", "1"]"#];
    for markers in orders {
        let rule = format!(r#"{{ date = "{{a}}", formats = ["Y-MM"], missing = {markers} }}"#);
        assert_eq!(evaluate(&rule, ["1990-05", "", ""]), Ok(DateReading::Unknown), "{markers}");
        assert_eq!(evaluate(&rule, ["1-05", "", ""]), Ok(DateReading::Unknown), "{markers}");
    }
}

#[test]
fn months_have_names_in_other_languages_and_of_any_length() {
    let rule = r#"{ date = "{a}", formats = ["D Mon YYYY", "Month YYYY"], months = "fr" }"#;
    for (text, edtf) in [("3 févr. 1920", "1920-02-03"), ("AOÛT 1920", "1920-08"), ("1 sept 1920", "1920-09-01")] {
        assert_eq!(evaluate(rule, [text, "", ""]), date(edtf), "{text}");
    }
}

#[test]
fn years_before_our_era_are_counted_as_the_source_counts() {
    let rule = r###"{ date = "{a}", formats = ["Y-MM-DD", "Y Era"], no_year_zero = true, missing = ["##"] }"###;
    assert_eq!(evaluate(rule, ["-405-##-##", "", ""]), date("-0404"));
    assert_eq!(evaluate(rule, ["44 BC", "", ""]), date("-0043"));
    assert_eq!(evaluate(rule, ["44 AD", "", ""]), date("0044"));
    assert!(evaluate(rule, ["0-01-01", "", ""]).unwrap_err().contains("no year 0"));
    assert_eq!(evaluate(r#"{ date = "{a}", formats = ["Y-MM-DD"] }"#, ["-405-01-01", "", ""]), date("-0405-01-01"));
    assert_eq!(evaluate(r#"{ year = "{a}", no_year_zero = true }"#, ["-1", "", ""]), date("0000"));
}

#[test]
fn an_exclusive_end_is_the_last_before_it() {
    for (text, edtf) in
        [("2024-03-01", "2024-02-29"), ("2024", "2023"), ("2020/2024-01", "2020/2023-12"), ("2020/..", "2020/..")]
    {
        assert_eq!(evaluate(r#"{ date = "{a}", exclusive = true }"#, [text, "", ""]), date(edtf), "{text}");
    }
    for (text, words) in [("2024-03-XX", "cannot be exclusive"), ("2020-01-01/20240301", "`20240301` is a bare number")]
    {
        let error = evaluate(r#"{ date = "{a}", exclusive = true }"#, [text, "", ""]).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_second_may_have_a_fraction_of_nothing() {
    let rule = r#"{ date = "{a}", formats = ["YYYY-MM-DDThh:mm:ssZ"] }"#;
    assert_eq!(evaluate(rule, ["2025-03-01T08:17:27.000Z", "", ""]), date("2025-03-01T08:17:27Z"));
    assert!(evaluate(rule, ["2025-03-01T08:17:60Z", "", ""]).is_err());
    assert!(evaluate(rule, ["2025-03-01T08:17:27.Z", "", ""]).is_err());
}

#[test]
fn a_fraction_of_a_second_is_kept_as_it_is_without_a_form() {
    let rule = r#"{ date = "{a}", formats = ["YYYY-MM-DDThh:mm:ssZ", "DD.MM.YYYY hh:mm:ss", "YYYYMMDDhhmmss.x"] }"#;
    for (text, edtf) in [
        ("2025-03-01T08:17:27.120Z", "2025-03-01T08:17:27.120Z"),
        ("2025-03-01T08:17:27,05Z", "2025-03-01T08:17:27.05Z"),
        ("01.03.2025 08:17:27.5", "2025-03-01T08:17:27.5Z"),
        ("20250301081727.x", "2025-03-01T08:17:27Z"),
    ] {
        assert_eq!(evaluate(rule, [text, "", ""]), date(edtf), "{text}");
    }
    let whole = r#"{ date = "{a}", formats = ["YYYY-MM-DDThh:mm:ssZ"], precision = "second" }"#;
    assert_eq!(evaluate(whole, ["2025-03-01T08:17:27.120Z", "", ""]), date("2025-03-01T08:17:27Z"));
    let exclusive = r#"{ date = "{a}", formats = ["YYYY-MM-DDThh:mm:ssZ"], exclusive = true }"#;
    assert_eq!(evaluate(exclusive, ["2025-03-01T08:17:27.120Z", "", ""]), date("2025-03-01T08:17:27Z"));
}

#[test]
fn a_precision_cuts_every_date_of_an_edtf_text() {
    for (text, year, month, day) in [
        ("1920-05-03", "1920", "1920-05", "1920-05-03"),
        ("1920-05-03~", "1920~", "1920-05~", "1920-05-03~"),
        ("1920-05~-03", "1920~", "1920-05~", "1920-05~-03"),
        ("1920?-05-03~", "1920%", "1920?-05~", "1920?-05-03~"),
        ("1920-05", "1920", "1920-05", "1920-05"),
        ("192X", "192X", "192X", "192X"),
        ("1920-XX-03", "1920", "1920-XX", "1920-XX-03"),
        ("-0044-03-15", "-0044", "-0044-03", "-0044-03-15"),
        ("Y12345", "Y12345", "Y12345", "Y12345"),
        ("2025-06-30T02:00:00+04:00", "2025", "2025-06", "2025-06-30"),
        ("[2010-01-01..2014-07-01]", "[2010..2014]", "[2010-01..2014-07]", "[2010-01-01..2014-07-01]"),
        ("[..2014-07-01]", "[..2014]", "[..2014-07]", "[..2014-07-01]"),
        ("[2024-12-25,2024-12-31]", "2024", "2024-12", "[2024-12-25,2024-12-31]"),
        ("2020-01-01/2021-02-03", "2020/2021", "2020-01/2021-02", "2020-01-01/2021-02-03"),
        ("2020-01-01/..", "2020/..", "2020-01/..", "2020-01-01/.."),
    ] {
        for (precision, edtf) in [("year", year), ("month", month), ("day", day)] {
            let rule = format!(r#"{{ date = "{{a}}", precision = "{precision}" }}"#);
            assert_eq!(evaluate(&rule, [text, "", ""]), date(edtf), "{text} {precision}");
        }
    }
    let second = r#"{ date = "{a}", precision = "second" }"#;
    assert_eq!(evaluate(second, ["2025-06-30T02:00:00.25+04:00", "", ""]), date("2025-06-30T02:00:00+04:00"));
    assert!(evaluate(r#"{ date = "{a}", precision = "year" }"#, ["May 1920", "", ""]).is_err());
}

#[test]
fn a_qualifier_goes_to_every_date_and_joins_one_that_is_there() {
    let rule = r#"{ date = "{a}", qualifier = { from = "{b}" } }"#;
    for (text, qualifier, edtf) in [
        ("1920", "~", "1920~"),
        ("1920~", "~", "1920~"),
        ("1920?", "~", "1920%"),
        ("2020/2021-05", "?", "2020?/2021-05?"),
        ("1920~", "", "1920~"),
    ] {
        assert_eq!(evaluate(rule, [text, qualifier, ""]), date(edtf), "{text} {qualifier}");
    }
    assert!(evaluate(rule, ["[2010..2014]", "~", ""]).unwrap_err().contains("is a range"));
    assert!(evaluate(rule, ["1920", "ca", ""]).unwrap_err().contains("`ca` is no qualifier"));
    assert!(evaluate(rule, ["2025-06-30T02:00:00Z", "~", ""]).is_err());
}

#[test]
fn a_key_that_would_have_no_effect_is_an_error_of_the_mapping() {
    for (rule, key) in [
        (r#"{ date = "{a}", no_year_zero = true }"#, "no_year_zero"),
        (r#"{ date = "{a}", missing = ["-9"] }"#, "missing"),
        (r#"{ date = "{a}", months = "fr" }"#, "months"),
        (r#"{ date = "{a}", formats = ["YYYY-MM"], months = "fr" }"#, "months"),
        (r#"{ date = "{a}", month = "{b}" }"#, "month"),
        (r#"{ year = "{a}", day = "{b}" }"#, "day"),
        (r#"{ year = "{a}", formats = ["YYYY"] }"#, "formats"),
        (r#"{ bound = "open", precision = "year" }"#, "precision"),
        (r#"{ bound = "open", empty = "unknown" }"#, "empty"),
        (r#"{ bound = "unknown", calendar = "julian" }"#, "calendar"),
    ] {
        let error = evaluate(rule, ["1920", "1", ""]).unwrap_err();
        assert!(error.contains(key) && error.contains("has no effect here"), "{rule}: {error}");
    }
    let julian = r###"{ date = "{a}", calendar = "julian", missing = ["##"], no_year_zero = true }"###;
    assert_eq!(evaluate(julian, ["1813-10-##", "", ""]), date("[1813-10-13..1813-11-12]"));
    assert_eq!(evaluate(julian, ["-44-03-15", "", ""]), date("-0043-03-13"));
}

#[test]
fn an_era_counts_from_the_year_1() {
    let rule = r#"{ date = "{a}", formats = ["Y Era", "D Mon Y Era"] }"#;
    for text in ["0 BC", "0 AD", "-5 BC", "-5 CE", "00 BCE"] {
        assert!(evaluate(rule, [text, "", ""]).unwrap_err().contains("is no date of the form"), "{text}");
    }
    assert_eq!(evaluate(rule, ["1 BC", "", ""]), date("0000"));
    assert_eq!(evaluate(rule, ["15 Mar 44 BC", "", ""]), date("-0043-03-15"));
    assert_eq!(evaluate(rule, ["1 AD", "", ""]), date("0001"));
}

#[test]
fn a_date_by_the_julian_calendar_is_recorded_by_the_gregorian_one() {
    let day = r#"{ date = "{a}", calendar = "julian" }"#;
    for (text, edtf) in [
        ("1813-10-12", "1813-10-24"),
        ("1917-10-25", "1917-11-07"),
        ("1900-02-29", "1900-03-13"),
        ("1582-10-05", "1582-10-15"),
        ("0200-03-01", "0200-03-01"),
        ("1813-10", "[1813-10-13..1813-11-12]"),
        ("1813-12", "[1813-12-13..1814-01-12]"),
        ("1813", "[1813-01-13..1814-01-12]"),
        ("-0043-03-15", "-0043-03-13"),
    ] {
        assert_eq!(evaluate(day, [text, "", ""]), date(edtf), "{text}");
    }
    let parts = r#"{ year = "{a}", month = "{b}", day = "{c}", missing = ["-9"], calendar = "julian", qualifier = { from = "~" } }"#;
    assert_eq!(evaluate(parts, ["1813", "10", "12"]), date("1813-10-24~"));
    assert!(evaluate(parts, ["1813", "10", "-9"]).unwrap_err().contains("cannot have the qualifier `~`"));
    let form = r#"{ date = "{a}", formats = ["D Month YYYY"], calendar = "julian" }"#;
    assert_eq!(evaluate(form, ["12 October 1813", "", ""]), date("1813-10-24"));
    for (text, words) in [
        ("1901-02-29", "its month does not have by the Julian"),
        ("1813-10-12T10:00:00Z", "no year, month or day"),
        ("9999-12-31", "the year 9999 is too far away for the Julian calendar"),
    ] {
        let error = evaluate(day, [text, "", ""]).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
    let end = r#"{ date = "{a}", calendar = "julian", exclusive = true }"#;
    for (text, edtf) in [
        ("1814-01-01", "1814-01-12"),
        ("1814-01", "[1813-12-13..1814-01-12]"),
        ("1900-03", "[1900-02-13..1900-03-13]"),
        ("1814", "[1813-01-13..1814-01-12]"),
    ] {
        assert_eq!(evaluate(end, [text, "", ""]), date(edtf), "{text}");
    }
    assert!(evaluate(r#"{ date = "{a}", calendar = "hijri" }"#, ["1", "", ""]).unwrap_err().contains("no calendar"));
}

#[test]
fn what_is_beyond_the_limits_of_a_mapping_is_no_date() {
    let rule = r#"{ date = "{a}", not_before = "1990", not_after = "2025-06" }"#;
    for text in ["1990-01-01", "2025-06-30", "2001", "2001/2003", "2025-06"] {
        assert_eq!(evaluate(rule, [text, "", ""]), date(text));
    }
    for (text, words) in [
        ("0025-08-15", "column a: `0025-08-15` is before `1990`, which the mapping has as not_before"),
        ("2025-07-01", "is after `2025-06`"),
        ("2025", "is after `2025-06`"),
        ("2001/2026", "is after `2025-06`"),
    ] {
        let error = evaluate(rule, [text, "", ""]).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
    let serial = r#"{ year = "{a}", not_after = "2100" }"#;
    assert!(evaluate(serial, ["36161", "", ""]).unwrap_err().contains("is after `2100`"));
    for rule in
        [r#"{ date = "{a}", not_before = "soon" }"#, r#"{ date = "{a}", not_before = "2025", not_after = "1990" }"#]
    {
        assert!(evaluate(rule, ["2000", "", ""]).unwrap_err().contains("not_before"));
    }
}
