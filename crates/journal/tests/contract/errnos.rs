//! Errors of the system, number by number and operation by operation: nothing acknowledged is lost, nothing is called
//! damaged, and the words name what the system said.

use std::io;

use detente_journal::file::disk::Disk;
use detente_journal::file::{FileJournal, OpenError, ReadOnlyJournal};
use detente_journal::{Append, AppendError, Journal, Obstacle, Promise, Refusal};

use super::support::faulty_disk::Operation;
use super::support::{FaultyDisk, Maker, assert_holds, create, dir, head_of, open, read_all, small, verify};

/// The numbers of Linux: no space, quota, read-only, access, permission, descriptors of the process and the system, device.
const NUMBERS: [(i32, Obstacle); 8] = [
    (28, Obstacle::Full),
    (122, Obstacle::Full),
    (30, Obstacle::ReadOnly),
    (13, Obstacle::Forbidden),
    (1, Obstacle::Forbidden),
    (24, Obstacle::Descriptors),
    (23, Obstacle::Descriptors),
    (5, Obstacle::Device),
];

fn append_groups(disk: &FaultyDisk, groups: usize) -> (FileJournal, Maker, Vec<Append>) {
    let mut journal = create(disk);
    let mut maker = Maker::new(7);
    let appends: Vec<Append> = (0..groups).map(|_| maker.append(&[80, 80])).collect();
    for append in &appends {
        journal.append(std::slice::from_ref(append)).unwrap();
    }
    (journal, maker, appends)
}

/// Records one more append, which must succeed.
fn append_one(journal: &mut FileJournal, maker: &mut Maker, appends: &mut Vec<Append>) {
    let append = maker.append(&[80, 80]);
    journal.append(std::slice::from_ref(&append)).unwrap();
    appends.push(append);
}

fn segments(disk: &FaultyDisk) -> usize {
    disk.files().keys().filter(|path| path.extension().is_some_and(|extension| extension == "seg")).count()
}

#[test]
fn a_promised_append_finds_its_segment_without_a_descriptor() {
    let disk = FaultyDisk::new();
    let (mut journal, mut maker, mut appends) = append_groups(&disk, 3);
    let room = journal.room();
    for _ in 0..60 {
        let promise = Promise::of(&room, 400).unwrap();
        for operation in [Operation::Create, Operation::Open, Operation::OpenDir] {
            disk.refuse(operation, 24);
        }
        append_one(&mut journal, &mut maker, &mut appends);
        disk.allow();
        drop(promise);
    }
    assert!(segments(&disk) > 5, "segments were begun: {}", segments(&disk));
    assert_holds(&journal, &appends);
    drop(journal);
    assert_holds(&open(&disk).unwrap().0, &appends);
}

#[test]
fn many_promises_at_once_have_all_the_segments_that_they_may_need() {
    let disk = FaultyDisk::new();
    let (mut journal, mut maker, mut appends) = append_groups(&disk, 3);
    let room = journal.room();
    let promises: Vec<Promise> = (0..60).map(|_| Promise::of(&room, 400).unwrap()).collect();
    for operation in [Operation::Create, Operation::Open, Operation::OpenDir] {
        disk.refuse(operation, 24);
    }
    for _ in &promises {
        append_one(&mut journal, &mut maker, &mut appends);
    }
    disk.allow();
    assert_holds(&journal, &appends);
}

#[test]
fn without_a_descriptor_room_is_refused_before_anything_happens_and_given_once_there_is_one() {
    let disk = FaultyDisk::new();
    let (mut journal, mut maker, mut appends) = append_groups(&disk, 3);
    let room = journal.room();
    for number in [24, 23] {
        disk.refuse(Operation::Create, number);
        disk.refuse(Operation::OpenDir, number);
        let refusal = room.set_aside(400).unwrap_err();
        assert!(matches!(refusal, Refusal::NoSegment(_)), "{refusal}");
        assert_eq!(refusal.obstacle(), Some(Obstacle::Descriptors));
        assert!(refusal.to_string().contains(&format!("os error {number}")), "{refusal}");
        assert!(room.refusal().is_some_and(|refusal| refusal.obstacle() == Some(Obstacle::Descriptors)));
    }
    disk.allow();
    assert!(room.refusal().is_none());
    let _promise = Promise::of(&room, 400).unwrap();
    append_one(&mut journal, &mut maker, &mut appends);
    assert_holds(&journal, &appends);
}

