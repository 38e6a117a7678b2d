//! The memory of an import grows with the index of what it records, and with nothing else.

use super::desk::{Desk, HEADER, command};
use std::fmt::Write as _;
use std::process::{Child, Stdio};

fn rows(count: usize) -> String {
    let mut text = HEADER.to_owned();
    for row in 0..count {
        writeln!(text, "k{row},1,2,{},,S,{row},Pact {row}", 1900 + row % 120).unwrap();
    }
    text
}

/// The most memory that a process ever held, in bytes; none once it has ended.
fn peak_of(process: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().ok().map(|kib| kib * 1024)
}

/// The peak of memory while a number of rows is imported into a new directory.
fn peak_of_import(count: usize) -> u64 {
    let desk = Desk::new();
    desk.write("rows.csv", rows(count));
    let arguments = ["import", "rows.csv", "--mapping", "m.toml", "--data", "ledger"];
    let mut importer =
        command(desk.path("").as_path(), &arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut peak = 0;
    let ended = loop {
        peak = peak_of(&importer).unwrap_or(0).max(peak);
        if let Some(ended) = importer.try_wait().unwrap() {
            break ended;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    };
    assert!(ended.success());
    peak
}

#[test]
fn a_row_more_costs_an_import_little_more_memory_than_its_place_in_the_index() {
    const FEW: usize = 80_000;
    const MANY: usize = 240_000;
    /// Bytes for each row more.
    const MOST: u64 = 900;
    let (few, many) = (peak_of_import(FEW), peak_of_import(MANY));
    let of_a_row = (many - few) / (MANY - FEW) as u64;
    println!("{FEW} rows: {few} bytes, {MANY} rows: {many} bytes, {of_a_row} for a row more");
    assert!(of_a_row <= MOST, "{of_a_row} bytes for a row more");
}
