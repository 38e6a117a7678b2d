//! Into a server that runs: the same claims as into a directory.

use super::desk::{Desk, HEADER, command, read_output};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

const ROWS: &str = "p1,1,2,2024-12,,S,3,One\np2,2,3,1991,2001,F,,Two\n";

pub(crate) struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Serves a new ledger, and says where.
pub(crate) fn serve(desk: &Desk) -> (Served, String) {
    serve_at(desk, "127.0.0.1:0")
}

/// Serves the ledger at an address.
pub(crate) fn serve_at(desk: &Desk, listen: &str) -> (Served, String) {
    let arguments = ["serve", "--data", "served", "--listen", listen, "--log-format", "json"];
    let mut child =
        command(desk.path("").as_path(), &arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = lines.find_map(|line| {
        let line = line.unwrap();
        let (_, after) = line.split_once("127.0.0.1:")?;
        let port: String = after.chars().take_while(char::is_ascii_digit).collect();
        Some(format!("http://127.0.0.1:{port}"))
    });
    let served = Served(child);
    std::thread::spawn(move || lines.for_each(drop));
    (served, address.unwrap())
}

#[test]
fn a_server_and_a_directory_get_the_same_claims() {
    let desk = Desk::new();
    desk.rows(ROWS, &[]);
    let (_served, server) = serve(&desk);
    let import = |flags: &[&str]| {
        let all = ["import", "rows.csv", "--mapping", "m.toml", "--server", &server, "--output", "json"];
        desk.run(&[&all[..], flags].concat())
    };
    assert_eq!(import(&["--check"]).counts(["asserted", "eventsToWrite", "eventsWritten"]), [2, 6, 0]);
    assert_eq!(import(&[]).counts(["asserted", "eventsWritten"]), [2, 6]);
    assert_eq!(import(&[]).counts(["unchanged", "eventsWritten"]), [2, 0]);
    let export = ["export", "--format", "ndjson", "--what", "claims", "--server", &server];
    let served = read_output(command(desk.path("").as_path(), &export).output().unwrap()).out;
    let texts = |lines: Vec<serde_json::Value>| -> Vec<(String, String)> {
        lines.iter().map(|claim| (claim["claim_id"].to_string(), claim["text_en"].to_string())).collect()
    };
    let served = served.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(texts(served), texts(desk.table("claims", &[])));

    desk.write("rows.csv", format!("{HEADER}{}", ROWS.replace("Two", "Second")));
    assert_eq!(import(&["--release", "2"]).counts(["revised", "unchanged", "eventsWritten"]), [1, 1, 1]);
}

#[test]
fn a_check_without_a_server_is_as_for_an_empty_ledger_and_an_import_is_refused() {
    let desk = Desk::new();
    desk.write("rows.csv", format!("{HEADER}{ROWS}"));
    let import = ["import", "rows.csv", "--mapping", "m.toml", "--server", "http://127.0.0.1:1", "--output", "json"];
    let checked = desk.run(&[&import[..], &["--check"]].concat());
    assert_eq!(checked.counts(["asserted"]), [2], "{}", checked.complaint);
    assert!(checked.complaint.contains("no server answers"));
    assert_eq!(desk.run(&import).code, 6);
}
