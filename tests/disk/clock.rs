//! A clock that is wrong: refused before it is in the record for ever.

use super::mounts::has;
use super::program::{Server, run};
use super::wire::reason;
use detente_domain::position::RecordedAt;
use detente_journal::LedgerId;
use detente_ledger::Ledger;
use detente_ledger::clock::{Clock as _, ManualClock, SystemClock};
use detente_ledger::error::AppendError;
use detente_ledger::open::LedgerOptions;
use detente_ledger::wire::command::parse_append;
use detente_ledger::write::append::{AppendReceipt, AppendRequest};
use detente_ledger::write::clock_guard::{ClockFault, ClockLimits};
use detente_ledger::write::hindrance::Hindrance;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// A ledger in files, on a clock that a test sets, with another that nobody sets.
struct Desk {
    clock: Arc<ManualClock>,
    options: LedgerOptions,
    dir: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(RecordedAt(20_000 * DAY)));
        clock.set_steady(Duration::ZERO);
        let options = LedgerOptions { clock: Arc::clone(&clock) as _, ..LedgerOptions::default() };
        Self { clock, options, dir: tempfile::tempdir().unwrap() }
    }

    fn create(&self) -> Ledger {
        Ledger::create(self.dir.path(), LedgerId(uuid::Uuid::from_u128(7)), &self.options).unwrap()
    }

    fn open(&self) -> Ledger {
        Ledger::open(self.dir.path(), &self.options, &|_, _| {}).unwrap().0
    }

    /// Sets both clocks: the days that it says, and the seconds that have passed.
    fn at(&self, micros: i64, passed: u64) {
        self.clock.set(RecordedAt(micros));
        self.clock.set_steady(Duration::from_secs(passed));
    }
}

fn request(id: &str) -> AppendRequest {
    let party = format!(
        r#"{{"recordedBy":"tests","commands":[{{"registerParty":{{"party":{{"partyId":"{id}","type":"PARTY_TYPE_STATE","names":[{{"lang":"en","name":"{id}"}}]}}}}}}]}}"#
    );
    let message = detente_ledger::wire::json::read(serde_json::from_str(&party).unwrap()).unwrap();
    let parsed = parse_append(message, &mut uuid::Uuid::new_v4).unwrap();
    AppendRequest { request: None, recorded_by: parsed.recorded_by, batch: parsed.batch, validate_only: false }
}

fn record(ledger: &Ledger, id: &str) -> Result<AppendReceipt, AppendError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(ledger.append(request(id)))
}

/// Closes a ledger and releases its directory.
fn stop(ledger: Ledger) {
    ledger.close();
}

#[test]
fn a_clock_that_is_a_little_behind_is_overtaken_and_one_far_behind_refuses_until_it_is_right() {
    let desk = Desk::new();
    let ledger = desk.create();
    let first = record(&ledger, "AAA").unwrap().recorded_at.unwrap();
    desk.at(20_000 * DAY - 60 * SECOND, 1);
    assert_eq!(record(&ledger, "BBB").unwrap().recorded_at, Some(RecordedAt(first.0 + 1)));
    desk.at(20_000 * DAY - 61 * SECOND, 2);
    let refused = record(&ledger, "CCC").unwrap_err();
    assert!(matches!(refused, AppendError::ClockWrong(ClockFault::Behind { .. })), "{refused}");
    assert!(matches!(ledger.look_around().hindrance, Some(Hindrance::Clock(_))));
    assert_eq!(ledger.clock_behind().as_secs(), 61);
    desk.at(20_000 * DAY + SECOND, 62);
    assert!(ledger.look_around().hindrance.is_none());
    assert_eq!(record(&ledger, "CCC").unwrap().recorded_at, Some(RecordedAt(20_000 * DAY + SECOND)));
}

#[test]
fn a_record_of_the_future_refuses_at_the_next_start_and_the_bound_can_be_set() {
    let desk = Desk::new();
    let ledger = desk.create();
    record(&ledger, "AAA").unwrap();
    stop(ledger);
    desk.at(19_000 * DAY, 0);
    let ledger = desk.open();
    assert!(matches!(ledger.clock_fault(), Some(ClockFault::Behind { .. })));
    assert!(matches!(record(&ledger, "BBB"), Err(AppendError::ClockWrong(_))));
    stop(ledger);
    let clock_limits = ClockLimits { behind: Duration::from_secs(2000 * 86_400), ..ClockLimits::default() };
    let options = LedgerOptions { clock_limits, ..desk.options.clone() };
    let ledger = Ledger::open(desk.dir.path(), &options, &|_, _| {}).unwrap().0;
    record(&ledger, "BBB").unwrap();
}

#[test]
fn a_clock_that_jumps_ahead_while_the_ledger_is_open_refuses_until_it_is_right() {
    let desk = Desk::new();
    let ledger = desk.create();
    record(&ledger, "AAA").unwrap();
    desk.at(20_000 * DAY + 3650 * DAY, 10);
    for id in ["BBB", "CCC"] {
        let refused = record(&ledger, id).unwrap_err();
        assert!(matches!(refused, AppendError::ClockWrong(ClockFault::Jumped { .. })), "{refused}");
    }
    desk.at(20_000 * DAY + 20 * SECOND, 20);
    record(&ledger, "BBB").unwrap();
    // Months in which nothing was recorded are no jump.
    desk.at(20_100 * DAY, 100 * 86_400);
    record(&ledger, "CCC").unwrap();
}

