//! Stretches of records, read from their places: the same events as reading the log, or none.

use std::sync::Arc;

use detente_domain::position::Position;
use detente_journal::file::disk::RealDisk;
use detente_journal::file::{FileJournal, Options};
use detente_journal::{Append, Journal, NotInPlace, Reader, STRETCH, Waiting};
use tempfile::TempDir;

use super::support::{
    FaultyDisk, Maker, Random, create, dir, history, ledger_id, open, read_all, record, small, with_zeros,
};

/// The events of each whole stretch.
fn stretches_of(appends: &[Append]) -> Vec<Vec<Vec<u8>>> {
    let events: Vec<_> =
        appends.iter().flat_map(|append| &append.records).map(|record| record.event.to_vec()).collect();
    events.chunks_exact(STRETCH as usize).map(<[_]>::to_vec).collect()
}

fn stretch(reader: &dyn Reader, number: usize, waiting: Waiting) -> Option<Vec<Vec<u8>>> {
    let mut events = Vec::new();
    let first = Position(number as u64 * STRETCH + 1);
    let positions = first..=first.plus(STRETCH - 1);
    let read = reader.read_in_place(positions, waiting, &mut |event| events.push(event.to_vec()));
    read.is_ok().then_some(events)
}

/// One record of a stretch.
fn one(reader: &dyn Reader, position: Position) -> Option<Vec<u8>> {
    let mut events = Vec::new();
    let read = reader.read_in_place(position..=position, Waiting::AsLong, &mut |event| events.push(event.to_vec()));
    (read.is_ok() && events.len() == 1).then(|| events.remove(0))
}

fn assert_stretches(journal: &dyn Journal, appends: &[Append]) {
    let expected = stretches_of(appends);
    let reader = journal.reader();
    for (number, events) in expected.iter().enumerate() {
        assert_eq!(stretch(&*reader, number, Waiting::AsLong).as_ref(), Some(events), "stretch {number}");
    }
    assert_eq!(stretch(&*reader, expected.len(), Waiting::AsLong), None, "an unfinished stretch is no answer");
    let events = appends.iter().flat_map(|append| &append.records).map(|record| record.event.to_vec());
    for (position, event) in (1..).map(Position).zip(events) {
        assert_eq!(one(&*reader, position), Some(event), "position {position}");
    }
    assert_eq!(one(&*reader, journal.head().position.next()), None);
    assert_eq!(one(&*reader, Position::START), None);
}

#[test]
fn each_stretch_is_read_from_its_place_over_frames_runs_and_segments() {
    for (seed, options) in [(1, small()), (2, with_zeros()), (3, Options { reserve_bytes: 0, ..Options::default() })] {
        let home = TempDir::new().unwrap();
        let mut journal = FileJournal::create(home.path(), ledger_id(), options.clone(), Arc::new(RealDisk)).unwrap();
        let mut random = Random(seed);
        let groups = history(seed, 60);
        groups.iter().for_each(|group| assert!(record(&mut journal, group, &mut random).is_ok()));
        assert_stretches(&journal, &groups.concat());
    }
}

#[test]
fn after_a_start_a_place_is_learned_or_found_by_reading() {
    let disk = FaultyDisk::new();
    let groups = history(4, 60);
    let mut journal = create(&disk);
    groups.iter().for_each(|group| assert!(journal.append(group).is_ok()));
    let places: Vec<_> = (0..).map_while(|number| journal.reader().place_of(number)).collect();
    assert!(places.len() > 4);
    drop(journal);
    let (journal, _) = open(&disk).unwrap();
    let reader = journal.reader();
    assert_eq!(stretch(&*reader, 1, Waiting::AsLong), None, "no place is known");
    places.iter().enumerate().for_each(|(number, place)| reader.learn_place(number, *place));
    assert_stretches(&journal, &groups.concat());
    drop(journal);
    let (journal, _) = open(&disk).unwrap();
    read_all(&*journal.reader()).unwrap();
    assert_stretches(&journal, &groups.concat());
}

#[test]
fn a_wrong_place_and_a_flipped_bit_give_no_answer_or_the_right_one() {
    let disk = FaultyDisk::new();
    let groups = history(5, 40);
    let mut journal = create(&disk);
    groups.iter().for_each(|group| assert!(journal.append(group).is_ok()));
    let all = stretches_of(&groups.concat());
    let places: Vec<_> = (0..all.len()).filter_map(|number| journal.reader().place_of(number)).collect();
    journal.checkpoint().unwrap();
    drop(journal);
    let (journal, _) = open(&disk).unwrap();
    let reader = journal.reader();
    for (number, events) in all.iter().enumerate() {
        for offset in (0..2_200).chain([u64::MAX - 1]) {
            reader.learn_place(number, offset);
            let found = stretch(&*reader, number, Waiting::AsLong);
            assert!(found.is_none_or(|found| found == *events), "stretch {number} at {offset}");
        }
    }
    drop(journal);
    let segments: Vec<_> =
        disk.files().into_keys().filter(|path| path.extension().is_some_and(|e| e == "seg")).collect();
    let mut wrong = 0;
    for path in &segments {
        for index in (112..disk.files()[path].len()).step_by(5) {
            let mut files = disk.files();
            files.get_mut(path).unwrap()[index] ^= 0x20;
            // Only the mark is looked at by a start, so that a flip before it is not noticed there.
            let Ok((journal, _)) = open(&FaultyDisk::of(files)) else { continue };
            let reader = journal.reader();
            for (number, (events, place)) in all.iter().zip(&places).enumerate() {
                reader.learn_place(number, *place);
                match stretch(&*reader, number, Waiting::AsLong) {
                    Some(found) => assert_eq!(found, *events, "{} byte {index}", path.display()),
                    None => wrong += 1,
                }
            }
        }
    }
    assert!(wrong > 100, "{wrong}");
}

#[test]
fn without_waiting_a_stretch_is_read_if_its_bytes_are_in_memory() {
    let home = TempDir::new().unwrap();
    let options = Options { reserve_bytes: 0, ..Options::default() };
    let mut journal = FileJournal::create(home.path(), ledger_id(), options, Arc::new(RealDisk)).unwrap();
    let append = Maker::new(6).append(&[200; 64]);
    journal.append(std::slice::from_ref(&append)).unwrap();
    let reader = journal.reader();
    let read = stretch(&*reader, 2, Waiting::Never);
    assert!(read.is_none_or(|events| events == stretches_of(&[append])[2]));
    let disk = FaultyDisk::new();
    let mut journal = FileJournal::create(dir(), ledger_id(), small(), disk.to_disk()).unwrap();
    journal.append(&[Maker::new(6).append(&[20; 64])]).unwrap();
    let read = journal.reader().read_in_place(Position(33)..=Position(40), Waiting::Never, &mut |_| ());
    assert_eq!(read, Err(NotInPlace::WouldWait), "a disk that cannot say would be waited for");
    assert!(journal.reader().read(Position(33)).unwrap().next().unwrap().is_ok());
}
