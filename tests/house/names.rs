//! The names of types and functions: a name explains itself at the import line and at the call.

use crate::{rust_files, sources};
use std::collections::BTreeMap;

/// Types of one name in the whole workspace: one of the wire and one of the domain.
const MOST_OF_A_NAME: usize = 2;

/// Names that say nothing of the thing that they name.
const GONE: [&str; 8] = ["Asking", "Counting", "Making", "Put", "Sending", "Telling", "What", "Writing"];

/// Participles and past tenses that do not end in "ed".
const IRREGULAR: [&str; 45] = [
    "Begun",
    "Broken",
    "Built",
    "Chosen",
    "Come",
    "Done",
    "Drawn",
    "Felt",
    "Found",
    "Given",
    "Gone",
    "Grown",
    "Heard",
    "Held",
    "Hidden",
    "Kept",
    "Known",
    "Left",
    "Lent",
    "Lost",
    "Made",
    "Meant",
    "Met",
    "Paid",
    "Read",
    "Retold",
    "Rewritten",
    "Said",
    "Seen",
    "Sent",
    "Shown",
    "Sought",
    "Spent",
    "Spoken",
    "Stood",
    "Taken",
    "Thought",
    "Thrown",
    "Told",
    "Torn",
    "Understood",
    "Undone",
    "Unread",
    "Won",
    "Written",
];

/// Nouns that end as participles do, and the trait that other crates cannot implement, by its usual name.
const NOUNS: [&str; 4] = ["Feed", "Need", "Seed", "Sealed"];

/// Functions that end as participles do and are none: nouns and verbs; and the name that the standard library gave a time.
const NO_PARTICIPLES: [&str; 12] =
    ["elapsed", "embed", "exceed", "feed", "heed", "need", "proceed", "read", "seed", "shed", "speed", "succeed"];

/// Returns true if a name is a participle alone, which names no thing.
fn is_lone_participle(name: &str) -> bool {
    let is_one_word = name.chars().filter(|c| c.is_uppercase()).count() == 1;
    is_one_word && !NOUNS.contains(&name) && (name.ends_with("ed") || IRREGULAR.contains(&name))
}

/// Returns true if the name of a function is a participle alone, which says neither what it does nor what it returns.
fn is_participle_of_function(name: &str) -> bool {
    let is_irregular = IRREGULAR.iter().any(|participle| participle.eq_ignore_ascii_case(name));
    !name.contains('_') && !NO_PARTICIPLES.contains(&name) && (name.ends_with("ed") || is_irregular)
}

/// The name of the function that a line of code defines.
fn function(line: &str) -> Option<&str> {
    let (before, rest) = line.split_once("fn ")?;
    let is_head = before.split(' ').all(|word| {
        word.is_empty() || word.starts_with("pub") || ["const", "async", "unsafe", "default"].contains(&word)
    });
    let name = rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next()?;
    (is_head && rest[name.len()..].starts_with(['(', '<'])).then_some(name)
}

/// The name of the type that a line of code defines, visibility aside.
fn definition(line: &str) -> Option<&str> {
    let words = line.trim_start();
    let mut rest = words;
    if let Some(public) = words.strip_prefix("pub") {
        rest = match public.strip_prefix('(') {
            Some(within) => within.split_once(')')?.1,
            None => public,
        };
    }
    let (keyword, rest) = rest.trim_start().split_once(' ')?;
    // An indented alias is the associated type of a trait.
    let defines = ["struct", "enum", "trait", "union"].contains(&keyword) || (keyword == "type" && words == line);
    let name = rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next()?;
    (defines && name.starts_with(char::is_uppercase)).then_some(name)
}

/// The names of the types of the workspace, each with the files that define it.
fn type_names() -> BTreeMap<String, Vec<String>> {
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        for name in source.code().filter_map(definition) {
            names.entry(name.to_owned()).or_default().push(source.path.clone());
        }
    }
    assert!(names.len() > 500, "the types were not found: {}", names.len());
    names
}

#[test]
fn no_name_of_a_type_stands_more_than_twice() {
    let names = type_names();
    let often = names.iter().filter(|(_, files)| files.len() > MOST_OF_A_NAME);
    let often: Vec<String> = often.map(|(name, files)| format!("{name}: {}", files.join(", "))).collect();
    assert!(often.is_empty(), "give these types names that explain themselves:\n{}", often.join("\n"));
}

#[test]
fn names_that_were_given_up_are_not_taken_again() {
    let names = type_names();
    let taken = GONE.iter().filter_map(|name| names.get_key_value(*name));
    let taken: Vec<String> = taken.map(|(name, files)| format!("{name}: {}", files.join(", "))).collect();
    assert!(taken.is_empty(), "name these types with a noun:\n{}", taken.join("\n"));
}

#[test]
fn no_type_is_named_with_a_participle_alone() {
    let names = type_names();
    let lone = names.iter().filter(|(name, _)| is_lone_participle(name));
    let lone: Vec<String> = lone.map(|(name, files)| format!("{name}: {}", files.join(", "))).collect();
    assert!(lone.is_empty(), "name these types with a noun:\n{}", lone.join("\n"));
    assert!(["Asked", "Shared", "Told", "Kept"].into_iter().all(is_lone_participle));
    assert!(!["Feed", "AskedDate", "Cut", "Bound", "PagedRequest"].into_iter().any(is_lone_participle));
}

#[test]
fn no_function_is_named_with_a_participle_alone() {
    let mut wrong = Vec::new();
    for source in rust_files() {
        for (at, line) in source.text.lines().enumerate() {
            if let Some(name) = function(line).filter(|name| is_participle_of_function(name)) {
                wrong.push(format!("{}:{} {name}", source.path, at + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "name these functions with a verb or a noun:\n{}", wrong.join("\n"));
    let definitions = ["    pub(super) async fn told(&self) {", "const fn made<T>(of: T) -> T {"];
    assert_eq!(definitions.map(|line| function(line).is_some_and(is_participle_of_function)), [true, true]);
    let others = ["fn feed() {", "fn is_told() {", "fn read(&self) {", "// fn told() {", "let told: fn (u8) = f;"];
    assert_eq!(others.map(|line| function(line).is_some_and(is_participle_of_function)), [false; 5]);
}

#[test]
fn a_definition_is_distinguished_from_other_lines() {
    assert_eq!(definition("pub(in crate::http) enum FieldPlace {"), Some("FieldPlace"));
    assert_eq!(definition("    struct Counter<T>(T);"), Some("Counter"));
    assert_eq!(definition("type CallResult<T> = Result<T, Status>;"), Some("CallResult"));
    assert_eq!(definition("    type Item = u8;"), None);
    assert_eq!(definition("pub use crate::cut::Cut;"), None);
}
