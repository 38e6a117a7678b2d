//! Descriptors that run out: nothing is lost, nobody is stopped for good.

use super::program::{Server, count, run, settings};
use super::wire::reason;
use std::net::TcpStream;

fn hog(address: &str, connections: usize) -> Vec<TcpStream> {
    let address = address.parse().unwrap();
    let patience = std::time::Duration::from_millis(500);
    (0..connections).map_while(|_| TcpStream::connect_timeout(&address, patience).ok()).collect()
}

#[test]
fn connections_up_to_the_limit_do_not_end_the_server_when_the_journal_begins_a_segment() {
    let home = tempfile::tempdir().unwrap();
    let (data, config) = (home.path().join("ledger"), settings(home.path(), "segment_mib = 1\nreserve_mib = 1"));
    let mut server = Server::start(&data, &["prlimit", "--nofile=128:160"], &["--demo", "--config", &config]);
    let mut wire = server.wire();
    assert_eq!(wire.append(1).0, 200);
    for _ in 0..4 {
        let idle = hog(server.address(), 300);
        for _ in 0..8 {
            let (status, answer) = wire.append(20);
            assert!(status == 200 || reason(&answer) == "OVERLOADED", "{status} {answer}");
        }
        drop(idle);
    }
    assert!(server.is_running());
    assert_eq!(wire.append(1).0, 200);
    let segments = std::fs::read_dir(data.join("journal")).unwrap();
    let segments = segments.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|e| e == "seg"));
    assert!(segments.count() > 8, "segments were begun");
    drop(wire);
    let log = server.end();
    assert_eq!(count(&log, "nothing more will be recorded"), 0, "{log:#?}");
    let data = data.to_str().unwrap();
    let (code, report, complaint) = run(&[], &["verify", "--data", data]);
    assert_eq!(code, 0, "{report}{complaint}");
}

#[test]
fn the_soft_limit_is_raised_and_fewer_connections_than_asked_for_are_announced() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(&home.path().join("ledger"), &["prlimit", "--nofile=100:1000"], &[]);
    let log = server.end();
    let lowered = log.iter().find(|line| line.contains("fewer connections than max_connections")).expect("a line");
    for part in ["files=1000", "max_connections=4096", "connections=664"] {
        assert!(lowered.contains(part), "{part} in {lowered}");
    }
    let server = Server::start(&home.path().join("ledger"), &["prlimit", "--nofile=100:10000"], &[]);
    assert_eq!(count(&server.end(), "fewer connections"), 0);
}

/// Sets the soft limit on open files of a running process; its hard limit stays.
fn allow(id: &str, files: usize) -> bool {
    let limit = format!("--nofile={files}:");
    std::process::Command::new("prlimit").args(["--pid", id, &limit]).status().is_ok_and(|status| status.success())
}

#[test]
fn a_process_that_has_no_descriptor_left_refuses_appends_and_goes_on_once_it_has_some() {
    let home = tempfile::tempdir().unwrap();
    let (data, config) = (home.path().join("ledger"), settings(home.path(), "segment_mib = 1\nreserve_mib = 1"));
    let mut server = Server::start(&data, &[], &["--demo", "--config", &config]);
    let mut wire = server.wire();
    assert_eq!(wire.append(1).0, 200);
    if !allow(&server.id(), 3) {
        return eprintln!("SKIPPED: this machine does not let a test take descriptors away");
    }
    let waiting = TcpStream::connect(server.address()).unwrap();
    let mut refused = 0;
    for _ in 0..12 {
        match wire.append(20) {
            (200, _) => {}
            (_, answer) => {
                assert_eq!(reason(&answer), "OVERLOADED", "{answer}");
                assert!(answer["message"].as_str().unwrap().contains("Too many open files"), "{answer}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0, "it never needed one");
    let cursor = serde_json::json!({ "cursorId": "desk", "afterPosition": "1" });
    assert_eq!(reason(&wire.call("CreateCursor", &cursor).1), "OVERLOADED");
    let stage = serde_json::json!({ "requestId": uuid::Uuid::from_u128(7).to_string(), "recordedBy": "tests" });
    assert_eq!(reason(&wire.call("OpenStage", &stage).1), "OVERLOADED");
    wire.ready_says("Too many open files");
    assert_eq!(wire.metric("detente_appends_refused"), 1.0);
    assert!(server.is_running());

    assert!(allow(&server.id(), 1000));
    wire.ready_says("ready\n");
    assert_eq!(wire.append(20).0, 200);
    assert_eq!(wire.call("CreateCursor", &cursor).0, 200);
    assert_eq!(wire.call("OpenStage", &stage).0, 200);
    drop(waiting);
    assert_eq!(server.wire().append(1).0, 200, "connections are accepted again");
    drop(wire);
    let log = server.end();
    assert_eq!(count(&log, "cannot accept connections"), 1, "{log:#?}");
    assert_eq!(count(&log, "appends are refused; reads go on"), 1, "{log:#?}");
    assert_eq!(run(&[], &["verify", "--data", data.to_str().unwrap()]).0, 0);
}
