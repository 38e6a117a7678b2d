//! The rules of the house that the compiler does not hold: who may name whom, and what every file opens with.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// Of the rooms of `src`, what each may import from the others. A room that is not listed may import nothing.
const MAY_IMPORT: [(&str, &[&str]); 19] = [
    ("budget", &[]),
    ("domain", &[]),
    ("clock", &["domain"]),
    ("journal", &["domain"]),
    ("wire", &["domain", "v1"]),
    ("flat", &["domain", "wire", "v1"]),
    ("ingest", &["domain", "wire", "v1"]),
    ("store", &["budget", "domain", "journal", "wire", "v1"]),
    ("metrics", &[]),
    ("ledger", &["budget", "domain", "journal", "store", "wire", "v1", "clock", "metrics"]),
    // Claims and events in tables have the columns of the exports, which are made of messages.
    ("http", &["budget", "flat", "grpc", "ledger", "metrics", "page", "telemetry", "v1", "wire"]),
    ("page", &["grpc", "v1"]),
    ("demo", &["ledger", "journal", "store", "clock"]),
    ("grpc", &["budget", "domain", "ledger", "wire", "v1", "clock", "journal", "telemetry"]),
    ("config", &[]),
    ("telemetry", &["config"]),
    ("client", &["v1", "clock"]),
    ("cli", &["v1", "wire", "flat", "ingest", "operator", "config", "client"]),
    ("main", &[]),
];

/// Crates that only one room may name.
const ONLY_IN: [(&str, &[&str]); 7] = [
    ("sled", &["store/db.rs"]),
    ("tonic", &["grpc/", "server", "client/", "cli/", "lib.rs"]),
    ("axum", &["http/", "page/"]),
    ("tokio", &["budget/", "grpc/", "http/connect/", "server", "client/", "cli/", "operator/", "ledger/", "main.rs"]),
    ("clap", &["cli/"]),
    ("edtf_core", &["domain/edtf/read.rs"]),
    (
        "prost",
        &[
            "wire/",
            "store/",
            "ledger/",
            "journal/record.rs",
            "journal/mod.rs",
            "ingest/",
            "grpc/",
            "cli/",
            "operator/",
            "http/",
            "page/",
        ],
    ),
];

struct Source {
    /// The path below `src`, with `/`.
    path: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
                found.push(Source { path, text });
            }
        }
    }
    assert!(found.len() > 50, "the sources were not found");
    found
}

impl Source {
    /// The lines that are code, tests and comments aside.
    fn code(&self) -> impl Iterator<Item = &str> {
        let end = self.text.find("#[cfg(test)]\nmod tests {").unwrap_or(self.text.len());
        self.text[..end].lines().filter(|line| !line.trim_start().starts_with("//"))
    }

    fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.contains("arbitrary") || self.path.ends_with("tests.rs")
    }

    fn room(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap()
    }
}

/// The rooms that a line of code names as `crate::room`.
fn rooms_named(line: &str) -> Vec<String> {
    let named = line.match_indices("crate::").map(|(at, found)| &line[at + found.len()..]);
    let words = named.flat_map(|rest| {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).take(1)
    });
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[test]
fn every_room_imports_only_from_the_rooms_it_stands_on() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(room, _)| *room == source.room()) else { continue };
        for line in source.code() {
            for named in rooms_named(line).iter().filter(|named| *named != source.room()) {
                if !allowed.contains(&named.as_str()) {
                    wrong.push(format!("{} names crate::{named}: {}", source.path, line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_crate_that_belongs_to_one_room_is_named_in_no_other() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        for (name, rooms) in ONLY_IN {
            let at_home = rooms.iter().any(|room| source.path.starts_with(room));
            let names = |line: &str| {
                let path = format!("{name}::");
                line.match_indices(&path)
                    .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
            };
            if !at_home && source.code().any(names) {
                wrong.push(format!("{} names {name}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_domain_asks_nothing_of_the_world() {
    let banned = ["std::fs", "std::io", "std::net", "std::env", "SystemTime", "Instant::now", "serde", "std::thread"];
    for source in sources().iter().filter(|source| source.room() == "domain") {
        for line in source.code() {
            for word in banned {
                assert!(!line.contains(word), "{} names {word}: {}", source.path, line.trim());
            }
        }
    }
}

#[test]
fn every_file_opens_with_what_it_is() {
    for source in sources() {
        assert!(source.text.starts_with("//! "), "{} does not open with a `//!` header", source.path);
    }
}

#[test]
fn no_file_has_grown_beyond_one_idea() {
    for source in sources().iter().filter(|source| !source.is_test()) {
        let lines = source.code().count();
        assert!(lines <= 450, "{} has {lines} lines of code; split it", source.path);
    }
}

#[test]
fn no_function_is_longer_than_a_screen() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        let lines: Vec<&str> = source.code().collect();
        for (at, line) in lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let head = line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
            let head = head.trim_start_matches("pub(super) ").trim_start_matches("const ").trim_start_matches("async ");
            if !head.starts_with("fn ") || line.trim_end().ends_with('}') || line.trim_end().ends_with(';') {
                continue;
            }
            let close = format!("{}}}", " ".repeat(indent));
            let length = lines[at..].iter().position(|line| *line == close).unwrap_or(0);
            if length > 55 {
                wrong.push(format!("{}:{} has {length} lines", source.path, at + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_two_proto_packages_keep_to_themselves() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto/detente");
    let public = fs::read_dir(root.join("v1")).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    for text in public {
        assert!(!text.contains("detente.journal"), "the public contract names the persisted one");
    }
    let persisted = fs::read_to_string(root.join("journal/v1/record.proto")).unwrap();
    assert!(!persisted.contains("import \"detente/v1"), "the persisted frame names the public contract");
}

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
struct Line {
    /// The path of the document below the root.
    document: PathBuf,
    number: usize,
    text: String,
}

/// Folders that hold no documents of the project.
const WITHOUT_DOCUMENTS: [&str; 5] = ["target", "node_modules", "gen", "venv", "data"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The Markdown files of the project, as paths below the root.
fn documents() -> Vec<PathBuf> {
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
fn prose(document: &Path) -> Vec<Line> {
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

/// Whether a word of a document, such as `src/wire/mod.rs`, names a path of the repository.
fn is_path(word: &str) -> bool {
    let folders = ["src", "tests", "docs", "deploy", "benches", "examples", "proto", "findings", ".ci"];
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    let first = word.split('/').next().unwrap();
    plain && word.contains('/') && (folders.contains(&first) || is_room(first) && word.ends_with(".rs"))
}

/// Whether `src` has a room of this name.
fn is_room(name: &str) -> bool {
    MAY_IMPORT.iter().any(|(room, _)| *room == name) || name == "server" || name == "operator"
}

/// Whether a word such as `ledger::stage::check` names a module, or an item that stands in one.
fn is_in_a_module(word: &str) -> bool {
    let mut folder = root().join("src");
    let mut text = String::new();
    for name in word.split("::") {
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
                root().join(word).exists() || root().join("src").join(word).exists()
            } else if let Some((room, _)) = word.split_once("::")
                && is_room(room)
                && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))
            {
                is_in_a_module(word)
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
    for document in documents().iter().filter(|document| document.starts_with("docs")) {
        let name = document.file_name().unwrap().to_string_lossy();
        assert!(name == "README.md" || index.contains(&format!("({name})")), "docs/README.md does not list {name}");
    }
}
