//! Access to a data directory, and the places where a ledger is made at all.

use super::program::{Server, count, run};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn everything(dir: &Path, found: &mut Vec<(String, u32)>) {
    found.push((dir.display().to_string(), mode(dir) | 0o1_000_000));
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { everything(&path, found) } else { found.push((path.display().to_string(), mode(&path))) }
    }
}

#[test]
fn what_a_server_makes_is_its_owners_alone_whatever_the_umask() {
    for umask in ["000", "022", "077"] {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("deep/ledger");
        let before = ["sh", "-c", &format!("umask {umask}; exec \"$@\""), "sh"];
        let server = Server::start(&data, &before, &["--demo"]);
        let mut wire = server.wire();
        wire.register("XYZ");
        let cursor = serde_json::json!({ "cursorId": "desk", "afterPosition": "1" });
        assert_eq!(wire.call("CreateCursor", &cursor).0, 200);
        let stage = serde_json::json!({ "requestId": uuid::Uuid::from_u128(7).to_string(), "recordedBy": "tests" });
        let (status, answer) = wire.call("OpenStage", &stage);
        assert_eq!(status, 200, "{answer}");
        drop(wire);
        server.end();
        let mut found = Vec::new();
        everything(&data, &mut found);
        for part in ["journal/LOCK", "journal/NEXT-1", "store/db", "cursors/desk.cursor", ".stage", "clock"] {
            assert!(found.iter().any(|(path, _)| path.ends_with(part)), "{part} in {found:?}");
        }
        for (path, mode) in found {
            let expected = if mode & 0o1_000_000 == 0 { 0o600 } else { 0o1_000_700 };
            assert_eq!(mode, expected, "umask {umask}: {path} {mode:o}");
        }
    }
}

#[test]
fn a_directory_that_others_may_look_into_is_served_with_a_warning_that_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("ledger");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    let log = Server::start(&data, &[], &[]).end();
    let command = format!("chmod -R go= {}", data.display());
    assert_eq!(count(&log, &command), 1, "{log:#?}");
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(count(&Server::start(&data, &[], &[]).end(), "chmod"), 0);
}

#[test]
fn a_new_ledger_is_announced_and_one_that_was_there_is_not() {
    let home = tempfile::tempdir().unwrap();
    for demo in [&[][..], &["--demo"]] {
        let data = home.path().join(format!("ledger{}", demo.len()));
        let announcement = format!("made a new ledger in {}", data.display());
        let log = Server::start(&data, &[], demo).end();
        assert_eq!(log.iter().filter(|line| **line == announcement).count(), 1, "{log:#?}");
        assert_eq!(count(&Server::start(&data, &[], demo).end(), "made a new ledger"), 0);
    }
}

#[test]
fn a_directory_with_other_things_in_it_is_not_made_a_ledger() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("documents");
    fs::create_dir(&data).unwrap();
    for name in ["letter.txt", "notes", "a", "b", "c", "d"] {
        fs::write(data.join(name), "mine").unwrap();
    }
    let text = data.to_str().unwrap();
    let rows = home.path().join("backfill.jsonl");
    fs::write(&rows, "{\"recordedAt\":\"2025-01-01T00:00:00Z\",\"append\":{}}\n").unwrap();
    for verb in [
        &["serve", "--data", text, "--listen", "127.0.0.1:0"][..],
        &["serve", "--demo", "--data", text, "--listen", "127.0.0.1:0"],
        &["import", rows.to_str().unwrap(), "--data", text],
    ] {
        let (code, _, complaint) = run(&[], verb);
        assert_eq!(code, 2, "{complaint}");
        assert!(complaint.contains(text) && complaint.contains("letter.txt"), "{complaint}");
        assert!(complaint.contains("and 1 more") && complaint.contains("empty directory"), "{complaint}");
        assert_eq!(fs::read_dir(&data).unwrap().count(), 6, "nothing was made there");
    }
}

#[test]
fn parts_of_a_ledger_without_its_journal_are_not_begun_anew() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("ledger");
    Server::start(&data, &[], &["--demo"]).end();
    fs::rename(data.join("journal"), home.path().join("elsewhere")).unwrap();
    let (code, _, complaint) = run(&[], &["serve", "--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    assert_eq!(code, 2, "{complaint}");
    assert!(complaint.contains("store") && complaint.contains(data.join("journal").to_str().unwrap()), "{complaint}");
}

#[test]
fn a_fresh_file_system_is_empty_enough() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir_all(home.path().join("ledger/lost+found")).unwrap();
    Server::start(&home.path().join("ledger"), &[], &[]).end();
}
