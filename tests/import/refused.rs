//! Rows that only the ledger finds wrong are reported as any bad row is, and keep no good row from being recorded.

use super::desk::{Desk, HEADER, MAPPING};
use std::fmt::Write as _;
use uuid::Uuid;

const ROWS: &str = "p1,1,2,2024-12,,S,3,One\np2,2,3,1991,2001,F,,\"Two, or so\"\np3,1,3,1992,,F,,Three\n";

/// A ledger that has claims with the ids of rows, which do not say that they are of the data set.
fn with_claims_of_others(desk: &Desk, keys: impl Iterator<Item = String>) {
    let namespace = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"detente:dataset:pacts");
    let claims = keys.map(|key| {
        let id = Uuid::new_v5(&namespace, key.as_bytes());
        format!(
            r#"{{"assertClaim":{{"claim":{{"claimId":"{id}","kind":"note","temporalType":"TEMPORAL_TYPE_NONE","modality":"MODALITY_ASSERTED","texts":[{{"lang":"en","text":"taken","original":true}}]}}}}}}"#
        )
    });
    let claims = claims.collect::<Vec<_>>().join(",");
    let id = Uuid::from_u128(7);
    desk.write(
        "others.jsonl",
        format!(
            r#"{{"recordedAt":"2019-01-01T00:00:00Z","append":{{"requestId":"{id}","recordedBy":"others","commands":[{claims}]}}}}"#
        ),
    );
    let said = desk.run(&["import", "others.jsonl", "--data", "ledger"]);
    assert_eq!(said.code, 0, "{}", said.complaint);
}

fn no_stage_is_left(desk: &Desk) {
    let stages = desk.path("ledger/stages");
    let left: Vec<_> = stages.read_dir().into_iter().flatten().flatten().map(|file| file.file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_row_that_the_ledger_refuses_is_told_and_collected_and_the_others_are_recorded() {
    let desk = Desk::new();
    with_claims_of_others(&desk, ["p2".to_owned()].into_iter());
    let checked = {
        desk.write("rows.csv", format!("{HEADER}{ROWS}"));
        desk.import("rows.csv", &["--check"])
    };
    assert_eq!(checked.counts(["asserted", "rowsRejected", "eventsToWrite", "eventsWritten"]), [2, 1, 6, 0]);
    no_stage_is_left(&desk);
    let said = desk.rows(ROWS, &["--reject", "bad.csv"]);
    // The first row that names party 3 is the refused one; the third needs it.
    assert_eq!(said.counts(["parties", "asserted", "rowsRejected", "eventsWritten"]), [3, 2, 1, 6]);
    let why = "rows.csv:3: the ledger refuses claim.claim_id: this claim is recorded already";
    assert!(said.complaint.contains(why) && checked.complaint.contains(why), "{}", said.complaint);
    let collected = std::fs::read_to_string(desk.path("bad.csv")).unwrap();
    assert!(collected.starts_with("rows.csv:3,\"the ledger refuses") && collected.lines().count() == 1, "{collected}");
    assert!(collected.ends_with("p2,2,3,1991,2001,F,,\"Two, or so\"\n"), "{collected}");
    let texts: Vec<_> = desk.table("claims", &[]).iter().map(|claim| claim["text_en"].to_string()).collect();
    assert_eq!(texts, ["\"taken\"", "\"Pact p1: One\"", "\"Pact p3: Three\""]);
    no_stage_is_left(&desk);
    let again = desk.rows(ROWS, &[]);
    assert_eq!(again.counts(["unchanged", "rowsRejected", "eventsWritten"]), [2, 1, 0]);
    no_stage_is_left(&desk);
}

#[test]
fn with_strict_a_row_that_the_ledger_refuses_keeps_all_from_being_recorded() {
    let desk = Desk::new();
    with_claims_of_others(&desk, ["p2".to_owned()].into_iter());
    desk.write("rows.csv", format!("{HEADER}{ROWS}"));
    let said = desk.import("rows.csv", &["--strict"]);
    assert_eq!(said.code, 4, "{}", said.complaint);
    assert!(said.complaint.contains("rows.csv:3: ") && said.complaint.contains("1 of 3 rows"), "{}", said.complaint);
    assert_eq!(desk.events().len(), 1);
    no_stage_is_left(&desk);
}

#[test]
fn very_many_refused_rows_are_left_out_too() {
    let desk = Desk::new();
    with_claims_of_others(&desk, (0..900).filter(|row| row % 3 > 0).map(|row| format!("k{row}")));
    let mut rows = String::new();
    for row in 0..900 {
        writeln!(rows, "k{row},1,2,1950,,S,{row},Pact {row}").unwrap();
    }
    let said = desk.rows(&rows, &["--reject", "bad.csv", "--errors", "3"]);
    assert_eq!(said.counts(["asserted", "rowsRejected", "rowsRead"]), [300, 600, 900]);
    assert!(said.complaint.contains("and 597 more bad rows"), "{}", said.complaint);
    assert_eq!(std::fs::read_to_string(desk.path("bad.csv")).unwrap().lines().count(), 600);
}

#[test]
fn of_a_row_with_several_claims_none_is_recorded_where_one_is_refused() {
    let second =
        MAPPING.split_once("[[claim]]").unwrap().1.replace("kind = \"agreement\"", "name = \"b\"\nkind = \"copy\"");
    let desk = Desk::with(&format!(
        "{}\n[[claim]]\n{second}",
        MAPPING.replace("kind = \"agreement\"", "name = \"a\"\nkind = \"agreement\"")
    ));
    with_claims_of_others(&desk, ["b:p2".to_owned()].into_iter());
    let said = desk.rows(ROWS, &[]);
    assert_eq!(said.counts(["asserted", "rowsRejected"]), [4, 1], "{}", said.complaint);
}
