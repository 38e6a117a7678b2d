//! The document of the measurements: its tables are made of the committed results, its prose is short and names every script.

use crate::document::{Results, render};
use crate::documents::root;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

fn document() -> String {
    fs::read_to_string(root().join("BENCHMARKS.md")).unwrap()
}

#[test]
fn the_tables_of_the_benchmarks_are_those_that_the_committed_results_make() {
    let results = Results::read(&root().join("benches/results")).unwrap();
    assert!(results.names().next().is_some(), "the results were not found");
    let rendered = render(&document(), &results).unwrap();
    let differs = document().lines().zip(rendered.lines()).position(|(is, would_be)| is != would_be);
    assert!(
        document() == rendered,
        "line {} of BENCHMARKS.md is not what its results make; run `load report --into BENCHMARKS.md benches/results`",
        differs.map_or(0, |at| at + 1)
    );
}

#[test]
fn the_benchmarks_name_every_script_of_their_folder() {
    let mut missing = Vec::new();
    let mut found = 0;
    for folder in ["benches", "benches/siege"] {
        for entry in fs::read_dir(root().join(folder)).unwrap().map(Result::unwrap) {
            let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
            let file = entry.metadata().unwrap();
            if file.is_file() && file.permissions().mode() & 0o111 != 0 {
                found += 1;
                missing.extend((!document().contains(&format!("`{name}"))).then_some(name));
            }
        }
    }
    assert!(found > 8, "the scripts were not found: {found}");
    assert!(missing.is_empty(), "BENCHMARKS.md does not name {missing:?}");
}

#[test]
fn the_prose_of_the_benchmarks_is_short() {
    let mut generated = false;
    let mut prose = 0;
    for line in document().lines() {
        generated |= line.starts_with("<!-- results: ");
        prose += usize::from(!generated);
        generated &= line != "<!-- end -->";
    }
    assert!(prose <= 150, "the prose of BENCHMARKS.md has {prose} lines");
}
