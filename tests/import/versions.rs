//! Files that hold several versions of their rows: the last counts, however its time is written.

use super::desk::{Desk, Said};

/// Rows `id,v,b,what`: a claim of each row, and another where `b` says something.
const MAPPING: &str = r#"
[dataset]
name = "rows"
key = ["{id}"]
version = "{v}"
recorded_by = "desk"

[parties.actor]
id = "{key}"
type = "state"
names = { en = "{key}" }

[[claim]]
name = "a"
kind = "thing"
type = "state"
at = "2020"
texts = { en = "a {id} {what}" }

[[claim]]
name = "b"
when = { b = { not = "" } }
kind = "thing"
type = "state"
at = "2020"
texts = { en = "b {id} {what}" }
"#;

fn import(desk: &Desk, rows: &[&str], flags: &[&str]) -> Said {
    desk.write("t.csv", format!("id,v,b,what\n{}\n", rows.join("\n")));
    desk.import("t.csv", flags)
}

fn texts(desk: &Desk) -> Vec<String> {
    let claims = desk.table("claims", &[]);
    let mut texts: Vec<String> = claims.iter().map(|claim| claim["text_en"].as_str().unwrap().to_owned()).collect();
    texts.sort();
    texts
}

#[test]
fn a_day_is_the_first_moment_of_it_among_the_versions() {
    for (versions, last) in [
        (["2024-01-15T00:00:00Z", "2024-02-01"], "second"),
        (["2024-02-01", "2024-01-15T23:59:59Z"], "first"),
        (["2024-02-01T00:30:00+01:00", "2024-02-01"], "second"),
        (["1706745600001", "2024-02-01"], "first"),
        (["v9", "v10"], "second"),
        (["10", "9"], "first"),
    ] {
        let desk = Desk::with(MAPPING);
        let rows = [format!("x,{},,first", versions[0]), format!("x,{},,second", versions[1])];
        let said = import(&desk, &rows.each_ref().map(String::as_str), &[]);
        assert_eq!(said.counts(["asserted", "otherVersions", "rowsRejected"]), [1, 1, 0], "{versions:?}");
        assert_eq!(texts(&desk), [format!("a x {last}")], "{versions:?}");
    }
}

#[test]
fn versions_count_up_to_an_instant_or_to_the_first_moment_of_a_day() {
    let rows = ["x,2024-01-15,,first", "x,2024-02-01T00:00:00Z,,second", "x,2024-02-01T10:00:00Z,,third"];
    for (until, last) in [
        ("2024-01-31", "first"),
        ("2024-02-01", "second"),
        ("2024-02-01T09:59:59Z", "second"),
        ("2024-02-01T12:00:00+02:00", "third"),
    ] {
        let desk = Desk::with(MAPPING);
        import(&desk, &rows, &["--until", until]);
        assert_eq!(texts(&desk), [format!("a x {last}")], "{until}");
    }
    let desk = Desk::with(MAPPING);
    let said = import(&desk, &rows, &["--until", "February"]);
    assert!(said.code != 0 && said.complaint.contains("`February` is no instant"), "{}", said.complaint);
    let said = import(&desk, &["x,v1,,first"], &["--until", "2024-02-01"]);
    assert!(said.code != 0 && said.complaint.contains("`2024-02-01` is an instant"), "{}", said.complaint);
    let unversioned = Desk::with(&MAPPING.replace("version = \"{v}\"", ""));
    let said = import(&unversioned, &rows, &["--until", "2024-02-01"]);
    assert!(said.code != 0 && said.complaint.contains("dataset.version: is missing"), "{}", said.complaint);
}

#[test]
fn each_claim_of_a_row_is_that_of_its_own_last_version_whatever_the_order_of_the_file() {
    let (old, new) = ("x,2024-01-01,yes,old", "x,2024-02-01,,new");
    for rows in [[old, new], [new, old]] {
        let desk = Desk::with(MAPPING);
        let said = import(&desk, &rows, &[]);
        assert_eq!(said.counts(["asserted", "rowsRejected", "otherVersions"]), [2, 0, 0], "{}", said.complaint);
        assert_eq!(texts(&desk), ["a x new", "b x old"], "{rows:?}");
    }
}

