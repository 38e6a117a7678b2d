//! Appends that are written piece by piece: the same record as when they are written at once, and nothing at all before they
//! are sealed.

use std::sync::Arc;

use detente_domain::position::Position;
use detente_journal::file::disk::RealDisk;
use detente_journal::file::{FileJournal, Options, verify};
use detente_journal::memory::MemoryJournal;
use detente_journal::{Append, AppendError, Journal, Link, Piece, Refusal, chain};
use tempfile::TempDir;

use super::support::{
    FaultyDisk, Maker, Random, append_in_pieces, assert_holds, create, dir, head_of, ledger_id, one_segment, open,
    read_all, record, small, verify as verify_on, with_zeros,
};

/// Runs a test on all journals. The directory lives as long as the test.
fn on_all(test: impl Fn(&mut dyn Journal)) {
    test(&mut MemoryJournal::new(ledger_id()));
    test(&mut MemoryJournal::with_chunks_of(ledger_id(), 3));
    for options in [small(), with_zeros(), Options { reserve_bytes: 0, ..Options::default() }] {
        let dir = TempDir::new().unwrap();
        test(&mut FileJournal::create(dir.path(), ledger_id(), options, Arc::new(RealDisk)).unwrap());
    }
}

/// A large append between two small ones.
fn three() -> [Append; 3] {
    let mut maker = Maker::new(11);
    [maker.append(&[5]), maker.append(&[90; 57]), maker.append(&[7, 0])]
}

#[test]
fn however_an_append_is_cut_into_pieces_it_is_the_same_record() {
    for sizes in [&[1][..], &[57], &[56, 1], &[2, 5, 1]] {
        on_all(|journal| {
            let all = three();
            journal.append(&all[..1]).unwrap();
            let head = append_in_pieces(journal, &all[1], sizes).unwrap();
            assert_eq!((head, journal.head()), (head_of(&all[..2]), head));
            assert_eq!(journal.reader().head(), head);
            journal.append(&all[2..]).unwrap();
            journal.checkpoint().unwrap();
            assert_holds(journal, &all);
        });
    }
}

#[test]
fn a_journal_with_runs_is_opened_and_verified_like_any_other() {
    let disk = FaultyDisk::new();
    let mut journal = create(&disk);
    let mut maker = Maker::new(12);
    let all: Vec<_> = (0..12).map(|nth| maker.append(&vec![40; 1 + nth * 9])).collect();
    let mut random = Random(3);
    for append in &all {
        record(&mut journal, std::slice::from_ref(append), &mut random).unwrap();
    }
    drop(journal);
    assert_holds(&open(&disk).unwrap().0, &all);
    let report = verify_on(&disk).unwrap();
    assert_eq!((report.head, report.torn_bytes), (head_of(&all), 0));
}

#[test]
fn readers_see_nothing_of_a_run_before_it_is_sealed() {
    on_all(|journal| {
        let all = three();
        journal.append(&all[..1]).unwrap();
        let reader = journal.reader();
        let mut link = chain::open_append(journal.head().link, &all[1].header);
        let mut run = journal.begin(&all[1].header, 1 << 16).unwrap();
        for records in all[1].records.chunks(10) {
            link = chain::extend_all(link, records);
            run.extend(&Piece { records: records.to_vec(), link }).unwrap();
            assert_eq!(read_all(&*reader).unwrap(), all[..1]);
        }
        run.seal().unwrap();
        assert_eq!(read_all(&*reader).unwrap(), all[..2]);
    });
}

