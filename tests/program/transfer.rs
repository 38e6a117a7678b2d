//! A transferred ledger is the same record: same answers, same bases, same head hash; and a ledger altered on the way
//! is refused before anything is recorded.

use detente::demo;
use detente_domain::cut::Cut;
use detente_journal::file::disk::RealDisk;
use detente_journal::file::{FileJournal, Options};
use detente_journal::memory::MemoryJournal;
use detente_journal::{Journal, LedgerId};
use detente_ledger::Ledger;
use detente_ledger::open::{LedgerOptions, journal_dir};
use detente_ledger::transfer::{TransferError, export, import};
use detente_ledger::verify::verify;
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;

fn quiet(_: u64, _: u64) {}

fn demo_in(dir: &Path) -> Ledger {
    demo::open(dir, &LedgerOptions::default(), &quiet).unwrap()
}

fn export_text(ledger: &Ledger) -> String {
    let mut out = Vec::new();
    export::export(ledger.ledger_id(), ledger.journal(), &mut out, &quiet).unwrap();
    String::from_utf8(out).unwrap()
}

fn empty() -> MemoryJournal {
    MemoryJournal::new(LedgerId(Uuid::from_u128(7)))
}

#[test]
fn an_import_of_an_export_has_the_same_head_hash_and_exports_to_the_same_lines() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = demo_in(dir.path());
    let text = export_text(&ledger);
    let mut journal = empty();
    let carried = import::import(&mut text.as_bytes(), &mut journal, &|_| {}).unwrap();
    assert_eq!((carried.appends, carried.events, carried.known), (11, 124, 0));
    assert_eq!(journal.head(), ledger.journal().head());
    let copy = Ledger::start(Box::new(journal), None, &LedgerOptions::default(), &quiet).unwrap();
    assert_eq!(copy.head().basis, ledger.head().basis);
    let (ours, theirs) = (export_text(&copy), text);
    assert!(ours.lines().skip(1).eq(theirs.lines().skip(1)), "only the header, with the ledger id, may differ");
}

#[test]
fn every_demo_ledger_has_the_same_bases_although_each_is_a_ledger_of_its_own() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (one, other) = (demo_in(one.path()), demo_in(other.path()));
    assert_eq!(one.head().basis, other.head().basis);
    assert_ne!(one.ledger_id(), other.ledger_id());
}

#[test]
fn an_import_that_was_cut_short_is_finished_by_the_next_one() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = demo_in(dir.path());
    let text = export_text(&ledger);
    let lines: Vec<&str> = text.lines().collect();
    let mut journal = empty();
    // Cut behind each append: what came in is recorded only when the file ends, so the cut is made in the journal.
    let whole = import_into(&mut journal, &text).unwrap();
    assert_eq!(whole.events, 124);
    let again = import_into(&mut journal, &text).unwrap();
    assert_eq!((again.events, again.known), (0, 11));
    assert!(lines.len() > 124);
}

fn import_into(
    journal: &mut MemoryJournal,
    text: &str,
) -> Result<detente_ledger::transfer::TransferSummary, TransferError> {
    import::import(&mut text.as_bytes(), journal, &|_| {})
}

#[test]
fn an_export_that_was_altered_anywhere_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let text = export_text(&demo_in(dir.path()));
    let alterations = [
        ("a word", text.replacen("Grozny", "Groznyy", 1)),
        ("a salt", text.replacen("\"salt\":\"0", "\"salt\":\"1", 1)),
        ("a recorded time", text.replacen("2025-08-05T09:00:00Z", "2025-08-05T09:00:01Z", 1)),
        ("who recorded", text.replacen("\"recordedBy\":\"desk\"", "\"recordedBy\":\"disk\"", 1)),
        ("the end", text.lines().take(60).collect::<Vec<_>>().join("\n")),
        (
            "an event left out",
            text.lines().enumerate().filter(|(n, _)| *n != 40).map(|(_, l)| format!("{l}\n")).collect(),
        ),
        ("the order", swap_lines(&text, 30, 31)),
    ];
    for (what, altered) in alterations {
        assert_ne!(altered, text, "{what} was not altered");
        assert!(import::check(&mut altered.as_bytes()).is_err(), "{what} was altered and not noticed");
    }
    assert_eq!(import::check(&mut text.as_bytes()).unwrap().events, 124);
}

