//! Refusals with their reasons, and openings that must never be refused: locks, formats, empty directories, full disks.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use detente_journal::file::disk::RealDisk;
use detente_journal::file::{CreateError, FileJournal, OpenError, Options, verify};
use detente_journal::{AppendError, Journal, Refusal};
use tempfile::TempDir;

use super::support::{FaultyDisk, Maker, assert_holds, create, dir, ledger_id, small};

fn create_in(dir: &Path) -> Result<FileJournal, CreateError> {
    FileJournal::create(dir, ledger_id(), small(), Arc::new(RealDisk))
}

fn open_in(dir: &Path) -> Result<FileJournal, OpenError> {
    FileJournal::open(dir, small(), Arc::new(RealDisk)).map(|(journal, _)| journal)
}

#[test]
fn a_second_opener_is_told_the_pid_of_the_first() {
    let dir = TempDir::new().unwrap();
    let journal = create_in(dir.path()).unwrap();
    let pid = std::process::id().to_string();
    let error = open_in(dir.path()).err().unwrap();
    assert!(matches!(error, OpenError::Locked(_)) && error.to_string().contains(&pid), "{error}");
    let error = verify(dir.path(), &RealDisk, &mut |_, _| ()).unwrap_err();
    assert!(matches!(error, OpenError::Locked(_)));
    assert!(matches!(create_in(dir.path()), Err(CreateError::Locked(_))));
    drop(journal);
    open_in(dir.path()).unwrap();
}

#[test]
fn a_stale_lock_file_never_stands_in_the_way() {
    let dir = TempDir::new().unwrap();
    drop(create_in(dir.path()).unwrap());
    for stale in ["1\n", "not a pid", "", "99999999999999999999999999"] {
        fs::write(dir.path().join("LOCK"), stale).unwrap();
        drop(open_in(dir.path()).unwrap());
        let holder = fs::read_to_string(dir.path().join("LOCK")).unwrap();
        assert_eq!(holder.trim(), std::process::id().to_string());
    }
    fs::remove_file(dir.path().join("LOCK")).unwrap();
    open_in(dir.path()).unwrap();
}

fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

#[test]
fn an_unknown_format_is_refused_and_nothing_is_touched() {
    let dir = TempDir::new().unwrap();
    drop(create_in(dir.path()).unwrap());
    fs::write(dir.path().join("LOCK"), "4711").unwrap();
    let manifest = fs::read_to_string(dir.path().join("MANIFEST")).unwrap();
    for later in [manifest.replace("format: 2", "format: 3"), "detente journal\nformat: 7\nother: things\n".into()] {
        fs::write(dir.path().join("MANIFEST"), later).unwrap();
        let before = contents(dir.path());
        assert!(matches!(open_in(dir.path()), Err(OpenError::UnknownFormat(3 | 7))));
        assert!(matches!(create_in(dir.path()), Err(CreateError::Exists)));
        let mut after = contents(dir.path());
        after.insert("LOCK".into(), b"4711".to_vec());
        assert_eq!(after, before);
        fs::write(dir.path().join("LOCK"), "4711").unwrap();
    }
}

#[test]
fn opening_an_unknown_format_does_not_even_take_the_lock() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("MANIFEST"), "detente journal\nformat: 9\n").unwrap();
    assert!(matches!(open_in(dir.path()), Err(OpenError::UnknownFormat(9))));
    assert_eq!(contents(dir.path()).len(), 1);
}

#[test]
fn an_empty_directory_is_no_journal_and_one_with_remains_is_refused() {
    let dir = TempDir::new().unwrap();
    assert!(!FileJournal::exists(dir.path()).unwrap());
    assert!(!FileJournal::exists(&dir.path().join("none")).unwrap());
    assert!(matches!(open_in(dir.path()), Err(OpenError::NotAJournal)));
    let mut journal = create_in(dir.path()).unwrap();
    journal.append(&[Maker::new(1).append(&[1])]).unwrap();
    drop(journal);
    assert!(FileJournal::exists(dir.path()).unwrap());
    assert!(matches!(create_in(dir.path()), Err(CreateError::Exists)));

    fs::remove_file(dir.path().join("MANIFEST")).unwrap();
    assert_headless(dir.path());
    fs::remove_file(dir.path().join("00000000000000000001.seg")).unwrap();
    assert_headless(dir.path());
}

fn assert_headless(dir: &Path) {
    assert!(FileJournal::exists(dir).unwrap());
    assert!(matches!(open_in(dir), Err(OpenError::ManifestMissing)));
    assert!(matches!(create_in(dir), Err(CreateError::Exists)));
}

#[test]
fn segments_without_manifest_and_mark_are_refused() {
    let dir = TempDir::new().unwrap();
    let mut journal = create_in(dir.path()).unwrap();
    journal.append(&[Maker::new(1).append(&[1])]).unwrap();
    drop(journal);
    fs::remove_file(dir.path().join("MANIFEST")).unwrap();
    fs::remove_file(dir.path().join("HEAD")).unwrap();
    assert_headless(dir.path());
}

#[test]
fn a_manifest_without_segments_is_refused() {
    let dir = TempDir::new().unwrap();
    drop(create_in(dir.path()).unwrap());
    fs::remove_file(dir.path().join("00000000000000000001.seg")).unwrap();
    assert!(matches!(open_in(dir.path()), Err(OpenError::NoSegments)));
}

#[test]
fn a_full_disk_is_refused_before_it_is_hit_and_reads_go_on() {
    let disk = FaultyDisk::new();
    let options = Options { reserve_bytes: 1_000_000, ..small() };
    let mut journal = FileJournal::create(dir(), ledger_id(), options, disk.to_disk()).unwrap();
    let mut maker = Maker::new(1);
    let first = maker.append(&[10]);
    disk.set_space(1_000_300);
    journal.append(std::slice::from_ref(&first)).unwrap();
    let (operations, later) = (disk.operations(), maker.append(&[400]));
    disk.set_space(1_000_100);
    let error = journal.append(std::slice::from_ref(&later)).unwrap_err();
    assert!(matches!(error, AppendError::NothingWritten(Refusal::DiskFull { .. })), "{error}");
    assert_eq!(disk.operations(), operations);
    assert_holds(&journal, std::slice::from_ref(&first));
    disk.set_space(2_000_000);
    journal.append(std::slice::from_ref(&later)).unwrap();
    assert_holds(&journal, &[first, later]);
}

#[test]
fn the_link_of_a_large_append_is_checked_before_it_is_written() {
    let disk = FaultyDisk::new();
    let mut journal = create(&disk);
    let mut append = Maker::new(2).append(&[90; 20]);
    append.link.0[0] ^= 1;
    let (operations, error) = (disk.operations(), journal.append(&[append]).unwrap_err());
    assert!(matches!(error, AppendError::NothingWritten(Refusal::WrongLink)), "{error}");
    assert_eq!(disk.operations(), operations);
}