#[test]
fn a_start_far_beyond_the_last_record_needs_a_word_and_is_not_asked_again_after_it() {
    let desk = Desk::new();
    let ledger = desk.create();
    record(&ledger, "AAA").unwrap();
    stop(ledger);
    desk.at(20_031 * DAY, 0);
    let ledger = desk.open();
    assert!(matches!(ledger.clock_fault(), Some(ClockFault::Away { .. })));
    let refused = record(&ledger, "BBB").unwrap_err();
    assert!(refused.to_string().contains("--accept-clock"), "{refused}");
    stop(ledger);
    let options = LedgerOptions { accept_clock: true, ..desk.options.clone() };
    let ledger = Ledger::open(desk.dir.path(), &options, &|_, _| {}).unwrap().0;
    assert_eq!(ledger.clock_fault(), None);
    ledger.look_around();
    stop(ledger);
    desk.at(20_050 * DAY, 0);
    let ledger = desk.open();
    assert_eq!(ledger.clock_fault(), None, "the clock was seen 19 days ago, though nothing was recorded then");
    record(&ledger, "BBB").unwrap();
}

#[test]
fn what_was_recorded_elsewhere_long_ago_says_nothing_about_this_clock() {
    let desk = Desk::new();
    let ledger = desk.create();
    ledger.backfill(request("AAA"), RecordedAt(10_000 * DAY)).unwrap();
    stop(ledger);
    let ledger = desk.open();
    assert_eq!(ledger.clock_fault(), None);
    record(&ledger, "BBB").unwrap();
}

/// Command prefix that shifts the program's clock by a constant, or by a file that is read each time.
/// None, said aloud, where libfaketime is not installed.
fn faketime(time: &str) -> Option<Vec<String>> {
    if !has("faketime") {
        return None;
    }
    let told = std::process::Command::new("faketime").args(["-f", "+0", "printenv", "LD_PRELOAD"]).output().unwrap();
    let library = String::from_utf8(told.stdout).unwrap();
    let library = format!("LD_PRELOAD={}", library.trim());
    Some(["env", &library, "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", time].map(str::to_owned).into())
}

/// Starts a server with another time.
fn with_time(data: &Path, before: &[String], arguments: &[&str]) -> Server {
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    Server::start(data, &before, arguments)
}

#[test]
fn a_server_whose_clock_was_wrong_once_refuses_appends_when_it_is_right_and_says_why() {
    let Some(far) = faketime("FAKETIME=+3650d") else { return };
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("ledger");
    let text = data.to_str().unwrap();
    let wrong = with_time(&data, &far, &[]);
    assert_eq!(wrong.wire().register("AAA").0, 200, "nothing says yet that it is wrong");
    wrong.end();
    let server = Server::start(&data, &[], &[]);
    let mut wire = server.wire();
    let (_, refused) = wire.register("BBB");
    assert_eq!(reason(&refused), "CLOCK_WRONG");
    wire.ready_says("behind the last record");
    assert!(wire.metric("detente_clock_behind_seconds") > 3600.0 * 24.0 * 3640.0);
    assert_eq!(wire.metric("detente_clock_wrong"), 1.0);
    drop(wire);
    let log = server.end();
    assert!(log.iter().any(|line| line.starts_with("appends are refused: the server's clock is")), "{log:#?}");
    assert_eq!(run(&[], &["verify", "--data", text]).0, 0);
}

#[test]
fn a_server_far_beyond_its_last_record_does_not_start_without_a_word() {
    let Some(far) = faketime("FAKETIME=+3650d") else { return };
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("ledger");
    let text = data.to_str().unwrap();
    let server = Server::start(&data, &[], &["--demo"]);
    assert_eq!(server.wire().register("AAA").0, 200);
    server.end();
    let arguments = ["serve", "--data", text, "--listen", "127.0.0.1:0"];
    let (code, _, complaint) = run(&far.iter().map(String::as_str).collect::<Vec<_>>(), &arguments);
    assert_eq!(code, 1, "{complaint}");
    assert!(complaint.contains(text) && complaint.contains("--accept-clock"), "{complaint}");
    with_time(&data, &faketime("FAKETIME=+20d").unwrap(), &[]).end();
    let accepted = with_time(&data, &faketime("FAKETIME=+300d").unwrap(), &["--accept-clock"]);
    assert_eq!(accepted.wire().register("BBB").0, 200);
    accepted.end();
}

#[test]
fn a_demo_of_which_only_the_dossier_is_recorded_starts_whenever() {
    let Some(later) = faketime("FAKETIME=+300d") else { return };
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("ledger");
    Server::start(&data, &[], &["--demo"]).end();
    with_time(&data, &later, &["--demo"]).end();
}

#[test]
fn a_clock_that_is_set_ahead_under_a_running_server_is_not_believed() {
    let home = tempfile::tempdir().unwrap();
    let (data, time) = (home.path().join("ledger"), home.path().join("time"));
    std::fs::write(&time, "+0\n").unwrap();
    let Some(set) = faketime(&format!("FAKETIME_TIMESTAMP_FILE={}", time.display())) else { return };
    let server = with_time(&data, &set, &[]);
    let mut wire = server.wire();
    assert_eq!(wire.register("AAA").0, 200);
    std::fs::write(&time, "+3650d\n").unwrap();
    assert_eq!(reason(&wire.register("BBB").1), "CLOCK_WRONG");
    wire.ready_says("jumped ahead");
    std::fs::write(&time, "+0\n").unwrap();
    wire.ready_says("ready\n");
    let (status, answer) = wire.register("BBB");
    assert_eq!(status, 200, "{answer}");
    drop(wire);
    server.end();
    assert!(SystemClock.steady().is_some(), "the system's clock has one beside it that nobody sets");
}
