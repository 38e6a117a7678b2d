//! Releases that say what held on a day: what vanished has ended, what changed is succeeded, what is unchanged is confirmed by
//! one event.

use super::desk::{Desk, command, read_output};
use super::served::serve;
use serde_json::Value;

pub(crate) const MAPPING: &str = r#"
[dataset]
name = "visas"
key = ["{key}"]
recorded_by = "desk"

[parties.state]
id = "{key}"
type = "state"
names = { en = "State {key}" }

[[claim]]
kind = "visa_policy"
type = "state"
texts = { en = "{from_state} for {to_state}: {policy}" }
parties = [
  { role = "host", party = "state", key = "{from_state}" },
  { role = "visitor", party = "state", key = "{to_state}" },
]
relationships = [{ between = ["host", "visitor"] }]

[release]
semantics = "snapshot"
"#;

pub(crate) const COUNTS: [&str; 7] =
    ["asserted", "succeeded", "ended", "confirmations", "unchanged", "retracted", "eventsWritten"];

/// A row for each pair and policy: `AAA-BBB free`.
pub(crate) fn table(rows: &[&str]) -> String {
    let row = |row: &&str| {
        let (key, policy) = row.split_once(' ').unwrap();
        let (host, visitor) = key.split_once('-').unwrap();
        format!("{key},{host},{visitor},{policy}\n")
    };
    format!("key,from_state,to_state,policy\n{}", rows.iter().map(row).collect::<String>())
}

pub(crate) fn import(desk: &Desk, day: &str, rows: &[&str], flags: &[&str]) -> super::desk::Said {
    desk.write("t.csv", table(rows));
    desk.import("t.csv", &[&["--release", day, "--recorded-at", day], flags].concat())
}

/// Four releases of one row, and another that stays: free, visa, visa, gone.
fn panel(desk: &Desk) {
    let releases: [(&str, &[&str], [u64; 7]); 4] = [
        ("2020-01-01", &["AAA-BBB free", "CCC-DDD free"], [2, 0, 0, 1, 0, 0, 7]),
        ("2020-06-01", &["AAA-BBB visa", "CCC-DDD free"], [0, 1, 0, 1, 1, 0, 3]),
        ("2020-12-01", &["AAA-BBB visa", "CCC-DDD free"], [0, 0, 0, 1, 2, 0, 1]),
        ("2021-06-01", &["CCC-DDD free"], [0, 0, 1, 1, 1, 0, 2]),
    ];
    for (day, rows, counts) in releases {
        let said = import(desk, day, rows, &[]);
        assert_eq!(said.code, 0, "{day}: {}", said.complaint);
        assert_eq!(said.counts(COUNTS), counts, "{day}");
    }
}

pub(crate) fn field(claim: &Value, name: &str) -> String {
    claim[name].as_str().unwrap_or_default().to_owned()
}

#[test]
fn what_changed_is_succeeded_what_vanished_has_ended_and_what_goes_on_is_confirmed_by_one_event() {
    let desk = Desk::with(MAPPING);
    panel(&desk);
    let claims = desk.table("claims", &[]);
    let told: Vec<_> = claims
        .iter()
        .map(|claim| ["text_en", "valid_from", "valid_to", "valid_to_kind", "as_of"].map(|name| field(claim, name)))
        .collect();
    let expected = [
        ["AAA for BBB: free", "[..2020-01-01]", "[2020-01-01..2020-05-31]", "known", "2020-01-01"],
        ["CCC for DDD: free", "[..2020-01-01]", "", "open", "2021-06-01"],
        ["AAA for BBB: visa", "[2020-01-02..2020-06-01]", "[2020-12-01..2021-05-31]", "known", "2020-12-01"],
    ];
    assert_eq!(told, expected.map(|row| row.map(str::to_owned)));
    assert_eq!(claims[2]["links"][0]["type"], "LINK_TYPE_SUPERSEDES", "{}", claims[2]);
    let events = desk.events();
    assert_eq!(events.iter().filter(|event| *event == "claims_confirmed").count(), 4);
    assert_eq!(events.len(), 13);
}

#[test]
fn what_was_known_at_a_release_stays_known_with_the_day_of_that_release() {
    let desk = Desk::with(MAPPING);
    panel(&desk);
    for (known_at, as_of) in [("2020-02-01", "2020-01-01"), ("2020-07-01", "2020-06-01"), ("2021-01-01", "2020-12-01")]
    {
        let claims = desk.table("claims", &["--known-at", known_at]);
        let stays = claims.iter().find(|claim| field(claim, "text_en").starts_with("CCC")).unwrap();
        assert_eq!(field(stays, "as_of"), as_of, "{known_at}");
    }
    let first = desk.table("claims", &["--known-at", "2020-02-01"]);
    let free = first.iter().find(|claim| field(claim, "text_en").starts_with("AAA")).unwrap();
    assert_eq!((field(free, "valid_to_kind"), field(free, "as_of")), ("open".into(), "2020-01-01".into()));
}

