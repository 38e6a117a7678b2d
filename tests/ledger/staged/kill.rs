//! Kill -9 while a stage is laid out and while it is recorded: acknowledged commands are there, the append is there
//! whole or not at all, and the stage can always be finished.
//!
//! This binary starts itself again as the process that is killed: a test that does nothing unless the environment says
//! so.

use super::commands::{add_all, assertions, commit, new, progress, uuid};
use crate::support::again::again;
use crate::support::ask;
use crate::support::home::{LEDGER, block_on, options, request};
use crate::support::make::{batch, registrations, tick};
use crate::support::random::Random;
use detente_domain::position::Position;
use detente_ledger::Ledger;
use detente_ledger::clock::{ManualClock, SystemClock};
use detente_ledger::open::LedgerOptions;
use detente_ledger::query::events::Start;
use detente_ledger::write::stage::StageState;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const DIR: &str = "DETENTE_TEST_STAGE_DIR";
const STAGE: &str = "DETENTE_TEST_STAGE";
/// The commands of one stage.
const COMMANDS: u128 = 1_500;
const PIECE: usize = 50;

fn real_time() -> LedgerOptions {
    let clock = Arc::new(ManualClock::at(tick(0)));
    LedgerOptions { clock: Arc::new(SystemClock), public_salts: false, ..options(&clock, 1 << 20) }
}

fn open(dir: &Path) -> Ledger {
    Ledger::open(dir, &real_time(), &|_, _| {}).unwrap().0
}

fn claims(stage: u128) -> Vec<detente_proto::v1::Command> {
    assertions(stage << 64..(stage << 64) + COMMANDS)
}

/// The process that is killed: lays a stage out, saying how far it is, and commits it.
#[test]
fn the_stager_that_is_killed() {
    let (Ok(dir), Ok(stage)) = (std::env::var(DIR), std::env::var(STAGE)) else { return };
    let stage: u128 = stage.parse().unwrap();
    let ledger = open(Path::new(&dir));
    let say = |line: String| std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
    let commands = claims(stage);
    let mut next = progress(&ledger.open_stage(&new(stage)).unwrap()).next;
    while (next as usize) < commands.len() {
        let piece = &commands[next as usize..(next as usize + PIECE).min(commands.len())];
        next = ledger.add_to_stage(uuid(stage), next, piece).unwrap().next;
        say(format!("\nstaged {next} end\n"));
    }
    say("\ncommitting end\n".to_owned());
    let committed = ledger.commit_stage(&commit(stage)).unwrap();
    say(format!("\nrecorded {} end\n", committed.append.at.position()));
}

fn start(dir: &Path, stage: u128) -> Child {
    let stager = "the_stager_that_is_killed";
    again(module_path!(), stager).env(DIR, dir).env(STAGE, stage.to_string()).spawn().unwrap()
}

/// The output of a killed process.
#[derive(Debug, Default)]
struct Said {
    staged: u64,
    recorded: Option<u64>,
}

/// Lets the process run until it says `wanted`, and a random while longer, and kills it.
fn run_and_kill(dir: &Path, stage: u128, wanted: &str, random: &mut Random) -> Said {
    let mut child = start(dir, stage);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut said = Said::default();
    let mut hear = |line: String| {
        match line.strip_suffix(" end").map(|line| line.split(' ').collect::<Vec<_>>()).as_deref() {
            Some(["staged", next]) => said.staged = next.parse().unwrap(),
            Some(["recorded", position]) => said.recorded = Some(position.parse().unwrap()),
            _ => {}
        }
        line.starts_with(wanted)
    };
    for line in lines.by_ref() {
        if hear(line) {
            break;
        }
    }
    std::thread::sleep(Duration::from_micros(random.below(if wanted == "committing" { 400_000 } else { 3_000 })));
    // It may have ended by itself.
    let _killed = child.kill();
    child.wait().unwrap();
    lines.for_each(|line| _ = hear(line));
    said
}

#[test]
fn after_kill_9_a_stage_is_as_far_as_was_said_and_its_append_is_there_whole_or_not_at_all() {
    const ROUNDS: u128 = 12;
    let mut random = Random(20_261_126);
    let dir = TempDir::new().unwrap();
    let ledger = Ledger::create(dir.path(), LEDGER, &real_time()).unwrap();
    block_on(ledger.append(request(batch(registrations())))).unwrap();
    drop(ledger);
    let (mut head, mut whole, mut open_again) = (6, 0, 0);
    for stage in 1..=ROUNDS {
        let said = run_and_kill(dir.path(), stage, if stage % 3 == 0 { "staged" } else { "committing" }, &mut random);
        let ledger = open(dir.path());
        let found = ledger.head().position().0;
        match ledger.stage(uuid(stage)).unwrap().state {
            StageState::Recorded(append) => {
                assert_eq!(found, head + COMMANDS as u64, "{said:?}");
                assert_eq!(append.tally.total(), COMMANDS as u64);
                assert!(said.recorded.is_none_or(|position| position == found));
                whole += 1;
            }
            StageState::Open { progress, .. } => {
                assert_eq!((found, said.recorded), (head, None), "nothing of it is there: {said:?}");
                assert!(progress.next >= said.staged, "{progress:?} {said:?}");
                add_all(&ledger, stage, &claims(stage), 400);
                assert!(!ledger.commit_stage(&commit(stage)).unwrap().replayed);
                open_again += 1;
            }
            StageState::Damaged => panic!("a kill damages nothing"),
        }
        head += COMMANDS as u64;
        assert_eq!(ledger.head().position().0, head);
        assert!(ledger.commit_stage(&commit(stage)).unwrap().replayed);
        assert!(ledger.list_stages().is_empty());
    }
    let events = ask::events(&open(dir.path()), Start::After(Position::START), None, 1 << 20);
    assert!(events.iter().zip(1..).all(|(event, position)| event.position == position), "positions are dense");
    println!("{ROUNDS} kills: {whole} stages were recorded by then, {open_again} were not and were finished after");
    assert!(open_again > 0);
}
