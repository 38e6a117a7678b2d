//! An import that is killed, and started again, records every row once.

use super::desk::{Desk, HEADER, command};
use std::fmt::Write as _;
use std::io::Read as _;
use std::process::Stdio;

const ROWS: usize = 20_000;

fn rows(title: &str) -> String {
    let mut text = HEADER.to_owned();
    for row in 0..ROWS {
        writeln!(text, "k{row},1,2,{},,S,{row},{title} {row}", 1900 + row % 120).unwrap();
    }
    text
}

/// Starts an import, and kills it once the stage holds something.
fn killed(desk: &Desk) {
    let arguments = ["import", "rows.csv", "--mapping", "m.toml", "--data", "ledger"];
    let mut child =
        command(desk.path("").as_path(), &arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let stages = desk.path("ledger/stages");
    let staged = || {
        let files = stages.read_dir().into_iter().flatten().flatten();
        files.filter_map(|file| file.metadata().ok()).map(|metadata| metadata.len()).sum::<u64>()
    };
    while staged() < 200_000 {
        if let Some(ended) = child.try_wait().unwrap() {
            panic!("it ended before it was killed: {ended}");
        }
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!(out, "");
}

#[test]
fn a_killed_import_goes_on_where_it_was_and_records_each_row_once() {
    let desk = Desk::new();
    desk.write("rows.csv", rows("Pact"));
    killed(&desk);
    let finished = desk.import("rows.csv", &[]);
    assert_eq!(finished.code, 0, "{}", finished.complaint);
    let [asserted, written, staged] = finished.counts(["asserted", "eventsWritten", "stagedBefore"]);
    assert_eq!((asserted, written), (ROWS as u64, ROWS as u64 + 3));
    assert!(staged > 0, "it began anew");
    assert_eq!(desk.events().len(), ROWS + 3);
    let again = desk.import("rows.csv", &[]);
    assert_eq!(again.counts(["unchanged", "eventsWritten"]), [ROWS as u64, 0]);
}

#[test]
fn what_was_staged_for_another_file_is_not_taken_for_this_one() {
    let desk = Desk::new();
    desk.write("rows.csv", rows("Pact"));
    killed(&desk);
    desk.write("rows.csv", rows("Treaty"));
    let other = desk.import("rows.csv", &[]);
    assert_eq!(other.counts(["asserted", "stagedBefore"]), [ROWS as u64, 0], "{}", other.complaint);
    let claims = desk.table("claims", &[]);
    assert!(claims.iter().all(|claim| claim["text_en"].as_str().unwrap().contains(": Treaty ")));
}
