//! The documents: every link resolves, every path and module that they name exists, every index is whole.

use crate::source_folders;
use std::fs;
use std::path::{Path, PathBuf};

/// `tests/clients/run` runs the examples; this tells of one that is missing where nothing is installed.
#[test]
fn every_rpc_has_an_example_with_its_answer_in_the_cookbook() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cookbook = fs::read_to_string(root.join("docs/COOKBOOK.md")).unwrap();
    let service = fs::read_to_string(root.join("proto/detente/v1/ledger.proto")).unwrap();
    let rpcs = service.lines().filter_map(|line| line.trim().strip_prefix("rpc ")?.split('(').next());
    let mut missing: Vec<&str> = Vec::new();
    for rpc in rpcs {
        let section = cookbook.split("\n## ").find(|section| section.lines().next() == Some(rpc)).unwrap_or_default();
        let example = format!("LedgerService/{rpc}\n");
        if !(section.contains(&example) && section.contains("```json\n")) {
            missing.push(rpc);
        }
    }
    assert!(missing.is_empty(), "no example for {missing:?}");
}

/// A line of a document outside its code blocks.
pub(crate) struct Line {
    /// The path of the document below the root.
    pub(crate) document: PathBuf,
    pub(crate) number: usize,
    pub(crate) text: String,
}

/// Folders that hold no documents of the project.
const WITHOUT_DOCUMENTS: [&str; 5] = ["target", "node_modules", "gen", "venv", "data"];

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The Markdown files of the project, as paths below the root.
pub(crate) fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type().unwrap().is_dir() {
                if !name.starts_with('.') && !WITHOUT_DOCUMENTS.contains(&name.as_str()) {
                    folders.push(entry.path());
                }
            } else if name.ends_with(".md") {
                found.push(entry.path().strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    assert!(found.len() > 10, "the documents were not found");
    found
}

/// The lines of a document, code blocks left out.
pub(crate) fn prose(document: &Path) -> Vec<Line> {
    let text = fs::read_to_string(root().join(document)).unwrap();
    let mut in_code = false;
    let mut lines = Vec::new();
    for (at, text) in text.lines().enumerate() {
        let fence = text.trim_start().starts_with("```");
        in_code ^= fence;
        if !in_code && !fence {
            lines.push(Line { document: document.to_owned(), number: at + 1, text: text.to_owned() });
        }
    }
    lines
}

/// The anchors that a reader of Markdown makes of the headings of a document.
fn anchors(document: &Path) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    for line in prose(document).iter().filter(|line| line.text.starts_with('#')) {
        let title = line.text.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let before = anchors.iter().filter(|earlier| **earlier == anchor).count();
        anchors.push(if before == 0 { anchor } else { format!("{anchor}-{before}") });
    }
    anchors
}

/// The texts between two marks in a line.
fn between<'a>(line: &'a str, open: &'a str, close: char) -> impl Iterator<Item = &'a str> {
    line.match_indices(open)
        .filter_map(move |(at, _)| line[at + open.len()..].split_once(close))
        .map(|(inner, _)| inner)
}