#[test]
fn a_run_that_does_not_follow_or_has_other_records_than_its_header_counts_is_refused() {
    on_all(|journal| {
        let all = three();
        let refused = |result: Result<(), AppendError>| match result {
            Err(AppendError::NothingWritten(refusal)) => refusal,
            other => panic!("{other:?}"),
        };
        assert!(matches!(refused(journal.begin(&all[1].header, 0).map(drop)), Refusal::NotNext { .. }));
        let mut none = all[0].header.clone();
        none.count = 0;
        assert!(matches!(refused(journal.begin(&none, 0).map(drop)), Refusal::WrongCount { .. }));
        let piece = Piece { records: all[0].records.clone(), link: all[0].link };
        let mut run = journal.begin(&all[0].header, 64).unwrap();
        let empty = Piece { records: Vec::new(), link: Link::GENESIS };
        assert!(matches!(refused(run.extend(&empty)), Refusal::WrongCount { .. }));
        drop(run);
        let run = journal.begin(&all[0].header, 64).unwrap();
        assert!(matches!(refused(run.seal().map(drop)), Refusal::WrongCount { .. }));
        let mut run = journal.begin(&all[0].header, 64).unwrap();
        run.extend(&piece).unwrap();
        assert!(matches!(refused(run.extend(&piece)), Refusal::WrongCount { .. }));
        drop(run);
        let mut run = journal.begin(&all[0].header, 64).unwrap();
        run.extend(&piece).unwrap();
        run.seal().unwrap();
        assert_holds(journal, &all[..1]);
    });
}

/// Frames are handed to the disk four mebibytes at a time: this much certainly was.
const MUCH: usize = 6 << 20;

/// A journal with one append, and behind it most of a run that was let go of.
fn let_go(dir: &TempDir, options: &Options) -> (FileJournal, Maker, Append) {
    let mut journal = FileJournal::create(dir.path(), ledger_id(), options.clone(), Arc::new(RealDisk)).unwrap();
    let mut maker = Maker::new(13);
    let first = maker.append(&[5]);
    journal.append(std::slice::from_ref(&first)).unwrap();
    let large = maker.clone().append(&[MUCH, MUCH]);
    let mut run = journal.begin(&large.header, 1 << 25).unwrap();
    let link = chain::extend_all(chain::open_append(first.link, &large.header), &large.records[..1]);
    run.extend(&Piece { records: large.records[..1].to_vec(), link }).unwrap();
    drop(run);
    (journal, maker, first)
}

#[test]
fn a_run_that_is_let_go_of_is_voided_by_the_next_append_whatever_that_is() {
    let options = Options { reserve_bytes: 0, ..Options::default() };
    let ways: [&[usize]; 3] = [&[7], &[MUCH, 9, MUCH], &[40; 3]];
    for (lengths, in_pieces) in ways.iter().flat_map(|lengths| [(lengths, false), (lengths, true)]) {
        let dir = TempDir::new().unwrap();
        let (mut journal, mut maker, first) = let_go(&dir, &options);
        let second = maker.append(lengths);
        match in_pieces {
            true => append_in_pieces(&mut journal, &second, &[1]).unwrap(),
            false => journal.append(std::slice::from_ref(&second)).unwrap(),
        };
        let third = maker.append(&[3, 4]);
        journal.append(std::slice::from_ref(&third)).unwrap();
        let all = [first, second, third];
        assert_holds(&journal, &all);
        let from = |position| journal.reader().read(position).unwrap().next().unwrap().unwrap();
        assert_eq!(from(Position(2)).records[0], all[1].records[0], "the voided record is not read in its place");
        drop(journal);
        for mark in [true, false] {
            if !mark {
                std::fs::remove_file(dir.path().join("HEAD")).unwrap();
            }
            verify(dir.path(), &RealDisk, &mut |_, _| ()).unwrap();
            let (journal, recovery) = FileJournal::open(dir.path(), options.clone(), Arc::new(RealDisk)).unwrap();
            assert_eq!(recovery.torn, None);
            assert_holds(&journal, &all);
        }
    }
}

#[test]
fn a_run_that_is_let_go_of_last_is_cut_when_the_journal_is_opened_again() {
    let dir = TempDir::new().unwrap();
    let options = Options { reserve_bytes: 0, ..Options::default() };
    let (journal, mut maker, first) = let_go(&dir, &options);
    assert_eq!(read_all(&*journal.reader()).unwrap(), std::slice::from_ref(&first));
    drop(journal);
    let (mut journal, recovery) = FileJournal::open(dir.path(), options, Arc::new(RealDisk)).unwrap();
    assert!(recovery.torn.unwrap().bytes > MUCH as u64);
    let large = maker.append(&[MUCH, MUCH]);
    append_in_pieces(&mut journal, &large, &[1]).unwrap();
    assert_holds(&journal, &[first, large]);
}

