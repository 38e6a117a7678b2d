//! A disk that fills up at any byte, whatever else writes to it: in a frame, in the header of a segment, in the head
//! mark, in a sync, or while the space is looked up.

use std::collections::BTreeMap;
use std::path::PathBuf;

use detente_journal::file::{FileJournal, OpenError, ReadOnlyJournal};
use detente_journal::{Append, AppendError, Journal, Obstacle, Refusal};

use super::support::faulty_disk::Operation;
use super::support::{
    FaultyDisk, Maker, Random, append_in_pieces, assert_holds, create, dir, head_of, open, read_all, verify,
};

const NO_SPACE: i32 = 28;

/// The journal after the disk has filled up, with its history.
struct FullScene {
    journal: FileJournal,
    maker: Maker,
    acknowledged: Vec<Append>,
    /// The append that failed.
    failed: Append,
    error: AppendError,
}

/// Appends in one write or in pieces until one fails.
fn fill(disk: &FaultyDisk, room: u64, in_pieces: bool) -> Option<FullScene> {
    let mut journal = create(disk);
    let (mut maker, mut acknowledged) = (Maker::new(11), Vec::new());
    disk.fill_but(room);
    for number in 0..12 {
        let before = maker.clone();
        let append = maker.append(if number % 3 == 2 { &[90; 9] } else { &[80, 80] });
        let recorded = match in_pieces {
            true => append_in_pieces(&mut journal, &append, &[1, 3]),
            false => journal.append(std::slice::from_ref(&append)),
        };
        match recorded {
            Ok(_) => acknowledged.push(append),
            Err(error) => return Some(FullScene { journal, maker: before, acknowledged, failed: append, error }),
        }
    }
    None
}

/// Asserts that a journal that stopped says so to everything and can be read.
fn assert_stopped(journal: &mut FileJournal, failed: &Append) {
    let again = journal.append(std::slice::from_ref(failed)).unwrap_err();
    assert!(matches!(again, AppendError::Poisoned), "{again}");
    assert!(matches!(journal.begin(&failed.header, 100).map(drop), Err(AppendError::Poisoned)));
    assert!(journal.checkpoint().is_err());
}

/// Appends that a journal may hold: those acknowledged, and the one whose outcome is unknown.
fn assert_holds_either(journal: &dyn Journal, acknowledged: &[Append], in_flight: &[Append]) -> Vec<Append> {
    let mut expected = acknowledged.to_vec();
    if journal.head() != head_of(acknowledged) {
        expected.extend_from_slice(in_flight);
    }
    assert_holds(journal, &expected);
    expected
}

fn last_segment(files: &BTreeMap<PathBuf, Vec<u8>>) -> PathBuf {
    files.keys().rfind(|path| path.extension().is_some_and(|extension| extension == "seg")).unwrap().clone()
}

/// Opens what a journal left on a disk that is still full, again and again, and then on one that has room.
fn assert_reopens(disk: &FaultyDisk, acknowledged: &[Append], in_flight: &[Append]) -> Vec<Append> {
    let disk = disk.after_a_kill();
    disk.fill_but(0);
    let before = disk.files();
    verify(&disk).unwrap();
    let read_only = ReadOnlyJournal::open_on(dir(), disk.to_disk()).unwrap();
    assert_holds_either(&read_only, acknowledged, in_flight);
    drop(read_only);
    for room in [0, 0, 40, 0] {
        disk.fill_but(room);
        match open(&disk) {
            Ok((journal, _)) => drop(assert_holds_either(&journal, acknowledged, in_flight)),
            Err(OpenError::Io(error)) => assert_eq!(Obstacle::of(&error), Some(Obstacle::Full), "{error}"),
            Err(other) => panic!("a full disk is not damage: {other}"),
        }
        let (mut files, segment) = (disk.files(), last_segment(&before));
        let cut = before[&segment][files.get(&segment).map_or(0, Vec::len)..].to_vec();
        files.retain(|name, _| !before.contains_key(name));
        let copies: Vec<_> = files.into_values().collect();
        assert!(cut.is_empty() && copies.is_empty() || copies == [cut], "a start that fails leaves no part of a copy");
    }
    disk.fill_but(u64::MAX);
    let (journal, _) = open(&disk).unwrap();
    let shown = assert_holds_either(&journal, acknowledged, in_flight);
    drop(journal);
    for seed in 0..3 {
        let after = disk.after_a_power_cut(&mut Random(seed));
        assert_holds(&open(&after).unwrap().0, &shown);
    }
    shown
}

