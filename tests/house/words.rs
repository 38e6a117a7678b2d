//! The tone of the words for users and writers: comments of the proto files and of the code, the description of the HTTP
//! interface, the tables of the documents, the dashboards, the help of the program.
//!
//! A comment is a noun phrase or a verb, never the beginning of a question, and one field has one comment in every request.

use crate::documents::root;
use crate::{Source, rust_files};
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_detente");

/// Words that open a question, and no sentence of a manual.
const QUESTION_WORDS: [&str; 13] = [
    "How", "What", "Whatever", "When", "Where", "Whether", "Which", "Who", "Whoever", "Whom", "Whose", "Wherever",
    "Why",
];

/// Phrases that are no technical English.
const BANNED: [&str; 17] = [
    "whoever",
    "anew",
    "beside",
    "go on with",
    "goes on with",
    "so many",
    "let go of",
    "there and back",
    "has come this far",
    "pulls this way",
    "from where",
    "is told",
    "are told",
    "was told",
    "is asked",
    "are asked",
    "from the reply before",
];

/// Fields that mean the same in every request or reply, and are therefore described in the same words.
const UNIFORM: [&str; 7] = ["cut", "what_if", "page_size", "page_token", "filter", "context", "next_page_token"];

/// One comment of a proto file, and the line of code that it stands above.
struct Comment {
    place: String,
    /// The message or service that it stands in.
    scope: String,
    /// The paragraphs, each on one line.
    paragraphs: Vec<String>,
    /// The line below it.
    code: String,
}

/// The comments of a proto file.
fn comments(name: &str, text: &str) -> Vec<Comment> {
    let (mut all, mut scope) = (Vec::new(), String::new());
    let mut paragraphs = vec![String::new()];
    for (at, line) in text.lines().map(str::trim).enumerate() {
        if let Some(words) = line.strip_prefix("//") {
            if words.is_empty() {
                paragraphs.push(String::new());
            } else if let Some(last) = paragraphs.last_mut() {
                last.push_str(words);
            }
            continue;
        }
        if ["message ", "service ", "enum "].iter().any(|opening| line.starts_with(opening)) {
            scope = line.split_whitespace().nth(1).unwrap_or_default().to_owned();
        }
        paragraphs.retain(|paragraph| !paragraph.is_empty());
        if !paragraphs.is_empty() {
            let place = format!("{name}:{}", at + 1);
            all.push(Comment { place, scope: scope.clone(), paragraphs, code: line.to_owned() });
        }
        paragraphs = vec![String::new()];
    }
    all
}

/// The comments of all proto files.
fn all_comments() -> Vec<Comment> {
    let mut all = Vec::new();
    for folder in ["proto/detente/v1", "proto/detente/journal/v1"] {
        for entry in fs::read_dir(root().join(folder)).unwrap().map(Result::unwrap) {
            let name = entry.file_name().to_string_lossy().into_owned();
            all.extend(comments(&name, &fs::read_to_string(entry.path()).unwrap()));
        }
    }
    assert!(all.len() > 500, "the proto files were not found");
    all
}

/// The sentences of a paragraph.
fn sentences(paragraph: &str) -> impl Iterator<Item = &str> {
    paragraph.split(". ").map(str::trim)
}

/// The sentences of a paragraph that open as a question does.
fn questions(paragraph: &str) -> impl Iterator<Item = String> {
    sentences(paragraph).filter_map(|sentence| {
        let first = sentence.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        QUESTION_WORDS.contains(&first).then(|| format!("opens with {first}: {sentence}"))
    })
}

