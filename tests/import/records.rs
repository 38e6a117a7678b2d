//! Several rows that are one version of a record: a claim that a later version no longer has, or that its row closes, has
//! ended, also where the ledger alone has the earlier version.

use super::desk::{Desk, Said};

/// Rows `permit,seen,state,right,since,until,holder`: a claim for each right that a permit gives.
const MAPPING: &str = r#"
[dataset]
name = "permits"
key = ["{permit}", "{right}"]
record = 1
occurrence = true
version = "{seen}"
complete = false
recorded_by = "desk"

[tables.rows]
itself = true
key = "holder"
many = true
version = "{seen}"

[[derive]]
column = "makes"
from = "a claim"
when = { right = { not = "" } }

[parties.holder]
table = "rows"
renamed = true
id = "{key}"
type = "organisation"
names = { und = "{name}" }

[[claim]]
when = { makes = "a claim" }
kind = "right"
type = "state"
from = { date = "{since}", empty = "unknown" }
to = { date = "{until}", empty = "open" }
as_of = { date = "{seen}", when = { state = { not = "closed" } } }
texts = { en = "{right} of {holder}" }
parties = [{ role = "holder", party = "holder", key = "{holder}" }]

[release]
revised = "correction"
end_when = { state = "closed" }
"#;

const HEADER: &str = "permit,seen,state,right,since,until,holder,name\n";
const FIRST: &str =
    "7,2020-02-01,new,quarry,2018,,H1,Gravel House\n7,2020-02-01,new,water,2019-05-01,,H1,Gravel House\n";
const SECOND: &str = "7,2021-03-01,updated,quarry,2018,,H1,Gravel Hall\n";
const CLOSED: &str = "7,2022-04-01,closed,,,,H1,Gravel Hall\n";

fn import(desk: &Desk, rows: &str, flags: &[&str]) -> Said {
    desk.write("t.csv", format!("{HEADER}{rows}"));
    let said = desk.import("t.csv", flags);
    assert_eq!(said.code, 0, "{}{}", said.out, said.complaint);
    said
}

/// The valid times of the claims, by key: `7:water 2019-05-01/[2020-02-01..2021-03-01]`.
fn times(desk: &Desk, flags: &[&str]) -> Vec<String> {
    let claims = desk.table("claims", flags);
    let mut times: Vec<String> = claims
        .iter()
        .map(|claim| {
            let end = |which: &str| {
                let text = claim[which].as_str().map(str::to_owned);
                text.unwrap_or_else(|| claim[format!("{which}_kind")].as_str().unwrap().to_owned())
            };
            format!("{} {}/{}", claim["external_ids"][0]["id"].as_str().unwrap(), end("valid_from"), end("valid_to"))
        })
        .collect();
    times.sort();
    times
}

#[test]
fn what_a_later_version_of_a_record_no_longer_has_ended_between_the_two() {
    for rows in [format!("{FIRST}{SECOND}"), format!("{SECOND}{FIRST}")] {
        let desk = Desk::with(MAPPING);
        import(&desk, &rows, &[]);
        assert_eq!(times(&desk, &[]), ["7:quarry 2018/open", "7:water 2019-05-01/[2020-02-01..2021-03-01]"]);
        let again = import(&desk, &rows, &[]);
        assert_eq!(again.counts(["eventsWritten", "unchanged"]), [0, 2], "{}", again.complaint);
    }
}

#[test]
fn a_part_of_the_file_ends_what_the_ledger_has_as_the_whole_file_does() {
    let (whole, parts) = (Desk::with(MAPPING), Desk::with(MAPPING));
    import(&whole, &format!("{FIRST}{SECOND}{CLOSED}"), &["--replay"]);
    for rows in [FIRST, SECOND, CLOSED] {
        import(&parts, rows, &["--replay"]);
    }
    for known_at in ["2020-06-01", "2021-06-01", "2022-06-01"] {
        let flags = ["--known-at", known_at];
        assert_eq!(times(&parts, &flags), times(&whole, &flags), "{known_at}");
    }
    assert_eq!(times(&whole, &["--known-at", "2020-06-01"]), ["7:quarry 2018/open", "7:water 2019-05-01/open"]);
    let closed = ["7:quarry 2018/[2021-03-01..2022-04-01]", "7:water 2019-05-01/[2020-02-01..2021-03-01]"];
    assert_eq!(times(&whole, &[]), closed);
    let older = import(&parts, SECOND, &["--check"]);
    assert_eq!(older.counts(["rowsRejected"]), [0], "{}", older.complaint);
}

