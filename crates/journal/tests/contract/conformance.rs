//! One suite for every journal.

use std::sync::Arc;

use detente_domain::position::{Position, RecordedAt};
use detente_journal::file::disk::RealDisk;
use detente_journal::file::{FileJournal, Options};
use detente_journal::memory::MemoryJournal;
use detente_journal::{Append, AppendError, Head, Journal, ReadError, Reader, Refusal, chain};
use tempfile::TempDir;

use super::support::{Maker, append_all, assert_holds, head_of, history, ledger_id, read_all, small, with_zeros};

/// Runs a test on all journals. The directory lives as long as the test.
fn on_all(test: impl Fn(&mut dyn Journal)) {
    test(&mut MemoryJournal::new(ledger_id()));
    test(&mut MemoryJournal::with_chunks_of(ledger_id(), 3));
    for options in [small(), with_zeros(), Options { reserve_bytes: 0, ..Options::default() }] {
        let dir = TempDir::new().unwrap();
        test(&mut FileJournal::create(dir.path(), ledger_id(), options, Arc::new(RealDisk)).unwrap());
    }
}

#[test]
fn a_new_journal_is_empty() {
    on_all(|journal| {
        assert_eq!(journal.ledger_id(), ledger_id());
        assert_holds(journal, &[]);
    });
}

#[test]
fn what_is_appended_is_read_back_in_order() {
    on_all(|journal| {
        let mut all = Vec::new();
        for group in history(1, 30) {
            let head = journal.append(&group).unwrap();
            all.extend(group);
            assert_eq!(head, head_of(&all));
            assert_eq!(journal.reader().head(), head);
        }
        journal.checkpoint().unwrap();
        assert_holds(journal, &all);
    });
}

#[test]
fn an_empty_group_changes_nothing() {
    on_all(|journal| assert_eq!(journal.append(&[]).unwrap(), Head::GENESIS));
}

#[test]
fn an_append_of_many_frames_is_read_whole() {
    on_all(|journal| {
        let mut maker = Maker::new(2);
        let group = [maker.append(&[40; 500]), maker.append(&[1]), maker.append(&[3_000, 0, 5_000])];
        journal.append(&group).unwrap();
        assert_holds(journal, &group);
    });
}

#[test]
fn reading_starts_at_any_position_even_inside_a_frame() {
    on_all(|journal| {
        let groups = history(3, 20);
        append_all(journal, &groups);
        let all = groups.concat();
        let reader = journal.reader();
        for from in 1..=reader.head().position.0 {
            assert_reads_from(&*reader, &all, Position(from));
        }
    });
}

fn assert_reads_from(reader: &dyn Reader, all: &[Append], from: Position) {
    let mut next = from;
    for chunk in reader.read(from).unwrap() {
        let chunk = chunk.unwrap();
        let append = all.iter().find(|append| append.header.last() >= chunk.first).unwrap();
        assert_eq!((chunk.first, &*chunk.header), (next, &append.header));
        let start = (chunk.first.0 - append.header.first.0) as usize;
        let end = start + chunk.records.len();
        assert_eq!(chunk.records, append.records[start..end]);
        assert_eq!(chunk.last, end == append.records.len());
        assert!(!chunk.last || chunk.link == append.link);
        next = chunk.first.plus(chunk.records.len() as u64);
    }
    assert_eq!(next, reader.head().position.next());
}

#[test]
fn every_chunk_states_the_link_after_its_last_record() {
    on_all(|journal| {
        let append = Maker::new(4).append(&[30; 60]);
        journal.append(std::slice::from_ref(&append)).unwrap();
        let mut link = chain::open_append(Head::GENESIS.link, &append.header);
        for chunk in journal.reader().read(Position(1)).unwrap() {
            let chunk = chunk.unwrap();
            link = chain::extend_all(link, &chunk.records);
            assert_eq!(chunk.link, link);
        }
        assert_eq!(link, append.link);
    });
}

#[test]
fn reading_after_the_head_yields_nothing_and_beyond_it_is_an_error() {
    on_all(|journal| {
        journal.append(&[Maker::new(5).append(&[1, 2])]).unwrap();
        let reader = journal.reader();
        assert_eq!(reader.read(Position(3)).unwrap().count(), 0);
        assert!(matches!(reader.read(Position(4)), Err(ReadError::BeyondHead { .. })));
    });
}

#[test]
fn a_read_ends_at_the_head_it_began_with() {
    on_all(|journal| {
        let mut maker = Maker::new(6);
        journal.append(&[maker.append(&[1])]).unwrap();
        let reader = journal.reader();
        let mut chunks = reader.read(Position(1)).unwrap();
        journal.append(&[maker.append(&[1])]).unwrap();
        assert!(chunks.next().unwrap().is_ok());
        assert!(chunks.next().is_none());
        assert_eq!(read_all(&*reader).unwrap().len(), 2);
    });
}

/// Each change makes an append that must not be recorded.
#[test]
fn an_append_that_does_not_follow_is_refused_and_nothing_of_its_group_is_recorded() {
    let changes: [fn(&mut Append); 5] = [
        |append| append.header.first = Position(4),
        |append| append.header.first = Position(2),
        |append| append.header.count = 3,
        |append| append.records.clear(),
        |append| append.header.recorded_at.0 -= 1,
    ];
    on_all(|journal| {
        for change in changes {
            let mut maker = Maker::new(7);
            let (good, mut bad) = (maker.append(&[5, 5]), maker.append(&[5, 5]));
            change(&mut bad);
            let error = journal.append(&[good, bad]).unwrap_err();
            assert!(matches!(error, AppendError::NothingWritten(_)) && error.nothing_happened(), "{error}");
            assert_holds(journal, &[]);
        }
        let good = Maker::new(7).append(&[5, 5]);
        journal.append(std::slice::from_ref(&good)).unwrap();
        assert_holds(journal, &[good]);
    });
}

#[test]
fn an_equal_recorded_time_is_for_backfills_only() {
    on_all(|journal| {
        let mut maker = Maker::new(8);
        journal.append(&[maker.append(&[1])]).unwrap();
        let before = maker.head;
        let mut second = maker.append(&[1]);
        second.header.recorded_at = before.recorded_at;
        second.header.floor = RecordedAt::MIN;
        second.link = chain::seal(before.link, &second.header, &second.records);
        let error = journal.append(std::slice::from_ref(&second)).unwrap_err();
        assert!(matches!(error, AppendError::NothingWritten(Refusal::NotLater { .. })));
        second.header.backfilled = true;
        second.link = chain::seal(before.link, &second.header, &second.records);
        journal.append(&[second]).unwrap();
    });
}

#[test]
fn readers_beside_the_writer_see_prefixes_of_whole_appends() {
    on_all(|journal| {
        let groups = history(9, 60);
        let all = groups.concat();
        let reader = journal.reader();
        std::thread::scope(|scope| {
            let watcher = scope.spawn(|| watch(&*reader, &all));
            append_all(journal, &groups);
            assert!(watcher.join().unwrap() > 0);
        });
    });
}

/// Reads again and again until everything is there; how often.
fn watch(reader: &dyn Reader, all: &[Append]) -> usize {
    for reads in 1.. {
        let seen = read_all(reader).unwrap();
        assert_eq!(seen, all[..seen.len()]);
        if seen.len() == all.len() {
            return reads;
        }
    }
    unreachable!()
}