/// The faults in the tone of a paragraph.
fn faults(paragraph: &str) -> Vec<String> {
    let mut faults: Vec<String> = questions(paragraph).collect();
    let words: Vec<String> =
        paragraph.to_lowercase().split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect();
    let spaced = format!(" {} ", words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "));
    for phrase in BANNED.iter().filter(|phrase| spaced.contains(&format!(" {phrase} "))) {
        faults.push(format!("has \"{phrase}\": {paragraph}"));
    }
    faults
}

#[test]
fn every_comment_of_the_contract_reads_as_a_manual() {
    let mut wrong = Vec::new();
    for Comment { place, paragraphs, .. } in all_comments() {
        for fault in paragraphs.iter().flat_map(|paragraph| faults(paragraph)) {
            wrong.push(format!("{place} {fault}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The paragraphs of the comments in a Rust file, each with the number of its first line. Items of a list and rows of a table
/// are paragraphs of their own; examples between fences are none.
fn comment_paragraphs(text: &str) -> Vec<(usize, String)> {
    let mut paragraphs: Vec<(usize, String)> = Vec::new();
    let (mut is_open, mut is_example, mut mark_before) = (false, false, "");
    for (at, line) in text.lines().map(str::trim_start).enumerate() {
        let mark = ["//!", "///", "//"].into_iter().find(|mark| line.starts_with(mark)).unwrap_or_default();
        let words = line[mark.len()..].trim();
        let is_fence = !mark.is_empty() && words.starts_with("```");
        is_example = (is_example && mark == mark_before) != is_fence;
        is_open = is_open && mark == mark_before;
        mark_before = mark;
        if mark.is_empty() || words.is_empty() || is_fence || is_example {
            is_open = false;
            continue;
        }
        let item = words.trim_start_matches(['-', '*', '|', '#', ' ']);
        match paragraphs.last_mut().filter(|_| is_open && item == words) {
            Some((_, paragraph)) => {
                paragraph.push(' ');
                paragraph.push_str(words);
            }
            None => paragraphs.push((at + 1, item.to_owned())),
        }
        is_open = true;
    }
    paragraphs
}

#[test]
fn no_sentence_of_a_comment_in_the_code_opens_as_a_question_does() {
    let mut wrong = Vec::new();
    for Source { path, text } in rust_files() {
        for (line, paragraph) in comment_paragraphs(&text) {
            wrong.extend(questions(&paragraph).map(|fault| format!("{path}:{line} {fault}")));
        }
    }
    assert!(wrong.is_empty(), "name the thing, or what the function does:\n{}", wrong.join("\n"));
}

/// The descriptions and summaries in a document, wherever they stand.
fn descriptions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            let texts = ["description", "summary"].into_iter().filter_map(|name| fields.get(name)?.as_str());
            found.extend(texts.map(str::to_owned));
            fields.values().for_each(|value| descriptions(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| descriptions(item, found)),
        _ => {}
    }
}

#[test]
fn every_description_of_the_http_interface_reads_as_a_manual() {
    let document = fs::read_to_string(root().join("docs/openapi.json")).unwrap();
    let mut found = Vec::new();
    descriptions(&serde_json::from_str(&document).unwrap(), &mut found);
    assert!(found.len() > 500, "the descriptions were not found");
    let wrong: Vec<String> = found.iter().flat_map(|text| faults(text)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The files of a kind in a folder.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let listed = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    listed.filter(|path| path.extension().is_some_and(|found| found == ending)).collect()
}

#[test]
fn no_description_of_a_dashboard_opens_as_a_question_does() {
    let mut found = Vec::new();
    for board in files("deploy/grafana", "json") {
        descriptions(&serde_json::from_str(&fs::read_to_string(board).unwrap()).unwrap(), &mut found);
    }
    assert!(found.len() > 20, "the descriptions were not found");
    let wrong: Vec<String> = found.iter().flat_map(|text| questions(text)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_cell_of_a_table_in_the_documents_opens_as_a_question_does() {
    let (mut cells, mut wrong) = (0, Vec::new());
    for document in files("docs", "md") {
        let text = fs::read_to_string(&document).unwrap();
        for cell in text.lines().filter(|line| line.starts_with('|')).flat_map(|line| line.split('|')) {
            cells += 1;
            let opening = sentences(cell).next().unwrap_or_default();
            wrong.extend(questions(opening).map(|fault| format!("{} {fault}", document.display())));
        }
    }
    assert!(cells > 1000, "the tables were not found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The help of a verb, and of the verbs below it.
fn help(verbs: &[String], found: &mut Vec<String>) {
    let output = Command::new(PROGRAM).args(verbs).arg("--help").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let listed = text.split("\nCommands:\n").nth(1).unwrap_or_default().split("\n\n").next().unwrap_or_default();
    for line in listed.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
        let verb = line.split_whitespace().next().unwrap();
        if verb != "help" {
            help(&[verbs, &[verb.to_owned()]].concat(), found);
        }
    }
    found.push(text);
}

/// The paragraphs of a help text, each on one line. A flag or the name of a verb stands before one and is no part of it.
fn paragraphs_of_help(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    for line in text.lines().map(str::trim) {
        let words = line.split_once("  ").map_or(line, |(_, words)| words.trim());
        if line.is_empty() || line.starts_with(['-', '<', '[']) {
            paragraphs.push(String::new());
        } else if line.contains("  ") || line.ends_with(':') {
            paragraphs.extend([words.to_owned(), String::new()]);
        } else if let Some(last) = paragraphs.last_mut() {
            last.push_str(words);
            last.push(' ');
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

#[test]
fn every_help_of_the_program_reads_as_a_manual() {
    let mut texts = Vec::new();
    help(&[], &mut texts);
    assert!(texts.len() > 30, "the verbs were not found");
    let paragraphs: Vec<String> = texts.iter().flat_map(|text| paragraphs_of_help(text)).collect();
    assert!(paragraphs.len() > 500, "the help was not found");
    let wrong: Vec<String> = paragraphs.iter().flat_map(|paragraph| faults(paragraph)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_line_of_the_contract_is_wider_than_a_terminal() {
    for folder in ["proto/detente/v1", "proto/detente/journal/v1"] {
        for entry in fs::read_dir(root().join(folder)).unwrap().map(Result::unwrap) {
            let text = fs::read_to_string(entry.path()).unwrap();
            let wide = text.lines().find(|line| line.chars().count() > 124);
            assert_eq!(wide, None, "{}", entry.path().display());
        }
    }
}

#[test]
fn a_field_that_many_requests_share_has_one_comment() {
    let mut said: BTreeMap<&str, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for Comment { place, scope, paragraphs, code } in all_comments() {
        let named = |field: &&str| code.contains(&format!(" {field} = "));
        let Some(field) = UNIFORM.into_iter().find(|field| named(field)) else { continue };
        if scope.ends_with("Request") || scope.ends_with("Response") {
            said.entry(field).or_default().entry(paragraphs.join("\n")).or_default().push(place);
        }
    }
    for field in UNIFORM {
        let comments = said.get(field).unwrap_or_else(|| panic!("no request or reply has {field}"));
        assert_eq!(comments.len(), 1, "{field} is described in several ways: {comments:#?}");
    }
}

#[test]
fn every_error_that_an_rpc_names_is_a_reason_of_the_contract() {
    let reasons = fs::read_to_string(root().join("proto/detente/v1/error.proto")).unwrap();
    let mut named = 0;
    for Comment { place, paragraphs, .. } in all_comments() {
        let listed = paragraphs.iter().filter_map(|paragraph| paragraph.trim().strip_prefix("Errors: "));
        for reason in listed.flat_map(|list| list.split([',', ' ', '.'])).filter(|word| word.contains('_')) {
            if reason.chars().all(|c| c.is_ascii_uppercase() || c == '_') {
                named += 1;
                assert!(reasons.contains(&format!(" ERROR_REASON_{reason} = ")), "{place} names {reason}");
            }
        }
    }
    assert!(named > 20, "no rpc names its errors");
}

/// An example in the comment of the service is a request for the state, one in the comment of an rpc is a request of it.
#[test]
fn every_request_in_a_comment_of_the_contract_parses() {
    let pool = DescriptorPool::decode(detente_proto::DESCRIPTOR).unwrap();
    let service = pool.get_service_by_name("detente.v1.LedgerService").unwrap();
    let mut parsed = 0;
    for Comment { place, paragraphs, code, .. } in all_comments() {
        let rpc = code.strip_prefix("rpc ").and_then(|rest| rest.split('(').next()).unwrap_or("GetState");
        let method = service.methods().find(|method| method.name() == rpc).unwrap();
        for example in paragraphs.iter().map(|paragraph| paragraph.trim()).filter(|text| text.starts_with('{')) {
            let mut json = serde_json::Deserializer::from_str(example);
            let request = DynamicMessage::deserialize(method.input(), &mut json);
            assert!(request.is_ok(), "{place} has no request of {rpc}: {example}");
            parsed += 1;
        }
    }
    assert!(parsed >= 2, "no comment has an example");
}

#[test]
fn the_rules_of_tone_find_what_breaks_them() {
    let bad =
        ["Which claims.", "The claims. How many to return.", "Whatever whoever says.", "Made anew, beside others."];
    for paragraph in bad {
        assert!(!faults(paragraph).is_empty(), "{paragraph}");
    }
    let code = "//! Header.\n\n/// Which claims\n/// count. Why not.\n//\n/// - What?\n// ```\n// When\n// ```\nlet x; // How\n";
    let found = comment_paragraphs(code);
    let expected = [(1, "Header."), (3, "Which claims count. Why not."), (6, "What?")];
    assert!(found.iter().map(|(line, text)| (*line, text.as_str())).eq(expected), "{found:?}");
    assert_eq!(found.iter().map(|(_, text)| questions(text).count()).collect::<Vec<_>>(), [0, 2, 1]);
    let good = ["The claims to match. If true, whatever their time.", "Besides \"What?\", nothing."];
    for paragraph in good {
        assert_eq!(faults(paragraph), Vec::<String>::new(), "{paragraph}");
    }
    let shown = "Commands:\n  state  Which state\n\n      --kind <KIND>\n          Which kind\n          of claim\n";
    assert_eq!(paragraphs_of_help(shown), ["Commands:", "Which state", "Which kind of claim "]);
    let file = "// Which?\n//\n// Two\n// lines.\nmessage M {\n  // F.\n  Filter filter = 1;\n}\n";
    let found = comments("file", file);
    assert_eq!(found[0].paragraphs, [" Which?", " Two lines."]);
    assert_eq!((found[1].scope.as_str(), found[1].code.as_str()), ("M", "Filter filter = 1;"));
}
