//! Power cuts and failing operations, at every point and by many seeds.
//!
//! The one rule: acknowledged appends are there after any crash, followed by nothing but whole appends that were under
//! way. Appends that an open has shown count as acknowledged from then on.

use std::sync::Arc;

use detente_journal::file::{CreateError, FileJournal, OpenError, Options};
use detente_journal::{Append, AppendError, Journal};

use super::support::{
    FaultyDisk, Maker, Random, create, dir, head_of, history, ledger_id, open, read_all, record, small, verify,
    with_zeros,
};

const SEEDS: u64 = 3_000;

/// The knowledge that the world outside has of a journal.
struct World {
    disk: FaultyDisk,
    options: Options,
    random: Random,
    acknowledged: Vec<Append>,
    in_flight: Vec<Append>,
}

/// The end of one life of the journal.
enum End {
    Crashed,
    /// The journal was not opened, though the power was on.
    Refused(String),
    /// Acknowledged events are gone.
    Lost,
}

impl World {
    /// Every other world keeps zeros behind the last frame.
    fn new(seed: u64) -> Self {
        Self {
            disk: FaultyDisk::new(),
            options: if seed.is_multiple_of(2) { small() } else { with_zeros() },
            random: Random(seed),
            acknowledged: Vec::new(),
            in_flight: Vec::new(),
        }
    }

    /// Opens (or creates) the journal, appends until the power goes.
    fn live(&mut self, operations: u64) -> End {
        self.disk.die_in(operations);
        match self.start() {
            Err(_) if self.disk.is_dead() => End::Crashed,
            Err(error) => End::Refused(error),
            Ok(journal) => match self.take_stock(&journal) {
                false => End::Lost,
                true => self.work(journal),
            },
        }
    }

    fn start(&self) -> Result<FileJournal, String> {
        if FileJournal::exists_on(dir(), &self.disk).unwrap() {
            let opened = FileJournal::open(dir(), self.options.clone(), self.disk.to_disk());
            opened.map(|(journal, _)| journal).map_err(|error: OpenError| error.to_string())
        } else if self.acknowledged.is_empty() {
            let created = FileJournal::create(dir(), ledger_id(), self.options.clone(), self.disk.to_disk());
            created.map_err(|error: CreateError| error.to_string())
        } else {
            Err("a journal with events vanished".into())
        }
    }

    /// Returns true if the acknowledged appends are there. Anything more must belong to the group that was under way.
    fn take_stock(&mut self, journal: &FileJournal) -> bool {
        let found = read_all(&*journal.reader()).unwrap();
        assert_eq!(journal.head(), head_of(&found));
        let known = [self.acknowledged.clone(), std::mem::take(&mut self.in_flight)].concat();
        if found.len() < self.acknowledged.len() {
            return false;
        }
        assert_eq!(found, known[..found.len()]);
        self.acknowledged = found;
        true
    }

    fn work(&mut self, mut journal: FileJournal) -> End {
        let mut maker = Maker::after(&journal, Random(self.random.next()));
        loop {
            if self.random.below(4) == 0 && journal.checkpoint().is_err() {
                return End::Crashed;
            }
            let group = maker.group();
            match record(&mut journal, &group, &mut self.random) {
                Ok(_) => self.acknowledged.extend(group),
                Err(AppendError::OutcomeUnknown(_)) => {
                    self.in_flight = group;
                    return End::Crashed;
                }
                Err(_) => return End::Crashed,
            }
        }
    }

    fn power_cycle(&mut self) {
        self.disk = self.disk.after_a_power_cut(&mut self.random);
    }
}

/// Some lives of one journal, each ended by a power cut; then one in peace.
fn simulate(seed: u64, prepare: fn(&FaultyDisk)) -> End {
    let mut world = World::new(seed);
    prepare(&world.disk);
    for _ in 0..4 {
        let operations = 1 + world.random.below(60);
        match world.live(operations) {
            End::Crashed => world.power_cycle(),
            end => return end,
        }
    }
    match world.start() {
        Err(error) => return End::Refused(error),
        Ok(journal) if !world.take_stock(&journal) => return End::Lost,
        Ok(_) => {}
    }
    let report = verify(&world.disk).unwrap();
    assert_eq!((report.head, report.torn_bytes), (head_of(&world.acknowledged), 0));
    End::Crashed
}

#[test]
fn no_power_cut_loses_what_was_acknowledged() {
    for seed in 0..SEEDS {
        match simulate(seed, |_| ()) {
            End::Crashed => {}
            End::Refused(error) => panic!("seed {seed}: refused: {error}"),
            End::Lost => panic!("seed {seed}: acknowledged events are gone"),
        }
    }
    println!("{SEEDS} histories of four power cuts");
}

/// Counts the seeds that go wrong; a simulation in which nothing can go wrong proves nothing.
fn wrong(seeds: u64, prepare: fn(&FaultyDisk)) -> (u64, u64) {
    let mut counts = (0, 0);
    for seed in 0..seeds {
        match std::panic::catch_unwind(|| simulate(seed, prepare)) {
            Ok(End::Crashed) => {}
            Ok(End::Lost) => counts.0 += 1,
            Ok(End::Refused(_)) | Err(_) => counts.1 += 1,
        }
    }
    counts
}

#[test]
fn control_without_fsync_acknowledged_events_are_lost() {
    let (lost, refused) = wrong(300, FaultyDisk::lie);
    println!("without fsync: {lost} of 300 lost events, {refused} were refused or broken");
    assert!(lost > 0 && lost + refused > 150);
}