#[test]
fn a_full_disk_refuses_a_run_before_anything_is_written() {
    let disk = FaultyDisk::new();
    let mut journal = create(&disk);
    let append = Maker::new(14).append(&[5]);
    disk.set_space(10_000);
    let refused = journal.begin(&append.header, 10_001).map(drop);
    assert!(matches!(refused, Err(AppendError::NothingWritten(Refusal::DiskFull { .. }))), "{refused:?}");
    journal.append(std::slice::from_ref(&append)).unwrap();
    assert_holds(&journal, &[append]);
}

/// One large append in pieces, over a few small ones, with the n-th operation failing or the power cut there.
#[test]
fn wherever_a_run_is_interrupted_it_is_there_whole_or_not_at_all() {
    let work = |disk: &FaultyDisk, prepare: &dyn Fn(&FaultyDisk)| {
        let options = one_segment();
        let mut journal = FileJournal::create(dir(), ledger_id(), options, disk.to_disk()).unwrap();
        let mut maker = Maker::new(15);
        let small = maker.append(&[5, 5]);
        journal.append(std::slice::from_ref(&small)).unwrap();
        // Two and a half mebibytes a record: the run is handed over in several writes.
        let large = maker.append(&[5 << 19; 5]);
        prepare(disk);
        let done = append_in_pieces(&mut journal, &large, &[1]);
        (small, large, done.is_ok())
    };
    let disk = FaultyDisk::new();
    let before = std::cell::Cell::new(0);
    work(&disk, &|disk| before.set(disk.operations()));
    let operations = disk.operations() - before.get();
    assert!(operations > 4, "{operations} operations are no run of pieces");
    let (mut whole, mut nothing) = (0, 0);
    for n in 1..=operations {
        let ways: [&dyn Fn(&FaultyDisk); 2] = [&|disk| disk.fail_in(n), &|disk| disk.die_in(n)];
        for prepare in ways {
            let disk = FaultyDisk::new();
            let (small, large, acknowledged) = work(&disk, prepare);
            for seed in 0..4 {
                let after = disk.after_a_power_cut(&mut Random(seed));
                let (journal, _) = FileJournal::open(dir(), one_segment(), after.to_disk()).unwrap();
                let found = read_all(&*journal.reader()).unwrap();
                match found.len() {
                    2 => assert_eq!(found, [small.clone(), large.clone()]),
                    _ => assert_eq!((found, acknowledged), (vec![small.clone()], false), "operation {n}"),
                }
                if journal.head() == head_of(std::slice::from_ref(&small)) { nothing += 1 } else { whole += 1 }
            }
        }
    }
    println!("{operations} operations interrupted: {whole} times the run was there, {nothing} times nothing of it");
    assert!(whole > 0 && nothing > 0);
}

/// An append over a run that was let go of, with the power cut at every operation of it.
#[test]
fn wherever_the_power_goes_a_run_that_was_let_go_of_is_never_shown() {
    let work = |disk: &FaultyDisk, n: u64| {
        let mut journal = FileJournal::create(dir(), ledger_id(), one_segment(), disk.to_disk()).unwrap();
        let mut maker = Maker::new(16);
        let first = maker.append(&[5]);
        journal.append(std::slice::from_ref(&first)).unwrap();
        let large = maker.clone().append(&[5 << 20; 2]);
        let mut run = journal.begin(&large.header, 1 << 24).unwrap();
        let link = chain::extend_all(chain::open_append(first.link, &large.header), &large.records[..1]);
        run.extend(&Piece { records: large.records[..1].to_vec(), link }).unwrap();
        drop(run);
        disk.die_in(n);
        let second = maker.append(&[7, 8]);
        let done = journal.append(std::slice::from_ref(&second));
        ([first, second], done.is_ok())
    };
    let mut counts = [0; 2];
    for n in 1..=4 {
        for seed in 0..20 {
            let disk = FaultyDisk::new();
            let (all, acknowledged) = work(&disk, n);
            let after = disk.after_a_power_cut(&mut Random(seed));
            let (journal, _) = FileJournal::open(dir(), one_segment(), after.to_disk()).unwrap();
            let found = read_all(&*journal.reader()).unwrap();
            assert!(found == all[..found.len()] && found.len() > usize::from(acknowledged), "operation {n}");
            counts[found.len() - 1] += 1;
            drop(journal);
            verify_on(&after).unwrap();
        }
    }
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
}