#[test]
fn a_row_that_makes_no_claim_is_no_older_version() {
    let desk = Desk::with(&MAPPING.replace("name = \"a\"", "name = \"a\"\nwhen = { what = { not = \"\" } }"));
    let said = import(&desk, &["x,2024-01-01,,one", "y,2024-01-01,,"], &[]);
    assert_eq!(said.counts(["asserted", "otherVersions"]), [1, 0], "{}", said.complaint);
}

#[test]
fn a_version_that_cannot_be_compared_with_the_others_costs_its_row_alone() {
    let desk = Desk::with(MAPPING);
    import(&desk, &["x,2024-01-01,,one", "y,2024-01-01,,one"], &[]);
    let said = import(&desk, &["x,2024-02-01,,two", "x,2024-02-31,,wrong", "y,soon,,two", "z,2024-01-05,,one"], &[]);
    assert_eq!(said.counts(["rowsRejected", "revised", "retracted"]), [2, 1, 0], "{}", said.complaint);
    assert!(
        said.complaint.contains("t.csv:3: column v: the version `2024-02-31` is no instant or day"),
        "{}",
        said.complaint
    );
    assert_eq!(texts(&desk), ["a x two", "a y one", "a z one"]);
}

#[test]
fn a_row_that_takes_its_claims_back_for_a_reason_that_is_none_leaves_its_claims_as_they_are() {
    let retracting = "[release]\nretract_when = { b = \"gone\" }\nretracted = \"{what}\"\n";
    let desk = Desk::with(&format!("{}{retracting}", MAPPING.replace("version = \"{v}\"", "")));
    import(&desk, &["x,1,,one", "y,1,,one", "z,1,,one"], &[]);
    let said = import(&desk, &["x,1,gone,because", "y,1,,one"], &[]);
    assert_eq!(said.counts(["rowsRejected", "retracted", "notRetracted"]), [1, 1, 0], "{}", said.complaint);
    assert!(said.complaint.contains("`because` is no retraction reason"), "{}", said.complaint);
    assert_eq!(texts(&desk), ["a x one", "a y one"]);
}

#[test]
fn a_replay_into_a_ledger_that_is_ahead_says_what_it_could_not_record_as_of_then() {
    let rows = ["x,2024-01-01,,one", "x,2024-02-01,,two", "x,2024-03-01,,three"];
    let desk = Desk::with(MAPPING);
    import(&desk, &["y,2024-02-10,,one"], &["--partial", "--recorded-at", "2024-02-10"]);
    let said = import(&desk, &rows, &["--partial", "--replay"]);
    let words = "--replay: 2 of 3 versions are not recorded as of their own instants";
    assert!(said.complaint.contains(words) && said.complaint.contains("2024-02-10T00:00:00Z"), "{}", said.complaint);
    assert_eq!(desk.table("claims", &["--known-at", "2024-02-20"]).len(), 1);
    assert_eq!(texts(&desk), ["a x three", "a y one"]);

    let alone = Desk::with(MAPPING);
    let said = import(&alone, &rows, &["--replay"]);
    assert!(!said.complaint.contains("not recorded as of"), "{}", said.complaint);
    assert_eq!(alone.table("claims", &["--known-at", "2024-02-20"])[0]["text_en"], "a x two");

    let ahead = Desk::with(MAPPING);
    import(&ahead, &["y,2024-02-10,,one"], &["--partial"]);
    let said = import(&ahead, &rows, &["--partial", "--replay"]);
    assert!(said.complaint.contains("3 of 3 versions"), "{}", said.complaint);
    assert_eq!(texts(&ahead), ["a x three", "a y one"]);
}
