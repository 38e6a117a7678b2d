//! Sled follows a stage while it is recorded. If the append never ends, sled is ahead of the journal: the next start cuts
//! that off, and nothing of it is left in the index.

use super::commands::{add_all, assertions, commit, lay_out, new};
use crate::support::ask;
use crate::support::home::{Home, LEDGER, block_on, open, options, request};
use crate::support::make::{assert, batch, event, registrations, tick, with};
use detente_domain::command::Command;
use detente_domain::cut::Cut;
use detente_domain::filter::Filter;
use detente_domain::position::RecordedAt;
use detente_domain::vocabulary::RetractionReason;
use detente_journal::file::FileJournal;
use detente_journal::file::disk::RealDisk;
use detente_journal::{
    Append, AppendError, AppendHeader, CheckpointError, Head, Journal, LedgerId, Piece, Reader, Room, Run,
};
use detente_ledger::Ledger;
use detente_ledger::clock::ManualClock;
use detente_ledger::open::{journal_dir, store_dir};
use detente_ledger::verify::verify;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// Commands of a stage: several batches of the saver.
const COMMANDS: u128 = 20_000;
/// Claims that were recorded before it.
const BEFORE: u128 = 41;

/// A journal whose runs cannot be sealed: a disk that gives up at the last write.
struct UnsealedJournal(FileJournal);

struct UnsealedRun<'j>(Box<dyn Run + 'j>);

impl Run for UnsealedRun<'_> {
    fn extend(&mut self, piece: &Piece) -> Result<(), AppendError> {
        self.0.extend(piece)
    }

    fn seal(self: Box<Self>) -> Result<Head, AppendError> {
        Err(AppendError::OutcomeUnknown(io::Error::other("the disk is gone")))
    }
}

impl Journal for UnsealedJournal {
    fn ledger_id(&self) -> LedgerId {
        self.0.ledger_id()
    }

    fn head(&self) -> Head {
        self.0.head()
    }

    fn floor(&self) -> RecordedAt {
        self.0.floor()
    }

    fn append(&mut self, group: &[Append]) -> Result<Head, AppendError> {
        self.0.append(group)
    }

    fn begin(&mut self, header: &AppendHeader, bytes: u64) -> Result<Box<dyn Run + '_>, AppendError> {
        Ok(Box::new(UnsealedRun(self.0.begin(header, bytes)?)))
    }

    fn room(&self) -> Arc<dyn Room> {
        self.0.room()
    }

    fn reader(&self) -> Arc<dyn Reader> {
        self.0.reader()
    }

    fn checkpoint(&mut self) -> Result<(), CheckpointError> {
        self.0.checkpoint()
    }
}

/// A directory with some claims, and a clock for it.
fn with_claims() -> (TempDir, Arc<ManualClock>) {
    let (dir, clock) = (TempDir::new().unwrap(), Arc::new(ManualClock::at(tick(0))));
    let ledger = Ledger::create(dir.path(), LEDGER, &options(&clock, 1 << 20)).unwrap();
    let claims = (0..BEFORE).map(|number| assert(event(1_000_000 + number, "2024")));
    block_on(ledger.append(request(batch(registrations())))).unwrap();
    block_on(ledger.append(request(batch(claims)))).unwrap();
    ledger.close();
    (dir, clock)
}

/// Records a stage up to its last write, which fails.
fn break_a_stage(data: &Path, clock: &Arc<ManualClock>, stage: u128) {
    let (journal, _) =
        FileJournal::open(&journal_dir(data), options(clock, 1 << 20).journal, Arc::new(RealDisk)).unwrap();
    let journal = Box::new(UnsealedJournal(journal));
    let ledger = Ledger::start(journal, Some(data), &options(clock, 1 << 20), &|_, _| {}).unwrap();
    let mut commands = assertions((stage << 64)..(stage << 64) + COMMANDS - 1);
    // A word of its own, which no later claim has.
    let worded = with(event(stage << 80, "2023"), |claim| claim.place = format!("vanished{stage}").into());
    commands.push(super::commands::wire(&assert(worded), ""));
    lay_out(&ledger, stage, &commands, 400);
    ledger.commit_stage(&commit(stage)).unwrap_err();
    ledger.close();
}