#[test]
fn a_roll_that_cannot_be_made_is_a_refusal_and_the_journal_goes_on() {
    for (number, obstacle) in NUMBERS {
        let disk = FaultyDisk::new();
        let (mut journal, mut maker, mut appends) = append_groups(&disk, 3);
        disk.refuse(Operation::Create, number);
        let refused = loop {
            let before = maker.clone();
            let append = maker.append(&[80, 80]);
            match journal.append(std::slice::from_ref(&append)) {
                Ok(_) => appends.push(append),
                Err(error) => {
                    maker = before;
                    break error;
                }
            }
            assert!(appends.len() < 200, "no segment was ever needed");
        };
        let AppendError::NothingWritten(refusal) = &refused else { panic!("{number}: {refused}") };
        assert_eq!(refusal.obstacle(), Some(obstacle), "{refused}");
        disk.allow();
        append_one(&mut journal, &mut maker, &mut appends);
        assert_holds(&journal, &appends);
        drop(journal);
        assert_holds(&open(&disk).unwrap().0, &appends);
    }
}

#[test]
fn whatever_is_refused_wherever_nothing_acknowledged_is_lost_and_nothing_is_called_damaged() {
    for (number, _) in NUMBERS {
        for operation in Operation::ALL {
            let disk = FaultyDisk::new();
            let (mut journal, mut maker, mut appends) = append_groups(&disk, 3);
            disk.refuse(operation, number);
            let (mut failed, mut doubtful) = (None, Vec::new());
            for _ in 0..40 {
                let before = maker.clone();
                let append = maker.append(&[80, 80]);
                match journal.append(std::slice::from_ref(&append)) {
                    Ok(_) => appends.push(append),
                    Err(error) => {
                        if !error.nothing_happened() {
                            doubtful.push(append);
                        }
                        maker = before;
                        failed = Some(error);
                        break;
                    }
                }
            }
            if let Some(error) = &failed {
                assert!(error.to_string().contains(&format!("os error {number}")), "{operation:?}: {error}");
            }
            disk.allow();
            let synced = matches!(operation, Operation::Sync | Operation::SyncDir);
            if synced && failed.is_some() {
                let again = journal.append(&[maker.append(&[80])]).unwrap_err();
                assert!(matches!(again, AppendError::Poisoned), "after a failed sync nothing more: {again}");
            }
            drop(journal);
            let (journal, _) = open(&disk).unwrap_or_else(|error| panic!("{operation:?} {number}: {error}"));
            if journal.head() != head_of(&appends) {
                appends.append(&mut doubtful);
            }
            assert_holds(&journal, &appends);
        }
    }
}

#[test]
fn a_start_that_the_system_refuses_says_what_it_said_and_succeeds_once_it_does_not() {
    for (number, obstacle) in NUMBERS {
        for operation in Operation::ALL {
            let disk = FaultyDisk::new();
            let (journal, _, appends) = append_groups(&disk, 30);
            drop(journal);
            let disk = disk.after_a_kill();
            disk.refuse(operation, number);
            match open(&disk) {
                Ok((journal, _)) => assert_holds(&journal, &appends),
                Err(OpenError::Io(error)) => {
                    assert_eq!(Obstacle::of(&error), Some(obstacle), "{operation:?}");
                    assert!(OpenError::Io(error).to_string().contains(&format!("os error {number}")));
                }
                Err(other) => panic!("{operation:?} {number}: {other}"),
            }
            disk.allow();
            assert_holds(&open(&disk).unwrap().0, &appends);
        }
    }
}

