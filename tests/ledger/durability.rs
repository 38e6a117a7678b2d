//! Acknowledged appends are there: after kill -9 in a storm of appends, after a restart, and for a client that sends
//! the same request id again. A directory has one owner.
//!
//! This binary starts itself again as the process that is killed: a test that does nothing unless the environment says
//! so.

use crate::support::again::again;
use crate::support::ask;
use crate::support::home::{Home, LEDGER, block_on, named_request, options, request};
use crate::support::make::{assert, batch, event, id, registrations, tick};
use crate::support::random::Random;
use detente_domain::cut::Cut;
use detente_domain::filter::Filter;
use detente_domain::position::Position;
use detente_journal::file::disk::RealDisk;
use detente_journal::file::verify;
use detente_ledger::Ledger;
use detente_ledger::clock::SystemClock;
use detente_ledger::error::AppendError;
use detente_ledger::open::{LedgerOptions, journal_dir};
use detente_ledger::query::events::Start;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use uuid::Uuid;

const DIR: &str = "DETENTE_TEST_DIR";
const ROUND: &str = "DETENTE_TEST_ROUND";
const WRITERS: u128 = 6;

/// Options of a ledger with the system's clock: the process that is killed lives in real time.
fn real_time() -> LedgerOptions {
    let clock = Arc::new(detente_ledger::clock::ManualClock::at(tick(0)));
    LedgerOptions { clock: Arc::new(SystemClock), public_salts: false, ..options(&clock, 1 << 20) }
}

fn open(dir: &Path) -> Ledger {
    Ledger::open(dir, &real_time(), &|_, _| {}).unwrap().0
}

/// This binary once more, as the named test, in a directory.
fn start(test: &str, dir: &Path, round: u32) -> Child {
    again(module_path!(), test).env(DIR, dir).env(ROUND, round.to_string()).spawn().unwrap()
}

