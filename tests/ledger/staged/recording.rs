//! The effects of recording a stage on the record, on readers, and on other writers.

use super::commands::{SOON, assertions, commit, commit_whole, lay_out, new_at, uuid};
use crate::support::ask;
use crate::support::home::{Home, block_on, request};
use crate::support::make::{assert, batch, event, id, on, registrations, tick};
use detente_domain::cut::Cut;
use detente_domain::position::Position;
use detente_journal::file::disk::RealDisk;
use detente_journal::file::verify;
use detente_ledger::Ledger;
use detente_ledger::error::QueryError;
use detente_ledger::open::journal_dir;
use detente_ledger::query::events::Start;
use detente_ledger::write::stage::{Commit, StageError};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn releases_are_recorded_at_the_times_they_had_and_seen_as_they_were_then() {
    let home = Home::in_memory();
    home.at(on("2013-01-01")).record(registrations());
    home.at(on("2020-01-01"));
    for (number, day, claims) in [(7, "2014-06-01", 1..4), (8, "2018-06-01", 4..9)] {
        home.ledger.open_stage(&new_at(number, on(day))).unwrap();
        home.ledger.add_to_stage(uuid(number), 0, &assertions(claims)).unwrap();
        assert_eq!(commit_whole(&home, number).append.recorded_at, Some(on(day)));
    }
    let known_at = |day| ask::state_at(&home.ledger, "2025", Cut::KnownAt(on(day))).certainties().len();
    assert_eq!((known_at("2014-05-31"), known_at("2014-06-01"), known_at("2018-06-02")), (0, 3, 8));
    let events = ask::events(&home.ledger, Start::After(Position(6)), None, 1 << 20);
    assert!(events.iter().all(|event| event.backfilled) && events.len() == 8);
    home.ledger.open_stage(&new_at(9, on("2019-01-01"))).unwrap();
    home.ledger.add_to_stage(uuid(9), 0, &assertions(20..21)).unwrap();
    home.record([assert(event(30, "2025"))]);
    let late = home.ledger.commit_stage(&commit(9));
    assert!(format!("{late:?}").contains("RecordedTimeGoesBack"), "{late:?}");
}

#[test]
fn a_reader_sees_all_of_a_stage_or_nothing_at_any_moment() {
    const COUNT: u64 = 6_000;
    let home = Home::in_files(1 << 20).with_registrations();
    lay_out(&home.ledger, 7, &assertions(1..u128::from(COUNT) + 1), 1_000);
    let done = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let ledger = &home.ledger;
        let reading = scope.spawn(|| {
            let mut seen = Vec::new();
            while !done.load(Ordering::SeqCst) {
                seen.push((ledger.head().position().0, ledger.journal().head().position.0));
                std::thread::sleep(SOON);
            }
            seen
        });
        let committed = ledger.commit_stage(&commit(7)).unwrap();
        assert_eq!(committed.append.tally.total(), COUNT);
        done.store(true, Ordering::SeqCst);
        reading.join().unwrap()
    });
    let ends = [6, 6 + COUNT];
    assert!(seen.iter().all(|(head, journal)| ends.contains(head) && ends.contains(journal)), "{seen:?}");
    let inside = ask::claim(&home.ledger, id(1), Cut::At(Position(7)));
    assert!(matches!(inside, Err(QueryError::CutInsideAppend { .. })), "{inside:?}");
    assert_eq!(home.ledger.journal().read(Position(1)).unwrap().count(), 1 + COUNT.div_ceil(1_000) as usize);
    let home = home.reopened_after(|sled| std::fs::remove_dir_all(sled).unwrap());
    assert_eq!(home.ledger.head().position(), Position(6 + COUNT));
    home.ledger.close();
    verify(&journal_dir(&home.data()), &RealDisk, &mut |_, _| ()).unwrap();
}

#[test]
fn appends_beside_a_stage_are_recorded_before_it_or_after_it() {
    let home = Home::in_memory().with_registrations();
    lay_out(&home.ledger, 7, &assertions(1..2_001), 100);
    let done = AtomicBool::new(false);
    let beside = std::thread::scope(|scope| {
        let ledger = &home.ledger;
        let appending = scope.spawn(|| {
            let mut number = 1 << 32;
            while !done.load(Ordering::SeqCst) {
                number += 1;
                block_on(ledger.append(request(batch([assert(event(number, "2025"))])))).unwrap();
            }
            number - (1 << 32)
        });
        ledger.commit_stage(&commit(7)).unwrap();
        done.store(true, Ordering::SeqCst);
        appending.join().unwrap()
    });
    assert_eq!(u128::from(home.ledger.head().position().0), 6 + 2_000 + beside);
    let (first, last) = home.ledger.commit_stage(&commit(7)).unwrap().append.span.unwrap();
    let events = ask::events(&home.ledger, Start::After(first.before()), None, 1 << 20);
    let staged = &events[..2_000];
    assert!(staged.iter().all(|event| event.recorded_by == "importer") && last == first.plus(1_999));
}

/// Both are checked before either is recorded, as far as threads can be made to; then the second must notice the first.
#[test]
fn of_two_stages_that_assert_the_same_claim_one_is_recorded() {
    for round in 0..20 {
        let home = Home::in_memory().with_registrations();
        for number in [7, 8] {
            lay_out(&home.ledger, number, &assertions(number * 1_000..number * 1_000 + 200), 50);
            home.ledger.add_to_stage(uuid(number), 200, &assertions(1..2)).unwrap();
        }
        let together = Barrier::new(2);
        let run = |ledger: &Ledger, number| {
            together.wait();
            ledger.commit_stage(&commit(number))
        };
        let results = std::thread::scope(|scope| {
            let ledger = &home.ledger;
            let run = &run;
            [7, 8].map(|number| scope.spawn(move || run(ledger, number))).map(|thread| thread.join().unwrap())
        });
        let refused =
            results.iter().filter(|result| matches!(result, Err(StageError::Unfit(unfit)) if unfit.count == 1));
        assert_eq!((refused.count(), results.iter().filter(|result| result.is_ok()).count()), (1, 1), "round {round}");
        assert_eq!(home.ledger.head().position(), Position(6 + 201));
    }
}

#[test]
fn a_stage_that_is_committed_by_many_at_once_is_recorded_once() {
    let home = Home::in_memory().with_registrations();
    lay_out(&home.ledger, 7, &assertions(1..101), 10);
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(|| home.ledger.commit_stage(&commit(7)).unwrap())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(results.iter().filter(|committed| !committed.replayed).count(), 1);
    assert!(results.iter().all(|committed| committed.append == results[0].append));
    assert_eq!(home.ledger.head().position(), Position(106));
}

#[test]
fn a_check_says_what_would_be_recorded_and_writes_nothing() {
    let home = Home::in_memory().with_registrations();
    let head = home.ledger.head();
    lay_out(&home.ledger, 7, &assertions(1..6), 2);
    let check = Commit { validate_only: true, ..commit(7) };
    for _ in 0..2 {
        let checked = home.ledger.commit_stage(&check).unwrap();
        assert_eq!((checked.append.at, checked.append.span, checked.append.recorded_at), (head, None, None));
        assert_eq!(checked.append.tally.total(), 5);
        assert!(checked.unfit.is_empty() && !checked.replayed);
    }
    assert_eq!(home.ledger.head(), head);
    commit_whole(home.at(tick(3)), 7);
}