fn bytes_of(store: &Path) -> u64 {
    let found = std::fs::read_dir(store).unwrap().map(Result::unwrap);
    found
        .map(|entry| if entry.path().is_dir() { bytes_of(&entry.path()) } else { entry.metadata().unwrap().len() })
        .sum()
}

/// The claims that a ledger has at its head.
fn claims(ledger: &Ledger) -> usize {
    ask::claims(ledger, &Filter::default(), Cut::Head, (true, false), usize::MAX).len()
}

#[test]
fn what_sled_has_of_an_append_that_never_ended_is_cut_off_at_the_next_start_and_no_rebuild_is_needed() {
    let (dir, clock) = with_claims();
    let store = store_dir(dir.path());
    let made = std::fs::metadata(&store).unwrap().ino();
    let small = bytes_of(&store);
    for stage in 1..=3 {
        break_a_stage(dir.path(), &clock, stage);
        assert!(bytes_of(&store) > small + (1 << 20), "sled did not follow the stage");
        // A verification looks at a store that nothing has cut yet.
        if stage > 1 {
            let report = verify(dir.path(), &mut |_, _| {}, &|_, _| {}).unwrap().store;
            assert_eq!(report.wrong, None);
            assert!(report.events <= BEFORE as u64 + 6 + 1, "{report:?}");
        }
        let ledger = open(dir.path(), &clock, 1 << 20);
        assert_eq!(std::fs::metadata(&store).unwrap().ino(), made, "it was rebuilt");
        assert_eq!(claims(&ledger), BEFORE as usize + stage as usize - 1);
        // Other claims take the places of those that were cut off, and other words their numbers.
        let worded = with(event(2_000_000 + stage, "2022"), |claim| claim.place = format!("instead{stage}").into());
        block_on(ledger.append(request(batch([assert(worded)])))).unwrap();
        ledger.close();
        let report = verify(dir.path(), &mut |_, _| {}, &|_, _| {}).unwrap().store;
        assert_eq!((report.wrong, report.behind), (None, 0));
    }
}

#[test]
fn a_stage_that_sled_was_ahead_by_is_recorded_after_all() {
    let (dir, clock) = with_claims();
    break_a_stage(dir.path(), &clock, 5);
    let ledger = open(dir.path(), &clock, 1 << 20);
    let commands = assertions(5 << 64..(5 << 64) + COMMANDS);
    ledger.open_stage(&new(5)).unwrap();
    add_all(&ledger, 5, &commands, 400);
    assert_eq!(ledger.commit_stage(&commit(5)).unwrap().append.tally.total(), COMMANDS as u64);
    assert_eq!(claims(&ledger), (BEFORE + COMMANDS) as usize);
    ledger.close();
    let report = verify(dir.path(), &mut |_, _| {}, &|_, _| {}).unwrap().store;
    assert_eq!((report.wrong, report.behind), (None, 0));
    let ledger = open(dir.path(), &clock, 1 << 20);
    assert_eq!(claims(&ledger), (BEFORE + COMMANDS) as usize);
}

#[test]
fn a_claim_that_left_memory_while_its_stage_is_recorded_can_be_revised_by_it() {
    let home = Home::in_files(1).with_registrations();
    let mut commands = assertions(1..COMMANDS);
    let revised = Command::Retract(event(1, "2025").id, RetractionReason::Wrong);
    commands.push(super::commands::wire(&revised, ""));
    lay_out(&home.ledger, 3, &commands, 400);
    assert_eq!(home.ledger.commit_stage(&commit(3)).unwrap().append.tally.total(), COMMANDS as u64);
}