#[test]
fn a_disk_that_fills_up_at_any_byte_loses_nothing_acknowledged_and_is_not_damaged() {
    let (mut refused, mut unknown, mut marks) = (0, 0, 0);
    for in_pieces in [false, true] {
        for room in (0..).step_by(7) {
            let disk = FaultyDisk::new();
            let Some(scene) = fill(&disk, room, in_pieces) else { break };
            let FullScene { mut journal, mut maker, mut acknowledged, failed, error } = scene;
            assert_holds(&journal, &acknowledged);
            let mut in_flight = Vec::new();
            match &error {
                AppendError::NothingWritten(refusal) => {
                    assert_eq!(refusal.obstacle(), Some(Obstacle::Full), "{refusal}");
                    disk.fill_but(u64::MAX);
                    acknowledged.push(maker.append(if failed.records.len() == 9 { &[90; 9] } else { &[80, 80] }));
                    assert_eq!(acknowledged.last(), Some(&failed), "it is tried again as it was");
                    journal.append(&[failed]).expect("nothing was written, so the journal goes on once there is room");
                    refused += 1;
                }
                AppendError::OutcomeUnknown(_) => {
                    assert!(error.to_string().contains("os error 28"), "{error}");
                    disk.fill_but(u64::MAX);
                    assert_stopped(&mut journal, &failed);
                    in_flight.push(failed);
                    unknown += 1;
                }
                AppendError::Poisoned => {
                    disk.fill_but(u64::MAX);
                    assert_stopped(&mut journal, &failed);
                    marks += 1;
                }
            }
            assert_holds(&journal, &acknowledged);
            drop(journal);
            assert_reopens(&disk, &acknowledged, &in_flight);
        }
    }
    println!("{refused} refused, {unknown} of unknown outcome, {marks} head marks not written");
    assert!(refused > 0 && unknown > 0 && marks > 0);
}

#[test]
fn a_sync_that_finds_no_space_stops_the_journal_and_what_is_shown_afterwards_stays() {
    for sync in [Operation::Sync, Operation::SyncDir] {
        let disk = FaultyDisk::new();
        let mut journal = create(&disk);
        let (mut maker, mut acknowledged) = (Maker::new(3), Vec::new());
        for _ in 0..3 {
            let append = maker.append(&[80, 80]);
            journal.append(std::slice::from_ref(&append)).unwrap();
            acknowledged.push(append);
        }
        disk.refuse(sync, NO_SPACE);
        let (failed, error) = loop {
            let append = maker.append(&[80, 80]);
            match journal.append(std::slice::from_ref(&append)) {
                Ok(_) => acknowledged.push(append),
                Err(error) => break (append, error),
            }
            assert!(acknowledged.len() < 100, "{sync:?} was never needed");
        };
        disk.allow();
        assert!(error.to_string().contains("os error 28"), "{error}");
        assert_stopped(&mut journal, &failed);
        assert_holds(&journal, &acknowledged);
        drop(journal);
        let in_flight = if error.nothing_happened() { Vec::new() } else { vec![failed] };
        assert_eq!(in_flight.is_empty(), sync == Operation::SyncDir, "a segment is begun before anything is written");
        for seed in 0..20 {
            let after = disk.after_a_power_cut(&mut Random(seed));
            assert_holds_either(&open(&after).unwrap().0, &acknowledged, &in_flight);
        }
        assert_reopens(&disk, &acknowledged, &in_flight);
    }
}

#[test]
fn space_that_cannot_be_looked_up_is_a_refusal_that_says_so_and_passes() {
    let disk = FaultyDisk::new();
    let mut journal = create(&disk);
    let append = Maker::new(5).append(&[80, 80]);
    disk.refuse(Operation::Space, NO_SPACE);
    let room = journal.room();
    let refusals = [room.set_aside(1).unwrap_err(), room.refusal().unwrap()];
    let error = journal.append(std::slice::from_ref(&append)).unwrap_err();
    let AppendError::NothingWritten(refusal) = error else { panic!("{error}") };
    for refusal in refusals.into_iter().chain([refusal]) {
        assert!(matches!(refusal, Refusal::SpaceUnknown(_)), "{refusal}");
        assert_eq!(refusal.obstacle(), Some(Obstacle::Full));
    }
    assert!(matches!(journal.begin(&append.header, 300).map(drop), Err(AppendError::NothingWritten(_))));
    assert_eq!(read_all(&*journal.reader()).unwrap(), []);
    disk.allow();
    assert!(room.refusal().is_none());
    journal.append(std::slice::from_ref(&append)).unwrap();
    assert_holds(&journal, &[append]);
}
