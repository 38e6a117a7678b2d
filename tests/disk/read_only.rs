//! Directories in which nothing may be written: a mount, another user's. They are verified, exported, dumped and served.

use super::mounts::{Mount, has};
use super::program::{Server, run};
use super::wire::reason;
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// A demo ledger with an append of its own, closed.
fn ledger(data: &Path) {
    let server = Server::start(data, &[], &["--demo"]);
    assert_eq!(server.wire().register("XYZ").0, 200);
    server.end();
}

/// Every name below a directory with its length and when it changed.
fn listing(dir: &Path) -> Vec<String> {
    let listed = Command::new("find").arg(dir).args(["-printf", "%p %s %T@ %C@\n"]).output().unwrap();
    let mut lines: Vec<String> = String::from_utf8(listed.stdout).unwrap().lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

/// Asserts the behaviour on a directory that `before` may read and not write.
fn is_read_and_not_written(data: &Path, before: &[&str], words: &str) {
    let text = data.to_str().unwrap();
    let seen = listing(data);

    let (code, report, complaint) = run(before, &["verify", "--data", text]);
    assert_eq!(code, 0, "{report}{complaint}");
    assert!(report.contains("store:   not examined") && !report.contains("damaged"), "{report}");
    let (code, dump, complaint) = run(before, &["dump", "--data", text]);
    assert!(code == 0 && dump.lines().count() > 100, "{complaint}");
    let (code, export, complaint) = run(before, &["export", "--data", text]);
    assert!(code == 0 && export.contains("\"detenteExport\""), "{complaint}");
    let (code, table, complaint) = run(before, &["export", "--format", "csv", "--what", "claims", "--data", text]);
    assert!(code == 0 && table.lines().count() > 10, "{complaint}");

    for arguments in [&["serve", "--data", text, "--listen", "127.0.0.1:0"][..], &["rebuild", "--data", text]] {
        let (code, _, complaint) = run(before, arguments);
        assert!(code == 1 && complaint.contains(words) && !complaint.contains("damage"), "{arguments:?}: {complaint}");
        assert!(
            arguments[0] == "rebuild" || [text, "--read-only"].iter().all(|part| complaint.contains(part)),
            "{complaint}"
        );
    }

    let server = Server::start(data, before, &["--read-only"]);
    let mut wire = server.wire();
    let parties = wire.call("ListParties", &json!({})).1.to_string();
    assert!(parties.contains("XYZ"), "the last append is there: {parties}");
    assert_eq!(wire.call("GetState", &json!({})).0, 200);
    let (_, refused) = wire.register("ABC");
    assert_eq!(reason(&refused), "READ_ONLY");
    assert!(refused["message"].as_str().unwrap().contains("read-only"), "{refused}");
    let (_, refused) = wire.call("CreateCursor", &json!({ "cursorId": "desk", "afterPosition": "1" }));
    assert_eq!(reason(&refused), "READ_ONLY");
    let stage = json!({ "requestId": "00000000-0000-4000-8000-000000000009", "recordedBy": "tests" });
    assert_eq!(reason(&wire.call("OpenStage", &stage).1), "READ_ONLY");
    wire.ready_says("read-only");
    assert_eq!(wire.metric("detente_read_only"), 1.0);
    assert_eq!(wire.metric("detente_clock_wrong"), 0.0);
    let second = Server::start(data, before, &["--read-only"]);
    assert_eq!(second.wire().call("GetState", &json!({})).0, 200, "readers share it");
    second.end();
    drop(wire);
    server.end();
    assert_eq!(listing(data), seen, "nothing was written");
}

#[test]
fn a_read_only_mount_is_verified_exported_dumped_and_served() {
    let home = tempfile::tempdir().unwrap();
    let (data, copy) = (home.path().join("ledger"), home.path().join("snapshot"));
    ledger(&data);
    let Some(_mount) = Mount::read_only(&data, &copy) else { return };
    is_read_and_not_written(&copy, &[], "Read-only file system");
}

#[test]
fn the_directory_of_another_user_is_verified_exported_dumped_and_served() {
    if !has("setpriv") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("ledger");
    ledger(&data);
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(Command::new("chmod").args(["-R", "go+rX"]).arg(&data).status().unwrap().success());
    let before = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let (code, ..) = run(&before, &["--version"]);
    if code != 0 {
        return eprintln!("SKIPPED: another user cannot run the program here");
    }
    is_read_and_not_written(&data, &before, "Permission denied");
    // An unreadable directory is reported, with its path.
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    let text = data.to_str().unwrap();
    for verb in [&["verify"][..], &["export"], &["dump"], &["serve", "--listen", "127.0.0.1:0"]] {
        let (code, _, complaint) = run(&before, &[verb, &["--data", text]].concat());
        assert_eq!(code, 1, "{verb:?}: {complaint}");
        assert!(complaint.contains(text) && complaint.contains("Permission denied"), "{verb:?}: {complaint}");
        assert!(complaint.contains("run as the user"), "{verb:?}: {complaint}");
    }
}

#[test]
fn a_read_only_server_and_one_that_writes_keep_each_other_out_and_say_why() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("ledger");
    let text = data.to_str().unwrap();
    let writer = Server::start(&data, &[], &["--demo"]);
    let (code, _, complaint) = run(&[], &["serve", "--read-only", "--data", text, "--listen", "127.0.0.1:0"]);
    assert!(code == 1 && complaint.contains("held by process"), "{complaint}");
    writer.end();
    let reader = Server::start(&data, &[], &["--read-only"]);
    let (code, _, complaint) = run(&[], &["serve", "--data", text, "--listen", "127.0.0.1:0"]);
    assert!(code == 1 && complaint.contains("only read it"), "{complaint}");
    let (code, ..) = run(&[], &["verify", "--data", text]);
    assert_eq!(code, 0, "who reads shares");
    reader.end();
}

#[test]
fn a_read_only_server_makes_no_ledger() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("typo");
    let arguments = ["serve", "--read-only", "--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0"];
    let (code, _, complaint) = run(&[], &arguments);
    assert!(code == 2 && complaint.contains("there is no ledger in"), "{complaint}");
    assert!(!data.exists());
}
