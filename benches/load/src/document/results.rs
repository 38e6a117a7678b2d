//! Files of results: of each run a head line, then a measurement a line.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// One measurement, as far as a table shows it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Measurement {
    /// The one that was measured, a column.
    pub who: String,
    /// The place in the document: `section|row`.
    pub case: String,
    /// The figure, each second or in all, as its unit says.
    pub rate: f64,
    /// Its unit.
    pub unit: String,
    /// The median latency in microseconds, if there is one.
    #[serde(default)]
    pub p50_us: f64,
    /// The latency that one call in a hundred exceeds, in microseconds.
    #[serde(default)]
    pub p99_us: f64,
}

impl Measurement {
    fn section(&self) -> &str {
        self.case.split_once('|').map_or("", |(section, _)| section)
    }

    /// The row of its table.
    pub fn row(&self) -> &str {
        self.case.split_once('|').map_or(self.case.as_str(), |(_, row)| row)
    }
}

/// The first line of a run, as `benches/head.sh` writes it: the circumstances of the measurements.
#[derive(Deserialize)]
struct Head {
    script: String,
    date: String,
    commit: String,
    profile: String,
    #[serde(default)]
    cores: u32,
    #[serde(default)]
    cpu: String,
    #[serde(default)]
    memory_gib: u32,
    #[serde(default)]
    file_system: String,
    #[serde(default)]
    passes: u32,
    #[serde(default)]
    seconds: f64,
    /// The lines were typed from tables; the program did not write them.
    #[serde(default)]
    typed: bool,
    /// A sentence on anything else that a reader has to know.
    #[serde(default)]
    note: String,
}

impl Head {
    fn caption(&self) -> String {
        let script =
            if self.script.starts_with("benches/") { format!("`{}`", self.script) } else { self.script.clone() };
        let mut parts = vec![format!("{script} on {} at {} ({})", self.date, self.commit, self.profile)];
        parts.extend((self.cores > 0).then(|| match self.cpu.as_str() {
            "" => format!("{} cores", self.cores),
            cpu => format!("{} cores of {cpu}", self.cores),
        }));
        parts.extend((self.memory_gib > 0).then(|| format!("{} GiB", self.memory_gib)));
        parts.extend((!self.file_system.is_empty()).then(|| self.file_system.clone()));
        let passes = if self.passes == 1 { "1 pass".to_owned() } else { format!("{} passes", self.passes) };
        match (self.passes > 0, self.seconds > 0.0) {
            (true, true) => parts.push(format!("{passes} of {} s", self.seconds)),
            (true, false) => parts.push(passes),
            (false, true) => parts.push(format!("{} s each", self.seconds)),
            (false, false) => {}
        }
        parts.extend((!self.note.is_empty()).then(|| self.note.clone()));
        parts.extend(self.typed.then(|| "*typed from tables*".to_owned()));
        parts.join(", ")
    }
}

/// A line of a file.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Head(Head),
    Measurement(Measurement),
}

struct Run {
    head: Head,
    lines: Vec<Measurement>,
}

/// The lines of a section, with the runs that have any.
pub struct Section<'a> {
    runs: Vec<&'a Head>,
    /// The lines, in the order of the file.
    pub lines: Vec<&'a Measurement>,
}

impl Section<'_> {
    /// A sentence about the runs, for a reader who wonders where the figures are from.
    pub fn caption(&self, name: &str) -> String {
        let runs: Vec<String> = self.runs.iter().map(|head| head.caption()).collect();
        format!("[{name}](benches/results/{name}.jsonl): {}.", runs.join("; "))
    }
}

/// Files of results by their names without `.jsonl`.
#[derive(Default)]
pub struct Results(BTreeMap<String, Vec<Run>>);

