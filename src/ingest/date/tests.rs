//! What dates of mappings make of texts.

use super::*;
use crate::ingest::mapping::Mapping;

/// What `to = RULE` makes of three columns a, b, c.
fn told(rule: &str, cells: [&str; 3]) -> Result<Told, String> {
    let text = format!(
        "[dataset]\nname = \"x\"\n[[claim]]\nkind = \"k\"\ntype = \"state\"\ntexts = {{ en = \"t\" }}\nto = {rule}\n"
    );
    let mapping = Mapping::parse(&text, "m").map_err(|error| error.to_string())?;
    let columns = ["a", "b", "c"].map(str::to_owned);
    let scope = Scope::of_key(Some(&columns));
    let tables = Tables::new();
    let spec = mapping.claim[0].to.as_ref().unwrap();
    let date = DateValue::compile(spec, false, &scope, &tables)?;
    let table = cells.map(Box::from);
    date.eval(&Seen::key("", &table, "")).map_err(|fault| fault.to_string())
}

fn date(text: &str) -> Result<Told, String> {
    Ok(Told::Date(text.to_owned()))
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
        assert_eq!(told(rule, [text, "", ""]), date(edtf), "{text}");
    }
    let error = told(rule, ["1920/01", "", ""]).unwrap_err();
    assert!(error.starts_with("column a: `1920/01` is no date of the form YYYYMM or YYYY-MM-DD"), "{error}");
}

#[test]
fn parts_that_are_missing_make_a_date_vaguer() {
    let rule = r#"{ year = "{a}", month = "{b}", day = "{c}", missing = ["-9"] }"#;
    assert_eq!(told(rule, ["1902", "7", "-9"]), date("1902-07"));
    assert_eq!(told(rule, ["1902", "-9", "-9"]), date("1902"));
    assert_eq!(told(rule, ["1902", "-9", "3"]), date("1902"));
    assert_eq!(told(rule, ["-9", "-9", "-9"]), Ok(Told::Unknown));
    assert_eq!(told(rule, ["-44", "3", "15"]), date("-0044-03-15"));
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
        let error = told(rule, cells).unwrap_err();
        assert!(error.starts_with(words), "{cells:?}: {error}");
    }
}

#[test]
fn markers_stand_for_open_and_unknown_ends() {
    let rule = r#####"{ date = "{a}", formats = ["Y-MM-DD"], missing = ["####", "##"], open = ["9999-12-31"], unknown = ["?"], empty = "open" }"#####;
    assert_eq!(told(rule, ["####-##-##", "", ""]), Ok(Told::Unknown));
    assert_eq!(told(rule, ["1926-##-##", "", ""]), date("1926"));
    assert_eq!(told(rule, ["999-##-##", "", ""]), date("0999"));
    assert_eq!(told(rule, ["9999-12-31", "", ""]), Ok(Told::Open));
    assert_eq!(told(rule, ["?", "", ""]), Ok(Told::Unknown));
    assert_eq!(told(rule, ["", "", ""]), Ok(Told::Open));
}

#[test]
fn days_that_were_made_up_are_dropped_by_a_precision() {
    let rule = r#"{ date = "{a}", formats = ["YYYYMM", "YYYY-MM-DD"], precision = "month" }"#;
    assert_eq!(told(rule, ["192001", "", ""]), told(rule, ["1920-01-01", "", ""]));
    assert_eq!(told(r#"{ date = "{a}", precision = "year" }"#, ["1920-01-01", "", ""]), date("1920"));
    let coded = r#"{ date = "{a}", precision = { from = "{b}", map = { "9" = "year", "11" = "day" } } }"#;
    assert_eq!(told(coded, ["1920-01-01", "9", ""]), date("1920"));
    assert_eq!(told(coded, ["1920-01-01", "11", ""]), date("1920-01-01"));
}

#[test]
fn the_first_rule_that_holds_counts_and_a_qualifier_is_added() {
    let rule = r#"[{ when = { b = "1" }, bound = "open" }, { date = "{a}", qualifier = { from = "{c}", map = { "ca" = "~" }, else = "" } }]"#;
    assert_eq!(told(rule, ["1920", "1", ""]), Ok(Told::Open));
    assert_eq!(told(rule, ["1920", "0", "ca"]), date("1920~"));
    assert_eq!(told(rule, ["1920", "0", ""]), date("1920"));
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
        let error = told(rule, ["", "", ""]).unwrap_err();
        assert!(error.contains(words), "{rule}: {error}");
    }
}
