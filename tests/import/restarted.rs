//! A server that is away for some seconds is waited for, visibly; one that stays away ends the import, which can be gone on with.

use super::desk::{Desk, HEADER, Said, command, read_output};
use super::served::{Served, serve, serve_at};
use std::fmt::Write as _;
use std::process::{Child, Stdio};
use std::time::Duration;

const ROWS: usize = 20_000;

fn rows() -> String {
    let mut text = HEADER.to_owned();
    for row in 0..ROWS {
        writeln!(text, "k{row},1,2,{},,S,{row},Pact {row}", 1900 + row % 120).unwrap();
    }
    text
}

/// Starts an import into a server, and kills the server once its stage holds something.
fn interrupt(desk: &Desk, served: Served, server: &str, patience: &str) -> Child {
    let import = ["import", "rows.csv", "--mapping", "m.toml", "--server", server, "--output", "json", "--patience"];
    let mut child = command(desk.path("").as_path(), &[&import[..], &[patience]].concat());
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stages = desk.path("served/stages");
    let staged = || {
        let files = stages.read_dir().into_iter().flatten().flatten();
        files.filter_map(|file| file.metadata().ok()).map(|metadata| metadata.len()).sum::<u64>()
    };
    while staged() < 200_000 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before the server was killed");
        std::thread::yield_now();
    }
    drop(served);
    child
}

fn finish(child: Child) -> Said {
    read_output(child.wait_with_output().unwrap())
}

#[test]
fn an_import_outlasts_a_server_that_is_killed_and_started_again() {
    let desk = Desk::new();
    desk.write("rows.csv", rows());
    let (served, server) = serve(&desk);
    let child = interrupt(&desk, served, &server, "60");
    std::thread::sleep(Duration::from_secs(1));
    let (_served, _) = serve_at(&desk, server.trim_start_matches("http://"));
    let said = finish(child);
    assert_eq!(said.code, 0, "{}", said.complaint);
    assert_eq!(said.counts(["asserted", "eventsWritten", "rowsRejected"]), [ROWS as u64, ROWS as u64 + 3, 0]);
    for words in ["the server does not answer", "trying again for up to 60 s", "the server answers again"] {
        assert!(said.complaint.contains(words), "{}", said.complaint);
    }
}

#[test]
fn patience_with_a_server_that_stays_away_ends_and_the_import_can_be_gone_on_with() {
    let desk = Desk::new();
    desk.write("rows.csv", rows());
    let (served, server) = serve(&desk);
    let said = finish(interrupt(&desk, served, &server, "1"));
    assert_eq!((said.code, said.out.as_str()), (6, ""), "{}", said.complaint);
    assert!(said.complaint.contains("the same import started again goes on with it"), "{}", said.complaint);
    let (_served, server) = serve_at(&desk, server.trim_start_matches("http://"));
    let import = ["import", "rows.csv", "--mapping", "m.toml", "--server", &server, "--output", "json"];
    let again = desk.run(&import);
    assert_eq!(again.counts(["asserted", "rowsRejected"]), [ROWS as u64, 0], "{}", again.complaint);
    assert!(again.counts(["stagedBefore"])[0] > 0, "it began anew");
}