#[test]
fn between_two_snapshots_that_agree_a_state_is_definite_and_between_two_that_differ_possible() {
    let desk = Desk::with(MAPPING);
    panel(&desk);
    std::fs::rename(desk.path("ledger"), desk.path("served")).unwrap();
    let (_served, server) = serve(&desk);
    for (at, expected) in [
        ("2020-01-01", "AAA for BBB: free DEFINITE"),
        ("2020-03-01", "AAA for BBB: free POSSIBLE, AAA for BBB: visa POSSIBLE"),
        ("2020-06-01", "AAA for BBB: visa DEFINITE"),
        ("2020-09-01", "AAA for BBB: visa DEFINITE"),
        ("2021-03-01", "AAA for BBB: visa POSSIBLE"),
        ("2022-01-01", ""),
    ] {
        let arguments =
            ["state", "AAA-BBB", "--mode", "holds-at", "--valid-at", at, "--server", &server, "--output", "json"];
        let state = read_output(command(desk.path("").as_path(), &arguments).output().unwrap());
        let state: Value = serde_json::from_str(&state.out).unwrap_or_else(|_| panic!("{at}: {}", state.complaint));
        let told = state["matches"].as_array().into_iter().flatten().map(|found| {
            let text = found["claim"]["texts"][0]["text"].as_str().unwrap();
            format!("{text} {}", found["certainty"].as_str().unwrap().trim_start_matches("CERTAINTY_"))
        });
        let mut told: Vec<String> = told.collect();
        told.sort();
        assert_eq!(told.join(", "), expected, "{at}");
    }
    let arguments =
        ["state", "CCC-DDD", "--mode", "holds-at", "--valid-at", "2021-06-11", "--server", &server, "--output", "json"];
    let state = read_output(command(desk.path("").as_path(), &arguments).output().unwrap()).out;
    let state: Value = serde_json::from_str(&state).unwrap();
    assert_eq!(state["matches"][0]["asOfAgeDays"], "10", "{state}");
}

#[test]
fn the_same_snapshot_again_writes_nothing_an_earlier_one_is_refused_and_one_that_was_wrong_is_corrected() {
    let desk = Desk::with(MAPPING);
    panel(&desk);
    let again = import(&desk, "2021-06-01", &["CCC-DDD free"], &[]);
    assert_eq!(again.counts(COUNTS), [0, 0, 0, 0, 1, 0, 0], "{}", again.complaint);
    desk.write("t.csv", table(&["CCC-DDD free"]));
    let early = desk.import("t.csv", &["--release", "2020-12-01"]);
    assert!(early.code != 0 && early.complaint.contains("in their order"), "{}", early.complaint);
    let wrong = import(&desk, "2021-06-01", &["CCC-DDD free", "EEE-FFF free"], &[]);
    assert_eq!(wrong.counts(COUNTS), [1, 0, 0, 0, 1, 0, 3], "{}", wrong.complaint);
    let right = import(&desk, "2021-06-01", &["CCC-DDD free", "EEE-FFF visa"], &[]);
    assert_eq!(right.counts(["revised", "asserted", "succeeded"]), [1, 0, 0], "{}", right.complaint);
    let gone = import(&desk, "2021-06-01", &["CCC-DDD free"], &[]);
    assert_eq!(gone.counts(COUNTS), [0, 0, 0, 0, 1, 1, 1], "{}", gone.complaint);
}

#[test]
fn what_comes_back_begins_anew_and_a_row_that_is_bad_is_neither_ended_nor_confirmed() {
    let desk = Desk::with(MAPPING);
    panel(&desk);
    let back = import(&desk, "2022-01-01", &["AAA-BBB visa", "CCC-DDD free"], &[]);
    assert_eq!(back.counts(COUNTS), [1, 0, 0, 1, 1, 0, 2], "{}", back.complaint);
    let claims = desk.table("claims", &[]);
    assert_eq!(field(&claims[3], "valid_from"), "[2021-06-02..2022-01-01]");
    // The host of a row cannot be read: its key can.
    let bad = table(&["AAA-BBB visa", "CCC-DDD free"]).replace("CCC-DDD,CCC", "CCC-DDD,C C");
    desk.write("t.csv", bad);
    let said = desk.import("t.csv", &["--release", "2022-06-01"]);
    assert_eq!(said.counts(["rowsRejected", "ended", "confirmations"]), [1, 0, 1], "{}", said.complaint);
    let as_of = |start: &str| {
        let claims = desk.table("claims", &[]);
        let last = claims.iter().rev().find(|claim| field(claim, "text_en").starts_with(start)).unwrap();
        field(last, "as_of")
    };
    assert_eq!((as_of("AAA"), as_of("CCC")), ("2022-06-01".to_owned(), "2022-01-01".to_owned()));
}

#[test]
fn a_snapshot_needs_a_day_is_whole_and_is_not_mixed_with_other_releases() {
    let desk = Desk::with(MAPPING);
    desk.write("t.csv", table(&["AAA-BBB free"]));
    for (flags, words) in [
        (&["--release", "5.0"][..], "say the day of the snapshot"),
        (&["--release", "2020-01-01", "--partial"][..], "a snapshot is a whole release"),
    ] {
        let said = desk.import("t.csv", flags);
        assert!(said.code != 0 && said.complaint.contains(words), "{flags:?}: {}", said.complaint);
    }
    desk.write("m.toml", format!("{MAPPING}date = {{ from = \"{{@release}}\", match = '\\d{{4}}-\\d\\d-\\d\\d' }}\n"));
    assert_eq!(desk.import("t.csv", &["--release", "visas-2020-01-01"]).counts(["asserted"]), [1]);
    desk.write("m.toml", MAPPING.replace("semantics = \"snapshot\"", ""));
    let mixed = desk.import("t.csv", &["--release", "2020-06-01"]);
    assert!(mixed.complaint.contains("recorded as snapshots"), "{}", mixed.complaint);
    desk.write("m.toml", MAPPING.replace("type = \"state\"\ntexts", "type = \"event\"\ntexts"));
    assert!(desk.import("t.csv", &["--release", "2020-06-01"]).complaint.contains("a snapshot has states"));
}
