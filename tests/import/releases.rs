//! A later release against an earlier one is exactly the events that say what changed.

use super::desk::{Desk, MAPPING};

const COUNTS: [&str; 6] = ["asserted", "revised", "retracted", "reinstated", "unchanged", "eventsWritten"];
const FIRST: &str = "p1,1,2,2024-12,,S,3,One\np2,2,3,1991,2001,F,,Two\np3,1,3,1992,,F,,Three\n";
const SECOND: &str = "p1,1,2,2024-12,,S,3,One\np2,2,3,1991,2001-06-30,F,,Two\np4,1,2,2020,,F,,Four\n";

#[test]
fn a_second_release_asserts_revises_and_retracts_and_again_it_writes_nothing() {
    let desk = Desk::new();
    let first = desk.rows(FIRST, &["--release", "1", "--recorded-at", "2020-01-01"]);
    // Three parties and a source come with them.
    assert_eq!(first.counts(COUNTS), [3, 0, 0, 0, 0, 7]);
    let second = desk.rows(SECOND, &["--release", "2", "--recorded-at", "2021-01-01"]);
    assert_eq!(second.counts(COUNTS), [1, 1, 1, 0, 1, 3]);
    let again = desk.rows(SECOND, &["--release", "2", "--recorded-at", "2021-01-01"]);
    assert_eq!(again.counts(COUNTS), [0, 0, 0, 0, 3, 0]);
    let back = desk.rows(FIRST, &["--release", "1 again"]);
    assert_eq!(back.counts(COUNTS), [0, 1, 1, 1, 1, 3]);
    let more = desk.rows(&SECOND.replace("Four", "Fourth"), &["--release", "3"]);
    assert_eq!(more.counts(COUNTS), [0, 2, 1, 1, 1, 4], "what comes back changed is reinstated and revised");
    let events = desk.table("events", &[]);
    let of = |name: &str| events.iter().filter(|event| event["event"] == name).count();
    assert_eq!((of("claim_asserted"), of("claim_retracted"), of("claim_reinstated")), (4, 3, 2));
    let revised = events.iter().find(|event| event["event"] == "claim_revised").unwrap();
    assert_eq!(revised["recorded_at"], "2021-01-01T00:00:00Z");
}