#[test]
fn a_row_that_closes_its_claim_ends_it_since_the_version_before_unless_it_says_when() {
    let closing = "7,2022-04-01,closed,quarry,2018,,H1,Gravel Hall\n7,2022-04-01,closed,water,2019-05-01,2020-12-31,H1,Gravel Hall\n";
    let expected = ["7:quarry 2018/[2020-02-01..2022-04-01]", "7:water 2019-05-01/2020-12-31"];
    let whole = Desk::with(MAPPING);
    import(&whole, &format!("{FIRST}{closing}"), &[]);
    assert_eq!(times(&whole, &[]), expected);

    let parts = Desk::with(MAPPING);
    import(&parts, FIRST, &[]);
    import(&parts, closing, &[]);
    assert_eq!(times(&parts, &[]), expected);
    let again = import(&parts, closing, &[]);
    assert_eq!(again.counts(["eventsWritten"]), [0], "{}", again.complaint);

    let alone = Desk::with(MAPPING);
    import(&alone, closing, &[]);
    assert_eq!(times(&alone, &[]), ["7:quarry 2018/[..2022-04-01]", "7:water 2019-05-01/2020-12-31"]);
}

#[test]
fn a_claim_that_had_not_begun_when_its_record_dropped_it_is_taken_back() {
    let future = "7,2020-02-01,new,quarry,2018,,H1,n\n7,2020-02-01,new,water,2030,,H1,n\n";
    let desk = Desk::with(MAPPING);
    import(&desk, future, &[]);
    let said = import(&desk, SECOND, &[]);
    assert_eq!(said.counts(["retracted", "revised"]), [1, 1], "{}", said.complaint);
    let whole = Desk::with(MAPPING);
    import(&whole, &format!("{future}{SECOND}"), &[]);
    assert_eq!(times(&desk, &[]), ["7:quarry 2018/open"]);
    assert_eq!(times(&whole, &[]), times(&desk, &[]));
}

#[test]
fn nothing_is_ended_by_a_version_of_which_a_row_cannot_be_read() {
    let unreadable = format!("{SECOND}7,2021-03-01,updated,water,2019-05-01,H1\n");
    let desk = Desk::with(MAPPING);
    import(&desk, FIRST, &[]);
    let said = import(&desk, &unreadable, &[]);
    assert_eq!(said.counts(["rowsRejected"]), [1], "{}", said.complaint);
    assert_eq!(times(&desk, &[]), ["7:quarry 2018/open", "7:water 2019-05-01/open"]);

    let rejected = format!("{SECOND}7,2021-03-01,updated,water,2019-15-01,,H1,Gravel Hall\n");
    let said = import(&desk, &rejected, &[]);
    assert_eq!(said.counts(["rowsRejected"]), [1], "{}", said.complaint);
    assert_eq!(times(&desk, &[]), ["7:quarry 2018/open", "7:water 2019-05-01/open"], "a rejected row names its claim");
}

#[test]
fn a_version_that_comes_twice_is_one_and_two_that_differ_are_told() {
    let desk = Desk::with(MAPPING);
    let said = import(&desk, &format!("{FIRST}{FIRST}"), &[]);
    assert_eq!(said.counts(["asserted", "repeated", "rowsRejected"]), [2, 2, 0], "{}", said.complaint);

    let other = FIRST.replace("2018", "2017");
    let desk = Desk::with(MAPPING);
    let said = import(&desk, &format!("{FIRST}{other}"), &[]);
    assert_eq!(said.counts(["asserted", "repeated", "rowsRejected"]), [2, 1, 1], "{}", said.complaint);
    let words = "the key `7:quarry` was there before, in line 2, in the version `2020-02-01` too";
    assert!(said.complaint.contains(words), "{}", said.complaint);
}