impl Results {
    /// Reads one file, or all files of a folder that end in `.jsonl`.
    ///
    /// # Errors
    /// If one cannot be read or has a line that is no result.
    pub fn read(path: &Path) -> Result<Self, String> {
        let unreadable = |error| format!("{}: {error}", path.display());
        let mut files = vec![path.to_owned()];
        if path.is_dir() {
            let entries = fs::read_dir(path).and_then(|entries| entries.map(|one| Ok(one?.path())).collect());
            files = entries.map_err(unreadable)?;
            files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
        }
        let mut results = Self::default();
        for file in files {
            let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            results.add(&name, &text).map_err(|error| format!("{}: {error}", file.display()))?;
        }
        Ok(results)
    }

    /// Adds the text of a file.
    ///
    /// # Errors
    /// If a line is no result, or stands before the first head.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), String> {
        let mut runs: Vec<Run> = Vec::new();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
            let entry = serde_json::from_str(line).map_err(|_| {
                format!(
                    "line {}: neither a head (script, date, commit, profile) nor a result (who, case, rate, unit)",
                    at + 1
                )
            })?;
            match (entry, runs.last_mut()) {
                (Entry::Head(head), _) => runs.push(Run { head, lines: Vec::new() }),
                (Entry::Measurement(line), Some(run)) => run.lines.push(line),
                (Entry::Measurement(_), None) => {
                    return Err(format!("line {}: a result before the head of its run", at + 1));
                }
            }
        }
        self.0.insert(name.to_owned(), runs);
        Ok(())
    }

    /// The names of the files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The sections of a file, in the order in which they begin.
    pub fn sections(&self, name: &str) -> Vec<&str> {
        let mut sections = Vec::new();
        for section in self.0.get(name).into_iter().flatten().flat_map(|run| &run.lines).map(Measurement::section) {
            if !sections.contains(&section) {
                sections.push(section);
            }
        }
        sections
    }

    /// The lines of a section, if the file has any.
    pub fn section(&self, name: &str, section: &str) -> Option<Section<'_>> {
        let of = |run: &'_ Run| run.lines.iter().any(|line| line.section() == section);
        let runs: Vec<&Run> = self.0.get(name)?.iter().filter(|run| of(run)).collect();
        let lines = runs.iter().flat_map(|run| &run.lines).filter(|line| line.section() == section).collect();
        (!runs.is_empty()).then(|| Section { runs: runs.iter().map(|run| &run.head).collect(), lines })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"who":"detente","case":"A|b","rate":1,"unit":"s"}"#;

    fn head(more: &str) -> String {
        format!(r#"{{"script":"benches/x.sh","date":"2026-11-28","commit":"abc","profile":"dist"{more}}}"#)
    }

    #[test]
    fn runs_of_one_file_are_told_apart_and_those_with_lines_of_a_section_are_named() {
        let other = LINE.replace("A|b", "B|b");
        let text =
            format!("{}\n{LINE}\n{}\n{other}\n", head(r#","passes":1"#), head(r#","typed":true,"note":"by hand""#));
        let mut results = Results::default();
        results.add("x", &text).unwrap();
        assert_eq!(results.sections("x"), ["A", "B"]);
        let caption = results.section("x", "A").unwrap().caption("x");
        assert_eq!(caption, "[x](benches/results/x.jsonl): `benches/x.sh` on 2026-11-28 at abc (dist), 1 pass.");
        let caption = results.section("x", "B").unwrap().caption("x");
        assert!(caption.ends_with("by hand, *typed from tables*."), "{caption}");
        assert!(results.section("x", "C").is_none() && results.section("y", "A").is_none());
    }

    #[test]
    fn a_line_that_is_no_result_and_a_result_without_a_head_are_errors_with_their_line() {
        let mut results = Results::default();
        assert!(results.add("x", LINE).unwrap_err().starts_with("line 1: a result before"));
        assert!(
            results.add("x", &format!("{}\n{{\"who\":\"x\"}}", head(""))).unwrap_err().starts_with("line 2: neither")
        );
    }
}
