//! The rules of the house that the compiler does not hold: who may name whom, and what every file opens with.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod benchmarks;
mod commands;
#[path = "../../benches/load/src/document/mod.rs"]
#[allow(dead_code, unreachable_pub, reason = "the load generator uses the rest of it")]
mod document;
mod documents;
mod names;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

/// The imports allowed between rooms that share a crate. The imports of a crate are in its manifest.
const MAY_IMPORT: [(&str, &[&str]); 16] = [
    // The ledger: only `write` changes the record.
    ("budget", &[]),
    ("clock", &[]),
    ("metrics", &[]),
    ("wire", &[]),
    ("store", &["budget", "wire"]),
    // The reader of the record holds the clock, since a cut by `known_at` must not lie in the future.
    ("read", &["budget", "clock", "error", "store", "wire"]),
    ("query", &["budget", "error", "read", "store", "wire"]),
    ("follow", &["budget", "error", "query", "read", "store", "wire"]),
    ("write", &["budget", "clock", "error", "metrics", "read", "store", "wire"]),
    // The program. Claims and events in tables have the columns of the exports, which are made of messages.
    ("http", &["grpc", "page", "telemetry"]),
    ("page", &["grpc"]),
    ("demo", &[]),
    ("grpc", &["telemetry"]),
    ("config", &[]),
    ("telemetry", &["config"]),
    ("cli", &["operator", "config"]),
];

/// Crates that only some rooms may name.
const ONLY_IN: [(&str, &[&str]); 8] = [
    ("sled", &["store/db.rs"]),
    ("tonic", &["grpc/", "server", "client/", "cli/", "proto/"]),
    ("axum", &["http/", "page/"]),
    ("clap", &["cli/"]),
    ("ring", &["identity/", "server/tls/", "client/"]),
    ("rustls", &["server/tls/", "client/"]),
    ("x509_cert", &["server/tls/"]),
    ("edtf_core", &["domain/edtf/read.rs"]),
];

/// The crates whose modules are rooms of their own. Another crate is one room, of its name.
const OF_ROOMS: [&str; 1] = ["ledger"];

struct Source {
    /// The path below `src`, with `/`; in a crate that is one room behind its name.
    path: String,
    text: String,
}

/// The folders with sources, and what stands before the paths in them.
fn source_folders() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![(root.join("src"), String::new())];
    for entry in fs::read_dir(root.join("crates")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let before = if OF_ROOMS.contains(&name.as_str()) { String::new() } else { format!("{name}/") };
        folders.push((entry.path().join("src"), before));
    }
    folders
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for (root, before) in source_folders() {
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path: PathBuf = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = fs::read_to_string(&path).unwrap();
                    let path = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
                    found.push(Source { path: format!("{before}{path}"), text });
                }
            }
        }
    }
    assert!(found.len() > 50, "the sources were not found");
    found
}

/// Every Rust file of the repository, tests and benchmarks included, with its path from the root.
fn rust_files() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = ["src", "crates", "tests", "benches"].map(|folder| root.join(folder)).to_vec();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                found.push(Source { path, text });
            }
        }
    }
    assert!(found.len() > 500, "the files were not found: {}", found.len());
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
    words.filter(|word| word.starts_with(char::is_lowercase)).map(str::to_owned).collect()
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

/// The default provider of rustls is a panic where there are two.
#[test]
fn the_program_has_one_provider_of_cryptography() {
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    assert!(lock.contains("name = \"ring\"") && !lock.contains("name = \"aws-lc"));
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