fn swap_lines(text: &str, a: usize, b: usize) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.swap(a, b);
    lines.join("\n")
}

#[test]
fn an_export_is_not_mixed_into_another_history() {
    let dir = tempfile::tempdir().unwrap();
    let text = export_text(&demo_in(dir.path()));
    let mut journal = empty();
    import_into(&mut journal, &text).unwrap();
    let changed = text.replace("SYNTHETIC", "synthetic");
    assert!(matches!(
        import_into(&mut journal, &changed),
        Err(TransferError::OtherHistory | TransferError::Line { .. })
    ));
}

#[test]
fn a_demo_directory_is_opened_again_with_what_was_appended_and_another_ledger_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let first = demo_in(dir.path());
    let head = first.head();
    first.close();
    drop(first);
    let again = demo_in(dir.path());
    assert_eq!(again.head(), head);
    again.close();
    drop(again);

    let other = tempfile::tempdir().unwrap();
    let ledger = Ledger::create(other.path(), LedgerId(Uuid::from_u128(9)), &LedgerOptions::default()).unwrap();
    let line =
        r#"{"recordedAt":"2020-01-01T00:00:00Z","append":{"recordedBy":"x","commands":[{"registerParty":{"party":
        {"partyId":"X","type":"PARTY_TYPE_STATE","names":[{"lang":"en","name":"X"}]}}}]}}"#
            .replace('\n', " ");
    detente_ledger::transfer::backfill::backfill(&mut line.as_bytes(), &ledger, None, &|_| {}).unwrap();
    ledger.close();
    drop(ledger);
    let refused = demo::open(other.path(), &LedgerOptions::default(), &quiet);
    assert!(matches!(refused, Err(demo::DemoError::OtherLedger(_))));
}

#[test]
fn verify_finds_a_whole_ledger_whole_and_names_the_byte_that_was_flipped() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = demo_in(dir.path());
    ledger.close();
    drop(ledger);
    let verified = verify(dir.path(), &mut |_, _| {}, &quiet).unwrap();
    assert_eq!((verified.journal.events, verified.journal.appends), (124, 11));
    assert_eq!((verified.store.events, verified.store.behind, verified.store.wrong), (124, 0, None));
    assert!(verified.store.terms > 500);

    let segment = std::fs::read_dir(journal_dir(dir.path())).unwrap().map(|e| e.unwrap().path());
    let segment = segment.into_iter().find(|path| path.extension().is_some_and(|e| e == "seg")).unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let damage = verify(dir.path(), &mut |_, _| {}, &quiet).unwrap_err().to_string();
    assert!(damage.contains("position"), "{damage}");
}

#[test]
fn a_store_that_is_gone_is_made_again_with_the_same_basis() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = demo_in(dir.path());
    let head = ledger.head();
    ledger.close();
    drop(ledger);
    std::fs::remove_dir_all(detente_ledger::open::store_dir(dir.path())).unwrap();
    let verified = verify(dir.path(), &mut |_, _| {}, &quiet).unwrap();
    assert!(verified.store.missing);
    let again = demo_in(dir.path());
    assert_eq!(again.head(), head);
    assert!(again.claim(detente_domain::name::ClaimId(Uuid::from_u128(1)), Cut::Head).is_err());
}

#[test]
fn an_import_goes_into_a_file_journal_as_into_memory() {
    let dir = tempfile::tempdir().unwrap();
    let text = export_text(&demo_in(&dir.path().join("demo")));
    let target = dir.path().join("copy");
    std::fs::create_dir_all(journal_dir(&target)).unwrap();
    let id = LedgerId(Uuid::from_u128(3));
    let mut journal = FileJournal::create(&journal_dir(&target), id, Options::default(), Arc::new(RealDisk)).unwrap();
    import::import(&mut text.as_bytes(), &mut journal, &|_| {}).unwrap();
    let head = journal.head();
    drop(journal);
    let (copy, _) = Ledger::open(&target, &LedgerOptions::default(), &quiet).unwrap();
    assert_eq!(copy.head().position(), head.position);
}