#[test]
fn every_relative_link_and_anchor_of_the_documents_resolves() {
    let mut wrong = Vec::new();
    for line in documents().iter().flat_map(|document| prose(document)) {
        let here = line.document.parent().unwrap();
        for target in between(&line.text, "](", ')').filter(|target| !target.contains("://")) {
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if path.is_empty() { line.document.clone() } else { here.join(path) };
            let Ok(resolved) = root().join(&file).canonicalize() else {
                wrong.push(format!("{}:{}: no file {target}", line.document.display(), line.number));
                continue;
            };
            if !anchor.is_empty() && !anchors(&resolved).iter().any(|known| known == anchor) {
                wrong.push(format!("{}:{}: no heading {target}", line.document.display(), line.number));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns true if a word of a document, such as `src/wire/mod.rs`, names a path of the repository.
fn is_path(word: &str) -> bool {
    let folders = ["src", "crates", "tests", "docs", "deploy", "benches", "examples", "proto", "findings", ".ci"];
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    let first = word.split('/').next().unwrap();
    plain && word.contains('/') && (folders.contains(&first) || room_folder(first).is_some() && word.ends_with(".rs"))
}

/// The folder of a room or a crate, if there is one of this name.
fn room_folder(name: &str) -> Option<PathBuf> {
    source_folders().into_iter().find_map(|(folder, before)| {
        let room = folder.join(name);
        if folder.parent().is_some_and(|above| above.ends_with(Path::new("crates").join(name))) {
            Some(folder)
        } else {
            (before.is_empty() && (room.is_dir() || room.with_extension("rs").is_file())).then_some(room)
        }
    })
}

/// The path of a room's file that a word such as `wire/mod.rs` names.
fn in_room(word: &str) -> Option<PathBuf> {
    let (room, rest) = word.split_once('/')?;
    Some(room_folder(room)?.join(rest))
}

/// Returns true if a word such as `ledger::write::stage::check` names a module, or an item that stands in one.
fn is_in_a_module(room: &str, word: &str) -> bool {
    let Some(mut folder) = room_folder(room) else { return false };
    let sources = [folder.with_extension("rs"), folder.join("mod.rs"), folder.join("lib.rs")];
    let mut text: String = sources.iter().filter_map(|source| fs::read_to_string(source).ok()).collect();
    for name in word.split("::").skip(1) {
        let file = folder.join(format!("{name}.rs"));
        folder = folder.join(name);
        let found = fs::read_to_string(file).or_else(|_| fs::read_to_string(folder.join("mod.rs")));
        match found {
            Ok(module) => text = module,
            Err(_) if text.contains(name) => {}
            Err(_) => return false,
        }
    }
    true
}

#[test]
fn every_path_and_module_that_a_document_names_exists() {
    let mut wrong = Vec::new();
    for line in documents().iter().flat_map(|document| prose(document)) {
        for word in line.text.split('`').skip(1).step_by(2) {
            let exists = if is_path(word) {
                root().join(word).exists() || in_room(word).is_some_and(|path| path.exists())
            } else if let Some((room, _)) = word.split_once("::")
                && room_folder(room).is_some()
                && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))
            {
                is_in_a_module(room, word)
            } else {
                true
            };
            if !exists {
                wrong.push(format!("{}:{}: there is no `{word}`", line.document.display(), line.number));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_readme_stays_an_introduction_and_the_index_lists_every_manual() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.lines().count() <= 150, "what is for one kind of reader goes into docs/");
    let index = fs::read_to_string(root().join("docs/README.md")).unwrap();
    for document in documents().iter().filter_map(|document| document.strip_prefix("docs").ok()) {
        let name = document.to_string_lossy();
        assert!(name == "README.md" || index.contains(&format!("({name})")), "docs/README.md does not list {name}");
    }
}

#[test]
fn the_index_of_the_design_lists_every_decision_in_the_order_of_its_page() {
    let index = fs::read_to_string(root().join("DESIGN.md")).unwrap();
    let pages: Vec<PathBuf> = documents().into_iter().filter(|document| document.starts_with("docs/design")).collect();
    assert!(pages.len() > 10, "the pages were not found");
    for page in pages {
        let name = page.to_string_lossy();
        let titles = prose(&page).into_iter().filter_map(|line| line.text.strip_prefix("## ").map(str::to_owned));
        let lines = titles.zip(anchors(&page).into_iter().skip(1));
        let expected: String = lines.map(|(title, anchor)| format!("* [{title}]({name}#{anchor})\n")).collect();
        assert!(index.contains(&expected), "DESIGN.md does not list the sections of {name} as:\n{expected}");
    }
}

#[test]
fn every_reason_of_an_error_is_in_its_table_with_its_status() {
    let contract = fs::read_to_string(root().join("proto/detente/v1/error.proto")).unwrap();
    let table = fs::read_to_string(root().join("docs/ERRORS.md")).unwrap();
    let mut rows: Vec<(&str, &str)> = Vec::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let mut words = row.split('`').skip(1).step_by(2);
        rows.push((words.next().unwrap(), words.next().unwrap()));
    }
    let mut reasons = Vec::new();
    let mut comment = String::new();
    for line in contract.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("// ") {
            comment = format!("{comment} {words}");
        } else if let Some((reason, _)) = line.strip_prefix("ERROR_REASON_").and_then(|rest| rest.split_once(' ')) {
            let status = comment.trim().split(['.', ' ']).next().unwrap().to_owned();
            reasons.push((reason, status));
            comment.clear();
        } else {
            comment.clear();
        }
    }
    assert!(reasons.len() > 30, "the reasons were not found");
    for (reason, status) in reasons.iter().filter(|(reason, _)| *reason != "UNSPECIFIED") {
        let row = rows.iter().find(|(name, _)| name == reason);
        assert_eq!(row, Some(&(*reason, status.as_str())), "docs/ERRORS.md does not have {reason} with {status}");
    }
    assert_eq!(rows.len(), reasons.len() - 1, "docs/ERRORS.md has a reason that the contract does not have");
}

#[test]
fn every_document_that_a_comment_of_the_code_names_exists_with_its_heading() {
    let mut wrong = Vec::new();
    let mut found = 0;
    for source in crate::sources() {
        for (at, _) in source.text.match_indices("docs/") {
            let rest = &source.text[at..];
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '#')));
            let word = rest[..end.unwrap_or(rest.len())].trim_end_matches('.');
            let (path, anchor) = word.split_once('#').unwrap_or((word, ""));
            if !path.ends_with(".md") {
                continue;
            }
            found += 1;
            let exists = root().join(path).exists();
            if !exists || !anchor.is_empty() && !anchors(Path::new(path)).iter().any(|known| known == anchor) {
                wrong.push(format!("{} names {word}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(found > 0, "no comment names a document");
}