#[test]
fn the_past_is_as_the_users_of_the_data_set_saw_it() {
    let desk = Desk::new();
    desk.rows(FIRST, &["--recorded-at", "2020-01-01"]);
    desk.rows(SECOND, &["--recorded-at", "2021-01-01"]);
    let keys = |known_at: &str| -> Vec<String> {
        let claims = desk.table("claims", &["--known-at", known_at]);
        claims.iter().map(|claim| claim["text_en"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(keys("2019-12-31"), Vec::<String>::new());
    assert_eq!(keys("2020-06-01"), ["Pact p1: One", "Pact p2: Two", "Pact p3: Three"]);
    assert_eq!(keys("2021-06-01"), ["Pact p1: One", "Pact p2: Two", "Pact p4: Four"]);
}

#[test]
fn releases_go_in_in_their_order() {
    let desk = Desk::new();
    desk.rows(SECOND, &["--recorded-at", "2021-01-01"]);
    desk.write("old.csv", format!("{}{FIRST}", super::desk::HEADER));
    let refused = desk.import("old.csv", &["--recorded-at", "2020-01-01"]);
    assert_ne!(refused.code, 0);
    assert!(refused.complaint.contains("goes back behind"), "{}", refused.complaint);
    assert_eq!(desk.events().len(), 7, "nothing of it is recorded");
}

#[test]
fn a_part_of_a_release_retracts_nothing_and_neither_does_a_row_that_is_bad() {
    let desk = Desk::new();
    desk.rows(FIRST, &[]);
    let part = desk.rows("p3,1,3,1992,,F,,Three again\n", &["--partial"]);
    assert_eq!(part.counts(COUNTS), [0, 1, 0, 0, 0, 1]);
    let bad = desk.rows("p1,1,2,2024-13,,S,3,One\np2,2,3,1991,2001,F,,Two\n", &[]);
    assert_eq!(bad.counts(COUNTS), [0, 0, 1, 0, 1, 1], "p1 is there, though it cannot be read; p3 is not");
    let keyless = desk.rows("p1,1,2\np2,2,3,1991,2001,F,,Two\n", &[]);
    assert_eq!(keyless.counts(COUNTS), [0, 0, 0, 0, 1, 0]);
    assert_eq!(keyless.counts(["notRetracted"]), [1]);
    desk.write("empty.csv", super::desk::HEADER);
    let empty = desk.import("empty.csv", &[]);
    assert!(empty.code == 4 && empty.complaint.contains("no rows"), "{}", empty.complaint);
}

#[test]
fn a_changed_row_is_what_the_mapping_or_the_flag_says() {
    let desk = Desk::with(&format!("{MAPPING}\n[release]\nrevised = \"world_change\"\nretracted = \"out_of_scope\"\n"));
    desk.rows(FIRST, &[]);
    desk.rows(SECOND, &["--release", "2"]);
    desk.rows(&SECOND.replace("One", "Uno"), &["--revised", "recoded"]);
    let events = desk.table("events", &[]);
    let reasons: Vec<&str> = events.iter().filter_map(|event| event["reason"].as_str()).collect();
    assert_eq!(reasons, ["world_change", "out_of_scope", "recoded"]);
    let retracted = events.iter().find(|event| event["event"] == "claim_retracted").unwrap();
    assert_eq!(retracted["note"], "not in release 2 of pacts");
}

#[test]
fn a_key_may_come_again_where_the_mapping_says_so() {
    let twice = "p1,1,2,2000,2001,S,,One\np1,1,2,2005,2006,S,,One\n";
    let desk = Desk::new();
    let refused = desk.rows(twice, &[]);
    assert_eq!(refused.counts(["asserted", "rowsRejected"]), [1, 1]);
    assert!(
        refused.complaint.contains("rows.csv:3: the key `p1` was there before, in line 2"),
        "{}",
        refused.complaint
    );

    let desk = Desk::with(&MAPPING.replace("key = [\"{id}\"]", "key = [\"{id}\"]\noccurrence = true"));
    assert_eq!(desk.rows(twice, &[]).counts(["asserted", "rowsRejected"]), [2, 0]);
    let corrected = desk.rows(&twice.replace("2006", "2007"), &[]);
    assert_eq!(corrected.counts(COUNTS), [0, 1, 0, 0, 1, 1]);
}

#[test]
fn what_is_registered_already_is_taken_as_it_is() {
    let desk = Desk::new();
    desk.rows("p1,1,2,2024-12,,S,3,One\n", &[]);
    let more = desk.rows("p1,1,2,2024-12,,S,3,One\np3,1,3,1992,,F,,Three\n", &[]);
    assert_eq!(more.counts(["parties", "sources", "asserted"]), [1, 0, 1]);
}

#[test]
fn a_row_that_is_bad_only_beside_another_row_retracts_nothing() {
    let mapping = r#"
[dataset]
name = "members"
key = ["{id}"]
recorded_by = "desk"
[parties.actor]
id = "{key|upper}"
type = "state"
names = { en = "{key}" }
[[claim]]
kind = "thing"
type = "state"
texts = { en = "{id}" }
parties = [{ role = "member", party = "actor", key = "{who}" }]
"#;
    for (times, semantics, names) in [
        ("at = \"2020\"\n", "", ["rowsRejected", "retracted", "unchanged"]),
        ("", "[release]\nsemantics = \"snapshot\"\n", ["rowsRejected", "ended", "unchanged"]),
    ] {
        let desk = Desk::with(&format!("{}{semantics}", mapping.replace("texts =", &format!("{times}texts ="))));
        for (day, rows, expected) in [
            ("2020-01-01", "id,who\n1,ab\n2,cd\n", [0, 0, 0]),
            // Another key of the file comes to the same party.
            ("2020-06-01", "id,who\n1,ab\n2,AB\n", [1, 0, 1]),
            ("2020-12-01", "id,who\n1,ab\n2,cd\n", [0, 0, 2]),
        ] {
            desk.write("t.csv", rows);
            let said = desk.import("t.csv", &["--release", day]);
            assert_eq!(said.counts(names), expected, "{semantics} {day}: {}", said.complaint);
        }
    }
}
