//! A disk that is full: told once, in words, everywhere; reads go on; it never reads as damage.

use super::mounts::Mount;
use super::program::{Server, count, run, settings};
use super::wire::reason;
use serde_json::json;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// Fills a file system but for this many bytes.
fn fill(dir: &Path, left: u64) -> std::path::PathBuf {
    let path = dir.join("filling");
    let mut file = File::create(&path).unwrap();
    let free = || {
        let output = std::process::Command::new("df").args(["-B1", "--output=avail"]).arg(dir).output().unwrap();
        String::from_utf8(output.stdout).unwrap().lines().nth(1).unwrap().trim().parse::<u64>().unwrap()
    };
    let much = free().saturating_sub(left);
    io::copy(&mut io::repeat(7).take(much), &mut file).unwrap();
    path
}

#[test]
fn a_disk_that_is_full_is_told_when_it_begins_and_when_it_ends_and_reads_go_on() {
    let home = tempfile::tempdir().unwrap();
    let disk = home.path().join("disk");
    let Some(_mount) = Mount::of_memory(&disk, 64) else { return };
    let config = settings(home.path(), "reserve_mib = 16\nsegment_mib = 1");
    let server = Server::start(&disk.join("ledger"), &[], &["--demo", "--config", &config]);
    let mut wire = server.wire();
    assert_eq!(wire.register("AAA").0, 200);
    wire.ready_says("ready\n");
    assert!(wire.metric("detente_disk_free_bytes") > 16e6 && wire.metric("detente_disk_full") == 0.0);

    let filling = fill(&disk, 12 << 20);
    wire.ready_says("the disk is full");
    assert_eq!(wire.metric("detente_disk_full"), 1.0);
    assert_eq!(wire.metric("detente_disk_reserve_bytes"), f64::from(16 << 20));
    // Space that was allowed already may still be used up.
    let refused = (0..400).map(|_| wire.append(2)).find(|(status, _)| *status != 200).expect("a refusal").1;
    assert_eq!(reason(&refused), "DISK_FULL");
    assert!(refused["message"].as_str().unwrap().contains("are kept free"), "{refused}");
    assert_eq!(wire.append(20).0, 429);
    assert_eq!(wire.call("GetState", &json!({})).0, 200);

    fs::remove_file(filling).unwrap();
    wire.ready_says("ready\n");
    assert_eq!(wire.append(20).0, 200);
    drop(wire);
    let log = server.end();
    assert_eq!(count(&log, "appends are refused; reads go on"), 1, "{log:#?}");
    assert_eq!(count(&log, "appends are taken again"), 1, "{log:#?}");
}

#[test]
fn a_disk_that_others_fill_in_the_midst_of_a_write_ends_the_server_and_loses_nothing_acknowledged() {
    let home = tempfile::tempdir().unwrap();
    let disk = home.path().join("disk");
    let Some(_mount) = Mount::of_memory(&disk, 48) else { return };
    let data = disk.join("ledger");
    let text = data.to_str().unwrap();
    let config = settings(home.path(), "reserve_mib = 1");
    let server = Server::start(&data, &[], &["--demo", "--config", &config]);
    let mut wire = server.wire();
    let acknowledged = position(&wire.append(1));
    // Within what may be written before the disk is looked at again.
    let filling = fill(&disk, 100_000);
    let (_, refused) = wire.append(6);
    assert_eq!(reason(&refused), "OUTCOME_UNKNOWN", "{refused}");
    assert!(refused["message"].as_str().unwrap().contains("No space left on device"), "{refused}");
    drop(wire);
    let log = server.ends_by_itself();
    assert_eq!(count(&log, "the ledger records nothing any more"), 1, "{log:#?}");

    let files = || fs::read_dir(data.join("journal")).unwrap().count();
    let (before, arguments) = (files(), ["serve", "--data", text, "--listen", "127.0.0.1:0"]);
    fill_rest(&disk);
    for _ in 0..3 {
        let (code, _, complaint) = run(&[], &arguments);
        assert!(code == 1 && complaint.contains("make room on the disk"), "{code} {complaint}");
        assert_eq!(files(), before, "a start that is refused leaves nothing");
    }
    assert_eq!(run(&[], &["verify", "--data", text]).0, 0);
    let reading = Server::start(&data, &[], &["--read-only"]);
    assert_eq!(position(&reading.wire().call("GetState", &json!({}))), acknowledged);
    reading.end();

    fs::remove_file(filling).unwrap();
    fs::remove_file(disk.join("rest")).unwrap();
    let server = Server::start(&data, &[], &["--config", &config]);
    assert_eq!(position(&server.wire().append(1)), acknowledged + 1);
    server.end();
    assert_eq!(run(&[], &["verify", "--data", text]).0, 0);
}

