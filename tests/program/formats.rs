//! This version reads what earlier versions wrote. `tests/data/format-2` is a ledger of 223 events, every type among them,
//! with its sled directory and its export. It is never made again: a new format of the journal or of the export gets a
//! directory of its own, next to this one, and this one stays readable. `tests/data/format-1` is the export of a build
//! before the first release, whose directories are refused: 219 events, the first of those of format 2.

use crate::support::home::{block_on, named_request};
use crate::support::make::{assert, batch, event};
use detente_journal::LedgerId;
use detente_journal::memory::MemoryJournal;
use detente_ledger::Ledger;
use detente_ledger::error::AppendError;
use detente_ledger::open::{LedgerOptions, journal_dir, store_dir};
use detente_ledger::transfer::{export, import};
use detente_ledger::verify::verify;
use detente_ledger::write::append::AppendRequest;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use uuid::Uuid;

const HEAD: &str = "223-72aa8a659ae7ec3f";
const EARLIER_HEAD: &str = "219-d51a9e6cf8a50e00";
const EVENT_TYPES: usize = 18;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/format-2").join(name)
}

fn earlier_export() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/format-1/export.jsonl")
}

fn copy_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// The old ledger where it can be opened, which may write.
fn old_ledger(with_sled: bool) -> TempDir {
    let data = tempfile::tempdir().unwrap();
    copy_files(&fixture("journal"), &journal_dir(data.path()));
    if with_sled {
        copy_files(&fixture("store"), &store_dir(data.path()));
    }
    data
}

fn open(data: &Path) -> Ledger {
    let options = LedgerOptions { public_salts: true, accept_clock: true, ..LedgerOptions::default() };
    Ledger::open(data, &options, &|_, _| {}).unwrap().0
}

fn export_text(ledger: &Ledger) -> String {
    let mut out = Vec::new();
    export::export(ledger.ledger_id(), ledger.journal(), &mut out, &|_, _| {}).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_ledger_of_format_2_and_its_sled_directory_open_with_the_same_head_and_export() {
    for with_sled in [true, false] {
        let data = old_ledger(with_sled);
        let ledger = open(data.path());
        assert_eq!(ledger.head().basis.to_string(), HEAD, "with its sled directory: {with_sled}");
        assert!(export_text(&ledger) == fs::read_to_string(fixture("export.jsonl")).unwrap(), "the export has changed");
        ledger.close();
        drop(ledger);
        let found = verify(data.path(), &mut |_, _| {}, &|_, _| {}).unwrap();
        assert_eq!((found.store.wrong, found.store.behind), (None, 0));
    }
}

#[test]
fn the_exports_of_each_form_are_imported_with_their_heads() {
    for (path, head) in [(fixture("export.jsonl"), HEAD), (earlier_export(), EARLIER_HEAD)] {
        let mut journal = MemoryJournal::new(LedgerId(Uuid::from_u128(7)));
        let text = fs::read(path).unwrap();
        import::import(&mut text.as_slice(), &mut journal, &|_| {}).unwrap();
        let ledger = Ledger::start(Box::new(journal), None, &LedgerOptions::default(), &|_, _| {}).unwrap();
        assert_eq!(ledger.head().basis.to_string(), head);
    }
}

/// The request of the last append of format 2.
fn last_request(body: u8) -> AppendRequest {
    named_request(1_001, body, batch([assert(event(9_001, "2025-07-01"))]))
}

#[test]
fn a_retry_is_recognised_in_the_ledger_and_in_a_copy_of_it() {
    let data = old_ledger(true);
    let ledger = open(data.path());
    let mut journal = MemoryJournal::new(LedgerId(Uuid::from_u128(7)));
    import::import(&mut export_text(&ledger).as_bytes(), &mut journal, &|_| {}).unwrap();
    let copy = Ledger::start(Box::new(journal), None, &LedgerOptions::default(), &|_, _| {}).unwrap();
    for ledger in [ledger, copy] {
        assert!(block_on(ledger.append(last_request(7))).unwrap().replayed);
        assert!(matches!(block_on(ledger.append(last_request(8))), Err(AppendError::RequestIdReused)));
    }
}

/// The directory of a build before the first release, as far as anything of it is looked at.
#[test]
fn a_directory_of_the_earlier_format_is_refused_and_the_refusal_says_how_to_carry_it_over() {
    let data = old_ledger(false);
    let manifest = journal_dir(data.path()).join("MANIFEST");
    let text = fs::read_to_string(&manifest).unwrap().replace("format: 2", "format: 1");
    fs::write(&manifest, &text).unwrap();
    let error = Ledger::open(data.path(), &LedgerOptions::default(), &|_, _| {}).err().unwrap().to_string();
    assert!(error.contains("detente export") && error.contains("detente import"), "{error}");
    assert_eq!(fs::read_to_string(&manifest).unwrap(), text, "nothing is touched");
}

#[test]
fn every_type_of_event_that_there_was_is_among_what_is_held() {
    let text = fs::read_to_string(fixture("export.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let stamp = ["revision", "recordedAt", "recordedBy", "position", "note", "eventId", "backfilled", "claimId"];
    let mut types = BTreeSet::new();
    for line in lines.filter(|line| line.get("event").is_some()) {
        let fields = line["event"].as_object().unwrap().keys().cloned();
        types.extend(fields.filter(|field| !stamp.contains(&field.as_str())));
    }
    assert_eq!(types.len(), EVENT_TYPES, "{types:?}");
}