#[test]
fn control_without_syncing_the_directory_journals_are_lost() {
    let (lost, refused) = wrong(300, FaultyDisk::lie_about_names);
    println!("without syncing directories: {lost} of 300 lost events, {refused} were refused or broken");
    assert!(lost + refused > 50);
}

/// A fixed piece of work in which the n-th operation fails. Returns what was acknowledged, and what was under way.
fn work_failing_at(disk: &FaultyDisk, options: &Options, n: u64) -> (Vec<Append>, Vec<Append>) {
    let mut journal = FileJournal::create(dir(), ledger_id(), options.clone(), disk.to_disk()).unwrap();
    disk.fail_in(n);
    let mut random = Random(7);
    let mut acknowledged = Vec::new();
    for (index, group) in history(5, 25).into_iter().enumerate() {
        if index % 6 == 5 && journal.checkpoint().is_err() {
            assert_poisoned(&mut journal, &group);
            return (acknowledged, Vec::new());
        }
        match record(&mut journal, &group, &mut random) {
            Ok(_) => acknowledged.extend(group),
            // A segment was not made: the journal goes on, unless it does not know what became of it.
            Err(AppendError::NothingWritten(_)) => match journal.append(&group) {
                Ok(_) => acknowledged.extend(group),
                Err(_) => {
                    assert_poisoned(&mut journal, &group);
                    return (acknowledged, Vec::new());
                }
            },
            Err(AppendError::Poisoned) => {
                assert_poisoned(&mut journal, &group);
                return (acknowledged, Vec::new());
            }
            Err(error) => {
                assert_poisoned(&mut journal, &group);
                let in_flight = if error.nothing_happened() { Vec::new() } else { group };
                return (acknowledged, in_flight);
            }
        }
    }
    (acknowledged, Vec::new())
}

fn assert_poisoned(journal: &mut FileJournal, group: &[Append]) {
    let head = journal.head();
    assert!(matches!(journal.append(group), Err(AppendError::Poisoned)));
    assert!(journal.checkpoint().is_err());
    assert_eq!(journal.reader().head(), head);
    assert_eq!(head_of(&read_all(&*journal.reader()).unwrap()), head, "reads go on");
}

#[test]
fn whichever_write_or_sync_fails_nothing_is_acknowledged_falsely() {
    for options in [small(), with_zeros()] {
        each_operation_fails(&options);
    }
}

fn each_operation_fails(options: &Options) {
    let disk = FaultyDisk::new();
    drop(create(&disk));
    let created = disk.operations();
    let disk = FaultyDisk::new();
    work_failing_at(&disk, options, u64::MAX / 2);
    let operations = disk.operations() - created;
    for n in 1..=operations {
        let disk = FaultyDisk::new();
        let (acknowledged, in_flight) = work_failing_at(&disk, options, n);
        let known = [acknowledged.clone(), in_flight].concat();
        let after_kill = disk.after_a_kill();
        let found = found_on(&after_kill);
        assert!(found.len() >= acknowledged.len() && found == known[..found.len()], "operation {n}");
        for seed in 0..10 {
            let after = after_kill.after_a_power_cut(&mut Random(seed));
            assert_eq!(found_on(&after), found, "operation {n}: what open showed must stay");
            let after = found_on(&disk.after_a_power_cut(&mut Random(seed)));
            assert!(after.len() >= acknowledged.len() && after == known[..after.len()], "operation {n}");
        }
    }
    println!("{operations} operations failed, one at a time");
}

fn found_on(disk: &FaultyDisk) -> Vec<Append> {
    let (journal, _) = open(disk).unwrap();
    read_all(&*journal.reader()).unwrap()
}

#[test]
fn creation_may_be_interrupted_anywhere_and_started_again() {
    let whole = FaultyDisk::new();
    drop(create(&whole));
    for n in 1..=whole.operations() {
        for seed in 0..40 {
            let disk = FaultyDisk::new();
            disk.die_in(n);
            let created = FileJournal::create(dir(), ledger_id(), small(), disk.to_disk());
            assert!(created.is_err());
            let disk = disk.after_a_power_cut(&mut Random(seed));
            let journal = match FileJournal::exists_on(dir(), &disk).unwrap() {
                true => open(&disk).unwrap().0,
                false => create(&disk),
            };
            assert_eq!(journal.head(), head_of(&[]));
        }
    }
}

#[test]
fn a_group_is_one_write_and_one_sync_and_the_mark_one_write() {
    let disk = FaultyDisk::new();
    let mut journal = create(&disk);
    let mut maker = Maker::new(1);
    let before = disk.operations();
    journal.append(&[maker.append(&[5]), maker.append(&[90; 6]), maker.append(&[5])]).unwrap();
    assert_eq!(disk.operations() - before, 3);
}

#[test]
fn readers_never_see_what_is_not_durable() {
    let disk = FaultyDisk::new();
    let mut journal = create(&disk);
    let mut maker = Maker::new(2);
    let first = maker.append(&[5]);
    journal.append(std::slice::from_ref(&first)).unwrap();
    let reader = journal.reader();
    disk.fail_in(2);
    assert!(matches!(journal.append(&[maker.append(&[5])]), Err(AppendError::OutcomeUnknown(_))));
    assert_eq!(read_all(&*reader).unwrap(), [first]);
    drop(Arc::clone(&reader));
}
