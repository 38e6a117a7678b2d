//! The document of the measurements: prose, and tables between markers, which are made of the committed results.
//!
//! ```text
//! <!-- results: NAME the section -->        one table, of the lines of `benches/results/NAME.jsonl` in that section
//! <!-- results: NEW|OLD the section -->     of the first of these files that has such lines
//! <!-- end -->
//! ```
//!
//! `load report` writes them and `tests/house` holds that they are current; both compile this module, which therefore needs
//! nothing but the standard library and serde.

pub mod results;
mod table;

pub use results::Results;
use std::fmt::Write as _;

/// The line that ends what is generated.
const END: &str = "<!-- end -->";
/// The text where no file has lines of a section.
const NOTHING: &str = "*No run has written lines of this yet.*";

/// A place for a table.
struct Marker<'a> {
    /// Names of files, the preferred one first.
    names: Vec<&'a str>,
    section: &'a str,
}

impl<'a> Marker<'a> {
    /// The marker in a line, if it is one.
    fn of(line: &'a str) -> Option<Self> {
        let inner = line.trim().strip_prefix("<!-- results: ")?.strip_suffix(" -->")?;
        let (names, section) = inner.split_once(' ')?;
        Some(Self { names: names.split('|').collect(), section: section.trim() })
    }
}

/// The text of the marker of a section.
pub fn marker(name: &str, section: &str) -> String {
    format!("<!-- results: {name} {section} -->\n{END}\n")
}

/// A document with its tables as the results make them.
///
/// # Errors
/// If a marker has no end, or a file of results has no marker.
pub fn render(document: &str, results: &Results) -> Result<String, String> {
    let mut out = String::new();
    let mut writer = Writer { results, caption: String::new() };
    let mut named: Vec<&str> = Vec::new();
    let mut in_code = false;
    let mut lines = document.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        out.push_str(line);
        out.push('\n');
        in_code ^= line.starts_with("```");
        let Some(marker) = Marker::of(line).filter(|_| !in_code) else { continue };
        out.push_str(&writer.table(&marker)?);
        named.extend(&marker.names);
        let ends = lines.find(|(_, line)| line.trim() == END || Marker::of(line).is_some());
        if ends.is_none_or(|(_, line)| line.trim() != END) {
            return Err(format!("line {}: no `{END}` follows this marker", at + 1));
        }
        writeln!(out, "{END}").map_err(|error| error.to_string())?;
    }
    match results.names().find(|name| !named.contains(name)) {
        Some(name) => Err(format!("no marker names benches/results/{name}.jsonl: add one, or remove the file")),
        None => Ok(out),
    }
}

/// Writes table after table.
struct Writer<'a> {
    results: &'a Results,
    /// The caption of the table before, which is not repeated.
    caption: String,
}

impl Writer<'_> {
    fn table(&mut self, marker: &Marker<'_>) -> Result<String, String> {
        let found = marker.names.iter().find_map(|name| Some((name, self.results.section(name, marker.section)?)));
        let Some((name, section)) = found else { return Ok(format!("\n{NOTHING}\n\n")) };
        let table = table::markdown(&section.lines).map_err(|error| error.to_string())?;
        let caption = section.caption(name);
        let shown = if caption == self.caption { String::new() } else { format!("\n{caption}\n") };
        self.caption = caption;
        Ok(format!("\n{table}{shown}\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = r#"{"script":"benches/run.sh","date":"2026-11-28","commit":"1a2b3c4","profile":"dist","cores":2,"cpu":"A CPU","memory_gib":8,"file_system":"ext4","passes":3,"seconds":5}"#;
    const LINE: &str =
        r#"{"who":"detente","bench":"append","case":"Appends|8 clients","rate":5000.0,"unit":"events/s"}"#;

    fn results(names: &[&str]) -> Results {
        let mut results = Results::default();
        for name in names {
            results.add(name, &format!("{HEAD}\n{LINE}\n")).unwrap();
        }
        results
    }

    #[test]
    fn a_table_replaces_what_stands_between_its_markers_and_says_what_run_it_is_of() {
        let document = "Before.\n\n<!-- results: run Appends -->\nold\n<!-- end -->\n\nAfter.\n";
        let rendered = render(document, &results(&["run"])).unwrap();
        assert!(
            rendered.starts_with("Before.\n\n<!-- results: run Appends -->\n\n| events/s | detente |"),
            "{rendered}"
        );
        assert!(
            rendered.contains("| 8 clients | 5,000 |\n\n[run](benches/results/run.jsonl): `benches/run.sh`"),
            "{rendered}"
        );
        assert!(rendered.ends_with("3 passes of 5 s.\n\n<!-- end -->\n\nAfter.\n"), "{rendered}");
        assert_eq!(render(&rendered, &results(&["run"])).unwrap(), rendered);
    }

    #[test]
    fn the_first_file_with_lines_is_taken_and_a_section_without_any_says_so() {
        let document = marker("new|old", "Appends") + &marker("new", "Reads");
        let rendered = render(&document, &results(&["old"])).unwrap();
        assert!(rendered.contains("[old]") && rendered.contains(NOTHING), "{rendered}");
        let rendered = render(&document, &results(&["new", "old"])).unwrap();
        assert!(rendered.contains("[new]") && !rendered.contains("[old]"), "{rendered}");
    }

    #[test]
    fn a_caption_is_not_repeated_under_the_next_table_of_the_same_run() {
        let document = marker("run", "Appends") + &marker("run", "Appends");
        assert_eq!(render(&document, &results(&["run"])).unwrap().matches("[run]").count(), 1);
    }

    #[test]
    fn a_marker_without_end_and_a_file_without_marker_are_errors() {
        let open = format!("<!-- results: run Appends -->\n{}", marker("run", "Appends"));
        assert!(render(&open, &results(&["run"])).unwrap_err().contains("line 1"));
        assert!(render("", &results(&["run"])).unwrap_err().contains("benches/results/run.jsonl"));
    }

    #[test]
    fn markers_in_a_block_of_code_are_text() {
        let document = format!("```\n{}```\n{}", marker("x", "X"), marker("run", "Appends"));
        assert!(render(&document, &results(&["run"])).unwrap().starts_with(&document[..40]));
    }
}
