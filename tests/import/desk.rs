//! A directory with a mapping, and the program to try it with.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// The mapping of the tests: two parties, two ends, a number.
pub(crate) const MAPPING: &str = r#"
[dataset]
name = "pacts"
key = ["{id}"]
recorded_by = "desk"

[source]
null = ["", "NA"]

[tables.countries]
key = "key"
rows = { "1" = { iso = "AZE", name = "Azerbaijan" }, "2" = { iso = "RUS", name = "Russia" }, "3" = { iso = "ARM", name = "Armenia" } }

[parties.state]
table = "countries"
id = "{iso}"
type = "state"
names = { en = "{name}" }

[sources.list]
id = "pacts"
title = "Made-up pacts"

[[claim]]
kind = "agreement"
type = "state"
status = { from = "{status}", else = "" , map = { S = "signed", F = "in_force" } }
from = { date = "{start}", formats = ["YYYY-MM-DD", "YYYY-MM", "YYYY"], unknown = ["?"] }
to = { date = "{end}", formats = ["YYYY-MM-DD", "YYYY-MM", "YYYY"], open = ["..", ""], unknown = ["?"] }
texts = { en = "Pact {id}: {title}" }
parties = [
  { role = "party", party = "state", key = "{a}" },
  { role = "party", party = "state", key = "{b}" },
]
relationships = [{ all = ["party"] }]
quantities = [{ name = "articles", value = "{n}" }]
sources = [{ source = "list" }]
"#;

pub(crate) const HEADER: &str = "id,a,b,start,end,status,n,title\n";

/// A directory to work in.
pub(crate) struct Desk {
    dir: TempDir,
}

/// The output of a run.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) complaint: String,
}

impl Said {
    /// The report, of a run with `--output json`.
    pub(crate) fn report(&self) -> Value {
        let line = self.out.lines().last().unwrap_or_default();
        serde_json::from_str(line).unwrap_or_else(|_| panic!("no report: {} {}", self.out, self.complaint))
    }

    /// Numbers of the report.
    pub(crate) fn counts<const N: usize>(&self, names: [&str; N]) -> [u64; N] {
        let report = self.report();
        names.map(|name| report[name].as_u64().unwrap_or_else(|| panic!("{name} in {report}")))
    }
}

impl Desk {
    /// Returns a desk with the mapping of the tests.
    pub(crate) fn new() -> Self {
        Self::with(MAPPING)
    }

    pub(crate) fn with(mapping: &str) -> Self {
        let desk = Self { dir: tempfile::tempdir().unwrap() };
        desk.write("m.toml", mapping);
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Runs the program in the directory.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        read_output(command(self.dir.path(), arguments).output().unwrap())
    }

    /// Imports a file into the ledger `ledger`, with more flags.
    pub(crate) fn import(&self, file: &str, flags: &[&str]) -> Said {
        let import = ["import", file, "--mapping", "m.toml", "--data", "ledger", "--output", "json"];
        self.run(&[&import[..], flags].concat())
    }

    /// Imports rows under the header of the tests; it must succeed.
    pub(crate) fn rows(&self, rows: &str, flags: &[&str]) -> Said {
        self.write("rows.csv", format!("{HEADER}{rows}"));
        let said = self.import("rows.csv", flags);
        assert_eq!(said.code, 0, "{}{}", said.out, said.complaint);
        said
    }

    /// Every line of a table of the ledger, as JSON.
    pub(crate) fn table(&self, what: &str, flags: &[&str]) -> Vec<Value> {
        let export = ["export", "--format", "ndjson", "--what", what, "--data", "ledger"];
        let said = self.run(&[&export[..], flags].concat());
        assert_eq!(said.code, 0, "{}", said.complaint);
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The kinds of the events of the ledger, in order.
    pub(crate) fn events(&self) -> Vec<String> {
        self.table("events", &[]).iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect()
    }
}

pub(crate) fn command(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_detente"));
    let command_ref = command.current_dir(dir).args(arguments);
    for name in ["DETENTE_SERVER", "DETENTE_DATA", "DETENTE_RECORDED_BY"] {
        command_ref.env_remove(name);
    }
    command
}

pub(crate) fn read_output(output: Output) -> Said {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap_or(-1), out: text(output.stdout), complaint: text(output.stderr) }
}