#[test]
fn two_items_of_a_kind_in_one_version_are_two_claims_and_each_ends_by_itself() {
    let mapping = MAPPING
        .replace(
            "[tables.rows]",
            "[source]\nsplit = { column = \"rights\" }\noptional = [\"state\", \"rights.until\"]\n\n[tables.rows]",
        )
        .replace("{right}", "{rights.right}")
        .replace("{since}", "{rights.since}")
        .replace("{until}", "{rights.until}")
        .replace("right = { not", "\"rights.right\" = { not");
    let desk = Desk::with(&mapping);
    let row = |seen: &str, rights: &str| {
        format!(r#"{{"permit":"7","seen":"{seen}","holder":"H1","name":"n","rights":[{rights}]}}"#)
    };
    let (one, two) = (r#"{"right":"well","since":"2001"}"#, r#"{"right":"well","since":"2002"}"#);
    let rows = [row("2021-01-01", &format!("{one},{two}")), row("2020-01-01", &format!("{one},{two}"))];
    desk.write("t.json", format!("[{},{}]", rows[0], rows[1]));
    let said = desk.import("t.json", &[]);
    assert_eq!(said.counts(["asserted", "rowsRejected", "otherVersions"]), [2, 0, 2], "{}", said.complaint);
    desk.write("t.json", format!("[{},{},{}]", rows[0], rows[1], row("2022-01-01", one)));
    let said = desk.import("t.json", &[]);
    assert_eq!(said.counts(["revised", "rowsRejected"]), [2, 0], "{}", said.complaint);
    assert_eq!(times(&desk, &[]), ["7:well 2001/open", "7:well#2 2002/[2021-01-01..2022-01-01]"]);
}

#[test]
fn a_table_of_the_file_itself_has_the_version_that_counts_and_a_later_name_from_its_day_on() {
    let desk = Desk::with(MAPPING);
    import(&desk, &format!("{SECOND}{FIRST}"), &["--replay"]);
    let names: Vec<_> = desk.table("events", &[]).iter().map(ToString::to_string).collect();
    let revised = names.iter().find(|event| event.contains("party_revised")).unwrap();
    assert!(revised.contains("Gravel House") && revised.contains("../2021-02-28"), "{names:?}");
    assert!(revised.contains("Gravel Hall") && revised.contains("2021-03-01/.."), "{names:?}");
    let now = Desk::with(MAPPING);
    import(&now, &format!("{SECOND}{FIRST}"), &[]);
    let names = now.table("events", &[]).iter().map(ToString::to_string).collect::<String>();
    assert!(names.contains("Gravel Hall") && !names.contains("Gravel House"), "{names}");
}

#[test]
fn a_replay_tells_what_is_wrong_with_a_row_once_and_collects_it() {
    let desk = Desk::with(MAPPING);
    let wrong = "8,2020-02-01,new,water,2019-15-01,,H1,n\n8,2022-01-01,new,water,2019-16-01,,H1,n\n";
    let said = import(&desk, &format!("{FIRST}{wrong}{SECOND}"), &["--replay", "--reject", "bad.txt"]);
    for line in ["t.csv:4: ", "t.csv:5: "] {
        assert_eq!(said.complaint.matches(line).count(), 1, "{}", said.complaint);
    }
    assert_eq!(std::fs::read_to_string(desk.path("bad.txt")).unwrap().lines().count(), 2);
}

#[test]
fn a_row_without_a_claim_needs_no_version_and_one_with_a_claim_does() {
    let desk = Desk::with(MAPPING);
    let rows = format!("{FIRST}9,,new,,,,H1,n\n9,,new,water,2019,,H1,n\n");
    let said = import(&desk, &rows, &["--replay"]);
    assert!(said.complaint.contains("t.csv:5: column seen: it has no version"), "{}", said.complaint);
    assert_eq!(said.counts(["asserted", "rowsRejected", "withoutClaim"]), [2, 1, 1], "{}", said.complaint);
}

#[test]
fn a_record_needs_versions_and_a_key_that_goes_on_behind_it() {
    for (from, to, words) in [
        ("version = \"{seen}\"\ncomplete", "complete", "dataset.record: needs `version`"),
        ("record = 1", "record = 2", "dataset.record: a key has more values than its record"),
        ("itself = true", "itself = true\nformat = \"csv\"", "is the imported file itself"),
        ("many = true\nversion", "version", "say `many = true`"),
    ] {
        let desk = Desk::with(&MAPPING.replacen(from, to, 1));
        desk.write("t.csv", format!("{HEADER}{FIRST}"));
        let said = desk.import("t.csv", &[]);
        assert!(said.code != 0 && said.complaint.contains(words), "{words}: {}", said.complaint);
    }
}