/// The position of an answer.
fn position((status, answer): &(u16, serde_json::Value)) -> u64 {
    assert_eq!(*status, 200, "{answer}");
    answer["context"]["position"].as_str().unwrap().parse().unwrap()
}

/// Fills what is left of a file system, to the last byte.
fn fill_rest(dir: &Path) {
    let mut file = File::create(dir.join("rest")).unwrap();
    io::copy(&mut io::repeat(7), &mut file).unwrap_err();
}

#[test]
fn a_full_disk_is_verified_exported_and_read_and_is_not_damaged() {
    let home = tempfile::tempdir().unwrap();
    let disk = home.path().join("disk");
    let Some(_mount) = Mount::of_memory(&disk, 48) else { return };
    let data = disk.join("ledger");
    let text = data.to_str().unwrap();
    let config = settings(home.path(), "reserve_mib = 1");
    Server::start(&data, &[], &["--demo", "--config", &config]).end();
    let filling = fill(&disk, 0);

    let (code, report, complaint) = run(&[], &["verify", "--data", text]);
    assert_eq!(code, 0, "{report}{complaint}");
    assert!(report.contains("not examined") && report.contains("full") && !report.contains("damaged"), "{report}");
    let (code, export, _) = run(&[], &["export", "--data", text]);
    assert!(code == 0 && export.contains("\"detenteExport\""));
    let server = Server::start(&data, &[], &["--config", &config]);
    let mut wire = server.wire();
    assert_eq!(wire.call("GetState", &json!({})).0, 200);
    assert_eq!(reason(&wire.register("AAA").1), "DISK_FULL");
    assert_eq!(reason(&wire.call("CreateCursor", &json!({ "cursorId": "a", "afterPosition": "1" })).1), "DISK_FULL");
    wire.ready_says("the disk is full");
    drop(wire);
    let log = server.end();
    assert_eq!(count(&log, "damaged"), 0, "{log:#?}");
    let out = disk.join("out.jsonl");
    let (code, _, complaint) = run(&[], &["export", "--data", text, "--out", out.to_str().unwrap()]);
    assert!(code == 1 && complaint.contains("No space left on device"), "{complaint}");

    fs::remove_file(filling).unwrap();
    fs::remove_file(out).unwrap();
    let (code, report, _) = run(&[], &["verify", "--data", text]);
    assert!(code == 0 && report.contains("events and") && report.contains("hold"), "{report}");
}

#[test]
fn a_demo_on_a_disk_that_is_too_small_says_so_once_in_one_sentence() {
    let home = tempfile::tempdir().unwrap();
    let disk = home.path().join("disk");
    let Some(_mount) = Mount::of_memory(&disk, 8) else { return };
    let data = disk.join("ledger");
    let arguments = ["serve", "--demo", "--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0"];
    let (code, _, complaint) = run(&[], &arguments);
    assert_eq!(code, 1);
    let errors: Vec<&str> = complaint.lines().filter(|line| line.starts_with("error:")).collect();
    assert_eq!(errors.len(), 1, "{complaint}");
    assert_eq!(errors[0].matches("full").count(), 1, "{complaint}");
    assert!(errors[0].contains(data.to_str().unwrap()) && errors[0].contains("reserve_mib"), "{complaint}");
}
