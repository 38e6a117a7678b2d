//! The example of docs/MAPPING.md does what the document says of it.

use super::desk::Desk;
use std::path::Path;

/// The code blocks of the document, of one language.
fn blocks(language: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/MAPPING.md");
    let text = std::fs::read_to_string(path).unwrap();
    let fence = format!("```{language}\n");
    let blocks = text.split(&fence).skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_example_of_the_document_is_imported_as_it_says() {
    let (tables, mappings) = (blocks("csv"), blocks("toml"));
    let desk = Desk::with(&mappings[0]);
    desk.write("disputes.csv", &tables[0]);
    desk.write("cow.csv", &tables[1]);
    let checked = desk.import("disputes.csv", &["--check"]);
    assert_eq!(checked.code, 0, "{}", checked.complaint);
    let names = ["parties", "sources", "asserted", "rowsRejected", "eventsWritten"];
    assert_eq!(checked.counts(names), [4, 1, 3, 0, 0]);
    assert!(!desk.path("ledger").exists(), "a check makes no ledger");

    let imported = desk.import("disputes.csv", &["--recorded-by", "desk", "--release", "4.01"]);
    assert_eq!(imported.counts(["asserted", "eventsWritten"]), [3, 8], "{}", imported.complaint);
    let claims = desk.table("claims", &[]);
    let field = |at: usize, name: &str| claims[at][name].as_str().unwrap_or_default().to_owned();
    assert_eq!(field(0, "text_en"), "Dispute 1 and ended in a stalemate");
    assert_eq!((field(0, "valid_from"), field(0, "valid_to")), ("1902-07".into(), "1903-01-24".into()));
    assert_eq!(field(2, "valid_to_kind"), "open");
    assert_eq!(claims[1]["relationships"], serde_json::json!(["AZE-RUS"]));
}

#[test]
fn the_snapshots_of_the_document_become_what_it_says() {
    let mapping = blocks("toml").into_iter().find(|block| block.contains("semantics")).unwrap();
    let desk = Desk::with(&mapping);
    let names = ["asserted", "succeeded", "ended", "confirmations", "unchanged"];
    for (day, row, counts) in [
        ("2020-01-01", "AAA,BBB,free", [1, 0, 0, 1, 0]),
        ("2020-06-01", "AAA,BBB,visa", [0, 1, 0, 1, 0]),
        ("2020-12-01", "AAA,BBB,visa", [0, 0, 0, 1, 1]),
        ("2021-06-01", "CCC,DDD,free", [1, 0, 1, 1, 0]),
    ] {
        desk.write("visas.csv", format!("host,visitor,policy\n{row}\n"));
        let said = desk.import("visas.csv", &["--release", day, "--recorded-at", day, "--recorded-by", "desk"]);
        assert_eq!(said.counts(names), counts, "{day}: {}", said.complaint);
    }
    let claims = desk.table("claims", &[]);
    let times: Vec<_> =
        claims.iter().map(|claim| [&claim["valid_from"], &claim["valid_to"]].map(ToString::to_string)).collect();
    assert_eq!(times[0], ["\"[..2020-01-01]\"", "\"[2020-01-01..2020-05-31]\""]);
    assert_eq!(times[1], ["\"[2020-01-02..2020-06-01]\"", "\"[2020-12-01..2021-05-31]\""]);
}

#[test]
fn the_records_of_the_document_become_what_it_says() {
    let mapping = blocks("toml").into_iter().find(|block| block.contains("record = 1")).unwrap();
    let table = blocks("csv").into_iter().find(|block| block.starts_with("permit,")).unwrap();
    let closed = table.replace("closed,quarry,2018,MILL", "closed,,,MILL");
    assert_ne!(table, closed);
    for table in [table, closed] {
        let desk = Desk::with(&mapping);
        desk.write("permits.csv", table);
        let said = desk.import("permits.csv", &["--replay"]);
        assert_eq!(said.counts(["rowsRejected"]), [0], "{}", said.complaint);
        let claims = desk.table("claims", &[]);
        let mut ends: Vec<_> = claims.iter().map(|claim| claim["valid_to"].as_str().unwrap()).collect();
        ends.sort_unstable();
        assert_eq!(ends, ["[2020-02-01..2021-03-01]", "[2021-03-01..2022-04-01]"]);
    }
}