/// The process that is killed: appends from several threads and says so once each is acknowledged, until it dies.
#[test]
fn the_writer_that_is_killed() {
    let (Ok(dir), Ok(round)) = (std::env::var(DIR), std::env::var(ROUND)) else { return };
    let ledger = open(Path::new(&dir));
    let round: u128 = round.parse().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let ledger = &ledger;
            scope.spawn(move || {
                for nth in 0..u128::MAX {
                    let number = (round << 80) | (writer << 64) | (nth + 1) << 8;
                    let size = 1 + nth % 3;
                    let claims = (0..size).map(|of| assert(event(number + of, "2025")));
                    let done = block_on(ledger.append(named_request(number, 1, batch(claims)))).unwrap();
                    let line = format!("\nack {number:x} {size} {} {}\n", done.at.position(), done.at.basis);
                    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
}

/// An append that was acknowledged to the killed process.
#[derive(Clone, Debug)]
struct Acknowledged {
    number: u128,
    size: u64,
    position: Position,
    basis: String,
}

impl Acknowledged {
    fn read(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("ack ")?.split(' ');
        Some(Self {
            number: u128::from_str_radix(words.next()?, 16).ok()?,
            size: words.next()?.parse().ok()?,
            position: Position(words.next()?.parse().ok()?),
            basis: words.next()?.trim_end().to_owned(),
        })
    }
}

/// Lets the writer run until it has acknowledged something and a random while longer, and kills it.
fn storm(dir: &Path, round: u32, random: &mut Random) -> Vec<Acknowledged> {
    let mut child = start("the_writer_that_is_killed", dir, round);
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let count = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let lines = stdout.split(b'\n').map_while(Result::ok);
            // The last line may have been cut by the kill: only what ends in the basis counts, and a basis has its length.
            let acknowledged = lines.filter_map(|line| Acknowledged::read(std::str::from_utf8(&line).ok()?));
            acknowledged.inspect(|_| _ = count.fetch_add(1, Ordering::SeqCst)).collect::<Vec<_>>()
        });
        while count.load(Ordering::SeqCst) == 0 && !reading.is_finished() {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_micros(random.below(60_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        reading.join().unwrap()
    })
}

#[test]
fn after_kill_9_in_a_storm_everything_acknowledged_is_there_whole_and_the_chain_is_valid() {
    const ROUNDS: u32 = 60;
    const ROUNDS_PER_LEDGER: u32 = 15;
    let mut random = Random(20_261_123);
    let (mut appends, mut unacknowledged, mut torn) = (0, 0, 0);
    let mut known: Vec<Acknowledged> = Vec::new();
    let mut dir = TempDir::new().unwrap();
    for round in 0..ROUNDS {
        if round % ROUNDS_PER_LEDGER == 0 {
            dir = TempDir::new().unwrap();
            known.clear();
            let ledger = Ledger::create(dir.path(), LEDGER, &real_time()).unwrap();
            block_on(ledger.append(request(batch(registrations())))).unwrap();
        }
        let fresh = storm(dir.path(), round + 1, &mut random);
        assert!(!fresh.is_empty(), "the writer of round {round} never got to acknowledge anything");
        appends += fresh.len();
        known.extend(fresh.iter().cloned());
        let report = verify(&journal_dir(dir.path()), &RealDisk, &mut |_, _| ()).unwrap();
        torn += u32::from(report.torn_bytes > 0);
        let ledger = open(dir.path());
        assert_eq!(ledger.head().position(), report.head.position);
        let untold = check(&ledger, &known, &fresh);
        if round % ROUNDS_PER_LEDGER == ROUNDS_PER_LEDGER - 1 {
            unacknowledged += untold;
        }
    }
    println!(
        "{ROUNDS} kills, {appends} appends acknowledged and there, {unacknowledged} events there that were not, \
         {torn} torn ends cut"
    );
}

/// Checks that everything acknowledged is there, that nothing is missing between, and that a repeated request gets the
/// first reply. Returns the number of events that are there without an acknowledgement.
fn check(ledger: &Ledger, known: &[Acknowledged], fresh: &[Acknowledged]) -> u64 {
    let events = ask::events(ledger, Start::After(Position::START), None, 1 << 20);
    assert!(events.iter().zip(1..).all(|(event, position)| event.position == position), "positions are dense");
    let mut told = registrations().len() as u64;
    for append in known {
        let last = &events[append.position.0 as usize - 1];
        let Some(detente_proto::v1::event::Event::ClaimAsserted(asserted)) = &last.event else { panic!("{last:?}") };
        let expected = Uuid::from_u128(append.number + u128::from(append.size) - 1).to_string();
        assert_eq!(asserted.claim.as_ref().unwrap().claim_id, expected);
        told += append.size;
    }
    for append in fresh {
        let basis = append.basis.parse().unwrap();
        assert_eq!(ask::claim(ledger, id(append.number), Cut::Basis(basis)).unwrap().revision, 1);
        let claims = || (0..append.size).map(|of| assert(event(append.number + u128::from(of), "2025")));
        let again = block_on(ledger.append(named_request(append.number, 1, batch(claims())))).unwrap();
        assert!(again.replayed && again.at.position() == append.position && again.at.basis == basis);
        let other = block_on(ledger.append(named_request(append.number, 2, batch(claims()))));
        assert!(matches!(other, Err(AppendError::RequestIdReused)));
    }
    assert_eq!(ledger.head().position().0, events.len() as u64, "asking again records nothing");
    let listed = ask::claims(ledger, &Filter::default(), Cut::Head, (true, false), usize::MAX);
    assert_eq!(listed.len(), events.len() - registrations().len());
    events.len() as u64 - told
}

/// The other process: tries to open the directory and says what came of it.
#[test]
fn the_process_that_comes_second() {
    let Ok(dir) = std::env::var(DIR) else { return };
    match Ledger::open(Path::new(&dir), &real_time(), &|_, _| {}) {
        Ok(_) => println!("\nopened"),
        Err(error) => println!("\nrefused: {error}"),
    }
}

fn second_process(dir: &Path) -> String {
    let output = start("the_process_that_comes_second", dir, 0).wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find(|line| line.starts_with("opened") || line.starts_with("refused")).unwrap().to_owned()
}

#[test]
fn a_second_process_on_one_directory_is_refused_and_told_who_holds_it() {
    let home = Home::in_files(1 << 20).with_registrations();
    let refused = second_process(&home.data());
    assert!(refused.starts_with("refused") && refused.contains(&std::process::id().to_string()), "{refused}");
    home.record([assert(event(1, "2025"))]);
    home.ledger.close();
    let data = home.data();
    assert_eq!(second_process(&data), "opened", "a closed ledger is free");
    let home = home.reopened_after(|_| {});
    assert_eq!(ask::state_at(&home.ledger, "2025", Cut::Head).certainties().len(), 1);
    assert!(second_process(&data).starts_with("refused"));
}

#[test]
fn a_second_opening_in_the_same_process_is_refused_too() {
    let home = Home::in_files(1 << 20).with_registrations();
    let error = Ledger::open(&home.data(), &real_time(), &|_, _| {}).err().unwrap().to_string();
    assert!(error.contains(&std::process::id().to_string()), "{error}");
    let error = Ledger::create(&home.data(), LEDGER, &real_time()).err().unwrap().to_string();
    assert!(error.contains(&std::process::id().to_string()) || error.contains("holds"), "{error}");
}

#[test]
fn the_same_request_after_a_restart_is_one_write_and_another_body_is_refused() {
    let home = Home::in_files(1 << 20).with_registrations();
    let body = || batch([assert(event(1, "2025")), assert(event(2, "2025"))]);
    let first = home.try_record(named_request(7, 1, body())).unwrap();
    let home = home.reopened_after(|_| {});
    let again = home.try_record(named_request(7, 1, body())).unwrap();
    assert!(again.replayed && !first.replayed);
    assert_eq!(
        (again.at.basis, again.recorded_at, &again.results),
        (first.at.basis, first.recorded_at, &first.results)
    );
    assert!(matches!(home.try_record(named_request(7, 2, body())), Err(AppendError::RequestIdReused)));
    let home = home.reopened_after(|sled| std::fs::remove_dir_all(sled).unwrap());
    assert!(home.try_record(named_request(7, 1, body())).unwrap().replayed);
    assert!(matches!(home.try_record(named_request(7, 2, body())), Err(AppendError::RequestIdReused)));
    assert_eq!(home.ledger.head().basis, first.at.basis);
}

#[test]
fn a_request_that_was_refused_is_not_remembered() {
    let home = Home::in_files(1 << 20).with_registrations();
    assert!(matches!(
        home.try_record(named_request(7, 1, batch([assert(event(1, "2025/2024"))]))),
        Err(AppendError::Rejected(_))
    ));
    let mended = home.try_record(named_request(7, 2, batch([assert(event(1, "2025"))]))).unwrap();
    assert!(!mended.replayed);
}

#[test]
fn an_append_with_nothing_in_it_changes_nothing_and_stops_nothing() {
    let home = Home::in_memory().with_registrations();
    let head = home.ledger.head();
    assert!(matches!(home.try_record(request(batch([]))), Err(AppendError::Rejected(_))));
    assert_eq!(home.ledger.head().basis, head.basis);
    home.record([assert(event(1, "2025"))]);
}