#[test]
fn a_making_that_the_system_refuses_says_so_and_can_be_begun_again() {
    for (number, _) in NUMBERS {
        for operation in Operation::ALL {
            let disk = FaultyDisk::new();
            disk.refuse(operation, number);
            let made = FileJournal::create(dir(), super::support::ledger_id(), small(), disk.to_disk());
            if let Err(error) = made.map(drop) {
                assert!(error.to_string().contains(&format!("os error {number}")), "{operation:?}: {error}");
            }
            disk.allow();
            if !FileJournal::exists_on(dir(), &disk).unwrap() {
                drop(create(&disk));
            }
            open(&disk).unwrap();
        }
    }
}

/// Everything that changes something.
fn forbid_changes(disk: &FaultyDisk) {
    for operation in Operation::ALL {
        if !matches!(operation, Operation::Open | Operation::List | Operation::Space) {
            disk.refuse(operation, 30);
        }
    }
}

#[test]
fn a_journal_on_a_disk_that_takes_nothing_is_verified_and_read_and_nothing_in_it_changes() {
    let disk = FaultyDisk::new();
    let (journal, _, appends) = append_groups(&disk, 30);
    drop(journal);
    // A write that was never acknowledged, cut short.
    let mut torn = disk.files();
    let last = torn.keys().rfind(|path| path.extension().is_some_and(|extension| extension == "seg")).unwrap().clone();
    torn.get_mut(&last).unwrap().extend([7; 50]);
    let disk = FaultyDisk::of(torn);

    forbid_changes(&disk);
    let before = disk.files();
    let report = verify(&disk).unwrap();
    assert!(report.torn_bytes > 0 && report.head == head_of(&appends));
    let journal = ReadOnlyJournal::open_on(dir(), disk.to_disk()).unwrap();
    assert_holds(&journal, &appends);
    assert_eq!(read_all(&*journal.reader()).unwrap(), appends);
    assert_eq!(disk.files(), before);
    drop(journal);
    disk.allow();
    assert_holds(&open(&disk).unwrap().0, &appends);
}

#[test]
fn a_journal_that_is_only_read_refuses_every_append_and_says_why() {
    let disk = FaultyDisk::new();
    let (journal, mut maker, appends) = append_groups(&disk, 5);
    drop(journal);
    let mut journal = ReadOnlyJournal::open_on(dir(), disk.to_disk()).unwrap();
    let append = maker.append(&[8]);
    let refused = journal.append(std::slice::from_ref(&append)).unwrap_err();
    assert!(matches!(refused, AppendError::NothingWritten(Refusal::ReadOnly)), "{refused}");
    assert!(journal.begin(&append.header, 100).is_err());
    assert!(matches!(journal.room().set_aside(1), Err(Refusal::ReadOnly)));
    journal.checkpoint().unwrap();
    assert_holds(&journal, &appends);
}

#[test]
fn a_file_that_was_left_for_the_next_segment_is_used_whatever_is_in_it() {
    let disk = FaultyDisk::new();
    let (journal, mut maker, mut appends) = append_groups(&disk, 3);
    drop(Promise::of(&journal.room(), 10).unwrap());
    drop(journal);
    let mut files = disk.files();
    let spare = files.keys().find(|path| path.ends_with("NEXT-1")).unwrap().clone();
    files.insert(spare, vec![b'x'; 5000]);
    let disk = FaultyDisk::of(files);
    let (mut journal, _) = open(&disk).unwrap();
    for _ in 0..40 {
        append_one(&mut journal, &mut maker, &mut appends);
    }
    assert_holds(&journal, &appends);
    drop(journal);
    assert_holds(&open(&disk).unwrap().0, &appends);
}

#[test]
fn a_refusal_of_this_disk_has_the_number_that_was_asked_for() {
    let disk = FaultyDisk::new();
    disk.refuse(Operation::Create, 24);
    let refused = disk.create(&dir().join("x")).map(drop).unwrap_err();
    assert_eq!(refused.raw_os_error(), Some(24));
    assert_eq!(io::Error::from_raw_os_error(24).to_string(), refused.to_string());
}
