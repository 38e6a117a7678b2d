//! This version reads what earlier versions wrote: `tests/data/format-1` is a ledger of 219 events, every type among
//! them, with its sled directory and its export, as the first version left them. It is never made again: a new format
//! of the journal or of the export gets a directory of its own, next to this one, and this one stays readable.

use detente_journal::LedgerId;
use detente_journal::memory::MemoryJournal;
use detente_ledger::Ledger;
use detente_ledger::open::{LedgerOptions, journal_dir, store_dir};
use detente_ledger::transfer::{export, import};
use detente_ledger::verify::verify;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use uuid::Uuid;

const HEAD: &str = "219-d51a9e6cf8a50e00";
const EVENT_TYPES: usize = 18;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/format-1").join(name)
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
    let options = LedgerOptions { public_salts: true, ..LedgerOptions::default() };
    Ledger::open(data, &options, &|_, _| {}).unwrap().0
}

fn export_text(ledger: &Ledger) -> String {
    let mut out = Vec::new();
    export::export(ledger.ledger_id(), ledger.journal(), &mut out, &|_, _| {}).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_first_ledger_and_its_sled_directory_open_with_the_same_head_and_export() {
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
fn the_first_export_is_imported_with_the_same_head() {
    let mut journal = MemoryJournal::new(LedgerId(Uuid::from_u128(7)));
    let text = fs::read(fixture("export.jsonl")).unwrap();
    import::import(&mut text.as_slice(), &mut journal, &|_| {}).unwrap();
    let ledger = Ledger::start(Box::new(journal), None, &LedgerOptions::default(), &|_, _| {}).unwrap();
    assert_eq!(ledger.head().basis.to_string(), HEAD);
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
