//! An import that is killed, and started again, records every row once.

use super::desk::{Desk, HEADER, MAPPING, command};
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

/// A size at which a stage of these rows holds a whole batch. A batch takes about 240 KB, all rows 4.8 MB; a file that is
/// only just as long as a batch may be one that is still being written, which the kill leaves torn.
const HOLDS_A_BATCH: u64 = 600_000;

/// Starts an import, and kills it once the stage holds a batch.
fn kill_import(desk: &Desk) {
    let arguments = ["import", "rows.csv", "--mapping", "m.toml", "--data", "ledger"];
    let mut child =
        command(desk.path("").as_path(), &arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let stages = desk.path("ledger/stages");
    let staged = || {
        let files = stages.read_dir().into_iter().flatten().flatten();
        files.filter_map(|file| file.metadata().ok()).map(|metadata| metadata.len()).sum::<u64>()
    };
    while staged() < HOLDS_A_BATCH {
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
    kill_import(&desk);
    let finished = desk.import("rows.csv", &[]);
    assert_eq!(finished.code, 0, "{}", finished.complaint);
    let [asserted, written, staged] = finished.counts(["asserted", "eventsWritten", "stagedBefore"]);
    assert_eq!((asserted, written), (ROWS as u64, ROWS as u64 + 3));
    assert!(staged > 0, "it began anew");
    assert_eq!(desk.events().len(), ROWS + 3);
    let again = desk.import("rows.csv", &[]);
    assert_eq!(again.counts(["unchanged", "eventsWritten"]), [ROWS as u64, 0]);
}

fn stages(desk: &Desk) -> usize {
    desk.path("ledger/stages").read_dir().into_iter().flatten().count()
}

#[test]
fn a_killed_import_goes_on_where_it_was_though_somebody_registered_a_party_of_it_meanwhile() {
    let desk = Desk::new();
    desk.write("rows.csv", rows("Pact"));
    kill_import(&desk);
    desk.write("other.toml", MAPPING.replace("\"pacts\"", "\"others\""));
    desk.write("other.csv", format!("{HEADER}o1,1,3,1990,,S,,Other\n"));
    let other = ["import", "other.csv", "--mapping", "other.toml", "--data", "ledger"];
    assert_eq!(desk.run(&other).code, 0);
    assert_eq!(stages(&desk), 1, "that of the killed import stays");
    let finished = desk.import("rows.csv", &[]);
    // Azerbaijan and its partner: one is there already, and is left out; the source of the others has another id.
    let counts = finished.counts(["asserted", "parties", "sources", "rowsRejected"]);
    assert_eq!(counts, [ROWS as u64, 1, 1, 0], "{}", finished.complaint);
    assert!(finished.counts(["stagedBefore"])[0] > 0, "it began anew");
    assert_eq!(stages(&desk), 0);
    assert_eq!(desk.import("rows.csv", &[]).counts(["unchanged", "eventsWritten"]), [ROWS as u64, 0]);
}

#[test]
fn a_killed_import_begins_anew_where_the_data_set_was_changed_meanwhile() {
    let desk = Desk::new();
    desk.write("rows.csv", rows("Pact"));
    kill_import(&desk);
    desk.write("part.csv", format!("{HEADER}k0,1,2,1900,,S,0,Pact 0\nk1,1,2,1901,,S,1,Other\n"));
    let part = desk.import("part.csv", &["--partial"]);
    assert_eq!(part.counts(["asserted"]), [2], "{}", part.complaint);
    assert!(part.complaint.contains("an unfinished import is there too: import of pacts"), "{}", part.complaint);
    let finished = desk.import("rows.csv", &[]);
    let counts = finished.counts(["asserted", "revised", "unchanged", "stagedBefore"]);
    assert_eq!(counts, [ROWS as u64 - 2, 1, 1, 0], "{}", finished.complaint);
    assert_eq!(stages(&desk), 0);
}

#[test]
fn what_was_staged_for_another_file_is_not_taken_for_this_one() {
    let desk = Desk::new();
    desk.write("rows.csv", rows("Pact"));
    kill_import(&desk);
    desk.write("rows.csv", rows("Treaty"));
    let other = desk.import("rows.csv", &[]);
    assert_eq!(other.counts(["asserted", "stagedBefore"]), [ROWS as u64, 0], "{}", other.complaint);
    let claims = desk.table("claims", &[]);
    assert!(claims.iter().all(|claim| claim["text_en"].as_str().unwrap().contains(": Treaty ")));
    assert_eq!(stages(&desk), 0, "what can never be recorded is dropped");
}
